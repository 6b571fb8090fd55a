//! The ui layer.
