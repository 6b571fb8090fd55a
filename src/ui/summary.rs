//! A session as a plain table, for pipes and logs: what the viewer's first panel shows, in text.

use std::fmt::Write as _;

use super::widgets::clip;
use super::widgets::number::{duration, grouped, tokens};
use crate::model::{Latency, Row, Session, Tally};
use crate::tokens::{Accuracy, Count, Profile};

/// Columns of a tool's name; longer names are cut in the middle.
const NAME_COLUMNS: usize = 32;

/// Every session with a line per tool: calls, errors, percentiles, tokens as counted for a family of models. Ends with a newline; empty for none.
#[must_use]
pub fn summary(sessions: &[&Session], profile: &Profile) -> String {
    let tables = sessions.iter().map(|session| table(session, profile));
    tables.collect::<Vec<_>>().join("\n")
}

fn table(session: &Session, profile: &Profile) -> String {
    let mut text = head(session);
    let mut rows: Vec<&Row> = session.rows().iter().collect();
    rows.sort_by(|a, b| is_tool(session, b).cmp(&is_tool(session, a)).then(b.calls.cmp(&a.calls)));
    let names = rows.iter().map(|row| clip::width(name(session, row)));
    let width = names.max().unwrap_or(0).clamp(4, NAME_COLUMNS);
    let _ = writeln!(
        text,
        "{:width$} {:>7} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8}",
        "tool", "calls", "errors", "p50", "p95", "p99", "max", "tok/call", "tok max", "schema"
    );
    for row in &rows {
        line(&mut text, session, row, width);
    }
    foot(&mut text, session, profile);
    text
}

fn is_tool(session: &Session, row: &Row) -> bool {
    session.name(row.key.method) == "tools/call"
}

fn name<'s>(session: &'s Session, row: &Row) -> &'s str {
    session.name(if row.key.target.is_none() { row.key.method } else { row.key.target })
}

fn head(session: &Session) -> String {
    let handshake = session.handshake();
    let mut text = session.header.label.clone();
    if let Some(server) = &handshake.server {
        let _ = write!(text, " ({} {})", server.name, server.version);
    }
    if let Some(revision) = &handshake.negotiated {
        let _ = write!(text, ", protocol {revision}");
    }
    let totals = session.totals();
    let _ = writeln!(
        text,
        ", {}, calls: {}, errors: {}",
        duration(totals.duration.0),
        grouped(totals.calls),
        grouped(totals.errors())
    );
    if totals.dropped_messages > 0 {
        let _ = writeln!(text, "messages not observed: {}", grouped(totals.dropped_messages));
    }
    text
}

fn line(text: &mut String, session: &Session, row: &Row, width: usize) {
    let name = clip::middle(name(session, row), width);
    let schema = session.definitions().tool(session.name(row.key.target)).and_then(|tool| tool.tokens);
    let schema = schema.map_or_else(
        || "-".to_owned(),
        |cost| tokens(Count { tokens: u64::from(cost.model), accuracy: cost.accuracy }),
    );
    let accuracy = row.accuracy();
    let _ = writeln!(
        text,
        "{}{} {:>7} {:>7} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>8}",
        name,
        " ".repeat(width.saturating_sub(clip::width(&name))),
        grouped(row.calls),
        grouped(row.errors()),
        time(row.latency_us.p50()),
        time(row.latency_us.p95()),
        time(row.latency_us.p99()),
        time(row.latency_us.max()),
        mean(&row.model_tokens, accuracy),
        largest(&row.model_tokens, accuracy),
        schema
    );
}

fn time(latency_us: Option<u64>) -> String {
    latency_us.map_or_else(|| "-".to_owned(), duration)
}

fn mean(tally: &Tally, accuracy: Accuracy) -> String {
    let mean = (tally.sum + tally.count / 2).checked_div(tally.count);
    mean.map_or_else(|| "-".to_owned(), |mean| tokens(Count { tokens: mean, accuracy }))
}

fn largest(tally: &Tally, accuracy: Accuracy) -> String {
    if tally.count == 0 { "-".to_owned() } else { tokens(Count { tokens: u64::from(tally.max), accuracy }) }
}

/// How long all tools of a session together took, in microseconds.
#[must_use]
pub fn latency_of_tools(session: &Session) -> Latency {
    let mut latency_us = Latency::default();
    for row in session.rows().iter().filter(|row| is_tool(session, row)) {
        latency_us.merge(&row.latency_us);
    }
    latency_us
}

fn foot(text: &mut String, session: &Session, profile: &Profile) {
    let latency_us = latency_of_tools(session);
    let (model, wire) = (session.context(false), session.context(true));
    let counted = super::widgets::number::tokens_grouped;
    let _ = writeln!(
        text,
        "all tools: p50 {}, p95 {}, p99 {}, max {}",
        time(latency_us.p50()),
        time(latency_us.p95()),
        time(latency_us.p99()),
        time(latency_us.max())
    );
    let _ = writeln!(
        text,
        "tokens ({}): definitions {} (wire {}), results {} (wire {})",
        profile.label,
        counted(model.definitions),
        counted(wire.definitions),
        counted(model.results),
        counted(wire.results)
    );
    if let (Some(p50), Some(p99)) = (session.totals().own_us_p50, session.totals().own_us_p99) {
        let _ = writeln!(text, "mcptop's own time per message: p50 {p50:.1} µs, p99 {p99:.1} µs");
    }
}
