//! What a recording holds for being played again: scenes, each with what the server said in it.
//!
//! Knows where bodies stand in the recording, not what is in them.

use super::keys::Keys;
use crate::trace::{Micros, Place};

/// Where a message stands: in which line, and of a batch which item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The line, or lines.
    pub place: Place,
    /// Of a batch, which message; 0 for the only one.
    pub item: u32,
}

/// Everything that was asked, in order.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The scenes, in the order in which the client began them.
    pub scenes: Vec<Scene>,
    /// What the server was called.
    pub label: String,
}

/// What a client sent, and what the server said to it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// When the client sent it.
    pub at: Micros,
    /// In which session of the recording: 0 over stdio, and for requests that belong to none.
    pub session: u32,
    /// The method.
    pub method: Box<str>,
    /// The client's message.
    pub spot: Spot,
    /// What a request has besides; `None` for a notification.
    pub ask: Option<Asked>,
    /// What the server said, in order.
    pub cues: Vec<Cue>,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id as it was written.
    pub id: Box<str>,
    /// The tool or prompt it names.
    pub name: Option<Box<str>>,
    /// What makes it equal to another.
    pub(in crate::insight) keys: Keys,
    /// Whether it spoke for itself (2026-07-28 and later), without a handshake.
    pub is_modern: bool,
    /// Its answer.
    pub answer: Option<Answer>,
    /// When the client took it back.
    pub cancelled_at: Option<Micros>,
}

/// Where the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When it came.
    pub at: Micros,
    /// Its message.
    pub spot: Spot,
    /// Whether a rule gave it, so that the server said nothing.
    pub is_by_rule: bool,
}

/// Something that the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// How long after the scene began or, if it waited for the client's replies, after the last of those; microseconds.
    pub gap_us: u64,
    /// How many of the scene's own requests to the client had been answered before it was said.
    pub waits: u32,
    /// What.
    pub kind: CueKind,
    /// Its message.
    pub spot: Spot,
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CueKind {
    /// The answer to the scene's request.
    Answer,
    /// How far the scene's request is.
    Progress,
    /// Any other notification.
    Notification {
        /// Its method.
        method: Box<str>,
    },
    /// A request of the server's own.
    Ask {
        /// Its method.
        method: Box<str>,
        /// What the client answered.
        reply: Option<Spot>,
        /// How long the client took for that, in microseconds.
        took_us: u64,
    },
}
