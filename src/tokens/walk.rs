//! Finds out which JSON value owns which bytes of a text, and shares tokens out accordingly; it does not know how
//! tokens are counted.

use std::cell::Cell;
use std::ops::Range;

use super::scan::{Opening, ScanError, Sink, ValueKind, scan};
use super::text::{Step, unescape_with_steps};
use super::tree::{Key, Node, NodeId, Span};

/// Values beyond this many are counted into their parents.
pub const NODES_MAX: usize = 200_000;
/// Values nested deeper than this are counted into their ancestor at this depth.
pub const DEPTH_MAX: u32 = 512;
/// JSON within a string within JSON, at most this often.
pub(super) const NESTED_MAX: u32 = 4;

/// What is known after a scan: the nodes, and for each stretch of the text the node that owns it.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// From byte `.0` of the text on, up to the next entry, node `.1` owns. Ascending.
    owners: Vec<(u32, NodeId)>,
    /// The unescaped texts of strings that are JSON.
    pub(super) documents: Vec<String>,
}

impl Tree {
    /// The values of `json`, which is shorter than 4 GB, without tokens.
    pub(super) fn of(json: &str) -> Result<Self, ScanError> {
        // Values of results and schemas take some 25 bytes each; memory is grown beyond and bounded by the bounds.
        let nodes = (json.len() / 25).min(NODES_MAX);
        let mut tree = Self {
            nodes: Vec::with_capacity(nodes),
            owners: Vec::with_capacity(nodes),
            documents: Vec::new(),
        };
        let whole = Walk {
            tree: &mut tree,
            text: json,
            document: 0,
            host: None,
            origin: None,
            nested: 0,
            levels: Vec::new(),
        };
        whole.run()?;
        Ok(tree)
    }

    fn own_from(&mut self, at: u32, node: NodeId) {
        match self.owners.last_mut() {
            Some(last) if last.0 == at => last.1 = node,
            Some(last) if last.1 == node => {}
            _ => self.owners.push((at, node)),
        }
    }

    /// Gives each token to the owner of its first byte.
    pub(super) fn distribute_tokens(&mut self, lengths: &[u8]) {
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
    pub(super) fn distribute_by_bytes(&mut self, total: u64, bytes: usize) {
        // Both factors are below 2^32: the text is, and it has no more tokens than bytes.
        let before = |at: usize| total * at as u64 / bytes.max(1) as u64;
        let ends = self.owners.iter().skip(1).map(|next| next.0 as usize).chain([bytes]);
        for (&(from, node), end) in self.owners.iter().zip(ends) {
            let share = before(end) - before(from as usize);
            self.nodes[node.index()].own += u32::try_from(share).expect("a text has fewer tokens than bytes");
        }
    }

    /// Children stand behind their parents, so one pass from the end suffices.
    pub(super) fn sum_subtrees(&mut self) {
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

impl Walk<'_> {
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
