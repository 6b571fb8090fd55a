//! The outcome of a check in words, for every form that people read.

use crate::insight::check::{Amount, Check, Origin, Outcome, Status, Subject};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{duration, grouped, probability};

/// An amount as people read it.
pub(super) fn amount(amount: Amount) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and a float cast saturates"
    )]
    let whole = |number: f64| number.round() as u64;
    match amount {
        Amount::Micros(us) => duration(whole(us)),
        Amount::Tokens(tokens) if tokens.fract() > 0.0 && tokens < 1_000.0 => format!("{tokens:.1}"),
        Amount::Tokens(tokens) => grouped(whole(tokens)),
        Amount::Share(share) => format!("{} %", trimmed(share * 100.0)),
        Amount::Count(count) => grouped(count),
    }
}

/// Two digits behind the point, without zeros at the end.
fn trimmed(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The bound, or what it was in the baseline.
pub(super) fn limit(outcome: &Outcome) -> String {
    let Some(limit) = outcome.limit else { return String::new() };
    match (outcome.origin, outcome.check.is_at_least()) {
        (Origin::Baseline, _) => format!("was {}", amount(limit)),
        (_, true) => format!("≥ {}", amount(limit)),
        (_, false) => format!("≤ {}", amount(limit)),
    }
}

/// What was found.
pub(super) fn found(outcome: &Outcome) -> String {
    match outcome.check {
        Check::ExpectedTool | Check::ForbiddenTool | Check::ToolGone => String::new(),
        _ => outcome.found.map_or_else(|| "-".to_owned(), amount),
    }
}

/// What it is about.
pub(super) fn subject(subject: &Subject) -> String {
    subject.name().map_or_else(|| "session".to_owned(), |name| clip::visible(name).into_owned())
}

/// The mark of a status.
pub(super) fn mark(status: Status) -> &'static str {
    match status {
        Status::Passed => "✓",
        Status::Failed => "✗",
        Status::Skipped => "–",
    }
}

/// What numbers do not say; of a test how certain it is.
pub(super) fn remark(outcome: &Outcome) -> String {
    match outcome.p {
        Some(p) if outcome.status == Status::Failed => probability(p),
        _ => outcome.why.clone(),
    }
}

/// All of it in one sentence.
pub(super) fn sentence(outcome: &Outcome) -> String {
    let of = match &outcome.subject {
        Subject::Session => String::new(),
        Subject::Tool(name) | Subject::Method(name) => format!(" of {}", clip::visible(name)),
    };
    let named = outcome.budget.as_ref().map(|name| format!(" ({})", clip::visible(name))).unwrap_or_default();
    let title = outcome.check.title();
    let mut text = match (outcome.found, outcome.limit) {
        (Some(found), Some(limit)) => {
            let bound = match (outcome.origin, outcome.check.is_at_least()) {
                (Origin::Baseline, _) => "in the baseline it was",
                (_, true) => "the budget is at least",
                (_, false) => "the budget is at most",
            };
            format!("{title}{of}: {}; {bound} {}{named}", amount(found), amount(limit))
        }
        // The tool is all there is to be said of it.
        _ => format!("{title}{}{named}", of.trim_start_matches(" of")),
    };
    let remark = remark(outcome);
    if !remark.is_empty() {
        text.push_str(if outcome.found.is_some() { ", " } else { ": " });
        text.push_str(&remark);
    }
    text
}
