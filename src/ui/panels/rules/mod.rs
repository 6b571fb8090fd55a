//! The Rules panel: every rule with what it did and saved, switched and written here.
//!
//! Changes go the way that `ui::ruling` describes; this panel only says which. Does not count anything.

mod columns;
mod detail;
mod head;
mod items;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use self::columns::{FIELDS, Field};
use self::items::{Item, RuleKey};
use super::{CopyWhat, Copyable, Cx, Focus, Mouse, OpenId, Panel, PanelId, Reply, empty};
use crate::model::Filter;
use crate::rules::{Mode, edit};
use crate::ui::editor::EXAMPLE;
use crate::ui::header::loading;
use crate::ui::keys::Action;
use crate::ui::ruling::RuleChange;
use crate::ui::theme::Role;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::legend::Legend;
use crate::ui::widgets::notice::notice;
use crate::ui::widgets::scroll::{Scroll, scrollbar};
use crate::ui::widgets::sort::Sort;
use crate::ui::widgets::table::{Column, Layout, put, select};
use crate::ui::widgets::{ascii, clip};

pub(in crate::ui) use columns::mode as mode_words;
pub use head::preview_words;

/// From this width on list and rule stand side by side.
const WIDE: u16 = 190;
/// Cells of the rule beside the list.
const DETAIL_WIDTH: u16 = 84;
/// From this height on the rule stands below the list.
const TALL: u16 = 26;

/// The panel's state.
#[derive(Debug)]
pub struct Rules {
    sort: Sort<Field>,
    selected: Option<RuleKey>,
    scroll: Scroll,
    layout: Layout,
    keys: Vec<RuleKey>,
    /// Whether the keys go to the rule's own lines.
    in_detail: bool,
    detail: Scroll,
    detail_area: Rect,
    detail_lines: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            sort: Sort::by(Field::Name),
            selected: None,
            scroll: Scroll::default(),
            layout: Layout::default(),
            keys: Vec::new(),
            in_detail: false,
            detail: Scroll::default(),
            detail_area: Rect::default(),
            detail_lines: 0,
        }
    }
}

impl Rules {
    fn draw_list(&mut self, items: &[Item<'_>], cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let longest = items.iter().map(|item| clip::width(&item.key.1) + 2).max().unwrap_or(0);
        let names = Want::names(longest, area.width, 13);
        let columns: Vec<Column> =
            FIELDS.iter().map(|field| field.column(cx.sessions.len(), names)).collect();
        self.layout = Layout::new(&columns, Rect { width: area.width.saturating_sub(1), ..area });
        self.layout.headings(&columns, self.sort.heading(), buf, cx.theme);
        let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        if let Some(at) =
            self.selected.as_ref().and_then(|key| self.keys.iter().position(|known| known == key))
        {
            self.scroll.select(at);
        }
        let window = self.scroll.window(items.len(), rows.height);
        for (y, index) in (rows.y..).zip(window.clone()) {
            let item = &items[index];
            self.layout.row(&columns, y, buf, |column, width| FIELDS[column].cell(item, width, cx));
            if index == self.scroll.cursor() {
                select(rows, y, cx.focused && !self.in_detail, buf, cx.theme);
            }
        }
        scrollbar(rows, buf, items.len(), &window, cx.theme);
    }

    fn draw_detail(&mut self, items: &[Item<'_>], cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        self.detail_area = area;
        let item = self.selected_item(items);
        let Some((item, opened)) =
            item.and_then(|item| Some((item, cx.sessions.iter().find(|opened| opened.id == item.key.0)?)))
        else {
            return;
        };
        let lines = detail::lines(item, opened, cx);
        self.detail_lines = lines.len();
        let window = self.detail.window_at_top(lines.len(), area.height);
        for (y, line) in (area.y..).zip(&lines[window.clone()]) {
            put(buf, area.x, y, area.width.saturating_sub(1), Align::Left, line);
        }
        scrollbar(area, buf, lines.len(), &window, cx.theme);
    }

    fn selected_item<'i, 'a>(&self, items: &'i [Item<'a>]) -> Option<&'i Item<'a>> {
        let key = self.keys.get(self.scroll.cursor())?;
        items.iter().find(|item| item.key == *key)
    }

    /// The list and, where there is room, the selected rule beside or below it.
    fn draw_both(&mut self, items: &[Item<'_>], cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let border = cx.theme.style(Role::Border);
        if area.width >= WIDE {
            let left = area.width.saturating_sub(DETAIL_WIDTH);
            self.draw_list(items, cx, Rect { width: left, ..area }, buf);
            let line = Line::styled(cx.theme.glyphs.vertical, border);
            (area.y..area.bottom()).for_each(|y| put(buf, area.x + left, y, 1, Align::Left, &line));
            let x = area.x + left + 2;
            self.draw_detail(items, cx, Rect { x, width: area.right().saturating_sub(x), ..area }, buf);
        } else if area.height >= TALL {
            let wanted = u16::try_from(items.len() + 1).unwrap_or(u16::MAX);
            let top = wanted.min(area.height * 2 / 5).max(3);
            self.draw_list(items, cx, Rect { height: top, ..area }, buf);
            let line = cx.theme.glyphs.horizontal.repeat(usize::from(area.width));
            put(buf, area.x, area.y + top, area.width, Align::Left, &Line::styled(line, border));
            let y = area.y + top + 1;
            self.draw_detail(items, cx, Rect { y, height: area.bottom().saturating_sub(y), ..area }, buf);
        } else if self.in_detail {
            self.layout = Layout::default();
            self.draw_detail(items, cx, area, buf);
        } else {
            self.detail_area = Rect::default();
            self.draw_list(items, cx, area, buf);
        }
    }

    /// Makes a change to the selected rule.
    fn change(
        &self,
        cx: &Cx<'_>,
        change: impl FnOnce(&str, &str) -> Result<String, crate::rules::Problem>,
        what: impl FnOnce(&str) -> String,
    ) -> Reply {
        let Some((session, name)) = self.keys.get(self.scroll.cursor()) else { return Reply::Ignored };
        match RuleChange::edit(cx, *session, what(name), |text| change(text, name)) {
            Ok(change) => Reply::Rule(change),
            Err(why) => Reply::Say(why),
        }
    }

    fn next_mode(&mut self, cx: &Cx<'_>) -> Reply {
        let items = items::items(cx);
        let Some(item) = self.selected_item(&items) else { return Reply::Ignored };
        let next = match item.mode() {
            Some(Mode::On) => Mode::Observe,
            Some(Mode::Observe) => Mode::Off,
            Some(Mode::Off) => Mode::On,
            None => return Reply::Say("This rule is not written any more".to_owned()),
        };
        self.selected = Some(item.key.clone());
        self.change(
            cx,
            |text, name| edit::set_mode(text, name, next),
            |name| format!("{name}: {}", next.as_str()),
        )
    }

    fn move_to(&mut self, row: usize) {
        self.scroll.select(row);
        self.selected = self.keys.get(row).cloned();
        self.detail = Scroll::default();
    }
}

/// What the columns mean.
pub(super) fn legends() -> Vec<Legend> {
    Legend::of::<Field>()
}

impl Panel for Rules {
    fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        let mut items = items::items(cx);
        self.sort.column.sort(self.sort.order, cx.wire, &mut items);
        self.keys = items.iter().map(|item| item.key.clone()).collect();
        if items.is_empty() || area.height < 6 {
            if cx.sessions.is_empty() {
                return empty::draw(cx, area, buf, "");
            }
            return draw_none(cx, area, buf);
        }
        if self.scroll.cursor() >= items.len() {
            self.scroll.select(items.len() - 1);
        }
        let session = self.session(cx);
        let opened = cx.sessions.iter().find(|opened| Some(opened.id) == session);
        let mut y = area.y;
        if let Some(opened) = opened {
            let written = items.iter().filter(|item| item.key.0 == opened.id && item.rule.is_some()).count();
            for line in head::lines(opened, written, cx) {
                put(buf, area.x, y, area.width, Align::Left, &line);
                y += 1;
            }
        }
        y += u16::from(area.height >= 16);
        let below = Rect { y, height: area.bottom().saturating_sub(y), ..area };
        self.draw_both(&items, cx, below, buf);
        ascii::reduce(buf, area, &cx.theme.glyphs);
    }

    fn act(&mut self, action: Action, cx: &Cx<'_>) -> Reply {
        match action {
            Action::Back if self.in_detail => self.in_detail = false,
            Action::NextMode => return self.next_mode(cx),
            Action::RemoveRule => {
                return self.change(cx, edit::remove, |name| format!("{name}: taken out"));
            }
            Action::Related => {
                let Some((_, name)) = self.keys.get(self.scroll.cursor()) else { return Reply::Ignored };
                return Reply::Filter(Filter::of_rule(name).to_string(), PanelId::Calls);
            }
            other if self.in_detail => {
                return if self.detail.act_at_top(other, self.detail_lines) {
                    Reply::Done
                } else {
                    Reply::Ignored
                };
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
                self.move_to(self.scroll.cursor());
            }
        }
        Reply::Done
    }

    fn mouse(&mut self, mouse: Mouse, _cx: &Cx<'_>) -> Reply {
        let row_at =
            |rules: &Self, at: Position| rules.scroll.row_at(rules.layout.line_at(at)?, rules.keys.len());
        match mouse {
            Mouse::Click(at) | Mouse::DoubleClick(at) if self.detail_area.contains(at) => {
                self.in_detail = true;
            }
            Mouse::Wheel(at, lines) if self.detail_area.contains(at) => {
                self.detail.wheel(lines, self.detail_lines);
            }
            Mouse::Click(at) | Mouse::DoubleClick(at) => {
                if let Some(index) = self.layout.heading_at(at) {
                    self.sort.choose(FIELDS[index]);
                    return Reply::Done;
                }
                let Some(row) = row_at(self, at) else { return Reply::Ignored };
                self.move_to(row);
                self.in_detail = matches!(mouse, Mouse::DoubleClick(_));
            }
            Mouse::Wheel(_, lines) => {
                self.scroll.wheel(lines, self.keys.len());
                self.move_to(self.scroll.cursor());
            }
        }
        Reply::Done
    }

    fn focus(&mut self, focus: &Focus, cx: &Cx<'_>) {
        let session = focus.session.or_else(|| cx.sessions.first().map(|opened| opened.id));
        if let (Some(session), Some(rule)) = (session, &focus.rule) {
            self.selected = Some((session, rule.as_str().into()));
        }
    }

    fn session(&self, cx: &Cx<'_>) -> Option<OpenId> {
        let of_rule = self.keys.get(self.scroll.cursor()).map(|key| key.0);
        of_rule.or_else(|| cx.sessions.first().map(|opened| opened.id))
    }

    fn hints(&self) -> &'static [Action] {
        if self.keys.is_empty() {
            &[Action::EditRules, Action::Advise, Action::Palette]
        } else if self.in_detail {
            &[Action::Back, Action::NextMode, Action::EditRules, Action::Related, Action::Undo]
        } else {
            &[
                Action::NextMode,
                Action::EditRules,
                Action::Advise,
                Action::Undo,
                Action::KeepRules,
                Action::Open,
                Action::Related,
                Action::WireOrModel,
            ]
        }
    }

    fn offers(&mut self, action: Action, cx: &Cx<'_>) -> bool {
        match action {
            Action::NextMode
            | Action::Open
            | Action::Related
            | Action::RemoveRule
            | Action::SortNext
            | Action::SortPrevious
            | Action::SortReverse => !self.keys.is_empty(),
            Action::Copy => !cx.sessions.is_empty(),
            _ => true,
        }
    }

    fn copyables(&self, cx: &Cx<'_>) -> Vec<Copyable> {
        let text = |name, text: String| Copyable { name, what: CopyWhat::Text(text) };
        let items = items::items(cx);
        let rule = self.selected_item(&items).filter(|item| !item.text.is_empty());
        let session = self.session(cx);
        let opened = cx.sessions.iter().find(|opened| Some(opened.id) == session);
        let all = opened.map(|opened| text("all rules", cx.rulings.text(opened).to_string()));
        rule.map(|item| text("rule", format!("[[rule]]\n{}\n", item.text))).into_iter().chain(all).collect()
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

/// What is shown where there is no rule: what one looks like, and how to write it.
fn draw_none(cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let is_live = cx.sessions.iter().any(|opened| opened.is_live);
    let first = match is_live {
        _ if loading(cx).is_some() => "No rules in what has been read so far. One looks like this:",
        true => "No rules: every byte passes as it is. One looks like this:",
        false => "No rules were in force. One looks like this:",
    };
    let [write, advise] =
        [Action::EditRules, Action::Advise].map(|action| cx.keys.label(action, PanelId::Rules));
    let last = if is_live {
        format!("{write} writes rules for this session, {advise} proposes some")
    } else {
        format!("{write} tries rules on this recording, {advise} proposes some")
    };
    if area.height < 10 {
        return notice(area, buf, cx.theme, &[first, &last]);
    }
    let lines: Vec<&str> =
        [first, ""].into_iter().chain(EXAMPLE.map(|(line, _)| line)).chain(["", &last]).collect();
    let height = u16::try_from(lines.len()).unwrap_or(0);
    let width = u16::try_from(lines.iter().map(|line| clip::width(line)).max().unwrap_or(0)).unwrap_or(0);
    let x = area.x + area.width.saturating_sub(width) / 2;
    for (y, (index, line)) in
        (area.y + area.height.saturating_sub(height) / 3..area.bottom()).zip(lines.iter().enumerate())
    {
        let line = match index {
            0 => Line::styled(line.to_string(), cx.theme.style(Role::Strong)),
            1..=5 => crate::ui::editor::toml_line(line, cx.theme),
            _ => Line::styled(line.to_string(), cx.theme.style(Role::Accent)),
        };
        put(buf, x, y, area.right().saturating_sub(x), Align::Left, &line);
    }
    ascii::reduce(buf, area, &cx.theme.glyphs);
}

#[cfg(test)]
mod tests;
