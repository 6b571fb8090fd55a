//! What all definitions cost in every request, as a bar of what servers offer and in words: what a model is shown, what of
//! that was never called, what is left out for trial and what rules hide.
//!
//! Knows nothing of the list below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::items::{Bill, Post};
use crate::ui::panels::Cx;
use crate::ui::theme::Role;
use crate::ui::widgets::bar::{Part, gauge};
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::number::{counted, grouped, percent, tokens_grouped};
use crate::ui::widgets::table::put;

/// Cells of the bar, at most.
const BAR: u16 = 100;

/// A part of the bill: its character in the bar, its words from long to short, and its colour.
struct Said {
    fill: &'static str,
    words: Vec<String>,
    role: Role,
}

/// Draws it on two lines.
pub(super) fn draw(bill: &Bill, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let style = |role| cx.theme.style(role);
    let glyphs = &cx.theme.glyphs;
    let called = bill.kept.tokens.tokens.saturating_sub(bill.uncalled.tokens.tokens);
    let offered = bill.kept.tokens + bill.left_out.tokens + bill.hidden.tokens;
    let share = |tokens: u64| tokens as f64 / offered.tokens.max(1) as f64;
    let parts = [
        Part { share: share(called), style: style(Role::Bar), fill: None },
        Part {
            share: share(bill.uncalled.tokens.tokens),
            style: style(Role::BarSecond),
            fill: Some(glyphs.second),
        },
        Part {
            share: share(bill.left_out.tokens.tokens),
            style: style(Role::Removed),
            fill: Some(glyphs.dot),
        },
        Part {
            share: share(bill.hidden.tokens.tokens),
            style: style(Role::Removed),
            fill: Some(glyphs.gauge_empty),
        },
    ];
    let kept = tokens_grouped(bill.kept.tokens);
    let of_window = percent(bill.kept.tokens.tokens, cx.window_tokens);
    let label = format!(" {kept} tokens in every request, {of_window} of the window");
    let room = area.width.saturating_sub(u16::try_from(label.chars().count()).unwrap_or(0)).min(BAR);
    let mut spans = gauge(&parts, room, style(Role::BarEmpty), glyphs);
    spans.push(Span::styled(label, style(Role::Strong)));
    put(buf, area.x, area.y, area.width, Align::Left, &Line::from(spans));
    let words = words(bill, cx);
    put(buf, area.x, area.y + 1, area.width, Align::Left, &fitting(&words, usize::from(area.width), cx));
}

fn words(bill: &Bill, cx: &Cx<'_>) -> Vec<Said> {
    let glyphs = &cx.theme.glyphs;
    let tools = |post: Post| counted(post.tools, "tool");
    let cost = |post: Post| tokens_grouped(post.tokens);
    let mut all = vec![Said {
        fill: glyphs.eighths[7],
        words: vec![format!("{} shown to the model", tools(bill.kept)), tools(bill.kept)],
        role: Role::Text,
    }];
    if bill.uncalled.tools > 0 {
        let [number, cost] = [grouped(bill.uncalled.tools), cost(bill.uncalled)];
        all.push(Said {
            fill: glyphs.second,
            words: vec![
                format!("{number} of them never called: {cost} tokens"),
                format!("{number} never called: {cost}"),
            ],
            role: Role::Warn,
        });
    }
    if bill.left_out.tools > 0 {
        let [number, cost] = [grouped(bill.left_out.tools), cost(bill.left_out)];
        all.push(Said {
            fill: glyphs.dot,
            words: vec![
                format!("what if {number} were left out: {cost} tokens less in every request"),
                format!("what if {number} were left out: -{cost}"),
                format!("without {number}: -{cost}"),
            ],
            role: Role::Accent,
        });
    }
    if bill.hidden.tools > 0 {
        let [number, cost] = [grouped(bill.hidden.tools), cost(bill.hidden)];
        all.push(Said {
            fill: glyphs.gauge_empty,
            words: vec![
                format!("{number} hidden by rules: {cost} tokens saved"),
                format!("{number} hidden: -{cost}"),
            ],
            role: Role::Good,
        });
    }
    all
}

/// All parts in the longest words for which there is room.
fn fitting(all: &[Said], width: usize, cx: &Cx<'_>) -> Line<'static> {
    let longest = all.iter().map(|said| said.words.len()).max().unwrap_or(1);
    let line = |short: usize| {
        let spans = all.iter().map(|said| {
            let words = &said.words[short.min(said.words.len() - 1)];
            Span::styled(format!("{} {words}   ", said.fill), cx.theme.style(said.role))
        });
        Line::from(spans.collect::<Vec<_>>())
    };
    let fits = |line: &Line<'_>| line.width().saturating_sub(3) <= width;
    (0..longest).map(line).find(fits).unwrap_or_else(|| line(longest))
}
