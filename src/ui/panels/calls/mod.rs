//! The Calls panel: the live list of calls, and one of them in full; side by side where there is room.
//!
//! Keeps the selection by the call, not by its row. Builds only the rows on screen.

mod columns;
mod detail;
mod index;
mod pick;
mod point;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use self::columns::{FIELDS, Field};
use self::detail::Detail;
use self::index::{CallId, Index};
use super::{CopyWhat, Copyable, Cx, Focus, Mouse, OpenId, Panel, PanelId, Reply, empty, marks};
use crate::model::Operation;
use crate::ui::keys::{Action, Turn, Wanted};
use crate::ui::theme::Role;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::legend::Legend;
use crate::ui::widgets::scroll::{Scroll, scrollbar};
use crate::ui::widgets::sort::Sort;
use crate::ui::widgets::table::{Column, Layout, Order, put, select};
use crate::ui::widgets::{ascii, clip, notice};

/// From this width on list and detail stand side by side.
const WIDE: u16 = 150;

/// The panel's state.
#[derive(Debug)]
pub struct Calls {
    sort: Sort<Field>,
    follow: bool,
    show_raw: bool,
    /// Whether the keys go to the detail.
    in_detail: bool,
    index: Index,
    selected: Option<CallId>,
    /// The call that others are compared with.
    picked: Option<CallId>,
    scroll: Scroll,
    layout: Layout,
    detail: Option<Detail>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            sort: Sort::by(Field::Time),
            follow: true,
            show_raw: false,
            in_detail: false,
            index: Index::default(),
            selected: None,
            picked: None,
            scroll: Scroll::default(),
            layout: Layout::default(),
            detail: None,
        }
    }
}

impl Calls {
    /// Brings the list up to date and the selection back to its call.
    fn refresh(&mut self, cx: &Cx<'_>) {
        self.index.refresh(self.sort.column, cx.filter_text, cx);
        let newest = match self.sort.order {
            _ if self.sort.column != Field::Time => None,
            Order::Ascending => self.index.len().checked_sub(1),
            Order::Descending => Some(0),
        };
        if let (true, false, Some(row)) = (self.follow, self.in_detail, newest) {
            self.scroll.select(row);
            self.selected = self.index.call(row, self.sort.order);
            return;
        }
        let row = self.selected.and_then(|call| self.index.row_of(call, self.sort.order, cx));
        match row {
            Some(row) => self.scroll.select(row),
            None if !self.in_detail => {
                self.select_row(self.scroll.cursor().min(self.index.len().saturating_sub(1)));
            }
            None => {}
        }
    }

    fn select_row(&mut self, row: usize) {
        self.scroll.select(row);
        self.selected = self.index.call(row, self.sort.order);
    }

    fn found<'a>(call: CallId, cx: &Cx<'a>) -> Option<(&'a super::Opened<'a>, &'a Operation)> {
        let opened = cx.sessions.iter().find(|opened| opened.id == call.session)?;
        Some((opened, opened.session.operation(call.operation)?))
    }

    fn draw_list(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let names = Want::names(longest_name(cx), area.width, 14);
        let columns = FIELDS.map(|field| field.column(cx.sessions, names));
        self.layout = Layout::new(&columns, Rect { width: area.width.saturating_sub(1), ..area });
        let sorted = self.sort.heading();
        self.layout.headings(&columns, sorted, buf, cx.theme);
        let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
        self.draw_rows(&columns, cx, rows, buf);
        self.draw_foot(cx, Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
    }

    fn draw_rows(&mut self, columns: &[Column], cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let total = self.index.len();
        if total == 0 {
            let drops = format!("{} drops it.", cx.keys.label(Action::Back, PanelId::Calls));
            return notice::notice(area, buf, cx.theme, &["No call passes the filter", &drops]);
        }
        let window = self.scroll.window(total, area.height);
        for (y, row) in (area.y..).zip(window.clone()) {
            let Some(call) = self.index.call(row, self.sort.order) else { continue };
            let Some((opened, operation)) = Self::found(call, cx) else { continue };
            if operation.tokens.is_none() {
                cx.count_first(call.session, call.operation);
            }
            let is_picked = self.picked == Some(call);
            self.layout.row(columns, y, buf, |column, width| match FIELDS[column] {
                Field::Name if is_picked => pick::marked(opened, operation, width, cx),
                field => field.cell(opened, operation, width, cx),
            });
            if row == self.scroll.cursor() {
                select(area, y, cx.focused && !self.in_detail, buf, cx.theme);
            }
        }
        scrollbar(area, buf, total, &window, cx.theme);
    }

    /// How many calls are listed, which one is selected, and whether the newest is followed.
    fn draw_foot(&self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        use crate::ui::widgets::number::grouped;
        let all: usize = cx.sessions.iter().map(|opened| opened.session.operations().len()).sum();
        let (listed, at) = (self.index.len() as u64, self.scroll.cursor() as u64 + 1);
        let mut words = if self.index.is_empty() {
            format!("none of {} calls", grouped(all as u64))
        } else if listed == all as u64 {
            format!("call {} of {}", grouped(at), grouped(listed))
        } else {
            format!("call {} of {} that match, {} in all", grouped(at), grouped(listed), grouped(all as u64))
        };
        if !self.index.is_complete() {
            words.push_str(", still looking");
        }
        if let Some(picked) = self.picked_words(cx) {
            words = format!("{words}  {} picked: {picked}", cx.theme.glyphs.note);
        }
        put(buf, area.x, area.y, area.width, Align::Left, &Line::styled(words, cx.theme.style(Role::Dim)));
        let is_live = cx.sessions.iter().any(|opened| opened.is_live);
        if self.follow && self.sort.column == Field::Time && is_live {
            let words = format!("{} follows the newest", cx.theme.glyphs.live);
            let line = Line::styled(words, cx.theme.style(Role::Accent));
            put(buf, area.x, area.y, area.width, Align::Right, &line);
        }
    }

    fn draw_detail(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let Some(call) = self.selected else { return };
        if self.detail.as_ref().is_none_or(|detail| detail.call != call) {
            self.detail = Some(Detail::new(call, self.show_raw));
        }
        if let Some(detail) = &mut self.detail {
            detail.draw(cx, area, buf, cx.focused && self.in_detail);
        }
    }

    fn next_error(&mut self, cx: &Cx<'_>) -> Reply {
        let total = self.index.len();
        let from = self.scroll.cursor();
        let is_error = |row: &usize| {
            let found = self.index.call(*row, self.sort.order).and_then(|call| Self::found(call, cx));
            found.is_some_and(|(_, operation)| marks::is_error(operation))
        };
        let Some(row) = (1..=total).map(|step| (from + step) % total).find(is_error) else {
            return Reply::Say("No call failed".to_owned());
        };
        self.follow = false;
        self.select_row(row);
        Reply::Done
    }

    fn act_on_list(&mut self, action: Action, cx: &Cx<'_>) -> Reply {
        match action {
            Action::Open => self.in_detail = self.selected.is_some(),
            Action::SortNext => self.sort.step(true, &self.layout),
            Action::SortPrevious => self.sort.step(false, &self.layout),
            Action::SortReverse => self.sort = self.sort.reversed(),
            other => {
                if !self.scroll.act(other, self.index.len()) {
                    return Reply::Ignored;
                }
                self.select_row(self.scroll.cursor());
                let newest = match self.sort.order {
                    Order::Ascending => self.index.len().saturating_sub(1),
                    Order::Descending => 0,
                };
                // Who goes to the newest call means to stay there; who goes elsewhere means to stay elsewhere.
                self.follow = self.scroll.cursor() == newest;
                return Reply::Done;
            }
        }
        let _ = cx;
        Reply::Done
    }

    fn click(&mut self, at: Position, cx: &Cx<'_>, opens: bool) -> Reply {
        if let Some(detail) = &mut self.detail
            && detail.click(at, cx)
        {
            self.in_detail = true;
            return Reply::Done;
        }
        if let Some(index) = self.layout.heading_at(at) {
            self.sort.choose(FIELDS[index]);
            return Reply::Done;
        }
        let row = self.layout.line_at(at).and_then(|line| self.scroll.row_at(line, self.index.len()));
        let Some(row) = row else { return Reply::Ignored };
        self.follow = false;
        self.in_detail = opens;
        self.select_row(row);
        Reply::Done
    }
}

/// Cells of the longest name of a tool or method that was called.
fn longest_name(cx: &Cx<'_>) -> usize {
    let names = cx.sessions.iter().flat_map(|opened| {
        let name =
            |row: &crate::model::Row| if row.key.target.is_none() { row.key.method } else { row.key.target };
        opened.session.rows().iter().map(move |row| clip::width(opened.session.name(name(row))))
    });
    names.max().unwrap_or(0)
}

/// What the columns mean.
pub(super) fn legends() -> Vec<Legend> {
    Legend::of::<Field>()
}

impl Panel for Calls {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let nothing = cx.sessions.iter().all(|opened| opened.session.operations().is_empty());
        if nothing || area.height < 3 {
            return empty::draw(cx, area, buf, "No calls yet");
        }
        self.refresh(cx);
        if self.selected.is_none() {
            self.in_detail = false;
        }
        if area.width >= WIDE {
            let left = (area.width * 9 / 20).max(80);
            self.draw_list(cx, Rect { width: left, ..area }, buf);
            let line = Line::styled(cx.theme.glyphs.vertical, cx.theme.style(Role::Border));
            (area.y..area.bottom()).for_each(|y| put(buf, area.x + left, y, 1, Align::Left, &line));
            let x = area.x + left + 2;
            self.draw_detail(cx, Rect { x, width: area.right().saturating_sub(x), ..area }, buf);
        } else if self.in_detail {
            self.layout = Layout::default();
            self.draw_detail(cx, area, buf);
        } else {
            self.detail = None;
            self.draw_list(cx, area, buf);
        }
        ascii::reduce(buf, area, &cx.theme.glyphs);
    }

    fn act(&mut self, action: Action, cx: &Cx<'_>) -> Reply {
        match action {
            Action::NextError => return self.next_error(cx),
            Action::Follow => {
                self.follow = !self.follow;
                if self.follow {
                    (self.sort, self.in_detail) = (Sort::by(Field::Time), false);
                }
                let what = if self.follow { "Following the newest call" } else { "Staying with this call" };
                return Reply::Say(what.to_owned());
            }
            Action::Point(wanted) => return self.point(wanted, cx),
            Action::Playback(Turn::Here) => return self.seek(cx),
            Action::Pick => return self.pick(cx),
            Action::Compare => return self.compare(cx),
            Action::Resend => {
                let Some(call) = self.selected else { return Reply::Ignored };
                return Reply::Resend(call.session, call.operation);
            }
            Action::Related => {
                let Some(call) = self.selected else { return Reply::Ignored };
                let (session, operation) = (Some(call.session), Some(call.operation));
                return Reply::Show(PanelId::Timeline, Focus { session, operation, ..Focus::default() });
            }
            Action::Back if self.in_detail => {
                self.in_detail = false;
                return Reply::Done;
            }
            Action::Raw | Action::NextView => {
                let done = self.detail.as_mut().is_some_and(|detail| detail.act(action, cx));
                if let Some(detail) = &self.detail {
                    self.show_raw = detail.show_raw;
                }
                return if done { Reply::Done } else { Reply::Ignored };
            }
            _ => {}
        }
        if self.in_detail
            && let Some(detail) = &mut self.detail
        {
            return if detail.act(action, cx) { Reply::Done } else { Reply::Ignored };
        }
        self.act_on_list(action, cx)
    }

    fn mouse(&mut self, mouse: Mouse, cx: &Cx<'_>) -> Reply {
        match mouse {
            Mouse::Click(at) => self.click(at, cx, false),
            Mouse::DoubleClick(at) => self.click(at, cx, true),
            Mouse::Wheel(at, lines) => {
                if !self.detail.as_mut().is_some_and(|detail| detail.wheel(at, lines)) {
                    self.follow = false;
                    self.scroll.wheel(lines, self.index.len());
                    self.select_row(self.scroll.cursor());
                }
                Reply::Done
            }
        }
    }

    fn focus(&mut self, focus: &Focus, cx: &Cx<'_>) {
        let session = focus.session.or_else(|| cx.sessions.first().map(|opened| opened.id));
        if let (Some(session), Some(operation)) = (session, focus.operation) {
            self.selected = Some(CallId { session, operation });
            self.follow = false;
            self.in_detail = true;
        }
    }

    fn session(&self, _cx: &Cx<'_>) -> Option<OpenId> {
        self.selected.map(|call| call.session)
    }

    fn hints(&self) -> &'static [Action] {
        if self.in_detail {
            &[
                Action::Back,
                Action::NextView,
                Action::Point(Wanted::Drop),
                Action::Point(Wanted::Tick),
                Action::Point(Wanted::OnlyTicked),
                Action::Point(Wanted::Shape),
                Action::Point(Wanted::Limit),
                Action::Point(Wanted::Cache),
                Action::Resend,
                Action::Raw,
                Action::FoldAll,
            ]
        } else if self.picked.is_some() {
            &[Action::Compare, Action::Pick, Action::Open, Action::Filter, Action::SortNext, Action::Follow]
        } else {
            &[
                Action::Open,
                Action::Filter,
                Action::SortNext,
                Action::Resend,
                Action::Pick,
                Action::Follow,
                Action::NextError,
                Action::Copy,
            ]
        }
    }

    fn offers(&mut self, action: Action, cx: &Cx<'_>) -> bool {
        match action {
            Action::Point(wanted) => self.can_point(wanted, cx),
            Action::Open | Action::Copy | Action::Pick | Action::Related | Action::Resend => {
                self.selected.is_some()
            }
            Action::Compare => self.selected.is_some() && self.selected != self.picked,
            Action::SortNext | Action::SortPrevious | Action::SortReverse => !self.index.is_empty(),
            Action::NextView | Action::Raw => self.detail.is_some(),
            Action::FoldAll => {
                self.in_detail && self.detail.as_mut().is_some_and(|detail| detail.tree(cx).is_some())
            }
            _ => true,
        }
    }

    fn copyables(&self, cx: &Cx<'_>) -> Vec<Copyable> {
        let Some(call) = self.selected else { return Vec::new() };
        let Some((opened, operation)) = Self::found(call, cx) else { return Vec::new() };
        let request = operation.first().request.place;
        let part = |name, place, pointer: &str| Copyable {
            name,
            what: CopyWhat::Message { session: call.session, place, pointer: pointer.to_owned() },
        };
        let is_tool = columns::is_tool(opened, operation);
        let arguments = if is_tool { "/params/arguments" } else { "/params" };
        let mut all = vec![part("arguments", request, arguments)];
        if let Some(answer) = operation.answer() {
            let is_refused = matches!(
                operation.state,
                crate::model::State::Done(crate::model::Outcome::ProtocolError { .. })
            );
            let (name, pointer) = if is_refused { ("error", "/error") } else { ("result", "/result") };
            all.push(part(name, answer.place, pointer));
            all.push(part("answer as JSON", answer.place, ""));
        }
        all.push(part("request as JSON", request, ""));
        all.push(Copyable {
            name: "command line",
            what: CopyWhat::CommandLine { session: call.session, place: request },
        });
        if let (true, Some(detail)) = (self.in_detail, &self.detail) {
            all.extend(detail.copyables());
        }
        all
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        self.sort.remember(&mut table);
        table.insert("raw".into(), self.show_raw.into());
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        self.sort.recall(remembered);
        self.show_raw = remembered.get("raw").and_then(toml::Value::as_bool).unwrap_or(false);
    }
}

#[cfg(test)]
mod tests;
