//! Every key, from the one table of keys, and the filter language.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::{Cx, Mouse, Panel, PanelId, Reply};
use crate::ui::keys::{Action, BINDINGS, Binding, Group, Reach};
use crate::ui::theme::{Role, Theme};

/// The help panel.
#[derive(Debug, Default)]
pub struct Help {
    /// The first line shown.
    from: usize,
    lines: usize,
    height: usize,
}

/// The filter language in examples.
const FILTERS: [(&str, &str); 10] = [
    ("read_file", "anywhere in tool, method, id"),
    ("tool:read* server:fs", "several terms all match"),
    ("status:error", "ok pending cancelled abandoned"),
    ("dur:>500ms", "longer; < >= <= also, us, s, m"),
    ("tok:>1k size:>10kb", "the result's tokens and bytes"),
    ("client:cursor http:4xx", "whose; the HTTP status"),
    ("rule:lean  rule:*", "a rule had to do with it"),
    ("dir:server", "who asked: client or server"),
    ("tool:=read_file id:7", "exactly this name, this id"),
    ("a or not (b and c)", "and, or, not, parentheses"),
];

/// Width of a column of keys.
const COLUMN: u16 = 60;

impl Panel for Help {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let columns = (area.width / COLUMN).clamp(1, 3);
        let blocks = blocks(cx.theme, usize::from(area.width / columns));
        let split = spread(&blocks, usize::from(columns));
        self.height = usize::from(area.height);
        self.lines = split.iter().map(Vec::len).max().unwrap_or(0);
        self.from = self.from.min(self.lines.saturating_sub(self.height));
        let width = area.width / columns;
        for (lines, column) in split.into_iter().zip(0_u16..) {
            let x = area.x + column * width;
            for (line, row) in lines.into_iter().skip(self.from).zip(0..area.height) {
                let place = Rect { x: x + 1, y: area.y + row, width: width.saturating_sub(2), height: 1 };
                line.render(place, buf);
            }
        }
        if self.from + self.height < self.lines {
            let more =
                Line::styled(format!("{} more ", cx.theme.glyphs.descending), cx.theme.style(Role::Dim));
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
        &[Action::Back, Action::Palette]
    }
}

/// The groups of keys as blocks of lines.
fn blocks(theme: &Theme, width: usize) -> Vec<Vec<Line<'static>>> {
    let heading = |text: &'static str| Line::styled(text, theme.style(Role::Heading));
    let mut blocks: Vec<Vec<Line<'static>>> = Group::ALL
        .iter()
        .map(|group| {
            let rows =
                BINDINGS.iter().filter(|row| row.group == *group).map(|row| key_line(theme, row, width));
            std::iter::once(heading(group.title())).chain(rows).collect()
        })
        .collect();
    let filters = FILTERS.iter().map(|(example, meaning)| {
        Line::from(vec![
            Span::styled(format!("  {example:<23}"), theme.style(Role::Key)),
            Span::styled(*meaning, theme.style(Role::KeyText)),
        ])
    });
    blocks.push(std::iter::once(heading("Filter")).chain(filters).collect());
    blocks
}

fn key_line(theme: &Theme, row: &Binding, width: usize) -> Line<'static> {
    let keys: Vec<String> = row.keys.iter().take(2).map(|key| key.label()).collect();
    let mut spans = vec![
        Span::styled(format!("  {:<13}", keys.join(" ")), theme.style(Role::Key)),
        Span::styled(row.text, theme.style(Role::KeyText)),
    ];
    if let Reach::In(panels) = row.reach {
        let names: Vec<&str> = panels.iter().map(|panel: &PanelId| panel.title()).collect();
        let names = Span::styled(format!("  {}", names.join(", ")), theme.style(Role::Dim));
        let used: usize = spans.iter().map(Span::width).sum();
        if used + names.width() + 2 <= width {
            spans.push(names);
        }
    }
    Line::from(spans)
}

/// Puts the blocks into so many columns of about the same height, in their order.
fn spread(blocks: &[Vec<Line<'static>>], columns: usize) -> Vec<Vec<Line<'static>>> {
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
