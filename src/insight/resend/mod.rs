//! One recorded call sent again with other arguments to a fresh copy of its server: what can be sent again, whether what is
//! written fits the schema, what is to be said to the server, and what came of it.
//!
//! ```text
//! Subject::of(session, call)            -> what the recording knows of the call and of its server, or why it cannot be sent
//! Schema::of(..).judge(text)            -> JSON or not, and the problems with it, each at its path
//! conversation(texts, timeout_us)       -> a Rerunner that opens a session and sends this one request
//! Comparison::of(then, now)             -> what differs between the two answers
//! ```
//! Pure. Knows nothing of processes, recordings' files and screens.

mod conversation;
mod outcome;
mod pretty;
mod schema;
mod subject;

pub use conversation::{Texts, conversation, edited, part_of};
pub use outcome::{Answered, Comparison, asked};
pub use pretty::pretty;
pub use schema::{Judged, Problem, Schema, Verdict};
pub use subject::{Marked, NotAgain, Part, Recorded, Subject};

#[cfg(test)]
mod tests;
