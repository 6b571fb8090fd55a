//! What rules would have done, for programs.

use serde_json::{Value, json};

use super::{HIT_RATE_MIN, Report};
use crate::model::{Effects, RuleStats, Saved, Sizes};
use crate::rules::Rule;
use crate::tokens::Count;

/// The whole report.
pub(super) fn document(report: &Report) -> Value {
    let session = &report.session;
    let totals = session.totals();
    let definitions = session.definitions().saved();
    let results = session.saved() - definitions;
    let (model, wire) = (session.context(false), session.context(true));
    json!({
        "session": session.header.session,
        "label": session.header.label,
        "profile": report.profile.id,
        "rules_file": report.source,
        "calls": totals.calls,
        "calls_answered_by_rules": totals.by_rules,
        "calls_answered_by_caches": totals.cache_hits,
        "tokens": {
            "results": both(model.results, results.model),
            "results_wire": both(wire.results, results.wire),
            "definitions": both(model.definitions, definitions.model),
            "definitions_wire": both(wire.definitions, definitions.wire),
        },
        "saved": saved(session.saved()),
        "cached_answers": {
            "compared": report.found.compared,
            "stale": report.found.stale_count,
            "first_stale": stale(report),
        },
        "rules": report.rules.rules.iter().map(|rule| of_rule(report, rule)).collect::<Vec<_>>(),
    })
}

fn both(after: Count, saved: i64) -> Value {
    json!({
        "before": after.tokens.saturating_add_signed(saved),
        "after": after.tokens,
        "saved": saved,
        "accuracy": after.accuracy.label(),
    })
}

fn saved(saved: Saved) -> Value {
    json!({ "model": saved.model, "wire": saved.wire, "bytes": saved.bytes, "time_us": saved.time_us })
}

fn stale(report: &Report) -> Vec<Value> {
    let answers = report.found.stale.iter();
    answers
        .map(|stale| {
            json!({
                "at_us": stale.at.0,
                "id": stale.id,
                "method": stale.method,
                "tool": (!stale.tool.is_empty()).then_some(&stale.tool),
                "rule": stale.rule,
                "age_us": stale.age_us,
            })
        })
        .collect()
}

fn of_rule(report: &Report, rule: &Rule) -> Value {
    let session = &report.session;
    let mut value = json!({
        "name": rule.name,
        "mode": rule.mode.as_str(),
        "is_for_this_server": rule.select.is_server(&session.header.label),
    });
    let stats = session.rules().all().iter().find(|stats| session.name(stats.rule) == rule.name);
    if let Some(stats) = stats {
        fill(&mut value, report, stats);
    }
    value
}

fn fill(value: &mut Value, report: &Report, stats: &RuleStats) {
    let session = &report.session;
    let freshness = report.found.rules.get(session.name(stats.rule));
    value["saved"] = saved(session.saved_by(stats.rule));
    value["definitions_saved"] = saved(session.definitions().saved_by(stats.rule));
    value["active"] = effects(&stats.active);
    value["observed"] = effects(&stats.observed);
    value["rows"] = stats
        .rows()
        .filter_map(|(row, active, observed)| {
            let key = session.rows().get(row as usize)?.key;
            let target = session.name(key.target);
            Some(json!({
                "method": session.name(key.method),
                "tool": (!target.is_empty()).then_some(target),
                "active": effects(active),
                "observed": effects(observed),
            }))
        })
        .collect();
    value["cost_ns"] = json!({
        "count": stats.cost_ns.count(),
        "p50": stats.cost_ns.p50(),
        "p99": stats.cost_ns.quantile(0.99),
        "max": stats.cost_ns.quantile(1.0),
    });
    value["cache"] = stats.cache.as_ref().map_or(Value::Null, |cache| {
        json!({
            "lookups": cache.lookups,
            "hits": cache.hits,
            "hit_rate": cache.hit_rate(),
            "is_low": cache.hit_rate().is_some_and(|rate| rate < HIT_RATE_MIN),
            "age_us_mean": cache.age_us_mean(),
            "age_us_max": cache.age_us_max,
            "entries": cache.store.map(|store| store.entries),
            "bytes": cache.store.map(|store| store.bytes),
            "evicted": cache.store.map(|store| store.evicted),
            "compared": freshness.map(|freshness| freshness.compared),
            "stale": freshness.map(|freshness| freshness.stale),
            "stale_age_us_max": freshness.map(|freshness| freshness.stale_age_us_max),
        })
    });
    value["failures"] = stats.failures.into();
    value["last_failure"] = stats
        .last_failure
        .as_ref()
        .map_or(Value::Null, |(by, why)| json!({ "by": session.name(*by), "why": why }));
    value["said"] = stats
        .whys()
        .into_iter()
        .map(|why| json!({ "by": session.name(why.by), "text": why.text, "count": why.count }))
        .collect();
}

fn effects(effects: &Effects) -> Value {
    let sizes = |sizes: Sizes| json!({ "model": sizes.model, "wire": sizes.wire });
    json!({
        "matches": effects.matches,
        "hits": effects.hits,
        "changed": effects.changed,
        "answered": effects.answered,
        "dropped": effects.dropped,
        "held": effects.held,
        "held_us": effects.held_us,
        "bytes_before": effects.bytes_before,
        "bytes_after": effects.bytes_after,
        "tokens_before": sizes(effects.before),
        "tokens_after": sizes(effects.after),
        "saved": saved(effects.saved),
    })
}
