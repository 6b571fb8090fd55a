//! The Top panel: a line per tool with its time and its tokens, grouped by server, and the total.
//!
//! Keeps the selection by what a line is about, so that it stays while numbers and order change. Does not know how the
//! figures come about.

mod columns;
mod course;
mod inspector;
mod items;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use self::columns::{FIELDS, Field};
use self::items::{Group, Item, ItemKey};
use super::{CopyWhat, Copyable, Cx, Mouse, OpenId, Panel, PanelId, Reply, empty};
use crate::model::Filter;
use crate::trace::Micros;
use crate::ui::keys::Action;
use crate::ui::theme::Role;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::legend::Legend;
use crate::ui::widgets::scroll::{Scroll, scrollbar};
use crate::ui::widgets::sort::Sort;
use crate::ui::widgets::table::{Column, Layout, put, select};
use crate::ui::widgets::{ascii, clip};

/// From this height on a line is drawn above the total.
const TALL: u16 = 12;
/// From this size on the selected line is shown in more detail.
const HIGH: u16 = 32;
const WIDE: u16 = 76;
/// The list's room is a multiple of this, so that what is below it does not move with each new line.
const LIST_STEP: usize = 6;

/// The panel's state.
#[derive(Debug)]
pub struct Top {
    sort: Sort<Field>,
    called_only: bool,
    selected: Option<ItemKey>,
    scroll: Scroll,
    layout: Layout,
    /// What was drawn last, line by line, for the mouse and the keys.
    keys: Vec<ItemKey>,
}

impl Default for Top {
    fn default() -> Self {
        Self {
            sort: Sort::by(Field::Calls),
            called_only: false,
            selected: None,
            scroll: Scroll::default(),
            layout: Layout::default(),
            keys: Vec::new(),
        }
    }
}

/// A line of the list: an item and how far it is indented.
type Listed<'g, 'a> = (&'g Item<'a>, usize);

impl Top {
    fn sorted<'a>(&self, cx: &Cx<'a>) -> Vec<Group<'a>> {
        let mut groups = items::groups(cx);
        for group in &mut groups {
            if self.called_only {
                group.tools.retain(|item| item.figures.calls > 0);
            }
            self.sort.column.sort(self.sort.order, &mut group.tools);
            self.sort.column.sort(self.sort.order, &mut group.methods);
        }
        groups
    }

    fn listed<'g, 'a>(groups: &'g [Group<'a>]) -> Vec<Listed<'g, 'a>> {
        let indent = if groups.len() > 1 { 2 } else { 0 };
        let mut lines = Vec::new();
        for group in groups {
            if groups.len() > 1 {
                lines.push((&group.head, 0));
            }
            lines.extend(group.tools.iter().chain(&group.methods).map(|item| (item, indent)));
        }
        lines
    }

    fn draw_rows(
        &mut self,
        lines: &[Listed<'_, '_>],
        area: Rect,
        cx: &Cx<'_>,
        columns: &[Column],
        buf: &mut Buffer,
    ) {
        if let Some(at) =
            self.selected.as_ref().and_then(|key| lines.iter().position(|(item, _)| item.key == *key))
        {
            self.scroll.select(at);
        }
        let window = self.scroll.window(lines.len(), area.height);
        for (y, index) in (area.y..).zip(window.clone()) {
            let (item, indent) = lines[index];
            self.layout.row(columns, y, buf, |column, width| {
                let line = FIELDS[column].cell(item, width, indent, cx);
                if matches!(item.key, ItemKey::Group(_)) {
                    line.style(cx.theme.style(Role::Strong))
                } else {
                    line
                }
            });
            if index == self.scroll.cursor() {
                select(area, y, cx.focused, buf, cx.theme);
            }
        }
        scrollbar(area, buf, lines.len(), &window, cx.theme);
        self.keys = lines.iter().map(|(item, _)| item.key.clone()).collect();
    }

    fn draw_total(
        &self,
        groups: &[Group<'_>],
        area: Rect,
        cx: &Cx<'_>,
        columns: &[Column],
        buf: &mut Buffer,
    ) {
        let item = Item {
            key: ItemKey::Group(OpenId(u32::MAX)),
            name: "",
            rows: groups.iter().flat_map(|group| group.head.rows.iter().copied()).collect(),
            now: groups.iter().map(|group| group.head.now).max().unwrap_or(Micros(0)),
            is_growing: groups.iter().any(|group| group.head.is_growing),
            counted: 1.0,
            figures: items::total(groups),
        };
        self.layout.row(columns, area.y, buf, |column, width| {
            let field = FIELDS[column];
            if field == Field::Name {
                return Line::styled(counted_tools(groups, width), cx.theme.style(Role::Strong));
            }
            // Sessions have clocks of their own: over several of them there is no common picture of time.
            if groups.len() > 1 && matches!(field, Field::Latency | Field::Tokens) {
                return Line::default();
            }
            field.cell(&item, width, 0, cx)
        });
        let mut bold = cx.theme.style(Role::Strong);
        bold.fg = None;
        bold.bg = None;
        buf.set_style(area, bold);
    }

    fn key_at_cursor(&self) -> Option<&ItemKey> {
        self.keys.get(self.scroll.cursor())
    }

    fn open(&self, cx: &Cx<'_>) -> Reply {
        let Some(key) = self.key_at_cursor() else { return Reply::Ignored };
        let (id, condition) = match key {
            ItemKey::Group(id) => (*id, Filter::default()),
            ItemKey::Tool(id, name) => (*id, Filter::of_tool(name)),
            ItemKey::Method(id, _, name) => (*id, Filter::of_method(name)),
        };
        let Some(opened) = cx.sessions.iter().find(|opened| opened.id == id) else { return Reply::Ignored };
        let server = match key {
            ItemKey::Tool(..) | ItemKey::Method(..) if cx.sessions.len() == 1 => Filter::default(),
            _ => Filter::of_server(&opened.session.header.label),
        };
        Reply::Filter(server.and(condition).to_string(), PanelId::Calls)
    }

    fn line_at(&self, at: Position) -> Option<usize> {
        self.scroll.row_at(self.layout.line_at(at)?, self.keys.len())
    }
}

/// How many tools these sessions have, in so many cells.
fn counted_tools(groups: &[Group<'_>], cells: u16) -> String {
    let all: usize = groups.iter().map(|group| group.tools.len()).sum();
    let unlisted: usize = groups.iter().map(|group| group.unlisted).sum();
    tool_count(all - unlisted, unlisted, cells)
}

/// How many tools there are, and how many of them the server never listed, in so many cells.
fn tool_count(listed: usize, unlisted: usize, cells: u16) -> String {
    let all = listed + unlisted;
    let word = if all == 1 { "tool" } else { "tools" };
    let short = format!("{all} {word}");
    let long = match (listed, unlisted) {
        (_, 0) => short.clone(),
        (0, _) => format!("{all} {word}, unlisted"),
        (_, _) => format!("{listed} {word} + {unlisted} unlisted"),
    };
    clip::fitting([long, short, all.to_string()], usize::from(cells))
}

/// Lines of the details below a list of so many lines: what the list leaves, within what makes a good picture.
fn details(area: Rect, foot: u16, lines: usize) -> u16 {
    if area.height < HIGH || area.width < WIDE {
        return 0;
    }
    let list = u16::try_from(lines.next_multiple_of(LIST_STEP)).unwrap_or(u16::MAX);
    // The heading, and a blank line between the total and the details.
    let free = area.height.saturating_sub(2 + foot).saturating_sub(list);
    1 + free.clamp(inspector::HEIGHT_MIN, inspector::HEIGHT_MAX)
}

/// What the columns mean.
pub(super) fn legends() -> Vec<Legend> {
    Legend::of::<Field>()
}

impl Panel for Top {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let groups = self.sorted(cx);
        let lines = Self::listed(&groups);
        if lines.is_empty() || area.height < 3 {
            self.keys.clear();
            empty::draw(cx, area, buf, "No calls yet");
            return;
        }
        let has_rules = cx.sessions.iter().any(|opened| !opened.session.rules().is_empty());
        let names = lines.iter().map(|(item, indent)| clip::width(item.name) + indent);
        let longest = names.chain([clip::width(&counted_tools(&groups, u16::MAX))]).max().unwrap_or(0);
        let columns = FIELDS.map(|field| field.column(Want::names(longest, area.width, 13), has_rules));
        // The last column is the scroll bar's.
        self.layout = Layout::new(&columns, Rect { width: area.width.saturating_sub(1), ..area });
        let sorted = self.sort.heading();
        self.layout.headings(&columns, sorted, buf, cx.theme);
        let foot = if area.height >= TALL { 2 } else { 1 };
        let details = details(area, foot, lines.len());
        let rows = Rect { y: area.y + 1, height: area.height - 1 - foot - details, ..area };
        self.draw_rows(&lines, rows, cx, &columns, buf);
        let total = Rect { y: rows.bottom() + foot - 1, height: 1, ..area };
        if foot == 2 {
            let rule = cx.theme.glyphs.horizontal.repeat(usize::from(area.width));
            let rule = Line::styled(rule, cx.theme.style(Role::Border));
            put(buf, area.x, total.y - 1, area.width, Align::Left, &rule);
        }
        self.draw_total(&groups, total, cx, &columns, buf);
        if let (true, Some((item, _))) = (details > 0, lines.get(self.scroll.cursor())) {
            let below = Rect { y: total.y + 2, height: details - 1, ..area };
            inspector::draw(item, cx, below, buf);
        }
        ascii::reduce(buf, area, &cx.theme.glyphs);
    }

    fn act(&mut self, action: Action, cx: &Cx<'_>) -> Reply {
        match action {
            Action::SortNext => self.sort.step(true, &self.layout),
            Action::SortPrevious => self.sort.step(false, &self.layout),
            Action::SortReverse => self.sort = self.sort.reversed(),
            Action::NextView => {
                self.called_only = !self.called_only;
                let what = if self.called_only { "Only tools that were called" } else { "All tools" };
                return Reply::Say(what.to_owned());
            }
            Action::Open | Action::Related => return self.open(cx),
            other => {
                if !self.scroll.act(other, self.keys.len()) {
                    return Reply::Ignored;
                }
                self.selected = self.key_at_cursor().cloned();
            }
        }
        Reply::Done
    }

    fn mouse(&mut self, mouse: Mouse, cx: &Cx<'_>) -> Reply {
        match mouse {
            Mouse::Click(at) | Mouse::DoubleClick(at) if self.layout.heading_at(at).is_some() => {
                if let Some(index) = self.layout.heading_at(at) {
                    self.sort.choose(FIELDS[index]);
                }
            }
            Mouse::Click(at) => {
                let Some(row) = self.line_at(at) else { return Reply::Ignored };
                self.scroll.select(row);
                self.selected = self.key_at_cursor().cloned();
            }
            Mouse::DoubleClick(at) => {
                let Some(row) = self.line_at(at) else { return Reply::Ignored };
                self.scroll.select(row);
                self.selected = self.key_at_cursor().cloned();
                return self.open(cx);
            }
            Mouse::Wheel(_, lines) => {
                self.scroll.wheel(lines, self.keys.len());
                self.selected = self.key_at_cursor().cloned();
            }
        }
        Reply::Done
    }

    fn session(&self, _cx: &Cx<'_>) -> Option<OpenId> {
        self.key_at_cursor().map(|key| match key {
            ItemKey::Group(id) | ItemKey::Tool(id, _) | ItemKey::Method(id, ..) => *id,
        })
    }

    fn hints(&self) -> &'static [Action] {
        &[
            Action::Open,
            Action::SortNext,
            Action::Filter,
            Action::Advise,
            Action::Palette,
            Action::NextView,
            Action::WireOrModel,
            Action::SortReverse,
        ]
    }

    fn offers(&mut self, action: Action, _cx: &Cx<'_>) -> bool {
        match action {
            Action::Open | Action::Related => self.key_at_cursor().is_some(),
            Action::Copy => self.key_at_cursor().is_some_and(|key| !matches!(key, ItemKey::Group(_))),
            Action::SortNext | Action::SortPrevious | Action::SortReverse => !self.keys.is_empty(),
            Action::NextView => self.called_only || !self.keys.is_empty(),
            _ => true,
        }
    }

    fn copyables(&self, cx: &Cx<'_>) -> Vec<Copyable> {
        let Some(key) = self.key_at_cursor() else { return Vec::new() };
        let text = |name, text: &str| Copyable { name, what: CopyWhat::Text(text.to_owned()) };
        match key {
            ItemKey::Group(_) => Vec::new(),
            ItemKey::Method(_, _, name) => vec![text("method", name)],
            ItemKey::Tool(id, name) => {
                let opened = cx.sessions.iter().find(|opened| opened.id == *id);
                let definition = opened.and_then(|opened| opened.session.definitions().tool(name));
                let definition = definition.map(|definition| text("definition", &definition.json));
                std::iter::once(text("name", name)).chain(definition).collect()
            }
        }
    }

    fn remember(&self) -> toml::Table {
        let mut table = toml::Table::new();
        self.sort.remember(&mut table);
        table.insert("called-only".into(), self.called_only.into());
        table
    }

    fn recall(&mut self, remembered: &toml::Table) {
        self.sort.recall(remembered);
        self.called_only = remembered.get("called-only").and_then(toml::Value::as_bool).unwrap_or(false);
    }
}

#[cfg(test)]
mod tests;
