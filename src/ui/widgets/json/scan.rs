//! Finds the values of a JSON text one level at a time, as spans of the text.
//!
//! Nothing is parsed further than it is looked at: the members of an object are found by skipping their values, so
//! opening one node of a text of megabytes costs one pass over that node. Expects valid JSON (see
//! [`is_valid`]); for other bytes it finds less, never panics. Knows nothing of folds, tokens or screens.

use std::ops::Range;

use serde::de::IgnoredAny;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// `1`, `1.0`, `-1e9`
    Number,
    /// `true`, `false`, `null`
    Word,
}

/// A value and where it stands. Texts are limited to 4 GB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The member's name with its quotes, as it was written; `None` for the root and for items of an array.
    pub key: Option<Range<u32>>,
    /// The value as it was written.
    pub value: Range<u32>,
    /// What it is.
    pub kind: Kind,
    /// How many members or items it has.
    pub members: u32,
}

impl Node {
    /// The value's bytes.
    #[must_use]
    pub fn bytes<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        slice(text, &self.value)
    }

    /// The name's bytes, quotes included.
    #[must_use]
    pub fn key_bytes<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        self.key.as_ref().map(|key| slice(text, key))
    }
}

fn slice<'a>(text: &'a [u8], range: &Range<u32>) -> &'a [u8] {
    text.get(range.start as usize..range.end as usize).unwrap_or_default()
}

/// Whether the text is one JSON value. Costs one pass.
#[must_use]
pub fn is_valid(text: &[u8]) -> bool {
    u32::try_from(text.len()).is_ok() && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// The text's own value.
#[must_use]
pub fn root(text: &[u8]) -> Option<Node> {
    value(text, blank(text, 0)).map(|(node, _)| node)
}

/// The members or items of a value, in order; nothing for a value that has none.
#[must_use]
pub fn children(text: &[u8], parent: &Node) -> Vec<Node> {
    let keyed = match parent.kind {
        Kind::Object => true,
        Kind::Array => false,
        Kind::String | Kind::Number | Kind::Word => return Vec::new(),
    };
    let mut found = Vec::with_capacity(parent.members as usize);
    let mut at = blank(text, parent.value.start as usize + 1);
    while let Some((node, after)) = if keyed { member(text, at) } else { value(text, at) } {
        found.push(node);
        at = blank(text, after);
        if text.get(at) != Some(&b',') {
            break;
        }
        at = blank(text, at + 1);
    }
    found
}

fn member(text: &[u8], at: usize) -> Option<(Node, usize)> {
    if text.get(at) != Some(&b'"') {
        return None;
    }
    let key_end = string_end(text, at)?;
    let colon = blank(text, key_end);
    if text.get(colon) != Some(&b':') {
        return None;
    }
    let (mut node, after) = value(text, blank(text, colon + 1))?;
    node.key = Some(range(at, key_end)?);
    Some((node, after))
}

fn value(text: &[u8], at: usize) -> Option<(Node, usize)> {
    let (kind, end, members) = match text.get(at)? {
        b'{' => container(text, at).map(|(end, members)| (Kind::Object, end, members))?,
        b'[' => container(text, at).map(|(end, members)| (Kind::Array, end, members))?,
        b'"' => (Kind::String, string_end(text, at)?, 0),
        b'-' | b'0'..=b'9' => (Kind::Number, scalar_end(text, at), 0),
        b't' | b'f' | b'n' => (Kind::Word, scalar_end(text, at), 0),
        _ => return None,
    };
    Some((Node { key: None, value: range(at, end)?, kind, members }, end))
}

fn range(start: usize, end: usize) -> Option<Range<u32>> {
    Some(u32::try_from(start).ok()?..u32::try_from(end).ok()?)
}

/// The place after the container that begins at `at`, and how many members it has.
fn container(text: &[u8], at: usize) -> Option<(usize, u32)> {
    let mut depth = 0usize;
    let mut members = 0u32;
    let mut place = at;
    loop {
        match text.get(place)? {
            b'"' => {
                place = string_end(text, place)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    let empty = members == 0 && blank(text, at + 1) == place;
                    return Some((place + 1, if empty { 0 } else { members + 1 }));
                }
            }
            b',' if depth == 1 => members = members.saturating_add(1),
            _ => {}
        }
        place += 1;
    }
}

/// The place after the string that begins at `at`.
fn string_end(text: &[u8], at: usize) -> Option<usize> {
    let mut place = at + 1;
    loop {
        place += memchr::memchr2(b'"', b'\\', text.get(place..)?)?;
        if text[place] == b'"' {
            return Some(place + 1);
        }
        place += 2;
    }
}

fn scalar_end(text: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
    text[at..].iter().position(ends).map_or(text.len(), |length| at + length)
}

fn blank(text: &[u8], at: usize) -> usize {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    at + text.get(at..).unwrap_or_default().iter().take_while(|byte| is_blank(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(text: &str) -> Vec<String> {
        let bytes = text.as_bytes();
        children(bytes, &root(bytes).unwrap())
            .iter()
            .map(|node| {
                let key = node.key_bytes(bytes).map_or("", |key| std::str::from_utf8(key).unwrap());
                format!("{key}{}", std::str::from_utf8(node.bytes(bytes)).unwrap())
            })
            .collect()
    }

    #[test]
    fn values_are_found_as_they_were_written() {
        assert_eq!(
            names(r#" {"a" : 1.0 ,"b\"":"x\\", "c":[1, {"d":","}]} "#),
            [r#""a"1.0"#, r#""b\"""x\\""#, r#""c"[1, {"d":","}]"#]
        );
        assert_eq!(names("[1e2,null , []]"), ["1e2", "null", "[]"]);
        assert_eq!(names("{}"), [""; 0]);
    }

    #[test]
    fn members_are_counted_on_the_way() {
        for (text, members) in [("{}", 0), ("[ ]", 0), ("[1]", 1), (r#"{"a":[1,2],"b":{}}"#, 2), ("7", 0)] {
            assert_eq!(root(text.as_bytes()).unwrap().members, members, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\"}", "nul", "\"", "1 2"] {
            assert!(!is_valid(text.as_bytes()), "{text}");
        }
        assert!(!is_valid("[".repeat(100_000).as_bytes()));
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::vec((any::<String>(), inner), 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn assert_same(text: &[u8], node: &Node, value: &serde_json::Value) {
        let written: serde_json::Value = serde_json::from_slice(node.bytes(text)).unwrap();
        assert_eq!(&written, value);
        let nodes = children(text, node);
        assert_eq!(nodes.len(), node.members as usize);
        match value {
            serde_json::Value::Array(items) => {
                assert_eq!(nodes.len(), items.len());
                nodes.iter().zip(items).for_each(|(node, item)| assert_same(text, node, item));
            }
            serde_json::Value::Object(members) => {
                assert_eq!(nodes.len(), members.len());
                for node in &nodes {
                    let key: String = serde_json::from_slice(node.key_bytes(text).unwrap()).unwrap();
                    assert_same(text, node, &members[&key]);
                }
            }
            _ => assert!(nodes.is_empty()),
        }
    }

    proptest! {
        #[test]
        fn every_value_of_any_json_is_found(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
            prop_assert!(is_valid(&text));
            assert_same(&text, &root(&text).unwrap(), &value);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60),
                                  jsonish in "[\\[\\]{}\",:\\\\ 0-9a-z]{0,40}") {
            for text in [&bytes[..], jsonish.as_bytes()] {
                if let Some(node) = root(text) {
                    let _ = children(text, &node);
                }
            }
        }
    }
}
