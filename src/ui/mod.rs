//! The viewer: what is on the screen, and what a key does to it.
//!
//! Everything here works on values: a screen is drawn into a buffer of cells, a key changes a state, and time is an
//! argument. Only `run` touches a terminal, only `feed` reads recordings, and no part of it can slow the traffic.

pub mod advice;
mod advising;
pub mod app;
pub mod boxes;
pub mod copy;
mod copying;
mod cursor;
pub mod deck;
pub mod editor;
pub mod feed;
pub mod fetched;
mod finding;
pub mod fitting;
pub mod footer;
pub mod header;
pub mod hints;
pub mod keys;
pub mod matches;
pub mod memory;
pub mod open;
mod overlay;
pub mod palette;
pub mod panels;
mod playing;
mod point;
pub mod pointed;
pub mod preview;
pub mod prompt;
pub mod resend;
mod resending;
mod rule_changes;
pub mod ruling;
pub mod run;
mod said;
mod shelf;
pub mod side_by_side;
pub mod summary;
pub mod theme;
pub mod update;
pub mod view;
pub mod watch;
pub mod widgets;
pub mod writing;
