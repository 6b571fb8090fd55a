//! What makes two requests equal: their text, or what they ask for whatever the order of members and the form of numbers.
//!
//! Knows nothing of recordings.

use serde_json::Value;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::insight::difference::{Terms, digest};
use crate::rules::Path;
use crate::wire::{member, string_value};

/// Digests of a request. Different requests have different ones, but for a chance of 2⁻¹²⁸.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::insight) struct Keys {
    /// Method and parameters as they were written.
    pub(super) exact: u128,
    /// What the parameters say, without `_meta`.
    pub(super) canonical: u128,
    /// The same without what is ignored.
    pub(super) ignored: u128,
}

impl Keys {
    /// Of a request. What `ignore` finds in the parameters does not count in the last of them.
    pub(super) fn of(method: &str, params: Option<&str>, ignore: &[Path]) -> Self {
        let exact = of_method(method, params.unwrap_or_default().as_bytes());
        let Some(value) = read(params) else { return Self { exact, canonical: exact, ignored: exact } };
        let with = |ignore: &[Path]| {
            let terms = Terms { ignore: ignore.to_vec(), unordered: false };
            of_method(method, &digest(&value, &terms).to_le_bytes())
        };
        let canonical = with(&[]);
        Self { exact, canonical, ignored: if ignore.is_empty() { canonical } else { with(ignore) } }
    }
}

fn of_method(method: &str, what: &[u8]) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&xxh3_128(method.as_bytes()).to_le_bytes());
    hash.update(what);
    hash.digest128()
}

/// The parameters, without what says nothing of what is asked for.
fn read(params: Option<&str>) -> Option<Value> {
    let mut value =
        params.map_or_else(|| Ok(Value::Object(serde_json::Map::new())), serde_json::from_str).ok()?;
    if let Some(members) = value.as_object_mut() {
        members.remove("_meta");
        // Clients that have no arguments leave them out, or write an empty object.
        if members.get("arguments").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
            members.remove("arguments");
        }
    }
    Some(value)
}

/// The tool or prompt that a request names.
pub(super) fn name_of(method: &str, params: Option<&str>) -> Option<Box<str>> {
    let named = matches!(method, "tools/call" | "prompts/get");
    named.then(|| string_value(member(params?, "name")?).map(Into::into)).flatten()
}
