//! Whether a request may be answered with what another one was: what it asks for, and what its tool says of itself.
//!
//! Knows nothing of what is kept, nor of who asks.

use super::ask::Ask;
use super::session::Known;
use crate::rules::{Cache, Coalesce};
use crate::wire::CACHEABLE;

/// Further methods that only read: asked twice at once, they may be asked once.
const READING: [&str; 2] = ["prompts/get", "completion/complete"];

/// Requests that open or change something for the session: what answers them is never the same twice.
const STATEFUL: [&str; 6] = [
    "initialize",
    "subscriptions/listen",
    "resources/subscribe",
    "resources/unsubscribe",
    "logging/setLevel",
    "sampling/createMessage",
];

/// Why answers to a request are not kept; `None` if they may be.
pub(super) fn why_not_kept(cache: &Cache, ask: &Ask, known: &Known<'_>) -> Option<&'static str> {
    if let Some(why) = why_alone(ask) {
        return Some(why);
    }
    if cache.is_unsafe || CACHEABLE.contains(&&*ask.method) {
        return None;
    }
    if !ask.is_call() {
        return Some("the protocol does not mark it as cacheable");
    }
    why_not_trusted(known, cache.idempotent)
}

/// Why equal requests in flight are not made one; `None` if they may be.
pub(super) fn why_not_shared(coalesce: Coalesce, ask: &Ask, known: &Known<'_>) -> Option<&'static str> {
    if let Some(why) = why_alone(ask) {
        return Some(why);
    }
    if coalesce.is_unsafe() || CACHEABLE.contains(&&*ask.method) || READING.contains(&&*ask.method) {
        return None;
    }
    if !ask.is_call() {
        return Some("such a request may change something");
    }
    why_not_trusted(known, coalesce.takes_idempotent())
}

/// Why a request has an answer of its own, whatever a rule says.
fn why_alone(ask: &Ask) -> Option<&'static str> {
    if STATEFUL.contains(&&*ask.method) || ask.method.starts_with("tasks/") {
        Some("such a request changes the session")
    } else if ask.is_task {
        Some("it asks for a task")
    } else if ask.is_retry {
        Some("it answers a question of the server")
    } else {
        None
    }
}

/// Why a tool is not taken for one whose second call changes nothing more. By the protocol's defaults, one that says nothing
/// changes something.
fn why_not_trusted(known: &Known<'_>, takes_idempotent: bool) -> Option<&'static str> {
    match known.definition {
        None if !known.is_listed => Some("the tool list has not been read yet"),
        None => Some("the tool list does not name it"),
        Some(definition) if definition.read_only => None,
        Some(definition) if definition.idempotent && takes_idempotent => None,
        Some(_) => Some("the tool does not say that it only reads"),
    }
}
