//! The columns of the list of sessions. Knows nothing of what is selected.

use jiff::Timestamp;
use ratatui::text::{Line, Span};

use super::rows::{Row, Sort};
use crate::ui::panels::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::legend::Legend;
use crate::ui::widgets::number::{bytes, grouped};
use crate::ui::widgets::{clip, command};

const fn legend(
    title: &'static str,
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
) -> Legend {
    Legend { title, name, unit, meaning }
}

/// The columns, left to right.
pub(super) const LEGENDS: [Legend; 6] = [
    legend("", "state", "", "Live, open here, or neither: a mark"),
    legend("session", "session", "", "What the server is called"),
    legend("started", "started", "time", "How long ago it began; else the day"),
    legend("size", "size", "bytes", "Its recording"),
    legend("calls", "calls", "calls", "Calls, where it is open here"),
    legend("command", "command", "", "What was started, or the address"),
];

/// Cells below which a command says nothing.
const COMMAND_MIN: usize = 9;

/// The widths of the columns on a screen; 0 where there is no room for one.
pub(super) struct Columns {
    label: usize,
    started: usize,
    size: usize,
    calls: usize,
    command: usize,
}

impl Columns {
    pub(super) fn of(width: u16) -> Self {
        let width = usize::from(width);
        let label = (width / 4).clamp(14, 32);
        let (started, size, calls) = (16, 10, if width >= 76 { 10 } else { 0 });
        let used = 3 + label + 1 + started + size + calls + 2;
        Self { label, started, size, calls, command: width.saturating_sub(used) }
    }

    fn line(&self, [mark, label, started, size, calls, command]: [Span<'static>; 6]) -> Line<'static> {
        let pad = |span: Span<'static>, width: usize, right: bool| {
            let gap = " ".repeat(width.saturating_sub(span.width()));
            let style = span.style;
            let text =
                if right { format!("{gap}{}", span.content) } else { format!("{}{gap}", span.content) };
            Span::styled(text, style)
        };
        let mut spans =
            vec![Span::raw(" "), mark, Span::raw(" "), pad(label, self.label, false), Span::raw(" ")];
        spans.push(pad(started, self.started, false));
        spans.push(pad(size, self.size, true));
        if self.calls > 0 {
            spans.push(pad(calls, self.calls, true));
        }
        if self.command >= COMMAND_MIN {
            spans.extend([Span::raw("  "), command]);
        }
        Line::from(spans)
    }

    pub(super) fn heading(&self, cx: &Cx<'_>, sort: Sort) -> Line<'static> {
        let cell = |text: &'static str| {
            let role = if text == sort.name() { Role::Sorted } else { Role::Heading };
            Span::styled(text, cx.theme.style(role))
        };
        self.line(
            LEGENDS.map(|column| if column.title.is_empty() { Span::raw(" ") } else { cell(column.title) }),
        )
    }

    pub(super) fn row(&self, cx: &Cx<'_>, row: &Row<'_>) -> Line<'static> {
        let (style, glyphs) = (|role| cx.theme.style(role), &cx.theme.glyphs);
        let mark = match (row.is_live(), row.open) {
            (true, _) => Span::styled(glyphs.live, style(Role::Good)),
            (false, Some(_)) => Span::styled(glyphs.ended, style(Role::Accent)),
            (false, None) => Span::styled(glyphs.ended, style(Role::Dim)),
        };
        let header = row.header();
        let calls = row.open.map_or_else(
            || Span::styled(glyphs.none, style(Role::Dim)),
            |open| Span::styled(grouped(open.session.operations().len() as u64), style(Role::Text)),
        );
        let name_role = if row.open.is_some() { Role::Strong } else { Role::Text };
        let size = match (row.path(), row.size_bytes()) {
            (None, _) => "unrecorded".to_owned(),
            (Some(_), None) => glyphs.none.to_owned(),
            (Some(_), Some(size_bytes)) => bytes(size_bytes),
        };
        self.line([
            mark,
            Span::styled(clip::end(&header.label, self.label).into_owned(), style(name_role)),
            Span::styled(since(header.started, cx.wall), style(Role::Text)),
            Span::styled(size, style(Role::Text)),
            calls,
            Span::styled(command::clipped(&header.back.display(), self.command), style(Role::Dim)),
        ])
    }
}

/// How long ago something was, in the largest unit that says something; the date beyond a week.
#[must_use]
pub(super) fn since(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - then.as_second();
    match seconds {
        ..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        86_400..604_800 => format!("{} d ago", seconds / 86_400),
        _ => then.strftime("%Y-%m-%d").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_their_largest_unit() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (then, text) in [
            ("2026-11-21T11:59:30Z", "just now"),
            ("2026-11-21T12:00:30Z", "just now"),
            ("2026-11-21T11:12:00Z", "48 min ago"),
            ("2026-11-21T03:00:00Z", "9 h ago"),
            ("2026-11-18T12:00:00Z", "3 d ago"),
            ("2026-10-01T12:00:00Z", "2026-10-01"),
        ] {
            assert_eq!(since(then.parse().unwrap(), now), text);
        }
    }
}
