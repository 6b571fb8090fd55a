//! `mcptop`: `top` for the Model Context Protocol.
//!
//! The layers, lowest first, and what each may name are in `ARCHITECTURE.md`; a test holds them.

pub mod cli;
pub mod clients;
pub mod control;
pub mod insight;
pub mod model;
pub mod proxy;
pub mod record;
pub mod rules;
pub mod signals;
pub mod tap;
pub mod tokens;
pub mod trace;
pub mod ui;
pub mod wire;
