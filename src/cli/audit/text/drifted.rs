//! What a server says otherwise than when it was approved of, with the text that changed.

use similar::{ChangeTag, TextDiff};

use super::{Style, counted};
use crate::cli::audit::audited::Report;
use crate::cli::layout::{paragraph, push_line};
use crate::insight::audit::{Change, Drift, Fate, Severity, ToolDrift};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{grouped, signed};

/// Lines of one difference shown without `--all`.
const LINES_SHOWN: usize = 40;
/// Lines around a change.
const CONTEXT: usize = 2;

pub(super) fn write(out: &mut String, label: &str, drift: &Drift, style: Style) {
    if !out.is_empty() {
        out.push('\n');
    }
    let title = style.ink.bold(&format!("{label} against the baseline"));
    if !drift.is_some() {
        push_line(out, &format!("{title}: nothing has changed"), 0);
        return;
    }
    let unapproved = drift.tools.iter().filter(|tool| tool.is_unapproved()).count()
        + usize::from(drift.instructions.is_some());
    let words = match unapproved {
        0 => "nothing that needs approval".to_owned(),
        count => style.ink.severity(
            Severity::Error,
            &format!("{} that nobody has approved", counted(count, "change", "changes")),
        ),
    };
    push_line(out, &format!("{title}: {words}"), 0);
    push_line(out, &format!("tokens {}, on the wire {}", change(drift.model), change(drift.wire)), 2);
    if let Some((before, after)) = &drift.instructions {
        out.push('\n');
        push_line(out, &style.ink.severity(Severity::Error, "the instructions changed"), 0);
        difference(out, before, after, style);
    }
    for tool in &drift.tools {
        of_tool(out, tool, style);
    }
}

/// Servers that were approved of and are not there.
pub(super) fn gone(out: &mut String, report: &Report, style: Style) {
    if !report.gone.is_empty() {
        let names = report.gone.join(", ");
        out.push('\n');
        paragraph(out, &format!("In the baseline, and not audited now: {names}."), 0, style.columns);
    }
}

fn change((before, after): (u64, u64)) -> String {
    let more = i64::try_from(after).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX);
    let sign = if more > 0 { "+" } else { "" };
    format!("{} → {} ({sign}{})", grouped(before), grouped(after), signed(more, grouped))
}

fn of_tool(out: &mut String, drift: &ToolDrift, style: Style) {
    let name = style.ink.bold(&clip::visible(&drift.tool));
    let cost = format!("tokens {}, on the wire {}", change(drift.model), change(drift.wire));
    out.push('\n');
    match &drift.fate {
        Fate::Changed(changes) => {
            let parts: Vec<&str> = changes.iter().map(|change| change.part.label()).collect();
            let severity = if drift.is_unapproved() { Severity::Error } else { Severity::Note };
            let word = style.ink.severity(severity, "changed");
            push_line(out, &format!("{word} {name}: {}", parts.join(", ")), 0);
            push_line(out, &cost, 2);
            for Change { part, before, after } in changes {
                push_line(out, &style.ink.dim(part.label()), 2);
                difference(out, before, after, style);
            }
        }
        Fate::Added(description) => {
            push_line(out, &format!("{} {name}", style.ink.severity(Severity::Error, "added")), 0);
            push_line(out, &cost, 2);
            difference(out, "", description, style);
        }
        Fate::Removed => {
            push_line(out, &format!("{} {name}", style.ink.severity(Severity::Note, "removed")), 0);
            push_line(out, &cost, 2);
        }
        Fate::Recounted => {
            push_line(out, &format!("{} {name}: the same in other bytes", style.ink.dim("recounted")), 0);
            push_line(out, &cost, 2);
        }
    }
}

/// Long lines with a sentence on each, so that a changed word is not a changed page.
fn by_sentence(text: &str) -> String {
    let line = |line: &str| {
        if line.len() > SENTENCES_FROM { line.replace(". ", ".\n") } else { line.to_owned() }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Lines longer than this are broken.
const SENTENCES_FROM: usize = 80;

/// The lines that are gone and that came, with some around them. Nothing in them reaches the terminal but text.
fn difference(out: &mut String, before: &str, after: &str, style: Style) {
    let (before, after) = (by_sentence(before), by_sentence(after));
    let diff = TextDiff::from_lines(&before, &after);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if at > 0 {
            lines.push(style.ink.dim("  …"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = clip::visible(change.value().trim_end_matches(['\n', '\r'])).into_owned();
            lines.push(match change.tag() {
                ChangeTag::Equal => format!("  {text}"),
                ChangeTag::Delete => style.ink.gone(&format!("- {text}")),
                ChangeTag::Insert => style.ink.came(&format!("+ {text}")),
            });
        }
    }
    let shown = if style.is_all { lines.len() } else { LINES_SHOWN };
    for line in lines.iter().take(shown) {
        push_line(out, line, 4);
    }
    if lines.len() > shown {
        push_line(out, &style.ink.dim(&format!("… and {} lines more (--all)", lines.len() - shown)), 4);
    }
}
