//! Steps of a call as lines on the screen; knows nothing of how they come about.

use ratatui::text::{Line, Span};

use super::steps::{Step, StepKind};
use crate::ui::panels::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::number::duration;

/// At most `room` steps: of more of them the first and the last ones.
pub(super) fn shortened(steps: &[Step], room: usize) -> impl Iterator<Item = &Step> {
    let hidden = steps.len().saturating_sub(room);
    let before = if hidden > 0 { room / 2 } else { steps.len() };
    steps[..before].iter().chain(&steps[before + hidden..])
}

/// A step: when, which way, what, and what more there is to say.
pub(super) fn line(step: &Step, cx: &Cx<'_>) -> Line<'static> {
    let glyphs = &cx.theme.glyphs;
    let (glyph, role) = match step.kind {
        StepKind::Read if step.what.starts_with("ask") => (glyphs.to_server, Role::Accent),
        StepKind::Read => (glyphs.to_client, Role::Accent),
        StepKind::Forwarded => (" ", Role::Dim),
        StepKind::Head => (glyphs.dot, Role::Accent),
        StepKind::Progress => (glyphs.dot, Role::Pending),
        StepKind::Waited => (glyphs.pending, Role::BarSecond),
        StepKind::Ruled => (glyphs.ruled, Role::Accent),
        StepKind::End => (glyphs.pending, Role::Pending),
    };
    let plain =
        if matches!(step.kind, StepKind::Forwarded | StepKind::Head) { Role::Dim } else { Role::Text };
    Line::from(vec![
        Span::styled(format!("{:>8} ", format!("+{}", duration(step.after_us))), cx.theme.style(Role::Dim)),
        Span::styled(format!("{glyph} "), cx.theme.style(role)),
        Span::styled(format!("{:<18} ", step.what), cx.theme.style(plain)),
        Span::styled(step.detail.clone(), cx.theme.style(Role::Dim)),
    ])
}
