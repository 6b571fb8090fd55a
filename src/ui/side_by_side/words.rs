//! Verdicts and figures of a comparison of two sessions in words, for the viewer and for every form on paper.

use crate::insight::audit::{Fate, ToolDrift};
use crate::insight::compare::{Judged, Measure, Verdict};
use crate::insight::figures::{Figures, RowFigures};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{
    count, counted, duration, duration_in_words, grouped, percent, probability,
};

/// A verdict in a word, for programs as well.
#[must_use]
pub fn verdict(judged: &Judged) -> &'static str {
    match (judged.verdict, judged.measure) {
        (Verdict::Same, _) => "no difference shown",
        (Verdict::TooFew, _) => "too few calls",
        (Verdict::Worse, Measure::Latency) => "slower",
        (Verdict::Better, Measure::Latency) => "faster",
        (Verdict::Worse, Measure::Tail) => "slowest calls slower",
        (Verdict::Better, Measure::Tail) => "slowest calls faster",
        (Verdict::Worse, Measure::Tokens) => "heavier",
        (Verdict::Better, Measure::Tokens) => "lighter",
        (Verdict::Worse, Measure::Errors) => "more errors",
        (Verdict::Better, Measure::Errors) => "fewer errors",
        (Verdict::Worse, Measure::Unanswered) => "more unanswered",
        (Verdict::Better, Measure::Unanswered) => "fewer unanswered",
        (Verdict::Worse, Measure::CacheMisses) => "fewer cache hits",
        (Verdict::Better, Measure::CacheMisses) => "more cache hits",
    }
}

/// A difference with what it was, what it is, and how certain that is.
#[must_use]
pub fn difference(judged: &Judged) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and a float cast saturates"
    )]
    let shown = |number: f64| match judged.measure {
        Measure::Latency | Measure::Tail => duration(number.round() as u64),
        Measure::Tokens => format!("{} tokens", grouped(number.round() as u64)),
        Measure::Errors | Measure::Unanswered | Measure::CacheMisses => share(number),
    };
    let what = match judged.measure {
        Measure::Latency => "median ",
        Measure::Tail => "p95 ",
        Measure::Tokens | Measure::Errors | Measure::Unanswered => "",
        Measure::CacheMisses => "misses ",
    };
    let p = judged.p.map(|p| format!(" ({})", probability(p))).unwrap_or_default();
    format!("{}: {what}{} → {}{p}", verdict(judged), shown(judged.before), shown(judged.after))
}

/// A share between 0 and 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a million")]
fn share(number: f64) -> String {
    percent((number.clamp(0.0, 1.0) * 1e6).round() as u64, 1_000_000)
}

/// What a side shows of a tool: calls, errors, p50, p95, p99, tokens of a result.
#[must_use]
pub fn cells(row: Option<&RowFigures<'_>>) -> [String; 6] {
    let none = || "-".to_owned();
    let Some(row) = row else { return [none(), none(), none(), none(), none(), none()] };
    let took =
        |part: f64| row.latency_us().and_then(|latency| latency.quantile(part)).map_or_else(none, duration);
    let errors = if row.sums.answered > 0 { percent(row.sums.errors(), row.sums.answered) } else { none() };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as `difference` does")]
    let mean = |mean: f64| format!("{}{}", row.sums.accuracy.mark(), count(mean.round() as u64));
    let tokens = row.sums.model_tokens.mean().map_or_else(none, mean);
    [count(row.sums.calls), errors, took(0.50), took(0.95), took(0.99), tokens]
}

/// A whole session.
#[must_use]
pub fn session(figures: &Figures<'_>) -> String {
    format!(
        "{} in {}, {} of answers are errors; definitions cost {} tokens, results {}",
        counted(figures.calls.calls, "call"),
        duration_in_words(figures.totals.duration.0),
        percent(figures.calls.errors(), figures.calls.answered.max(1)),
        grouped(u64::from(figures.schema().model)),
        grouped(figures.context(false).results.tokens),
    )
}

/// What has become of a tool's definition.
#[must_use]
pub fn drifted(drift: &ToolDrift) -> String {
    let (before, after) = drift.model;
    let tokens = format!("{} → {} tokens", grouped(before), grouped(after));
    let name = clip::visible(&drift.tool);
    match &drift.fate {
        Fate::Changed(changes) => {
            let parts: Vec<&str> = changes.iter().map(|change| change.part.label()).collect();
            format!("changed: {name} ({}), {tokens}", parts.join(", "))
        }
        Fate::Added(_) => format!("new: {name}, {} tokens", grouped(after)),
        Fate::Removed => format!("gone: {name}, {} tokens", grouped(before)),
        Fate::Recounted => format!("written otherwise: {name}, {tokens}"),
    }
}
