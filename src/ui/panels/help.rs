//! Help: what every key does, seen from the panel it was opened from, with what filters and columns mean; searchable.
//!
//! Draws what the tables say, in as many columns as fit. What is looked for is told by the context.

mod entries;
mod search;

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use self::entries::{Block, Entry, blocks};
use self::search::Search;
use super::{Cx, Mouse, Panel, PanelId, Reply};
use crate::ui::keys::Action;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::{clip, notice};

/// The help panel.
#[derive(Debug, Default)]
pub struct Help {
    /// The first line shown.
    from: usize,
    lines: usize,
    height: usize,
    /// What was looked for when it was drawn last.
    words: String,
}

/// What help is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The panel it was opened from.
    pub panel: PanelId,
    /// Words that what is shown must have; empty for all.
    pub words: String,
}

impl Default for Asked {
    fn default() -> Self {
        Self { panel: PanelId::Sessions, words: String::new() }
    }
}

/// Width of a column of keys.
const COLUMN: u16 = 60;
/// Columns of keys at most.
const COLUMNS_MAX: u16 = 3;

/// How many lines have what is looked for, of how many: `7 of 118`; or that none has.
#[must_use]
pub fn found_text(cx: &Cx<'_>) -> String {
    let count = |blocks: &[Block]| blocks.iter().map(|block| block.entries.len()).sum::<usize>();
    let all = blocks(cx);
    let total = count(&all);
    match count(&Search::new(&cx.asked.words).narrow(all)) {
        0 => format!("none of {total}"),
        found => format!("{found} of {total}"),
    }
}

impl Panel for Help {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        if self.words != cx.asked.words {
            self.words.clone_from(&cx.asked.words);
            self.from = 0;
        }
        let search = Search::new(&cx.asked.words);
        let blocks = search.narrow(blocks(cx));
        let area = Self::head(cx, &search, area, buf);
        if blocks.is_empty() {
            let words = format!("Nothing in help has \"{}\"", cx.asked.words);
            let back = format!("{} shows all of it again", cx.keys.label(Action::Back, PanelId::Help));
            (self.lines, self.from) = (0, 0);
            return notice::notice(area, buf, cx.theme, &[&words, &back]);
        }
        let columns = (area.width / COLUMN).clamp(1, COLUMNS_MAX);
        let width = area.width / columns;
        let cells = usize::from(width.saturating_sub(2));
        let drawn: Vec<Vec<Line<'_>>> =
            blocks.iter().map(|block| block_lines(cx.theme, block, &search, cells)).collect();
        let split = spread(&drawn, usize::from(columns));
        self.height = usize::from(area.height);
        self.lines = split.iter().map(Vec::len).max().unwrap_or(0);
        self.from = self.from.min(self.lines.saturating_sub(self.height));
        for (lines, column) in split.into_iter().zip(0_u16..) {
            let x = area.x + column * width;
            for (line, row) in lines.into_iter().skip(self.from).zip(0..area.height) {
                let place = Rect { x: x + 1, y: area.y + row, width: width.saturating_sub(2), height: 1 };
                line.render(place, buf);
            }
        }
        if self.from + self.height < self.lines {
            let more =
                Line::styled(format!(" {} more ", cx.theme.glyphs.descending), cx.theme.style(Role::Dim));
            more.right_aligned().render(Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
        }
    }

    fn act(&mut self, action: Action, _cx: &Cx<'_>) -> Reply {
        let last = self.lines.saturating_sub(self.height);
        self.from = match action {
            Action::Up => self.from.saturating_sub(1),
            Action::Down => (self.from + 1).min(last),
            Action::PageUp => self.from.saturating_sub(self.height),
            Action::PageDown => (self.from + self.height).min(last),
            Action::First => 0,
            Action::Last => last,
            _ => return Reply::Ignored,
        };
        Reply::Done
    }

    fn mouse(&mut self, mouse: Mouse, _cx: &Cx<'_>) -> Reply {
        let Mouse::Wheel(_, rows) = mouse else { return Reply::Ignored };
        let last = self.lines.saturating_sub(self.height);
        self.from = self.from.saturating_add_signed(isize::from(rows)).min(last);
        Reply::Done
    }

    fn hints(&self) -> &'static [Action] {
        &[Action::Back, Action::Filter, Action::Palette]
    }

    fn offers(&mut self, action: Action, _cx: &Cx<'_>) -> bool {
        action != Action::Copy
    }
}

impl Help {
    /// Says what is looked for, if anything is and no prompt says it; returns the room under that.
    fn head(cx: &Cx<'_>, search: &Search, area: Rect, buf: &mut Buffer) -> Rect {
        if search.is_empty() || !cx.focused || area.height < 4 {
            return area;
        }
        let style = |role| cx.theme.style(role);
        let line = Line::from(vec![
            Span::styled(" / ", style(Role::Key)),
            Span::styled(cx.asked.words.clone(), style(Role::Input)),
            Span::styled(format!("  {}  ", found_text(cx)), style(Role::Dim)),
            Span::styled(cx.keys.label(Action::Back, PanelId::Help), style(Role::Key)),
            Span::styled(" shows all", style(Role::KeyText)),
        ]);
        line.render(Rect { height: 1, ..area }, buf);
        Rect { y: area.y + 2, height: area.height - 2, ..area }
    }
}

fn block_lines(theme: &Theme, block: &Block, search: &Search, cells: usize) -> Vec<Line<'static>> {
    let mut head = vec![Span::styled(block.title.clone(), theme.style(Role::Heading))];
    if !block.place.is_empty() {
        head.push(Span::styled(format!("  {}", block.place), theme.style(Role::Dim)));
    }
    let entries =
        block.entries.iter().map(|entry| entry_line(theme, entry, block.label_cells, search, cells));
    std::iter::once(Line::from(head)).chain(entries).collect()
}

fn entry_line(
    theme: &Theme,
    entry: &Entry,
    label_cells: usize,
    search: &Search,
    cells: usize,
) -> Line<'static> {
    let marks = search.marks(entry);
    let mut spans = vec![Span::raw("  ")];
    for (position, (label, ranges)) in entry.labels.iter().zip(&marks.labels).enumerate() {
        if position > 0 {
            spans.push(Span::raw(" "));
        }
        marked(&mut spans, theme, label, ranges, entry.role);
    }
    let used = Line::from(spans.clone()).width();
    spans.push(Span::raw(" ".repeat((label_cells + 3).saturating_sub(used).max(1))));
    marked(&mut spans, theme, &entry.text, &marks.text, Role::KeyText);
    // What is found by its other name alone shows that name.
    let by_name = !search.is_empty() && !marks.name.is_empty() && marks.text.is_empty();
    let (aside, ranges) =
        if by_name { (entry.name, &marks.name) } else { (entry.aside.as_str(), &marks.aside) };
    let used = Line::from(spans.clone()).width();
    if !aside.is_empty() && used + 2 + clip::width(aside) <= cells {
        spans.push(Span::raw("  "));
        marked(&mut spans, theme, aside, ranges, Role::Dim);
    }
    Line::from(spans)
}

/// Adds a text in which what is looked for stands out.
fn marked(spans: &mut Vec<Span<'static>>, theme: &Theme, text: &str, ranges: &[Range<usize>], role: Role) {
    let mut from = 0;
    for range in ranges {
        spans.push(Span::styled(text[from..range.start].to_owned(), theme.style(role)));
        spans.push(Span::styled(text[range.clone()].to_owned(), theme.style(Role::Accent)));
        from = range.end;
    }
    spans.push(Span::styled(text[from..].to_owned(), theme.style(role)));
}

/// Puts the blocks into so many columns of about the same height, in their order.
fn spread<'l>(blocks: &[Vec<Line<'l>>], columns: usize) -> Vec<Vec<Line<'l>>> {
    let total: usize = blocks.iter().map(|block| block.len() + 1).sum();
    let goal = total.div_ceil(columns);
    let mut spread = vec![Vec::new()];
    for block in blocks {
        let last = spread.len() - 1;
        let is_full = spread[last].len() + block.len() / 2 > goal && spread.len() < columns;
        if is_full && !spread[last].is_empty() {
            spread.push(Vec::new());
        }
        let column = spread.last_mut().expect("there is always one column");
        if !column.is_empty() {
            column.push(Line::default());
        }
        column.extend(block.iter().cloned());
    }
    spread
}
