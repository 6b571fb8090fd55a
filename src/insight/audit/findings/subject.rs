//! What rules are shown: a tool with everything that is known of it, and the offer around it.

use std::collections::HashMap;

use serde_json::Value;

use super::super::bill::Bill;
use super::super::offer::Offer;
use super::super::schema::Facts;
use crate::tokens::ToolTokens;

/// The first revision whose schemas may be anything that JSON Schema is.
const ANY_SCHEMA_SINCE: &str = "2026-07-28";

/// A tool.
pub(super) struct Tool<'a> {
    /// Its name; empty if it has none.
    pub(super) name: &'a str,
    /// What the server is called in a client's configuration.
    pub(super) server: &'a str,
    pub(super) tokens: &'a ToolTokens,
    /// The definition; null if it is no JSON that can be read.
    pub(super) definition: Value,
    pub(super) input: Facts,
    pub(super) output: Facts,
    /// Whether the server speaks a revision in which only objects may come out.
    pub(super) is_legacy: bool,
    /// Another tool with the same description.
    pub(super) twin: Option<&'a str>,
}

/// The offer as a whole.
pub(super) struct Server<'a> {
    pub(super) offer: &'a Offer,
    pub(super) bill: &'a Bill,
    pub(super) tools: &'a [Tool<'a>],
}

impl<'a> Tool<'a> {
    /// Every tool of an offer.
    pub(super) fn all(offer: &'a Offer, bill: &'a Bill, server: &'a str) -> Vec<Self> {
        let is_legacy = offer.revision.as_str() < ANY_SCHEMA_SINCE;
        let pairs = offer.tools.iter().zip(&bill.tools);
        let mut tools: Vec<Self> =
            pairs.map(|(json, tokens)| Self::new(json, tokens, server, is_legacy)).collect();
        let twins = twins(&tools);
        for (tool, twin) in tools.iter_mut().zip(twins) {
            tool.twin = twin;
        }
        tools
    }

    fn new(json: &str, tokens: &'a ToolTokens, server: &'a str, is_legacy: bool) -> Self {
        let definition: Value = serde_json::from_str(json).unwrap_or_default();
        let (input, output) = (
            Facts::of(&definition["inputSchema"], "inputSchema"),
            Facts::of(&definition["outputSchema"], "outputSchema"),
        );
        Self { name: &tokens.name, server, tokens, definition, input, output, is_legacy, twin: None }
    }

    /// What it says of itself; empty if it says nothing.
    pub(super) fn description(&self) -> &str {
        self.definition["description"].as_str().unwrap_or_default()
    }
}

/// For each tool the first other one that says the same of itself.
fn twins<'a>(tools: &[Tool<'a>]) -> Vec<Option<&'a str>> {
    let mut first_two: HashMap<&str, (&'a str, Option<&'a str>)> = HashMap::new();
    let said = |tool: &Tool<'a>| !tool.description().trim().is_empty();
    for tool in tools.iter().filter(|tool| said(tool)) {
        let known = first_two.entry(tool.description().trim()).or_insert((tool.name, None));
        if known.0 != tool.name {
            known.1.get_or_insert(tool.name);
        }
    }
    let twin = |tool: &Tool<'a>| {
        let (first, second) = *first_two.get(tool.description().trim())?;
        if first == tool.name { second } else { Some(first) }
    };
    tools.iter().map(twin).collect()
}
