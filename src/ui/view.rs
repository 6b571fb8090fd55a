//! The whole screen: head, panel, foot, and what lies over them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::app::{App, Moment, Overlay, Places};
use super::boxes;
use super::panels::{Copyable, Cx, help};
use super::prompt::Verdict;
use super::theme::{Role, Theme};
use super::widgets::ascii;
use super::widgets::wrap::wrapped;
use super::{cursor, footer, header, hints};
use footer::Word;

/// Cells of a text that is told in a box.
const TOLD_COLUMNS: u16 = 70;
/// The smallest screen on which anything can be read.
const COLUMNS_MIN: u16 = 30;
const ROWS_MIN: u16 = 8;

/// Draws everything; returns where the cursor stands, if it is shown.
pub fn view(app: &mut App, at: Moment, area: Rect, buf: &mut Buffer) -> Option<(u16, u16)> {
    app.is_stale = false;
    app.state.tick += 1;
    app.state.take_sizes();
    buf.set_style(area, app.state.theme.style(Role::Text));
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        Line::raw(format!("mcptop needs {COLUMNS_MIN}x{ROWS_MIN}")).render(area, buf);
        return None;
    }
    let prompt_rows = match &app.overlay {
        Some(
            Overlay::Filter { prompt, .. }
            | Overlay::Search { prompt }
            | Overlay::Note { prompt, .. }
            | Overlay::Time { prompt, .. },
        ) => Some(prompt.rows(area.width)),
        _ => None,
    };
    let has_prompt = prompt_rows.is_some();
    let has_filter = !app.state.filter_text.is_empty() && !has_prompt && !app.state.opens.is_empty();
    let foot_rows = 1 + prompt_rows.unwrap_or(u16::from(has_filter));
    let head_rows = if area.height >= 20 { 3 } else { 2 };
    let [head, panel, foot] =
        Layout::vertical([Constraint::Length(head_rows), Constraint::Min(1), Constraint::Length(foot_rows)])
            .areas(area);
    app.state.is_unfinished.set(false);
    app.state.asked.panel = app.panels.before;
    let matched = (has_filter || matches!(app.overlay, Some(Overlay::Filter { .. })))
        .then(|| app.state.count_matches(at));
    if let (Some(Overlay::Filter { prompt, .. }), Some(matched)) = (&mut app.overlay, matched)
        && !matches!(prompt.verdict, Verdict::Wrong { .. })
    {
        prompt.verdict = Verdict::Good(footer::matches_text(matched));
    }
    let App { state, panels, overlay, said, broken, places, .. } = app;
    let open = panels.open;
    let ids: Vec<_> = panels.ids().collect();
    *places = Places { screen: area, panel, ..Places::default() };
    let said = said.as_ref().filter(|said| at.up < said.until).map(|said| said.text.as_str());
    let word = match (said, &*broken) {
        (Some(said), _) => Some(Word::Said(said)),
        (None, Some(broken)) => Some(Word::Broken(broken)),
        (None, None) => None,
    };
    state.with_cx(at, overlay.is_none(), |cx| {
        places.tabs = header::tabs(cx, ids.into_iter(), open, Rect { height: 1, ..head }, buf);
        below_tabs(cx, head, buf);
        panels.current().view(cx, panel, buf);
        if let Some(matched) = matched.filter(|_| has_filter) {
            footer::filter(cx, matched, open, Rect { height: 1, ..foot }, buf);
        }
        // The last line is for the keys of whoever gets them, unless there is a word for the user.
        let last = Rect { y: foot.bottom() - 1, height: 1, ..foot };
        let foot = Rect { height: foot.height - 1, ..foot };
        let board = Rect { height: panel.height + foot.height, ..panel };
        let above = Rect { height: area.height - 1, ..area };
        let cursor = over(cx, overlay.as_mut(), places, at, [foot, board], above, buf);
        match (word, overlay) {
            // Who is asked must see how to answer.
            (_, Some(asked @ Overlay::Confirm { .. })) => hints::draw(&asked.hints(cx), cx.theme, last, buf),
            (Some(word), _) => footer::word(cx, open, word, last, buf),
            (None, Some(overlay)) => hints::draw(&overlay.hints(cx), cx.theme, last, buf),
            (None, None) => footer::keys(cx, open, &hints::of_panel(cx, open, panels.current()), last, buf),
        }
        ascii::reduce(buf, area, &cx.theme.glyphs);
        cursor
    })
}

/// Draws the totals and, where there is room, a line under them. While a recording is being read, how far that is
/// takes the place of the line, or of the totals; while one is played, its time cursor does.
fn below_tabs(cx: &Cx<'_>, head: Rect, buf: &mut Buffer) {
    let row = |at: u16| Rect { y: head.y + at, height: 1, ..head };
    let loading = header::loading(cx);
    let played = cx.sessions.iter().find_map(|open| open.playback.map(|playback| (open, playback)));
    match (loading, played) {
        (_, Some((open, playback))) => cursor::view(cx, open, playback, row(head.height - 1), buf),
        (Some(loaded), None) => header::progress(cx, loaded, row(head.height - 1), buf),
        (None, None) if head.height > 2 => {
            let line = cx.theme.glyphs.horizontal.repeat(usize::from(head.width));
            Line::styled(line, cx.theme.style(Role::Border)).render(row(2), buf);
        }
        (None, None) => {}
    }
    if head.height > 2 || (loading.is_none() && played.is_none()) {
        header::totals(cx, row(1), buf);
    }
}

/// Draws what lies over the panel.
fn over(
    cx: &Cx<'_>,
    overlay: Option<&mut Overlay>,
    places: &mut Places,
    at: Moment,
    [foot, board]: [Rect; 2],
    area: Rect,
    buf: &mut Buffer,
) -> Option<(u16, u16)> {
    match overlay? {
        Overlay::Filter { prompt, .. } | Overlay::Note { prompt, .. } | Overlay::Time { prompt, .. } => {
            Some(prompt.view(cx.theme, foot, buf))
        }
        Overlay::Search { prompt } => {
            prompt.verdict = Verdict::Good(help::found_text(cx));
            Some(prompt.view(cx.theme, foot, buf))
        }
        Overlay::Editor(editor) => editor.view(cx, board, buf),
        Overlay::Advice(advice) => {
            advice.view(cx, board, buf);
            None
        }
        Overlay::SideBySide(sides) => {
            sides.view(cx, board, buf);
            None
        }
        Overlay::Point(dialog) => dialog.view(cx, area, buf),
        Overlay::Told { title, text } => {
            told(cx.theme, title, text, area, buf);
            None
        }
        Overlay::Resend(resend) => resend.view(cx, at, board, buf),
        Overlay::Palette(palette) => Some(palette.view(cx.theme, area, buf)),
        Overlay::CopyMenu { choices, selected } => {
            places.menu = copy_menu(cx.theme, choices, *selected, area, buf);
            None
        }
        Overlay::Confirm { question, .. } => {
            confirm(cx.theme, question, area, buf);
            None
        }
    }
}

fn copy_menu(
    theme: &Theme,
    choices: &[Copyable],
    selected: usize,
    area: Rect,
    buf: &mut Buffer,
) -> Vec<Rect> {
    let rows = u16::try_from(choices.len()).unwrap_or(u16::MAX);
    let inner = boxes::pop_up(theme, area, 30, rows, "Copy", buf);
    let rows = (0..inner.height).zip(choices).map(|(row, choice)| {
        let line = Rect { y: inner.y + row, height: 1, ..inner };
        Line::from(vec![
            Span::styled(format!("{} ", row + 1), theme.style(Role::Key)),
            Span::styled(choice.name, theme.style(Role::Text)),
        ])
        .render(line, buf);
        if usize::from(row) == selected {
            buf.set_style(line, theme.style(Role::Selection));
        }
        line
    });
    rows.collect()
}

fn told(theme: &Theme, title: &str, text: &str, area: Rect, buf: &mut Buffer) {
    let columns = TOLD_COLUMNS.min(area.width.saturating_sub(6));
    let style = |role| theme.style(role);
    let lines: Vec<Line<'_>> =
        wrapped(text, usize::from(columns)).map(|line| Line::styled(line, style(Role::Text))).collect();
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inner = boxes::pop_up(theme, area, columns, rows, title, buf);
    for (y, line) in (inner.y..inner.bottom()).zip(lines) {
        line.render(Rect { y, height: 1, ..inner }, buf);
    }
}

fn confirm(theme: &Theme, question: &str, area: Rect, buf: &mut Buffer) {
    let columns = area.width.saturating_sub(6);
    let widest = u16::try_from(Line::raw(question).width()).unwrap_or(u16::MAX).clamp(24, columns.max(24));
    let lines: Vec<String> = wrapped(question, usize::from(widest)).collect();
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inner = boxes::pop_up(theme, area, widest, rows, "Sure?", buf);
    for (y, line) in (inner.y..inner.bottom()).zip(lines) {
        Line::styled(line, theme.style(Role::Text)).render(Rect { y, height: 1, ..inner }, buf);
    }
}
