//! What came of a rerun, for machines.

use serde_json::{Value, json};

use super::Report;
use super::sides::{Row, Side};
use super::verdict::{Verdict, What};
use crate::insight::difference::Difference;

/// The whole report.
pub(super) fn document(report: &Report) -> Value {
    let count = |is: fn(&What) -> bool| report.verdicts.iter().filter(|verdict| is(&verdict.what)).count();
    json!({
        "recording": report.file,
        "server": report.server,
        "requests": report.verdicts.len(),
        "same": count(|what| *what == What::Same),
        "different": count(|what| matches!(what, What::Differs(_))),
        "unanswered": count(|what| matches!(what, What::Silence | What::Lost | What::Unreached(_))),
        "skipped": count(|what| *what == What::Skipped),
        "not_compared": count(|what| *what == What::NotCompared),
        "differences": report.verdicts.iter().filter(|verdict| verdict.is_finding()).map(finding).collect::<Vec<_>>(),
        "skipped_calls": report.verdicts.iter().filter(|verdict| verdict.what == What::Skipped).map(named).collect::<Vec<_>>(),
        "tools": report.rows.iter().map(row).collect::<Vec<_>>(),
        "slower": report.rows.iter().filter(|row| row.is_slower).map(Row::name).collect::<Vec<_>>(),
        "failed": report.has_findings(),
        "recordings": report.recordings,
    })
}

fn named(verdict: &Verdict) -> Value {
    let id = serde_json::from_str(&verdict.id).unwrap_or_else(|_| Value::from(&*verdict.id));
    json!({ "t": verdict.at.0, "id": id, "method": verdict.method, "name": verdict.name })
}

fn finding(verdict: &Verdict) -> Value {
    let mut value = named(verdict);
    value["what"] = match &verdict.what {
        What::Differs(_) => "differs",
        What::Silence => "silence",
        What::Lost => "lost",
        What::Unreached(_) => "unreached",
        What::Same | What::Skipped | What::NotCompared => "none",
    }
    .into();
    match &verdict.what {
        What::Differs(differences) => value["paths"] = differences.iter().map(difference).collect(),
        What::Unreached(why) => value["why"] = why.as_ref().into(),
        What::Same | What::Silence | What::Lost | What::Skipped | What::NotCompared => {}
    }
    value
}

fn difference(difference: &Difference) -> Value {
    let change = &difference.change;
    json!({ "path": difference.at, "kind": change.kind(), "before": change.before(), "after": change.after() })
}

fn row(row: &Row) -> Value {
    let side = |side: &Side| {
        json!({
            "calls": side.took_us.len(),
            "p50_us": side.quantile(0.5),
            "p95_us": side.quantile(0.95),
            "p99_us": side.quantile(0.99),
            "max_us": side.quantile(1.0),
            "tokens_mean": side.tokens_mean(),
        })
    };
    json!({
        "method": row.method,
        "name": row.name(),
        "then": side(&row.then),
        "now": side(&row.now),
        "p_slower": row.rank.map(|rank| rank.p_greater),
        "slower": row.is_slower,
    })
}
