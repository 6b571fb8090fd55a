//! How a session is to be driven, and what comes out: connections, messages, and answers with those they are compared to.
//!
//! Knows nothing of when.

use crate::trace::Micros;

/// How a session is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Whether the times between requests are kept, besides their order.
    pub pace: bool,
    /// Whether tools are called that the server does not mark as only reading.
    pub allow_writes: bool,
    /// How long an answer may take, in microseconds.
    pub timeout_us: u64,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A connection with this number is needed.
    Open(u32),
    /// A message for the server, on one line, without its newline.
    Send(u32, String),
    /// A connection is no longer needed.
    Close(u32),
    /// A request has been dealt with.
    Compared(Compared),
}

/// A recorded request, and what came of it this time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Which scene of the script.
    pub scene: u32,
    /// When it was sent, then.
    pub at: Micros,
    /// Its id, as it was written then.
    pub id: Box<str>,
    /// Its method.
    pub method: Box<str>,
    /// The tool or prompt it names.
    pub name: Option<Box<str>>,
    /// The recorded answer; `None` if there was none.
    pub before: Option<String>,
    /// What came this time.
    pub after: After,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// This answer.
    Answer(String),
    /// Nothing, within the time that was given.
    Silence,
    /// The connection ended before.
    Lost,
    /// It was not sent: the server does not mark the tool as only reading.
    Skipped,
    /// It was taken back, as it had been.
    Cancelled,
}
