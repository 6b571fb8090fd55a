//! One line of a JSON tree as styled text, as it was written; knows nothing of tokens but their heat.

use ratatui::text::{Line, Span};

use super::scan::{Kind, Node};
use super::strings::legible;
use super::tree::{self, Fold, Tree, What};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{bytes, grouped};

/// A mark that grows with the share, so that heat is seen without colour.
#[must_use]
pub fn heat_mark(share: f64, theme: &Theme) -> &'static str {
    let level = match Role::heat(share) {
        Role::Heat4 => 8,
        Role::Heat3 => 6,
        Role::Heat2 => 4,
        Role::Heat1 => 2,
        _ => 0,
    };
    if level == 0 { " " } else { theme.glyphs.eighths[level - 1] }
}

/// A line in at most `room` cells.
#[must_use]
pub fn line(tree: &Tree, index: usize, room: usize, theme: &Theme) -> Line<'static> {
    let Some(line) = tree.lines().get(index) else { return Line::default() };
    let text = tree.text_of(line);
    let indent = tree::indent(line.depth, room);
    let mut pen = Pen { spans: vec![Span::raw(" ".repeat(indent))], room: room - indent, theme };
    match &line.what {
        What::Piece(range) => {
            pen.put(&" ".repeat(tree::PIECE_INDENT), Role::Dim);
            pen.escaped(&String::from_utf8_lossy(&text[range.start as usize..range.end as usize]));
        }
        What::Value { node, position, fold } => {
            let glyph = match fold {
                Fold::Leaf => " ",
                Fold::Closed => theme.glyphs.folded,
                Fold::Open => theme.glyphs.unfolded,
            };
            pen.put(glyph, Role::JsonMark);
            pen.put(" ", Role::JsonMark);
            pen.key(text, node, *position, line.depth > 0);
            pen.value(text, node, *fold, holds_tree(tree, index));
        }
    }
    Line::from(pen.spans)
}

/// Whether an unfolded string shows the JSON that it holds.
fn holds_tree(tree: &Tree, index: usize) -> bool {
    matches!(tree.lines().get(index + 1), Some(tree::Line { what: What::Value { .. }, .. }))
}

/// The beginning of a folded value on one line: every run of blanks becomes one.
fn preview(inside: &str, room: usize) -> String {
    let mut words = inside.split_ascii_whitespace();
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        if line.len() > room * 4 {
            break;
        }
        line.push(' ');
        line.push_str(word);
    }
    line
}

struct Pen<'t> {
    spans: Vec<Span<'static>>,
    room: usize,
    theme: &'t Theme,
}

impl Pen<'_> {
    fn put(&mut self, text: &str, role: Role) {
        let text = clip::end(text, self.room);
        self.room -= clip::width(&text).min(self.room);
        if !text.is_empty() {
            self.spans.push(Span::styled(text.into_owned(), self.theme.style(role)));
        }
    }

    fn key(&mut self, text: &[u8], node: &Node, position: u32, has_parent: bool) {
        if let Some(key) = node.key_bytes(text) {
            let key = String::from_utf8_lossy(key);
            let key = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(&key);
            let most = (self.room / 2).max(12);
            self.put(&clip::middle(&legible(key), most), Role::JsonKey);
            self.put(": ", Role::JsonMark);
        } else if has_parent {
            self.put(&format!("{position}"), Role::Dim);
            self.put(": ", Role::JsonMark);
        }
    }

    fn value(&mut self, text: &[u8], node: &Node, fold: Fold, shows_json: bool) {
        let written = node.bytes(text);
        // A value may be megabytes long; no more of it is looked at than could be shown, were every letter a pair of escapes.
        let start = String::from_utf8_lossy(&written[..written.len().min(self.room * 12 + 12)]);
        match node.kind {
            Kind::Object | Kind::Array => {
                let [open, close] = if node.kind == Kind::Object { ["{", "}"] } else { ["[", "]"] };
                let members =
                    if node.members == 0 { String::new() } else { grouped(u64::from(node.members)) };
                self.put(&format!("{open}{members}{close}"), Role::JsonMark);
                if fold == Fold::Closed {
                    let is_whole = start.len() >= written.len();
                    let inside = &start[1..start.len() - usize::from(is_whole)];
                    self.put(" ", Role::Dim);
                    self.put(&legible(&preview(inside, self.room)), Role::Dim);
                }
            }
            Kind::String if fold == Fold::Open => {
                let what = if shows_json { "string of JSON" } else { "string" };
                self.put(&format!("{what}, {}", bytes(written.len() as u64)), Role::Dim);
            }
            Kind::String => self.escaped(&start),
            Kind::Number => self.put(&start, Role::JsonNumber),
            Kind::Word => self.put(&start, Role::JsonWord),
        }
    }

    /// A string as it was written, but for letters that need no escape; its escapes set off.
    fn escaped(&mut self, written: &str) {
        let cut = clip::end(&legible(written), self.room).into_owned();
        let mut rest = cut.as_str();
        while let Some(at) = rest.find('\\') {
            let len = match rest[at + 1..].chars().next() {
                Some('u') => 6,
                Some(c) => 1 + c.len_utf8(),
                None => 1,
            };
            let end = (at..=at + len).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
            let end = end.min(rest.len()).max(at + 1);
            self.put(&rest[..at], Role::JsonString);
            self.put(&rest[at..end], Role::JsonMark);
            rest = &rest[end..];
        }
        self.put(rest, Role::JsonString);
    }
}
