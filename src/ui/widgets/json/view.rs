//! A foldable JSON tree on screen: each line with its tokens, its share of the whole and its heat.
//!
//! Draws only the lines on screen. Knows nothing of where the text and its costs come from.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paint;
use super::tree::{Fold, Tree, What};
use super::way::{Step, way};
use crate::tokens::{Attribution, Count};
use crate::ui::keys::Action;
use crate::ui::theme::Theme;
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::number::{percent, tokens_grouped};
use crate::ui::widgets::scroll::{Scroll, scrollbar};
use crate::ui::widgets::table::{put, select};

/// Cells of the numbers left of the tree: mark, count, share.
const GUTTER: u16 = 18;
/// Below this width the share is left out.
const NARROW: u16 = 56;

/// A tree with its selection.
#[derive(Clone, Debug)]
pub struct TreeView {
    tree: Tree,
    scroll: Scroll,
    all_open: bool,
    ticked: Vec<Tick>,
}

/// A value that the user has ticked: where it stands, folded away or not, and the way to it.
#[derive(Clone, Debug)]
struct Tick {
    document: u16,
    start: u32,
    way: Vec<Step>,
}

/// The most values that can be ticked.
const TICKED_MAX: usize = 256;

impl TreeView {
    /// A text, unfolded as far as fits into `budget` lines; `None` if it is not valid JSON.
    #[must_use]
    pub fn new(text: Arc<Vec<u8>>, budget: usize) -> Option<Self> {
        let tree = Tree::new(text, 72, budget)?;
        Some(Self { tree, scroll: Scroll::default(), all_open: false, ticked: Vec::new() })
    }

    /// Gives each line its tokens.
    pub fn attach(&mut self, costs: &Arc<Attribution>) {
        self.tree.attach(costs);
    }

    /// Whether the lines have their tokens.
    #[must_use]
    pub fn has_costs(&self) -> bool {
        self.tree.costs().is_some()
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tree.lines().len()
    }

    /// Never: there is always the root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tree.lines().is_empty()
    }

    /// Draws the lines around the selection.
    pub fn draw(&mut self, area: Rect, buf: &mut Buffer, theme: &Theme, is_focused: bool) {
        let gutter = if area.width < NARROW { GUTTER - 8 } else { GUTTER };
        let room = area.width.saturating_sub(gutter + 1);
        self.tree.wrap(room);
        let rows = self.tree.lines().len();
        let window = self.scroll.window(rows, area.height);
        for (y, index) in (area.y..).zip(window.clone()) {
            self.draw_costs(index, Rect { y, height: 1, width: gutter, ..area }, buf, theme);
            if self.tick_at(index).is_some() {
                let x = area.x + gutter - 1 - u16::from(gutter == GUTTER);
                let mark = Line::styled(theme.glyphs.ok, theme.style(crate::ui::theme::Role::Accent));
                put(buf, x, y, 1, Align::Left, &mark);
            }
            let line = paint::line(&self.tree, index, usize::from(room), theme);
            put(buf, area.x + gutter, y, room, Align::Left, &line);
            if index == self.scroll.cursor() {
                select(area, y, is_focused, buf, theme);
            }
        }
        scrollbar(area, buf, rows, &window, theme);
    }

    fn draw_costs(&self, index: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let Some((tokens, total)) = self.cost(index) else { return };
        let share = if total.tokens == 0 { 0.0 } else { tokens.tokens as f64 / total.tokens as f64 };
        let style = theme.style(crate::ui::theme::Role::heat(share));
        let mark = Line::styled(paint::heat_mark(share, theme), style);
        put(buf, area.x, area.y, 1, Align::Left, &mark);
        put(buf, area.x + 1, area.y, 8, Align::Right, &Line::styled(tokens_grouped(tokens), style));
        if area.width >= GUTTER {
            let text = percent(tokens.tokens, total.tokens);
            put(buf, area.x + 9, area.y, 7, Align::Right, &Line::styled(text, style));
        }
    }

    /// The tokens of a line and of the whole text.
    fn cost(&self, index: usize) -> Option<(Count, Count)> {
        let costs = self.tree.costs()?;
        let node = self.tree.lines().get(index)?.cost?;
        Some((costs.count(node), costs.count(crate::tokens::NodeId::ROOT)))
    }

    /// Does what an action asks of a tree; says whether it was one for a tree.
    pub fn act(&mut self, action: Action) -> bool {
        let at = self.scroll.cursor();
        match action {
            Action::Left => {
                if !self.tree.close(at) {
                    self.scroll.select(self.tree.parent(at));
                }
            }
            Action::Right => {
                if !self.tree.open(at) && self.is_open(at) {
                    self.scroll.act(Action::Down, self.len());
                }
            }
            Action::Open => {
                if !self.tree.open(at) {
                    self.tree.close(at);
                }
            }
            Action::FoldAll => {
                self.all_open = !self.all_open;
                if !(self.all_open && self.tree.open_all()) {
                    self.all_open = false;
                    self.tree.close_all();
                    self.scroll.select(0);
                }
            }
            other => return self.scroll.act(other, self.len()),
        }
        true
    }

    fn is_open(&self, index: usize) -> bool {
        matches!(
            self.tree.lines().get(index).map(|line| &line.what),
            Some(What::Value { fold: Fold::Open, .. })
        )
    }

    /// Selects the line drawn on a line of the area; a second click on it folds or unfolds it.
    pub fn click(&mut self, line: u16) {
        let Some(row) = self.scroll.row_at(line, self.len()) else { return };
        if row == self.scroll.cursor() {
            self.act(Action::Open);
        } else {
            self.scroll.select(row);
        }
    }

    /// Scrolls by lines.
    pub fn wheel(&mut self, lines: i16) {
        self.scroll.wheel(lines, self.len());
    }

    /// The way from the root to the selected value.
    #[must_use]
    pub fn selected_way(&self) -> Vec<Step> {
        way(&self.tree, self.scroll.cursor())
    }

    /// Ticks the selected value, or takes its tick away, and goes on to the next line.
    pub fn tick(&mut self) {
        let at = self.scroll.cursor();
        let Some(line) = self.tree.lines().get(at) else { return };
        let What::Value { node, .. } = &line.what else { return };
        let (document, start) = (line.document, node.value.start);
        match self.tick_at(at) {
            Some(known) => drop(self.ticked.remove(known)),
            None if self.ticked.len() < TICKED_MAX => {
                let way = way(&self.tree, at);
                self.ticked.push(Tick { document, start, way });
            }
            None => {}
        }
        self.scroll.act(Action::Down, self.len());
    }

    /// The ways to the ticked values, in the order in which they were ticked.
    #[must_use]
    pub fn ticked(&self) -> impl ExactSizeIterator<Item = &[Step]> {
        self.ticked.iter().map(|tick| &*tick.way)
    }

    fn tick_at(&self, index: usize) -> Option<usize> {
        let line = self.tree.lines().get(index)?;
        let What::Value { node, .. } = &line.what else { return None };
        let (document, start) = (line.document, node.value.start);
        self.ticked.iter().position(|tick| (tick.document, tick.start) == (document, start))
    }

    /// The selected value as it was written.
    #[must_use]
    pub fn selected_text(&self) -> String {
        let Some(line) = self.tree.lines().get(self.scroll.cursor()) else { return String::new() };
        let range = match &line.what {
            What::Value { node, .. } => node.value.clone(),
            What::Piece(range) => range.clone(),
        };
        let bytes = &self.tree.text_of(line)[range.start as usize..range.end as usize];
        String::from_utf8_lossy(bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::{Counter, Effort, Encoding, attribute};
    use crate::ui::theme::{Depth, Glyphs, Themes};

    const TEXT: &str = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"[{\"name\":\"a.txt\",\"size\":1.0},{\"name\":\"b.txt\",\"size\":120934}]"}],"isError":false,"note":"first\nsecond \u00e9"}}"#;

    fn view(text: &str, with_costs: bool) -> TreeView {
        let mut view = TreeView::new(Arc::new(text.as_bytes().to_vec()), 40).unwrap();
        if with_costs {
            let costs = attribute(&mut Counter::new(Effort::AtOnce), Encoding::O200kBase, text).unwrap();
            view.attach(&Arc::new(costs));
        }
        view
    }

    fn drawn(view: &mut TreeView, width: u16, height: u16) -> String {
        let theme = Themes::default().theme("dark", Depth::True, Glyphs::UNICODE).unwrap();
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        view.draw(area, &mut buf, &theme, true);
        let lines = buf.content.chunks(usize::from(width));
        lines
            .map(|line| {
                line.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
                    + "\n"
            })
            .collect()
    }

    #[test]
    fn every_line_carries_its_tokens_and_its_share() {
        insta::assert_snapshot!(drawn(&mut view(TEXT, true), 76, 20));
    }

    #[test]
    fn a_narrow_tree_without_costs_is_still_a_tree() {
        insta::assert_snapshot!(drawn(&mut view(TEXT, false), 40, 20));
    }

    #[test]
    fn lines_unfolded_later_carry_their_tokens_too() {
        let mut view = view(TEXT, true);
        let before = drawn(&mut view, 76, 20);
        view.act(Action::FoldAll);
        assert_eq!(view.len(), 4);
        view.act(Action::FoldAll);
        view.act(Action::First);
        assert_eq!(drawn(&mut view, 76, 20), before);
    }

    #[test]
    fn a_large_text_costs_what_is_looked_at() {
        let rows: Vec<String> = (0..50_000).map(|n| format!(r#"{{"id":{n},"name":"row {n}"}}"#)).collect();
        let mut view = view(&format!("{{\"rows\":[{}]}}", rows.join(",")), false);
        assert_eq!(view.len(), 2);
        view.act(Action::Down);
        view.act(Action::Right);
        assert_eq!(view.len(), 50_002);
        view.act(Action::Last);
        assert!(drawn(&mut view, 80, 5).contains("49999"));
    }
}
