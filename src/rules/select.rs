//! What a rule is about: servers, tools, methods.
//!
//! Globs know `*` and `?`; one that begins with `!` takes away what the others gave.

use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

/// Names, as globs. Written as one text or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(from = "OneOrMany", into = "OneOrMany")]
pub struct Globs {
    wanted: Vec<WildMatch>,
    unwanted: Vec<WildMatch>,
    written: Vec<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Globs {
    fn from(text: OneOrMany) -> Self {
        match text {
            OneOrMany::One(glob) => Self::new(vec![glob]),
            OneOrMany::Many(globs) => Self::new(globs),
        }
    }
}

impl From<Globs> for OneOrMany {
    fn from(globs: Globs) -> Self {
        match <[String; 1]>::try_from(globs.written) {
            Ok([glob]) => Self::One(glob),
            Err(globs) => Self::Many(globs),
        }
    }
}

impl Globs {
    /// Of these globs.
    #[must_use]
    pub fn new(written: Vec<String>) -> Self {
        let wanted =
            written.iter().filter(|glob| !glob.starts_with('!')).map(|glob| WildMatch::new(glob)).collect();
        let unwanted = written.iter().filter_map(|glob| glob.strip_prefix('!')).map(WildMatch::new).collect();
        Self { wanted, unwanted, written }
    }

    /// Whether a name is meant. Without a glob that gives, all names are.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        (self.wanted.is_empty() || self.wanted.iter().any(|glob| glob.matches(name)))
            && !self.unwanted.iter().any(|glob| glob.matches(name))
    }

    /// As they were written.
    #[must_use]
    pub fn written(&self) -> &[String] {
        &self.written
    }
}

/// The `match` of a rule. What is not named, any is meant of; without `tool` and `method`, `tools/call` of any tool.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// Labels of servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<Globs>,
    /// Names of tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Globs>,
    /// Methods; `tools/call` if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Globs>,
}

impl Select {
    /// Whether a server is meant.
    #[must_use]
    pub fn is_server(&self, label: &str) -> bool {
        self.server.as_ref().is_none_or(|globs| globs.matches(label))
    }

    /// Whether a request is meant: its method, and the tool's name where it is `tools/call`.
    #[must_use]
    pub fn is_request(&self, method: &str, tool: Option<&str>) -> bool {
        let is_method = self.method.as_ref().map_or(method == "tools/call", |globs| globs.matches(method));
        let is_tool = match (&self.tool, tool) {
            (None, _) => true,
            (Some(globs), Some(tool)) => globs.matches(tool),
            (Some(_), None) => false,
        };
        is_method && is_tool
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(text: &str) -> Select {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn without_names_all_tool_calls_are_meant() {
        let any = Select::default();
        assert!(any.is_server("x") && any.is_request("tools/call", Some("a")));
        assert!(!any.is_request("resources/read", None));
    }

    #[test]
    fn an_exclamation_mark_takes_away() {
        let some = select("tool = [\"get_*\", \"!get_secret\"]\nserver = \"!crm\"");
        assert!(
            some.is_request("tools/call", Some("get_a"))
                && !some.is_request("tools/call", Some("get_secret"))
        );
        assert!(some.is_server("github") && !some.is_server("crm"));
    }

    #[test]
    fn a_tool_is_only_meant_where_one_is_called() {
        let read = select("method = [\"resources/*\", \"tools/call\"]\ntool = \"a\"");
        assert!(!read.is_request("resources/read", None) && read.is_request("tools/call", Some("a")));
        assert!(select("method = \"resources/read\"").is_request("resources/read", None));
    }
}
