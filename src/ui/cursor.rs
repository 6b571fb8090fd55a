//! The time cursor on screen: what it does, how fast, where it is, and how much of the recording that is.
//!
//! Knows nothing of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::deck::{Motion, Playback};
use super::panels::{Cx, Opened};
use super::theme::Role;
use super::widgets::clip;
use super::widgets::gauge::gauge;
use super::widgets::number::{moment, progress};

/// Columns of the bar below which it says nothing.
const BAR_MIN: usize = 8;

/// Columns below which there is no room for the word beside the tabs.
const NARROW: u16 = 76;

/// Columns of the name of the session that is played.
const LABEL_MAX: usize = 20;

/// Draws it over the whole width.
pub(super) fn view(cx: &Cx<'_>, played: &Opened<'_>, playback: Playback, area: Rect, buf: &mut Buffer) {
    let style = |role| cx.theme.style(role);
    let (word, role) = match playback.motion {
        Motion::Plays => ("playing".to_owned(), Role::Good),
        Motion::Held => ("held".to_owned(), Role::Warn),
        Motion::Over => ("at the end".to_owned(), Role::Dim),
        Motion::Seeks(share) => (format!("going {:>6}", progress(share.min(0.999))), Role::Pending),
    };
    // Of several sessions only one is played.
    let label = if cx.sessions.len() > 1 { &*played.session.header.label } else { "" };
    let label = clip::end(label, LABEL_MAX).into_owned();
    let mut spans = vec![
        // On a narrow screen nothing else says it.
        Span::styled(if area.width < NARROW { " playback" } else { "" }, style(Role::Title)),
        Span::styled(if label.is_empty() { label } else { format!(" {label}") }, style(Role::Title)),
        Span::styled(format!(" {word:<12}"), style(role)),
        Span::styled(format!("{:<6}", pace(playback.speed)), style(Role::Text)),
        Span::styled(format!("{} ", moment(playback.at.0)), style(Role::Strong)),
    ];
    // What is not known is not drawn: a recording that grows, or one that is being unpacked.
    let end = playback.until.map(|until| format!(" {} ", moment(until.0)));
    let used: usize = spans.iter().map(Span::width).sum();
    let end_cells = end.as_deref().map_or(0, clip::width);
    let cells = usize::from(area.width).saturating_sub(used + end_cells);
    if let Some((until, end)) = playback.until.zip(end).filter(|_| cells >= BAR_MIN) {
        let share = if until.0 == 0 { 1.0 } else { playback.at.0 as f64 / until.0 as f64 };
        spans.extend(gauge(cx.theme, share, 0.0, cells));
        spans.push(Span::styled(end, style(Role::Dim)));
    } else {
        let line = cx.theme.glyphs.horizontal.repeat(cells);
        spans.push(Span::styled(line, style(Role::Border)));
    }
    Line::from(spans).render(area, buf);
}

/// `4x`, `0.1x`.
#[must_use]
pub(super) fn pace(speed: f64) -> String {
    format!("{speed}x")
}
