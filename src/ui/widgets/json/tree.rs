//! A JSON text as a list of lines that can be folded.
//!
//! The tree *is* the list of its visible lines: unfolding a node puts its members behind it, folding takes them out.
//! Nothing is built for what is folded, so a text of megabytes costs what is looked at. Strings that hold JSON unfold
//! into that JSON, other long strings into wrapped lines. Every line is a span of a text as it was written and,
//! once the text's tokens have been attributed, knows its node there. Knows nothing of colours.

use std::ops::Range;
use std::sync::Arc;

use super::scan::{self, Kind, Node};
use super::strings;
use crate::tokens::{Attribution, Key, NodeId};

/// The most lines a tree unfolds into.
pub const LINES_MAX: usize = 500_000;
/// The least width that strings are wrapped to.
const WRAP_MIN: u16 = 16;
/// Strings of fewer bytes never need to be unfolded.
const SHORT_BYTES: usize = 48;

/// Cells that a piece of a string stands further in than its depth says.
pub const PIECE_INDENT: usize = 2;

/// How far a line stands in. However deep a value lies, half of the line stays for itself.
#[must_use]
pub fn indent(depth: u16, room: usize) -> usize {
    (usize::from(depth) * 2).min(room / 2)
}

/// A text that lines are spans of: the message itself or the JSON inside one of its strings.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text.
    pub text: Arc<Vec<u8>>,
}

/// Whether a line can be unfolded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Nothing to unfold.
    Leaf,
    /// Folded.
    Closed,
    /// Unfolded: what it holds are the deeper lines behind it.
    Open,
}

/// What a line shows.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A value with its name.
    Value {
        /// Where it stands.
        node: Node,
        /// Its position among its siblings.
        position: u32,
        /// Whether it can be unfolded.
        fold: Fold,
    },
    /// A piece of an unfolded string.
    Piece(Range<u32>),
}

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How deep it stands; the root is 0.
    pub depth: u16,
    /// Which document it is a span of.
    pub document: u16,
    /// What it shows.
    pub what: What,
    /// Its node in the attribution, once there is one; values beyond the attribution's bounds have none.
    pub cost: Option<NodeId>,
}

impl Line {
    fn fold(&self) -> Fold {
        match self.what {
            What::Value { fold, .. } => fold,
            What::Piece(_) => Fold::Leaf,
        }
    }
}

/// A foldable JSON text.
#[derive(Clone, Debug)]
pub struct Tree {
    documents: Vec<Document>,
    lines: Vec<Line>,
    wrap_cells: u16,
    costs: Option<Arc<Attribution>>,
}

impl Tree {
    /// The text with its root unfolded, and as much below it as fits into `budget` lines, level by level. `None` if
    /// the text is not valid JSON.
    #[must_use]
    pub fn new(text: Arc<Vec<u8>>, wrap_cells: u16, budget: usize) -> Option<Self> {
        if !scan::is_valid(&text) {
            return None;
        }
        let root = scan::root(&text)?;
        let line = line_of(&text, root, 0, 0, 0);
        let wrap_cells = wrap_cells.max(WRAP_MIN);
        let mut tree =
            Self { documents: vec![Document { text }], lines: vec![line], wrap_cells, costs: None };
        tree.open(0);
        tree.open_within(budget);
        Some(tree)
    }

    /// The lines, top to bottom.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The text a line is a span of.
    #[must_use]
    pub fn text_of(&self, line: &Line) -> &[u8] {
        &self.documents[usize::from(line.document)].text
    }

    /// The attribution of the text's tokens, once there is one.
    #[must_use]
    pub fn costs(&self) -> Option<&Arc<Attribution>> {
        self.costs.as_ref()
    }

    /// Gives every line its node of the attribution, which must be of this tree's text. Lines unfolded later find
    /// theirs by themselves.
    pub fn attach(&mut self, costs: &Arc<Attribution>) {
        self.costs = Some(Arc::clone(costs));
        // The siblings still to come, for each depth that is open.
        let mut open: Vec<std::vec::IntoIter<NodeId>> = vec![vec![NodeId::ROOT].into_iter()];
        for line in &mut self.lines {
            let What::Value { fold, .. } = line.what else { continue };
            open.truncate(usize::from(line.depth) + 1);
            line.cost = open.last_mut().and_then(Iterator::next);
            if fold == Fold::Open {
                open.push(line.cost.map_or_else(Vec::new, |node| within(costs, node)).into_iter());
            }
        }
    }

    /// The line that holds the given one; the root holds itself.
    #[must_use]
    pub fn parent(&self, index: usize) -> usize {
        let Some(line) = self.lines.get(index) else { return 0 };
        self.lines[..index].iter().rposition(|above| above.depth < line.depth).unwrap_or(0)
    }

    /// The place after everything that an unfolded line holds.
    #[must_use]
    pub fn end_of(&self, index: usize) -> usize {
        let Some(line) = self.lines.get(index) else { return self.lines.len() };
        let inside = self.lines[index + 1..].iter().take_while(|below| below.depth > line.depth).count();
        index + 1 + inside
    }

    /// Unfolds a line; says whether there was something to unfold.
    pub fn open(&mut self, index: usize) -> bool {
        let Some(inside) = self.inside(index) else { return false };
        self.set_fold(index, Fold::Open);
        self.lines.splice(index + 1..=index, inside);
        true
    }

    /// Folds a line; says whether it was unfolded.
    pub fn close(&mut self, index: usize) -> bool {
        if self.lines.get(index).is_none_or(|line| line.fold() != Fold::Open) {
            return false;
        }
        let end = self.end_of(index);
        self.lines.drain(index + 1..end);
        self.set_fold(index, Fold::Closed);
        true
    }

    /// Unfolds everything, up to [`LINES_MAX`] lines; says whether anything had been folded.
    pub fn open_all(&mut self) -> bool {
        let mut changed = false;
        let mut index = 0;
        // Built anew rather than spliced line by line, which would move the rest of the list each time.
        let mut waiting: Vec<Line> = std::mem::take(&mut self.lines).into_iter().rev().collect();
        while let Some(line) = waiting.pop() {
            self.lines.push(line);
            if self.lines.len() + waiting.len() < LINES_MAX
                && let Some(inside) = self.inside(index)
            {
                self.set_fold(index, Fold::Open);
                waiting.extend(inside.into_iter().rev());
                changed = true;
            }
            index += 1;
        }
        changed
    }

    /// Folds everything but the root.
    pub fn close_all(&mut self) {
        self.close(0);
        self.open(0);
    }

    /// Wraps the unfolded strings to another width.
    pub fn wrap(&mut self, cells: u16) {
        let cells = cells.max(WRAP_MIN);
        if cells == self.wrap_cells {
            return;
        }
        self.wrap_cells = cells;
        let mut index = 0;
        while index < self.lines.len() {
            if matches!(self.lines.get(index + 1), Some(Line { what: What::Piece(_), .. }))
                && self.lines[index].fold() == Fold::Open
            {
                self.close(index);
                self.open(index);
            }
            index += 1;
        }
    }

    /// What unfolding a line would put behind it; `None` if it is not folded.
    fn inside(&mut self, index: usize) -> Option<Vec<Line>> {
        let line = self.lines.get(index)?;
        let What::Value { node, fold: Fold::Closed, .. } = &line.what else { return None };
        let (depth, document) = (line.depth.checked_add(1)?, line.document);
        let cost = line.cost;
        let text = Arc::clone(&self.documents[usize::from(document)].text);
        let mut inside = match node.kind {
            Kind::Object | Kind::Array => lines_of(&text, node, depth, document),
            Kind::String => {
                let node = node.clone();
                self.nested(&text, &node, depth).unwrap_or_else(|| {
                    let room = usize::from(self.wrap_cells);
                    let room = room - indent(depth, room) - PIECE_INDENT;
                    let pieces = strings::pieces(&text, &node.value, room).into_iter();
                    pieces
                        .map(|piece| Line { depth, document, what: What::Piece(piece), cost: None })
                        .collect()
                })
            }
            Kind::Number | Kind::Word => return None,
        };
        if let (Some(costs), Some(node)) = (&self.costs, cost) {
            for (line, node) in inside.iter_mut().zip(within(costs, node)) {
                line.cost = Some(node);
            }
        }
        Some(inside)
    }

    /// The lines of the JSON that a string holds, which becomes a document of its own.
    fn nested(&mut self, text: &[u8], node: &Node, depth: u16) -> Option<Vec<Line>> {
        if !strings::may_hold_json(node.bytes(text)) {
            return None;
        }
        let inner = Arc::new(strings::unescape(node.bytes(text))?.into_bytes());
        let known = self.documents.iter().position(|document| document.text == inner);
        let document = u16::try_from(known.unwrap_or(self.documents.len())).ok()?;
        if !scan::is_valid(&inner) {
            return None;
        }
        let root = scan::root(&inner)?;
        if known.is_none() {
            self.documents.push(Document { text: Arc::clone(&inner) });
        }
        Some(lines_of(&inner, &root, depth, document))
    }

    /// Unfolds level by level while the lines stay within the budget.
    fn open_within(&mut self, budget: usize) {
        let mut depth = 1;
        while self.lines.len() < budget && self.lines.iter().any(|line| line.depth >= depth) {
            let level: Vec<usize> =
                (0..self.lines.len()).filter(|&index| self.lines[index].depth == depth).collect();
            // From the bottom up, so that the places above stay what they are.
            for index in level.into_iter().rev() {
                if self.lines.len() + self.least_inside(index) <= budget
                    && self.open(index)
                    && self.lines.len() > budget
                {
                    self.close(index);
                }
            }
            depth += 1;
        }
    }

    /// How many lines unfolding would add, as far as that is known without doing it.
    fn least_inside(&self, index: usize) -> usize {
        match &self.lines[index].what {
            What::Value { node, .. } => match node.kind {
                Kind::Object | Kind::Array => node.members as usize,
                Kind::String => node.value.len() / usize::from(self.wrap_cells) / 8,
                Kind::Number | Kind::Word => 0,
            },
            What::Piece(_) => 0,
        }
    }

    fn set_fold(&mut self, index: usize, to: Fold) {
        if let Some(Line { what: What::Value { fold, .. }, .. }) = self.lines.get_mut(index) {
            *fold = to;
        }
    }
}

fn lines_of(text: &[u8], parent: &Node, depth: u16, document: u16) -> Vec<Line> {
    let nodes = scan::children(text, parent).into_iter();
    nodes.zip(0..).map(|(node, position)| line_of(text, node, position, depth, document)).collect()
}

fn line_of(text: &[u8], node: Node, position: u32, depth: u16, document: u16) -> Line {
    let foldable = match node.kind {
        Kind::Object | Kind::Array => node.members > 0,
        Kind::String => {
            let bytes = node.bytes(text);
            bytes.len() > SHORT_BYTES || memchr::memmem::find(bytes, b"\\n").is_some()
        }
        Kind::Number | Kind::Word => false,
    };
    let fold = if foldable { Fold::Closed } else { Fold::Leaf };
    Line { depth, document, what: What::Value { node, position, fold }, cost: None }
}

/// The attribution's nodes of what unfolding a node shows: its members, or those of the JSON in a string.
fn within(costs: &Attribution, node: NodeId) -> Vec<NodeId> {
    let inside: Vec<NodeId> = costs.children(node).collect();
    match inside[..] {
        [nested] if costs.node(nested).key == Key::Nested => costs.children(nested).collect(),
        _ => inside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str, budget: usize) -> Tree {
        Tree::new(Arc::new(text.as_bytes().to_vec()), 40, budget).unwrap()
    }

    fn shown(tree: &Tree) -> Vec<String> {
        let show = |line: &Line| {
            let text = tree.text_of(line);
            let indent = " ".repeat(usize::from(line.depth));
            let (mark, range, key) = match &line.what {
                What::Piece(range) => ("|", range.clone(), ""),
                What::Value { node, fold, .. } => {
                    let key = node.key_bytes(text).map_or("", |key| std::str::from_utf8(key).unwrap());
                    let mark = match fold {
                        Fold::Leaf => " ",
                        Fold::Closed => "+",
                        Fold::Open => "-",
                    };
                    (mark, node.value.clone(), key)
                }
            };
            let written = std::str::from_utf8(&text[range.start as usize..range.end as usize]).unwrap();
            let written = if mark == "-" { "" } else { written };
            format!("{indent}{mark}{key}{written}")
        };
        tree.lines().iter().map(show).collect()
    }

    const TEXT: &str = r#"{"a":{"b":[1,2],"c":1.0},"d":"x"}"#;

    #[test]
    fn unfolding_and_folding_lead_back_to_the_same_lines() {
        let mut tree = tree(TEXT, 0);
        let folded = [r"-", r#" +"a"{"b":[1,2],"c":1.0}"#, r#"  "d""x""#];
        assert_eq!(shown(&tree), folded);
        assert!(tree.open(1));
        assert_eq!(shown(&tree)[1..4], [r#" -"a""#, r#"  +"b"[1,2]"#, r#"   "c"1.0"#]);
        assert_eq!(tree.parent(3), 1);
        assert_eq!(tree.end_of(1), 4);
        assert!(tree.open_all());
        assert_eq!(tree.lines().len(), 7);
        assert!(!tree.open_all());
        tree.close_all();
        assert_eq!(shown(&tree), folded);
        assert!(!tree.close(2));
        assert!(!tree.open(2));
    }

    #[test]
    fn as_much_is_unfolded_as_fits_the_budget() {
        assert_eq!(tree(TEXT, 100).lines().len(), 7);
        assert_eq!(tree(TEXT, 5).lines().len(), 5);
    }

    #[test]
    fn json_inside_a_string_unfolds_as_json() {
        let text =
            r#"{"text":"{\"rows\":[1,\"\\u00e9\"], \"more\":\"0123456789012345678901234567890123456789\"}"}"#;
        let shown = shown(&tree(text, 100));
        assert_eq!(shown[1..4], [r#" -"text""#, r#"  -"rows""#, "    1"]);
        assert_eq!(shown[4], r#"    "\u00e9""#);
    }

    #[test]
    fn a_long_string_unfolds_into_pieces_that_are_the_string() {
        let text = format!(r#"["{}\nsecond \"line\" {}"]"#, "word ".repeat(20), "x".repeat(100));
        let mut tree = tree(&text, 100);
        let pieces: String = shown(&tree)[2..].iter().map(|line| &line.trim_start()[1..]).collect();
        assert_eq!(format!("[\"{pieces}\"]"), text);
        let narrow = tree.lines().len();
        tree.wrap(80);
        assert!(tree.lines().len() < narrow);
        tree.close(1);
        assert_eq!(tree.lines().len(), 2);
    }

    #[test]
    fn what_is_no_json_is_no_tree() {
        assert!(Tree::new(Arc::new(b"hello".to_vec()), 40, 10).is_none());
        assert!(Tree::new(Arc::new(b"7".to_vec()), 40, 10).is_some());
    }

    #[test]
    fn unfolding_everything_is_bounded() {
        let text = format!("[{}0]", "[1,2,3],".repeat(200_000));
        let mut tree = tree(&text, 0);
        tree.open_all();
        assert!(tree.lines().len() <= LINES_MAX + 4);
    }
}
