//! What the rules of a session did, as facts.
//!
//! Knows nothing of how a rule decides, nor of what its effect is worth: that is derived from what arrived and what left.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{ExchangeId, Payload};
use crate::wire::Direction;

/// What became of a message that a rule's match hit, or that a rule made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It went on as it had come.
    Passed,
    /// Something else went on in its place: the ruling's payload.
    Changed,
    /// It waits: for its turn, or for the answer to an equal request.
    Held,
    /// A request that had waited went on, as it had come.
    Released,
    /// A request that got the ruling's payload from mcptop as its answer. What the server may still say is dropped.
    Answered,
    /// It went no further, and nothing took its place.
    Dropped,
    /// mcptop itself sent the ruling's payload.
    Sent,
}

impl Outcome {
    /// The word it is recorded as.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Changed => "changed",
            Self::Held => "held",
            Self::Released => "released",
            Self::Answered => "answered",
            Self::Dropped => "dropped",
            Self::Sent => "sent",
        }
    }
}

/// The source of rules that a viewer ordered for a session alone: they stand in no file.
pub const BY_VIEWER: &str = "a viewer";

/// What all rules together did with one message.
///
/// A message stands in the recording as it arrived; the ruling comes after it and is found by direction, exchange and id.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling<'a> {
    /// Which way the message travelled that is ruled about: for an answered request still towards the server.
    pub to: Direction,
    /// The HTTP exchange it belongs to; `None` over stdio.
    pub exchange: Option<ExchangeId>,
    /// The id of the request it is about, as it was written; `None` for a notification.
    pub id: Option<Cow<'a, str>>,
    /// What became of it.
    pub outcome: Outcome,
    /// What left in its place. With marks that only observe: what would have left.
    pub payload: Option<Payload<'a>>,
    /// What each transformer did, in the order in which they acted.
    pub marks: Vec<Mark<'a>>,
}

/// What one transformer of one rule did with a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark<'a> {
    /// The rule's name.
    #[serde(borrow)]
    pub rule: Cow<'a, str>,
    /// The transformer, as it is called in the rules file.
    #[serde(borrow)]
    pub by: Cow<'a, str>,
    /// Whether it had an effect (with `observed`: would have had). A cache that had no entry has none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hit: bool,
    /// Whether the rule only observes, so that nothing came of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
    /// Its own time, in nanoseconds.
    #[serde(default)]
    pub cost_ns: u32,
    /// For an answer out of a cache, or shared with an equal request: how long the server took for it, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_us: Option<u64>,
    /// For an answer out of a cache: how old it was, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_us: Option<u64>,
    /// For a cache: how it stands then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreState>,
    /// For what changes a text: how long it was before and after, in bytes. Of several that change one message these say
    /// whose effect was how large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<[u64; 2]>,
    /// Why it had no effect, or what it did, for people.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Cow<'a, str>>,
    /// It failed, with this message, and is off for the rest of the session. The message passed.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Cow<'a, str>>,
}

/// How a cache stands at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StoreState {
    /// Answers in it.
    pub entries: u32,
    /// Their size with their keys, in bytes.
    pub bytes: u64,
    /// Answers that made room for others since the start.
    pub evicted: u64,
}

impl Ruling<'_> {
    /// The same, owning what it holds.
    #[must_use]
    pub fn into_owned(self) -> Ruling<'static> {
        let owned = |text: Cow<'_, str>| -> Cow<'static, str> { Cow::Owned(text.into_owned()) };
        Ruling {
            to: self.to,
            exchange: self.exchange,
            id: self.id.map(owned),
            outcome: self.outcome,
            payload: self
                .payload
                .map(|payload| Payload { text: Cow::Owned(payload.text.into_owned()), end: payload.end }),
            marks: self
                .marks
                .into_iter()
                .map(|mark| Mark {
                    rule: owned(mark.rule),
                    by: owned(mark.by),
                    why: mark.why.map(owned),
                    failed: mark.failed.map(owned),
                    hit: mark.hit,
                    observed: mark.observed,
                    cost_ns: mark.cost_ns,
                    took_us: mark.took_us,
                    age_us: mark.age_us,
                    store: mark.store,
                    bytes: mark.bytes,
                })
                .collect(),
        }
    }
}
