//! What a server said of its tools to one session, and what the session was told instead.
//!
//! Bounded in number and bytes. Knows nothing of rules.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::own::READ_MORE;

/// Tools remembered: ten times the largest list that was seen in the wild.
const TOOLS_MAX: usize = 4_096;

/// Bytes of definitions remembered.
const BYTES_MAX: usize = 16 << 20;

/// What a server says of one tool.
#[expect(clippy::struct_excessive_bools, reason = "each is a hint of its own, as the protocol has them")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Definition {
    /// Its name.
    pub(in crate::rules) name: Box<str>,
    /// It says that it only reads.
    pub(in crate::rules) read_only: bool,
    /// It says that calling it again changes nothing more.
    pub(in crate::rules) idempotent: bool,
    /// Clients hold its `structuredContent` against a schema.
    pub(in crate::rules) has_output_schema: bool,
    /// The schema that the session was told asks for nothing that rules take away.
    pub(in crate::rules) is_relaxed: bool,
    /// The session was told of no output schema.
    pub(in crate::rules) is_schema_gone: bool,
    /// As the server wrote it.
    pub(in crate::rules) text: Box<str>,
}

impl Definition {
    /// Of a tool as it stands in a list; `None` if it is none.
    fn read(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Tool {
            name: Box<str>,
            #[serde(default)]
            annotations: Option<Hints>,
            #[serde(default)]
            output_schema: Option<serde::de::IgnoredAny>,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Hints {
            #[serde(default)]
            read_only_hint: Option<bool>,
            #[serde(default)]
            idempotent_hint: Option<bool>,
        }
        let tool: Tool = serde_json::from_str(text).ok()?;
        let hints = tool.annotations.unwrap_or_default();
        Some(Self {
            name: tool.name,
            read_only: hints.read_only_hint == Some(true),
            idempotent: hints.idempotent_hint == Some(true),
            has_output_schema: tool.output_schema.is_some(),
            is_relaxed: false,
            is_schema_gone: false,
            text: text.into(),
        })
    }
}

/// What `tools/list` said to one session.
#[derive(Clone, Debug, Default)]
pub(in crate::rules) struct Catalog {
    /// In the order of the list.
    tools: Vec<Definition>,
    bytes: usize,
    has_read_more: bool,
    /// The session was last told a list that ends with our tool by which results are read on.
    pub(in crate::rules) is_told_to_read_on: bool,
}

impl Catalog {
    /// Takes note of a page of the list, as the server wrote it. The first page makes those before it void.
    pub(in crate::rules) fn learn(&mut self, list_result: &str, is_first_page: bool) {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            tools: Vec<&'a RawValue>,
        }
        let Ok(list) = serde_json::from_str::<List<'_>>(list_result) else { return };
        if is_first_page {
            self.clear();
        }
        for definition in list.tools.into_iter().filter_map(|tool| Definition::read(tool.get())) {
            self.insert(definition);
        }
    }

    /// Whether the server has a tool of the name of ours that reads on.
    pub(in crate::rules) fn has_read_more(&self) -> bool {
        self.has_read_more
    }

    fn insert(&mut self, definition: Definition) {
        self.has_read_more |= &*definition.name == READ_MORE;
        self.bytes += definition.text.len();
        match self.tools.iter_mut().find(|known| known.name == definition.name) {
            Some(known) => {
                self.bytes -= known.text.len();
                *known = definition;
            }
            None => self.tools.push(definition),
        }
        while self.tools.len() > TOOLS_MAX || self.bytes > BYTES_MAX {
            self.bytes -= self.tools.remove(0).text.len();
        }
    }

    /// What is known of a tool.
    pub(in crate::rules) fn get(&self, tool: &str) -> Option<&Definition> {
        self.tools.iter().find(|known| &*known.name == tool)
    }

    /// The same, to note what the session was told.
    pub(super) fn get_mut(&mut self, tool: &str) -> Option<&mut Definition> {
        self.tools.iter_mut().find(|known| &*known.name == tool)
    }

    /// Forgets all: the list has changed, or the session is over.
    pub(in crate::rules) fn clear(&mut self) {
        self.tools.clear();
        self.bytes = 0;
        self.has_read_more = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"tools":[{"name":"a","annotations":{"readOnlyHint":true},"inputSchema":{ }},
        {"name":"b","outputSchema":{"type":"object"},"annotations":{"idempotentHint":true}},{"nome":1}]}"#;

    #[test]
    fn what_a_list_says_of_a_tool_is_remembered() {
        let mut catalog = Catalog::default();
        catalog.learn(LIST, true);
        let (a, b) = (catalog.get("a").unwrap(), catalog.get("b").unwrap());
        assert!(a.read_only && !a.idempotent && !a.has_output_schema);
        assert!(!b.read_only && b.idempotent && b.has_output_schema && !b.is_relaxed);
        assert_eq!(&*a.text, r#"{"name":"a","annotations":{"readOnlyHint":true},"inputSchema":{ }}"#);
    }

    #[test]
    fn a_first_page_begins_anew_and_another_adds() {
        let mut catalog = Catalog::default();
        catalog.learn(LIST, true);
        catalog.learn(r#"{"tools":[{"name":"c"}]}"#, false);
        assert!(catalog.get("a").is_some() && catalog.get("c").is_some());
        catalog.learn(r#"{"tools":[{"name":"d"}]}"#, true);
        assert!(catalog.get("a").is_none() && catalog.get("d").is_some());
        catalog.learn("no list", true);
        assert!(catalog.get("d").is_some());
        catalog.clear();
        assert!(catalog.get("d").is_none());
    }

    #[test]
    fn the_catalog_is_bounded() {
        let mut catalog = Catalog::default();
        for n in 0..TOOLS_MAX + 10 {
            catalog.learn(&format!(r#"{{"tools":[{{"name":"t{n}"}}]}}"#), false);
        }
        assert_eq!(catalog.tools.len(), TOOLS_MAX);
        assert!(catalog.get("t9").is_none() && catalog.get("t10").is_some());
        assert_eq!(catalog.bytes, catalog.tools.iter().map(|tool| tool.text.len()).sum::<usize>());
    }
}
