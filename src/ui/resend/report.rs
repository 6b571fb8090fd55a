//! What came of a call that was sent again, as lines: how it ended, then and now side by side, what differs, the answer.
//!
//! Knows nothing of keys.

use ratatui::text::{Line, Span};

use super::errand::{End, Report};
use super::text::pieces;
use crate::insight::difference::Role as Of;
use crate::insight::resend::{Answered, Comparison};
use crate::model::{Outcome, State};
use crate::tokens::Count;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::clip;
use crate::ui::widgets::json::lines::written_out;
use crate::ui::widgets::number::{bytes, counted, duration, grouped, signed, tokens_grouped};
use crate::ui::widgets::wrap::wrapped;

/// Cells of the names of figures, and of a side.
const NAME: usize = 15;
const SIDE: usize = 22;
/// Lines of the answer that are shown; the new session has all of it.
const ANSWER_LINES_MAX: usize = 500;
/// Lines of what the server said to people.
const SAID_LINES_MAX: usize = 20;

/// The lines, for so many cells.
pub(super) fn lines(report: &Report, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = ending(report, theme, width);
    let style = |role| theme.style(role);
    if report.end != End::Answered && !report.said.is_empty() {
        lines.push(Line::default());
        lines.push(Line::styled(" What it wrote to standard error", style(Role::Heading)));
        let said: Vec<&str> = report.said.lines().collect();
        for line in &said[said.len().saturating_sub(SAID_LINES_MAX)..] {
            for part in wrapped(&clip::visible(&without_colours(line)), width.saturating_sub(3)) {
                lines.push(Line::styled(format!("   {part}"), style(Role::Text)));
            }
        }
    }
    if let Some(now) = &report.now {
        lines.push(Line::default());
        lines.extend(figures(&report.then, now, theme));
    }
    compared("What was asked", "as it was", &report.asked, &mut lines, theme, width);
    compared("What was answered", "the same", &report.answered, &mut lines, theme, width);
    if let Some(answer) = &report.answer {
        lines.push(Line::default());
        lines.push(Line::styled(" The new answer", style(Role::Heading)));
        let written = written_out(answer.as_bytes());
        for line in written.lines().take(ANSWER_LINES_MAX) {
            lines.push(coloured(line, theme, width));
        }
        let more = written.lines().count().saturating_sub(ANSWER_LINES_MAX) as u64;
        if more > 0 {
            let text = format!("   {} lines more: o opens the new session", grouped(more));
            lines.push(Line::styled(text, style(Role::Dim)));
        }
    }
    lines
}

/// A line without the sequences that colour it (`ESC [ … m`), which would be noise here.
fn without_colours(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &after[end + 1..]);
    }
    out.push_str(rest);
    out
}

fn coloured(line: &str, theme: &Theme, width: usize) -> Line<'static> {
    let line = clip::end(line, width.saturating_sub(3));
    let line = clip::visible(&line);
    let spans =
        pieces(&line).into_iter().map(|(text, role)| Span::styled(text.to_owned(), theme.style(role)));
    Line::from(std::iter::once(Span::raw("   ")).chain(spans).collect::<Vec<_>>())
}

/// How it ended.
fn ending(report: &Report, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let glyphs = &theme.glyphs;
    let state = report.now.as_ref().map(|now| now.state);
    let (glyph, role, text) = match (&report.end, state) {
        (End::Answered, Some(State::Done(Outcome::Ok))) => {
            let same = match report.answered {
                Comparison::Same => ": the same as then",
                Comparison::Differs { .. } => ": not the same as then",
                Comparison::None => "",
            };
            (glyphs.ok, Role::Good, format!("The server answered{same}"))
        }
        (End::Answered, Some(State::Done(_))) => {
            (glyphs.error, Role::Bad, "The server answered with an error".to_owned())
        }
        (End::Answered, _) => (
            glyphs.warn,
            Role::Warn,
            "The server answered; the answer was too long to be looked at".to_owned(),
        ),
        (End::Silent, _) => {
            (glyphs.error, Role::Bad, "No answer within 60 seconds: the call was taken back".to_owned())
        }
        (End::Lost, _) => (glyphs.error, Role::Bad, "The server ended before it answered".to_owned()),
        (End::Failed(why), _) => (glyphs.error, Role::Bad, why.to_string()),
        (End::GivenUp, _) => (glyphs.cancelled, Role::Void, "The call was taken back".to_owned()),
    };
    let all = wrapped(&clip::visible(&text), width.saturating_sub(4)).enumerate();
    let line = |(number, line): (usize, String)| {
        Line::styled(format!(" {} {line}", if number == 0 { glyph } else { " " }), theme.style(role))
    };
    all.map(line).collect()
}

/// The figures, then and now.
fn figures(then: &Answered, now: &Answered, theme: &Theme) -> Vec<Line<'static>> {
    let row = |name: &str, sides: [String; 2], change: String| {
        Line::from(vec![
            Span::styled(format!(" {name:<NAME$}"), theme.style(Role::Dim)),
            Span::styled(cell(&sides[0]), theme.style(Role::Text)),
            Span::styled(cell(&sides[1]), theme.style(Role::Strong)),
            Span::styled(change, theme.style(Role::Dim)),
        ])
    };
    let none = || theme.glyphs.none.to_owned();
    let time = |side: &Answered| side.took_us.map_or_else(none, duration);
    let count =
        |count: Option<Count>| count.map_or_else(none, |count| format!("{} tokens", tokens_grouped(count)));
    let change = |then: Option<u64>, now: Option<u64>, text: fn(u64) -> String| {
        then.zip(now).map_or_else(String::new, |(then, now)| changed(then, now, text))
    };
    let of = |count: Option<Count>| count.map(|count| count.tokens);
    let mut lines = vec![
        Line::from(vec![
            Span::raw(format!(" {:<NAME$}", "")),
            Span::styled(format!("{:<SIDE$}{:<SIDE$}", "then", "now"), theme.style(Role::Heading)),
        ]),
        row("outcome", [outcome(then, theme), outcome(now, theme)], String::new()),
        row("server took", [time(then), time(now)], change(then.took_us, now.took_us, duration)),
        row("answer", [count(then.wire), count(now.wire)], change(of(then.wire), of(now.wire), grouped)),
        row(
            "for the model",
            [count(then.model), count(now.model)],
            change(of(then.model), of(now.model), grouped),
        ),
        row(
            "answer size",
            [then.bytes.map_or_else(none, bytes), now.bytes.map_or_else(none, bytes)],
            change(then.bytes, now.bytes, bytes),
        ),
    ];
    if then.is_cold {
        lines.push(remark("The time then holds the server's start: it was the first request.", theme));
    }
    if then.is_by_rule {
        lines.push(remark("The answer then came from a rule; this time no rules act.", theme));
    }
    lines
}

fn remark(text: &str, theme: &Theme) -> Line<'static> {
    Line::styled(format!(" {text}"), theme.style(Role::Dim))
}

/// A text in the room of a side.
fn cell(text: &str) -> String {
    let text = clip::end(text, SIDE - 1);
    let pad = SIDE.saturating_sub(clip::width(&text));
    format!("{text}{}", " ".repeat(pad))
}

/// `+12 ms, 1.30x`, or that it is the same.
fn changed(then: u64, now: u64, text: fn(u64) -> String) -> String {
    if then == now {
        return "the same".to_owned();
    }
    let by = i64::try_from(now).unwrap_or(i64::MAX) - i64::try_from(then).unwrap_or(i64::MAX);
    let sign = if by > 0 { "+" } else { "" };
    let ratio = if then > 0 { format!(", {:.2}x", now as f64 / then as f64) } else { String::new() };
    format!("{sign}{}{ratio}", signed(by, text))
}

fn outcome(side: &Answered, theme: &Theme) -> String {
    let glyphs = &theme.glyphs;
    match side.state {
        State::Done(Outcome::Ok) => format!("{} ok", glyphs.ok),
        State::Done(Outcome::ToolError) => format!("{} tool error", glyphs.error),
        State::Done(Outcome::ProtocolError { code }) => format!("{} error {code}", glyphs.error),
        State::Done(Outcome::HttpError { status }) => format!("{} HTTP {status}", glyphs.error),
        State::Cancelled { .. } => format!("{} cancelled", glyphs.cancelled),
        State::Pending => format!("{} pending", glyphs.pending),
        State::Abandoned => format!("{} never answered", glyphs.abandoned),
        State::Unknown => format!("{} answer not seen", glyphs.abandoned),
    }
}

fn compared(
    title: &str,
    same: &str,
    comparison: &Comparison,
    lines: &mut Vec<Line<'static>>,
    theme: &Theme,
    width: usize,
) {
    let (words, found) = match comparison {
        Comparison::None => return,
        Comparison::Same => (same.to_owned(), &[][..]),
        Comparison::Differs { count, lines } => (counted(*count as u64, "difference"), &lines[..]),
    };
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled(format!(" {title}: "), theme.style(Role::Heading)),
        Span::styled(words, theme.style(Role::Text)),
    ]));
    for line in found {
        let role = match line.role {
            Of::Place => Role::Accent,
            Of::Removed => Role::Removed,
            Of::Added => Role::Added,
            Of::Same => Role::Dim,
        };
        let text = clip::end(&line.text, width.saturating_sub(4)).into_owned();
        lines.push(Line::styled(format!("   {text}"), theme.style(role)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_in_colour_is_told_without() {
        assert_eq!(without_colours("\u{1b}[1;31mno\u{1b}[0m way\u{1b}["), "no way");
    }

    #[test]
    fn a_change_is_told_as_a_difference_and_a_ratio() {
        assert_eq!(changed(100, 100, grouped), "the same");
        assert_eq!(changed(100, 150, grouped), "+50, 1.50x");
        assert_eq!(changed(1_000_000, 10_000, duration), "-990 ms, 0.01x");
        assert_eq!(changed(0, 7, grouped), "+7");
    }
}
