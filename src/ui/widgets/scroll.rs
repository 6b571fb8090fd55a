//! Which row of a long list is selected and which rows are on screen; knows nothing of what the rows are.
//!
//! Every operation costs the same for a hundred rows and for a million.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::ui::keys::Action;
use crate::ui::theme::{Role, Theme};

/// The selected row and the first one on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    cursor: usize,
    first: usize,
    height: usize,
}

impl Scroll {
    /// The selected row.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Selects a row; it comes into view at the next [`Scroll::window`].
    pub fn select(&mut self, row: usize) {
        self.cursor = row;
    }

    /// Selects a row and keeps it on the line of the screen where the selection stood, so that a list that was sorted
    /// or grew above the selection does not jump.
    pub fn carry(&mut self, row: usize) {
        let line = self.cursor.saturating_sub(self.first);
        self.cursor = row;
        self.first = row.saturating_sub(line);
    }

    /// The rows to draw of a list of `rows` on `height` lines. Moves as little as the selection's being visible asks.
    pub fn window(&mut self, rows: usize, height: u16) -> Range<usize> {
        self.height = usize::from(height);
        self.cursor = self.cursor.min(rows.saturating_sub(1));
        if self.cursor < self.first {
            self.first = self.cursor;
        } else if self.cursor >= self.first + self.height {
            self.first = (self.cursor + 1).saturating_sub(self.height);
        }
        self.first = self.first.min(rows.saturating_sub(self.height));
        self.first..rows.min(self.first + self.height)
    }

    /// The rows to draw of a text without a selection.
    pub fn window_at_top(&mut self, rows: usize, height: u16) -> Range<usize> {
        self.height = usize::from(height);
        self.first = self.first.min(rows.saturating_sub(self.height));
        self.cursor = self.first;
        self.first..rows.min(self.first + self.height)
    }

    /// Scrolls a text without a selection; says whether the action was one that moves.
    pub fn act_at_top(&mut self, action: Action, rows: usize) -> bool {
        self.cursor = self.first;
        let moves = self.act(action, rows);
        self.first = self.cursor.min(rows.saturating_sub(self.height));
        moves
    }

    /// The row drawn on a line of the window, if there is one.
    #[must_use]
    pub fn row_at(&self, line: u16, rows: usize) -> Option<usize> {
        let row = self.first + usize::from(line);
        (usize::from(line) < self.height && row < rows).then_some(row)
    }

    /// Moves the selection as an action asks; says whether the action was one that moves.
    pub fn act(&mut self, action: Action, rows: usize) -> bool {
        let last = rows.saturating_sub(1);
        let page = self.height.saturating_sub(1).max(1);
        self.cursor = match action {
            Action::Up => self.cursor.saturating_sub(1),
            Action::Down => self.cursor.saturating_add(1).min(last),
            Action::PageUp => self.cursor.saturating_sub(page),
            Action::PageDown => self.cursor.saturating_add(page).min(last),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        true
    }

    /// Moves what is on screen by so many lines; the selection goes along only when it would leave the screen.
    pub fn wheel(&mut self, lines: i16, rows: usize) {
        let most = rows.saturating_sub(self.height);
        self.first = self.first.saturating_add_signed(isize::from(lines)).min(most);
        let last = (self.first + self.height.max(1) - 1).min(rows.saturating_sub(1));
        self.cursor = self.cursor.clamp(self.first.min(last), last);
    }
}

/// Draws where the window is within its list, on the rightmost column of the area; nothing if all of it is shown.
/// The track stays blank: it would only add a line beside those that mean something.
#[expect(clippy::cast_possible_truncation, reason = "places within the area's height")]
pub fn scrollbar(area: Rect, buf: &mut Buffer, rows: usize, window: &Range<usize>, theme: &Theme) {
    let height = usize::from(area.height);
    if rows <= window.len() || area.width == 0 || height < 2 {
        return;
    }
    let thumb = (height * window.len() / rows).max(1);
    let hidden = rows - window.len();
    let top = (window.start * (height - thumb) + hidden / 2) / hidden;
    for line in top..top + thumb {
        let cell = &mut buf[(area.right() - 1, area.y + line as u16)];
        // Beside a selected line that is reversed, it looks as it does beside the others.
        let style = theme.style(Role::Border).remove_modifier(Modifier::REVERSED);
        cell.set_symbol(theme.glyphs.scroll[0]).set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_screen_moves_only_when_the_selection_would_leave_it() {
        let mut scroll = Scroll::default();
        assert_eq!(scroll.window(100, 10), 0..10);
        scroll.select(9);
        assert_eq!(scroll.window(100, 10), 0..10);
        scroll.act(Action::Down, 100);
        assert_eq!(scroll.window(100, 10), 1..11);
        scroll.act(Action::Last, 100);
        assert_eq!(scroll.window(100, 10), 90..100);
        scroll.act(Action::Up, 100);
        assert_eq!(scroll.window(100, 10), 90..100);
        assert_eq!(scroll.row_at(3, 100), Some(93));
        assert_eq!(scroll.row_at(10, 100), None);
    }

    #[test]
    fn a_row_that_is_carried_stays_on_its_line() {
        let mut scroll = Scroll::default();
        scroll.select(15);
        assert_eq!(scroll.window(100, 10), 6..16);
        scroll.carry(55);
        assert_eq!(scroll.window(100, 10), 46..56);
    }

    #[test]
    fn the_wheel_takes_the_selection_along_at_the_edge() {
        let mut scroll = Scroll::default();
        scroll.window(100, 10);
        scroll.wheel(3, 100);
        assert_eq!((scroll.cursor(), scroll.window(100, 10)), (3, 3..13));
        scroll.wheel(-9, 100);
        assert_eq!((scroll.cursor(), scroll.window(100, 10)), (3, 0..10));
    }

    proptest! {
        #[test]
        fn the_selection_is_always_on_screen(
            steps in proptest::collection::vec((0usize..9, 0usize..300, 0u16..30, -9i16..9), 1..40)
        ) {
            let actions = [Action::Up, Action::Down, Action::PageUp, Action::PageDown, Action::First, Action::Last];
            let mut scroll = Scroll::default();
            for (what, rows, height, lines) in steps {
                match what {
                    0..6 => { scroll.act(actions[what], rows); }
                    6 => scroll.wheel(lines, rows),
                    7 => scroll.carry(rows / 2),
                    _ => scroll.select(rows),
                }
                let window = scroll.window(rows, height);
                prop_assert!(window.end <= rows && window.len() <= usize::from(height));
                prop_assert!(window.is_empty() || window.contains(&scroll.cursor()));
                prop_assert_eq!(window.len(), rows.min(usize::from(height)));
            }
        }
    }
}
