//! What is known of a session's HTTP: pool, clients, exchanges, connections, streams, the server's stalls.

use super::lines::Lines;
use super::{clients, pool, state};
use crate::model::{HttpExchanges, Session};
use crate::trace::Front;
use crate::ui::panels::Opened;
use crate::ui::widgets::number::grouped;

/// Statuses that are named; of more of them the most frequent ones.
const STATUSES_SHOWN: usize = 8;

/// How the server is served.
pub(super) fn lines(lines: &mut Lines<'_>, open: &Opened<'_>) {
    if let Front::Http { listen } = &open.session.header.front {
        lines.fact("listens", &format!("{listen}, {}", state(open)));
    }
    if let Some(pool) = open.session.pool() {
        pool::lines(lines, pool, open.now);
    }
    let http = open.session.http();
    if http.all().is_empty() {
        return lines.hint("no client has asked for anything yet");
    }
    clients::lines(lines, open);
    lines.rule("HTTP");
    traffic(lines, open.session);
}

fn traffic(lines: &mut Lines<'_>, session: &Session) {
    let http = session.http();
    let traffic = http.traffic();
    let dot = lines.cx.theme.glyphs.dot;
    let mut exchanges =
        format!("{}, {} open", grouped(traffic.exchanges + http.not_kept()), grouped(traffic.open));
    let statuses = statuses(http);
    if !statuses.is_empty() {
        exchanges = format!("{exchanges} {dot} status {statuses}");
    }
    lines.fact("exchanges", &exchanges);
    let connections = http.connections();
    let most = connections.iter().map(|(_, one)| one.traffic.exchanges).max().unwrap_or(0);
    let mean = traffic.exchanges as f64 / connections.used().max(1) as f64;
    let used = grouped(connections.used() as u64);
    lines.fact(
        "connections",
        &format!(
            "{used} used, {} busy {dot} {mean:.1} exchanges on each, {} at most",
            connections.in_use(),
            grouped(most)
        ),
    );
    if traffic.streams > 0 {
        let closed = traffic.streams - traffic.streams_open;
        let counts = [
            (traffic.streams, "opened"),
            (traffic.streams_open, "open"),
            (traffic.streams_resumed, "resumed"),
            (closed, "closed"),
        ];
        let shown = counts.into_iter().filter(|(count, what)| *count > 0 || *what == "open");
        let texts: Vec<String> = shown.map(|(count, what)| format!("{} {what}", grouped(count))).collect();
        lines.fact("streams", &texts.join(", "));
    }
    if let Some(stall) = http.stall() {
        let waited = stall.gap_us / 1_000;
        let fate = if stall.is_removed { "removed by mcptop" } else { "acknowledging at once did not help" };
        lines.fact("stall", &format!("{waited} ms: the server writes without TCP_NODELAY; {fate}"));
    }
}

/// `200 ×1,180, 404 ×4`, in the order of the statuses.
fn statuses(http: &HttpExchanges) -> String {
    let mut all: Vec<(u16, u64)> = http.statuses().iter().map(|(status, count)| (*status, *count)).collect();
    let more = all.len().saturating_sub(STATUSES_SHOWN);
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all.truncate(STATUSES_SHOWN);
    all.sort_unstable();
    let mut texts: Vec<String> =
        all.iter().map(|(status, count)| format!("{status} ×{}", grouped(*count))).collect();
    if more > 0 {
        texts.push(format!("{more} others"));
    }
    texts.join(", ")
}
