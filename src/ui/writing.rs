//! A text of several lines that is being written: its keys, and how it is drawn with line numbers and marks.
//!
//! Knows nothing of what the text means: who owns it says how a line is coloured, and where something is wrong.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;
use tui_textarea::{CursorMove, TextArea};
use unicode_width::UnicodeWidthStr;

use super::theme::{Role, Theme};
use super::widgets::columns::Align;
use super::widgets::table::put;

/// Bytes a text may have; a longer paste is cut.
const TEXT_BYTES_MAX: usize = 256 * 1024;
/// Changes that can be taken back within the text.
const HISTORY_MAX: usize = 500;

/// A place where something is wrong, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The line.
    pub line: usize,
    /// The character of the line.
    pub column: usize,
}

/// A text being written.
#[derive(Debug)]
pub struct Writing {
    area: TextArea<'static>,
    /// The first line and the first column shown.
    from: (usize, usize),
}

impl Writing {
    /// With this text, the cursor at its beginning.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(text.lines().map(str::to_owned).collect());
        area.set_tab_length(2);
        area.set_max_histories(HISTORY_MAX);
        Self { area, from: (0, 0) }
    }

    /// The text, its lines separated by newlines.
    #[must_use]
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Takes a key: typing, moving, `ctrl-z`.
    pub fn key(&mut self, key: KeyEvent) {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('z') if ctrl => {
                self.area.undo();
            }
            KeyCode::Enter => self.newline(),
            KeyCode::Home if ctrl => self.area.move_cursor(CursorMove::Jump(0, 0)),
            KeyCode::End if ctrl => {
                self.area.move_cursor(CursorMove::Bottom);
                self.area.move_cursor(CursorMove::End);
            }
            KeyCode::Char(_) if !ctrl && self.text().len() >= TEXT_BYTES_MAX => {}
            _ => {
                self.area.input(key);
            }
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        let room = TEXT_BYTES_MAX.saturating_sub(self.text().len());
        let clean: String = text
            .replace("\r\n", "\n")
            .chars()
            .map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c })
            .collect();
        self.area.insert_str(&clean[..clean.floor_char_boundary(room)]);
    }

    /// Puts the cursor on a character of a line, both counted from one.
    pub fn jump(&mut self, line: usize, column: usize) {
        let place = |number: usize| u16::try_from(number.saturating_sub(1)).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(place(line), place(column)));
    }

    /// A new line that begins where the one before begins.
    fn newline(&mut self) {
        let before = self.cursor().0;
        let line = self.area.lines().get(before).map_or("", String::as_str);
        let indent: String = line.chars().take_while(|c| *c == ' ').collect();
        self.area.insert_newline();
        self.area.insert_str(indent);
    }

    /// The line and the character under the cursor, counted from zero.
    #[must_use]
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Draws it with its line numbers; returns where the cursor stands. `pieces` cuts a line into its parts.
    pub fn draw(
        &mut self,
        theme: &Theme,
        pieces: fn(&str) -> Vec<(&str, Role)>,
        marks: &[Mark],
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<(u16, u16)> {
        let (row, column) = self.cursor();
        let lines = self.area.lines();
        let gutter = u16::try_from(lines.len().to_string().len()).unwrap_or(4).max(3) + 2;
        let room = usize::from(area.width.saturating_sub(gutter + 1)).max(1);
        let height = usize::from(area.height).max(1);
        let width_before = |line: &str, chars: usize| line.chars().take(chars).collect::<String>().width();
        let at = lines.get(row).map_or(0, |line| width_before(line, column));
        self.from.0 = self.from.0.clamp((row + 1).saturating_sub(height), row);
        self.from.1 = self.from.1.clamp((at + 1).saturating_sub(room), at);
        let (first, left) = self.from;
        for (y, (index, line)) in (area.y..area.bottom()).zip(lines.iter().enumerate().skip(first)) {
            let wrong = marks.iter().find(|mark| mark.line == index + 1);
            let role = match wrong {
                Some(_) => Role::Bad,
                None if index == row => Role::Sorted,
                None => Role::Dim,
            };
            let mark = if wrong.is_some() { theme.glyphs.error } else { " " };
            let number = format!("{mark}{:>1$} ", index + 1, usize::from(gutter) - 2);
            put(buf, area.x, y, gutter, Align::Left, &Line::styled(number, theme.style(role)));
            let text = Rect { x: area.x + gutter, y, width: area.width.saturating_sub(gutter), height: 1 };
            draw_line(&pieces(line), left, text, theme, buf);
            if let Some(mark) = wrong {
                let from = width_before(line, mark.column.saturating_sub(1));
                underline(from, line.width(), left, text, theme, buf);
            }
        }
        let x = area.x + gutter + u16::try_from(at - left).unwrap_or(0);
        let y = area.y + u16::try_from(row - first).unwrap_or(0);
        area.contains((x, y).into()).then_some((x, y))
    }
}

/// A line in the colours of its parts, from the column `left` on.
fn draw_line(pieces: &[(&str, Role)], left: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let mut x = 0;
    for (text, role) in pieces {
        let style = theme.style(*role);
        for c in text.chars() {
            let width = unicode_width::UnicodeWidthChar::width(c).unwrap_or(1).max(1);
            if x >= left && x - left + width <= usize::from(area.width) {
                let at = area.x + u16::try_from(x - left).unwrap_or(0);
                let c = if c.is_control() { ' ' } else { c };
                buf[(at, area.y)].set_char(c).set_style(style);
            }
            x += width;
        }
    }
}

/// Underlines a line's text from a column on; at its end at least one cell.
fn underline(from: usize, until: usize, left: usize, area: Rect, theme: &Theme, buf: &mut Buffer) {
    let (from, until) = (from.saturating_sub(left), until.max(from + 1).saturating_sub(left));
    for column in from..until.min(usize::from(area.width)) {
        let at = (area.x + u16::try_from(column).unwrap_or(0), area.y);
        let style = theme.style(Role::Bad).add_modifier(Modifier::UNDERLINED);
        buf[at].set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_home_and_end_go_to_the_ends_of_the_text() {
        let mut writing = Writing::new("# one\n# two\n# three");
        for (code, place) in [(KeyCode::End, (2, 7)), (KeyCode::Home, (0, 0))] {
            writing.key(KeyEvent::new(code, KeyModifiers::CONTROL));
            assert_eq!(writing.cursor(), place);
        }
    }

    #[test]
    fn a_new_line_begins_where_the_one_before_does_and_a_paste_is_bounded() {
        let mut writing = Writing::new("  a");
        writing.key(KeyEvent::new(KeyCode::End, KeyModifiers::CONTROL));
        writing.key(KeyEvent::from(KeyCode::Enter));
        assert_eq!(writing.text(), "  a\n  ");
        writing.paste(&"x\r\n\u{7}".repeat(TEXT_BYTES_MAX));
        assert!(writing.text().len() <= TEXT_BYTES_MAX && writing.text().contains("x\n x"));
    }
}
