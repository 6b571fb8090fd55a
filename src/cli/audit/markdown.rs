//! An audit as Markdown: for a pull request, or the summary of a workflow.

use std::cmp::Reverse;
use std::fmt::Write as _;

use similar::TextDiff;

use super::audited::{Audited, Known, Report};
use super::text::summary;
use crate::cli::markup::cell;
use crate::insight::audit::{Drift, Fate, ToolDrift};
use crate::tokens::{Count, ToolParts, ToolTokens};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{grouped, percent, signed, tokens_grouped};

/// Tools shown unless all are asked for.
const TOOLS_SHOWN: usize = 30;
/// Places of one finding.
const SPOTS_SHOWN: usize = 5;
/// Lines around a change.
const CONTEXT: usize = 2;

/// The whole report. Ends with a newline.
pub(super) fn document(report: &Report, is_all: bool) -> String {
    let mut out = String::new();
    if report.is_many {
        servers(&mut out, report);
    }
    for (label, known) in report.known() {
        if let Some(drift) = &known.drift {
            drifted(&mut out, label, drift);
        }
    }
    if !report.gone.is_empty() {
        let _ = writeln!(out, "In the baseline, and not audited now: {}.\n", cell(&report.gone.join(", ")));
    }
    for (label, known) in report.known() {
        bill(&mut out, report, label, known, is_all);
        findings(&mut out, known, is_all);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Text as code: no backtick in it ends it.
fn code(text: &str) -> String {
    let text = clip::visible(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("`{text}`") } else { format!("{fence} {text} {fence}") }
}

fn servers(out: &mut String, report: &Report) {
    let total = report.total();
    let _ = writeln!(
        out,
        "## {} tokens in every request, {}\n\n| server | tools | model | window | wire | findings |\n|---|--:|--:|--:|--:|---|",
        tokens_grouped(total.model),
        report.weight(total.model.tokens),
    );
    let mut servers: Vec<&Audited> = report.servers.iter().collect();
    servers.sort_by_key(|server| {
        Reverse(server.outcome.as_ref().ok().map(|known| known.bill.total().model.tokens))
    });
    for server in servers {
        match &server.outcome {
            Ok(known) => {
                let total = known.bill.total();
                let _ = writeln!(
                    out,
                    "| {} | {} | {} | {} | {} | {} |",
                    cell(&server.label),
                    known.bill.tools.len(),
                    tokens_grouped(total.model),
                    percent(total.model.tokens, report.window_tokens),
                    tokens_grouped(total.wire),
                    summary(known),
                );
            }
            Err(why) => {
                let why = why.lines().next().unwrap_or_default();
                let _ = writeln!(out, "| {} | | | | | failed: {} |", cell(&server.label), cell(why));
            }
        }
    }
    out.push('\n');
}

fn bill(out: &mut String, report: &Report, label: &str, known: &Known, is_all: bool) {
    let (offer, bill) = (&known.offer, &known.bill);
    let total = bill.total();
    let server = format!("{} {}", offer.server.name, offer.server.version);
    let about: Vec<String> =
        [server.trim(), &*offer.revision].into_iter().filter(|text| !text.is_empty()).map(cell).collect();
    let _ = writeln!(
        out,
        "## {}\n\n{}\n\n**{}** tokens in every request, {}; {} on the wire. Counted for {}; parts are on the wire.\n",
        cell(label),
        about.join(" · "),
        tokens_grouped(total.model),
        report.weight(total.model.tokens),
        tokens_grouped(total.wire),
        report.profile.label,
    );
    out.push_str("| tool | model | wire | name | description | input | output | annotations | rest |\n");
    out.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    let mut tools: Vec<&ToolTokens> = bill.tools.iter().collect();
    tools.sort_by_key(|tool| Reverse((tool.model.tokens, tool.wire.tokens)));
    let shown = if is_all { tools.len() } else { TOOLS_SHOWN };
    for tool in tools.iter().take(shown) {
        row(out, &code(&tool.name), (tool.model, tool.wire), tool.parts);
    }
    if tools.len() > shown {
        let _ = writeln!(out, "| and {} more | | | | | | | | |", tools.len() - shown);
    }
    let all = bill.all_tools();
    row(out, "**all tools**", (all.model, all.wire), bill.all_parts());
    let mut line = |name: &str, model: &str, wire: Count| {
        let _ = writeln!(out, "| {name} | {model} | {} | | | | | | |", tokens_grouped(wire));
    };
    if offer.instructions.is_some() {
        line("instructions", &tokens_grouped(bill.instructions.model), bill.instructions.wire);
    }
    for (name, items) in
        [("prompts", &bill.prompts), ("resources", &bill.resources), ("templates", &bill.templates)]
    {
        if !items.is_empty() {
            line(&format!("{} {name}", items.len()), "", items.iter().copied().sum());
        }
    }
    out.push('\n');
    for missing in &offer.missing {
        let _ = writeln!(out, "Not listed: {}\n", cell(missing));
    }
}

fn row(out: &mut String, name: &str, (model, wire): (Count, Count), parts: ToolParts) {
    let ToolParts { name: of_name, description, input_schema, output_schema, annotations, other } = parts;
    let _ = write!(out, "| {name} | {} | {} |", tokens_grouped(model), tokens_grouped(wire));
    for part in [of_name, description, input_schema, output_schema, annotations, other] {
        let _ = write!(out, " {} |", if part == Count::ZERO { String::new() } else { tokens_grouped(part) });
    }
    out.push('\n');
}

fn findings(out: &mut String, known: &Known, is_all: bool) {
    if known.findings.is_empty() {
        out.push_str("No findings.\n\n");
        return;
    }
    let _ = writeln!(out, "### Findings: {}\n", summary(known));
    for finding in &known.findings {
        let rule = finding.rule;
        let shown = if is_all { finding.spots.len() } else { SPOTS_SHOWN };
        let spots = finding.spots.iter().take(shown).filter_map(|spot| {
            let detail = (!spot.detail.is_empty()).then(|| code(&spot.detail));
            match (spot.tool.as_deref().map(code), detail) {
                (None, None) => None,
                (Some(tool), Some(detail)) => Some(format!("{tool}: {detail}")),
                (Some(one), None) | (None, Some(one)) => Some(one),
            }
        });
        let mut spots: Vec<String> = spots.collect();
        if finding.spots.len() > shown {
            spots.push(format!("and {} more", finding.spots.len() - shown));
        }
        let spots = if spots.is_empty() { String::new() } else { format!(" {}.", spots.join("; ")) };
        let (sentence, remedy) = (cell(rule.sentence), cell(rule.remedy));
        let _ =
            writeln!(out, "- **{}** `{}`: {sentence}{spots}\n  → {remedy}", rule.severity.as_str(), rule.id);
    }
    out.push('\n');
}

fn drifted(out: &mut String, label: &str, drift: &Drift) {
    let verdict = match (drift.is_some(), drift.is_unapproved()) {
        (false, _) => "nothing has changed",
        (true, false) => "nothing that needs approval",
        (true, true) => "**changes that nobody has approved**",
    };
    let _ = writeln!(out, "## {} against the baseline: {verdict}\n", cell(label));
    if !drift.is_some() {
        return;
    }
    let _ = writeln!(out, "Tokens {}; on the wire {}.\n", change(drift.model), change(drift.wire));
    if let Some((before, after)) = &drift.instructions {
        out.push_str("### The instructions changed\n\n");
        difference(out, before, after);
    }
    for tool in &drift.tools {
        of_tool(out, tool);
    }
}

fn of_tool(out: &mut String, drift: &ToolDrift) {
    let word = match &drift.fate {
        Fate::Changed(_) => "changed",
        Fate::Added(_) => "added",
        Fate::Removed => "removed",
        Fate::Recounted => "the same in other bytes",
    };
    let _ = writeln!(
        out,
        "### {}: {word}\n\nTokens {}; on the wire {}.\n",
        code(&drift.tool),
        change(drift.model),
        change(drift.wire)
    );
    match &drift.fate {
        Fate::Changed(changes) => {
            for change in changes {
                let _ = writeln!(out, "{}:\n", change.part.label());
                difference(out, &change.before, &change.after);
            }
        }
        Fate::Added(description) => difference(out, "", description),
        Fate::Removed | Fate::Recounted => {}
    }
}

fn change((before, after): (u64, u64)) -> String {
    let more = i64::try_from(after).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or(i64::MAX);
    let sign = if more > 0 { "+" } else { "" };
    format!("{} → {} ({sign}{})", grouped(before), grouped(after), signed(more, grouped))
}

/// A fenced difference, whose fence nothing in it can end.
fn difference(out: &mut String, before: &str, after: &str) {
    let (before, after) = (format!("{before}\n"), format!("{after}\n"));
    let diff = TextDiff::from_lines(&before, &after);
    let mut text = String::new();
    for change in diff.grouped_ops(CONTEXT).iter().flatten().flat_map(|op| diff.iter_changes(op)) {
        let line = clip::visible(change.value().trim_end_matches(['\n', '\r'])).into_owned();
        let _ = writeln!(text, "{}{line}", change.tag());
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}diff\n{text}{fence}\n");
}
