//! A check for programs.

use serde_json::{Value, json};

use super::Report;
use crate::insight::check::{Amount, Outcome, Status, Subject};

/// The whole report.
pub(super) fn document(report: &Report) -> Value {
    json!({
        "session": report.session,
        "label": report.label,
        "file": report.file.display().to_string(),
        "budgets": report.budgets.as_ref().map(|(path, _)| path.display().to_string()),
        "baseline": report.baseline.as_ref().map(|path| path.display().to_string()),
        "profile": report.profile.id,
        "dropped_messages": report.dropped,
        "passed": report.count(Status::Passed),
        "failed": report.count(Status::Failed),
        "skipped": report.count(Status::Skipped),
        "checks": report.outcomes.iter().map(|outcome| of(report, outcome)).collect::<Vec<_>>(),
    })
}

fn of(report: &Report, outcome: &Outcome) -> Value {
    let (tool, method) = match &outcome.subject {
        Subject::Session => (None, None),
        Subject::Tool(name) => (Some(name), None),
        Subject::Method(name) => (None, Some(name)),
    };
    json!({
        "check": outcome.check.id(),
        "status": match outcome.status {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
        },
        "tool": tool,
        "method": method,
        "budget": outcome.budget,
        "line": report.place(outcome).map(|(_, place)| place.line),
        "unit": outcome.found.or(outcome.limit).map(Amount::unit),
        "found": outcome.found.map(number),
        "limit": outcome.limit.map(number),
        "is_at_least": outcome.check.is_at_least(),
        "p": outcome.p,
        "why": (!outcome.why.is_empty()).then_some(&outcome.why),
    })
}

/// Whole numbers without a point.
fn number(amount: Amount) -> Value {
    let number = amount.number();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and in range")]
    if number.fract() == 0.0 && (0.0..9e15).contains(&number) { json!(number as u64) } else { json!(number) }
}
