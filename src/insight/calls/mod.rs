//! The calls of a session, one after the other as they come to an end: what is written for other tools.
//!
//! Requests are paired with their answers as `model` pairs them, but a call is forgotten as soon as it has been told, so
//! that a recording of any length needs the memory of what is open at once. Knows nothing of what is made of a call.

mod follower;
mod http;
mod open;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::trace::{ExchangeId, Micros, Nanos, Place};
use crate::wire::Peer;

pub use follower::{Follower, See};

/// What a session consists of, for a reader outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Followed {
    /// A request and what became of it.
    Call(Box<Call>),
    /// An HTTP exchange in which the client asked nothing: a stream, a notification, the end of a session.
    Exchange(Box<Exchange>),
}

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The number of the request among all of the session, from 1.
    pub number: u64,
    /// Who asked.
    pub from: Peer,
    /// The id as it was written.
    pub id: Box<str>,
    /// The method.
    pub method: Box<str>,
    /// The name of the tool or prompt, or the address of the resource.
    pub target: Option<Box<str>>,
    /// The request.
    pub request: Side,
    /// The answer as it was delivered.
    pub answer: Option<Side>,
    /// What became of it.
    pub fate: Fate,
    /// When it was over.
    pub ended: Micros,
    /// The revision of the protocol in which it was asked.
    pub revision: Option<Arc<str>>,
    /// The HTTP around it; `None` over stdio.
    pub http: Option<HttpFacts>,
    /// What a rule had to do with it.
    pub rule: Option<RuleUse>,
}

/// One message of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// When it was read from its sender.
    pub at: Micros,
    /// What mcptop took to forward it.
    pub own: Nanos,
    /// Where it stands in the recording.
    pub place: Place,
    /// Which message of a batch it is; `None` if it travelled alone.
    pub index: Option<u16>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether a rule wrote it.
    pub by_rule: bool,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A result.
    Ok,
    /// A result that says that the tool failed.
    ToolError,
    /// An error of JSON-RPC.
    Error {
        /// Its code; 0 if it has none.
        code: i64,
    },
    /// No answer, but a status of HTTP that says why.
    HttpError {
        /// The status.
        status: u16,
    },
    /// It was taken back.
    Cancelled,
    /// There was none when the session, or its exchange, ended.
    Unanswered,
    /// Its answer may have passed unobserved.
    Unknown,
}

/// The HTTP around a call.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpFacts {
    /// The exchange in which it was asked.
    pub exchange: ExchangeId,
    /// The client's connection.
    pub connection: u32,
    /// The session, as it is recorded: its beginning and a digest.
    pub session: Option<Arc<str>>,
    /// The HTTP method.
    pub method: Box<str>,
    /// Path and query.
    pub target: Box<str>,
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// The media type of the response.
    pub media: Box<str>,
}

/// What a rule had to do with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleUse {
    /// The rule's name.
    pub rule: Box<str>,
    /// The transformer.
    pub by: Box<str>,
    /// Whether it answered in the server's place; otherwise it changed a message.
    pub answered: bool,
}

/// An HTTP exchange in which the client asked nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Its head and its status.
    pub http: HttpFacts,
    /// The revision that the client named.
    pub revision: Option<Arc<str>>,
    /// When its head was forwarded.
    pub at: Micros,
    /// When the head of the response was forwarded.
    pub answered: Option<Micros>,
    /// When it was over.
    pub ended: Micros,
    /// The message that the client sent in it, if it sent one.
    pub sent: Option<Side>,
}

impl Side {
    /// When it had been forwarded.
    #[must_use]
    pub fn forwarded(&self) -> Micros {
        Micros(self.at.0 + u64::from(self.own.0) / 1_000)
    }
}

impl Call {
    /// What the requester waited, in microseconds; `None` without an answer.
    #[must_use]
    pub fn latency_us(&self) -> Option<u64> {
        self.answer.map(|answer| (answer.forwarded() - self.request.at).0)
    }

    /// What the responder took, in microseconds; `None` without an answer of its own.
    #[must_use]
    pub fn responder_us(&self) -> Option<u64> {
        let answer = self.answer.filter(|_| !self.rule.as_ref().is_some_and(|rule| rule.answered));
        answer.map(|answer| (answer.at - self.request.forwarded()).0)
    }

    /// What mcptop took of it, both ways, in microseconds.
    #[must_use]
    pub fn own_us(&self) -> f64 {
        let answer = self.answer.map_or(0, |answer| u64::from(answer.own.0));
        (u64::from(self.request.own.0) + answer) as f64 / 1_000.0
    }
}

impl Fate {
    /// The word it is written as.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ToolError => "tool_error",
            Self::Error { .. } => "error",
            Self::HttpError { .. } => "http_error",
            Self::Cancelled => "cancelled",
            Self::Unanswered => "unanswered",
            Self::Unknown => "unknown",
        }
    }
}
