//! Two recordings side by side as Markdown: for a pull request, or the summary of a workflow.

use std::fmt::Write as _;

use super::{Report, words};
use crate::cli::markup::cell;
use crate::insight::compare::{ToolComparison, Verdict};
use crate::ui::widgets::number::grouped;

/// The whole report. Ends with a newline.
pub(super) fn document(report: &Report<'_>) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "- A: {}\n- B: {}\n",
        cell(&words::side(&report.before)),
        cell(&words::side(&report.after))
    );
    out.push_str("| tool | calls | errors | p50 | p95 | p99 | tokens | |\n|-|-:|-:|-:|-:|-:|-:|-|\n");
    for tool in &report.comparison.tools {
        let (before, after) = (words::cells(tool.before), words::cells(tool.after));
        let _ = write!(out, "| {}", cell(tool.tool));
        for (before, after) in before.iter().zip(&after) {
            let _ = write!(
                out,
                " | {}",
                if before == after { before.clone() } else { format!("{before} → {after}") }
            );
        }
        let _ = writeln!(out, " | {} |", cell(&verdict(tool)));
    }
    out.push('\n');
    if let Some(drift) = report.comparison.drift.as_ref().filter(|drift| drift.is_some()) {
        let (before, after) = drift.model;
        let _ = writeln!(out, "Definitions: {} → {} tokens\n", grouped(before), grouped(after));
        if drift.instructions.is_some() {
            out.push_str("- changed: the instructions\n");
        }
        for tool in &drift.tools {
            let _ = writeln!(out, "- {}", cell(&words::drifted(tool)));
        }
        out.push('\n');
    }
    let _ = writeln!(out, "Tokens as counted for {}.", cell(report.profile.label));
    out
}

fn verdict(tool: &ToolComparison<'_, '_>) -> String {
    match (tool.before, tool.after) {
        (None, _) => return "new".to_owned(),
        (_, None) => return "gone".to_owned(),
        (Some(_), Some(_)) => {}
    }
    let found = tool.judged.iter().filter(|judged| judged.verdict.is_difference());
    let found: Vec<String> = found.map(words::difference).collect();
    if !found.is_empty() {
        return found.join("; ");
    }
    let is_little = tool.judged.iter().all(|judged| judged.verdict == Verdict::TooFew);
    if is_little { "too few calls to tell" } else { "no difference shown" }.to_owned()
}
