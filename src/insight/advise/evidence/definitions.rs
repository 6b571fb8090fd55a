//! What the server last said of its tools.
//!
//! Knows nothing of calls.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Tools and bytes of definitions remembered: ten times the largest list seen in the wild.
const TOOLS_MAX: usize = 4_096;
const BYTES_MAX: usize = 16 << 20;

/// One tool as the server describes it.
#[derive(Clone, Debug)]
pub(in crate::insight::advise) struct Definition {
    /// Its name.
    pub(in crate::insight::advise) name: Box<str>,
    /// What it says of itself.
    pub(in crate::insight::advise) description: Box<str>,
    /// Whether it says that it only reads, or that it does not; `None` if it says nothing.
    pub(in crate::insight::advise) read_only: Option<bool>,
    /// Whether it says that its results are of a form.
    pub(in crate::insight::advise) has_output_schema: bool,
    /// As the server wrote it.
    pub(in crate::insight::advise) json: Box<str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tool {
    name: Box<str>,
    #[serde(default)]
    description: Box<str>,
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
}

/// The newest list.
#[derive(Clone, Debug, Default)]
pub(in crate::insight::advise) struct Definitions {
    /// In the order of the list.
    pub(in crate::insight::advise) tools: Vec<Definition>,
    bytes: usize,
}

impl Definitions {
    /// Takes note of a page of the list. The first one makes those before it void.
    pub(in crate::insight::advise) fn note(&mut self, result: &str, is_first_page: bool) {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            tools: Vec<&'a RawValue>,
        }
        let Ok(list) = serde_json::from_str::<List<'_>>(result) else { return };
        if is_first_page {
            *self = Self::default();
        }
        for raw in list.tools {
            let Ok(tool) = serde_json::from_str::<Tool>(raw.get()) else { continue };
            let is_known = self.tools.iter().any(|known| known.name == tool.name);
            if is_known || self.tools.len() >= TOOLS_MAX || self.bytes + raw.get().len() > BYTES_MAX {
                continue;
            }
            self.bytes += raw.get().len();
            self.tools.push(Definition {
                name: tool.name,
                description: tool.description,
                read_only: tool.annotations.and_then(|hints| hints.read_only_hint),
                has_output_schema: tool.output_schema.is_some(),
                json: raw.get().into(),
            });
        }
    }

    /// What is known of a tool.
    pub(in crate::insight::advise) fn get(&self, tool: &str) -> Option<&Definition> {
        self.tools.iter().find(|known| &*known.name == tool)
    }

    /// Whether a tool says that it only reads.
    pub(in crate::insight::advise) fn only_reads(&self, tool: &str) -> bool {
        self.get(tool).and_then(|tool| tool.read_only) == Some(true)
    }
}
