//! What there is to say of a pool of sessions or processes behind the proxy.
//!
//! Knows nothing of how they are kept.

use serde::{Deserialize, Serialize};

/// How a pool stands at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PoolState {
    /// How many it may hold at most; 0 if there is no limit.
    pub size: u32,
    /// Sessions, or processes, that are alive.
    pub open: u32,
    /// How many of these are taken.
    pub busy: u32,
    /// Clients that wait for one.
    pub waiting: u32,
}

/// Where what a client took came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolTake {
    /// It was started for this client, which waited for it.
    Started,
    /// It had been started ahead, and nobody had used it.
    Prepared,
    /// Another client had used it before.
    Reused,
    /// Other clients use it at the same time.
    Shared,
    /// There was none: the client was told so after it had waited, or left while it waited.
    GaveUp,
}

/// What became of what a client gave back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolReturn {
    /// It waits for the next client.
    Kept,
    /// It was ended.
    Ended,
    /// It had ended by itself, or did not answer any more.
    Lost,
}

/// Why a session that mcptop itself keeps with a client is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// The client ended it.
    Deleted,
    /// The client was silent for too long.
    TimedOut,
    /// The server behind it went away.
    ServerLeft,
    /// mcptop itself was ended.
    ProxyLeft,
}

impl PoolTake {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Started, Self::Prepared, Self::Reused, Self::Shared, Self::GaveUp];

    /// The word it is recorded as.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Prepared => "prepared",
            Self::Reused => "reused",
            Self::Shared => "shared",
            Self::GaveUp => "gave_up",
        }
    }
}

impl PoolReturn {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Kept, Self::Ended, Self::Lost];

    /// The word it is recorded as.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Ended => "ended",
            Self::Lost => "lost",
        }
    }
}

impl SessionEnd {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Deleted, Self::TimedOut, Self::ServerLeft, Self::ProxyLeft];

    /// The word it is recorded as.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::TimedOut => "timed_out",
            Self::ServerLeft => "server_left",
            Self::ProxyLeft => "proxy_left",
        }
    }
}
