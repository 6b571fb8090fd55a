//! What a simulation remembers of requests and answers between events.

use std::cmp::Ordering;

use serde_json::Value;

use crate::rules::{Coalesce, Lane, Ruleset};
use crate::trace::{Mark, Micros, Nanos};
use crate::wire::{Contents, Message, contents, member, string_value};

/// A request: its conversation and its id as it was written.
pub(super) type Key = (Lane, Box<str>);

/// A request of the client that has not been answered.
pub(super) struct Asked {
    /// When it was asked, then as now.
    pub(super) at: Micros,
    pub(super) method: Box<str>,
    pub(super) tool: Box<str>,
    pub(super) progress: Option<Box<str>>,
    pub(super) frame: Vec<u8>,
    /// When it went to the server.
    pub(super) forwarded: Option<Micros>,
    /// What a rule answered in the server's place.
    pub(super) answered: Option<Given>,
    /// What the server said then, while the request still waits.
    pub(super) waiting: Option<Due>,
}

impl Asked {
    pub(super) fn new(
        at: Micros,
        method: Box<str>,
        tool: Box<str>,
        progress: Option<Box<str>>,
        frame: Vec<u8>,
    ) -> Self {
        Self { at, method, tool, progress, frame, forwarded: None, answered: None, waiting: None }
    }

    /// Whether its answer comes later than it did: it waits, or has waited, for its turn.
    pub(super) fn is_put_off(&self) -> bool {
        self.answered.is_none() && self.forwarded.is_none_or(|forwarded| forwarded > self.at)
    }
}

/// An answer of a rule.
pub(super) struct Given {
    pub(super) frame: Vec<u8>,
    /// Of the transformer that gave it.
    pub(super) mark: Option<Mark<'static>>,
}

/// Something that the server says.
pub(super) struct Due {
    /// When.
    pub(super) at: Micros,
    /// Of two at the same time the one that came first then.
    order: u64,
    pub(super) lane: Lane,
    pub(super) frame: Vec<u8>,
    pub(super) own: Nanos,
}

impl Due {
    pub(super) fn new(at: Micros, order: u64, lane: Lane, frame: Vec<u8>, own: Nanos) -> Self {
        Self { at, order, lane, frame, own }
    }

    /// The same, said at another time.
    pub(super) fn put_off(self, at: Micros) -> Self {
        Self { at, ..self }
    }
}

// The soonest is the greatest, as the heap wants it.
impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

/// The tool that a call names.
pub(super) fn name_in(params: &str) -> Option<Box<str>> {
    Some(string_value(member(params, "name")?)?.into())
}

/// The rules without those that spare the server a call or make it wait.
pub(super) fn without_sparing(rules: &Ruleset) -> Ruleset {
    let mut rules = rules.clone();
    for rule in &mut rules.rules {
        (rule.cache, rule.rate, rule.concurrency, rule.timeout) = (None, None, None, None);
        (rule.delay, rule.fault, rule.coalesce) = (None, None, Coalesce::default());
    }
    rules
}

/// Whether two answers say the same, whatever their ids.
pub(super) fn is_same(a: &[u8], b: &[u8]) -> bool {
    match (said(a), said(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn said(frame: &[u8]) -> Option<(bool, Value)> {
    let Contents::One(message) = contents(frame) else { return None };
    let (is_result, text) = match message {
        Message::Result { result, .. } => (true, result),
        Message::Error { error, .. } => (false, error),
        Message::Request { .. } | Message::Notification { .. } => return None,
    };
    let mut value: Value = serde_json::from_str(text).ok()?;
    if let Some(result) = value.as_object_mut() {
        // What is about the answer and not in it: who gave it, and how long it may be kept.
        for member in ["_meta", "ttlMs"] {
            result.remove(member);
        }
    }
    Some((is_result, value))
}
