//! Rules made by pointing: a field, a call or a definition on the screen becomes a rule, shown with what it would save.
//!
//! ```text
//! panel    Reply::Point(Pointing)          what is pointed at, and what the user wishes
//! shell    Overlay::Point(Dialog)          choices and a value to type; draft() makes the rule of it
//! feed     Trials: the rule on the recorded messages, counted off the drawing thread
//! enter    RuleChange                      the one way in which rules change (see `ruling`)
//! ```
//! Knows nothing of how rules reach a proxy.

mod dialog;
mod draft;
mod spot;
mod trial;
mod view;
mod wish;

pub use dialog::{Dialog, DialogReply, Pointing};
pub use draft::{Draft, Known};
pub use spot::{NO_SPOT, Spot};
pub use trial::{Trial, Trials};
pub use wish::{Choice, Wish};

#[cfg(test)]
mod tests;
