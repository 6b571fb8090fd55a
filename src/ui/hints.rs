//! Keys and what they do, as the last line of the screen names them: those of the panel, where it stands, or those of
//! what lies over it. A key that would do nothing now is none of them.
//!
//! Knows nothing of what keys do.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::app::Overlay;
use super::keys::{Action, Bindings, Turn};
use super::panels::{Cx, OVER, Panel, PanelId};
use super::prompt::Verdict;
use super::theme::{Role, Theme};
use super::widgets::clip;

/// A key and what it does, in a word or a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key as it is called.
    pub key: String,
    /// What it does.
    pub word: Cow<'static, str>,
}

impl Hint {
    /// A key that is the same for everybody, because it stands where one types or answers.
    #[must_use]
    pub fn fixed(key: &str, word: impl Into<Cow<'static, str>>) -> Self {
        Self { key: key.to_owned(), word: word.into() }
    }

    /// The key of an action in a box whose keys are those of a panel.
    #[must_use]
    pub fn over(keys: &Bindings, panel: PanelId, action: Action, word: impl Into<Cow<'static, str>>) -> Self {
        Self { key: keys.label_over(action, panel), word: word.into() }
    }
}

/// Keys that every panel has, in the order of their usefulness.
const ALWAYS: [Action; 6] =
    [Action::Filter, Action::Palette, Action::Pause, Action::Copy, Action::NextTheme, Action::Quit];

/// What there is to do while no session is open.
const UNOPENED: [Action; 5] =
    [Action::Show(PanelId::Sessions), Action::Copy, Action::Palette, Action::NextTheme, Action::Quit];

/// What steers a time cursor.
const PLAYED: [Turn; 7] =
    [Turn::Play, Turn::Next, Turn::Previous, Turn::Faster, Turn::Slower, Turn::To, Turn::Leave];

/// The keys of a panel that do something where it stands, the most useful first: while a session is played, those of
/// the time cursor.
#[must_use]
pub fn of_panel(cx: &Cx<'_>, open: PanelId, panel: &mut dyn Panel) -> Vec<Hint> {
    let of_cursor = PLAYED.into_iter().filter(|_| is_played(cx)).map(Action::Playback);
    let of_panel = if cx.sessions.is_empty() && open.shows_sessions() {
        UNOPENED.to_vec()
    } else {
        panel.hints().iter().chain(&ALWAYS).copied().collect()
    };
    let mut hints = Vec::new();
    let mut named = Vec::new();
    for action in of_cursor.chain(of_panel) {
        let works = !named.contains(&action) && does_something(action, cx, open, panel);
        let bound = cx.keys.of(action).filter(|bound| works && bound.row.reach.covers(open));
        let Some((bound, key)) = bound.and_then(|bound| Some((bound, bound.keys(open).first()?))) else {
            continue;
        };
        named.push(action);
        let word = match (action, open) {
            (Action::Filter, PanelId::Help) => "search",
            _ => bound.row.word,
        };
        hints.push(Hint { key: key.label(), word: word.into() });
    }
    hints
}

fn is_played(cx: &Cx<'_>) -> bool {
    cx.sessions.iter().any(|opened| opened.playback.is_some())
}

/// Whether an action would do something: what the shell knows of that, and then the panel.
fn does_something(action: Action, cx: &Cx<'_>, open: PanelId, panel: &mut dyn Panel) -> bool {
    let is_open = !cx.sessions.is_empty();
    let goes_on = cx.sessions.iter().any(|opened| opened.is_live) || is_played(cx);
    let knows = match action {
        Action::Filter => open == PanelId::Help || is_open,
        Action::Pause => goes_on || cx.is_paused,
        Action::Follow => goes_on,
        Action::NextError => cx.sessions.iter().any(|opened| opened.session.totals().errors() > 0),
        Action::Show(PanelId::Sessions) => !cx.listed.is_empty(),
        Action::Copy if !is_open && open.shows_sessions() => return cx.listed.is_empty(),
        Action::Undo => {
            let session = cx.ruled(panel.session(cx));
            session.is_some_and(|session| cx.rulings.undoable(session).is_some())
        }
        Action::KeepRules => {
            let session = cx.ruled(panel.session(cx));
            cx.sessions.iter().any(|opened| opened.is_live && Some(opened.id) == session)
        }
        Action::Advise
        | Action::EditRules
        | Action::Mark
        | Action::WireOrModel
        | Action::NextProfile
        | Action::NextWindow => is_open,
        _ => true,
    };
    knows && panel.offers(action, cx)
}

impl Overlay {
    /// Its keys, the most useful first.
    #[must_use]
    pub fn hints(&self, cx: &Cx<'_>) -> Vec<Hint> {
        let over = |action, word: &'static str| Hint::over(cx.keys, OVER, action, word);
        match self {
            Self::Filter { prompt, before } => {
                let mut hints = Vec::new();
                if !matches!(prompt.verdict, Verdict::Wrong { .. }) {
                    hints.push(Hint::fixed("enter", "keep it"));
                }
                let back = if before.is_empty() { "no filter" } else { "as it was before" };
                hints.push(Hint::fixed("esc", back));
                hints.extend(prompt.has_history().then(|| Hint::fixed("up", "filters used before")));
                hints
            }
            Self::Search { .. } => {
                vec![
                    Hint::fixed("enter", "keep what is found"),
                    Hint::fixed("esc", "show all"),
                    Hint::fixed("down", "scroll"),
                ]
            }
            Self::Note { .. } => vec![Hint::fixed("enter", "mark this moment"), Hint::fixed("esc", "leave")],
            Self::Time { prompt, .. } => {
                let goes = !prompt.text().trim().is_empty() && matches!(prompt.verdict, Verdict::Good(_));
                let mut hints: Vec<Hint> =
                    goes.then(|| Hint::fixed("enter", "go there")).into_iter().collect();
                hints.push(Hint::fixed("esc", "stay here"));
                hints
            }
            Self::Editor(editor) => editor.hints(),
            Self::Advice(board) => board.hints(cx),
            Self::Point(dialog) => dialog.hints(cx),
            Self::SideBySide(sides) => sides.hints(cx.keys),
            Self::Told { .. } => vec![Hint::fixed("any key", "closes this")],
            Self::Resend(resend) => resend.hints(cx.keys),
            Self::Palette(palette) => palette.hints(),
            Self::CopyMenu { choices, .. } => vec![
                Hint::fixed(&format!("1-{}", choices.len().min(9)), "copy that"),
                over(Action::Open, "copy the selected one"),
                over(Action::Down, "select"),
                over(Action::Back, "leave"),
            ],
            Self::Confirm { .. } => vec![Hint::fixed("y", "yes"), Hint::fixed("n", "no")],
        }
    }
}

/// Draws as many of them as there is room for.
pub fn draw(hints: &[Hint], theme: &Theme, area: Rect, buf: &mut Buffer) {
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for hint in hints {
        let word = format!(" {}  ", hint.word);
        // The blanks behind the last word may be cut off.
        let width = clip::width(&hint.key) + clip::width(word.trim_end());
        if used + width > usize::from(area.width) {
            continue;
        }
        used += clip::width(&hint.key) + clip::width(&word);
        spans.push(Span::styled(hint.key.clone(), theme.style(Role::Key)));
        spans.push(Span::styled(word, theme.style(Role::KeyText)));
    }
    Line::from(spans).render(area, buf);
}
