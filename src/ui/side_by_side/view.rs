//! Two things on the screen: a title, what is to be said of them, scrolled, and the keys.
//!
//! Knows nothing of what is compared.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::work::Found;
use super::{SideBySide, Sides};
use crate::ui::panels::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::scroll::scrollbar;
use crate::ui::widgets::table::put;
use crate::ui::widgets::wrap::wrapped;

/// Columns beyond which figures that belong together would stand too far apart.
const WIDTH_MAX: u16 = 140;
/// Cells of a tool's name, at least and at most, and of all figures beside it.
const NAME_CELLS: (usize, usize) = (12, 40);
const FIGURES_CELLS: usize = 53;

impl SideBySide {
    /// Draws it over an area.
    pub fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        Clear.render(area, buf);
        buf.set_style(area, cx.theme.style(Role::Text));
        // One column stands free before the text, one behind it for the scrollbar.
        let width = area.width.min(WIDTH_MAX).saturating_sub(2);
        let (title, lines) = match &mut self.what {
            Sides::Calls(calls) => ("Two calls", calls.lines(cx, usize::from(width))),
            Sides::Sessions(sessions) => ("Two sessions", sessions.lines(cx, usize::from(width))),
        };
        let title = Line::styled(format!(" {title}"), cx.theme.style(Role::Title));
        put(buf, area.x, area.y, area.width, Align::Left, &title);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        self.rows = lines.len();
        let window = self.scroll.window_at_top(lines.len(), body.height);
        for (y, line) in (body.y..).zip(&lines[window.clone()]) {
            put(buf, body.x + 1, y, width, Align::Left, line);
        }
        scrollbar(body, buf, lines.len(), &window, cx.theme);
        self.text.clear();
        for line in &lines {
            self.text.push_str(line.to_string().trim_end());
            self.text.push('\n');
        }
    }
}

/// A text in as many lines as it takes, none taking one as well; what goes on below stands two cells further in.
pub(super) fn folded(text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    if text.is_empty() {
        return vec![Line::default()];
    }
    let mut lines: Vec<Line<'static>> = Vec::new();
    for piece in wrapped(text, width.saturating_sub(2)) {
        let indent = if lines.is_empty() { "" } else { "  " };
        lines.push(Line::styled(format!("{indent}{piece}"), style));
    }
    lines
}

impl Found {
    /// As so many columns show it.
    pub(super) fn lines(&self, width: usize, cx: &Cx<'_>) -> Vec<Line<'static>> {
        let style = |role| cx.theme.style(role);
        match self {
            Self::Text(role, text) => folded(text, width, style(*role)),
            Self::Figures(role, name, side, figures) => {
                let cells = width.saturating_sub(FIGURES_CELLS).clamp(NAME_CELLS.0, NAME_CELLS.1);
                vec![figures_line((name, cells), side, figures, [style(Role::Strong), style(*role)])]
            }
        }
    }
}

/// A tool on one side; the name takes so many cells.
fn figures_line(
    (name, name_cells): (&str, usize),
    side: &str,
    [calls, errors, median, high, highest, tokens]: &[String; 6],
    [strong, style]: [Style; 2],
) -> Line<'static> {
    let name = clip::middle(name, name_cells).into_owned();
    let room = " ".repeat(name_cells.saturating_sub(clip::width(&name)));
    let figures =
        format!("{room} {side} {calls:>7} {errors:>7} {median:>8} {high:>8} {highest:>8} {tokens:>7}");
    Line::from(vec![Span::styled(name, strong), Span::styled(figures, style)])
}
