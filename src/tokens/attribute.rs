//! Divides a text's tokens among its JSON values, exactly; it does not know what the values mean.
//!
//! The text is tokenised once. A token belongs to the value that owns its first byte (see [`super::scan`] for who
//! owns what), so the tokens of all nodes sum to the count of the whole text by construction. A string that is
//! itself a JSON object or array is walked into: its values share the tokens that the string has *in this text*,
//! escapes included, so the sums hold there as well.
//!
//! Where the counter's effort only allows an estimate of the total, it is divided by bytes instead; the sums hold
//! just the same, and the accuracy says what they are.

use thiserror::Error;

use super::count::{Accuracy, Count};
use super::counter::Counter;
use super::encoding::Encoding;
use super::sample::effort_needed;
use super::scan::ScanError;
use super::tree::Attribution;
use super::walk::Tree;

/// A text whose tokens cannot be attributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AttributeError {
    /// It is not JSON; its tokens can only be counted.
    #[error(transparent)]
    NotJson(#[from] ScanError),
    /// It has 4 GB or more.
    #[error("too long to be attributed")]
    TooLong,
    /// The engine failed on it.
    #[error("the tokenizer failed on this text")]
    Failed,
}

/// The tokens of `json` by JSON value. `total` equals [`Counter::count`] of the same text by the same counter.
///
/// # Errors
/// If `json` is not JSON, has 4 GB or more, or the engine fails.
pub fn attribute(
    counter: &mut Counter,
    encoding: Encoding,
    json: &str,
) -> Result<Attribution, AttributeError> {
    if u32::try_from(json.len()).is_err() {
        return Err(AttributeError::TooLong);
    }
    let mut tree = Tree::of(json)?;
    let count = if effort_needed(json) <= counter.effort() {
        let lengths = encoding.token_lengths(json).map_err(|_panic| AttributeError::Failed)?;
        tree.distribute_tokens(&lengths);
        let count = Count::exact(lengths.len() as u64);
        counter.remember(encoding, json, count);
        count
    } else {
        let count = counter.count(encoding, json);
        if count.accuracy == Accuracy::Failed {
            return Err(AttributeError::Failed);
        }
        tree.distribute_by_bytes(count.tokens, json.len());
        count
    };
    tree.sum_subtrees();
    Ok(Attribution {
        nodes: tree.nodes,
        total: count.tokens,
        accuracy: count.accuracy,
        documents: tree.documents,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tokens::walk::NESTED_MAX;
    use crate::tokens::{DEPTH_MAX, Effort, NODES_MAX, NodeId};

    const O200K: Encoding = Encoding::O200kBase;

    fn attributed(json: &str) -> Attribution {
        attribute(&mut Counter::new(Effort::OnRequest), O200K, json).unwrap()
    }

    /// What every attribution promises, whatever the text.
    fn check(json: &str) -> Attribution {
        let mut counter = Counter::new(Effort::OnRequest);
        let total = Counter::new(Effort::OnRequest).count(O200K, json);
        let tree = attribute(&mut counter, O200K, json).unwrap();
        assert_eq!(total, Count::exact(tree.total), "the total is the count of the text");
        assert_eq!(counter.count(O200K, json), total, "and is remembered");
        assert_eq!(tree.nodes.iter().map(|node| u64::from(node.own)).sum::<u64>(), tree.total);
        assert_eq!(tree.count(NodeId::ROOT), total);
        for id in tree.ids() {
            let node = tree.node(id);
            let below: u32 = tree.children(id).map(|child| tree.node(child).subtree).sum();
            assert_eq!(node.own + below, node.subtree);
            assert!(tree.children(id).all(|child| tree.node(child).parent == Some(id)));
            assert!(node.span.start <= node.value.start && node.value.end <= node.span.end);
            let source = tree.source(id, json);
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(source).is_ok(), "{source:?} is a value");
        }
        tree
    }

    fn tokens(tree: &Attribution, json: &str) -> Vec<(String, u32, u32)> {
        tree.ids().map(|id| (tree.path(id, json), tree.node(id).own, tree.node(id).subtree)).collect()
    }

    #[test]
    fn a_token_belongs_to_the_value_that_owns_its_first_byte() {
        let json = r#"{"name":"x","list":[1,22],"on":true}"#;
        // The tokens: {"| name |":" | x |"," | list |":[ | 1 | , | 22 | ],| " | on |": | true | }
        let bytes: Vec<u8> = O200K.token_lengths(json).unwrap();
        let tree = check(json);
        let at = |needle: &str| json.find(needle).unwrap();
        let mut expected = [0_u32; 4];
        let mut from = 0;
        for bytes in bytes {
            let owner = match from {
                0 => 0,
                _ if from < at("\"list\"") => 1,
                _ if from < at("\"on\"") => 2,
                _ if from < json.len() - 1 => 3,
                _ => 0,
            };
            expected[owner] += 1;
            from += usize::from(bytes);
        }
        let subtrees: Vec<u32> = tree.children(NodeId::ROOT).map(|id| tree.node(id).subtree).collect();
        assert_eq!(subtrees, expected[1..]);
        assert_eq!(tree.node(NodeId::ROOT).own, expected[0]);
        let paths: Vec<String> = tokens(&tree, json).into_iter().map(|(path, ..)| path).collect();
        assert_eq!(paths, ["$", "$.name", "$.list", "$.list[0]", "$.list[1]", "$.on"]);
    }

    #[test]
    fn json_within_a_string_shares_the_tokens_of_the_string() {
        let inner = r#"{"items": [{"id": 1, "text": "é\n"}, {"id": 2, "text": "b \"c\""}], "more": false}"#;
        let json =
            format!(r#"{{"content":[{{"type":"text","text":{}}}]}}"#, serde_json::to_string(inner).unwrap());
        let tree = check(&json);
        assert_eq!(tree.documents, [inner]);
        let text = tree.ids().find(|&id| tree.path(id, &json) == "$.content[0].text").unwrap();
        let nested = tree.children(text).next().unwrap();
        assert_eq!(tree.source(nested, &json), inner);
        let second = tree.ids().find(|&id| tree.path(id, &json).ends_with("text → $.items[1].text")).unwrap();
        assert_eq!(tree.source(second, &json), r#""b \"c\"""#);
        let (host, inside) = (tree.node(text), tree.node(nested));
        assert_eq!(host.own + inside.subtree, host.subtree);
        assert!(inside.subtree > host.own, "{host:?} {inside:?}");
    }

    #[test]
    fn a_string_that_only_looks_like_json_is_a_string() {
        for text in ["[INFO] started [ok]", "{not json}", "{\"a\": [1, {\"b\": \"[1]\"}, }"] {
            let json = serde_json::to_string(&[text]).unwrap();
            assert_eq!(check(&json).nodes.len(), 2, "{json}");
        }
    }

    #[test]
    fn strings_within_strings_are_walked_to_a_bound() {
        let mut json = String::from("[1]");
        for _ in 0..8 {
            json = serde_json::to_string(&[json]).unwrap();
        }
        assert_eq!(check(&json).documents.len(), NESTED_MAX as usize);
    }

    #[test]
    fn a_million_nested_arrays_are_attributed_within_the_bounds() {
        let json = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        let tree = attributed(&json);
        assert_eq!(tree.nodes.len(), DEPTH_MAX as usize + 1);
        assert!(tree.nodes.last().unwrap().collapsed);
        assert_eq!(tree.nodes.iter().map(|node| u64::from(node.own)).sum::<u64>(), tree.total);
    }

    #[test]
    fn values_beyond_the_bound_are_counted_into_their_parents() {
        let json = format!("[{}]", vec!["[1,2]"; 100_000].join(","));
        let tree = attributed(&json);
        assert_eq!(tree.nodes.len(), NODES_MAX);
        assert!(tree.node(NodeId::ROOT).collapsed);
        assert_eq!(tree.nodes.iter().map(|node| u64::from(node.own)).sum::<u64>(), tree.total);
    }

    #[test]
    fn a_text_beyond_the_effort_is_divided_by_bytes() {
        let mut counter = Counter::new(Effort::AtOnce);
        let json = format!("[{}1]", "\"word\",".repeat(50_000));
        let tree = attribute(&mut counter, O200K, &json).unwrap();
        assert_eq!(tree.accuracy, Accuracy::Estimated);
        assert_eq!(tree.count(NodeId::ROOT), counter.count(O200K, &json));
        assert_eq!(tree.nodes.iter().map(|node| u64::from(node.own)).sum::<u64>(), tree.total);
        counter.set_effort(Effort::Worker);
        assert_eq!(attribute(&mut counter, O200K, &json).unwrap().accuracy, Accuracy::Exact);
    }

    #[test]
    fn what_is_not_json_is_refused_with_the_place() {
        let error = attribute(&mut Counter::default(), O200K, "[1,").unwrap_err();
        assert_eq!(error.to_string(), "not JSON: expected a value at byte 3");
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[a-z ]{0,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,12}", inner.clone(), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
                // JSON within a string, as tools like to send it.
                inner.prop_map(|value| Value::from(value.to_string())),
            ]
        })
    }

    /// Puts blanks between the tokens of JSON, in no particular taste.
    fn spread(json: &str, blanks: &[&str]) -> String {
        let mut out = String::new();
        let (mut quoted, mut escaped, mut n) = (false, false, 0);
        for c in json.chars() {
            let structural = !quoted && "{}[]:,".contains(c);
            for _ in 0..usize::from(structural) {
                out.push_str(blanks[n % blanks.len()]);
                n += 1;
            }
            out.push(c);
            if structural {
                out.push_str(blanks[n % blanks.len()]);
                n += 1;
            }
            quoted ^= c == '"' && !escaped;
            escaped = quoted && c == '\\' && !escaped;
        }
        out
    }

    proptest! {
        #[test]
        fn the_shares_sum_to_the_count_for_any_json(value in any_json(), blanks in prop::collection::vec("[ \n\t\r]{0,4}", 1..9)) {
            check(&value.to_string());
            check(&serde_json::to_string_pretty(&value).unwrap());
            let blanks: Vec<&str> = blanks.iter().map(String::as_str).collect();
            check(&spread(&value.to_string(), &blanks));
        }
    }
}
