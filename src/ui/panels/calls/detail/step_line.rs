//! Steps of a call as lines on the screen; knows nothing of how they come about.

use ratatui::text::{Line, Span};

use super::steps::{Step, StepKind};
use crate::ui::panels::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::number::duration;

/// At most `room` steps: of more of them the first ones and more of the last ones, and a line for those between.
pub(super) fn shortened(mut steps: Vec<Step>, room: usize) -> Vec<Step> {
    if steps.len() <= room || room == 0 {
        return steps;
    }
    // One line says how many are left out; where some already are, those beside them are left out as well.
    let hidden = steps.len() + 1 - room;
    let already = steps.iter().position(|step| matches!(step.kind, StepKind::LeftOut(_)));
    let before =
        already.map_or((room - 1) / 3, |at| ((room - 1) / 3).clamp((at + 1).saturating_sub(hidden), at));
    let between = &steps[before..before + hidden];
    let count = between.iter().map(Step::stands_for).fold(0, u32::saturating_add);
    let line = Step::left_out(count, &between[0]);
    steps.splice(before..before + hidden, [line]);
    steps
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
        StepKind::LeftOut(_) => (glyphs.ellipsis, Role::Dim),
        StepKind::End => (glyphs.pending, Role::Pending),
    };
    // Those that are left out were at no one moment.
    let at = match step.kind {
        StepKind::LeftOut(_) => String::new(),
        _ => format!("+{}", duration(step.after_us)),
    };
    let plain = if matches!(step.kind, StepKind::Forwarded | StepKind::Head | StepKind::LeftOut(_)) {
        Role::Dim
    } else {
        Role::Text
    };
    Line::from(vec![
        Span::styled(format!("{at:>8} "), cx.theme.style(Role::Dim)),
        Span::styled(format!("{glyph} "), cx.theme.style(role)),
        Span::styled(format!("{:<18} ", step.what), cx.theme.style(plain)),
        Span::styled(step.detail.clone(), cx.theme.style(Role::Dim)),
    ])
}
