//! A recording against a baseline: every verdict of the comparison as an outcome, and what needs no test.
//!
//! Definitions and lists are the same in every run of the same server: they are compared as they are.

use super::{Amount, Check, Origin, Outcome, Regression, Status, Subject};
use crate::insight::compare::{Comparison, Judged, Measure, Sides, Verdict};
use crate::insight::figures::{Figures, RowFigures};

const NOT_LISTED: &str = "tools were not listed in both sessions";

/// Holds a recording against a baseline.
#[must_use]
pub fn against(before: &Figures<'_>, after: &Figures<'_>, regression: &Regression) -> Vec<Outcome> {
    let tolerance = regression.tolerance();
    let comparison = Comparison::of(before, after, &tolerance, Sides::Worse, |tool| regression.ignores(tool));
    let mut outcomes: Vec<Outcome> = Vec::new();
    for tool in &comparison.tools {
        outcomes.extend(tool.judged.iter().map(|judged| of_test(tool.tool, judged)));
    }
    let has_lists = comparison.drift.is_some();
    let is_listed = |row: Option<&RowFigures<'_>>| row.is_some_and(|row| row.definition.is_some());
    let gone: Vec<&str> = comparison
        .tools
        .iter()
        .filter(|tool| has_lists && is_listed(tool.before) && !is_listed(tool.after))
        .map(|tool| tool.tool)
        .collect();
    for tool in &gone {
        let subject = Subject::Tool((*tool).into());
        outcomes.push(plain(
            Check::ToolGone,
            subject,
            Status::Failed,
            "the server does not list it any more",
        ));
    }
    if gone.is_empty() {
        let (status, why) = if has_lists { (Status::Passed, "") } else { (Status::Skipped, NOT_LISTED) };
        outcomes.push(plain(Check::ToolGone, Subject::Session, status, why));
    }
    outcomes.push(schema(before, after, regression, has_lists));
    let (was, is) = (before.violations().all(), after.violations().all());
    let status = if was == 0 && is > 0 { Status::Failed } else { Status::Passed };
    outcomes.push(Outcome {
        limit: Some(Amount::Count(was)),
        found: Some(Amount::Count(is)),
        ..plain(Check::NewViolations, Subject::Session, status, "")
    });
    outcomes
}

fn schema(before: &Figures<'_>, after: &Figures<'_>, regression: &Regression, has_lists: bool) -> Outcome {
    let (was, is) = (f64::from(before.schema().model), f64::from(after.schema().model));
    let (status, why) = if !has_lists {
        (Status::Skipped, NOT_LISTED)
    } else if is > was * regression.schema {
        (Status::Failed, "")
    } else {
        (Status::Passed, "")
    };
    let known = |tokens: f64| has_lists.then_some(Amount::Tokens(tokens));
    Outcome {
        limit: known(was),
        found: known(is),
        ..plain(Check::FatterSchema, Subject::Session, status, why)
    }
}

fn of_test(tool: &str, judged: &Judged) -> Outcome {
    let (check, unit): (Check, fn(f64) -> Amount) = match judged.measure {
        Measure::Latency => (Check::Slower, Amount::Micros),
        Measure::Tail => (Check::SlowerTail, Amount::Micros),
        Measure::Tokens => (Check::Fatter, Amount::Tokens),
        Measure::Errors => (Check::MoreErrors, Amount::Share),
        Measure::Unanswered => (Check::MoreUnanswered, Amount::Share),
        Measure::CacheMisses => (Check::FewerCacheHits, Amount::Share),
    };
    let (status, why) = match judged.verdict {
        Verdict::Worse => (Status::Failed, ""),
        Verdict::Better | Verdict::Same => (Status::Passed, ""),
        Verdict::TooFew => (Status::Skipped, "too few calls to tell"),
    };
    Outcome {
        limit: Some(unit(judged.before)),
        found: Some(unit(judged.after)),
        p: judged.p,
        ..plain(check, Subject::Tool(tool.into()), status, why)
    }
}

fn plain(check: Check, subject: Subject, status: Status, why: &str) -> Outcome {
    Outcome {
        check,
        subject,
        budget: None,
        origin: Origin::Baseline,
        status,
        limit: None,
        found: None,
        p: None,
        why: why.to_owned(),
    }
}
