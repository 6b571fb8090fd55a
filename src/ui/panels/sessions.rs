//! Live and recorded sessions: the list, and what is known of the selected one.
//!
//! Knows what was found on this machine and what is open; opening, closing and deleting it asks for.

use std::path::PathBuf;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::session_detail;
use super::{CopyWhat, Copyable, Cx, Deed, Focus, Listed, Mouse, OpenId, Opened, Panel, Reply, welcome};
use crate::ui::keys::Action;
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{bytes, grouped};

/// The panel of sessions.
#[derive(Debug)]
pub struct Sessions {
    /// The selected recording; a path, so that the selection survives changes of the list.
    selected: Option<PathBuf>,
    sort: Sort,
    is_reversed: bool,
    from: usize,
    rows: Rect,
    /// How far the detail is scrolled.
    detail_from: usize,
    /// Whether there was nothing to show.
    is_empty: bool,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            selected: None,
            sort: Sort::Started,
            is_reversed: false,
            from: 0,
            rows: Rect::default(),
            detail_from: 0,
            is_empty: false,
        }
    }
}

/// What the list is sorted by. Live sessions always come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Started,
    Label,
    Size,
}

impl Sort {
    const ALL: [Self; 3] = [Self::Started, Self::Label, Self::Size];

    fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Label => "session",
            Self::Size => "size",
        }
    }
}

/// A row: a session found on this machine, or one opened from elsewhere.
struct Row<'a> {
    path: &'a std::path::Path,
    listed: Option<&'a Listed>,
    open: Option<&'a Opened<'a>>,
}

impl Row<'_> {
    fn header(&self) -> &crate::trace::Header {
        match (self.open, self.listed) {
            (Some(open), _) => &open.session.header,
            (None, Some(listed)) => &listed.header,
            (None, None) => unreachable!("a row is made of one or the other"),
        }
    }

    fn is_live(&self) -> bool {
        self.open.map_or_else(|| self.listed.is_some_and(|listed| listed.is_live), |open| open.is_live)
    }

    fn size_bytes(&self) -> Option<u64> {
        self.listed.map(|listed| listed.size_bytes)
    }
}

impl Sessions {
    fn sorted<'a>(&self, cx: &'a Cx<'a>) -> Vec<Row<'a>> {
        let mut rows: Vec<Row<'a>> = cx
            .listed
            .iter()
            .map(|listed| Row {
                path: &listed.path,
                listed: Some(listed),
                open: cx.sessions.iter().find(|open| open.path == listed.path),
            })
            .collect();
        for open in cx.sessions {
            if rows.iter().all(|row| row.path != open.path) {
                rows.push(Row { path: open.path, listed: None, open: Some(open) });
            }
        }
        rows.sort_by(|a, b| {
            let order = match self.sort {
                Sort::Started => b.header().started.cmp(&a.header().started),
                Sort::Label => a.header().label.to_lowercase().cmp(&b.header().label.to_lowercase()),
                Sort::Size => b.size_bytes().cmp(&a.size_bytes()),
            };
            let order = if self.is_reversed { order.reverse() } else { order };
            b.is_live().cmp(&a.is_live()).then(order)
        });
        rows
    }

    /// The position of the selected row; the first if it has gone.
    fn at(&self, rows: &[Row<'_>]) -> usize {
        let selected = self.selected.as_deref();
        rows.iter().position(|row| Some(row.path) == selected).unwrap_or(0)
    }

    fn select(&mut self, rows: &[Row<'_>], at: usize) {
        self.detail_from = 0;
        self.selected = rows.get(at.min(rows.len().saturating_sub(1))).map(|row| row.path.to_owned());
    }

    fn open(row: &Row<'_>) -> Reply {
        match row.open {
            Some(open) => {
                Reply::Show(super::PanelId::Top, Focus { session: Some(open.id), ..Focus::default() })
            }
            None => Reply::OpenRecording(row.path.to_owned()),
        }
    }

    fn delete(row: &Row<'_>) -> Reply {
        if row.is_live() {
            return Reply::Say("This session is live; its recording can be deleted when it has ended".into());
        }
        match row.listed {
            Some(listed) => {
                let question = format!("Delete the recording of {}?", listed.header.label);
                Reply::Confirm(question, Deed::Delete(listed.path.clone()))
            }
            None => Reply::Say("Only recordings in mcptop's own folder can be deleted here".into()),
        }
    }

    fn stop_recording(row: &Row<'_>) -> Reply {
        match row.open.filter(|open| open.is_live) {
            Some(open) if open.session.stopped().is_some() => {
                Reply::Say("It is not recorded any more".into())
            }
            Some(open) => {
                let question = format!("Stop recording {}? Its traffic goes on.", open.session.header.label);
                Reply::Confirm(question, Deed::StopRecording(open.id))
            }
            None => Reply::Say("Only a live session that is open here can be told to stop recording".into()),
        }
    }

    fn list(&mut self, cx: &Cx<'_>, rows: &[Row<'_>], area: Rect, buf: &mut Buffer) {
        let columns = Columns::of(area.width);
        columns.heading(cx, self.sort).render(Rect { height: 1, ..area }, buf);
        self.rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let (at, height) = (self.at(rows), usize::from(self.rows.height));
        self.from = self.from.min(at).max((at + 1).saturating_sub(height));
        self.from = self.from.min(rows.len().saturating_sub(height));
        for ((position, row), y) in
            rows.iter().enumerate().skip(self.from).zip(self.rows.top()..self.rows.bottom())
        {
            let place = Rect { y, height: 1, ..area };
            columns.row(cx, row).render(place, buf);
            if position == at {
                buf.set_style(place, cx.theme.style(Role::Selection));
            }
        }
    }
}

impl Panel for Sessions {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let rows = self.sorted(cx);
        self.is_empty = rows.is_empty();
        if rows.is_empty() {
            if cx.has_searched {
                welcome::view(cx, area, buf);
            }
            return;
        }
        let at = self.at(&rows);
        // The detail gets what the list does not need, but at least half.
        let wanted = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2);
        let list_height = if area.height >= 14 { wanted.min(area.height / 2) } else { area.height };
        let list = Rect { height: list_height, ..area };
        self.list(cx, &rows, list, buf);
        if list_height < area.height {
            let detail = Rect { y: list.bottom(), height: area.height - list_height, ..area };
            let row = &rows[at];
            let lines = session_detail::lines(cx, row.header(), row.path, row.open, detail.width);
            self.detail_from = self.detail_from.min(lines.len().saturating_sub(usize::from(detail.height)));
            for (line, y) in lines.into_iter().skip(self.detail_from).zip(detail.top()..detail.bottom()) {
                line.render(Rect { y, height: 1, ..detail }, buf);
            }
        }
    }

    fn act(&mut self, action: Action, cx: &Cx<'_>) -> Reply {
        let rows = self.sorted(cx);
        let (at, page) = (self.at(&rows), usize::from(self.rows.height.max(1)));
        let Some(row) = rows.get(at) else { return Reply::Ignored };
        match action {
            Action::Up => self.select(&rows, at.saturating_sub(1)),
            Action::Down => self.select(&rows, at + 1),
            Action::PageUp => self.select(&rows, at.saturating_sub(page)),
            Action::PageDown => self.select(&rows, at + page),
            Action::First => self.select(&rows, 0),
            Action::Last => self.select(&rows, rows.len() - 1),
            Action::Left => self.detail_from = self.detail_from.saturating_sub(1),
            Action::Right => self.detail_from += 1,
            Action::Open => return Self::open(row),
            Action::Close => {
                return match row.open {
                    Some(open) => Reply::CloseSession(open.id),
                    None => Reply::Say("It is not open".into()),
                };
            }
            Action::Delete => return Self::delete(row),
            Action::StopRecording => return Self::stop_recording(row),
            Action::Refresh => return Reply::Refresh,
            Action::SortNext | Action::SortPrevious => {
                let now = Sort::ALL.iter().position(|sort| *sort == self.sort).unwrap_or(0);
                let step = if action == Action::SortNext { 1 } else { Sort::ALL.len() - 1 };
                self.sort = Sort::ALL[(now + step) % Sort::ALL.len()];
            }
            Action::SortReverse => self.is_reversed = !self.is_reversed,
            _ => return Reply::Ignored,
        }
        Reply::Done
    }

    fn mouse(&mut self, mouse: Mouse, cx: &Cx<'_>) -> Reply {
        let rows = self.sorted(cx);
        match mouse {
            Mouse::Click(position) | Mouse::DoubleClick(position) => {
                if !self.rows.contains(position) {
                    return Reply::Ignored;
                }
                let at = self.from + usize::from(position.y - self.rows.y);
                let Some(row) = rows.get(at) else { return Reply::Ignored };
                if matches!(mouse, Mouse::DoubleClick(_)) {
                    return Self::open(row);
                }
                self.select(&rows, at);
            }
            Mouse::Wheel(position, by) if position.y >= self.rows.bottom() => {
                self.detail_from = self.detail_from.saturating_add_signed(isize::from(by));
            }
            Mouse::Wheel(_, by) => {
                let at = self.at(&rows).saturating_add_signed(isize::from(by.signum()));
                self.select(&rows, at);
            }
        }
        Reply::Done
    }

    fn focus(&mut self, focus: &Focus, cx: &Cx<'_>) {
        let wanted = cx.sessions.iter().find(|open| Some(open.id) == focus.session);
        self.selected = wanted.map(|open| open.path.to_owned()).or(self.selected.take());
    }

    fn session(&self, cx: &Cx<'_>) -> Option<OpenId> {
        let rows = self.sorted(cx);
        rows.get(self.at(&rows))?.open.map(|open| open.id)
    }

    fn hints(&self) -> &'static [Action] {
        if self.is_empty {
            return &[Action::Copy, Action::NextTheme, Action::Quit];
        }
        &[Action::Open, Action::Close, Action::Delete, Action::StopRecording, Action::Mark, Action::SortNext]
    }

    fn copyables(&self, cx: &Cx<'_>) -> Vec<Copyable> {
        let rows = self.sorted(cx);
        let text = |name, text| Copyable { name, what: CopyWhat::Text(text) };
        match rows.get(self.at(&rows)) {
            None => vec![text("lines for Claude Desktop", welcome::SNIPPET.to_owned())],
            Some(row) => vec![
                text("recording's path", row.path.display().to_string()),
                text("server's command", row.header().back.display()),
                text("session id", row.header().session.clone()),
            ],
        }
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("sort".into(), self.sort.name().into());
        table.insert("reversed".into(), self.is_reversed.into());
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        let name = remembered.get("sort").and_then(toml::Value::as_str);
        self.sort = Sort::ALL.into_iter().find(|sort| Some(sort.name()) == name).unwrap_or(self.sort);
        self.is_reversed = remembered.get("reversed").and_then(toml::Value::as_bool).unwrap_or(false);
    }
}

/// The widths of the columns on a screen; 0 where there is no room for one.
struct Columns {
    label: usize,
    started: usize,
    size: usize,
    calls: usize,
    command: usize,
}

impl Columns {
    fn of(width: u16) -> Self {
        let width = usize::from(width);
        let label = (width / 4).clamp(14, 32);
        let (started, size, calls) = (16, 9, if width >= 76 { 11 } else { 0 });
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
        if self.command > 8 {
            spans.extend([Span::raw("  "), command]);
        }
        Line::from(spans)
    }

    fn heading(&self, cx: &Cx<'_>, sort: Sort) -> Line<'static> {
        let cell = |text: &'static str| {
            let role = if text == sort.name() { Role::Sorted } else { Role::Heading };
            Span::styled(text, cx.theme.style(role))
        };
        self.line([
            Span::raw(" "),
            cell("session"),
            cell("started"),
            cell("size"),
            cell("calls"),
            cell("command"),
        ])
    }

    fn row(&self, cx: &Cx<'_>, row: &Row<'_>) -> Line<'static> {
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
        let size = row.size_bytes().map_or_else(|| glyphs.none.to_owned(), bytes);
        self.line([
            mark,
            Span::styled(clip::end(&header.label, self.label).into_owned(), style(name_role)),
            Span::styled(since(header.started, cx.wall), style(Role::Text)),
            Span::styled(size, style(Role::Text)),
            calls,
            Span::styled(clip::end(&header.back.display(), self.command).into_owned(), style(Role::Dim)),
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
