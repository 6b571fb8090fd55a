//! The question before a rule is made, on the screen: the rule as it will stand in the file, what it saves in the result
//! under the cursor and in all recorded ones, what it risks, and where it will apply.
//!
//! Knows nothing of keys but their names.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::dialog::Dialog;
use super::draft::Draft;
use crate::insight::Preview;
use crate::rules::{Over, edit};
use crate::tokens::Count;
use crate::ui::boxes;
use crate::ui::fetched::Answer;
use crate::ui::hints::Hint;
use crate::ui::keys::Action;
use crate::ui::panels::{Cx, OVER, Opened};
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::number::{counted, duration, grouped, percent, tokens_grouped};
use crate::ui::widgets::table::put;
use crate::ui::widgets::wrap::{toml_lines, wrapped};

/// Columns of the box, where there is room.
const COLUMNS: u16 = 84;
/// Cells of the words at the left of figures.
const LABEL: usize = 13;

impl Dialog {
    /// Its keys.
    #[must_use]
    pub fn hints(&self, cx: &Cx<'_>) -> Vec<Hint> {
        let over = |action, word: &'static str| Hint::over(cx.keys, OVER, action, word);
        let is_live = self.opened(cx).is_some_and(|opened| opened.is_live);
        let is_typed = self.typed().is_some();
        let mut hints = Vec::new();
        if self.draft(cx).is_ok() {
            let made = if is_live { "make it" } else { "try it" };
            hints.push(if is_typed { Hint::fixed("enter", made) } else { over(Action::Open, made) });
            hints.extend(is_live.then(|| Hint::fixed("ctrl-o", "keep it in the file too")));
            hints.push(Hint::fixed(if is_typed { "ctrl-e" } else { "e" }, "as text"));
        }
        hints.extend((self.choices().0.len() > 1).then(|| Hint::fixed("tab", "the next choice")));
        hints.push(if is_typed { Hint::fixed("esc", "leave") } else { over(Action::Back, "leave") });
        hints
    }

    /// Draws the question; returns where the cursor stands, if something is typed.
    pub fn view(&self, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
        let width = usize::from(area.width.saturating_sub(4).min(COLUMNS));
        let opened = self.opened(cx);
        let draft = self.draft(cx);
        let mut lines = Vec::new();
        match &draft {
            Ok(draft) => rule_lines(draft, width, cx, &mut lines),
            Err(why) => {
                lines.extend(wrapped(why, width).map(|line| Line::styled(line, cx.theme.style(Role::Bad))));
            }
        }
        lines.push(Line::default());
        lines.extend(self.choice_line(width, cx));
        let typed_at = self.typed().map(|_| {
            lines.push(Line::default());
            lines.len() - 1
        });
        if let (Ok(draft), Some(opened)) = (&draft, opened) {
            if self.choices().0.len() > 1 || typed_at.is_some() {
                lines.push(Line::default());
            }
            lines.extend(self.figures(draft, opened, cx));
            lines.push(Line::default());
            let (mark, role) =
                if draft.is_risky { (cx.theme.glyphs.warn, Role::Warn) } else { (" ", Role::Text) };
            for (at, text) in wrapped(&draft.risk, width - 2).enumerate() {
                let mark = if at == 0 { mark } else { " " };
                lines.push(Line::styled(format!("{mark} {text}"), cx.theme.style(role)));
            }
            let place = if opened.is_live {
                "Holds at once, for this session; kept in the file, for later ones too."
            } else {
                "This session has ended: a trial on its recording, no traffic changes."
            };
            lines.extend(
                wrapped(place, width - 2)
                    .map(|text| Line::styled(format!("  {text}"), cx.theme.style(Role::Dim))),
            );
        }
        let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let title = format!("{}: {}", self.pointing().wish.title(), self.about());
        let columns = u16::try_from(width).unwrap_or(COLUMNS);
        let inner = boxes::pop_up(cx.theme, area, columns, rows, &clip::end(&title, width.max(8) - 2), buf);
        // On a low screen what it does stays in sight, and the rule's text goes first.
        let skipped = lines.len().saturating_sub(usize::from(inner.height));
        for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(skipped)) {
            put(buf, inner.x, y, inner.width, Align::Left, line);
        }
        let row = u16::try_from(typed_at?.checked_sub(skipped)?).ok()?;
        let line = Rect { y: inner.y + row, height: 1.min(inner.height), ..inner };
        Some(self.typed()?.view(cx.theme, line, buf))
    }

    fn about(&self) -> String {
        match &self.pointing().wish {
            super::Wish::Hide(tools) if tools.len() > 1 => format!("{} tools", tools.len()),
            _ => self.pointing().tool.to_string(),
        }
    }

    /// What there is to choose on one line, or on two where it does not fit.
    fn choice_line(&self, width: usize, cx: &Cx<'_>) -> Vec<Line<'static>> {
        let (choices, chosen) = self.choices();
        if choices.len() < 2 {
            return Vec::new();
        }
        let mut lines = vec![Line::default()];
        for (at, (_, word)) in choices.iter().enumerate() {
            let role = if at == chosen { Role::TabOpen } else { Role::Tab };
            let text = format!(" {word} ");
            let used = lines.last().map_or(0, Line::width);
            if used + clip::width(&text) > width && used > 0 {
                lines.push(Line::default());
            }
            if let Some(line) = lines.last_mut() {
                line.push_span(Span::styled(text, cx.theme.style(role)));
            }
        }
        lines
    }

    fn figures(&self, draft: &Draft, opened: &Opened<'_>, cx: &Cx<'_>) -> Vec<Line<'static>> {
        let mut lines = Vec::new();
        let is_list = self.pointing().wish.is_about_definitions();
        // What a cache spares is no part of a result.
        let has_figure = self.pointing().wish != super::Wish::Cache;
        if let Some(trial) = self.trial(draft, opened).filter(|_| has_figure) {
            let label = if is_list { "definitions" } else { "this result" };
            match cx.trials.get(&trial) {
                Answer::Ready(preview) => {
                    let (before, after) =
                        (preview.original.tokens(cx.wire), preview.delivered.tokens(cx.wire));
                    lines.push(match &preview.why {
                        // What fails is no saving.
                        Some(_) if refuses(draft) && before != after => {
                            let text = format!("fails: it has {} tokens", tokens_grouped(before));
                            said_line(label, &text, cx)
                        }
                        _ => change_line(label, before, after, "", cx),
                    });
                    let (wire_before, wire_after) = (preview.original.wire, preview.delivered.wire);
                    if before == after && wire_before != wire_after {
                        // What is none of the model's business may still travel.
                        lines.push(change_line("on the wire", wire_before, wire_after, "", cx));
                    } else if let (false, Some(why)) = (is_list, &preview.why)
                        // What a shape says is what comes out, which may be another form than the one chosen.
                        && (before == after || draft.rule.shape.is_some())
                    {
                        let text = format!("{:LABEL$} {why}", "");
                        lines.push(Line::styled(text, cx.theme.style(Role::Dim)));
                    }
                    if is_list {
                        lines.push(window_line(&preview, cx));
                    }
                }
                Answer::Waiting => lines.push(waiting_line(label, cx)),
                Answer::Failed(why) => lines.push(said_line(label, &why, cx)),
            }
        }
        if !is_list {
            lines.push(all_line(draft, opened, cx));
        }
        lines
    }
}

/// The rule as it will stand in the file, and whether it is a new one.
fn rule_lines(draft: &Draft, width: usize, cx: &Cx<'_>, lines: &mut Vec<Line<'static>>) {
    match edit::text_of(&draft.rule) {
        Ok(text) => {
            for line in text.lines().filter(|line| !line.is_empty()) {
                lines.extend(toml_lines(line, width, cx.theme));
            }
        }
        Err(problem) => lines.push(Line::styled(problem.what, cx.theme.style(Role::Bad))),
    }
    if draft.extends {
        let text = "This rule is there already: it does this as well.";
        lines.push(Line::styled(text, cx.theme.style(Role::Dim)));
    }
}

/// `this result    1,234 → 456 tokens  −63 %`
fn change_line(label: &str, before: Count, after: Count, note: &str, cx: &Cx<'_>) -> Line<'static> {
    let style = |role| cx.theme.style(role);
    let arrow = cx.theme.glyphs.to_server;
    let (sign, less) = match before.tokens.checked_sub(after.tokens) {
        Some(less) => ("−", less),
        None => ("+", after.tokens - before.tokens),
    };
    let (text, role) = match less {
        0 => ("  stays as it is".to_owned(), Role::Warn),
        _ if sign == "+" => (format!("  +{}", percent(less, before.tokens)), Role::Bad),
        _ => (format!("  −{}", percent(less, before.tokens)), Role::Good),
    };
    Line::from(vec![
        Span::styled(format!("{label:<LABEL$} "), style(Role::Dim)),
        Span::styled(format!("{} {arrow} ", tokens_grouped(before)), style(Role::Text)),
        Span::styled(tokens_grouped(after), style(Role::Strong)),
        Span::styled(" tokens", style(Role::Text)),
        Span::styled(text, style(role)),
        Span::styled(note.to_owned(), style(Role::Dim)),
    ])
}

/// Whether a rule lets what is too long fail.
fn refuses(draft: &Draft) -> bool {
    draft.rule.limit.is_some_and(|limit| limit.over == Over::Error)
}

/// What the definitions take of the context window, before and after.
fn window_line(preview: &Preview, cx: &Cx<'_>) -> Line<'static> {
    let share = |count: Count| percent(count.tokens, cx.window_tokens);
    let arrow = cx.theme.glyphs.to_server;
    let (before, after) = (preview.original.tokens(cx.wire), preview.delivered.tokens(cx.wire));
    Line::from(vec![
        Span::styled(format!("{:<LABEL$} ", "window"), cx.theme.style(Role::Dim)),
        Span::styled(format!("{} {arrow} ", share(before)), cx.theme.style(Role::Text)),
        Span::styled(share(after), cx.theme.style(Role::Strong)),
        Span::styled(
            format!(" of {} tokens, in every request", grouped(cx.window_tokens)),
            cx.theme.style(Role::Text),
        ),
    ])
}

/// What the rule would have saved in all recorded calls of the tool.
fn all_line(draft: &Draft, opened: &Opened<'_>, cx: &Cx<'_>) -> Line<'static> {
    let label = "all recorded";
    let Ok(text) = edit::text_of(&draft.rule) else { return Line::default() };
    match cx.rulings.preview(opened.id, &text) {
        Answer::Waiting => waiting_line(label, cx),
        Answer::Failed(why) => said_line(label, &why, cx),
        Answer::Ready(preview) => {
            let Some(rule) = preview.rule(&draft.rule.name) else {
                return said_line(label, "no call that it would have to do with", cx);
            };
            let dot = format!(" {} ", cx.theme.glyphs.dot);
            let answers = rule.answers;
            if draft.rule.cache.is_some() && rule.effects.changed == 0 {
                let mut words = vec![format!(
                    "{} of {} answered from the cache",
                    grouped(answers.hits),
                    counted(answers.count, "call")
                )];
                if let Some(why) = rule.cache_why.as_ref().filter(|_| answers.hits * 2 < answers.count) {
                    words.push(clip::visible(why).into_owned());
                }
                if rule.saved.time_us > 0 {
                    words.push(format!("{} saved", duration(rule.saved.time_us.unsigned_abs())));
                }
                if preview.stale > 0 {
                    words.push(format!("{} outdated by then", counted(preview.stale, "answer")));
                }
                return said_line(label, &words.join(&dot), cx);
            }
            // As exact as the results of the session are counted.
            let accuracy = opened.session.context(cx.wire).results.accuracy;
            let tokens = |sizes: crate::model::Sizes| Count {
                tokens: if cx.wire { sizes.wire } else { sizes.model },
                accuracy,
            };
            let note = format!("{dot}{} of {}", grouped(answers.hits), counted(answers.count, "answer"));
            change_line(label, tokens(answers.before), tokens(answers.after), &note, cx)
        }
    }
}

fn waiting_line(label: &str, cx: &Cx<'_>) -> Line<'static> {
    let wheel = &cx.theme.glyphs.wheel;
    let turn = wheel[usize::try_from(cx.tick / 4).unwrap_or(0) % wheel.len()];
    said_line(label, &format!("{turn} counting"), cx)
}

fn said_line(label: &str, text: &str, cx: &Cx<'_>) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{label:<LABEL$} "), cx.theme.style(Role::Dim)),
        Span::styled(text.to_owned(), cx.theme.style(Role::Text)),
    ])
}
