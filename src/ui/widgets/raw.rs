//! A text exactly as it is, wrapped to the width of the screen; control characters are shown as `·`.
//!
//! Knows nothing of JSON. Draws only the lines on screen.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use unicode_width::UnicodeWidthChar;

use super::clip;
use super::columns::Align;
use super::scroll::{Scroll, scrollbar};
use super::table::put;
use crate::ui::keys::Action;
use crate::ui::theme::{Role, Theme};

/// A text with its place on screen.
#[derive(Clone, Debug)]
pub struct RawView {
    text: String,
    lines: Vec<Range<usize>>,
    cells: u16,
    scroll: Scroll,
}

impl RawView {
    /// A text; bytes that are not UTF-8 are shown as `\u{fffd}`.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        Self { text, lines: Vec::new(), cells: 0, scroll: Scroll::default() }
    }

    /// Draws the part that is scrolled to.
    pub fn draw(&mut self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let cells = area.width.saturating_sub(1).max(1);
        if cells != self.cells {
            self.cells = cells;
            self.lines = wrapped(&self.text, usize::from(cells));
        }
        let window = self.scroll.window_at_top(self.lines.len(), area.height);
        for (y, line) in (area.y..).zip(&self.lines[window.clone()]) {
            let shown = clip::visible(&self.text[line.clone()]);
            put(
                buf,
                area.x,
                y,
                cells,
                Align::Left,
                &Line::styled(shown.into_owned(), theme.style(Role::Text)),
            );
        }
        scrollbar(area, buf, self.lines.len(), &window, theme);
    }

    /// Scrolls as an action asks; says whether it was one that moves.
    pub fn act(&mut self, action: Action) -> bool {
        self.scroll.act_at_top(action, self.lines.len())
    }

    /// Scrolls by lines.
    pub fn wheel(&mut self, lines: i16) {
        self.scroll.wheel(lines, self.lines.len());
    }
}

/// The text in pieces of at most so many cells; a line break ends a piece and is not part of it.
fn wrapped(text: &str, cells: usize) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let (mut begun, mut used) = (0, 0);
    for (at, c) in text.char_indices() {
        if c == '\n' {
            lines.push(begun..at);
            (begun, used) = (at + 1, 0);
            continue;
        }
        let width = if c.is_control() { 1 } else { c.width().unwrap_or(0) };
        if used + width > cells && at > begun {
            lines.push(begun..at);
            (begun, used) = (at, 0);
        }
        used += width;
    }
    lines.push(begun..text.len());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_lines_are_wrapped_and_none_is_lost() {
        let shown = |text: &str, cells| -> Vec<String> {
            wrapped(text, cells).into_iter().map(|line| text[line].to_owned()).collect()
        };
        assert_eq!(shown("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(shown("ab\n\ncd", 4), ["ab", "", "cd"]);
        assert_eq!(shown("日本語", 4), ["日本", "語"]);
        assert_eq!(shown("", 4), [""]);
    }

    proptest! {
        #[test]
        fn wrapping_keeps_every_character(text in any::<String>(), cells in 2usize..20) {
            let lines: Vec<&str> = wrapped(&text, cells).into_iter().map(|line| &text[line]).collect();
            prop_assert_eq!(lines.concat(), text.replace('\n', ""));
        }
    }
}
