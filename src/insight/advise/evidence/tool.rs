//! What was seen of one tool: how its calls repeat, how long they take, and what its results are made of.
//!
//! Knows nothing of other tools.

use std::collections::HashSet;

use serde_json::Value;

use super::Repeats;
use super::fields::Fields;
use super::fingerprint::{Fingerprint, fingerprint};
use crate::tokens::{Counter, Profile, result};
use crate::trace::Micros;

/// What Claude Code hands to a model of one result unless it is told otherwise (`MAX_MCP_OUTPUT_TOKENS`).
pub(in crate::insight::advise) const LONG_TOKENS: u64 = 25_000;

/// Different results of a tool that are told apart; those after them are not looked into.
const RESULTS_MAX: usize = 4_096;
/// Latencies kept of a tool's later calls.
const LATENCIES_MAX: usize = 256;
/// Items from which on an array is a table.
const ROWS_MIN: usize = 3;
/// Words of one text that may be found again in arguments.
const WORDS_MAX: usize = 2_048;

/// A result.
pub(super) struct Answer<'a> {
    /// As it travelled.
    pub(super) json: &'a str,
    /// The same, read.
    pub(super) said: &'a Value,
    /// What it says, as a number.
    pub(super) print: Fingerprint,
}

/// What was seen of one tool.
#[derive(Clone, Debug, Default)]
pub(in crate::insight::advise) struct ToolEvidence {
    /// How its calls repeat.
    pub(in crate::insight::advise) repeats: Repeats,
    /// Calls that failed, or had no result of their own.
    pub(in crate::insight::advise) failed: u64,
    /// What its different results hold.
    pub(in crate::insight::advise) fields: Fields,
    /// Different results that hold JSON in a text block.
    pub(in crate::insight::advise) texts: u64,
    /// Those of them that have blanks between values.
    pub(in crate::insight::advise) spaced: u64,
    /// Those that hold arrays of objects with the same members.
    pub(in crate::insight::advise) tables: u64,
    /// The longest such array.
    pub(in crate::insight::advise) rows_max: usize,
    /// Different results whose text says in JSON what `structuredContent` says.
    pub(in crate::insight::advise) twins: u64,
    /// Different results with more than [`LONG_TOKENS`] for the model, and the longest.
    pub(in crate::insight::advise) long: u64,
    /// Tokens of the longest result of those.
    pub(in crate::insight::advise) longest_tokens: u64,
    /// When it was called first, and how long that took, in microseconds.
    pub(in crate::insight::advise) first: Option<(Micros, u64)>,
    later_us: Vec<u64>,
    seen: HashSet<Fingerprint>,
}

impl ToolEvidence {
    /// Takes note of how long a call took.
    pub(super) fn latency(&mut self, asked: Micros, took_us: u64) {
        if self.first.is_none() {
            self.first = Some((asked, took_us));
        } else if self.later_us.len() < LATENCIES_MAX {
            self.later_us.push(took_us);
        }
    }

    /// Whether its texts are JSON, and not just now and then a file or a page that is.
    pub(in crate::insight::advise) fn writes_json(&self) -> bool {
        // One result is no pattern.
        const RESULTS_MIN: u64 = 2;
        self.texts >= RESULTS_MIN && self.texts * 5 >= self.seen.len() as u64 * 4
    }

    /// The median of the calls after the first, if there are enough of them to be compared with.
    pub(in crate::insight::advise) fn later_us(&self) -> Option<u64> {
        const LATER_MIN: usize = 3;
        let mut sorted = self.later_us.clone();
        sorted.sort_unstable();
        (sorted.len() >= LATER_MIN).then(|| sorted[sorted.len() / 2])
    }

    /// Takes note of a result, unless it has been seen before.
    pub(super) fn note(&mut self, answer: &Answer<'_>, counter: &mut Counter, profile: &Profile) {
        if self.seen.len() >= RESULTS_MAX || !self.seen.insert(answer.print) {
            return;
        }
        let structured = answer.said.get("structuredContent");
        let mut documents: Vec<(&str, Value)> = Vec::new();
        for text in texts(answer.said) {
            let Some(document) = document(text) else { continue };
            self.texts += u64::from(documents.is_empty());
            self.spaced += u64::from(documents.is_empty() && is_spaced(text));
            documents.push((text, document));
        }
        let rows = documents.iter().map(|(_, document)| rows(document)).max().unwrap_or(0);
        self.tables += u64::from(rows >= ROWS_MIN);
        self.rows_max = self.rows_max.max(rows);
        if let Some(structured) = structured {
            let print = fingerprint(structured);
            let is_twin = documents.iter().any(|(_, document)| fingerprint(document) == print);
            self.twins += u64::from(is_twin);
            let json = structured.to_string();
            self.fields.note(structured, &json, counter, profile.encoding);
        } else {
            for (text, document) in &documents {
                self.fields.note(document, text, counter, profile.encoding);
            }
        }
        // A token is a byte at least.
        if answer.json.len() as u64 > LONG_TOKENS {
            let tokens = result(counter, profile, answer.json).model.tokens;
            self.long += u64::from(tokens > LONG_TOKENS);
            self.longest_tokens = self.longest_tokens.max(tokens);
        }
    }
}

/// Shows what in a result may come back as an argument.
pub(super) fn named(said: &Value, mut see: impl FnMut(&Value)) {
    if let Some(structured) = said.get("structuredContent") {
        return see(structured);
    }
    for text in texts(said) {
        let sign = |c: char| ",;:()[]'\"`".contains(c);
        let words = || text.split_whitespace().take(WORDS_MAX);
        let said = document(text).unwrap_or_else(|| words().map(|word| word.trim_matches(sign)).collect());
        see(&said);
    }
}

fn texts(said: &Value) -> impl Iterator<Item = &str> {
    let blocks = said.get("content").and_then(Value::as_array).into_iter().flatten();
    blocks
        .filter(|block| block.get("type").and_then(Value::as_str) == Some("text"))
        .filter_map(|block| block.get("text").and_then(Value::as_str))
}

/// The JSON that a text is: an object or an array.
fn document(text: &str) -> Option<Value> {
    let is_json = text.trim_ascii_start().starts_with(['{', '[']);
    is_json.then(|| serde_json::from_str(text).ok()).flatten()
}

/// Whether there are blanks between values, as in what programs write for people.
fn is_spaced(text: &str) -> bool {
    ["\": ", "\n", "\", ", "}, "].iter().any(|blank| text.contains(blank))
}

/// How long the longest array of objects with the same members is.
fn rows(value: &Value) -> usize {
    match value {
        Value::Array(items) => {
            let first = items.first().and_then(Value::as_object);
            let is_table = first.is_some_and(|first| {
                items.iter().all(|item| {
                    item.as_object()
                        .is_some_and(|item| item.len() == first.len() && item.keys().eq(first.keys()))
                })
            });
            let within = items.iter().map(rows).max().unwrap_or(0);
            if is_table { items.len().max(within) } else { within }
        }
        Value::Object(members) => members.values().map(rows).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
