//! The Schemas panel: what each tool definition costs, part by part, and what leaving some out would save.
//!
//! Leaving out is a trial on this screen alone: it changes no server, no client and no rule. Does not count anything.

mod bill;
mod columns;
mod costs;
mod items;
mod point;
mod ruled;

use std::collections::HashSet;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use self::columns::{FIELDS, Field, Scale};
use self::costs::Costs;
use self::items::{Item, ToolKey};
use self::ruled::Ruled;
use super::{CopyWhat, Copyable, Cx, Focus, Mouse, OpenId, Panel, PanelId, Reply, empty};
use crate::model::Filter;
use crate::ui::fetched::{Answer, Subject};
use crate::ui::keys::{Action, Wanted};
use crate::ui::theme::Role;
use crate::ui::widgets::ascii;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::json::view::TreeView;
use crate::ui::widgets::legend::Legend;
use crate::ui::widgets::raw::RawView;
use crate::ui::widgets::scroll::{Scroll, scrollbar};
use crate::ui::widgets::sort::Sort;
use crate::ui::widgets::table::{Column, Layout, put, select};

/// From this width on list and definition stand side by side.
const WIDE: u16 = 150;
/// Lines that a definition is unfolded into at first.
const BUDGET: usize = 60;

/// The panel's state.
#[derive(Debug)]
pub struct Schemas {
    sort: Sort<Field>,
    left_out: HashSet<ToolKey>,
    costs: Costs,
    rules: ruled::Read,
    selected: Option<ToolKey>,
    scroll: Scroll,
    layout: Layout,
    keys: Vec<ToolKey>,
    /// Whether the keys go to the definition.
    in_detail: bool,
    show_raw: bool,
    detail: Option<Definition>,
}

/// The definition on screen.
#[derive(Debug)]
struct Definition {
    key: ToolKey,
    revision: u64,
    tree: Option<TreeView>,
    raw: RawView,
    area: Rect,
}

impl Default for Schemas {
    fn default() -> Self {
        Self {
            sort: Sort::by(Field::Model),
            left_out: HashSet::new(),
            costs: Costs::default(),
            rules: ruled::Read::default(),
            selected: None,
            scroll: Scroll::default(),
            layout: Layout::default(),
            keys: Vec::new(),
            in_detail: false,
            show_raw: false,
            detail: None,
        }
    }
}

impl Schemas {
    /// Asks for the parts of those tools whose are not there yet.
    fn ask(&mut self, items: &mut [Item<'_>], cx: &Cx<'_>) {
        for item in items.iter_mut().filter(|item| item.parts.is_none()) {
            let (session, position) = item.place;
            item.parts = position.and_then(|position| self.costs.parts(&cx.sessions[session], position, cx));
        }
    }

    fn draw_list(&mut self, items: &mut [Item<'_>], cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let longest = items.iter().map(Item::name_width).max().unwrap_or(0);
        let names = Want::names(longest, area.width, 13);
        let columns: Vec<Column> =
            FIELDS.iter().map(|field| field.column(cx.sessions.len(), names)).collect();
        self.layout = Layout::new(&columns, Rect { width: area.width.saturating_sub(1), ..area });
        let sorted = self.sort.heading();
        self.layout.headings(&columns, sorted, buf, cx.theme);
        let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        self.keys = items.iter().map(|item| item.key.clone()).collect();
        if let Some(at) =
            self.selected.as_ref().and_then(|key| self.keys.iter().position(|known| known == key))
        {
            self.scroll.select(at);
        }
        let window = self.scroll.window(items.len(), rows.height);
        self.ask(&mut items[window.clone()], cx);
        let scale = Scale {
            max: items
                .iter()
                .filter_map(|item| item.shown(cx.wire))
                .map(|count| count.tokens)
                .max()
                .unwrap_or(0),
            sum: items.iter().filter_map(|item| item.shown(cx.wire)).map(|count| count.tokens).sum(),
        };
        for (y, index) in (rows.y..).zip(window.clone()) {
            let item = &items[index];
            self.layout.row(&columns, y, buf, |column, width| FIELDS[column].cell(item, width, scale, cx));
            if index == self.scroll.cursor() {
                select(rows, y, cx.focused && !self.in_detail, buf, cx.theme);
            }
        }
        scrollbar(rows, buf, items.len(), &window, cx.theme);
    }

    fn draw_detail(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let Some(key) = self.keys.get(self.scroll.cursor()).cloned() else { return };
        let Some(opened) = cx.sessions.iter().find(|opened| opened.id == key.0) else { return };
        let definitions = opened.session.definitions();
        // One that rules hide is shown as the server wrote it; its parts are not counted.
        let position = definitions.tools().iter().position(|tool| tool.name == key.1);
        let offered = || definitions.offered().iter().find(|tool| tool.name == key.1);
        let Some(tool) = position.map(|at| &definitions.tools()[at]).or_else(offered) else { return };
        let is_known = |detail: &Definition| detail.key == key && detail.revision == definitions.revision;
        if !self.detail.as_ref().is_some_and(is_known) {
            let text = tool.json.as_bytes();
            let tree = TreeView::new(Arc::new(text.to_vec()), BUDGET);
            let raw = RawView::new(text);
            self.detail = Some(Definition {
                key: key.clone(),
                revision: definitions.revision,
                tree,
                raw,
                area: Rect::default(),
            });
        }
        let Some(detail) = &mut self.detail else { return };
        let title = Line::from(vec![
            Span::styled(format!("{} ", key.1), cx.theme.style(Role::Strong)),
            Span::styled(
                format!(" definition by {}", opened.session.header.label),
                cx.theme.style(Role::Dim),
            ),
        ]);
        put(buf, area.x, area.y, area.width, Align::Left, &title);
        let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        detail.area = below;
        let (true, Some(tree)) = (!self.show_raw, &mut detail.tree) else {
            return detail.raw.draw(below, buf, cx.theme);
        };
        let subject = Subject::Definition {
            position: position.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX),
            revision: definitions.revision,
        };
        if position.is_some()
            && !tree.has_costs()
            && let Answer::Ready(costs) = cx.attributions.get((key.0, subject))
        {
            tree.attach(&costs);
        }
        tree.draw(below, buf, cx.theme, cx.focused && self.in_detail);
    }

    fn toggle(&mut self) -> Reply {
        let Some(key) = self.keys.get(self.scroll.cursor()).cloned() else { return Reply::Ignored };
        if !self.left_out.remove(&key) {
            self.left_out.insert(key.clone());
        }
        self.selected = Some(key);
        Reply::Done
    }

    fn act_on_detail(&mut self, action: Action) -> bool {
        let Some(detail) = &mut self.detail else { return false };
        match &mut detail.tree {
            Some(tree) if !self.show_raw => tree.act(action),
            _ => detail.raw.act(action),
        }
    }

    fn key_at(&self, at: Position) -> Option<usize> {
        self.scroll.row_at(self.layout.line_at(at)?, self.keys.len())
    }
}

/// What the columns mean.
pub(super) fn legends() -> Vec<Legend> {
    Legend::of::<Field>()
}

impl Panel for Schemas {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        self.rules.refresh(cx);
        let mut items = items::items(cx, &self.left_out, &self.costs, &self.rules);
        // What a rule hides is no trial any more.
        for item in items.iter_mut().filter(|item| item.is_left_out && item.ruled == Some(Ruled::Hidden)) {
            self.left_out.remove(&item.key);
            item.is_left_out = false;
        }
        if items.is_empty() || area.height < 6 {
            self.keys.clear();
            return empty::draw(cx, area, buf, "No tool definitions yet");
        }
        bill::draw(&items::bill(cx, &items), cx, area, buf);
        self.costs.begin();
        if matches!(self.sort.column, Field::Part(_)) {
            self.ask(&mut items, cx);
        }
        self.sort.column.sort(self.sort.order, cx.wire, &mut items);
        let top = 2 + u16::from(area.height >= 16);
        let below = Rect { y: area.y + top, height: area.height - top, ..area };
        if below.width >= WIDE {
            let left = below.width * 11 / 20;
            self.draw_list(&mut items, cx, Rect { width: left, ..below }, buf);
            let line = Line::styled(cx.theme.glyphs.vertical, cx.theme.style(Role::Border));
            (below.y..below.bottom()).for_each(|y| put(buf, below.x + left, y, 1, Align::Left, &line));
            let x = below.x + left + 2;
            self.draw_detail(cx, Rect { x, width: below.right().saturating_sub(x), ..below }, buf);
        } else if self.in_detail {
            self.layout = Layout::default();
            self.keys = items.iter().map(|item| item.key.clone()).collect();
            self.draw_detail(cx, below, buf);
        } else {
            self.detail = None;
            self.draw_list(&mut items, cx, below, buf);
        }
        ascii::reduce(buf, area, &cx.theme.glyphs);
    }

    fn act(&mut self, action: Action, cx: &Cx<'_>) -> Reply {
        match action {
            Action::Point(wanted) => return self.point(wanted, cx),
            Action::Back if self.in_detail => self.in_detail = false,
            Action::Raw => self.show_raw = !self.show_raw,
            Action::Exclude => return self.toggle(),
            Action::Related => {
                let Some((_, name)) = self.keys.get(self.scroll.cursor()) else { return Reply::Ignored };
                return Reply::Filter(Filter::of_tool(name).to_string(), PanelId::Calls);
            }
            other if self.in_detail => {
                return if self.act_on_detail(other) { Reply::Done } else { Reply::Ignored };
            }
            Action::Open if !self.keys.is_empty() => {
                self.in_detail = true;
                self.selected = self.keys.get(self.scroll.cursor()).cloned();
            }
            Action::SortNext => self.sort.step(true, &self.layout),
            Action::SortPrevious => self.sort.step(false, &self.layout),
            Action::SortReverse => self.sort = self.sort.reversed(),
            other => {
                if !self.scroll.act(other, self.keys.len()) {
                    return Reply::Ignored;
                }
                self.selected = self.keys.get(self.scroll.cursor()).cloned();
            }
        }
        Reply::Done
    }

    fn mouse(&mut self, mouse: Mouse, _cx: &Cx<'_>) -> Reply {
        let on_detail = |at: Position, detail: &Option<Definition>| {
            detail.as_ref().is_some_and(|detail| detail.area.contains(at))
        };
        match mouse {
            Mouse::Click(at) | Mouse::DoubleClick(at) if on_detail(at, &self.detail) => {
                self.in_detail = true;
                if let Some(Definition { tree: Some(tree), area, .. }) = &mut self.detail {
                    tree.click(at.y - area.y);
                }
            }
            Mouse::Wheel(at, lines) if on_detail(at, &self.detail) => match &mut self.detail {
                Some(Definition { tree: Some(tree), .. }) if !self.show_raw => tree.wheel(lines),
                Some(detail) => detail.raw.wheel(lines),
                None => {}
            },
            Mouse::Click(at) | Mouse::DoubleClick(at) => {
                if let Some(index) = self.layout.heading_at(at) {
                    self.sort.choose(FIELDS[index]);
                    return Reply::Done;
                }
                let Some(row) = self.key_at(at) else { return Reply::Ignored };
                self.scroll.select(row);
                self.selected = self.keys.get(row).cloned();
                self.in_detail = matches!(mouse, Mouse::DoubleClick(_));
            }
            Mouse::Wheel(_, lines) => {
                self.scroll.wheel(lines, self.keys.len());
                self.selected = self.keys.get(self.scroll.cursor()).cloned();
            }
        }
        Reply::Done
    }

    fn focus(&mut self, focus: &Focus, cx: &Cx<'_>) {
        let session = focus.session.or_else(|| cx.sessions.first().map(|opened| opened.id));
        if let (Some(session), Some(tool)) = (session, &focus.tool) {
            self.selected = Some((session, tool.as_str().into()));
        }
    }

    fn session(&self, _cx: &Cx<'_>) -> Option<OpenId> {
        self.keys.get(self.scroll.cursor()).map(|key| key.0)
    }

    fn hints(&self) -> &'static [Action] {
        if self.in_detail {
            &[
                Action::Back,
                Action::Point(Wanted::Hide),
                Action::Point(Wanted::Shorten),
                Action::Point(Wanted::Strip),
                Action::FoldAll,
                Action::Raw,
                Action::Exclude,
                Action::Copy,
            ]
        } else {
            &[
                Action::Open,
                Action::Exclude,
                Action::Point(Wanted::Hide),
                Action::Point(Wanted::Shorten),
                Action::Point(Wanted::Strip),
                Action::Undo,
                Action::SortNext,
                Action::Related,
                Action::WireOrModel,
                Action::NextWindow,
            ]
        }
    }

    fn offers(&mut self, action: Action, _cx: &Cx<'_>) -> bool {
        match action {
            Action::FoldAll => {
                let has_tree = |detail: &Definition| detail.tree.is_some();
                !self.show_raw && self.in_detail && self.detail.as_ref().is_some_and(has_tree)
            }
            Action::Open
            | Action::Exclude
            | Action::Point(_)
            | Action::Copy
            | Action::Related
            | Action::SortNext
            | Action::SortPrevious
            | Action::SortReverse => !self.keys.is_empty(),
            _ => true,
        }
    }

    fn copyables(&self, cx: &Cx<'_>) -> Vec<Copyable> {
        let Some((session, name)) = self.keys.get(self.scroll.cursor()) else { return Vec::new() };
        let text = |name, text: String| Copyable { name, what: CopyWhat::Text(text) };
        let opened = cx.sessions.iter().find(|opened| opened.id == *session);
        let definition = opened.and_then(|opened| opened.session.definitions().tool(name));
        let mut all: Vec<Copyable> = definition
            .map(|definition| text("definition", definition.json.to_string()))
            .into_iter()
            .collect();
        all.push(text("name", name.to_string()));
        if let (true, Some(Definition { tree: Some(tree), .. })) = (self.in_detail, &self.detail) {
            all.push(text("selected value", tree.selected_text()));
        }
        all
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        self.sort.remember(&mut table);
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        self.sort.recall(remembered);
    }
}

#[cfg(test)]
mod tests;
