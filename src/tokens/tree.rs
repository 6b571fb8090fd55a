//! The tree of a text's JSON values with their tokens, as a viewer folds and draws it; it does not know how it
//! was made.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use super::count::{Accuracy, Count};
use super::scan::ValueKind;
use super::text::unescape;

/// A node's place in [`Attribution::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// The root, which every attribution has.
    pub const ROOT: Self = Self(0);

    pub(super) fn at(index: usize) -> Self {
        Self(u32::try_from(index).expect("nodes are bounded far below 2^32"))
    }

    /// The index into [`Attribution::nodes`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A stretch of a text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

impl Span {
    pub(super) fn of(range: &Range<usize>) -> Self {
        let byte = |at: usize| u32::try_from(at).expect("texts beyond 4 GB are refused");
        Self { start: byte(range.start), end: byte(range.end) }
    }

    /// The span as a range to index with.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What leads from a node's parent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Nothing: it is the whole text.
    Root,
    /// A member's name, as the literal with its quotes in the node's document.
    Member(Span),
    /// The place in an array, from 0.
    Index(u32),
    /// The parent is a string, and this is the JSON within it.
    Nested,
}

/// One JSON value and the tokens it owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The value around it; `None` for the root.
    pub parent: Option<NodeId>,
    /// How many values are around it.
    pub depth: u32,
    /// The first node that is not part of its subtree; the next sibling, if there is one.
    pub subtree_end: NodeId,
    /// What leads here from its parent.
    pub key: Key,
    /// What it is.
    pub kind: ValueKind,
    /// In which text its spans lie: 0 is the attributed text, `n` is `documents[n - 1]`.
    pub document: u32,
    /// All that it owns: the blanks before it, key, colon, value and trailing comma.
    pub span: Span,
    /// The value alone, with its quotes or brackets.
    pub value: Span,
    /// Tokens whose first byte it owns itself.
    pub own: u32,
    /// The same including all values within it.
    pub subtree: u32,
    /// Values within it have no nodes because a bound was reached; their tokens are in `own`.
    pub collapsed: bool,
}

impl Node {
    pub(super) fn new(
        parent: Option<NodeId>,
        depth: u32,
        key: Key,
        kind: ValueKind,
        document: u32,
        span: Span,
        value: Span,
    ) -> Self {
        let subtree_end = NodeId::ROOT;
        Self {
            parent,
            depth,
            subtree_end,
            key,
            kind,
            document,
            span,
            value,
            own: 0,
            subtree: 0,
            collapsed: false,
        }
    }
}

/// The tokens of a text by JSON value.
///
/// The nodes stand in document order, each before what is within it. The sum of all `own` is the root's `subtree`
/// is `total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// At least the root, at most [`super::NODES_MAX`].
    pub nodes: Vec<Node>,
    /// The tokens of the whole text.
    pub total: u64,
    /// How far the numbers may be trusted: exact, or estimated where the text is too long for the effort.
    pub accuracy: Accuracy,
    /// The unescaped texts of those strings that are JSON themselves.
    pub documents: Vec<String>,
}

impl Attribution {
    /// A node.
    ///
    /// # Panics
    /// If the id is from another attribution with more nodes.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The tokens of a value with all that is within it.
    #[must_use]
    pub fn count(&self, id: NodeId) -> Count {
        Count { tokens: u64::from(self.node(id).subtree), accuracy: self.accuracy }
    }

    /// The ids of all nodes, in document order.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId::at)
    }

    /// The nodes directly within a node, in document order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(id).subtree_end;
        let within = move |child: NodeId| (child < end).then_some(child);
        std::iter::successors(within(NodeId::at(id.index() + 1)), move |&child| {
            within(self.node(child).subtree_end)
        })
    }

    /// The child with this member name; the last one, if several have it.
    #[must_use]
    pub fn child_named(&self, id: NodeId, name: &str, json: &str) -> Option<NodeId> {
        self.children(id).filter(|&child| self.name(child, json).is_some_and(|key| key == name)).last()
    }

    /// The text in which a node's spans lie; `json` is the text that was attributed.
    #[must_use]
    pub fn document<'a>(&'a self, id: NodeId, json: &'a str) -> &'a str {
        match self.node(id).document {
            0 => json,
            nested => &self.documents[nested as usize - 1],
        }
    }

    /// A node's value as written; `json` is the text that was attributed.
    #[must_use]
    pub fn source<'a>(&'a self, id: NodeId, json: &'a str) -> &'a str {
        &self.document(id, json)[self.node(id).value.range()]
    }

    /// A member's name without escapes; `None` for everything but members.
    #[must_use]
    pub fn name<'a>(&'a self, id: NodeId, json: &'a str) -> Option<Cow<'a, str>> {
        match self.node(id).key {
            Key::Member(span) => Some(unescape(&self.document(id, json)[span.range()])),
            Key::Root | Key::Index(_) | Key::Nested => None,
        }
    }

    /// The path to a node as in RFC 9535, `$.content[0].text`; within a string that is JSON it goes on with a
    /// path of its own: `$.content[0].text → $.items[3]`.
    #[must_use]
    pub fn path(&self, id: NodeId, json: &str) -> String {
        let mut way: Vec<NodeId> = std::iter::successors(Some(id), |&id| self.node(id).parent).collect();
        way.reverse();
        let mut path = String::new();
        for id in way {
            match self.node(id).key {
                Key::Root => path.push('$'),
                Key::Nested => path.push_str(" → $"),
                Key::Index(index) => write!(path, "[{index}]").expect("writing to a String cannot fail"),
                Key::Member(_) => push_name(&mut path, &self.name(id, json).unwrap_or_default()),
            }
        }
        path
    }
}

/// Appends `.name`, or `['na me']` where the short form of RFC 9535 does not allow the name.
pub fn push_name(path: &mut String, name: &str) {
    let head = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    if name.starts_with(head) && name.chars().all(|c| head(c) || c.is_ascii_digit()) {
        path.push('.');
        path.push_str(name);
        return;
    }
    path.push_str("['");
    for c in name.chars() {
        match c {
            '\'' | '\\' => path.extend(['\\', c]),
            c if c < ' ' => write!(path, "\\u{:04x}", u32::from(c)).expect("writing to a String cannot fail"),
            c => path.push(c),
        }
    }
    path.push_str("']");
}
