//! The viewer: what is on the screen, and what a key does to it.
//!
//! Everything here works on values: a screen is drawn into a buffer of cells, a key changes a state, and time is an
//! argument. Only `run` touches a terminal, only `feed` reads recordings, and no part of it can slow the traffic.

pub mod keys;
pub mod theme;
pub mod widgets;
