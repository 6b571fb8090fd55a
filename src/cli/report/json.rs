//! A report for programs. Times are in microseconds, tokens as the model sees them unless a name says otherwise.

use serde_json::{Value, json};

use super::gather::{Said, Text, Told};
use super::words;
use crate::insight::figures::{CallFigures, RowFigures};
use crate::model::Latency;
use crate::wire::Peer;

/// Places that are told of each tool.
const PLACES_MAX: usize = 20;

/// The whole report.
pub(super) fn document(told: &Told<'_>) -> Value {
    let figures = &told.figures;
    let session = figures.session;
    let handshake = session.handshake();
    let named = |one: &Option<crate::model::Implementation>| {
        one.as_ref().map(|one| json!({"name": one.name, "version": one.version}))
    };
    let violations = figures.violations();
    let (context, saved) = (figures.context(false), figures.saved());
    json!({
        "file": told.file.display().to_string(),
        "session": session.header.session,
        "label": session.header.label,
        "started": session.header.started.to_string(),
        "duration_us": session.last_event().0,
        "revision": handshake.negotiated,
        "client": named(&handshake.client),
        "server": named(&handshake.server),
        "profile": told.profile.id,
        "window_tokens": told.window,
        "context_cost": told.price.of(context.total().tokens),
        "calls": sums(&figures.calls),
        "latency_us": latency(&figures.latency_us),
        "context_tokens": {"definitions": context.definitions.tokens, "results": context.results.tokens},
        "schema_tokens": {"model": figures.schema().model, "wire": figures.schema().wire},
        "bytes": {"to_server": figures.totals.bytes_to_server, "to_client": figures.totals.bytes_to_client},
        "saved": {"tokens": saved.model, "wire_tokens": saved.wire, "bytes": saved.bytes, "time_us": saved.time_us},
        "unanswered": figures.unanswered(),
        "violations": {
            "noise": violations.noise,
            "orphans": violations.orphans,
            "duplicates": violations.duplicates,
            "same_ids": violations.same_ids,
        },
        "dropped_messages": figures.totals.dropped_messages,
        "tools": words::tools(told).into_iter().map(|row| tool(told, row)).collect::<Vec<_>>(),
        "methods": figures.others.iter().map(method).collect::<Vec<_>>(),
        "rules": rules(told),
        "timeline": {
            "bucket_us": figures.timeline.width_us,
            "calls": figures.timeline.buckets.iter().map(|bucket| bucket.calls).collect::<Vec<_>>(),
            "errors": figures.timeline.buckets.iter().map(|bucket| bucket.errors).collect::<Vec<_>>(),
            "tokens": figures.timeline.buckets.iter().map(|bucket| bucket.tokens).collect::<Vec<_>>(),
            "latency_us_max": figures.timeline.buckets.iter().map(|bucket| bucket.latency_us_max).collect::<Vec<_>>(),
        },
        "slowest": calls(told, told.slowest()),
        "fattest": calls(told, told.fattest()),
    })
}

fn sums(sums: &crate::insight::figures::Sums) -> Value {
    json!({
        "calls": sums.calls,
        "answered": sums.answered,
        "tool_errors": sums.tool_errors,
        "protocol_errors": sums.protocol_errors,
        "cancelled": sums.cancelled,
        "unanswered": sums.unanswered,
        "by_rules": sums.by_rules,
        "cache_hits": sums.cache_hits,
        "request_tokens": sums.request_tokens.sum,
        "tokens": sums.model_tokens.sum,
        "tokens_max": sums.model_tokens.max,
        "wire_tokens": sums.wire_tokens.sum,
        "accuracy": sums.accuracy.label(),
    })
}

fn latency(latency: &Latency) -> Value {
    json!({
        "count": latency.count(),
        "mean": latency.mean(),
        "p50": latency.p50(),
        "p95": latency.p95(),
        "p99": latency.p99(),
        "max": latency.max(),
    })
}

fn tool(told: &Told<'_>, row: &RowFigures<'_>) -> Value {
    let places = told.places.get(row.name());
    let place =
        |place: crate::insight::places::PlaceTokens| json!({"path": place.path, "wire_tokens": place.tokens});
    json!({
        "tool": row.name(),
        "calls": sums(&row.sums),
        "latency_us": row.latency_us().map(latency),
        "schema_tokens": row.schema().map(|tokens| json!({"model": tokens.model, "wire": tokens.wire})),
        "saved_tokens": row.saved().model,
        "places": places.map(|places| json!({
            "answers": places.answers,
            "wire_tokens": places.tokens,
            "heaviest": places.heaviest(PLACES_MAX).0.into_iter().map(place).collect::<Vec<_>>(),
        })),
    })
}

fn method(row: &RowFigures<'_>) -> Value {
    json!({"method": row.method, "from": if row.from == Peer::Client { "client" } else { "server" }, "calls": sums(&row.sums), "latency_us": row.latency_us().map(latency)})
}

fn rules(told: &Told<'_>) -> Vec<Value> {
    let session = told.figures.session;
    let rule = |stats: &crate::model::RuleStats| {
        let saved = session.saved_by(stats.rule);
        json!({
            "rule": session.name(stats.rule),
            "matches": stats.active.matches,
            "hits": stats.active.hits,
            "observed_matches": stats.observed.matches,
            "observed_hits": stats.observed.hits,
            "saved_tokens": saved.model,
            "saved_wire_tokens": saved.wire,
            "saved_time_us": saved.time_us,
            "failures": stats.failures,
        })
    };
    session.rules().all().iter().map(rule).collect()
}

fn calls(told: &Told<'_>, calls: &[CallFigures<'_>]) -> Vec<Value> {
    calls.iter().map(|call| of_call(told, call)).collect()
}

fn of_call(told: &Told<'_>, call: &CallFigures<'_>) -> Value {
    let tokens = call.operation.tokens;
    let said = told.said.get(&call.id);
    let text = |pick: fn(&Said) -> &Option<Text>| {
        let text = said.and_then(|said| pick(said).as_ref());
        text.map(|text| json!({"text": text.shown, "cut_bytes": text.cut_bytes}))
    };
    json!({
        "method": call.method,
        "target": call.target,
        "at_us": call.operation.started().0,
        "latency_us": call.latency_us,
        "tokens": tokens.map(|tokens| tokens.model),
        "wire_tokens": tokens.map(|tokens| tokens.wire),
        "ending": words::ending(call.operation.state),
        "offset_bytes": call.operation.first().request.place.offset_bytes,
        "request": text(|said| &said.request),
        "answer": text(|said| &said.answer),
    })
}
