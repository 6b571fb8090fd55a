//! A call sent again: its arguments as text to be written in, what will run, how it is under way, and what came of it.
//!
//! ```text
//! Resend        what lies over the panel: keys in, what is to become of it out
//! Errand        a call on its way, shared with the thread that carries it
//! Courier       who speaks to servers; the viewer does not
//! Report        what came of it
//! ```
//! Knows nothing of how a server is started or reached.

mod desk;
mod errand;
mod plan;
mod report;
mod takes;
mod text;
mod view;

pub use desk::{Resend, ResendReply};
pub use errand::{Carried, Courier, End, Errand, Report, Trip};
