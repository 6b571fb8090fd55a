//! Where the tokens of tool definitions stand: by path, and by the name of the member.
//!
//! The places are values without objects in them (a description, an enumeration, a list of required names), so that no
//! two of them overlap; what the objects around them own themselves is counted as structure. Together that is every
//! token. Knows nothing of what members mean.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::tokens::{Attribution, ContentKind, Count, Counter, Key, NodeId, Profile, ValueKind, attribute};

/// Paths that are kept.
const PATHS_MAX: usize = 20;
/// Different names of members that are told apart; the rest counts as structure.
const KEYS_MAX: usize = 4_096;
/// What stands for braces, names of properties and everything that is no place of its own.
const STRUCTURE: &str = "(names and braces)";

/// A place and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeavyPath {
    /// The tool.
    pub tool: String,
    /// The path within its definition, as in RFC 9535.
    pub path: String,
    /// Its wire tokens, with its name and everything within it.
    pub tokens: Count,
}

/// A name of members and what all of them cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeavyKey {
    /// The name, such as `description`.
    pub key: String,
    /// The wire tokens of all places with it.
    pub tokens: Count,
    /// How many places those are.
    pub places: u64,
}

/// Collects places, tool by tool.
#[derive(Debug, Default)]
pub(super) struct Heavy {
    paths: Vec<HeavyPath>,
    keys: BTreeMap<String, (Count, u64)>,
}

impl Heavy {
    /// Takes a definition. What is not JSON has no places.
    pub(super) fn see(&mut self, counter: &mut Counter, profile: &Profile, tool: &str, json: &str) {
        let Ok(tree) = attribute(counter, profile.encoding, json) else { return };
        let own = |tokens: u32| Count { tokens: tokens.into(), accuracy: tree.accuracy };
        let mut next = NodeId::ROOT;
        for id in tree.ids() {
            if id < next {
                continue;
            }
            if holds_objects(&tree, id) {
                self.add(STRUCTURE, own(tree.node(id).own));
                continue;
            }
            next = tree.node(id).subtree_end;
            let tokens = tree.count(id);
            self.add(&key(&tree, id, json), tokens);
            self.note(|| tree.path(id, json), tool, tokens);
        }
    }

    /// The heaviest paths and all keys, heaviest first, in the family's own tokens.
    pub(super) fn finish(mut self, profile: &Profile) -> (Vec<HeavyPath>, Vec<HeavyKey>) {
        let calibrate = |tokens| profile.calibrate(ContentKind::Schemas, tokens);
        let key = |(key, (tokens, places))| HeavyKey { key, tokens: calibrate(tokens), places };
        let mut keys: Vec<HeavyKey> = self.keys.into_iter().map(key).collect();
        keys.sort_by_key(|key| Reverse(key.tokens.tokens));
        for path in &mut self.paths {
            path.tokens = calibrate(path.tokens);
        }
        (self.paths, keys)
    }

    fn add(&mut self, key: &str, tokens: Count) {
        let is_new = !self.keys.contains_key(key);
        let key = if is_new && self.keys.len() >= KEYS_MAX { STRUCTURE } else { key };
        let (sum, places) = self.keys.entry(key.to_owned()).or_default();
        *sum += tokens;
        *places += 1;
    }

    fn note(&mut self, path: impl FnOnce() -> String, tool: &str, tokens: Count) {
        let at = self.paths.partition_point(|known| known.tokens.tokens >= tokens.tokens);
        if at < PATHS_MAX {
            self.paths.insert(at, HeavyPath { tool: tool.to_owned(), path: path(), tokens });
            self.paths.truncate(PATHS_MAX);
        }
    }
}

fn holds_objects(tree: &Attribution, id: NodeId) -> bool {
    let node = tree.node(id);
    let within = id.index()..node.subtree_end.index();
    tree.nodes[within].iter().any(|node| node.kind == ValueKind::Object)
}

/// The name of the member that a place is.
fn key(tree: &Attribution, id: NodeId, json: &str) -> String {
    let around = std::iter::successors(Some(id), |&id| tree.node(id).parent);
    let named = around.into_iter().find(|&id| matches!(tree.node(id).key, Key::Member(_)));
    named
        .and_then(|id| tree.name(id, json))
        .map_or_else(|| STRUCTURE.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::Effort;

    const TOOL: &str = r#"{"name":"t","description":"A rather long description of what it does and when.",
        "inputSchema":{"type":"object","properties":{"description":{"type":"string","enum":["a","b","c"]},
        "deep":{"type":"array","items":[{"type":"null","description":"Short."}]}},"required":["deep"]}}"#;

    #[test]
    fn every_token_stands_in_one_place_or_in_the_structure() {
        let mut counter = Counter::new(Effort::OnRequest);
        let profile = Profile::default();
        let mut heavy = Heavy::default();
        heavy.see(&mut counter, &profile, "t", TOOL);
        let (paths, keys) = heavy.finish(&profile);
        let sum: Count = keys.iter().map(|key| key.tokens).sum();
        assert_eq!(sum, counter.count(profile.encoding, TOOL));
        let places: Vec<&str> = paths.iter().map(|path| &*path.path).collect();
        assert_eq!(places[0], "$.description", "the heaviest comes first");
        assert!(
            places.contains(&"$.inputSchema.properties.description.enum"),
            "an array of texts is one place"
        );
        assert!(places.contains(&"$.inputSchema.properties.deep.items[0].description"));
        assert!(!places.contains(&"$.inputSchema.properties.description"), "an object is none");
        let places = |name: &str| keys.iter().find(|key| key.key == name).unwrap().places;
        assert_eq!((places("description"), places("type"), places("enum"), places("required")), (2, 4, 1, 1));
    }

    #[test]
    fn the_heaviest_paths_of_all_tools_are_kept_and_no_more() {
        let (mut counter, profile) = (Counter::new(Effort::OnRequest), Profile::default());
        let mut heavy = Heavy::default();
        for words in 1..100 {
            let json = format!(r#"{{"description":"{}"}}"#, "word ".repeat(words));
            heavy.see(&mut counter, &profile, &words.to_string(), &json);
        }
        heavy.see(&mut counter, &profile, "broken", "{\"");
        let (paths, _) = heavy.finish(&profile);
        assert_eq!(paths.len(), PATHS_MAX);
        assert_eq!((&*paths[0].tool, &*paths[19].tool), ("99", "80"));
    }
}
