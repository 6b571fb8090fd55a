//! Two recordings side by side, for programs.

use serde_json::{Value, json};

use super::{Report, Side, words};
use crate::insight::audit::{Drift, Fate, ToolDrift};
use crate::insight::compare::{Judged, Measure, ToolComparison};
use crate::insight::figures::RowFigures;

/// The whole report.
pub(super) fn document(report: &Report<'_>) -> Value {
    json!({
        "profile": report.profile.id,
        "is_different": report.comparison.is_different(),
        "tests": report.comparison.tests,
        "before": side(&report.before),
        "after": side(&report.after),
        "tools": report.comparison.tools.iter().map(tool).collect::<Vec<_>>(),
        "definitions": report.comparison.drift.as_ref().map(drifted),
    })
}

fn side(side: &Side<'_>) -> Value {
    let figures = side.figures;
    let (model, wire) = (figures.context(false), figures.context(true));
    json!({
        "file": side.file.display().to_string(),
        "session": figures.session.header.session,
        "label": figures.session.header.label,
        "calls": figures.calls.calls,
        "errors": figures.calls.errors(),
        "unanswered": figures.unanswered(),
        "violations": figures.violations().all(),
        "duration_us": figures.totals.duration.0,
        "schema_tokens": { "model": model.definitions.tokens, "wire": wire.definitions.tokens },
        "result_tokens": { "model": model.results.tokens, "wire": wire.results.tokens },
    })
}

fn tool(tool: &ToolComparison<'_, '_>) -> Value {
    json!({
        "tool": tool.tool,
        "before": tool.before.map(row),
        "after": tool.after.map(row),
        "verdicts": tool.judged.iter().map(judged).collect::<Vec<_>>(),
    })
}

fn row(row: &RowFigures<'_>) -> Value {
    let took = |part: f64| row.latency_us().and_then(|latency| latency.quantile(part));
    json!({
        "calls": row.sums.calls,
        "errors": row.sums.errors(),
        "error_rate": row.sums.error_rate(),
        "unanswered": row.sums.unanswered,
        "cache_hits": row.sums.cache_hits,
        "p50_us": took(0.50),
        "p95_us": took(0.95),
        "p99_us": took(0.99),
        "max_us": took(1.0),
        "tokens_per_call": row.sums.model_tokens.mean(),
        "wire_tokens_per_call": row.sums.wire_tokens.mean(),
        "tokens_max": row.sums.model_tokens.max,
        "accuracy": row.sums.accuracy.label(),
        "schema_tokens": row.schema().map(|tokens| tokens.model),
    })
}

fn judged(judged: &Judged) -> Value {
    let (measure, unit) = match judged.measure {
        Measure::Latency => ("latency", "us"),
        Measure::Tail => ("tail", "us"),
        Measure::Tokens => ("tokens", "tokens"),
        Measure::Errors => ("errors", "share"),
        Measure::Unanswered => ("unanswered", "share"),
        Measure::CacheMisses => ("cache_misses", "share"),
    };
    json!({
        "measure": measure,
        "verdict": words::verdict(judged),
        "before": judged.before,
        "after": judged.after,
        "unit": unit,
        "p": judged.p,
        "superiority": judged.superiority,
    })
}

fn drifted(drift: &Drift) -> Value {
    let texts = |(before, after): &(String, String)| json!({ "before": before, "after": after });
    json!({
        "wire": [drift.wire.0, drift.wire.1],
        "model": [drift.model.0, drift.model.1],
        "instructions": drift.instructions.as_ref().map(texts),
        "tools": drift.tools.iter().map(of_tool).collect::<Vec<_>>(),
    })
}

fn of_tool(drift: &ToolDrift) -> Value {
    let fate = match &drift.fate {
        Fate::Changed(_) => "changed",
        Fate::Added(_) => "added",
        Fate::Removed => "removed",
        Fate::Recounted => "recounted",
    };
    let changes = match &drift.fate {
        Fate::Changed(changes) => changes
            .iter()
            .map(|change| json!({ "part": change.part.label(), "before": change.before, "after": change.after }))
            .collect(),
        Fate::Added(_) | Fate::Removed | Fate::Recounted => Vec::new(),
    };
    json!({
        "tool": drift.tool,
        "fate": fate,
        "changes": changes,
        "wire": [drift.wire.0, drift.wire.1],
        "model": [drift.model.0, drift.model.1],
    })
}
