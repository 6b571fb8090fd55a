//! The tokens layer.
