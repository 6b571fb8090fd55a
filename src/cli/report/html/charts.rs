//! The charts of the page, as SVG that takes its colours from the page's style.

use maud::{Markup, html};

use super::treemap::{Area, divide};
use crate::cli::report::gather::Told;
use crate::cli::report::words;
use crate::model::{Bucket, Latency};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{counted, duration, grouped, moment, percent};

const WIDTH: f64 = 960.0;
/// Tools that have a rectangle of their own.
const TOOLS_MAX: usize = 24;
/// Places of one tool that have one.
const PLACES_MAX: usize = 12;
/// How many steps of the latency's histogram a factor of ten has.
const STEPS: f64 = 8.0;

/// A number of the drawing's units.
fn px(value: f64) -> String {
    format!("{value:.1}")
}

/// Calls over the session's time, with their errors, and the longest latency of each stretch above them.
pub(super) fn timeline(told: &Told<'_>) -> Markup {
    const CALLS: (f64, f64) = (20.0, 90.0);
    const LATENCY: (f64, f64) = (120.0, 90.0);
    let timeline = &told.figures.timeline;
    let buckets = &timeline.buckets;
    let step = WIDTH / buckets.len() as f64;
    let most = buckets.iter().map(|bucket| bucket.calls).max().unwrap_or(0).max(1);
    let slowest = buckets.iter().map(|bucket| bucket.latency_us_max).max().unwrap_or(0).max(1);
    let bar = |class, at: usize, value: f64, (top, height): (f64, f64)| {
        let tall = if value > 0.0 { (value * height).max(1.5) } else { 0.0 };
        html! {
            rect class=(class) x=(px(at as f64 * step)) y=(px(top + height - tall))
                width=(px((step - 1.0).max(0.5))) height=(px(tall)) {}
        }
    };
    let title = |at: usize, bucket: &Bucket| {
        let from = moment(at as u64 * timeline.width_us);
        let took = duration(bucket.latency_us_max);
        let errors = if bucket.errors > 0 { format!(", {} failed", bucket.errors) } else { String::new() };
        format!("{from}: {}{errors}, at most {took}", counted(bucket.calls.into(), "call"))
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} 236")) role="img" aria-label="Calls and latency over the time of the session" {
            text class="axis" x="0" y="12" { "calls, at most " (grouped(most.into())) " in " (duration(timeline.width_us)) }
            text class="axis" x="0" y="126" { "longest latency, at most " (duration(slowest)) }
            @for (at, bucket) in buckets.iter().enumerate().filter(|(_, bucket)| bucket.calls > 0) {
                g {
                    title { (title(at, bucket)) }
                    (bar("calls", at, f64::from(bucket.calls) / f64::from(most), CALLS))
                    (bar("errors", at, f64::from(bucket.errors) / f64::from(most), CALLS))
                    (bar("latency", at, bucket.latency_us_max as f64 / slowest as f64, LATENCY))
                }
            }
            line class="rule" x1="0" x2=(WIDTH) y1="110" y2="110" {}
            line class="rule" x1="0" x2=(WIDTH) y1="210" y2="210" {}
            text class="axis" x="0" y="228" { (moment(0)) }
            text class="axis end" x=(WIDTH) y="228" { (moment(told.figures.session.last_event().0)) }
        }
    }
}

/// How long calls took, in steps that grow by the same factor.
pub(super) fn histogram(latency: &Latency) -> Markup {
    const TALL: f64 = 130.0;
    let recorded = latency.histogram().into_iter().flat_map(|histogram| histogram.iter_recorded());
    let counts = steps(recorded.map(|value| (value.value_iterated_to(), value.count_at_value().into())));
    let (Some((first, _)), Some((last, _))) = (counts.first(), counts.last()) else { return html! {} };
    let (first, last) = (*first, *last);
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let wide = WIDTH / f64::from(last - first + 1).max(12.0);
    let at = |step: i32| f64::from(step - first) * wide;
    let of_us = |us: u64| ((us.max(1) as f64).log10() * STEPS - f64::from(first)) * wide;
    let marks = [("p50", latency.p50()), ("p95", latency.p95()), ("p99", latency.p99())];
    html! {
        svg viewBox=(format!("0 0 {WIDTH} 190")) role="img" aria-label="How long calls took" {
            @for (step, count) in &counts {
                @let tall = (*count as f64 / most as f64 * TALL).max(1.5);
                g {
                    title {
                        (counted(*count, "call")) " (" (percent(*count, all)) ") of "
                        (duration(edge_us(*step))) " to " (duration(edge_us(step + 1)))
                    }
                    rect class="calls" x=(px(at(*step))) y=(px(20.0 + TALL - tall)) width=(px(wide - 1.0)) height=(px(tall)) {}
                }
            }
            line class="rule" x1="0" x2=(WIDTH) y1="150" y2="150" {}
            @for step in (first..=last + 1).filter(|step| (step - first) % 4 == 0) {
                text class="axis" x=(px(at(step))) y="166" { (duration(edge_us(step))) }
            }
            @for (row, (name, us)) in marks.into_iter().enumerate() {
                @if let Some(us) = us {
                    line class="mark" x1=(px(of_us(us))) x2=(px(of_us(us))) y1="20" y2="150" {}
                    @let is_late = of_us(us) > WIDTH - 90.0;
                    @let (class, beside) = if is_late { ("axis end", -3.0) } else { ("axis", 3.0) };
                    text class=(class) x=(px(of_us(us) + beside)) y=(10 + 12 * row) { (name) " " (duration(us)) }
                }
            }
        }
    }
}

/// The lower edge of a step, in microseconds.
fn edge_us(step: i32) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and a float cast saturates"
    )]
    let edge = 10_f64.powf(f64::from(step) / STEPS).round() as u64;
    edge
}

/// How many calls there are in each step that has any, of latencies in microseconds that grow, and how many had each.
fn steps(latencies: impl Iterator<Item = (u64, u64)>) -> Vec<(i32, u64)> {
    let mut counts: Vec<(i32, u64)> = Vec::new();
    for (us, count) in latencies {
        #[expect(clippy::cast_possible_truncation, reason = "the logarithm of 64 bits is small")]
        let step = ((us.max(1) as f64).log10() * STEPS).floor() as i32;
        match counts.last_mut().filter(|(known, _)| *known == step) {
            Some((_, sum)) => *sum += count,
            None => counts.push((step, count)),
        }
    }
    counts
}

/// The tokens of answers by tool, and within each by place.
pub(super) fn treemap(told: &Told<'_>) -> Markup {
    const TALL: f64 = 420.0;
    const HEAD: f64 = 18.0;
    let tools: Vec<_> = words::tools(told)
        .into_iter()
        .filter(|tool| tool.sums.model_tokens.sum > 0)
        .take(TOOLS_MAX)
        .collect();
    let weights: Vec<u64> = tools.iter().map(|tool| tool.sums.model_tokens.sum).collect();
    let whole: u64 = told.figures.calls.model_tokens.sum;
    let areas = divide(&weights, Area { x: 0.0, y: 0.0, width: WIDTH, height: TALL });
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {TALL}")) role="img" aria-label="Tokens of answers by tool and path" {
            @for (hue, (tool, area)) in tools.iter().zip(areas).enumerate() {
                @let told_of = format!(
                    "{}: {} tokens, {} of all", clip::visible(tool.name()), grouped(tool.sums.model_tokens.sum),
                    percent(tool.sums.model_tokens.sum, whole)
                );
                g class=(format!("tool hue{}", hue % 6)) {
                    title { (told_of) }
                    (rect("tool-area", area))
                    (label(tool.name(), area, 13.0))
                    @if area.width > 60.0 && area.height > 50.0 {
                        (places(told, tool.name(), area.within(3.0, HEAD)))
                    }
                }
            }
        }
    }
}

fn places(told: &Told<'_>, tool: &str, area: Area) -> Markup {
    let Some(places) = told.places.get(tool).filter(|places| places.tokens > 0) else { return html! {} };
    let (heaviest, rest) = places.heaviest(PLACES_MAX);
    let mut all: Vec<(String, u64)> = heaviest.into_iter().map(|place| (place.path, place.tokens)).collect();
    if rest > 0 {
        all.push(("everything else".to_owned(), rest));
        all.sort_by_key(|(_, tokens)| std::cmp::Reverse(*tokens));
    }
    let weights: Vec<u64> = all.iter().map(|(_, tokens)| *tokens).collect();
    html! {
        @for ((path, tokens), area) in all.iter().zip(divide(&weights, area)) {
            g {
                title { (clip::visible(tool)) " " (clip::visible(path)) ": " (percent(*tokens, places.tokens)) }
                (rect("place", area))
                (label(path.rsplit(['.', ' ']).next().unwrap_or(path), area, 11.0))
            }
        }
    }
}

fn rect(class: &str, area: Area) -> Markup {
    html! {
        rect class=(class) x=(px(area.x)) y=(px(area.y)) width=(px(area.width)) height=(px(area.height)) {}
    }
}

/// A name at the top of its area, as far as there is room.
fn label(text: &str, area: Area, size: f64) -> Markup {
    // Letters are about six tenths as wide as they are high.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
    let room = ((area.width - 6.0) / (size * 0.6)).max(0.0) as usize;
    html! {
        @if room >= 3 && area.height >= size + 3.0 {
            text x=(px(area.x + 3.0)) y=(px(area.y + size)) font-size=(size) { (clip::middle(&clip::visible(text), room)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_is_in_one_step_between_its_edges() {
        let latencies = [1, 2, 900, 1_000, 1_001, 15_000, 15_001, 3_600_000_000];
        let steps = steps(latencies.into_iter().map(|us| (us, 2)));
        assert_eq!(steps.iter().map(|(_, count)| count).sum::<u64>(), 2 * latencies.len() as u64);
        assert!(steps.is_sorted_by_key(|(step, _)| *step));
        assert_eq!(steps[0], (0, 2));
        assert_eq!((edge_us(24), edge_us(0)), (1_000, 1));
    }
}
