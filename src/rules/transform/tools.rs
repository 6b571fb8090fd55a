//! `tools`: what clients see of the tool list.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rules::Globs;

/// What happens to the definitions of tools. The rule's `match.tool` says to which.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tools {
    /// These are not there: neither in the list nor when called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hide: Option<Globs>,
    /// How much of descriptions stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub describe: Option<Describe>,
    /// Descriptions in place of the server's, by tool.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, String>,
    /// Members that are taken out of definitions, wherever in their schemas they stand; `outputSchema` and `annotations`
    /// as well. Names of parameters are no such members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strip: Vec<String>,
    /// Only names and a line each are listed; `mcptop_tool_schema` gives the rest of one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lazy: bool,
}

/// How much of a description stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Describe {
    /// The first sentence.
    FirstSentence,
    /// The first line.
    FirstLine,
    /// Nothing.
    None,
}
