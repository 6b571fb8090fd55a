//! A call that is being sent again, on the screen.
//!
//! Knows nothing of what keys do but their names.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::desk::{Resend, Stage};
use super::text::pieces;
use super::{plan, report, takes};
use crate::insight::resend::Problem;
use crate::ui::app::Moment;
use crate::ui::fetched::Answer;
use crate::ui::hints::Hint;
use crate::ui::keys::{Action, Bindings};
use crate::ui::panels::{Cx, OVER};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::notice::notice;
use crate::ui::widgets::number::{counted, duration};
use crate::ui::widgets::scroll::scrollbar;
use crate::ui::widgets::table::put;
use crate::ui::writing::Mark;

/// Problems that stand below the text.
const PROBLEMS_SHOWN: usize = 5;
/// From this width on what the tool takes stands beside the text.
const WIDE: u16 = 100;
/// The smallest text that is left above them.
const TEXT_ROWS_MIN: u16 = 4;

impl Resend {
    /// Its keys.
    #[must_use]
    pub fn hints(&self, keys: &Bindings) -> Vec<Hint> {
        let over = |action, word: &'static str| Hint::over(keys, OVER, action, word);
        match &self.stage {
            Stage::Reading | Stage::Unreadable(_) => vec![over(Action::Back, "back")],
            Stage::Writing { asks_to_leave: true } => {
                vec![Hint::fixed("y", "leave it"), Hint::fixed("any other key", "go on writing")]
            }
            Stage::Writing { asks_to_leave: false } => {
                let mut hints = vec![Hint::fixed("ctrl-s", "what will run"), Hint::fixed("ctrl-z", "undo")];
                hints.extend((self.verdict.count() > 0).then(|| Hint::fixed("ctrl-e", "to the problem")));
                hints.push(Hint::fixed("esc", "back"));
                hints
            }
            Stage::Asking { folder: Some(_) } => {
                vec![Hint::fixed("enter", "take this folder"), Hint::fixed("esc", "leave it as it was")]
            }
            Stage::Asking { folder: None } => {
                let mut hints = vec![over(Action::Open, "run it")];
                hints.extend(self.is_started().then(|| Hint::fixed("f", "another folder")));
                hints.push(over(Action::Back, "back to the text"));
                hints
            }
            Stage::Running { errand, .. } if errand.is_given_up() => {
                vec![over(Action::Back, "do not wait for that")]
            }
            Stage::Running { .. } => vec![over(Action::Back, "take it back")],
            Stage::Done(report) => {
                let mut hints = vec![Hint::fixed("e", "edit again")];
                hints.extend(report.recording.is_some().then(|| Hint::fixed("o", "open the new session")));
                hints.extend(report.answer.is_some().then(|| over(Action::Copy, "copy the answer")));
                hints.push(over(Action::Back, "back"));
                hints
            }
        }
    }

    /// Draws it over an area; returns where the cursor stands.
    pub fn view(&mut self, cx: &Cx<'_>, at: Moment, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        Clear.render(area, buf);
        buf.set_style(area, cx.theme.style(Role::Text));
        if area.height < 4 {
            return None;
        }
        self.take_request(cx);
        put(buf, area.x, area.y, area.width, Align::Left, &self.title(cx.theme));
        let below = Rect { y: area.y + 1, height: area.height - 1, ..area };
        match &mut self.stage {
            Stage::Reading => {
                notice(below, buf, cx.theme, &["Reading the request from the recording"]);
                None
            }
            Stage::Unreadable(why) => {
                let why = format!("It cannot be read: {}", clip::visible(why));
                notice(below, buf, cx.theme, &["This call cannot be sent again", &why]);
                None
            }
            Stage::Writing { asks_to_leave } => {
                let asks_to_leave = *asks_to_leave;
                self.draw_writing(cx.theme, asks_to_leave, below, buf)
            }
            Stage::Asking { .. } => {
                let lines = plan::lines(self, cx.theme, usize::from(area.width.saturating_sub(1)));
                self.draw_asking(&lines, cx.theme, below, buf)
            }
            Stage::Running { errand, since } => {
                let since = *since.get_or_insert(at.up);
                let took = duration(u64::try_from(at.up.saturating_sub(since).as_micros()).unwrap_or(0));
                let wheel = &cx.theme.glyphs.wheel;
                let wheel = wheel[usize::try_from(cx.tick / 4).unwrap_or(0) % wheel.len()];
                let what =
                    if errand.is_given_up() { "is taken back, and the server ended" } else { "is under way" };
                let first = format!("{wheel} The call {what}, for {took} now");
                notice(below, buf, cx.theme, &[&first, "Without an answer it is given up after 60 seconds"]);
                None
            }
            Stage::Done(report) => {
                let lines = report::lines(report, cx.theme, usize::from(area.width.saturating_sub(1)));
                self.draw_lines(&lines, cx.theme, rows_above(below, 1), buf);
                border(cx.theme, below.bottom() - 1, below, buf);
                None
            }
        }
    }

    /// Asks for the request until it is there.
    fn take_request(&mut self, cx: &Cx<'_>) {
        if !matches!(self.stage, Stage::Reading) {
            return;
        }
        let request = self.subject.request;
        match cx.bodies.get((self.session, request.place)) {
            Answer::Waiting => {}
            Answer::Failed(why) => self.read(Err(why.to_string())),
            Answer::Ready(frame) => {
                let text = String::from_utf8_lossy(&frame);
                let messages = crate::wire::messages(&text);
                let message = messages.get(usize::from(request.index)).copied();
                self.read(message.ok_or_else(|| "it is not where it should be".to_owned()));
            }
        }
    }

    fn title(&self, theme: &Theme) -> Line<'static> {
        let name = if self.subject.target.is_empty() { &self.subject.method } else { &self.subject.target };
        let mut spans = vec![
            Span::styled(format!(" Send {} again", clip::middle(name, 40)), theme.style(Role::Title)),
            Span::styled(format!("  {}", clip::middle(&self.subject.label, 24)), theme.style(Role::Dim)),
        ];
        if self.is_changed() {
            spans.push(Span::styled("  changed", theme.style(Role::Warn)));
        }
        let stage = match self.stage {
            Stage::Asking { .. } => "  What will run",
            Stage::Done(_) => "  What came of it",
            Stage::Reading | Stage::Unreadable(_) | Stage::Writing { .. } | Stage::Running { .. } => "",
        };
        spans.push(Span::styled(stage, theme.style(Role::Heading)));
        Line::from(spans)
    }

    fn draw_writing(
        &mut self,
        theme: &Theme,
        asks_to_leave: bool,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<(u16, u16)> {
        let said = self.said(theme, asks_to_leave, usize::from(area.width));
        let room = area.height.saturating_sub(TEXT_ROWS_MIN + 1).max(1);
        let rows = u16::try_from(said.len()).unwrap_or(room).min(room);
        let text = rows_above(area, rows + 1);
        let mark = |problem: &Problem| Mark { line: problem.line, column: problem.column };
        let marks: Vec<Mark> = self.verdict.problems().iter().map(mark).collect();
        let left = self.draw_takes(theme, text, buf);
        let cursor = self.writing.draw(theme, pieces, &marks, left, buf);
        border(theme, text.bottom(), area, buf);
        for (y, line) in (text.bottom() + 1..area.bottom()).zip(&said) {
            put(buf, area.x, y, area.width, Align::Left, line);
        }
        cursor
    }

    /// Draws what the tool takes beside the text, if there is room; returns the room of the text.
    fn draw_takes(&self, theme: &Theme, area: Rect, buf: &mut Buffer) -> Rect {
        let Some(schema) = self.subject.schema.as_ref().filter(|_| area.width >= WIDE) else { return area };
        let right = area.width * 2 / 5;
        let lines = takes::lines(schema, theme, usize::from(right.saturating_sub(2)));
        if lines.is_empty() {
            return area;
        }
        let left = Rect { width: area.width - right, ..area };
        let line = Line::styled(theme.glyphs.vertical, theme.style(Role::Border));
        (area.y..area.bottom()).for_each(|y| put(buf, left.right(), y, 1, Align::Left, &line));
        for (y, line) in (area.y..area.bottom()).zip(&lines) {
            put(buf, left.right() + 2, y, right.saturating_sub(2), Align::Left, line);
        }
        left
    }

    /// What is to be said of the text.
    fn said(&self, theme: &Theme, asks_to_leave: bool, width: usize) -> Vec<Line<'static>> {
        let line = |text: &str, role| {
            Line::styled(clip::end(&clip::visible(text), width).into_owned(), theme.style(role))
        };
        if asks_to_leave {
            return vec![line(" What has changed is lost. Leave it all the same?", Role::Warn)];
        }
        let problems = self.verdict.problems();
        if problems.is_empty() {
            return vec![match self.schema.unknown() {
                Some(why) => line(&format!(" This is JSON. Not measured further: {why}"), Role::Dim),
                None => line(&format!(" {} It fits the schema", theme.glyphs.ok), Role::Good),
            }];
        }
        let shown = |problem: &Problem| {
            let place = match &problem.at {
                Some(at) => format!("{at} (line {})", problem.line),
                None => format!("line {}, column {}", problem.line, problem.column),
            };
            line(&format!(" {} {place}: {}", theme.glyphs.error, problem.what), Role::Bad)
        };
        let mut lines: Vec<Line<'static>> = problems.iter().take(PROBLEMS_SHOWN).map(shown).collect();
        let more = self.verdict.count().saturating_sub(PROBLEMS_SHOWN) as u64;
        if more > 0 {
            lines.push(line(&format!("   and {} more", counted(more, "problem")), Role::Dim));
        }
        lines
    }

    fn draw_asking(
        &mut self,
        lines: &[Line<'static>],
        theme: &Theme,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<(u16, u16)> {
        let prompt = matches!(self.stage, Stage::Asking { folder: Some(_) });
        let body = rows_above(area, if prompt { 2 } else { 1 });
        self.draw_lines(lines, theme, body, buf);
        if let Stage::Asking { folder: Some(prompt) } = &self.stage {
            let row = Rect { y: body.bottom(), height: 2, ..area };
            Clear.render(row, buf);
            return Some(prompt.view(theme, row, buf));
        }
        border(theme, body.bottom(), area, buf);
        None
    }

    fn draw_lines(&mut self, lines: &[Line<'static>], theme: &Theme, area: Rect, buf: &mut Buffer) {
        self.lines = lines.len();
        let window = self.scroll.window_at_top(lines.len(), area.height);
        for (y, line) in (area.y..).zip(&lines[window.clone()]) {
            put(buf, area.x, y, area.width.saturating_sub(1), Align::Left, line);
        }
        scrollbar(area, buf, lines.len(), &window, theme);
    }
}

fn rows_above(area: Rect, rows: u16) -> Rect {
    Rect { height: area.height.saturating_sub(rows), ..area }
}

fn border(theme: &Theme, y: u16, area: Rect, buf: &mut Buffer) {
    let line = theme.glyphs.horizontal.repeat(usize::from(area.width));
    put(buf, area.x, y, area.width, Align::Left, &Line::styled(line, theme.style(Role::Border)));
}
