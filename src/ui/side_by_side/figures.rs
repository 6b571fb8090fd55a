//! The figures of two calls: a row for each, both values, and how far the second is from the first.
//!
//! Knows nothing of what the messages say.

use ratatui::text::{Line, Span};

use crate::model::Operation;
use crate::tokens::{Accuracy, Count};
use crate::ui::panels::{Cx, Opened, marks};
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{bytes, duration, grouped, moment, tokens_grouped};

/// Cells of a row's name, and of what has changed.
const NAME_CELLS: usize = 14;
const CHANGE_CELLS: usize = 18;
/// Cells of a value, at least and at most.
const VALUE_CELLS: (usize, usize) = (12, 44);

/// A call with its session.
pub(super) type Seen<'a> = (&'a Opened<'a>, &'a Operation);

/// How two values of a row stand to each other.
struct Change {
    text: String,
    role: Role,
}

/// The heading and every row.
pub(super) fn lines(sides: [Seen<'_>; 2], width: usize, cx: &Cx<'_>) -> Vec<Line<'static>> {
    let cells = (width.saturating_sub(NAME_CELLS + CHANGE_CELLS + 6) / 2).clamp(VALUE_CELLS.0, VALUE_CELLS.1);
    let table = Table { cells, cx };
    let [first, second] = sides;
    let none = || Change { text: String::new(), role: Role::Dim };
    let mut out = vec![table.row(
        "",
        ["A: picked", "B: selected"],
        Change { text: "B to A".into(), role: Role::Heading },
        Role::Heading,
    )];
    let mut plain = |name, values: [String; 2]| {
        out.push(table.row(name, [&values[0], &values[1]], none(), Role::Text));
    };
    plain("call", [name(first), name(second)]);
    plain("session", sides.map(|(opened, _)| clip::visible(&opened.session.header.label).into_owned()));
    let dot = cx.theme.glyphs.dot;
    plain(
        "id",
        sides.map(|(_, call)| {
            format!("{} {dot} at {}", clip::visible(call.id().as_str()), moment(call.started().0))
        }),
    );
    plain(
        "outcome",
        sides.map(|(_, call)| {
            let mark = marks::state(call, &cx.theme.glyphs);
            format!("{} {}", mark.glyph, mark.word)
        }),
    );
    out.push(table.latency("waited", sides.map(|(opened, call)| Some(call.waited_us(opened.now)))));
    out.push(table.latency("server", sides.map(|(_, call)| call.answer().map(|_| call.responder_us()))));
    let tokens = sides.map(|(_, call)| call.tokens);
    let count = |tokens: u32, accuracy| Count { tokens: u64::from(tokens), accuracy };
    out.push(table.tokens("request", tokens.map(|t| t.map(|t| count(t.request, t.request_accuracy)))));
    out.push(table.tokens("answer", tokens.map(|t| t.map(|t| count(t.wire, t.accuracy)))));
    out.push(table.tokens("for the model", tokens.map(|t| t.map(|t| count(t.model, t.accuracy)))));
    let answer_bytes = sides.map(|(_, call)| call.answer().map(|half| u64::from(half.bytes)));
    out.push(table.numbers("answer size", answer_bytes, bytes));
    out
}

/// The tool, or the method and what it is about.
fn name((opened, call): Seen<'_>) -> String {
    let (method, target) = (opened.session.name(call.method), opened.session.name(call.target));
    let text = match (method, target) {
        (method, "") => method.to_owned(),
        ("tools/call", tool) => tool.to_owned(),
        (method, target) => format!("{method} {target}"),
    };
    clip::visible(&text).into_owned()
}

struct Table<'c> {
    cells: usize,
    cx: &'c Cx<'c>,
}

impl Table<'_> {
    fn row(&self, name: &str, values: [&str; 2], change: Change, role: Role) -> Line<'static> {
        let style = |role| self.cx.theme.style(role);
        let cell = |text: &str| padded(&clip::middle(text, self.cells), self.cells + 2);
        Line::from(vec![
            Span::styled(padded(name, NAME_CELLS), style(Role::Dim)),
            Span::styled(cell(values[0]), style(role)),
            Span::styled(cell(values[1]), style(role)),
            Span::styled(change.text, style(change.role)),
        ])
    }

    fn latency(&self, name: &str, values: [Option<u64>; 2]) -> Line<'static> {
        self.numbers(name, values, duration)
    }

    fn tokens(&self, name: &str, values: [Option<Count>; 2]) -> Line<'static> {
        let text = |count: Option<Count>| count.map_or_else(|| "not counted".to_owned(), tokens_words);
        let [before, after] = values;
        let change = match before.zip(after) {
            // What could not be counted cannot be compared.
            Some((before, after))
                if [before, after].iter().all(|count| count.accuracy != Accuracy::Failed) =>
            {
                change(before.tokens, after.tokens, grouped)
            }
            _ => Change { text: String::new(), role: Role::Dim },
        };
        self.row(name, [&text(before), &text(after)], change, Role::Text)
    }

    fn numbers(&self, name: &str, values: [Option<u64>; 2], text: fn(u64) -> String) -> Line<'static> {
        let shown = values.map(|value| value.map_or_else(|| self.cx.theme.glyphs.none.to_owned(), text));
        let none = Change { text: String::new(), role: Role::Dim };
        let change = values[0].zip(values[1]).map_or(none, |(before, after)| change(before, after, text));
        self.row(name, [&shown[0], &shown[1]], change, Role::Text)
    }
}

fn tokens_words(count: Count) -> String {
    format!("{} tokens", tokens_grouped(count))
}

/// How far the second is from the first, and how many times it. One call proves nothing, so no colour judges.
fn change(before: u64, after: u64, text: fn(u64) -> String) -> Change {
    let sign = match after.cmp(&before) {
        std::cmp::Ordering::Equal => return Change { text: "the same".to_owned(), role: Role::Dim },
        std::cmp::Ordering::Less => '-',
        std::cmp::Ordering::Greater => '+',
    };
    let far = text(after.abs_diff(before));
    let times = if before > 0 && after > 0 {
        let ratio = after as f64 / before as f64;
        let digits = if ratio < 10.0 { 2 } else { 0 };
        format!(", {ratio:.digits$}x")
    } else {
        // Nothing is many times nothing.
        String::new()
    };
    Change { text: format!("{sign}{}{times}", far.trim()), role: Role::Strong }
}

fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(clip::width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_how_far_and_how_many_times() {
        let words = |before, after| change(before, after, grouped).text;
        assert_eq!(words(100, 150), "+50, 1.50x");
        assert_eq!(words(150, 100), "-50, 0.67x");
        assert_eq!(words(7, 7), "the same");
        assert_eq!(words(0, 3), "+3", "nothing is many times nothing");
        assert_eq!(words(2, 2_000), "+1,998, 1000x");
    }
}
