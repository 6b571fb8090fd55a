//! `delay`: makes calls slower, to test agents.

use serde::{Deserialize, Serialize};

use crate::rules::Span;

/// How long calls are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "a time as in \"200ms\", or two as { min = \"100ms\", max = \"1s\" } with min and max"
)]
pub enum Delay {
    /// Always so long.
    Fixed(Span),
    /// Evenly spread between two times.
    Between(Spread),
}

/// Two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The shortest.
    pub min: Span,
    /// The longest.
    pub max: Span,
}
