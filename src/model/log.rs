//! What passed beside the calls: noise, remarks, losses, answers to nothing, the server's standard error.
//!
//! Bounded: the oldest entries make room. Knows nothing of exchanges.

use std::collections::VecDeque;

use super::read::cut;
use crate::trace::{Micros, Place};
use crate::wire::{Direction, Peer};

/// What a log entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// A frame that is no JSON-RPC message.
    Noise {
        /// Who sent it.
        from: Peer,
    },
    /// A response to no open request.
    Orphan {
        /// Who sent it.
        from: Peer,
    },
    /// A further response to a request already answered.
    Duplicate {
        /// Who sent it.
        from: Peer,
    },
    /// An error response without an id: the sender could not read a request.
    NoId {
        /// Who sent it.
        from: Peer,
    },
    /// A request under an id that is in flight already.
    SameId {
        /// Who sent it.
        from: Peer,
    },
    /// A frame that cannot be looked into: too long, or pieces of it are missing.
    TooLong {
        /// Who sent it.
        from: Peer,
    },
    /// Observations were dropped.
    Dropped {
        /// In which direction they travelled.
        to: Direction,
        /// Messages that ended in the dropped bytes.
        messages: u64,
        /// Bytes.
        bytes: u64,
    },
    /// The user's remark.
    Note,
    /// A line of the server's standard error.
    Stderr,
    /// One side closed its sending end.
    Closed {
        /// Which.
        by: Peer,
    },
    /// The recording was stopped.
    Stopped,
    /// Rules were put in force; the text is where they come from.
    Rules,
    /// Rules were not taken; the text is why.
    RulesRefused,
    /// A transformer of a rule failed and is off; the text is the rule's name and the message.
    RuleFailed,
    /// An event of a kind this release does not know.
    UnknownEvent,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// When.
    pub at: Micros,
    /// What.
    pub kind: LogKind,
    /// The beginning of the text, at most [`Log::TEXT_BYTES_MAX`] bytes; the place has all of it.
    pub text: Box<str>,
    /// Where to read it in full.
    pub place: Place,
}

/// The newest entries.
#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: VecDeque<LogEntry>,
    count: u64,
}

impl Log {
    /// How many entries are kept.
    pub const ENTRIES_MAX: usize = 1_000;
    /// How many bytes of an entry's text are kept.
    pub const TEXT_BYTES_MAX: usize = 400;

    pub(super) fn push(&mut self, at: Micros, place: Place, kind: LogKind, text: &[u8]) {
        if self.entries.len() == Self::ENTRIES_MAX {
            self.entries.pop_front();
        }
        // A little more than is kept, so that the cut never makes a broken character of a whole one.
        let text = String::from_utf8_lossy(&text[..text.len().min(Self::TEXT_BYTES_MAX + 4)]);
        let text = Box::from(cut(&text, Self::TEXT_BYTES_MAX));
        self.entries.push_back(LogEntry { at, kind, text, place });
        self.count += 1;
    }

    /// The entries kept, oldest first.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// How many there were in all, those no longer kept included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}
