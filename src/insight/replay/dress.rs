//! Recorded messages made those of another conversation: its ids, its progress tokens, its revision.
//!
//! What is not named is left as it was written. Knows nothing of recordings.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::caller::Era;
use crate::wire::{CACHEABLE, Contents, Edit, Message, contents, member, one_line};

/// What is only in results from 2026-07-28 on.
const MODERN_ONLY: [&str; 3] = ["resultType", "ttlMs", "cacheScope"];

/// The recorded answer to a request of this method with this id, for a client of this era.
pub(super) fn answer(text: &str, method: &str, id: &str, era: Era, was_modern: bool) -> Option<String> {
    let Contents::One(message) = contents(text.as_bytes()) else { return None };
    let mut edit = Edit::of(text);
    match message {
        Message::Result { id: recorded, result } => {
            edit.replace(recorded, id);
            if let Some(adapted) = adapted(result, method, era, was_modern) {
                edit.replace(result, adapted);
            }
        }
        Message::Error { id: recorded, .. } => edit.replace(recorded?, id),
        Message::Request { .. } | Message::Notification { .. } => return None,
    }
    Some(on_one_line(edit))
}

/// A result as the other era writes it; `None` if it is as it has to be.
pub(super) fn adapted(result: &str, method: &str, era: Era, was_modern: bool) -> Option<String> {
    match (era, was_modern) {
        (Era::Modern, false) => {
            let mut added = vec![("resultType", r#""complete""#)];
            if CACHEABLE.contains(&method) {
                added.extend([("ttlMs", "0"), ("cacheScope", r#""private""#)]);
            }
            added.retain(|(name, _)| member(result, name).is_none());
            (!added.is_empty()).then(|| with_members(result, &[], &added))
        }
        (Era::Legacy, true) => Some(with_members(result, &MODERN_ONLY, &[])),
        (Era::Modern, true) | (Era::Legacy, false) => None,
    }
}

/// A request or notification of the server with another id, and with another progress token.
pub(super) fn asks(text: &str, id: &str) -> Option<String> {
    let Contents::One(Message::Request { id: recorded, .. }) = contents(text.as_bytes()) else { return None };
    let mut edit = Edit::of(text);
    edit.replace(recorded, id);
    Some(on_one_line(edit))
}

/// A report of progress under another token.
pub(super) fn progress(text: &str, token: &str) -> Option<String> {
    let params = params_of(text)?;
    let mut edit = Edit::of(text);
    edit.replace(member(params, "progressToken")?, token);
    Some(on_one_line(edit))
}

/// A notification on the stream of a subscription.
pub(super) fn subscribed(method: &str, text: &str, subscription: &str) -> String {
    let params = params_of(text).unwrap_or("{}");
    let meta = format!(r#"{{"io.modelcontextprotocol/subscriptionId":{subscription}}}"#);
    notification(method, &with_members(params, &["_meta"], &[("_meta", &meta)]))
}

/// The parameters of a request or notification.
pub(super) fn params_of(text: &str) -> Option<&str> {
    match contents(text.as_bytes()) {
        Contents::One(Message::Request { params, .. } | Message::Notification { params, .. }) => params,
        _ => None,
    }
}

/// A notification of our own.
pub(super) fn notification(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":{},"params":{params}}}"#, quoted(method))
}

/// An answer of our own.
pub(super) fn result(id: &str, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{}}}"#, one_line(result))
}

/// A refusal of our own.
pub(super) fn error(id: &str, code: i32, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":{}}}}}"#, quoted(message))
}

/// A text as JSON writes it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn on_one_line(edit: Edit<'_>) -> String {
    let text = edit.finish();
    match one_line(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(line) => line,
    }
}

/// An object without some members and with others; what stays is as it was written. What is no object stays too.
pub(super) fn with_members(object: &str, without: &[&str], with: &[(&str, &str)]) -> String {
    let Some(members) = members(object) else { return object.to_owned() };
    let mut out = String::with_capacity(object.len() + 64);
    let kept = members.iter().filter(|(name, _)| !without.contains(&&**name));
    let kept = kept.map(|(name, value)| (&**name, *value));
    for (name, value) in kept.chain(with.iter().copied()) {
        out.push(if out.is_empty() { '{' } else { ',' });
        write!(out, "{}:{value}", quoted(name)).expect("a String takes every write");
    }
    if out.is_empty() {
        out.push('{');
    }
    out.push('}');
    out
}

/// The members of an object, in order and as they were written.
pub(super) fn members(object: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    struct All;
    impl<'de> Visitor<'de> for All {
        type Value = Vec<(Cow<'de, str>, &'de str)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                found.push((name.into(), value.get()));
            }
            Ok(found)
        }
    }
    serde_json::Deserializer::from_str(object).deserialize_map(All).ok()
}
