//! Differences as lines for people: where, what was there, what is there; long texts line by line.
//!
//! Knows nothing of terminals: each line says what it is for, and whoever prints it chooses a colour.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{Change, Difference};

/// A value is shown up to this many bytes.
const VALUE_BYTES_MAX: usize = 400;
/// Lines of a text around a changed one.
const AROUND: usize = 1;
/// A text of more lines is not compared line by line.
const LINES_MAX: usize = 4_000;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Where a difference is.
    Place,
    /// What only the first value has.
    Removed,
    /// What only the second value has.
    Added,
    /// What both have, to show where the difference is.
    Same,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is for.
    pub role: Role,
    /// What it says: printable, without line breaks, and marked with `-` and `+` where colours cannot tell.
    pub text: String,
}

/// The differences as lines.
#[must_use]
pub fn lines(differences: &[Difference]) -> Vec<Line> {
    let mut out = Vec::new();
    for difference in differences {
        let at = printable(&difference.at);
        match &difference.change {
            Change::Added(after) => {
                push(&mut out, Role::Place, &at, " (added)");
                push(&mut out, Role::Added, "+ ", &shown(after));
            }
            Change::Removed(before) => {
                push(&mut out, Role::Place, &at, " (removed)");
                push(&mut out, Role::Removed, "- ", &shown(before));
            }
            Change::Changed { before: Value::String(before), after: Value::String(after) }
                if before.contains('\n') || after.contains('\n') =>
            {
                push(&mut out, Role::Place, &at, "");
                by_line(&mut out, before, after);
            }
            Change::Changed { before, after } => {
                push(&mut out, Role::Place, &at, "");
                push(&mut out, Role::Removed, "- ", &shown(before));
                push(&mut out, Role::Added, "+ ", &shown(after));
            }
            Change::Type { before, after } => {
                push(&mut out, Role::Place, &at, " (another type)");
                push(&mut out, Role::Removed, "- ", &shown(before));
                push(&mut out, Role::Added, "+ ", &shown(after));
            }
            Change::Order => push(&mut out, Role::Place, &at, " (the same items in another order)"),
        }
    }
    out
}

fn push(out: &mut Vec<Line>, role: Role, head: &str, tail: &str) {
    out.push(Line { role, text: format!("{head}{tail}") });
}

fn by_line(out: &mut Vec<Line>, before: &str, after: &str) {
    if before.lines().count().max(after.lines().count()) > LINES_MAX {
        push(out, Role::Removed, "- ", &shown(&Value::from(before)));
        return push(out, Role::Added, "+ ", &shown(&Value::from(after)));
    }
    let diff = TextDiff::from_lines(before, after);
    for (at, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if at > 0 {
            push(out, Role::Same, "  …", "");
        }
        for change in group.iter().flat_map(|step| diff.iter_changes(step)) {
            let (role, mark) = match change.tag() {
                ChangeTag::Delete => (Role::Removed, "- "),
                ChangeTag::Insert => (Role::Added, "+ "),
                ChangeTag::Equal => (Role::Same, "  "),
            };
            let line = change.value().trim_end_matches(['\n', '\r']);
            push(out, role, mark, &cut(printable(line).into_owned()));
        }
    }
}

fn shown(value: &Value) -> String {
    cut(printable(&value.to_string()).into_owned())
}

/// The beginning of a text, and how much there is of it.
fn cut(mut text: String) -> String {
    if text.len() > VALUE_BYTES_MAX {
        let bytes = text.len();
        text.truncate(text.floor_char_boundary(VALUE_BYTES_MAX));
        write!(text, "… ({bytes} bytes)").expect("a String takes every write");
    }
    text
}

/// A text in which nothing steers a terminal.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => out.push_str("    "),
            c if c.is_control() => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("a String takes every write");
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}
