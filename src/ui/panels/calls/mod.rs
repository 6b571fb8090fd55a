//! The Calls panel: the live list of calls, and one of them in full; side by side where there is room.
//!
//! Keeps the selection by the call, not by its row. Builds only the rows on screen.

mod columns;
mod detail;
mod index;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use self::columns::{FIELDS, Field};
use self::detail::Detail;
use self::index::{CallId, Index};
use super::{CopyWhat, Copyable, Cx, Focus, Mouse, OpenId, Panel, PanelId, Reply, empty, marks};
use crate::model::Operation;
use crate::ui::keys::Action;
use crate::ui::theme::Role;
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::scroll::{Scroll, scrollbar};
use crate::ui::widgets::table::{Column, Layout, Order, put, select};
use crate::ui::widgets::{ascii, notice};

/// From this width on list and detail stand side by side.
const WIDE: u16 = 150;

/// The panel's state.
#[derive(Debug)]
pub struct Calls {
    sort: Field,
    order: Order,
    follow: bool,
    show_raw: bool,
    /// Whether the keys go to the detail.
    in_detail: bool,
    index: Index,
    selected: Option<CallId>,
    scroll: Scroll,
    layout: Layout,
    detail: Option<Detail>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            sort: Field::Time,
            order: Order::Ascending,
            follow: true,
            show_raw: false,
            in_detail: false,
            index: Index::default(),
            selected: None,
            scroll: Scroll::default(),
            layout: Layout::default(),
            detail: None,
        }
    }
}

impl Calls {
    /// Brings the list up to date and the selection back to its call.
    fn refresh(&mut self, cx: &Cx<'_>) {
        self.index.refresh(self.sort, cx.filter_text, cx);
        let newest = match self.order {
            _ if self.sort != Field::Time => None,
            Order::Ascending => self.index.len().checked_sub(1),
            Order::Descending => Some(0),
        };
        if let (true, false, Some(row)) = (self.follow, self.in_detail, newest) {
            self.scroll.select(row);
            self.selected = self.index.call(row, self.order);
            return;
        }
        let row = self.selected.and_then(|call| self.index.row_of(call, self.order, cx));
        match row {
            Some(row) => self.scroll.select(row),
            None if !self.in_detail => {
                self.select_row(self.scroll.cursor().min(self.index.len().saturating_sub(1)))
            }
            None => {}
        }
    }

    fn select_row(&mut self, row: usize) {
        self.scroll.select(row);
        self.selected = self.index.call(row, self.order);
    }

    fn found<'a>(call: CallId, cx: &Cx<'a>) -> Option<(&'a super::Opened<'a>, &'a Operation)> {
        let opened = cx.sessions.iter().find(|opened| opened.id == call.session)?;
        Some((opened, opened.session.operation(call.operation)?))
    }

    fn draw_list(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let columns = FIELDS.map(|field| field.column(cx.sessions.len()));
        self.layout = Layout::new(&columns, Rect { width: area.width.saturating_sub(1), ..area });
        let sorted = FIELDS.iter().position(|field| *field == self.sort).map(|index| (index, self.order));
        self.layout.headings(&columns, sorted, buf, cx.theme);
        let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
        self.draw_rows(&columns, cx, rows, buf);
        self.draw_foot(cx, Rect { y: area.bottom() - 1, height: 1, ..area }, buf);
    }

    fn draw_rows(&mut self, columns: &[Column], cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let total = self.index.len();
        if total == 0 {
            return notice::notice(area, buf, cx.theme, &["No call passes the filter", "esc drops it."]);
        }
        let window = self.scroll.window(total, area.height);
        for (y, row) in (area.y..).zip(window.clone()) {
            let found = self.index.call(row, self.order).and_then(|call| Self::found(call, cx));
            let Some((opened, operation)) = found else { continue };
            self.layout
                .row(columns, y, buf, |column, width| FIELDS[column].cell(opened, operation, width, cx));
            if row == self.scroll.cursor() {
                select(area, y, cx.focused && !self.in_detail, false, buf, cx.theme);
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
            format!("0 of {} calls", grouped(all as u64))
        } else if listed == all as u64 {
            format!("{} of {} calls", grouped(at), grouped(listed))
        } else {
            format!("{} of {} calls, {} in all", grouped(at), grouped(listed), grouped(all as u64))
        };
        if !self.index.is_complete() {
            words.push_str(", still looking");
        }
        put(buf, area.x, area.y, area.width, Align::Left, &Line::styled(words, cx.theme.style(Role::Dim)));
        if self.follow && self.sort == Field::Time {
            let live = cx.sessions.iter().any(|opened| opened.is_live);
            let glyph = if live { cx.theme.glyphs.live } else { cx.theme.glyphs.ended };
            let line = Line::styled(format!("{glyph} follows the newest"), cx.theme.style(Role::Accent));
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

    fn sort_by(&mut self, field: Field) {
        self.order = if self.sort == field { self.order.reversed() } else { field.natural_order() };
        self.sort = field;
    }

    fn move_sort(&mut self, step: usize) {
        let shown: Vec<usize> = self.layout.places().iter().map(|place| place.index).collect();
        if shown.is_empty() {
            return;
        }
        let at = shown.iter().position(|index| FIELDS[*index] == self.sort).unwrap_or(0);
        self.sort_by(FIELDS[shown[(at + step) % shown.len()]]);
    }

    fn next_error(&mut self, cx: &Cx<'_>) -> Reply {
        let total = self.index.len();
        let from = self.scroll.cursor();
        let is_error = |row: &usize| {
            let found = self.index.call(*row, self.order).and_then(|call| Self::found(call, cx));
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
            Action::SortNext => self.move_sort(1),
            Action::SortPrevious => self.move_sort(self.layout.places().len().saturating_sub(1)),
            Action::SortReverse => self.order = self.order.reversed(),
            other => {
                if !self.scroll.act(other, self.index.len()) {
                    return Reply::Ignored;
                }
                self.select_row(self.scroll.cursor());
                let newest = match self.order {
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
            self.sort_by(FIELDS[index]);
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
                    (self.sort, self.in_detail) = (Field::Time, false);
                }
                let what = if self.follow { "Following the newest call" } else { "Staying with this call" };
                return Reply::Say(what.to_owned());
            }
            Action::Related => {
                let Some(call) = self.selected else { return Reply::Ignored };
                let (session, operation) = (Some(call.session), Some(call.operation));
                return Reply::Show(PanelId::Timeline, Focus { session, operation, tool: None });
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
            &[Action::Back, Action::NextView, Action::Raw, Action::FoldAll, Action::Copy, Action::Related]
        } else {
            &[Action::Open, Action::Filter, Action::SortNext, Action::Follow, Action::NextError, Action::Copy]
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
        table.insert("sort".into(), self.sort.word().into());
        table.insert("descending".into(), (self.order == Order::Descending).into());
        table.insert("raw".into(), self.show_raw.into());
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        let word = remembered.get("sort").and_then(toml::Value::as_str);
        if let Some(field) = FIELDS.into_iter().find(|field| Some(field.word()) == word) {
            self.sort = field;
            let descending = remembered.get("descending").and_then(toml::Value::as_bool);
            self.order = match descending {
                Some(true) => Order::Descending,
                Some(false) => Order::Ascending,
                None => field.natural_order(),
            };
        }
        self.show_raw = remembered.get("raw").and_then(toml::Value::as_bool).unwrap_or(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::panels::fixture::{Fixture, Stage, files, git};

    fn one() -> Stage {
        Stage::new(vec![Fixture::read(&files(), true)])
    }

    fn two() -> Stage {
        Stage::new(vec![Fixture::read(&files(), true), Fixture::read(&git(), false)])
    }

    #[test]
    fn the_newest_calls_are_listed_at_any_size() {
        for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
            insta::assert_snapshot!(
                format!("calls_{width}x{height}"),
                one().draw(&mut Calls::default(), width, height)
            );
        }
        insta::assert_snapshot!("calls_two_120x40", two().draw(&mut Calls::default(), 120, 40));
    }

    #[test]
    fn a_call_is_shown_in_full_at_any_size() {
        let stage = one();
        for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
            let mut calls = Calls::default();
            stage.draw(&mut calls, width, height);
            stage.with(|cx| {
                // The slow search with progress stands before the cancelled call and the open one.
                calls.act(Action::Up, cx);
                calls.act(Action::Up, cx);
                calls.act(Action::Open, cx);
            });
            insta::assert_snapshot!(format!("call_{width}x{height}"), stage.draw(&mut calls, width, height));
        }
    }

    #[test]
    fn a_failure_is_told_in_its_own_words() {
        let stage = one();
        let mut calls = Calls::default();
        stage.draw(&mut calls, 80, 24);
        stage.with(|cx| {
            calls.act(Action::NextError, cx);
            calls.act(Action::Open, cx);
        });
        insta::assert_snapshot!("call_error_80x24", stage.draw(&mut calls, 80, 24));
        stage.with(|cx| calls.act(Action::Raw, cx));
        insta::assert_snapshot!("call_error_raw_80x24", stage.draw(&mut calls, 80, 24));
    }
}
