//! Live and recorded sessions: the list, and what is known of the selected one.
//!
//! Knows what was found on this machine and what is open; opening, closing and deleting it asks for.

mod columns;
mod detail;
mod rows;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use columns::Columns;
use rows::{Row, RowKey, Sort, sorted};

use super::{CopyWhat, Copyable, Cx, Deed, Focus, Mouse, OpenId, Panel, PanelId, Reply, welcome};
use crate::ui::keys::{Action, Turn};
use crate::ui::side_by_side::Pair;
use crate::ui::theme::Role;
use crate::ui::widgets::ascii;
use crate::ui::widgets::legend::Legend;

/// The panel of sessions.
#[derive(Debug)]
pub struct Sessions {
    /// The selected row; a key, so that the selection survives changes of the list.
    selected: Option<RowKey>,
    /// The recording that others are compared with.
    picked: Option<PathBuf>,
    sort: Sort,
    is_reversed: bool,
    from: usize,
    rows: Rect,
    /// How far the detail is scrolled.
    detail_from: usize,
    /// Whether there was nothing to show.
    is_empty: bool,
    /// Whether the selected session was live when it was drawn.
    is_live: bool,
    /// What can be done with it.
    offered: Vec<Action>,
}

/// What is said when there is nothing to read.
const NOT_RECORDED: &str = "This session is not recorded, so there is nothing to show of it";

impl Default for Sessions {
    fn default() -> Self {
        Self {
            selected: None,
            picked: None,
            sort: Sort::Started,
            is_reversed: false,
            from: 0,
            rows: Rect::default(),
            detail_from: 0,
            is_empty: false,
            is_live: false,
            offered: Vec::new(),
        }
    }
}

impl Sessions {
    /// The position of the selected row; if there is none, of the first session that is open.
    fn at(&self, rows: &[Row<'_>]) -> usize {
        let is_selected = |row: &Row<'_>| self.selected.as_ref() == Some(&row.key());
        let is_open = |row: &Row<'_>| row.open.is_some();
        rows.iter().position(is_selected).or_else(|| rows.iter().position(is_open)).unwrap_or(0)
    }

    fn select(&mut self, rows: &[Row<'_>], at: usize) {
        self.detail_from = 0;
        self.selected = rows.get(at.min(rows.len().saturating_sub(1))).map(Row::key);
    }

    fn open(row: &Row<'_>) -> Reply {
        match (row.open, row.path()) {
            (Some(open), _) => {
                Reply::Show(PanelId::Top, Focus { session: Some(open.id), ..Focus::default() })
            }
            (None, Some(path)) => Reply::OpenRecording(path.to_owned()),
            (None, None) => Reply::Say(NOT_RECORDED.into()),
        }
    }

    fn delete(row: &Row<'_>) -> Reply {
        if row.is_live() {
            return Reply::Say("This session is live; its recording can be deleted when it has ended".into());
        }
        match row.listed.and(row.path()) {
            Some(path) => {
                let header = row.header();
                let started = header.started.strftime("%F %R");
                let question = format!("Delete this recording: {}, started {started} UTC?", header.label);
                Reply::Confirm(question, Deed::Delete(path.to_owned()))
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
            None if row.path().is_none() => Reply::Say(NOT_RECORDED.into()),
            None => Reply::Say("Only a live session that is open here can be told to stop recording".into()),
        }
    }

    /// Plays the session; the one that is played is the shell's business.
    fn play(row: &Row<'_>) -> Reply {
        match (row.open.and_then(|open| open.playback), row.path()) {
            (Some(_), _) => Reply::Ignored,
            (None, Some(path)) => Reply::Play(path.to_owned()),
            (None, None) => Reply::Say(NOT_RECORDED.into()),
        }
    }

    fn pick(&mut self, row: &Row<'_>, cx: &Cx<'_>) -> Reply {
        let Some(path) = row.path() else { return Reply::Say(NOT_RECORDED.into()) };
        if self.picked.as_deref() == Some(path) {
            self.picked = None;
            return Reply::Say("No session is picked any more".into());
        }
        self.picked = Some(path.to_owned());
        let compare = cx.keys.label(Action::Compare, PanelId::Sessions);
        Reply::Say(format!("Picked {}: {compare} compares another session with it", row.header().label))
    }

    fn compare(&self, row: &Row<'_>, cx: &Cx<'_>) -> Reply {
        let say = |text: &str| Reply::Say(text.to_owned());
        match (&self.picked, row.path()) {
            (None, _) => {
                let [pick, compare] =
                    [Action::Pick, Action::Compare].map(|action| cx.keys.label(action, PanelId::Sessions));
                say(&format!("{pick} picks a session; then {compare} compares another one with it"))
            }
            (Some(_), None) => say(NOT_RECORDED),
            (Some(picked), Some(path)) if picked == path => {
                say("This is the picked session: select another one")
            }
            (Some(picked), Some(path)) => {
                Reply::SideBySide(Pair::Sessions([picked.clone(), path.to_owned()]))
            }
        }
    }

    /// What can be done with a session, of what can be done with some.
    fn offered(&self, row: &Row<'_>) -> Vec<Action> {
        let has_path = row.path().is_some();
        let is_picked = self.picked.as_deref() == row.path();
        let is_recording = row.open.is_some_and(|open| open.is_live && open.session.stopped().is_none());
        let all = [
            (Action::Open, has_path || row.open.is_some()),
            (Action::Playback(Turn::Play), has_path),
            (Action::Pick, has_path),
            (Action::Compare, has_path && self.picked.is_some() && !is_picked),
            (Action::Close, row.open.is_some()),
            (Action::Delete, has_path && row.listed.is_some() && !row.is_live()),
            (Action::StopRecording, is_recording),
        ];
        all.into_iter().filter(|(_, can)| *can).map(|(action, _)| action).collect()
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
            if self.picked.as_deref().is_some_and(|picked| row.path() == Some(picked)) {
                // Where the rows leave a cell free: a mark that needs no colour.
                buf[(area.x, y)].set_symbol(cx.theme.glyphs.note);
            }
            if position == at {
                buf.set_style(place, cx.theme.style(Role::Selection));
            }
        }
    }
}

/// What the columns mean.
pub(super) fn legends() -> Vec<Legend> {
    columns::LEGENDS.to_vec()
}

impl Panel for Sessions {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let rows = sorted(cx, self.sort, self.is_reversed);
        self.is_empty = rows.is_empty();
        self.is_live = rows.get(self.at(&rows)).is_some_and(Row::is_live);
        self.offered = rows.get(self.at(&rows)).map(|row| self.offered(row)).unwrap_or_default();
        if rows.is_empty() {
            if cx.has_searched {
                welcome::view(cx, area, buf);
            }
            return;
        }
        let at = self.at(&rows);
        // The detail gets what the list does not need, but at least half.
        let wanted = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2);
        let list_height = if area.height >= 10 { wanted.min(area.height / 2) } else { area.height };
        let list = Rect { height: list_height, ..area };
        self.list(cx, &rows, list, buf);
        if list_height < area.height {
            let place = Rect { y: list.bottom(), height: area.height - list_height, ..area };
            let row = &rows[at];
            let lines = detail::lines(cx, row, place.width, place.height);
            self.detail_from = self.detail_from.min(lines.len().saturating_sub(usize::from(place.height)));
            for (line, y) in lines.into_iter().skip(self.detail_from).zip(place.top()..place.bottom()) {
                line.render(Rect { y, height: 1, ..place }, buf);
            }
        }
        ascii::reduce(buf, area, &cx.theme.glyphs);
    }

    fn act(&mut self, action: Action, cx: &Cx<'_>) -> Reply {
        let rows = sorted(cx, self.sort, self.is_reversed);
        let (at, page) = (self.at(&rows), usize::from(self.rows.height.max(1)));
        if action == Action::Refresh {
            return Reply::Refresh;
        }
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
            Action::Playback(Turn::Play) => return Self::play(row),
            Action::Pick => return self.pick(row, cx),
            Action::Compare => return self.compare(row, cx),
            Action::Delete => return Self::delete(row),
            Action::StopRecording => return Self::stop_recording(row),
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
        let rows = sorted(cx, self.sort, self.is_reversed);
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
        let wanted = wanted.map(|open| RowKey::Recording(open.path.to_owned()));
        self.selected = wanted.or(self.selected.take());
    }

    fn session(&self, cx: &Cx<'_>) -> Option<OpenId> {
        let rows = sorted(cx, self.sort, self.is_reversed);
        rows.get(self.at(&rows))?.open.map(|open| open.id)
    }

    fn hints(&self) -> &'static [Action] {
        if self.is_empty {
            return &[Action::Copy, Action::Refresh];
        }
        if self.picked.is_some() {
            return &[Action::Compare, Action::Pick, Action::Open, Action::Close, Action::Delete];
        }
        if self.is_live {
            return &[Action::Open, Action::Mark, Action::StopRecording, Action::Close, Action::Pick];
        }
        &[
            Action::Open,
            Action::Playback(Turn::Play),
            Action::Pick,
            Action::Close,
            Action::Delete,
            Action::SortNext,
        ]
    }

    fn offers(&mut self, action: Action, _cx: &Cx<'_>) -> bool {
        match action {
            Action::Open
            | Action::Playback(Turn::Play)
            | Action::Pick
            | Action::Compare
            | Action::Close
            | Action::Delete
            | Action::StopRecording => self.offered.contains(&action),
            Action::SortNext | Action::SortPrevious | Action::SortReverse => !self.is_empty,
            _ => true,
        }
    }

    fn copyables(&self, cx: &Cx<'_>) -> Vec<Copyable> {
        let rows = sorted(cx, self.sort, self.is_reversed);
        let text = |name, text| Copyable { name, what: CopyWhat::Text(text) };
        match rows.get(self.at(&rows)) {
            None => vec![welcome::copyable()],
            Some(row) => {
                let path = row.path().map(|path| text("recording's path", path.display().to_string()));
                let rest = [
                    text("server's command", row.header().back.display()),
                    text("session id", row.header().session.clone()),
                ];
                path.into_iter().chain(rest).collect()
            }
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
