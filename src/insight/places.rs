//! Where the tokens of a tool's answers stand: by path, summed over many answers.
//!
//! Paths are those of RFC 9535 below the result, with every place of an array taken together; within a string that is
//! JSON they go on behind an arrow. Places are values without objects in them, so that no two overlap; what objects
//! themselves own (names, braces) is structure. Knows nothing of which answers are looked at.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::tokens::push_name;
use crate::tokens::{Attribution, Counter, Encoding, Key, NodeId, ValueKind, attribute};

/// Different paths of one tool that are told apart.
const PATHS_MAX: usize = 4_096;
/// What stands for names, braces and whatever has no place of its own.
pub const STRUCTURE: &str = "(names and braces)";

/// A path and the tokens that stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceTokens {
    /// The path, such as `$.content[*].text → $.items[*].url`.
    pub path: String,
    /// Wire tokens, summed over the answers.
    pub tokens: u64,
}

/// The places of answers.
#[derive(Clone, Debug, Default)]
pub struct Places {
    by_path: BTreeMap<String, u64>,
    /// How many answers were looked at.
    pub answers: u64,
    /// All tokens of their results.
    pub tokens: u64,
}

impl Places {
    /// Takes an answer, the whole message. One that is no result has no places.
    pub fn see(&mut self, counter: &mut Counter, encoding: Encoding, message: &str) {
        let Ok(tree) = attribute(counter, encoding, message) else { return };
        let Some(result) = tree.child_named(NodeId::ROOT, "result", message) else { return };
        self.answers += 1;
        self.tokens += u64::from(tree.node(result).subtree);
        let holds = with_objects(&tree);
        let mut paths: Vec<Option<String>> = vec![None; tree.nodes.len()];
        let mut next = result;
        for id in tree.ids().skip(result.index()) {
            if id.index() >= tree.node(result).subtree_end.index() {
                break;
            }
            if id < next {
                continue;
            }
            let path = if id == result { "$".to_owned() } else { path_of(&tree, id, message, &paths) };
            if holds[id.index()] {
                self.add(STRUCTURE, tree.node(id).own);
                paths[id.index()] = Some(path);
            } else {
                next = tree.node(id).subtree_end;
                self.add(&path, tree.node(id).subtree);
            }
        }
    }

    fn add(&mut self, path: &str, tokens: u32) {
        let is_known = self.by_path.contains_key(path);
        let path = if is_known || self.by_path.len() < PATHS_MAX { path } else { STRUCTURE };
        *self.by_path.entry(path.to_owned()).or_default() += u64::from(tokens);
    }

    /// The heaviest places, heaviest first, at most so many; and what all others come to.
    #[must_use]
    pub fn heaviest(&self, most: usize) -> (Vec<PlaceTokens>, u64) {
        let place = |(path, tokens): (&String, &u64)| PlaceTokens { path: path.clone(), tokens: *tokens };
        let mut all: Vec<PlaceTokens> =
            self.by_path.iter().filter(|(_, tokens)| **tokens > 0).map(place).collect();
        all.sort_by_key(|place| Reverse(place.tokens));
        let rest = all.iter().skip(most).map(|place| place.tokens).sum();
        all.truncate(most);
        (all, rest)
    }
}

/// For each node whether an object stands in it, itself included unless it is empty.
fn with_objects(tree: &Attribution) -> Vec<bool> {
    let mut holds = vec![false; tree.nodes.len()];
    for (at, node) in tree.nodes.iter().enumerate().rev() {
        let is_object = node.kind == ValueKind::Object && node.subtree_end.index() > at + 1;
        holds[at] |= is_object;
        if let Some(parent) = node.parent.filter(|_| holds[at]) {
            holds[parent.index()] = true;
        }
    }
    holds
}

fn path_of(tree: &Attribution, id: NodeId, message: &str, paths: &[Option<String>]) -> String {
    let node = tree.node(id);
    let above = node.parent.and_then(|parent| paths[parent.index()].as_deref()).unwrap_or("$");
    match node.key {
        Key::Root => "$".to_owned(),
        Key::Index(_) => format!("{above}[*]"),
        Key::Nested => format!("{above} → $"),
        Key::Member(_) => {
            let mut path = above.to_owned();
            push_name(&mut path, &tree.name(id, message).unwrap_or_default());
            path
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Effort;
    use proptest::prelude::*;

    fn places(messages: &[&str]) -> Places {
        let (mut counter, mut places) = (Counter::new(Effort::OnRequest), Places::default());
        for message in messages {
            places.see(&mut counter, Encoding::O200kBase, message);
        }
        places
    }

    #[test]
    fn places_of_an_array_are_taken_together_and_json_in_a_string_has_places_of_its_own() {
        let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"rows\":[{\"id\":1,\"tags\":[\"a\",\"b\"]},{\"id\":2,\"tags\":[]}],\"it's\":null}"}],"isError":false}}"#;
        let places = places(&[answer, answer]);
        let (all, rest) = places.heaviest(100);
        let paths: Vec<&str> = all.iter().map(|place| &*place.path).collect();
        for path in [
            "$.isError",
            "$.content[*].type",
            "$.content[*].text → $.rows[*].id",
            "$.content[*].text → $.rows[*].tags",
            "$.content[*].text → $['it\\'s']",
        ] {
            assert!(paths.contains(&path), "{path} in {paths:?}");
        }
        assert_eq!((places.answers, rest), (2, 0));
        assert_eq!(all.iter().map(|place| place.tokens).sum::<u64>(), places.tokens);
        let (two, rest) = places.heaviest(2);
        assert_eq!(two.iter().map(|place| place.tokens).sum::<u64>() + rest, places.tokens);
    }

    #[test]
    fn what_is_no_result_has_no_places() {
        let places = places(&["{", r#"{"id":1,"error":{"code":1,"message":"no"}}"#, "[]"]);
        assert_eq!((places.answers, places.tokens, places.heaviest(9).0), (0, 0, Vec::new()));
    }

    proptest! {
        #[test]
        fn every_token_of_a_result_stands_in_one_place(
            texts in proptest::collection::vec("[a-z {}\\[\\]\":0-9]{0,20}", 0..6)
        ) {
            let result = serde_json::json!({"id": 1, "result": {"a": texts, "b": [{"c": texts}, texts.join(",")]}});
            let places = places(&[&result.to_string()]);
            let (all, _) = places.heaviest(usize::MAX);
            prop_assert_eq!(all.iter().map(|place| place.tokens).sum::<u64>(), places.tokens);
        }
    }
}
