//! What is known of one session beside its calls: who speaks what with whom, how it stands, what it logged.

use std::fmt::Write as _;

use ratatui::text::{Line, Span};

use super::columns::since;
use super::rows::Row;
use crate::model::{Implementation, LogEntry, LogKind, Session};
use crate::trace::{Back, Exit, Front, Micros};
use crate::ui::panels::{Cx, Opened};
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::grouped;
use crate::wire::Peer;

/// Lines of the log that are shown.
const LOG_LINES: usize = 200;

/// Everything known of a session, in lines of at most `width` columns.
pub(super) fn lines(cx: &Cx<'_>, row: &Row<'_>, width: u16) -> Vec<Line<'static>> {
    let header = row.header();
    let mut lines = Lines { cx, width: usize::from(width), done: Vec::new() };
    lines.rule(&header.label);
    let back = match &header.back {
        Back::Command { .. } => "command",
        Back::Url { .. } => "server",
    };
    lines.fact(back, &header.back.display());
    let started = header.started.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    lines.fact("started", &format!("{started}, {}", since(header.started, cx.wall)));
    let by = format!("mcptop {} on {}", header.version, header.platform);
    if let Some(path) = row.path() {
        lines.fact("recording", &path.display().to_string());
        lines.fact("recorded by", &by);
    } else {
        lines.fact("recording", "none: --no-record, or no file could be written");
        lines.fact("wrapped by", &by);
    }
    match row.open {
        Some(open) => opened(&mut lines, open),
        None if row.path().is_none() => lines.hint("live, but nothing of it can be shown"),
        None => lines.hint("enter opens it"),
    }
    lines.done
}

fn opened(lines: &mut Lines<'_>, open: &Opened<'_>) {
    let session = open.session;
    lines.fact("state", &state(open));
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
    lines.fact("protocol", &revision);
    let capabilities = |json: Option<&str>| json.map_or_else(String::new, capability_names);
    for (side, who, json) in [
        ("client", &handshake.client, handshake.client_capabilities.as_deref()),
        ("server", &handshake.server, handshake.server_capabilities.as_deref()),
    ] {
        if let Some(who) = who {
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
    if let Some(cold_us) = session.cold_start_us() {
        lines.fact("start", &format!("{:.0} ms until its first answer", cold_us as f64 / 1_000.0));
    }
    http(lines, open);
    notifications(lines, session);
    logs(lines, session);
}

/// What is known of the HTTP around the messages.
fn http(lines: &mut Lines<'_>, open: &Opened<'_>) {
    let http = open.session.http();
    if let Front::Http { listen } = &open.session.header.front {
        lines.fact("listens", listen);
    }
    let Some(last) = http.all().last() else { return };
    let connections = http.all().iter().map(|exchange| exchange.connection).max().unwrap_or(0);
    let counts = [
        (http.all().len() as u64 + http.not_kept(), "exchanges"),
        (http.open() as u64, "open"),
        (u64::from(connections.max(last.connection)), "connections"),
        (sessions_of(open.session) as u64, "sessions"),
    ];
    let counts = counts.map(|(count, what)| format!("{} {what}", grouped(count)));
    lines.fact("http", &counts.join(", "));
    if let Some(stall) = http.stall() {
        let waited = stall.gap_us / 1_000;
        let fate = if stall.is_removed { "removed by mcptop" } else { "acknowledging at once did not help" };
        lines.fact("stall", &format!("{waited} ms: the server writes without TCP_NODELAY; {fate}"));
    }
}

/// How many sessions the exchanges named.
fn sessions_of(session: &Session) -> usize {
    let named = session.http().all().iter().map(|exchange| exchange.session);
    named.filter(|session| !session.is_none()).collect::<std::collections::HashSet<_>>().len()
}

fn state(open: &Opened<'_>) -> String {
    let session = open.session;
    let ran = duration(open.now);
    let mut state = match session.end() {
        Some(end) => {
            let how = match end.exit {
                Some(Exit::Code(code)) => format!("ended with status {code}"),
                Some(Exit::Signal(signal)) => format!("ended by signal {signal}"),
                Some(Exit::Unknown) | None => "ended".to_owned(),
            };
            if end.why.is_empty() {
                format!("{how} after {ran}")
            } else {
                format!("{how} after {ran}: {}", end.why)
            }
        }
        None if open.is_live => format!("live for {ran}"),
        None => format!("breaks off after {ran}"),
    };
    if let Some((at, why)) = session.stopped() {
        let _ = write!(state, "; recording stopped at {}: {why}", duration(at));
    }
    if let Some(pid) = session.pid().filter(|_| open.is_live) {
        let _ = write!(state, ", process {pid}");
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

struct Lines<'a> {
    cx: &'a Cx<'a>,
    width: usize,
    done: Vec<Line<'static>>,
}

impl Lines<'_> {
    fn rule(&mut self, title: &str) {
        let (theme, glyphs) = (self.cx.theme, &self.cx.theme.glyphs);
        let title = format!(" {} ", clip::end(title, self.width.saturating_sub(6)).into_owned());
        let rest = self.width.saturating_sub(Line::raw(title.as_str()).width() + 2);
        self.done.push(Line::from(vec![
            Span::styled(glyphs.horizontal.repeat(2), theme.style(Role::Border)),
            Span::styled(title, theme.style(Role::Title)),
            Span::styled(glyphs.horizontal.repeat(rest), theme.style(Role::Border)),
        ]));
    }

    fn fact(&mut self, name: &'static str, value: &str) {
        let theme = self.cx.theme;
        let value = clip::end(value, self.width.saturating_sub(14)).into_owned();
        self.done.push(Line::from(vec![
            Span::styled(format!(" {name:<12} "), theme.style(Role::Dim)),
            Span::styled(value, theme.style(Role::Text)),
        ]));
    }

    fn hint(&mut self, text: &'static str) {
        self.done.push(Line::styled(format!(" {text}"), self.cx.theme.style(Role::Dim)));
    }

    fn log(&mut self, entry: &LogEntry) {
        let theme = self.cx.theme;
        let (mark, role) = match entry.kind {
            LogKind::Stderr => (" ", Role::Text),
            LogKind::Note => (theme.glyphs.note, Role::Note),
            LogKind::Dropped { .. } => (theme.glyphs.error, Role::Bad),
            LogKind::Stopped
            | LogKind::Noise { .. }
            | LogKind::Orphan { .. }
            | LogKind::Duplicate { .. }
            | LogKind::NoId { .. }
            | LogKind::SameId { .. }
            | LogKind::TooLong { .. } => (theme.glyphs.warn, Role::Warn),
            LogKind::Closed { .. } | LogKind::UnknownEvent => (theme.glyphs.dot, Role::Dim),
        };
        let text = match &*what(entry.kind) {
            "" => printable(&entry.text),
            what if entry.text.is_empty() => what.to_owned(),
            what => format!("{what}: {}", printable(&entry.text)),
        };
        let text = clip::end(&text, self.width.saturating_sub(14)).into_owned();
        self.done.push(Line::from(vec![
            Span::styled(format!(" {:>9} ", duration(entry.at)), theme.style(Role::Dim)),
            Span::styled(mark, theme.style(role)),
            Span::styled(format!(" {text}"), theme.style(role)),
        ]));
    }
}

/// What a log entry is about; nothing where its text says so itself.
fn what(kind: LogKind) -> String {
    let of = |from: Peer| match from {
        Peer::Client => "the client",
        Peer::Server => "the server",
    };
    match kind {
        LogKind::Note | LogKind::Stderr => String::new(),
        LogKind::Noise { from } => format!("{} sent what is no JSON-RPC message", of(from)),
        LogKind::Orphan { from } => format!("{} answered no open request", of(from)),
        LogKind::Duplicate { from } => format!("{} answered a second time", of(from)),
        LogKind::NoId { from } => format!("{} could not read a request", of(from)),
        LogKind::SameId { from } => format!("{} used an id that is in flight already", of(from)),
        LogKind::TooLong { from } => format!("{} sent what is too long to be looked into", of(from)),
        LogKind::Dropped { to, messages, bytes } => {
            let (messages, bytes) = (grouped(messages), grouped(bytes));
            format!("{messages} messages ({bytes} bytes) to the {} were not observed", to.as_str())
        }
        LogKind::Closed { by } => format!("{} closed its sending side", of(by)),
        LogKind::Stopped => "recording stopped".to_owned(),
        LogKind::UnknownEvent => "an event of a later version".to_owned(),
    }
}

/// A text without control characters: a server's colours must not reach the screen.
fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A colour sequence ends with a letter.
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            c if c.is_control() => clean.push(' '),
            c => clean.push(c),
        }
    }
    clean
}

/// `1:02:03`, `2:03` or `4.5 s`.
fn duration(time: Micros) -> String {
    let seconds = time.0 / 1_000_000;
    match seconds {
        0..60 => format!("{:.1} s", time.0 as f64 / 1e6),
        60..3_600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_escape_sequences_do_not_reach_the_screen() {
        assert_eq!(printable("\u{1b}[31mred\u{1b}[0m\tx\u{7}"), "red x ");
        assert_eq!(printable("\u{1b}[3"), "");
    }

    #[test]
    fn capabilities_are_told_by_name() {
        let json = r#"{"tools":{"listChanged":true},"resources":{"subscribe":false},"logging":{}}"#;
        assert_eq!(capability_names(json), "logging resources tools(listChanged)");
        assert_eq!(capability_names("nonsense"), "");
    }

    #[test]
    fn durations_grow_their_units() {
        assert_eq!(
            [4_500_000, 123_000_000, 3_723_000_000].map(|us| duration(Micros(us))),
            ["4.5 s", "2:03", "1:02:03"]
        );
    }
}
