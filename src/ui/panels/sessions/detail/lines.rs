//! The lines of the detail: headings, facts, log entries; what a server wrote is made harmless.

use ratatui::text::{Line, Span};

use crate::model::{LogEntry, LogKind};
use crate::trace::Micros;
use crate::ui::panels::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::grouped;
use crate::wire::Peer;

/// Lines under construction, none wider than there is room.
pub(super) struct Lines<'a> {
    pub(super) cx: &'a Cx<'a>,
    pub(super) width: usize,
    pub(super) done: Vec<Line<'static>>,
    /// Where each heading stands.
    pub(super) begun: Vec<usize>,
}

/// Cells between two columns of lines.
pub(super) const BETWEEN: usize = 3;

impl Lines<'_> {
    /// The lines in two columns of the same width, cut between two headings so that they are about as long.
    pub(super) fn in_two(mut self) -> Vec<Line<'static>> {
        let all = self.done.len();
        let longer = |at: &usize| (*at).max(all - at);
        let cut = self.begun.iter().copied().min_by_key(longer).filter(|cut| *cut > 0).unwrap_or(all);
        let mut right = self.done.split_off(cut).into_iter();
        let mut left = self.done.into_iter();
        let style = self.cx.theme.style(Role::Border);
        let between = format!(" {} ", self.cx.theme.glyphs.vertical);
        let mut both = Vec::new();
        loop {
            let (one, other) = (left.next(), right.next());
            if one.is_none() && other.is_none() {
                return both;
            }
            let mut line = one.unwrap_or_default();
            let pad = self.width.saturating_sub(line.width());
            line.spans.push(Span::raw(" ".repeat(pad)));
            line.spans.push(Span::styled(between.clone(), style));
            let other = other.unwrap_or_default();
            let style = other.style;
            line.spans.extend(
                other.spans.into_iter().map(|span| Span::styled(span.content, style.patch(span.style))),
            );
            both.push(line);
        }
    }

    /// A heading.
    pub(super) fn rule(&mut self, title: &str) {
        self.begun.push(self.done.len());
        let (theme, glyphs) = (self.cx.theme, &self.cx.theme.glyphs);
        let title = format!(" {} ", clip::end(title, self.width.saturating_sub(6)).into_owned());
        let rest = self.width.saturating_sub(Line::raw(title.as_str()).width() + 2);
        self.done.push(Line::from(vec![
            Span::styled(glyphs.horizontal.repeat(2), theme.style(Role::Border)),
            Span::styled(title, theme.style(Role::Title)),
            Span::styled(glyphs.horizontal.repeat(rest), theme.style(Role::Border)),
        ]));
    }

    /// A name and what it stands for.
    pub(super) fn fact(&mut self, name: &'static str, value: &str) {
        let theme = self.cx.theme;
        let value = clip::end(value, self.width.saturating_sub(14)).into_owned();
        self.done.push(Line::from(vec![
            Span::styled(format!(" {name:<12} "), theme.style(Role::Dim)),
            Span::styled(value, theme.style(Role::Text)),
        ]));
    }

    /// A remark.
    pub(super) fn hint(&mut self, text: &str) {
        let text = clip::end(text, self.width.saturating_sub(1)).into_owned();
        self.done.push(Line::from(Span::styled(format!(" {text}"), self.cx.theme.style(Role::Dim))));
    }

    /// An entry of a log.
    pub(super) fn log(&mut self, entry: &LogEntry) {
        let theme = self.cx.theme;
        let (mark, role) = match entry.kind {
            LogKind::Stderr => (" ", Role::Text),
            LogKind::Note => (theme.glyphs.note, Role::Note),
            LogKind::Dropped { .. } | LogKind::RulesRefused | LogKind::RuleFailed => {
                (theme.glyphs.error, Role::Bad)
            }
            LogKind::Stopped
            | LogKind::Noise { .. }
            | LogKind::Orphan { .. }
            | LogKind::Duplicate { .. }
            | LogKind::NoId { .. }
            | LogKind::SameId { .. }
            | LogKind::TooLong { .. } => (theme.glyphs.warn, Role::Warn),
            LogKind::Rules | LogKind::Closed { .. } | LogKind::UnknownEvent => (theme.glyphs.dot, Role::Dim),
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
        LogKind::Rules => "rules in force".to_owned(),
        LogKind::RulesRefused => "rules not taken".to_owned(),
        LogKind::RuleFailed => "a rule failed and is off".to_owned(),
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
pub(super) fn duration(time: Micros) -> String {
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
    fn durations_grow_their_units() {
        assert_eq!(
            [4_500_000, 123_000_000, 3_723_000_000].map(|us| duration(Micros(us))),
            ["4.5 s", "2:03", "1:02:03"]
        );
    }
}
