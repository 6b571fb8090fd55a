//! JSON text written out over lines, every member and element on its own; what is written is kept as it was written.
//!
//! Knows nothing of screens. A text that is no JSON stays as it is.

use std::fmt::Write as _;

use crate::wire::string_value;

/// How deep JSON within strings within JSON is written out.
const DEPTH_MAX: usize = 4;
/// Blanks of one step inwards.
const STEP: usize = 2;

/// The text over lines. A string that is itself a JSON object or array is written out within its quotes, and one of
/// several lines over several.
#[must_use]
pub fn written_out(text: &[u8]) -> String {
    let shown = String::from_utf8_lossy(text);
    if !is_json(text) {
        return shown.into_owned();
    }
    let mut out = String::with_capacity(shown.len() * 2);
    write_out(&shown, 0, 0, &mut out);
    out.push('\n');
    out
}

/// Whether it is one value of JSON, and nothing else.
#[must_use]
pub fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// Writes JSON that is known to be valid.
fn write_out(json: &str, indent: usize, depth: usize, out: &mut String) {
    let bytes = json.as_bytes();
    let (mut at, mut level) = (0, indent);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = end_of_string(bytes, at);
                string(&json[at..end], level, depth, out);
                at = end;
                continue;
            }
            b'{' | b'[' => {
                out.push(char::from(*byte));
                let next = bytes[at + 1..].iter().position(|byte| !byte.is_ascii_whitespace());
                let next = next.map(|next| at + 1 + next);
                if let Some(next) = next.filter(|next| matches!(bytes[*next], b'}' | b']')) {
                    out.push(char::from(bytes[next]));
                    at = next + 1;
                    continue;
                }
                level += STEP;
                new_line(level, out);
            }
            b'}' | b']' => {
                level = level.saturating_sub(STEP);
                new_line(level, out);
                out.push(char::from(*byte));
            }
            b',' => {
                out.push(',');
                new_line(level, out);
            }
            b':' => out.push_str(": "),
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                let rest = &bytes[at..];
                let length = rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len()).max(1);
                out.push_str(&json[at..at + length]);
                at += length;
                continue;
            }
        }
        at += 1;
    }
}

/// Whether a byte belongs to a number or a word.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

fn new_line(indent: usize, out: &mut String) {
    let _ = write!(out, "\n{:indent$}", "");
}

/// Where the string that begins at `start` ends.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn string(raw: &str, indent: usize, depth: usize, out: &mut String) {
    let within = Some(raw).filter(|raw| depth < DEPTH_MAX && looks_like_json(raw)).and_then(string_value);
    if let Some(text) = within
        && is_json(text.as_bytes())
    {
        out.push('"');
        write_out(&text, indent, depth + 1, out);
        out.push('"');
        return;
    }
    for (index, line) in raw.split_inclusive("\\n").enumerate() {
        if index > 0 && line != "\"" {
            new_line(indent + STEP, out);
        }
        out.push_str(line);
    }
}

/// Whether a string begins as an object or an array of JSON.
fn looks_like_json(raw: &str) -> bool {
    let inside = raw.get(1..).unwrap_or_default().trim_start_matches([' ', '\t']);
    inside.starts_with('{') || inside.starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn out(text: &str) -> String {
        written_out(text.as_bytes())
    }

    #[test]
    fn every_member_stands_on_its_own_line_and_numbers_stay_as_they_were() {
        assert_eq!(out(r#"{"a":1.0,"b":[],"c":{ }}"#), "{\n  \"a\": 1.0,\n  \"b\": [],\n  \"c\": {}\n}\n");
        assert_eq!(out("no json"), "no json");
    }

    #[test]
    fn json_within_a_string_is_written_out_too() {
        assert_eq!(out(r#"{"text":"{\"a\":1}"}"#), "{\n  \"text\": \"{\n    \"a\": 1\n  }\"\n}\n");
        assert_eq!(out(r#"{"text":"one\ntwo"}"#), "{\n  \"text\": \"one\\n\n    two\"\n}\n");
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(Into::into),
            "[ -~é]{0,8}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::btree_map("[a-z]{1,3}", inner, 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_out_without_strings_within_says_the_same(value in value()) {
            let text = value.to_string();
            let is_nested = text.contains("\"[") || text.contains("\"{") || text.contains("\" ") || text.contains("\\n");
            prop_assume!(!is_nested);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&out(&text)).unwrap(), value);
        }

        #[test]
        fn any_text_is_written_out(text in any::<String>()) {
            let _ = out(&text);
        }
    }
}
