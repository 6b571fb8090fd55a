//! What changes in texts by its nature, such as times and hashes, made the same on both sides before they are compared.
//!
//! Knows nothing of where a text stands.

use regex::Regex;
use serde_json::Value;

/// What stands in the place of what was found.
const INSTEAD: &str = "…";

/// Puts a mark in the place of all that these patterns find in the texts of a value. Names of members stay.
pub(super) fn mask(value: &mut Value, patterns: &[Regex]) {
    match value {
        Value::String(text) => {
            for pattern in patterns {
                if let std::borrow::Cow::Owned(masked) = pattern.replace_all(text, INSTEAD) {
                    *text = masked;
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, patterns)),
        Value::Object(members) => members.values_mut().for_each(|member| mask(member, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn texts_are_masked_at_any_depth_and_nothing_else_is() {
        let mut value = json!({ "7": ["took 31 ms, then 7 ms", 7], "b": { "c": "no number" } });
        mask(&mut value, &[Regex::new(r"\d+ ms").unwrap(), Regex::new("then").unwrap()]);
        assert_eq!(value, json!({ "7": ["took …, … …", 7], "b": { "c": "no number" } }));
    }
}
