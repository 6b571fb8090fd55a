//! What the server offers: the newest definition of every tool, and how many prompts and resources.
//!
//! Knows nothing of what a definition costs beyond the number it is told.

use std::sync::Arc;

use super::read::{members, text};
use super::ruled::Credit;
use super::{Half, Saved, Sizes, Symbol};
use crate::tokens::Accuracy;
use crate::trace::{Micros, Place};

/// What one tool definition costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefinitionTokens {
    /// All of its JSON.
    pub wire: u32,
    /// What the client hands to the model.
    pub model: u32,
    /// How far the two may be trusted.
    pub accuracy: Accuracy,
}

/// One tool definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The tool's name.
    pub name: Box<str>,
    /// The definition as JSON text, exactly as it travelled.
    pub json: Arc<str>,
    /// When it was listed.
    pub at: Micros,
    /// The event that holds it.
    pub place: Place,
    /// What it costs, once counted.
    pub tokens: Option<DefinitionTokens>,
}

/// How many bytes of a tool's name are kept.
const NAME_MAX: usize = 1_024;

/// What a server offers.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    pub(super) tools: Vec<Definition>,
    /// Grows with every change of the tools, so that a reader can see that there was one.
    pub revision: u64,
    /// Definitions not kept because there would be more than [`Definitions::TOOLS_MAX`] of them, or more than
    /// [`Definitions::BYTES_MAX`] bytes.
    pub not_kept: u32,
    /// Whether the last page of the newest list has been seen (no `nextCursor`).
    pub complete: bool,
    /// How many prompts were listed; `None` if they never were.
    pub prompts: Option<u32>,
    /// How many resources were listed.
    pub resources: Option<u32>,
    /// How many resource templates were listed.
    pub resource_templates: Option<u32>,
    /// When the server last said that its tools had changed, if no new list followed.
    pub tools_stale_since: Option<Micros>,
    /// How often the server said that its tools, prompts or resources had changed.
    pub list_changes: u32,
    pub(super) bytes: usize,
    /// The tools as the server wrote them; empty while no rule has changed the list.
    pub(super) offered: Vec<Definition>,
    /// The rules that changed the list, each once.
    ruled_by: Vec<Credit>,
    /// The newest page of the server's, as long as a rule may still change it.
    page: Option<Page>,
}

/// Where the newest page of a list stands.
#[derive(Clone, Copy, Debug)]
struct Page {
    /// The message that held it.
    message: Half,
    /// How many tools stood before it.
    before: usize,
}

impl Definitions {
    /// How many definitions are kept.
    pub const TOOLS_MAX: usize = 4_096;
    /// How many bytes of definitions are kept.
    pub const BYTES_MAX: usize = 16 * 1024 * 1024;

    /// The tools in the order in which the server listed them.
    #[must_use]
    pub fn tools(&self) -> &[Definition] {
        &self.tools
    }

    /// The definition of the tool `name`.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&Definition> {
        self.tools.iter().find(|tool| &*tool.name == name)
    }

    /// The tools as the server wrote them, where rules changed the list that the client saw; else empty.
    #[must_use]
    pub fn offered(&self) -> &[Definition] {
        &self.offered
    }

    /// What rules save of the definitions: the list as the server wrote it less the one the client saw.
    #[must_use]
    pub fn saved(&self) -> Saved {
        if self.offered.is_empty() {
            return Saved::default();
        }
        // Counted on both sides, or it would be no comparison.
        if self.offered.iter().chain(&self.tools).any(|tool| tool.tokens.is_none()) {
            return Saved::default();
        }
        let sizes =
            |tokens: DefinitionTokens| Sizes { wire: u64::from(tokens.wire), model: u64::from(tokens.model) };
        Saved::tokens(sizes(sum(&self.offered)), sizes(self.tokens()))
    }

    /// What rules save of one tool's definition: nothing where the list was not changed, and what they added less than
    /// nothing. Hidden tools are none of [`tools`](Self::tools).
    #[must_use]
    pub fn saved_on(&self, name: &str, wire: bool) -> i64 {
        let tokens = |tools: &[Definition]| {
            let found = tools.iter().find(|tool| &*tool.name == name)?.tokens?;
            Some(i64::from(if wire { found.wire } else { found.model }))
        };
        match (tokens(&self.offered), tokens(&self.tools)) {
            (Some(before), Some(after)) => before - after,
            _ => 0,
        }
    }

    /// The part of it that is one rule's.
    #[must_use]
    pub fn saved_by(&self, rule: Symbol) -> Saved {
        let Some(position) = self.ruled_by.iter().position(|credit| credit.rule == rule) else {
            return Saved::default();
        };
        let weights: Vec<i64> = self.ruled_by.iter().map(|credit| credit.weight).collect();
        self.saved().parts(&weights)[position]
    }

    /// Takes a page of `tools/list`: the first one of a list replaces what was known, a later one is added to it. One that
    /// a rule gave is what the client sees, and says nothing of what the server offers.
    pub(super) fn take_page(&mut self, tools: &[&str], continues: bool, more: bool, half: Half) {
        let before = if continues { Vec::new() } else { std::mem::take(&mut self.tools) };
        if !continues {
            self.bytes = 0;
            self.not_kept = 0;
            self.tools_stale_since = None;
            if !half.by_rule {
                self.offered.clear();
                self.ruled_by.clear();
            }
        }
        let page = Page { message: half, before: self.tools.len() };
        for json in tools {
            self.take(json, &before, half);
        }
        if !half.by_rule {
            self.page = Some(page);
            if !self.offered.is_empty() {
                self.offered.extend_from_slice(&self.tools[page.before..]);
            }
        }
        self.complete = !more;
        self.revision += 1;
    }

    /// Rules changed the page that `original` held: the client saw these tools in its place.
    pub(super) fn change_page(&mut self, tools: &[&str], original: Half, half: Half, rules: &[Credit]) {
        let is_page = |page: &Page| page.message.place == original.place;
        let Some(page) = self.page.take_if(|page| is_page(page)) else { return };
        if self.offered.is_empty() {
            self.offered.clone_from(&self.tools);
        }
        let replaced = self.tools.split_off(page.before.min(self.tools.len()));
        self.bytes -= replaced.iter().map(|tool| tool.json.len()).sum::<usize>();
        for json in tools {
            self.take(json, &replaced, half);
        }
        for credit in rules {
            credit.add_to(&mut self.ruled_by);
        }
        self.revision += 1;
    }

    fn take(&mut self, json: &str, before: &[Definition], half: Half) {
        let [name] = members(json, ["name"]);
        let Some(name) = text(name, NAME_MAX) else { return };
        let known = self.tools.iter().position(|tool| tool.name == name);
        let freed = known.map_or(0, |position| self.tools[position].json.len());
        let full = known.is_none() && self.tools.len() == Self::TOOLS_MAX;
        if full || self.bytes - freed + json.len() > Self::BYTES_MAX {
            self.not_kept = self.not_kept.saturating_add(1);
            return;
        }
        self.bytes = self.bytes - freed + json.len();
        // An unchanged definition keeps its text and its count.
        let same = before.iter().find(|tool| tool.name == name && &*tool.json == json);
        let (json, tokens) = match same {
            Some(tool) => (tool.json.clone(), tool.tokens),
            None => (Arc::from(json), None),
        };
        let tool = Definition { name, json, at: half.at, place: half.place, tokens };
        match known {
            Some(position) => self.tools[position] = tool,
            None => self.tools.push(tool),
        }
    }

    /// The sum of the definitions' tokens as (wire, model), of those counted so far.
    #[must_use]
    pub fn tokens(&self) -> DefinitionTokens {
        sum(&self.tools)
    }
}

fn sum(tools: &[Definition]) -> DefinitionTokens {
    let mut sum = DefinitionTokens::default();
    for tokens in tools.iter().filter_map(|tool| tool.tokens) {
        sum.wire = sum.wire.saturating_add(tokens.wire);
        sum.model = sum.model.saturating_add(tokens.model);
        sum.accuracy = sum.accuracy.max(tokens.accuracy);
    }
    sum
}
