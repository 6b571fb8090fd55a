//! The pieces that panels are made of: values in, texts and cells out.
//!
//! No widget knows a session or a panel.

pub mod ascii;
pub mod bar;
pub mod chart;
pub mod clip;
pub mod columns;
pub mod command;
pub mod diff;
pub mod gauge;
pub mod json;
pub mod legend;
pub mod notice;
pub mod number;
pub mod raw;
pub mod scroll;
pub mod sort;
pub mod sparkline;
pub mod table;
pub mod time_axis;
pub mod wrap;
