//! The selected line in more detail, where the screen has room: latency and tokens over time, and how latencies spread.
//!
//! Knows nothing of the list above it.

use hdrhistogram::Histogram;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::course::Course;
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
use crate::ui::widgets::{chart, clip, time_axis};

/// Lines it needs.
pub(super) const HEIGHT_MIN: u16 = 11;
/// Lines beyond which charts gain nothing.
pub(super) const HEIGHT_MAX: u16 = 34;
/// From this width on there is room for the spread beside the charts.
const WIDE: u16 = 110;
/// From this height on a chart has a label at half its height.
const HALVED: u16 = 7;
/// Cells between two labels of a time axis.
const APART: u16 = 11;
/// Cells of the labels left of a chart.
const LABELS: u16 = 8;
/// Cells of the spread of latencies.
const SPREAD: u16 = 34;

/// Draws the line's details into an area of at least [`HEIGHT_MIN`] lines.
pub(super) fn draw(item: &Item<'_>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    title(item, cx, area, buf);
    let below = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if item.figures.answered == 0 {
        let words = if item.figures.calls == 0 { "Never called." } else { "Not answered yet." };
        put(buf, below.x, below.y, below.width, Align::Left, &Line::styled(words, cx.theme.style(Role::Dim)));
        return;
    }
    let beside = if below.width >= WIDE { SPREAD + 2 } else { 0 };
    let charts = below.width.saturating_sub(beside + 2);
    let left = Rect { width: charts / 2, ..below };
    latencies(item, cx, left, buf);
    token_counts(item, cx, Rect { x: left.right() + 2, width: charts - left.width, ..below }, buf);
    if beside > 0 {
        spread(&item.latency(), cx, Rect { x: below.right() - SPREAD, width: SPREAD, ..below }, buf);
    }
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

/// A chart of a line's course.
struct Chart<'c> {
    heading: String,
    course: &'c Course,
    values: Vec<Option<f64>>,
    scale: Scale,
}

impl Chart<'_> {
    /// Draws it with the labels of its heights at the left and those of its time below; `label` is a height in words.
    fn draw(
        &self,
        cx: &Cx<'_>,
        area: Rect,
        buf: &mut Buffer,
        label: impl Fn(f64) -> String,
        style: impl Fn(f64) -> Style,
    ) {
        let inner = Rect {
            x: area.x + LABELS,
            y: area.y + 1,
            width: area.width.saturating_sub(LABELS),
            height: area.height.saturating_sub(2),
        };
        let heading = Line::styled(self.heading.as_str(), cx.theme.style(Role::Heading));
        put(buf, inner.x, area.y, inner.width, Align::Left, &heading);
        for (value, y) in self.heights(inner) {
            let line = Line::styled(label(value), cx.theme.style(Role::Dim));
            put(buf, area.x, y, LABELS - 1, Align::Right, &line);
        }
        chart::columns(&self.values, self.scale, inner, buf, &cx.theme.glyphs, style);
        let ticks = time_axis::ticks(self.course.span_us, inner.width, APART);
        let below = Rect { y: inner.bottom(), height: 1, ..inner };
        time_axis::draw(&ticks, Role::Dim, below, buf, cx.theme);
    }

    /// The heights with a label, and where they are: the ends, and half of it where there is room.
    fn heights(&self, inner: Rect) -> Vec<(f64, u16)> {
        let (low, half, high) = match self.scale {
            Scale::Log { min, max } => (min, (min * max).sqrt(), max),
            Scale::Linear { max } => (0.0, max / 2.0, max),
        };
        if high <= 0.0 {
            return Vec::new();
        }
        let bottom = inner.bottom().saturating_sub(1);
        let middle = (inner.height >= HALVED).then_some((half, inner.y + inner.height / 2));
        [(high, inner.y)].into_iter().chain(middle).chain([(low, bottom)]).collect()
    }
}

fn latencies(item: &Item<'_>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let course = Course::of(item, usize::from(area.width.saturating_sub(LABELS)));
    let values = course.values(|bucket| (bucket.timed > 0).then_some(bucket.latency_us_max as f64));
    let scale = Scale::log(&values);
    let chart = Chart { heading: "slowest call over time (log)".to_owned(), course: &course, values, scale };
    chart.draw(
        cx,
        area,
        buf,
        |us| duration(rounded(us)),
        |us| {
            let role = marks::against(rounded(us), cx.targets.p99_us);
            cx.theme.style(if role == Role::Good { Role::Bar } else { role })
        },
    );
}

fn token_counts(item: &Item<'_>, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let course = Course::of(item, usize::from(area.width.saturating_sub(LABELS)));
    let values = course.values(|bucket| (bucket.tokens > 0).then_some(bucket.tokens as f64));
    let scale = Scale::linear(&values);
    let heading = if item.counted < 1.0 {
        // Rounded down: what is not done never reads as done.
        format!("result tokens, {:.0} % counted", (item.counted * 100.0).floor())
    } else {
        "result tokens over time".to_owned()
    };
    let chart = Chart { heading, course: &course, values, scale };
    let accuracy = item.figures.accuracy;
    let label = |value: f64| match rounded(value) {
        0 => "0".to_owned(),
        value => tokens(Count { tokens: value, accuracy }),
    };
    chart.draw(cx, area, buf, label, |_| cx.theme.style(Role::BarSecond));
}

/// How many calls took how long, a line for each span of time.
fn spread(latency: &Latency, cx: &Cx<'_>, area: Rect, buf: &mut Buffer) {
    let heading = Line::styled("how long calls took", cx.theme.style(Role::Heading));
    put(buf, area.x + LABELS + 2, area.y, area.width - LABELS - 2, Align::Left, &heading);
    let lines = usize::from(area.height.saturating_sub(1));
    let bins = latency.histogram().map_or_else(Vec::new, |histogram| bins(histogram, lines));
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
fn bins(histogram: &Histogram<u32>, lines: usize) -> Vec<(u64, u64)> {
    let min = histogram.min_nz();
    for digits in [&[1, 2, 3, 4, 5, 6, 7, 8, 9][..], &[1, 2, 3, 5, 7], &[1, 2, 5], &[1, 3], &[1]] {
        let ends = (0..12).flat_map(|power| digits.iter().map(move |digit| digit * 10u64.pow(power)));
        let mut bins = Vec::new();
        let mut before = 0;
        for end in ends.filter(|end| *end >= min) {
            // Counted from the beginning, for the histogram counts like values together: none must be counted twice.
            let until = histogram.count_between(0, end);
            bins.push((end, until - before));
            before = until;
            if until >= histogram.len() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_counted_once() {
        for values in [&[4_000][..], &[4_001], &[1, 2, 999, 1_000, 1_001], &[63_000, 64_000, 4_000_000]] {
            let mut histogram = Histogram::new(2).unwrap();
            for us in values {
                histogram.record(*us).unwrap();
            }
            let counted: u64 = bins(&histogram, 9).iter().map(|(_, calls)| calls).sum();
            assert_eq!(counted, values.len() as u64, "{values:?}");
        }
    }
}
