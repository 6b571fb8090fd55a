//! The way from the root of a JSON tree to one of its lines, step by step.
//!
//! Knows nothing of what the steps are called in a path.

use super::strings;
use super::tree::{Tree, What};

/// A step from a value into one of those that it holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into the member of this name.
    Name(String),
    /// To the item at this place.
    Index(u32),
    /// Into the JSON that a string holds.
    Inside,
}

/// The steps to the value of a line; to the string itself, for a piece of one.
#[must_use]
pub fn way(tree: &Tree, index: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = index;
    while at > 0 {
        let Some(line) = tree.lines().get(at) else { break };
        let above = tree.parent(at);
        if let What::Value { node, position, .. } = &line.what {
            steps.push(match node.key_bytes(tree.text_of(line)) {
                // A name with half a surrogate pair is no text: no path leads to it.
                Some(key) => Step::Name(strings::unescape(key).unwrap_or_default()),
                None => Step::Index(*position),
            });
            if tree.lines().get(above).is_some_and(|above| above.document != line.document) {
                steps.push(Step::Inside);
            }
        }
        at = above;
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn name(text: &str) -> Step {
        Step::Name(text.to_owned())
    }

    #[test]
    fn the_way_goes_through_members_items_and_json_in_strings() {
        let text = r#"{"a":[{"b \"c\"":"{\"rows\":[1,\"two\"],\"more\":\"0123456789012345678901234567890123456789\"}"}]}"#;
        let mut tree = Tree::new(Arc::new(text.as_bytes().to_vec()), 40, 100).unwrap();
        tree.open_all();
        let ways: Vec<Vec<Step>> = (0..tree.lines().len()).map(|line| way(&tree, line)).collect();
        assert_eq!(ways[0], []);
        assert_eq!(ways[2], [name("a"), Step::Index(0)]);
        let string = [name("a"), Step::Index(0), name("b \"c\"")];
        assert_eq!(ways[3], string);
        let inside = |rest: &[Step]| [&string[..], &[Step::Inside], rest].concat();
        assert_eq!(ways[4], inside(&[name("rows")]));
        assert_eq!(ways[6], inside(&[name("rows"), Step::Index(1)]));
        assert_eq!(ways[7], inside(&[name("more")]));
    }

    #[test]
    fn a_piece_of_a_string_leads_to_the_string() {
        let text = format!(r#"{{"a":"{}"}}"#, "word ".repeat(30));
        let mut tree = Tree::new(Arc::new(text.into_bytes()), 40, 0).unwrap();
        assert!(tree.open(1));
        assert_eq!(way(&tree, 2), [name("a")]);
    }
}
