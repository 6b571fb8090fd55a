//! `fault`: makes calls fail, to test agents.

use serde::{Deserialize, Serialize};

/// How often calls fail, and how.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which share of calls, 0 to 1.
    pub rate: f64,
    /// How.
    #[serde(default)]
    pub kind: FaultKind,
    /// What the failure says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Which calls fail is chosen by this number: the same for the same number.
    #[serde(default)]
    pub seed: u64,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// With a result that says the tool failed.
    #[default]
    ToolError,
    /// With a JSON-RPC error.
    Error,
    /// There is no answer.
    Silence,
}
