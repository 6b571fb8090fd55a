//! Two recordings side by side, for people.

use super::{Report, words};
use crate::cli::layout::{paragraph, push_line};
use crate::insight::compare::{ToolComparison, Verdict};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::grouped;

/// Columns of a name; longer ones are cut in the middle.
const NAME_COLUMNS: usize = 24;

/// The whole report. Ends with a newline.
pub(super) fn table(report: &Report<'_>, columns: usize) -> String {
    let mut out = String::new();
    paragraph(&mut out, &format!("A: {}", words::side(&report.before)), 0, columns);
    paragraph(&mut out, &format!("B: {}", words::side(&report.after)), 0, columns);
    let told = format!(
        "Tokens as counted for {}. Where nothing is said of a tool, no difference is shown.",
        report.profile.label
    );
    paragraph(&mut out, &told, 0, columns);
    out.push('\n');
    line(&mut out, "", " ", &["calls", "errors", "p50", "p95", "p99", "tokens"].map(str::to_owned));
    let called = |tool: &&ToolComparison<'_, '_>| {
        [tool.before, tool.after].into_iter().flatten().any(|row| row.sums.calls > 0)
    };
    for tool in report.comparison.tools.iter().filter(called) {
        line(&mut out, tool.tool, "A", &words::cells(tool.before));
        line(&mut out, "", "B", &words::cells(tool.after));
        verdicts(&mut out, tool, columns);
    }
    drift(&mut out, report, columns);
    if !report.comparison.is_different() {
        out.push('\n');
        push_line(&mut out, "No difference is shown.", 0);
    }
    out
}

fn line(out: &mut String, name: &str, side: &str, figures: &[String; 6]) {
    let name = clip::visible(name);
    let shown = clip::middle(&name, NAME_COLUMNS);
    let room = " ".repeat(NAME_COLUMNS - clip::width(&shown));
    let [calls, errors, median, high, highest, tokens] = figures;
    let text =
        format!("{shown}{room} {side} {calls:>7} {errors:>7} {median:>8} {high:>8} {highest:>8} {tokens:>8}");
    push_line(out, text.trim_end(), 0);
}

fn verdicts(out: &mut String, tool: &ToolComparison<'_, '_>, columns: usize) {
    for judged in tool.judged.iter().filter(|judged| judged.verdict.is_difference()) {
        paragraph(out, &words::difference(judged), 4, columns);
    }
    if !tool.judged.is_empty() && tool.judged.iter().all(|judged| judged.verdict == Verdict::TooFew) {
        push_line(out, "too few calls to tell", 4);
    }
}

fn drift(out: &mut String, report: &Report<'_>, columns: usize) {
    out.push('\n');
    let Some(drift) = &report.comparison.drift else {
        return push_line(out, "Tools were not listed in both sessions: definitions are not compared.", 0);
    };
    let (before, after) = drift.model;
    if !drift.is_some() {
        return push_line(out, &format!("Definitions are the same: {} tokens.", grouped(before)), 0);
    }
    push_line(out, &format!("Definitions: {} → {} tokens", grouped(before), grouped(after)), 0);
    if drift.instructions.is_some() {
        push_line(out, "changed: the instructions", 2);
    }
    for tool in &drift.tools {
        paragraph(out, &words::drifted(tool), 2, columns);
    }
}
