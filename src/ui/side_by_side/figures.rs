//! The figures of two calls: a row for each, both values, and how far the second is from the first.
//!
//! Knows nothing of what the messages say.

use ratatui::text::{Line, Span};

use crate::model::{Operation, OperationTokens, State};
use crate::tokens::{Accuracy, ContentKind, Count, NodeId, ValueKind};
use crate::ui::fetched::{Answer, Subject};
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
    // How long nothing came says nothing of how long an answer takes.
    let is_answered = |call: &Operation| matches!(call.state, State::Done(_));
    let waited = |(opened, call): Seen<'_>| is_answered(call).then(|| call.waited_us(opened.now));
    out.push(table.numbers("waited", sides.map(waited), duration));
    let server = |(_, call): Seen<'_>| is_answered(call).then(|| call.responder_us());
    out.push(table.numbers("server", sides.map(server), duration));
    out.push(table.tokens("request", sides.map(|side| request_tokens(side, cx))));
    let answer = |which: fn(OperationTokens) -> u32| {
        sides.map(|(_, call)| {
            call.answer().ok_or(Uncounted::Nothing)?;
            let tokens = call.tokens.ok_or(Uncounted::Yet)?;
            Ok(Count { tokens: u64::from(which(tokens)), accuracy: tokens.accuracy })
        })
    };
    out.push(table.tokens("answer", answer(|tokens| tokens.wire)));
    out.push(table.tokens("for the model", answer(|tokens| tokens.model)));
    let answer_bytes = sides.map(|(_, call)| call.answer().map(|half| u64::from(half.bytes)));
    out.push(table.numbers("answer size", answer_bytes, bytes));
    out
}

/// Why there is no count of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Uncounted {
    /// It will come.
    Yet,
    /// It cannot be counted.
    Failed,
    /// There is no message.
    Nothing,
}

/// What the requests of a call cost. Those of a call without an answer are in no statistics: they are counted for this alone.
fn request_tokens((opened, call): Seen<'_>, cx: &Cx<'_>) -> Result<Count, Uncounted> {
    if let Some(tokens) = call.tokens {
        return Ok(Count { tokens: u64::from(tokens.request), accuracy: tokens.request_accuracy });
    }
    if call.answer().is_some() {
        return Err(Uncounted::Yet);
    }
    let mut all = Count::ZERO;
    for exchange in call.exchanges() {
        let place = exchange.request.place;
        let costs = match cx.attributions.get((opened.id, Subject::Message(place))) {
            Answer::Ready(costs) => costs,
            Answer::Waiting => return Err(Uncounted::Yet),
            Answer::Failed(_) => return Err(Uncounted::Failed),
        };
        let root = costs.node(NodeId::ROOT);
        let member = || costs.children(NodeId::ROOT).nth(usize::from(exchange.request.index));
        let message = if root.kind == ValueKind::Array { member() } else { Some(NodeId::ROOT) };
        let count = costs.count(message.ok_or(Uncounted::Failed)?);
        all += cx.profile.calibrate(ContentKind::Results, count);
    }
    Ok(all)
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

    fn tokens(&self, name: &str, values: [Result<Count, Uncounted>; 2]) -> Line<'static> {
        let text = |count| match count {
            Ok(count) => tokens_words(count),
            Err(Uncounted::Yet) => "not counted yet".to_owned(),
            Err(Uncounted::Failed) => "cannot be counted".to_owned(),
            Err(Uncounted::Nothing) => self.cx.theme.glyphs.none.to_owned(),
        };
        let [before, after] = values;
        let change = match (before, after) {
            // What could not be counted cannot be compared.
            (Ok(before), Ok(after))
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
        format!(", {}", times(ratio))
    } else {
        // Nothing is many times nothing.
        String::new()
    };
    Change { text: format!("{sign}{}{times}", far.trim()), role: Role::Strong }
}

/// A factor, in as many digits as say something.
fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio > 1_000.0 => ">1000x".to_owned(),
        ratio if ratio >= 10.0 => format!("{ratio:.0}x"),
        ratio if ratio < 0.01 => "<0.01x".to_owned(),
        ratio => format!("{ratio:.2}x"),
    }
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
        assert_eq!(words(2, 2_001), "+1,999, >1000x");
        assert_eq!(words(2_000, 2), "-1,998, <0.01x");
    }
}
