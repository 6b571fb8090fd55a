//! A recorded session driven again by us in the client's part: frames of a server in, frames for it out, with due times.
//!
//! Pure: time is an argument, bodies are read by a function that is given. Knows nothing of processes, nor of how answers
//! are compared; it says which two belong together.

mod answers;
mod echoes;
mod listed;
mod pace;
mod plan;
mod replies;
mod rerunner;
mod send;
mod told;

pub use answers::{compare, unreached};
pub use rerunner::Rerunner;
pub use told::{After, Compared, Output, Wishes};

#[cfg(test)]
mod tests;
