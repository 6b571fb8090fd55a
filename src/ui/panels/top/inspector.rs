//! The selected line in more detail, where the screen has room: latency and tokens over time, and how latencies spread.
//!
//! Knows nothing of the list above it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::items::Item;
use crate::model::Latency;
use crate::tokens::Count;
use crate::ui::panels::{Cx, marks};
use crate::ui::theme::Role;
use crate::ui::widgets::bar::bar;
use crate::ui::widgets::columns::Align;
use crate::ui::widgets::number::{count, duration, tokens};
use crate::ui::widgets::sparkline::Scale;
use crate::ui::widgets::table::put;
use crate::ui::widgets::{chart, clip};

/// Lines it takes.
pub(super) const HEIGHT: u16 = 11;
/// Cells of the labels left of a chart.
const LABELS: u16 = 8;
/// Cells of the spread of latencies.
const SPREAD: u16 = 34;

/// Draws the line's details into an area of [`HEIGHT`] lines.
pub(super) fn draw(item: &Item<'_>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    title(item, cx, area, buf);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if item.figures.answered == 0 {
        let words = if item.figures.calls == 0 { "Never called." } else { "Not answered yet." };
        put(buf, below.x, below.y, below.width, Align::Left, &Line::styled(words, cx.theme.style(Role::Dim)));
        return;
    }
    let charts = below.width.saturating_sub(SPREAD + 4);
    let left = Rect { width: charts / 2, ..below };
    latencies(item, cx, left, buf);
    token_counts(item, cx, Rect { x: left.right() + 2, width: charts - left.width, ..below }, buf);
    spread(&item.latency(), cx, Rect { x: below.right() - SPREAD, width: SPREAD, ..below }, buf);
}

fn title(item: &Item<'_>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let rule = cx.theme.style(Role::Border);
    let horizontal = cx.theme.glyphs.horizontal;
    let name = clip::middle(item.name, usize::from(area.width / 2)).into_owned();
    let rest = usize::from(area.width).saturating_sub(clip::width(&name) + 4);
    let line = Line::from(vec![
        Span::styled(horizontal.repeat(2), rule),
        Span::styled(format!(" {name} "), cx.theme.style(Role::Title)),
        Span::styled(horizontal.repeat(rest), rule),
    ]);
    put(buf, area.x, area.y, area.width, Align::Left, &line);
}

/// A chart with its heading and the labels of its ends; returns where its columns go.
fn frame(heading: &str, ends: [String; 2], cx: &Cx<'_>, area: Rect, buf: &mut Buffer) -> Rect {
    let inner = Rect {
        x: area.x + LABELS,
        y: area.y + 1,
        width: area.width.saturating_sub(LABELS),
        height: area.height.saturating_sub(1),
    };
    let heading = Line::styled(heading.to_owned(), cx.theme.style(Role::Heading));
    put(buf, inner.x, area.y, inner.width, Align::Left, &heading);
    let [low, high] = ends.map(|end| Line::styled(end, cx.theme.style(Role::Dim)));
    put(buf, area.x, inner.y, LABELS - 1, Align::Right, &high);
    put(buf, area.x, inner.bottom().saturating_sub(1), LABELS - 1, Align::Right, &low);
    inner
}

fn latencies(item: &Item<'_>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let width = area.width.saturating_sub(LABELS);
    let values: Vec<Option<f64>> = item
        .series(usize::from(width))
        .iter()
        .map(|bucket| (bucket.timed > 0).then_some(bucket.latency_us_max as f64))
        .collect();
    let scale = Scale::log(&values);
    let ends = match scale {
        Scale::Log { min, max } => [min, max].map(|us| duration(rounded(us))),
        Scale::Linear { .. } => [String::new(), String::new()],
    };
    let inner = frame("slowest call over time (log)", ends, cx, area, buf);
    let target = cx.targets.p99_us;
    chart::columns(&values, scale, inner, buf, &cx.theme.glyphs, |us| {
        let role = marks::against(rounded(us), target);
        cx.theme.style(if role == Role::Good { Role::Bar } else { role })
    });
}

fn token_counts(item: &Item<'_>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let width = area.width.saturating_sub(LABELS);
    let values: Vec<Option<f64>> = item
        .series(usize::from(width))
        .iter()
        .map(|bucket| (bucket.tokens > 0).then_some(bucket.tokens as f64))
        .collect();
    let scale = Scale::linear(&values);
    let high = match scale {
        Scale::Linear { max } | Scale::Log { max, .. } => max,
    };
    let high = Count { tokens: rounded(high), accuracy: item.figures.accuracy };
    let inner = frame("result tokens over time", ["0".to_owned(), tokens(high)], cx, area, buf);
    chart::columns(&values, scale, inner, buf, &cx.theme.glyphs, |_| cx.theme.style(Role::BarSecond));
}

/// How many calls took how long, a line for each span of time.
fn spread(latency: &Latency, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let heading = Line::styled("how long calls took", cx.theme.style(Role::Heading));
    put(buf, area.x + LABELS + 2, area.y, area.width - LABELS - 2, Align::Left, &heading);
    let bins = bins(latency, usize::from(area.height.saturating_sub(1)));
    let most = bins.iter().map(|(_, calls)| *calls).max().unwrap_or(1).max(1);
    let width = area.width - LABELS - 2 - 7;
    for (y, (until_us, calls)) in (area.y + 1..area.bottom()).zip(bins) {
        let label = Line::styled(format!("≤ {}", duration(until_us)), cx.theme.style(Role::Dim));
        put(buf, area.x, y, LABELS + 1, Align::Right, &label);
        let role = marks::against(until_us, cx.targets.p99_us.saturating_mul(2));
        let role = if role == Role::Good { Role::Bar } else { role };
        let shown = bar(calls as f64 / most as f64, width, &cx.theme.glyphs);
        put(buf, area.x + LABELS + 2, y, width, Align::Left, &Line::styled(shown, cx.theme.style(role)));
        let number = Line::styled(count(calls), cx.theme.style(Role::Dim));
        put(buf, area.right() - 6, y, 6, Align::Right, &number);
    }
}

/// At most `lines` spans of time from the shortest call to the longest, with the number of calls in each; they end at
/// round numbers, the finest for which the lines suffice.
fn bins(latency: &Latency, lines: usize) -> Vec<(u64, u64)> {
    let Some(histogram) = latency.histogram() else { return Vec::new() };
    let (min, max) = (histogram.min_nz(), histogram.max());
    for digits in [&[1, 2, 3, 4, 5, 6, 7, 8, 9][..], &[1, 2, 3, 5, 7], &[1, 2, 5], &[1, 3], &[1]] {
        let ends = (0..12).flat_map(|power| digits.iter().map(move |digit| digit * 10u64.pow(power)));
        let mut bins = Vec::new();
        let mut from = 0;
        for end in ends {
            if end >= min {
                bins.push((end, histogram.count_between(from + 1, end)));
            }
            from = end;
            if end >= max {
                break;
            }
        }
        if bins.len() <= lines {
            return bins;
        }
    }
    Vec::new()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times and counts are positive")]
fn rounded(value: f64) -> u64 {
    value.round() as u64
}
