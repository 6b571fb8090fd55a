//! What stands in the fields of a tool's results: whether it varies, is empty, or means something only to machines.
//!
//! A field is a place by its path with `[*]` for any item of an array. Knows nothing of tools and rules.

use std::collections::HashMap;

use serde_json::Value;

use super::fingerprint::{Fingerprint, fingerprint};
use crate::tokens::push_name;
use crate::tokens::{Counter, Encoding, Key, attribute};

/// Fields of one tool kept apart: more have only results whose members are named by their contents.
const FIELDS_MAX: usize = 1_024;
/// Values of one result that are looked at; the rest of it is like them or is not rows.
const VALUES_MAX: usize = 50_000;
/// How deep values are looked at.
const DEPTH_MAX: usize = 32;
/// Characters of an example.
const EXAMPLE_CHARS: usize = 40;
/// How many results of a tool are divided into tokens by field, and how many bytes of them: shares need no more.
const SAMPLES_MAX: u32 = 32;
const SAMPLE_BYTES_MAX: usize = 1 << 20;

/// What mostly means nothing to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::insight::advise) enum Opaque {
    /// A UUID, a digest, or another long word of digits and letters.
    Identifier,
    /// An address.
    Url,
    /// A point in time as ISO 8601 writes it.
    Timestamp,
}

impl Opaque {
    /// What a text is, if it is one of these.
    fn of(text: &str) -> Option<Self> {
        if text.starts_with("https://") || text.starts_with("http://") {
            return Some(Self::Url);
        }
        if is_timestamp(text.as_bytes()) {
            return Some(Self::Timestamp);
        }
        let is_word = (16..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        (is_word && digits * 5 >= text.len()).then_some(Self::Identifier)
    }
}

/// `2026-11-21T03:55:07…`
fn is_timestamp(text: &[u8]) -> bool {
    let form = b"dddd-dd-ddTdd:dd";
    (16..=40).contains(&text.len())
        && form.iter().zip(text).all(|(form, byte)| match form {
            b'd' => byte.is_ascii_digit(),
            b'T' => matches!(byte, b'T' | b' '),
            sign => sign == byte,
        })
}

/// What is known of one field.
#[derive(Clone, Debug)]
pub(in crate::insight::advise) struct Field {
    /// How often it was there.
    pub(in crate::insight::advise) seen: u64,
    /// In how many different results.
    pub(in crate::insight::advise) results: u64,
    /// How often it was `null`, `""`, `[]` or `{}`.
    pub(in crate::insight::advise) empty: u64,
    /// Whether it ever had two values.
    pub(in crate::insight::advise) varies: bool,
    /// Whether there were values within it.
    pub(in crate::insight::advise) has_parts: bool,
    /// How often it was an identifier, an address, a point in time.
    opaque: [u64; 3],
    /// Its first value, as much of it as fits a line.
    pub(in crate::insight::advise) example: Box<str>,
    /// Its tokens in the sample, what is within it included.
    pub(in crate::insight::advise) sampled_tokens: u64,
    first: Fingerprint,
    last_result: u64,
}

impl Field {
    /// What it mostly is, if that is one of these.
    pub(in crate::insight::advise) fn opaque(&self) -> Option<Opaque> {
        let kinds = [Opaque::Identifier, Opaque::Url, Opaque::Timestamp];
        // Some are `null` or missing in between.
        kinds.into_iter().find(|kind| self.opaque[*kind as usize] * 10 >= (self.seen - self.empty).max(1) * 9)
    }
}

/// The fields of a tool's results.
#[derive(Clone, Debug, Default)]
pub(in crate::insight::advise) struct Fields {
    by_path: HashMap<Box<str>, Field>,
    /// Different results that were looked at.
    pub(in crate::insight::advise) results: u64,
    /// Tokens of those that were divided by field.
    pub(in crate::insight::advise) sampled_tokens: u64,
    samples: u32,
    sample_bytes: usize,
}

impl Fields {
    /// Takes note of a result that has not been seen yet.
    pub(in crate::insight::advise) fn note(
        &mut self,
        document: &Value,
        json: &str,
        counter: &mut Counter,
        encoding: Encoding,
    ) {
        self.results += 1;
        let mut path = String::from("$");
        let mut left = VALUES_MAX;
        self.walk(document, &mut path, 0, &mut left);
        if self.samples < SAMPLES_MAX && self.sample_bytes + json.len() <= SAMPLE_BYTES_MAX {
            self.samples += 1;
            self.sample_bytes += json.len();
            self.divide(json, counter, encoding);
        }
    }

    /// The fields with their paths, in order of the paths.
    pub(in crate::insight::advise) fn all(&self) -> Vec<(&str, &Field)> {
        let mut all: Vec<_> = self.by_path.iter().map(|(path, field)| (&**path, field)).collect();
        all.sort_unstable_by_key(|(path, _)| *path);
        all
    }

    fn walk(&mut self, value: &Value, path: &mut String, depth: usize, left: &mut usize) {
        if *left == 0 || depth > DEPTH_MAX {
            return;
        }
        *left -= 1;
        if depth > 0 {
            self.enter(path, value);
        }
        let end = path.len();
        match value {
            Value::Array(items) => {
                path.push_str("[*]");
                for item in items {
                    self.walk(item, path, depth + 1, left);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    push_name(path, name);
                    self.walk(member, path, depth + 1, left);
                    path.truncate(end);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        path.truncate(end);
    }

    fn enter(&mut self, path: &str, value: &Value) {
        let has_parts = match value {
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        // What has parts varies if a part does.
        let print = if has_parts { 0 } else { fingerprint(value) };
        let results = self.results;
        let has_room = self.by_path.len() < FIELDS_MAX;
        let field = match self.by_path.get_mut(path) {
            Some(field) => field,
            None if !has_room => return,
            None => self.by_path.entry(path.into()).or_insert_with(|| Field {
                seen: 0,
                results: 0,
                empty: 0,
                varies: false,
                has_parts,
                opaque: [0; 3],
                example: example(value),
                sampled_tokens: 0,
                first: print,
                last_result: 0,
            }),
        };
        field.seen += 1;
        field.results += u64::from(field.last_result != results);
        field.last_result = results;
        field.varies |= print != field.first;
        field.has_parts |= has_parts;
        field.empty += u64::from(is_empty(value));
        if let Some(kind) = value.as_str().and_then(Opaque::of) {
            field.opaque[kind as usize] += 1;
        }
    }

    /// Enters the tokens of each field.
    fn divide(&mut self, json: &str, counter: &mut Counter, encoding: Encoding) {
        let Ok(tree) = attribute(counter, encoding, json) else { return };
        self.sampled_tokens += tree.total;
        let mut paths: Vec<Option<String>> = Vec::with_capacity(tree.nodes.len());
        for id in tree.ids() {
            let node = tree.node(id);
            let parent = node.parent.and_then(|parent| paths[parent.index()].clone());
            let path = match (node.key, parent) {
                (Key::Root, _) => Some(String::from("$")),
                (Key::Index(_), Some(path)) => Some(path + "[*]"),
                (Key::Member(_), Some(mut path)) => {
                    push_name(&mut path, &tree.name(id, json).unwrap_or_default());
                    Some(path)
                }
                // JSON within a string belongs to the string.
                (Key::Nested, _) | (_, None) => None,
            };
            if let Some(field) = path.as_deref().and_then(|path| self.by_path.get_mut(path)) {
                field.sampled_tokens += u64::from(node.subtree);
            }
            paths.push(path);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn example(value: &Value) -> Box<str> {
    match value {
        Value::Array(_) | Value::Object(_) => Box::default(),
        Value::String(text) if text.chars().nth(EXAMPLE_CHARS).is_some() => {
            let head: String = text.chars().take(EXAMPLE_CHARS).collect();
            format!("{}…", Value::from(head).to_string().trim_end_matches('"')).into()
        }
        _ => value.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Effort;
    use serde_json::json;

    fn of(documents: &[Value]) -> Fields {
        let mut counter = Counter::new(Effort::Worker);
        let mut fields = Fields::default();
        for document in documents {
            fields.note(document, &document.to_string(), &mut counter, Encoding::default());
        }
        fields
    }

    #[test]
    fn fields_are_told_apart_by_what_stands_in_them() {
        let fields = of(&[
            json!({"rows": [{"id": "0b6f3a52-8c1d-4f6e", "kind": "a", "note": null}, {"id": "1b6f3a52-8c1d-4f6e", "kind": "a", "note": ""}]}),
            json!({"rows": [{"id": "2b6f3a52-8c1d-4f6e", "kind": "a", "note": null}]}),
        ]);
        let all: HashMap<_, _> = fields.all().into_iter().collect();
        assert_eq!(all.len(), 5, "{all:?}");
        let kind = all["$.rows[*].kind"];
        assert_eq!((kind.seen, kind.results, kind.varies, &*kind.example), (3, 2, false, "\"a\""));
        assert!(all["$.rows[*].id"].varies && all["$.rows[*].id"].opaque() == Some(Opaque::Identifier));
        assert_eq!((all["$.rows[*].note"].empty, all["$.rows[*].note"].opaque()), (3, None));
        let whole = all["$.rows"].sampled_tokens;
        let parts: u64 = ["id", "kind", "note"]
            .map(|name| all[format!("$.rows[*].{name}").as_str()].sampled_tokens)
            .iter()
            .sum();
        assert!(parts < whole && whole < fields.sampled_tokens && parts * 2 > whole, "{parts} {whole}");
    }

    #[test]
    fn what_means_nothing_to_a_model_is_told_by_its_form() {
        for (text, kind) in [
            ("https://example.org/a", Some(Opaque::Url)),
            ("2026-11-21T03:55:07.732Z", Some(Opaque::Timestamp)),
            ("2026-11-21 03:55:07", Some(Opaque::Timestamp)),
            ("01a1fc3e-5c54-7275-b107-d69e9bffd957", Some(Opaque::Identifier)),
            ("29de3f1e0a7c4b6d8e5f", Some(Opaque::Identifier)),
            ("a_long_name_without_digits", None),
            ("2026-11-21", None),
            ("see https://example.org", None),
        ] {
            assert_eq!(Opaque::of(text), kind, "{text}");
        }
    }

    #[test]
    fn every_path_is_one_that_a_rule_may_name() {
        let fields = of(&[json!({"a b": 1, "it's": {"\\": 2, "\n": 3, "": 4, "é": 5, "_x9": [[6]]}})]);
        for (path, _) in fields.all() {
            path.parse::<crate::rules::Path>().unwrap();
        }
        assert!(fields.all().iter().any(|(path, _)| *path == "$['it\\'s']._x9[*][*]"));
    }

    #[test]
    fn what_is_kept_of_results_is_bounded() {
        let many: serde_json::Map<String, Value> = (0..5_000).map(|n| (format!("k{n}"), json!(n))).collect();
        assert_eq!(of(&[Value::Object(many)]).all().len(), FIELDS_MAX);
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        assert_eq!(of(&[deep]).all().len(), DEPTH_MAX);
    }
}
