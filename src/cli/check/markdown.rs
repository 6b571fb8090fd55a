//! A check as Markdown: for the summary of a workflow, or a pull request.

use std::fmt::Write as _;

use super::{Report, words};
use crate::cli::markup::cell;
use crate::insight::check::{Outcome, Status};
use crate::ui::widgets::number::counted;

/// The whole report. Ends with a newline.
pub(super) fn document(report: &Report) -> String {
    let (failed, passed) = (report.count(Status::Failed), report.count(Status::Passed));
    let mut out = String::new();
    let verdict = match failed {
        0 => format!("✅ {} kept", counted(passed as u64, "check")),
        _ => format!("❌ {failed} of {} failed", counted((failed + passed) as u64, "check")),
    };
    let _ = writeln!(out, "### {}: {verdict}\n", cell(&report.label));
    let of = |status: Status| report.outcomes.iter().filter(move |outcome| outcome.status == status);
    if failed > 0 {
        table(&mut out, of(Status::Failed));
    }
    for (status, told) in [(Status::Passed, "kept"), (Status::Skipped, "without anything to measure")] {
        let count = of(status).count();
        if count > 0 {
            let _ = writeln!(out, "<details><summary>{count} {told}</summary>\n");
            table(&mut out, of(status));
            out.push_str("</details>\n\n");
        }
    }
    if report.dropped > 0 {
        let _ = writeln!(
            out,
            "{} messages were not observed: what passed in them is in no figure.\n",
            report.dropped
        );
    }
    let _ = writeln!(out, "Tokens as counted for {}.", cell(report.profile.label));
    out
}

fn table<'r>(out: &mut String, outcomes: impl Iterator<Item = &'r Outcome>) {
    out.push_str("| | check | of | found | budget | |\n|-|-|-|-:|-:|-|\n");
    for outcome in outcomes {
        let named = outcome.budget.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            words::mark(outcome.status),
            cell(&format!("{}{named}", outcome.check.title())),
            cell(&words::subject(&outcome.subject)),
            words::found(outcome),
            words::limit(outcome),
            cell(&words::remark(outcome)),
        );
    }
    out.push('\n');
}
