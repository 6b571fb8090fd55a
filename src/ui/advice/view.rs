//! The board on the screen: the list of proposals, the selected one beside or below it, and which keys it has.
//!
//! Knows nothing of keys but their names.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::board::{Board, known};
use super::detail::{self, is_risky};
use super::inquiry::Inquiry;
use crate::insight::{Pass, Proposal};
use crate::tokens::Count;
use crate::ui::fetched::Answer;
use crate::ui::hints::Hint;
use crate::ui::keys::Action;
use crate::ui::panels::rules::{mode_words, preview_words};
use crate::ui::panels::{Cx, Opened, PanelId};
use crate::ui::theme::Role;
use crate::ui::widgets::bar::bar;
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::notice::notice;
use crate::ui::widgets::number::{DURATION_WIDTH, count, duration, grouped, progress, signed, tokens};
use crate::ui::widgets::scroll::scrollbar;
use crate::ui::widgets::table::{Column, Layout, put, select};

/// From this width on list and proposal stand side by side.
const WIDE: u16 = 150;
/// Cells of the proposal beside the list, at most.
const DETAIL_WIDTH: u16 = 96;
/// From this width on the list says in words how proposals stand.
const WORDY: u16 = 90;
/// Cells of a tool's name in the list, at least and at most, where it has that many.
const TOOL: (u16, u16) = (12, 28);
/// Cells of the progress bar.
const BAR: u16 = 40;

impl Board {
    /// Draws it over an area.
    pub fn view(&mut self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
        Clear.render(area, buf);
        buf.set_style(area, cx.theme.style(Role::Text));
        (self.layout, self.detail_area) = (Layout::default(), Rect::default());
        let Some(opened) = cx.sessions.iter().find(|opened| opened.id == self.session) else {
            return notice(area, buf, cx.theme, &["This session has been closed"]);
        };
        let known = cx.advices.get(self.session);
        put(buf, area.x, area.y, area.width, Align::Left, &title(opened, known.map(|known| known.0), cx));
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        match known {
            Some((inquiry, Answer::Waiting)) => waiting(inquiry, cx, body, buf),
            Some((_, Answer::Failed(why))) => {
                notice(body, buf, cx.theme, &["No advice", &clip::visible(why), "", "r tries again"]);
            }
            Some((_, Answer::Ready(proposals))) if proposals.is_empty() => nothing(opened, cx, body, buf),
            Some((_, Answer::Ready(proposals))) => self.draw_both(proposals, opened, cx, body, buf),
            None => {}
        }
    }

    /// Its keys.
    #[must_use]
    pub fn hints(&self, cx: &Cx<'_>) -> Vec<Hint> {
        let over = |action, word: &'static str| Hint::over(cx.keys, PanelId::Rules, action, word);
        let Some(opened) = cx.sessions.iter().find(|opened| opened.id == self.session) else {
            return vec![over(Action::Back, "back")];
        };
        let proposals: &[Proposal] = match cx.advices.get(self.session) {
            Some((_, Answer::Waiting)) => return vec![over(Action::Back, "leave it")],
            Some((_, Answer::Ready(proposals))) => proposals,
            Some((_, Answer::Failed(_))) | None => &[],
        };
        let mut hints = Vec::new();
        if self.selected(proposals).is_some_and(|chosen| chosen.rule.is_some()) {
            let made = if opened.is_live { "switch on" } else { "try it" };
            hints.extend([over(Action::Open, made), over(Action::NextMode, "observe")]);
            hints.extend(opened.is_live.then(|| over(Action::KeepRules, "keep in file")));
            hints.push(over(Action::EditRules, "as text"));
        }
        hints.extend((!proposals.is_empty()).then(|| over(Action::Copy, "copy")));
        hints.push(over(Action::Back, "back"));
        let can_undo = cx.rulings.undoable(self.session).is_some();
        hints.extend(can_undo.then(|| over(Action::Undo, "undo")));
        let has_rules = proposals.iter().any(|proposal| proposal.rule.is_some());
        hints.extend(has_rules.then(|| Hint::fixed("Y", "copy all")));
        hints.push(Hint::fixed("r", "look again"));
        hints
    }

    /// The list, and the selected proposal beside or below it.
    fn draw_both(
        &mut self,
        all: &[Proposal],
        opened: &Opened<'_>,
        cx: &Cx<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        // Asked for again, the same advice may stand on another line.
        if let Some(at) =
            self.chosen.as_ref().and_then(|title| all.iter().position(|proposal| proposal.title == *title))
        {
            self.list.select(at);
        }
        put(buf, area.x, area.y, area.width, Align::Left, &together(all, opened, cx));
        let gap = if area.height >= 24 { 2 } else { 1 };
        let area = Rect { y: area.y + gap, height: area.height.saturating_sub(gap), ..area };
        let border = cx.theme.style(Role::Border);
        if area.width >= WIDE {
            let right = DETAIL_WIDTH.min(area.width / 2);
            let left = area.width - right;
            self.draw_list(all, opened, cx, Rect { width: left, ..area }, buf);
            let line = Line::styled(cx.theme.glyphs.vertical, border);
            (area.y..area.bottom()).for_each(|y| put(buf, area.x + left, y, 1, Align::Left, &line));
            let x = area.x + left + 2;
            self.draw_detail(all, opened, cx, Rect { x, width: area.right() - x, ..area }, buf);
        } else {
            let wanted = u16::try_from(all.len() + 1).unwrap_or(u16::MAX);
            let top = wanted.min(area.height * 2 / 5).max(2).min(area.height);
            self.draw_list(all, opened, cx, Rect { height: top, ..area }, buf);
            let line = Line::styled(cx.theme.glyphs.horizontal.repeat(usize::from(area.width)), border);
            put(buf, area.x, area.y + top, area.width, Align::Left, &line);
            let y = area.y + top + 1;
            let below =
                Rect { x: area.x + 1, y, width: area.width - 1, height: area.bottom().saturating_sub(y) };
            self.draw_detail(all, opened, cx, below, buf);
        }
    }

    fn draw_list(
        &mut self,
        all: &[Proposal],
        opened: &Opened<'_>,
        cx: &Cx<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let columns = columns(all, area.width);
        let text = cx.rulings.text(opened);
        self.layout = Layout::new(&columns, Rect { width: area.width.saturating_sub(1), ..area });
        self.layout.headings(&columns, None, buf, cx.theme);
        let rows = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let window = self.list.window(all.len(), rows.height);
        for (y, index) in (rows.y..).zip(window.clone()) {
            let proposal = &all[index];
            self.layout
                .row(&columns, y, buf, |column, width| cell(FIELDS[column], proposal, &text, width, cx));
            if index == self.list.cursor() {
                select(Rect { width: area.width.saturating_sub(1), ..rows }, y, true, buf, cx.theme);
            }
        }
        scrollbar(rows, buf, all.len(), &window, cx.theme);
    }

    fn draw_detail(
        &mut self,
        all: &[Proposal],
        opened: &Opened<'_>,
        cx: &Cx<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        self.detail_area = area;
        let Some(proposal) = self.selected(all) else { return };
        let lines = detail::lines(proposal, opened, usize::from(area.width.saturating_sub(2)), cx);
        self.detail_lines = lines.len();
        let window = self.detail.window_at_top(lines.len(), area.height);
        for (y, line) in (area.y..).zip(&lines[window.clone()]) {
            put(buf, area.x, y, area.width.saturating_sub(1), Align::Left, line);
        }
        scrollbar(area, buf, lines.len(), &window, cx.theme);
    }
}

/// Whose advice it is, and of how much of the recording.
fn title(opened: &Opened<'_>, inquiry: Option<&Inquiry>, cx: &Cx<'_>) -> Line<'static> {
    let style = |role| cx.theme.style(role);
    let label = clip::end(&opened.session.header.label, 30).into_owned();
    let mut spans = vec![Span::styled(format!(" Advice on {label}"), style(Role::Title))];
    if let Some(inquiry) = inquiry {
        let calls = if inquiry.calls == 1 { "call" } else { "calls" };
        let dot = cx.theme.glyphs.dot;
        let text = format!("  {} {calls} in {}", grouped(inquiry.calls), duration(inquiry.until.0));
        spans.push(Span::styled(text, style(Role::Dim)));
        let since = opened.session.totals().calls.saturating_sub(inquiry.calls);
        if since > 0 {
            let text = format!(" {dot} {} since: r looks again", grouped(since));
            spans.push(Span::styled(text, style(Role::Note)));
        }
        spans.push(Span::styled(format!(" {dot} tokens {}", cx.profile.id), style(Role::Dim)));
    }
    Line::from(spans)
}

/// What the rules shown save together, once there are some; else how each is measured.
fn together(all: &[Proposal], opened: &Opened<'_>, cx: &Cx<'_>) -> Line<'static> {
    let text = cx.rulings.text(opened);
    let rules = all.iter().filter_map(|proposal| proposal.rule.as_ref());
    let is_any_there = rules.clone().any(|rule| known(&text, &rule.name).is_some());
    let said = |text: &str, role| Line::styled(format!(" {text}"), cx.theme.style(role));
    if !is_any_there {
        let how = match rules.count() {
            0 => "No rule would have saved anything; this is worth knowing all the same.",
            _ => "Each is measured on this recording, as if it were on and alone.",
        };
        return said(how, Role::Dim);
    }
    match cx.rulings.preview(opened.id, &text) {
        Answer::Ready(preview) => said(&format!("Together, {}", preview_words(&preview, cx)), Role::Accent),
        Answer::Waiting => said("Playing the recording under the rules that are there", Role::Pending),
        Answer::Failed(why) => said(&format!("No figure for all together: {why}"), Role::Dim),
    }
}

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Mark,
    Tool,
    Advice,
    Model,
    Wire,
    Calls,
    Time,
}

const FIELDS: [Field; 7] =
    [Field::Mark, Field::Tool, Field::Advice, Field::Model, Field::Wire, Field::Calls, Field::Time];

/// The columns; one in which no rule saves anything is left out.
fn columns(all: &[Proposal], width: u16) -> [Column; 7] {
    let right = |title, want| Column { title, want, align: Align::Right };
    let left = |title, want| Column { title, want, align: Align::Left };
    let longest = |text: &dyn Fn(&Proposal) -> usize| {
        u16::try_from(all.iter().map(text).max().unwrap_or(0)).unwrap_or(u16::MAX)
    };
    let tools = longest(&|proposal| tool(proposal).map_or(0, clip::width));
    let titles = longest(&|proposal| clip::width(&title_beside(proposal)) + 2);
    FIELDS.map(|field| {
        let column = match field {
            Field::Mark => left("", Want::fixed(if width < WORDY { 1 } else { 9 }, 0)),
            Field::Tool => left("tool", Want::growing(TOOL.0.min(tools), tools.min(TOOL.1), 1, 0)),
            Field::Advice => left("advice", Want::growing(titles.min(38), titles.min(72), 1, 0)),
            Field::Model => right("tokens", Want::fixed(7, 1)),
            Field::Wire => right("on wire", Want::fixed(7, 4)),
            Field::Calls => right("calls", Want::fixed(5, 3)),
            Field::Time => right("time", Want::fixed(DURATION_WIDTH + 1, 2)),
        };
        if all.iter().any(|proposal| field.says_something(proposal)) {
            column
        } else {
            Column { want: Want::fixed(u16::MAX, u8::MAX), ..column }
        }
    })
}

impl Field {
    fn says_something(self, proposal: &Proposal) -> bool {
        let saving = &proposal.saving;
        let has_rule = proposal.rule.is_some();
        match self {
            Self::Mark | Self::Advice => true,
            Self::Tool => tool(proposal).is_some(),
            Self::Model => has_rule && saving.model != 0,
            Self::Wire => has_rule && saving.wire != 0,
            Self::Calls => has_rule && saving.answered != 0,
            Self::Time => has_rule && saving.time_us != 0,
        }
    }
}

/// The one tool that a proposal's rule is about, if it is about one.
fn tool(proposal: &Proposal) -> Option<&str> {
    let rule = proposal.rule.as_ref()?;
    let hidden = || rule.tools.as_ref()?.hide.as_ref();
    match rule.select.tool.as_ref().or_else(hidden)?.written() {
        [one] => Some(one),
        _ => None,
    }
}

/// What is advised, beside the name of the tool that it is about.
fn title_beside(proposal: &Proposal) -> String {
    match tool(proposal) {
        Some(tool) => {
            proposal.title.replace(&format!(" of {tool}"), "").replace(&format!(" {tool},"), " it,")
        }
        None => proposal.title.clone(),
    }
}

/// The text of a proposal in a column.
fn cell(field: Field, proposal: &Proposal, rules: &str, width: u16, cx: &Cx<'_>) -> Line<'static> {
    let saving = &proposal.saving;
    let number = |value: i64, words: String| match value {
        0 => Line::styled(cx.theme.glyphs.none, cx.theme.style(Role::Dim)),
        ..0 => Line::styled(words, cx.theme.style(Role::Warn)),
        _ => Line::styled(words, cx.theme.style(Role::Good)),
    };
    let counted = |value: i64| {
        signed(value, |tokens_saved| tokens(Count { tokens: tokens_saved, accuracy: saving.accuracy }))
    };
    match field {
        Field::Mark => mark(proposal, rules, width, cx),
        Field::Tool => {
            let name = clip::middle(tool(proposal).unwrap_or_default(), usize::from(width)).into_owned();
            Line::styled(name, cx.theme.style(Role::Strong))
        }
        Field::Advice => {
            let risky = proposal.rule.as_ref().is_some_and(is_risky);
            let (mark, role) = if risky { (cx.theme.glyphs.warn, Role::Warn) } else { (" ", Role::Text) };
            let room = usize::from(width).saturating_sub(2);
            let title = clip::end(&title_beside(proposal), room).into_owned();
            Line::from(vec![
                Span::styled(format!("{mark} "), cx.theme.style(role)),
                Span::styled(title, cx.theme.style(Role::Text)),
            ])
        }
        _ if proposal.rule.is_none() => Line::default(),
        Field::Model => number(saving.model, counted(saving.model)),
        Field::Wire => number(saving.wire, counted(saving.wire)),
        Field::Calls => number(i64::try_from(saving.answered).unwrap_or(i64::MAX), count(saving.answered)),
        Field::Time => number(saving.time_us, signed(saving.time_us, duration)),
    }
}

/// How a proposal stands: its mode where it is a rule already, `told` where no rule does it.
fn mark(proposal: &Proposal, rules: &str, width: u16, cx: &Cx<'_>) -> Line<'static> {
    let (glyph, word, role) = match &proposal.rule {
        None => (cx.theme.glyphs.note, "told", Role::Note),
        Some(rule) => match known(rules, &rule.name) {
            None => return Line::default(),
            Some(known) => mode_words(Some(known.mode), &cx.theme.glyphs),
        },
    };
    let text = if width > 1 { format!("{glyph} {word}") } else { glyph.to_owned() };
    Line::styled(text, cx.theme.style(role))
}

/// How far the looking is.
fn waiting(inquiry: &Inquiry, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let (pass, share) = inquiry.progress();
    let (first, number) = match pass {
        Pass::Looking => ("Looking for what repeats", 1),
        Pass::Trying => ("Trying rules on the recording", 2),
    };
    let cells = BAR.min(area.width.saturating_sub(4));
    let bar = bar(share, cells, &cx.theme.glyphs);
    let done = bar.trim_end();
    let rest = usize::from(cells).saturating_sub(clip::width(done));
    let bar = format!("{done}{}", cx.theme.glyphs.gauge_empty.repeat(rest));
    let second = format!("pass {number} of 2, {}", progress(share));
    notice(area, buf, cx.theme, &[first, "", &bar, "", &second]);
}

/// What is said where there is nothing to propose.
fn nothing(opened: &Opened<'_>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let calls = opened.session.totals().calls;
    let (first, second) = match (calls, opened.is_live) {
        (0, true) => (
            "No call has been recorded yet",
            "Advice is made of what tools were asked and said: r looks again",
        ),
        (0, false) => ("No call was recorded", "Advice is made of what tools were asked and said"),
        (_, true) => (
            "Nothing that a rule would have saved so far",
            "No call repeated, no field to spare, no tool too many: r looks again later",
        ),
        (_, false) => {
            ("Nothing that a rule would have saved", "No call repeated, no field to spare, no tool too many")
        }
    };
    notice(area, buf, cx.theme, &[first, second]);
}
