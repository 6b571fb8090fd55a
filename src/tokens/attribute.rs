//! Divides a text's tokens among its JSON values, exactly; it does not know what the values mean.
//!
//! The text is tokenised once. A token belongs to the value that owns its first byte (see [`super::scan`] for who
//! owns what), so the tokens of all nodes sum to the count of the whole text by construction. A string that is
//! itself a JSON object or array is walked into: its values share the tokens that the string has *in this text*,
//! escapes included, so the sums hold there as well.
//!
//! Where the counter's effort only allows an estimate of the total, it is divided by bytes instead; the sums hold
//! just the same, and the accuracy says what they are.

use std::cell::Cell;
use std::ops::Range;

use thiserror::Error;

use super::count::{Accuracy, Count};
use super::counter::Counter;
use super::encoding::Encoding;
use super::sample::effort_needed;
use super::scan::{Opening, ScanError, Sink, ValueKind, scan};
use super::text::{Step, unescape_with_steps};
use super::tree::{Attribution, Key, Node, NodeId, Span};

/// Values beyond this many are counted into their parents.
pub const NODES_MAX: usize = 200_000;
/// Values nested deeper than this are counted into their ancestor at this depth.
pub const DEPTH_MAX: u32 = 512;
/// JSON within a string within JSON, at most this often.
const NESTED_MAX: u32 = 4;

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
    let mut tree = Tree::default();
    Walk::over(&mut tree, json).run()?;
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

/// What is known after a scan: the nodes, and for each stretch of the text the node that owns it.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
    /// From byte `.0` of the text on, up to the next entry, node `.1` owns. Ascending.
    owners: Vec<(u32, NodeId)>,
    documents: Vec<String>,
}

impl Tree {
    fn own_from(&mut self, at: u32, node: NodeId) {
        match self.owners.last_mut() {
            Some(last) if last.0 == at => last.1 = node,
            Some(last) if last.1 == node => {}
            _ => self.owners.push((at, node)),
        }
    }

    /// Gives each token to the owner of its first byte.
    fn distribute_tokens(&mut self, lengths: &[u16]) {
        let ends = self.owners.iter().skip(1).map(|next| next.0).chain([u32::MAX]);
        let mut lengths = lengths.iter();
        let mut at = 0_u32;
        for (&(_, node), end) in self.owners.iter().zip(ends) {
            let mut own = 0;
            while at < end
                && let Some(&bytes) = lengths.next()
            {
                own += 1;
                at += u32::from(bytes);
            }
            self.nodes[node.index()].own += own;
        }
    }

    /// Gives each owner its bytes' share of `total`, rounded so that the shares sum to it.
    fn distribute_by_bytes(&mut self, total: u64, bytes: usize) {
        // Both factors are below 2^32: the text is, and it has no more tokens than bytes.
        let before = |at: usize| total * at as u64 / bytes.max(1) as u64;
        let ends = self.owners.iter().skip(1).map(|next| next.0 as usize).chain([bytes]);
        for (&(from, node), end) in self.owners.iter().zip(ends) {
            let share = before(end) - before(from as usize);
            self.nodes[node.index()].own += u32::try_from(share).expect("a text has fewer tokens than bytes");
        }
    }

    /// Children stand behind their parents, so one pass from the end suffices.
    fn sum_subtrees(&mut self) {
        for index in (0..self.nodes.len()).rev() {
            let node = &mut self.nodes[index];
            node.subtree += node.own;
            let (subtree, parent) = (node.subtree, node.parent);
            if let Some(parent) = parent {
                self.nodes[parent.index()].subtree += subtree;
            }
        }
    }
}

/// Leads from offsets of a nested document back to offsets of the text that is tokenised.
struct Origin<'a> {
    steps: &'a [Step],
    /// The step that held for the last question: offsets are asked for in ascending order.
    step: Cell<usize>,
    /// Where the literal begins in the text around it.
    literal_at: usize,
    around: Option<&'a Origin<'a>>,
}

impl Origin<'_> {
    fn source(&self, at: usize) -> usize {
        let mut step = self.step.get();
        debug_assert!(self.steps[step].text_at as usize <= at, "offsets are asked for in ascending order");
        while self.steps.get(step + 1).is_some_and(|next| next.text_at as usize <= at) {
            step += 1;
        }
        self.step.set(step);
        let Step { text_at, raw_at } = self.steps[step];
        let raw = self.literal_at + raw_at as usize + (at - text_at as usize);
        self.around.map_or(raw, |around| around.source(raw))
    }
}

/// An open value: the node that owns for it, which is an ancestor's where the value has none of its own.
struct Level {
    node: NodeId,
    has_node: bool,
    kind: ValueKind,
    value_from: usize,
    elements: u32,
}

/// Builds the nodes of one document: the text itself, or JSON within one of its strings.
struct Walk<'a> {
    tree: &'a mut Tree,
    text: &'a str,
    /// Index into the documents plus one; 0 is the text itself.
    document: u32,
    host: Option<NodeId>,
    origin: Option<Origin<'a>>,
    nested: u32,
    levels: Vec<Level>,
}

impl<'a> Walk<'a> {
    fn over(tree: &'a mut Tree, text: &'a str) -> Self {
        Self { tree, text, document: 0, host: None, origin: None, nested: 0, levels: Vec::new() }
    }

    fn run(mut self) -> Result<(), ScanError> {
        let text = self.text;
        scan(text, &mut self)
    }

    fn source(&self, at: usize) -> u32 {
        let at = self.origin.as_ref().map_or(at, |origin| origin.source(at));
        u32::try_from(at).expect("texts beyond 4 GB are refused")
    }

    /// The nearest node around a value that is about to open, and the value's place in it.
    fn place(&mut self, key: Option<Range<usize>>) -> (Option<NodeId>, Key) {
        let Some(level) = self.levels.last_mut() else {
            return (self.host, if self.host.is_some() { Key::Nested } else { Key::Root });
        };
        let index = level.elements;
        level.elements += 1;
        (Some(level.node), key.map_or(Key::Index(index), |key| Key::Member(Span::of(&key))))
    }

    /// Whether a value below `parent` gets a node of its own.
    fn has_room(&self, parent: Option<NodeId>) -> bool {
        let collapsed = self.levels.last().is_some_and(|level| !level.has_node);
        let depth = parent.map_or(0, |parent| self.tree.nodes[parent.index()].depth + 1);
        !collapsed && self.tree.nodes.len() < NODES_MAX && depth <= DEPTH_MAX
    }

    /// Whether the literal of a string may hold a JSON object or array; a guess from its ends.
    fn may_hold_json(&self, literal: &Range<usize>) -> bool {
        let inner = self.text[literal.start + 1..literal.end - 1].trim_start_matches(' ');
        if self.nested >= NESTED_MAX || !inner.starts_with(['{', '[']) {
            return false;
        }
        let inner = inner.trim_end_matches(' ').trim_end_matches("\\n").trim_end_matches("\\r");
        inner.ends_with(if inner.starts_with('{') { '}' } else { ']' })
    }

    /// Walks into a string that is JSON; leaves the tree as it was if it is not.
    fn nest(&mut self, host: NodeId, literal: &Range<usize>) {
        let (text, steps) = unescape_with_steps(&self.text[literal.clone()]);
        let before = (self.tree.nodes.len(), self.tree.owners.len(), self.tree.documents.len());
        self.tree.documents.push(String::new());
        let document = self.tree.documents.len();
        let inner = Walk {
            document: u32::try_from(document).expect("documents are fewer than nodes"),
            host: Some(host),
            origin: Some(Origin {
                steps: &steps,
                step: Cell::new(0),
                literal_at: literal.start,
                around: self.origin.as_ref(),
            }),
            nested: self.nested + 1,
            levels: Vec::new(),
            text: &text,
            tree: &mut *self.tree,
        };
        if inner.run().is_ok() && self.tree.nodes.len() > before.0 {
            self.tree.documents[document - 1] = text;
            let closing_quote = self.source(literal.end - 1);
            self.tree.own_from(closing_quote, host);
        } else {
            self.tree.nodes.truncate(before.0);
            self.tree.owners.truncate(before.1);
            self.tree.documents.truncate(before.2);
        }
    }
}

impl Sink for Walk<'_> {
    fn open(&mut self, opening: Opening) {
        let (kind, value_from) = (opening.kind, opening.value_from);
        let (parent, key) = self.place(opening.key);
        let has_node = self.has_room(parent);
        let node = match parent {
            Some(parent) if !has_node => {
                self.tree.nodes[parent.index()].collapsed = true;
                parent
            }
            _ => {
                let node = NodeId::at(self.tree.nodes.len());
                let depth = parent.map_or(0, |parent| self.tree.nodes[parent.index()].depth + 1);
                let span = Span::of(&(opening.owned_from..opening.owned_from));
                let value = Span::of(&(value_from..value_from));
                self.tree.nodes.push(Node::new(parent, depth, key, kind, self.document, span, value));
                let from = self.source(opening.owned_from);
                self.tree.own_from(from, node);
                node
            }
        };
        self.levels.push(Level { node, has_node, kind, value_from, elements: 0 });
    }

    fn close(&mut self, value_end: usize, owned_to: usize) {
        let level = self.levels.pop().expect("the scanner closes what it opened");
        if !level.has_node {
            return;
        }
        let literal = level.value_from..value_end;
        if level.kind == ValueKind::String && self.may_hold_json(&literal) {
            self.nest(level.node, &literal);
        }
        let end = NodeId::at(self.tree.nodes.len());
        let node = &mut self.tree.nodes[level.node.index()];
        node.value = Span::of(&literal);
        node.span = Span::of(&(node.span.start as usize..owned_to));
        node.subtree_end = end;
        if let Some(around) = self.levels.last().map(|level| level.node) {
            let at = self.source(owned_to);
            self.tree.own_from(at, around);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tokens::Effort;

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
        let bytes: Vec<u16> = O200K.token_lengths(json).unwrap();
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
