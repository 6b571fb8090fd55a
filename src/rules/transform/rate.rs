//! `rate`: limits calls a time, by a token bucket.

use serde::{Deserialize, Serialize};

use super::Wait;

/// How many calls a time. One of the three is given.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// A second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// A minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<f64>,
    /// An hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<f64>,
    /// How many may come at once after a pause.
    #[serde(default = "one")]
    pub burst: u32,
    /// What happens to those beyond.
    #[serde(default)]
    pub over: Wait,
}

fn one() -> u32 {
    1
}
