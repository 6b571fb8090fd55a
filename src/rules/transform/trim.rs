//! `trim`: takes fields out of results.

use serde::{Deserialize, Serialize};

use crate::rules::Path;

/// Which parts of a result stay. Paths are from the root of `structuredContent`, or of a text block that is JSON.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trim {
    /// Only these stay, with what they stand in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<Path>,
    /// These go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<Path>,
}
