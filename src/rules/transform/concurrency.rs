//! `concurrency`: limits calls at once.

use serde::{Deserialize, Serialize};

/// How many calls at once; written as a number, or with what happens beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "how many calls at once: a number, or { max = 10, over = \"wait\" }"
)]
pub enum Concurrency {
    /// Those beyond wait.
    Max(usize),
    /// With what happens beyond.
    Full {
        /// How many.
        max: usize,
        /// What happens to those beyond.
        #[serde(default)]
        over: Wait,
    },
}

/// What happens to calls beyond a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// They wait for their turn.
    #[default]
    Wait,
    /// They fail, and are told when to try again.
    Error,
}

impl Concurrency {
    /// How many calls at once; at least one, or none would ever be made.
    pub(in crate::rules) fn max(self) -> usize {
        match self {
            Self::Max(max) | Self::Full { max, .. } => max.max(1),
        }
    }

    /// What happens to those beyond.
    pub(in crate::rules) fn over(self) -> Wait {
        match self {
            Self::Max(_) => Wait::Wait,
            Self::Full { over, .. } => over,
        }
    }
}
