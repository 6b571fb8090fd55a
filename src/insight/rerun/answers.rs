//! How the answer that was recorded and the one that came differ.
//!
//! Knows nothing of how differences are shown.

use serde_json::{Value, json};

use crate::insight::difference::{Change, Difference, Terms, differences};
use crate::wire::{Contents, Message, contents};

/// The codes of errors that the proxy in between gives in place of a server that it does not reach, that breaks off, or
/// that lets nobody in.
const UNREACHED: [i64; 3] = [50_200, 50_201, 40_101];

/// Why the server was not reached, as the proxy says in its place.
#[must_use]
pub fn unreached(answer: &str) -> Option<String> {
    let Contents::One(Message::Error { error, .. }) = contents(answer.as_bytes()) else { return None };
    let error: Value = serde_json::from_str(error).ok()?;
    let is_ours = error["code"].as_i64().is_some_and(|code| UNREACHED.contains(&code));
    is_ours.then(|| error["message"].as_str().unwrap_or_default().to_owned())
}

/// What differs between two answers, given as whole messages. `mask` makes equal what is to count as equal.
#[must_use]
pub fn compare(before: &str, after: &str, terms: &Terms, mask: impl Fn(&mut Value)) -> Vec<Difference> {
    let said = |text| {
        let (is_result, mut value) = said(text);
        mask(&mut value);
        (is_result, value)
    };
    match (said(before), said(after)) {
        ((true, before), (true, mut after)) => {
            overlook_echoes(&before, &mut after);
            differences(&before, &after, terms)
        }
        ((false, before), (false, after)) => differences(&before, &after, terms),
        (before, after) => {
            let whole = |(is_result, value): (bool, Value)| {
                if is_result { json!({ "result": value }) } else { json!({ "error": value }) }
            };
            let change = Change::Changed { before: whole(before), after: whole(after) };
            vec![Difference { at: "$".into(), change }]
        }
    }
}

/// Words that mean nothing but what the server takes them for when they are brought back make no difference.
fn overlook_echoes(before: &Value, after: &mut Value) {
    for place in ["/nextCursor", "/requestState", "/taskId", "/task/taskId"] {
        if let (Some(before @ Value::String(_)), Some(after @ Value::String(_))) =
            (before.pointer(place), after.pointer_mut(place))
        {
            after.clone_from(before);
        }
    }
}

/// Whether it is a result, and what it says. What is nested too deeply to be read is compared as it is written.
fn said(text: &str) -> (bool, Value) {
    let (is_result, raw) = match contents(text.as_bytes()) {
        Contents::One(Message::Result { result, .. }) => (true, result),
        Contents::One(Message::Error { error, .. }) => (false, error),
        _ => (false, text),
    };
    (is_result, serde_json::from_str(raw).unwrap_or_else(|_| raw.into()))
}
