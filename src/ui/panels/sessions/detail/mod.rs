//! What is known of one session beside its calls: who speaks what with whom, how it stands, what it logged.

mod clients;
mod http;
mod lines;
mod pool;
mod traffic;

use std::fmt::Write as _;

use ratatui::text::Line;

use super::columns::since;
use super::rows::Row;
use crate::model::{Implementation, Session};
use crate::trace::{Back, Exit, Front};
use crate::ui::keys::Action;
use crate::ui::panels::{Cx, Opened, PanelId};
use crate::ui::widgets::number::{duration_in_words, grouped};
use lines::{Lines, duration};
use traffic::Extent;

/// Lines of the log that are shown.
const LOG_LINES: usize = 200;

/// From this width on it stands in two columns.
const WIDE: usize = 150;
/// From this height on there is room in one column for what Top says, too.
const TALL: u16 = 26;

/// Everything known of a session, in lines of at most `width` columns; `height` of them are seen at once.
pub(super) fn lines(cx: &Cx<'_>, row: &Row<'_>, width: u16, height: u16) -> Vec<Line<'static>> {
    let header = row.header();
    let width = usize::from(width);
    // Little is known of one that is not open.
    let is_wide = width >= WIDE && row.open.is_some();
    let is_http = matches!(header.front, Front::Http { .. });
    // Top says it too; where room is scarce, the log is worth more.
    let extent = match (is_wide, height >= TALL && !is_http) {
        (true, _) => Extent::Full,
        (false, true) => Extent::Brief,
        (false, false) => Extent::None,
    };
    let column = if is_wide { (width - lines::BETWEEN) / 2 } else { width };
    let mut lines = Lines { cx, width: column, done: Vec::new(), begun: Vec::new() };
    lines.rule(&header.label);
    let back = match &header.back {
        Back::Command { .. } => "command",
        Back::Url { .. } => "server",
    };
    lines.fact(back, &header.back.display());
    match row.open {
        // Who is there and what waits is looked at while it happens, so it comes first.
        Some(open) if is_http => {
            http::lines(&mut lines, open);
            lines.rule("Session");
            recording(&mut lines, row);
            opened(&mut lines, open, extent);
        }
        Some(open) => {
            recording(&mut lines, row);
            opened(&mut lines, open, extent);
        }
        None => {
            recording(&mut lines, row);
            let is_recorded = row.path().is_some();
            let opens = || format!("{} opens it", cx.keys.label(Action::Open, PanelId::Sessions));
            let nothing = || "live, but nothing of it can be shown".to_owned();
            lines.hint(&if is_recorded { opens() } else { nothing() });
        }
    }
    if is_wide { lines.in_two() } else { lines.done }
}

/// Where its recording is, and who wrote it.
fn recording(lines: &mut Lines<'_>, row: &Row<'_>) {
    let header = row.header();
    let started = header.started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    lines.fact("started", &format!("{started}, {}", since(header.started, lines.cx.wall)));
    let by = format!("mcptop {} on {}", header.version, header.platform);
    if let Some(path) = row.path() {
        lines.fact("recording", &path.display().to_string());
        lines.fact("recorded by", &by);
    } else {
        lines.fact("recording", "none: --no-record, or no file could be written");
        lines.fact("wrapped by", &by);
    }
}

fn opened(lines: &mut Lines<'_>, open: &Opened<'_>, extent: Extent) {
    let session = open.session;
    let is_http = matches!(session.header.front, Front::Http { .. });
    if !is_http {
        lines.fact("state", &state(open));
    }
    if let Some(damage) = open.damage {
        lines.fact("damage", damage);
    }
    let handshake = session.handshake();
    let revision = match (&handshake.negotiated, &handshake.requested) {
        (Some(negotiated), Some(requested)) if negotiated != requested => {
            format!("{negotiated} (the client asked for {requested})")
        }
        (Some(negotiated), _) => negotiated.to_string(),
        (None, Some(requested)) => format!("not agreed; the client asked for {requested}"),
        (None, None) => "not agreed yet".to_owned(),
    };
    // Each client over HTTP has its own, and stands in the list of clients.
    if !is_http {
        lines.fact("protocol", &revision);
    }
    let capabilities = |json: Option<&str>| json.map_or_else(String::new, capability_names);
    for (side, who, json) in [
        ("client", &handshake.client, handshake.client_capabilities.as_deref()),
        ("server", &handshake.server, handshake.server_capabilities.as_deref()),
    ] {
        if let Some(who) = who.as_ref().filter(|_| !is_http || side == "server") {
            lines.fact(side, &named(who, &capabilities(json)));
        }
    }
    let definitions = session.definitions();
    let count = |what: &str, count: Option<u32>| count.map(|count| format!("{count} {what}"));
    let tools = u32::try_from(definitions.tools().len()).ok().filter(|tools| *tools > 0);
    let offered: Vec<String> = [
        count("tools", tools),
        count("prompts", definitions.prompts),
        count("resources", definitions.resources),
        count("resource templates", definitions.resource_templates),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !offered.is_empty() {
        lines.fact("offers", &offered.join(", "));
    }
    // A server at an address was there before, and nobody asked it at once.
    if let Some(cold_us) = session.cold_start_us().filter(|_| !is_http) {
        lines.fact("start", &format!("{} until its first answer", duration_in_words(cold_us)));
    }
    notifications(lines, session);
    traffic::lines(lines, open, extent);
    logs(lines, session);
}

fn state(open: &Opened<'_>) -> String {
    let session = open.session;
    let ran = duration(open.now);
    let mut state = match session.end() {
        Some(end) => {
            let how = end.exit.unwrap_or(Exit::Unknown).in_words();
            if end.why.is_empty() {
                format!("{how} after {ran}")
            } else {
                format!("{how} after {ran}: {}", end.why)
            }
        }
        None if open.playback.is_some() => format!("played: {ran} after its start"),
        // What changes stands last.
        None if open.is_live => match session.pid() {
            Some(pid) => format!("live as process {pid} for {ran}"),
            None => format!("live for {ran}"),
        },
        None if open.loaded < 1.0 => "being read".to_owned(),
        None => format!("breaks off after {ran}"),
    };
    if let Some((at, why)) = session.stopped() {
        let _ = write!(state, "; recording stopped at {}: {why}", duration(at));
    }
    state
}

fn named(who: &Implementation, capabilities: &str) -> String {
    let version = if who.version.is_empty() { String::new() } else { format!(" {}", who.version) };
    let can = if capabilities.is_empty() { String::new() } else { format!("   can {capabilities}") };
    format!("{}{version}{can}", who.name)
}

/// `tools(listChanged) resources` from the capabilities' JSON.
fn capability_names(json: &str) -> String {
    let Ok(serde_json::Value::Object(all)) = serde_json::from_str(json) else { return String::new() };
    let names = all.iter().map(|(name, value)| {
        let inner: Vec<&str> = value.as_object().map_or_else(Vec::new, |inner| {
            inner.iter().filter(|(_, on)| **on != false).map(|(name, _)| name.as_str()).collect()
        });
        if inner.is_empty() { name.clone() } else { format!("{name}({})", inner.join(" ")) }
    });
    names.collect::<Vec<_>>().join(" ")
}

fn notifications(lines: &mut Lines<'_>, session: &Session) {
    let mut all: Vec<_> = session.notifications().iter().collect();
    all.sort_by_key(|notification| std::cmp::Reverse(notification.count));
    let texts: Vec<String> = all
        .iter()
        .map(|one| {
            let name = session.name(one.method);
            format!("{} {}", grouped(one.count), name.strip_prefix("notifications/").unwrap_or(name))
        })
        .collect();
    if !texts.is_empty() {
        lines.fact("notified", &texts.join(", "));
    }
}

fn logs(lines: &mut Lines<'_>, session: &Session) {
    for (title, log) in [("Remarkable", session.log()), ("The server's standard error", session.stderr())] {
        if log.count() == 0 {
            continue;
        }
        lines.rule(&format!("{title}: {}, the newest first", grouped(log.count())));
        for entry in log.entries().rev().take(LOG_LINES) {
            lines.log(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_told_by_name() {
        let json = r#"{"tools":{"listChanged":true},"resources":{"subscribe":false},"logging":{}}"#;
        assert_eq!(capability_names(json), "logging resources tools(listChanged)");
        assert_eq!(capability_names("nonsense"), "");
    }
}
