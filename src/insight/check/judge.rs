//! Budgets against figures: one outcome for every bound and everything it is about.
//!
//! A bound that has nothing to measure is skipped and says so; it never passes.

use super::{Amount, Budget, Budgets, Check, Origin, Outcome, Status, Subject};
use crate::insight::figures::{Figures, RowFigures, Sums};
use crate::model::Latency;
use crate::rules::{Globs, Span};
use crate::wire::Peer;

/// What bounds can be held against.
pub(super) struct Measured<'f> {
    sums: Sums,
    latency_us: Option<&'f Latency>,
    /// Tokens of the definitions, if any were listed and counted.
    schema_tokens: Option<u64>,
    unanswered: Option<u64>,
    /// Only of a session.
    violations: Option<u64>,
    tokens: Option<u64>,
}

impl<'f> Measured<'f> {
    fn session(figures: &'f Figures<'_>) -> Self {
        let is_counted = figures.session.definitions().tools().iter().any(|tool| tool.tokens.is_some());
        Self {
            sums: figures.calls,
            latency_us: Some(&figures.latency_us),
            schema_tokens: is_counted.then(|| u64::from(figures.schema().model)),
            unanswered: Some(figures.unanswered()),
            violations: Some(figures.violations().all()),
            tokens: Some(figures.context(false).total().tokens),
        }
    }

    fn row(row: &'f RowFigures<'_>) -> Self {
        Self {
            sums: row.sums,
            latency_us: row.latency_us(),
            schema_tokens: row.schema().map(|tokens| u64::from(tokens.model)),
            unanswered: (row.sums.calls > 0).then_some(row.sums.unanswered),
            violations: None,
            tokens: None,
        }
    }

    fn quantile(&self, part: f64) -> Option<Amount> {
        self.latency_us?.quantile(part).map(|us| Amount::Micros(us as f64))
    }
}

pub(super) type Found = fn(&Measured<'_>) -> Option<Amount>;
pub(super) type Bound = (Check, &'static str, fn(&Budget) -> Option<Amount>, Found);

fn time(span: Option<Span>) -> Option<Amount> {
    span.map(|span| Amount::Micros(span.micros() as f64))
}

fn tokens(count: Option<u64>) -> Option<Amount> {
    count.map(|count| Amount::Tokens(count as f64))
}

/// Every bound: its key, what it allows, and what it is held against.
const BOUNDS: [Bound; 13] = [
    (Check::P50, "p50", |budget| time(budget.p50), |of| of.quantile(0.50)),
    (Check::P95, "p95", |budget| time(budget.p95), |of| of.quantile(0.95)),
    (Check::P99, "p99", |budget| time(budget.p99), |of| of.quantile(0.99)),
    (Check::Max, "max", |budget| time(budget.max), |of| of.quantile(1.0)),
    (
        Check::ErrorRate,
        "error_rate",
        |budget| budget.error_rate.map(Amount::Share),
        |of| of.sums.error_rate().map(Amount::Share),
    ),
    (
        Check::TokensPerCall,
        "tokens_per_call",
        |budget| tokens(budget.tokens_per_call),
        |of| of.sums.model_tokens.mean().map(Amount::Tokens),
    ),
    (
        Check::TokensMax,
        "tokens_max",
        |budget| tokens(budget.tokens_max),
        |of| tokens((of.sums.model_tokens.count > 0).then(|| u64::from(of.sums.model_tokens.max))),
    ),
    (Check::Tokens, "tokens", |budget| tokens(budget.tokens), |of| tokens(of.tokens)),
    (
        Check::SchemaTokens,
        "schema_tokens",
        |budget| tokens(budget.schema_tokens),
        |of| tokens(of.schema_tokens),
    ),
    (
        Check::CacheHitRate,
        "cache_hit_rate",
        |budget| budget.cache_hit_rate.map(Amount::Share),
        |of| of.sums.cache_hit_rate().map(Amount::Share),
    ),
    (
        Check::Calls,
        "calls",
        |budget| budget.calls.map(Amount::Count),
        |of| Some(Amount::Count(of.sums.calls)),
    ),
    (
        Check::Unanswered,
        "unanswered",
        |budget| budget.unanswered.map(Amount::Count),
        |of| of.unanswered.map(Amount::Count),
    ),
    (
        Check::Violations,
        "violations",
        |budget| budget.violations.map(Amount::Count),
        |of| of.violations.map(Amount::Count),
    ),
];

/// The bounds that a budget has, with what each allows.
pub(super) fn bounds(budget: &Budget) -> impl Iterator<Item = (&'static Bound, Amount)> {
    BOUNDS.iter().filter_map(|bound| Some((bound, (bound.2)(budget)?)))
}

/// Holds a recording against its budgets.
#[must_use]
pub fn check(budgets: &Budgets, figures: &Figures<'_>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    if let Some(budget) = &budgets.session {
        hold(&mut outcomes, budget, Origin::Session, &Subject::Session, &Measured::session(figures));
    }
    expected(&mut outcomes, budgets.tools.expected.as_ref(), figures);
    forbidden(&mut outcomes, budgets.tools.forbidden.as_ref(), figures);
    for (at, budget) in budgets.budgets.iter().enumerate() {
        each(&mut outcomes, budget, at, figures);
    }
    outcomes
}

/// A budget against everything it is about.
fn each(outcomes: &mut Vec<Outcome>, budget: &Budget, at: usize, figures: &Figures<'_>) {
    if !budget.select.is_server(&figures.session.header.label) {
        return;
    }
    let origin = |key| Origin::Budget(at, key);
    let rows = figures.tools.iter().chain(&figures.others).filter(|row| row.from == Peer::Client);
    let mut is_any = false;
    for row in rows.filter(|row| budget.select.is_request(row.method, row.tool)) {
        is_any = true;
        let subject = match row.tool {
            Some(tool) => Subject::Tool(tool.into()),
            None => Subject::Method(row.method.into()),
        };
        hold(outcomes, budget, origin, &subject, &Measured::row(row));
    }
    if !is_any {
        let select = &budget.select;
        let globs = select.tool.as_ref().or(select.method.as_ref()).map(|globs| globs.written().join(", "));
        let nothing = Measured {
            sums: Sums::default(),
            latency_us: None,
            schema_tokens: None,
            unanswered: None,
            violations: None,
            tokens: None,
        };
        let subject = Subject::Tool(globs.unwrap_or_else(|| "*".to_owned()).into());
        hold(outcomes, budget, origin, &subject, &nothing);
    }
}

/// A budget against one thing.
fn hold(
    outcomes: &mut Vec<Outcome>,
    budget: &Budget,
    origin: impl Fn(&'static str) -> Origin,
    subject: &Subject,
    measured: &Measured<'_>,
) {
    for (&(check, key, _, found), limit) in bounds(budget) {
        let found = found(measured);
        let is_kept = |found: Amount| {
            if check.is_at_least() {
                found.number() >= limit.number()
            } else {
                found.number() <= limit.number()
            }
        };
        outcomes.push(Outcome {
            check,
            subject: subject.clone(),
            budget: budget.name.clone(),
            origin: origin(key),
            status: match found {
                None => Status::Skipped,
                Some(found) if is_kept(found) => Status::Passed,
                Some(_) => Status::Failed,
            },
            limit: Some(limit),
            found,
            p: None,
            why: if found.is_none() { nothing_measured(check, measured) } else { String::new() },
        });
    }
}

fn nothing_measured(check: Check, measured: &Measured<'_>) -> String {
    let why = match check {
        _ if measured.sums.calls == 0 && check != Check::SchemaTokens => "not called",
        Check::SchemaTokens => "not listed",
        _ => "no call tells: none was answered, or only by rules or while the server started",
    };
    why.to_owned()
}

/// Each glob has to have a tool.
fn expected(outcomes: &mut Vec<Outcome>, globs: Option<&Globs>, figures: &Figures<'_>) {
    let is_listed = figures.session.definitions().revision > 0;
    let there = |row: &&RowFigures<'_>| if is_listed { row.definition.is_some() } else { row.row.is_some() };
    for written in globs.into_iter().flat_map(Globs::written) {
        let glob = Globs::new(vec![written.clone()]);
        let is_there = figures.tools.iter().filter(there).any(|row| glob.matches(row.name()));
        let why = match (is_there, is_listed) {
            (true, _) => "",
            (false, true) => "the server does not list it",
            (false, false) => "nobody asked for the tools in this session, and nobody called it",
        };
        outcomes.push(named(Check::ExpectedTool, written, "expected", is_there, why));
    }
}

/// No glob may have one.
fn forbidden(outcomes: &mut Vec<Outcome>, globs: Option<&Globs>, figures: &Figures<'_>) {
    let Some(globs) = globs else { return };
    let found: Vec<&RowFigures<'_>> = figures.tools.iter().filter(|row| globs.matches(row.name())).collect();
    if found.is_empty() {
        let written = globs.written().join(", ");
        outcomes.push(named(Check::ForbiddenTool, &written, "forbidden", true, ""));
    }
    for row in found {
        let why = if row.definition.is_some() { "the server lists it" } else { "it was called" };
        outcomes.push(named(Check::ForbiddenTool, row.name(), "forbidden", false, why));
    }
}

fn named(check: Check, tool: &str, key: &'static str, is_well: bool, why: &str) -> Outcome {
    Outcome {
        check,
        subject: Subject::Tool(tool.into()),
        budget: None,
        origin: Origin::Tools(key),
        status: if is_well { Status::Passed } else { Status::Failed },
        limit: None,
        found: None,
        p: None,
        why: why.to_owned(),
    }
}
