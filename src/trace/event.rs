//! What can happen in a session, as plain values.

use std::borrow::Cow;
use std::ops::Sub;

use serde::{Deserialize, Serialize};

use super::{Payload, PoolReturn, PoolState, PoolTake, Ruling, SessionEnd};
use crate::wire::{Direction, Peer};

/// Monotonic time since the session's start, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Micros(pub u64);

impl Micros {
    /// The time in milliseconds.
    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

impl Sub for Micros {
    type Output = Self;

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    fn sub(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

/// A short span in nanoseconds, saturating at about four seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u32);

/// One HTTP request and its response, numbered by the proxy from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExchangeId(pub u32);

/// How an HTTP exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HttpEnd {
    /// The response was delivered to its end.
    Complete,
    /// The client went away first.
    ClientLeft,
    /// The server went away first.
    ServerLeft,
    /// mcptop answered itself: the request was refused, or the server could not be reached.
    Refused,
    /// mcptop itself was ended.
    ProxyLeft,
}

impl HttpEnd {
    /// The word it is recorded as.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ClientLeft => "client_left",
            Self::ServerLeft => "server_left",
            Self::Refused => "refused",
            Self::ProxyLeft => "proxy_left",
        }
    }
}

/// One numbered fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Event<'a> {
    /// When it happened. For a message: when its last byte was about to be read.
    pub at: Micros,
    /// What happened.
    pub fact: Fact<'a>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact<'a> {
    /// The server's process runs.
    Started {
        /// Its process id, where it is a child of ours.
        pid: Option<u32>,
    },
    /// A frame went through.
    Message {
        /// Who received it.
        to: Direction,
        /// From the moment mcptop woke up to read the frame's last byte until the write that forwarded it returned.
        own: Nanos,
        /// The frame, or its last piece when `parts` is not zero.
        payload: Payload<'a>,
        /// How many `Part` events of the same direction and exchange hold the beginning of this frame.
        parts: u32,
        /// The HTTP exchange whose body held the frame; `None` over stdio.
        exchange: Option<ExchangeId>,
    },
    /// The next piece of a frame too long to be kept in one line.
    Part {
        /// Who received it.
        to: Direction,
        /// The piece.
        payload: Payload<'a>,
        /// The HTTP exchange whose body held the piece; `None` over stdio.
        exchange: Option<ExchangeId>,
    },
    /// The head of an HTTP request was forwarded.
    HttpRequest {
        /// Which exchange this begins.
        exchange: ExchangeId,
        /// On which connection of the client, numbered from 1.
        connection: u32,
        /// The HTTP method.
        method: Cow<'a, str>,
        /// The request target: path and query.
        target: Cow<'a, str>,
        /// The session it names, as [`session_name`](super::session_name) shows it.
        session: Option<Cow<'a, str>>,
        /// The protocol revision it names.
        revision: Option<Cow<'a, str>>,
        /// How its body is compressed (`Content-Encoding`); empty if it is not.
        encoding: Cow<'a, str>,
        /// Whether it takes up a stream where that broke off: it carries `Last-Event-ID`.
        resumes: bool,
    },
    /// The head of an HTTP response was forwarded.
    HttpResponse {
        /// Whose.
        exchange: ExchangeId,
        /// The status code.
        status: u16,
        /// The media type, without parameters; empty if there is none.
        media: Cow<'a, str>,
        /// The session it opens, as [`session_name`](super::session_name) shows it.
        session: Option<Cow<'a, str>>,
        /// How its body is compressed (`Content-Encoding`); empty if it is not.
        encoding: Cow<'a, str>,
    },
    /// What an event stream held besides messages: ids, retry times, comments, events without data.
    HttpEvent {
        /// In which exchange.
        exchange: ExchangeId,
        /// The lines, without those of the data.
        text: Cow<'a, str>,
    },
    /// The server's answers come in pieces 40 ms apart, as without `TCP_NODELAY`.
    HttpStall {
        /// The exchange in which it was certain.
        exchange: ExchangeId,
        /// How far two pieces were apart there, in microseconds.
        gap_us: u32,
        /// Whether mcptop removes it from now on; if not, it has tried and that did not help.
        is_removed: bool,
    },
    /// An HTTP exchange is over.
    HttpEnd {
        /// Which.
        exchange: ExchangeId,
        /// How.
        how: HttpEnd,
    },
    /// A client got a session, or a process, out of the pool.
    PoolTaken {
        /// The client's session, as [`session_name`](super::session_name) shows it; empty if it has none.
        session: Cow<'a, str>,
        /// Where it came from.
        how: PoolTake,
        /// How long the client waited for it, in microseconds.
        waited_us: u32,
        /// How the pool stands then.
        pool: PoolState,
    },
    /// What a client had taken is back.
    PoolReturned {
        /// What became of it.
        how: PoolReturn,
        /// How the pool stands then.
        pool: PoolState,
    },
    /// A session that mcptop itself keeps with a client is over.
    SessionEnded {
        /// Which, as [`session_name`](super::session_name) shows it.
        session: Cow<'a, str>,
        /// Why.
        why: SessionEnd,
    },
    /// Rules had to do with a message.
    Ruled(Box<Ruling<'a>>),
    /// These rules are in force from now on.
    Rules {
        /// The text of the rules file, as it is applied; empty if there are no rules.
        text: Cow<'a, str>,
        /// Where they come from: a file's path, or who asked.
        source: Cow<'a, str>,
    },
    /// New rules were not taken; those before stay in force.
    RulesRefused {
        /// Where they come from.
        source: Cow<'a, str>,
        /// Why, for people, with line and column.
        why: Cow<'a, str>,
    },
    /// The server wrote to its standard error.
    Stderr {
        /// A line, or a piece of one.
        payload: Payload<'a>,
    },
    /// One end closed its sending side.
    Closed {
        /// Who closed.
        by: Peer,
    },
    /// Observations that did not fit the bounded queue. The traffic itself was not affected.
    Dropped {
        /// The direction in which they travelled.
        to: Direction,
        /// Frames that ended in the dropped bytes.
        messages: u64,
        /// Bytes.
        bytes: u64,
    },
    /// What the server's process tree uses.
    Sample {
        /// Resident memory in bytes.
        rss_bytes: u64,
        /// Processor time used since the start, in microseconds.
        cpu_us: u64,
    },
    /// A remark for whoever reads the recording.
    Note {
        /// The text.
        text: Cow<'a, str>,
    },
    /// The recording was told to stop; the traffic went on.
    Stopped {
        /// Why, for people.
        why: Cow<'a, str>,
    },
    /// The session is over.
    Ended {
        /// How the server ended.
        exit: Exit,
        /// Why, for people.
        why: Cow<'a, str>,
    },
    /// A kind this version does not know: kept, and skipped.
    Unknown {
        /// Its name.
        kind: Cow<'a, str>,
    },
}

/// How a server's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
    /// Not known.
    Unknown,
}

impl Exit {
    /// What is said of who ended so: `ended with status 3`.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Code(code) => format!("ended with status {code}"),
            Self::Signal(signal) => format!("ended by signal {signal}"),
            Self::Unknown => "ended".to_owned(),
        }
    }

    /// The status a wrapper leaves with: the server's own, 128 + n for signal n as shells do, 1 if not known.
    #[must_use]
    pub fn status(self) -> i32 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
            Self::Unknown => 1,
        }
    }
}

/// Where an event's line stands in its recording, so that its body can be read again when it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Bytes from the start of the (uncompressed) recording.
    pub offset_bytes: u64,
    /// Length of the line in bytes, its newline excluded.
    pub len_bytes: u32,
}
