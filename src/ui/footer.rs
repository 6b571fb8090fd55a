//! The foot of the screen: the filter in force, the most useful keys, and what the user is being told.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::hints::{self, Hint};
use super::keys::Action;
use super::matches::Matched;
use super::panels::{Cx, PanelId};
use super::theme::Role;
use super::widgets::{clip, number};

const HELP: &str = " help ";

/// What takes the place of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'a> {
    /// What the user is being told for a few seconds.
    Said(&'a str),
    /// Which part of the viewer has failed: it stays, because nothing shown can be relied on from then on.
    Broken(&'a str),
}

/// Draws what is to be said.
pub fn word(cx: &Cx<'_>, open: PanelId, word: Word<'_>, area: Rect, buf: &mut Buffer) {
    let (text, role) = match word {
        Word::Said(said) => (format!(" {said}"), Role::Accent),
        Word::Broken(what) => {
            let mark = cx.theme.glyphs.error;
            let quit = cx.keys.label(Action::Quit, open);
            (format!(" {mark} {quit}, and start again: this is a fault of mcptop. {what}"), Role::Bad)
        }
    };
    let text = clip::end(&text, usize::from(area.width)).into_owned();
    Line::styled(text, cx.theme.style(role)).render(area, buf);
}

/// Draws the keys of a panel, and at the right the one that opens help.
pub fn keys(cx: &Cx<'_>, open: PanelId, hints: &[Hint], area: Rect, buf: &mut Buffer) {
    let help = help_key(cx, open);
    let help_width = u16::try_from(clip::width(&help) + HELP.len()).unwrap_or(0).min(area.width);
    let help_area = Rect { x: area.right() - help_width, width: help_width, ..area };
    Line::from(vec![
        Span::styled(help, cx.theme.style(Role::Key)),
        Span::styled(HELP, cx.theme.style(Role::KeyText)),
    ])
    .render(help_area, buf);
    // Two cells apart from the other keys, as they are from each other.
    let room = (area.width - help_width).saturating_sub(2);
    hints::draw(hints, cx.theme, Rect { width: room, ..area }, buf);
}

/// The key of help that is not on its tab.
fn help_key(cx: &Cx<'_>, open: PanelId) -> String {
    let help = Action::Show(PanelId::Help);
    let keys = cx.keys.of(help).map_or(&[][..], |bound| bound.keys(open));
    let other = keys.iter().find(|key| !key.is_digit());
    other.map_or_else(|| cx.keys.label(help, open), |key| key.label())
}

/// Draws the filter in force and how much it lets through.
pub fn filter(cx: &Cx<'_>, matched: Matched, open: PanelId, area: Rect, buf: &mut Buffer) {
    let where_it_holds = if open.is_filtered() { "" } else { " in Calls and Timeline" };
    let line = Line::from(vec![
        Span::styled(" / ", cx.theme.style(Role::Key)),
        Span::styled(cx.filter_text.to_owned(), cx.theme.style(Role::Input)),
        Span::styled(format!("  {}{where_it_holds}", matches_text(matched)), cx.theme.style(Role::Dim)),
        Span::styled(format!("  {}", cx.keys.label(Action::Back, open)), cx.theme.style(Role::Key)),
        Span::styled(" drops it", cx.theme.style(Role::KeyText)),
    ]);
    line.render(area, buf);
}

/// `12 of 340 calls`.
#[must_use]
pub fn matches_text(Matched { matching, all }: Matched) -> String {
    let grouped = |count: usize| number::grouped(count as u64);
    format!("{} of {} calls", grouped(matching), grouped(all))
}
