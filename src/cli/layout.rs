//! Paragraphs in as many columns as the terminal has.

use std::io::{IsTerminal as _, stdout};

use crate::ui::widgets::clip;

/// Columns where there is no terminal, and at least.
const COLUMNS_MIN: usize = 80;
/// Longer lines are hard to read.
const COLUMNS_MAX: usize = 100;

/// How many columns text may have.
pub(super) fn columns() -> usize {
    let known = stdout().is_terminal().then(crossterm::terminal::size).and_then(Result::ok);
    known.map_or(COLUMNS_MIN, |(columns, _)| usize::from(columns).clamp(COLUMNS_MIN, COLUMNS_MAX))
}

/// Text in lines of at most so many columns, each behind `indent` blanks. A word that is longer stands alone.
pub(super) fn paragraph(out: &mut String, text: &str, indent: usize, columns: usize) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + clip::width(&line) + 1 + clip::width(word) > columns {
            push_line(out, &line, indent);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        push_line(out, &line, indent);
    }
}

/// One line behind blanks.
pub(super) fn push_line(out: &mut String, line: &str, indent: usize) {
    if !line.is_empty() {
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str(line);
    }
    out.push('\n');
}

/// Two texts at the two ends of a line; under each other where there is no room.
pub(super) fn ends(out: &mut String, left: &str, right: &str, indent: usize, columns: usize) {
    let taken = clip::width(left) + clip::width(right);
    if let Some(free) = columns.checked_sub(taken + 2) {
        let line = format!("{left}{}{right}", " ".repeat(free + 2));
        push_line(out, &line, 0);
    } else {
        push_line(out, left, 0);
        push_line(out, right, indent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words() {
        let mut out = String::new();
        paragraph(&mut out, "one two  three\nfour averyverylongword", 2, 10);
        assert_eq!(out, "  one two\n  three\n  four\n  averyverylongword\n");
    }

    #[test]
    fn the_ends_of_a_line_are_at_its_ends() {
        let mut out = String::new();
        ends(&mut out, "left", "right", 2, 14);
        ends(&mut out, "left", "right", 2, 10);
        assert_eq!(out, "left     right\nleft\n  right\n");
    }
}
