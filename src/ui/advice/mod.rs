//! Advice on screen: what rules would have saved in a session so far, and what it takes to switch one on.
//!
//! ```text
//! key a    Overlay::Advice(Board)          the list, and one proposal in full
//! shell    Advices::ask(..)                an Inquiry, unless the answer to it is known
//! feed     two passes over the recording, away from the drawing; Inquiry tells how far, and whether it is still wanted
//! enter    RuleChange                      the one way in which rules change (see `ruling`)
//! ```
//! Knows nothing of how advice is found (`insight`), nor of how rules reach a proxy.

mod board;
mod detail;
mod inquiry;
mod view;
mod words;

pub use board::{Board, BoardReply};
pub use inquiry::{Advice, Advices, Inquiry};
pub use words::{freshness_words, saved_words};

#[cfg(test)]
mod tests;
