//! `limit`: cuts long results, and loses nothing silently.

use serde::{Deserialize, Serialize};

use crate::rules::Bytes;

/// How long a result may be, and what happens beyond. One of `tokens` and `bytes` is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// In tokens of `o200k_base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u32>,
    /// In bytes of the text that the model reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// What happens to longer ones.
    #[serde(default)]
    pub over: Over,
}

/// What happens to a result that is too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// The rest is handed out by the tool `mcptop_read_more`.
    #[default]
    Page,
    /// The rest goes; the result says how much it was.
    Truncate,
    /// The whole result is in a file, whose path the result names.
    Spill,
    /// The call fails with the size.
    Error,
}
