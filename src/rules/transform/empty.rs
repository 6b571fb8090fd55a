//! `empty`: takes empty values out of results.

use serde::{Deserialize, Serialize};

/// What happens to `null`, `""`, `[]` and `{}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Empty {
    /// Members that have such a value go, and what is empty then as well. Items of arrays stay: others would move.
    Drop,
}
