//! Everything a server offers, as it wrote it.
//!
//! Knows nothing of what it costs.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

/// Items of one list that are kept: seventy times the longest list seen in the wild.
const ITEMS_MAX: usize = 16_384;
/// Bytes of all lists together.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// One of the lists a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list`.
    Resources,
    /// `resources/templates/list`.
    Templates,
}

impl List {
    /// All of them, tools first.
    pub const ALL: [Self; 4] = [Self::Tools, Self::Prompts, Self::Resources, Self::Templates];

    /// The request that asks for it.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
        }
    }

    /// The member of the result that holds it.
    #[must_use]
    pub const fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
        }
    }

    /// The capability without which a server has no such list.
    #[must_use]
    pub const fn capability(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources | Self::Templates => "resources",
        }
    }

    /// What it is called on screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resource templates",
        }
    }
}

/// Who a server says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerName {
    /// Its name.
    pub name: String,
    /// Its version; empty if it has none.
    pub version: String,
}

/// Why a page of a list cannot be taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PageError {
    /// The result is not the one the method has.
    #[error("the answer to {method} has no list `{member}`")]
    NoList {
        /// The method.
        method: &'static str,
        /// The member that is missing.
        member: &'static str,
    },
    /// There is too much of it.
    #[error("the server lists more than {ITEMS_MAX} {label}, or more than {} MiB in all", BYTES_MAX >> 20)]
    TooMuch {
        /// Of what.
        label: &'static str,
    },
}

/// What a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Who it says it is.
    pub server: ServerName,
    /// The revision of the protocol both agreed upon; empty if that is not known.
    pub revision: String,
    /// What it tells the model about itself.
    pub instructions: Option<String>,
    /// The JSON of every tool, as it travelled, in the order of the list.
    pub tools: Vec<Box<str>>,
    /// The same of prompts.
    pub prompts: Vec<Box<str>>,
    /// The same of resources.
    pub resources: Vec<Box<str>>,
    /// The same of resource templates.
    pub templates: Vec<Box<str>>,
    /// What could not be listed, and why, for people.
    pub missing: Vec<String>,
    pub(super) bytes: usize,
}

impl Offer {
    /// The items of a list.
    #[must_use]
    pub fn list(&self, list: List) -> &[Box<str>] {
        match list {
            List::Tools => &self.tools,
            List::Prompts => &self.prompts,
            List::Resources => &self.resources,
            List::Templates => &self.templates,
        }
    }

    /// Forgets a list, to take it anew.
    pub fn clear(&mut self, list: List) {
        let items = std::mem::take(self.items(list));
        self.bytes -= items.iter().map(|item| item.len()).sum::<usize>();
    }

    /// Takes a page of a list, given as the JSON of its `result`. Returns the cursor of the next one: an empty text is one
    /// too (specification, Pagination).
    ///
    /// # Errors
    /// If there is no such list in it, or too much.
    pub fn take_page(&mut self, list: List, result: &str) -> Result<Option<String>, PageError> {
        let missing = PageError::NoList { method: list.method(), member: list.member() };
        let Ok(page) = serde_json::from_str::<Page<'_>>(result) else { return Err(missing) };
        let found = match list {
            List::Tools => page.tools,
            List::Prompts => page.prompts,
            List::Resources => page.resources,
            List::Templates => page.resource_templates,
        };
        let found = found.ok_or(missing)?;
        let bytes: usize = found.iter().map(|item| item.get().len()).sum();
        if self.list(list).len() + found.len() > ITEMS_MAX || self.bytes + bytes > BYTES_MAX {
            return Err(PageError::TooMuch { label: list.label() });
        }
        self.bytes += bytes;
        self.items(list).extend(found.into_iter().map(|item| Box::from(item.get())));
        Ok(page.next_cursor)
    }

    /// Takes what the server says of itself when the conversation begins: the JSON of the result of `initialize` or
    /// `server/discover`.
    pub fn take_greeting(&mut self, result: &str) {
        let Ok(greeting) = serde_json::from_str::<Value>(result) else { return };
        let meta = &greeting["_meta"]["io.modelcontextprotocol/serverInfo"];
        let server = if greeting["serverInfo"].is_object() { &greeting["serverInfo"] } else { meta };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.server = ServerName { name: text(&server["name"]), version: text(&server["version"]) };
        self.instructions = greeting["instructions"].as_str().map(str::to_owned);
        if let Some(revision) = greeting["protocolVersion"].as_str() {
            revision.clone_into(&mut self.revision);
        }
    }

    fn items(&mut self, list: List) -> &mut Vec<Box<str>> {
        match list {
            List::Tools => &mut self.tools,
            List::Prompts => &mut self.prompts,
            List::Resources => &mut self.resources,
            List::Templates => &mut self.templates,
        }
    }
}

/// A result of any of the four methods. What is no list counts as none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(borrow, default)]
    tools: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    prompts: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    resources: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    resource_templates: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_put_together_with_every_byte_of_their_items() {
        let mut offer = Offer::default();
        let first = r#"{"tools": [{"name" : "a", "n": 1.0}], "nextCursor": ""}"#;
        assert_eq!(offer.take_page(List::Tools, first), Ok(Some(String::new())), "an empty cursor is one");
        assert_eq!(offer.take_page(List::Tools, r#"{"tools":[{"name":"b"}],"ttlMs":0}"#), Ok(None));
        assert_eq!(offer.tools.join("|"), r#"{"name" : "a", "n": 1.0}|{"name":"b"}"#);
        offer.clear(List::Tools);
        assert_eq!(offer, Offer::default());
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let mut offer = Offer::default();
        for result in ["{}", "[]", r#"{"tools":{}}"#, "", r#"{"prompts":[]}"#] {
            assert!(offer.take_page(List::Tools, result).is_err(), "{result}");
        }
        let many = format!(r#"{{"resources":[{}]}}"#, vec!["1"; ITEMS_MAX + 1].join(","));
        assert_eq!(offer.take_page(List::Resources, &many), Err(PageError::TooMuch { label: "resources" }));
    }

    #[test]
    fn a_server_of_either_era_says_who_it_is() {
        let mut offer = Offer::default();
        offer.take_greeting(
            r#"{"protocolVersion":"2025-11-25","serverInfo":{"name":"x","version":"1"},"instructions":"i"}"#,
        );
        assert_eq!((&*offer.server.name, &*offer.revision), ("x", "2025-11-25"));
        assert_eq!(offer.instructions.as_deref(), Some("i"));
        let modern = r#"{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"y","version":"2"}}}"#;
        offer.take_greeting(modern);
        assert_eq!((&*offer.server.name, offer.instructions), ("y", None));
    }
}
