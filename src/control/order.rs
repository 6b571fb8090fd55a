//! What can be asked of a proxy, and what it answers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An order to a running proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
pub enum Order {
    /// How are you?
    Status,
    /// Stop recording; the traffic goes on.
    StopRecording,
    /// Put a remark into the recording.
    Mark {
        /// The remark.
        text: String,
    },
    /// Which rules are in force?
    Rules,
    /// Put these rules in force.
    SetRules {
        /// The whole text of a rules file; empty for no rules.
        text: String,
        /// Whether they are written to the rules file as well; else they hold for this session alone.
        keep: bool,
    },
    /// Empty the caches.
    ClearCache {
        /// Those of the rule with this name; of all rules if there is none.
        rule: Option<String>,
    },
}

/// What a proxy answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// The answer to [`Order::Status`].
    Status(Box<Status>),
    /// The answer to [`Order::Rules`].
    Rules {
        /// The text in force; empty if there are no rules.
        text: String,
        /// The session's rules file, where there is one.
        source: Option<PathBuf>,
        /// Whether that file says just this.
        is_kept: bool,
    },
    /// The order was carried out.
    Done,
    /// It was not, and why.
    Refused {
        /// Why, for people.
        why: String,
    },
}

/// How a proxy is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The session's id.
    pub session: String,
    /// Its label.
    pub label: String,
    /// The release of the proxy.
    pub version: String,
    /// The proxy's process id.
    pub pid: u32,
    /// The server's process id.
    pub server_pid: Option<u32>,
    /// How long the session has run, in microseconds.
    pub uptime_us: u64,
    /// Bytes forwarded towards the server.
    pub bytes_to_server: u64,
    /// Bytes forwarded towards the client.
    pub bytes_to_client: u64,
    /// Frames recorded towards the server.
    pub frames_to_server: u64,
    /// Frames recorded towards the client.
    pub frames_to_client: u64,
    /// Bytes that were forwarded but did not fit the recorder's queue.
    pub dropped_bytes: u64,
    /// The recording, if there is one.
    pub recording: Option<PathBuf>,
    /// Why the recording stopped, if it did.
    pub recording_stopped: Option<String>,
    /// How the pool of sessions or processes does, if there is one and somebody has taken something out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<PoolStatus>,
    /// How the second levels of caches do that rules have asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<StoreStatus>,
}

/// How the second level of a cache is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStatus {
    /// Its address, without secrets.
    pub store: String,
    /// Whether it could be reached when it was last tried.
    pub is_reachable: bool,
    /// How often it was asked, or would have been, had it been reachable.
    pub lookups: u64,
    /// How often it had an answer.
    pub hits: u64,
    /// How often it did not answer in time, or with an error.
    pub errors: u64,
    /// Lookups that were not tried, because it had just failed or is still to forget what was asked for.
    pub skipped: u64,
    /// Answers that were stored.
    pub stored: u64,
    /// Answers that were not.
    pub not_stored: u64,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// How a pool of sessions or processes is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStatus {
    /// How many it may hold; 0 if there is no limit.
    pub size: u32,
    /// How many are alive.
    pub open: u32,
    /// How many of these are taken.
    pub busy: u32,
    /// Clients that wait for one.
    pub waiting: u32,
    /// How often a client took one.
    pub taken: u64,
    /// How often one was there already.
    pub ready: u64,
    /// How often a client waited for nothing.
    pub gave_up: u64,
    /// How long clients waited on average, in microseconds.
    pub waited_us_mean: u64,
    /// The longest wait, in microseconds.
    pub waited_us_max: u32,
}
