//! What comes out of a replay: frames, reports of how requests were answered, and questions that somebody else decides.
//!
//! Knows nothing of how an answer is found.

use super::Level;
use crate::trace::Micros;

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A message for the client, on one line, without its newline.
    Frame(String),
    /// How a request was answered.
    Answered(Answered),
    /// A request of the server that was left out, because the client cannot answer it.
    Left(Left),
    /// A request that nothing answers: [`Replayer::settle`](super::Replayer::settle) says what becomes of it.
    Miss(Miss),
    /// Something of the client that is about nothing we said: an answer, a cancellation, a notification.
    Stray(String),
}

/// A request that the recording has no answer for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Its id as it was written.
    pub id: Box<str>,
    /// Its method.
    pub method: Box<str>,
    /// The tool or prompt it names.
    pub name: Option<Box<str>>,
    /// The whole message.
    pub frame: String,
    /// Whether there is an answer of the same tool or method.
    pub has_nearest: bool,
}

/// What becomes of a miss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The client gets an error.
    Error,
    /// It gets the nearest recorded answer.
    Nearest,
    /// It gets this result, which is JSON.
    Result(String),
    /// Somebody else answers.
    Elsewhere,
}

/// How a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The request's id as it was written.
    pub id: Box<str>,
    /// Its method.
    pub method: Box<str>,
    /// The tool or prompt it names.
    pub name: Option<Box<str>>,
    /// How the answer was found; `None` for a miss that was answered with an error.
    pub level: Option<Level>,
    /// Which recorded request stood for it: when it was sent, and its id.
    pub recorded: Option<(Micros, Box<str>)>,
    /// Whether that had been played before.
    pub is_again: bool,
    /// Whether it was never answered in the recording either, so that it waits until it is taken back.
    pub is_unanswered: bool,
}

/// A request of the server that was not played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its method.
    pub method: Box<str>,
}
