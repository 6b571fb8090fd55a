//! A check as a table, for people.

use super::{Report, words};
use crate::cli::layout::{paragraph, push_line};
use crate::insight::check::{Origin, Outcome, Status};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::counted;

/// Columns of the name of a check, of its subject, and of a figure.
const CHECK_COLUMNS: usize = 16;
const SUBJECT_COLUMNS: usize = 24;
const FIGURE_COLUMNS: usize = 12;

/// The whole report. Ends with a newline.
pub(super) fn table(report: &Report, columns: usize) -> String {
    let mut out = String::new();
    paragraph(&mut out, &head(report), 0, columns);
    if report.dropped > 0 {
        let text =
            format!("{} messages were not observed: what passed in them is in no figure.", report.dropped);
        paragraph(&mut out, &text, 0, columns);
    }
    out.push('\n');
    for outcome in report.outcomes.iter().filter(|outcome| report.shows_all || !is_quiet(outcome)) {
        line(&mut out, outcome, columns);
    }
    let quiet = |status: Status| {
        let of_kind = report.outcomes.iter().filter(|outcome| is_quiet(outcome) && outcome.status == status);
        of_kind.count()
    };
    if !report.shows_all {
        summary(&mut out, quiet(Status::Passed), quiet(Status::Skipped));
    }
    out
}

fn head(report: &Report) -> String {
    let skipped = match report.count(Status::Skipped) {
        0 => String::new(),
        count => format!(", {count} had too little to measure"),
    };
    let verdict = match (report.count(Status::Failed), report.count(Status::Passed)) {
        (0, passed) => format!("{} kept{skipped}", counted(passed as u64, "check")),
        (failed, passed) => {
            format!("{failed} of {} FAILED{skipped}", counted((failed + passed) as u64, "check"))
        }
    };
    let budgets = report.budgets.as_ref().map(|(path, _)| path.display().to_string());
    let baseline = report.baseline.as_ref().map(|path| format!("the baseline {}", path.display()));
    let against: Vec<String> = budgets.into_iter().chain(baseline).collect();
    format!(
        "{}: {verdict}; {} against {}. Tokens as counted for {}.",
        clip::visible(&report.label),
        report.file.display(),
        against.join(" and "),
        report.profile.label
    )
}

/// A comparison with the baseline that shows nothing.
pub(super) fn is_quiet(outcome: &Outcome) -> bool {
    outcome.origin == Origin::Baseline && outcome.status != Status::Failed
}

fn line(out: &mut String, outcome: &Outcome, columns: usize) {
    let text = format!(
        "{} {:CHECK_COLUMNS$} {} {:>FIGURE_COLUMNS$} {:>FIGURE_COLUMNS$}  {}",
        words::mark(outcome.status),
        outcome.check.id(),
        padded(&words::subject(&outcome.subject)),
        words::found(outcome),
        words::limit(outcome),
        words::remark(outcome),
    );
    let text = text.trim_end();
    if clip::width(text) <= columns {
        return push_line(out, text, 0);
    }
    let remark = words::remark(outcome);
    push_line(out, text[..text.len() - remark.len()].trim_end(), 0);
    paragraph(out, &remark, 4, columns);
}

fn padded(subject: &str) -> String {
    let shown = clip::middle(subject, SUBJECT_COLUMNS);
    let room = SUBJECT_COLUMNS - clip::width(&shown);
    format!("{shown}{}", " ".repeat(room))
}

fn summary(out: &mut String, passed: usize, skipped: usize) {
    if passed + skipped == 0 {
        return;
    }
    let told = match passed {
        1 => "1 comparison with the baseline shows nothing worse".to_owned(),
        passed => format!("{passed} comparisons with the baseline show nothing worse"),
    };
    push_line(out, &format!("{} {told}", words::mark(Status::Passed)), 0);
    if skipped > 0 {
        let told =
            format!("{} {skipped} had too little to compare; --all shows each", words::mark(Status::Skipped));
        push_line(out, &told, 0);
    }
}
