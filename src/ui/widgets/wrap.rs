//! Long texts in as many lines as they take, words kept whole; does not know what they say.

use ratatui::text::{Line, Span};

use super::clip;
use crate::ui::theme::{Role, Theme};

/// A text in lines of at most so many cells, cut at blanks where there are any.
#[must_use = "it only makes lines"]
pub fn wrapped(text: &str, cells: usize) -> impl Iterator<Item = String> + use<> {
    let cells = cells.max(1);
    let mut lines = Vec::new();
    let mut rest = text.trim_end();
    while !rest.is_empty() {
        let head = clip::head(rest, cells);
        let cut = if head.len() == rest.len() {
            rest.len()
        } else {
            head.rfind(' ').filter(|at| *at > 0).unwrap_or(head.len())
        };
        // A character wider than the room must not hold the rest up.
        let cut = if cut == 0 { rest.chars().next().map_or(rest.len(), char::len_utf8) } else { cut };
        lines.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    lines.into_iter()
}

/// A line of the rule: its key set off from its value; a long one goes on below.
#[must_use]
pub fn toml_lines(line: &str, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some((key, value)) = line.split_once(" = ") else {
        return vec![Line::styled(clip::end(line, width).into_owned(), theme.style(Role::JsonMark))];
    };
    let indent = clip::width(key) + 3;
    let room = width.saturating_sub(indent).max(8);
    let style = theme.style(Role::JsonString);
    let mut lines = Vec::new();
    for piece in wrapped(value, room) {
        let start = if lines.is_empty() {
            vec![
                Span::styled(key.to_owned(), theme.style(Role::JsonKey)),
                Span::styled(" = ", theme.style(Role::JsonMark)),
            ]
        } else {
            vec![Span::raw(" ".repeat(indent))]
        };
        lines.push(Line::from([start, vec![Span::styled(piece, style)]].concat()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words_and_a_long_word_is_cut() {
        let lines = |text, cells| wrapped(text, cells).collect::<Vec<_>>();
        assert_eq!(lines("one two three", 8), ["one two", "three"]);
        assert_eq!(lines("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(lines("漢字", 1), ["漢", "字"], "a wide character does not hold the rest up");
        assert!(lines("", 5).is_empty());
    }
}
