//! One rule in full: as it is written, what it did for each tool, how its cache is used, and what it said.
//!
//! Lines of text, made anew for each drawing; knows nothing of the list beside it.

use ratatui::text::{Line, Span};

use super::columns::{change, mode, nanos};
use super::items::Item;
use crate::model::{CacheUse, Effects, RuleStats};
use crate::tokens::Count;
use crate::ui::editor::toml_line;
use crate::ui::panels::{Cx, Opened};
use crate::ui::preview::RulePreview;
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{bytes, count, duration, grouped, signed, tokens};

/// Cells of a tool's name.
const TOOL_WIDTH: usize = 22;

/// All lines of a rule.
pub(super) fn lines(item: &Item<'_>, opened: &Opened<'_>, cx: &Cx<'_>) -> Vec<Line<'static>> {
    let mut lines = vec![heading(item, cx)];
    lines.extend(item.text.lines().map(|line| indented(toml_line(line, cx.theme))));
    if let Some(tried) = &item.tried {
        add_tried(tried, cx, &mut lines);
    }
    let Some(stats) = item.stats else {
        if item.tried.is_none() {
            lines.push(Line::default());
            let words = if opened.is_live { "a message yet" } else { "any message" };
            lines.push(said(cx, &format!("It has had nothing to do with {words}"), Role::Dim));
        }
        return lines;
    };
    if let Some((by, what)) = &stats.last_failure {
        lines.push(Line::default());
        let text = format!(
            "{} {} failed and is off for this session: {}",
            cx.theme.glyphs.error,
            opened.session.name(*by),
            clip::visible(what)
        );
        lines.push(said(cx, &text, Role::Bad));
    }
    for (title, is_observed) in [("What it did", false), ("What it would have done", true)] {
        add_tools(stats, is_observed, title, opened, cx, &mut lines);
    }
    if let Some(cache) = stats.cache.filter(|cache| cache.lookups > 0 || cache.store.is_some()) {
        add_cache(&cache, cx, &mut lines);
    }
    add_cost(stats, cx, &mut lines);
    add_whys(stats, opened, cx, &mut lines);
    lines
}

fn heading(item: &Item<'_>, cx: &Cx<'_>) -> Line<'static> {
    let (glyph, word, role) = mode(item.mode(), &cx.theme.glyphs);
    Line::from(vec![
        Span::styled(item.key.1.to_string(), cx.theme.style(Role::Strong)),
        Span::styled(format!("  {glyph} {word}"), cx.theme.style(role)),
        Span::styled(format!("  {}", item.about()), cx.theme.style(Role::Dim)),
    ])
}

fn indented(line: Line<'static>) -> Line<'static> {
    let mut spans = vec![Span::raw("  ")];
    spans.extend(line.spans);
    Line::from(spans)
}

fn said(cx: &Cx<'_>, text: &str, role: Role) -> Line<'static> {
    Line::styled(text.to_owned(), cx.theme.style(role))
}

fn add_heading(title: &str, rest: &str, cx: &Cx<'_>, lines: &mut Vec<Line<'static>>) {
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled(format!("{title:<TOOL_WIDTH$}"), cx.theme.style(Role::Heading)),
        Span::styled(rest.to_owned(), cx.theme.style(Role::Heading)),
    ]));
}

/// What a rule would have done that is only tried on the recording.
fn add_tried(tried: &RulePreview, cx: &Cx<'_>, lines: &mut Vec<Line<'static>>) {
    add_heading("Tried on this recording", "", cx, lines);
    let plural = |number: u64, one: &str, more: &str| {
        format!("{} {}", grouped(number), if number == 1 { one } else { more })
    };
    let mut words =
        vec![plural(tried.effects.matches, "match", "matches"), plural(tried.effects.hits, "hit", "hits")];
    words.extend(change(&tried.effects, cx).map(|change| format!("tokens {change}")));
    let saved = if cx.wire { tried.saved.wire } else { tried.saved.model };
    if saved != 0 {
        words.push(format!("{} tokens saved", signed(saved, |value| tokens(Count::exact(value)))));
    }
    if tried.saved.time_us != 0 {
        words.push(format!("{} saved", signed(tried.saved.time_us, duration)));
    }
    let dot = format!(" {} ", cx.theme.glyphs.dot);
    lines.push(indented(said(cx, &words.join(&dot), Role::Text)));
}

/// A line for each tool, the one with the largest saving first.
fn add_tools(
    stats: &RuleStats,
    is_observed: bool,
    title: &str,
    opened: &Opened<'_>,
    cx: &Cx<'_>,
    lines: &mut Vec<Line<'static>>,
) {
    let pick = |active: &Effects, observed: &Effects| if is_observed { *observed } else { *active };
    let saved = |effects: &Effects| if cx.wire { effects.saved.wire } else { effects.saved.model };
    let mut rows: Vec<(u32, Effects)> =
        stats.rows().map(|(row, active, observed)| (row, pick(active, observed))).collect();
    rows.retain(|(_, effects)| effects.matches > 0);
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|(row, effects)| (std::cmp::Reverse((saved(effects), effects.saved.time_us)), *row));
    let has_held = rows.iter().any(|(_, effects)| effects.held_us > 0);
    let held_title = if has_held { "     held" } else { "" };
    let titles =
        format!("{:>7} {:>6}  {:>14} {:>7} {:>8}{held_title}", "matches", "hits", "tokens", "saved", "time");
    add_heading(title, &titles, cx, lines);
    for (row, effects) in rows {
        let name = opened.session.rows().get(row as usize).map_or("", |row| {
            let target = opened.session.name(row.key.target);
            if target.is_empty() { opened.session.name(row.key.method) } else { target }
        });
        let none = || cx.theme.glyphs.none.to_owned();
        let time = |us: i64| if us == 0 { none() } else { signed(us, duration) };
        let tokens_saved = match saved(&effects) {
            0 => none(),
            saved => signed(saved, |value| tokens(Count::exact(value))),
        };
        let held_us = i64::try_from(effects.held_us).unwrap_or(i64::MAX);
        let held = if has_held { format!(" {:>8}", time(held_us)) } else { String::new() };
        let figures = format!(
            "{:>7} {:>6}  {:>14} {:>7} {:>8}{held}",
            count(effects.matches),
            count(effects.hits),
            change(&effects, cx).unwrap_or_else(none),
            tokens_saved,
            time(effects.saved.time_us),
        );
        let name = clip::middle(name, TOOL_WIDTH - 1).into_owned();
        let gap = " ".repeat(TOOL_WIDTH - clip::width(&name));
        lines.push(Line::styled(format!("{name}{gap}{figures}"), cx.theme.style(Role::Text)));
    }
}

fn add_cache(cache: &CacheUse, cx: &Cx<'_>, lines: &mut Vec<Line<'static>>) {
    add_heading("Cache", "", cx, lines);
    let dot = cx.theme.glyphs.dot;
    let mut spans = vec![Span::styled(
        format!("{} lookups {dot} {} hits", grouped(cache.lookups), grouped(cache.hits)),
        cx.theme.style(Role::Text),
    )];
    if let Some(rate) = cache.hit_rate() {
        let (word, role) = if rate < CacheUse::HIT_RATE_LOW {
            (" hits: low, below 60 %", Role::Warn)
        } else {
            (" hits", Role::Good)
        };
        let mark = if rate < CacheUse::HIT_RATE_LOW { cx.theme.glyphs.warn } else { cx.theme.glyphs.ok };
        spans.push(Span::styled(format!("  {mark} {:.0} %{word}", rate * 100.0), cx.theme.style(role)));
    }
    lines.push(Line::from(spans));
    if let Some(mean) = cache.age_us_mean() {
        let text =
            format!("answers were {} old on average, {} at most", duration(mean), duration(cache.age_us_max));
        lines.push(said(cx, &text, Role::Text));
    }
    if let Some(store) = cache.store {
        let text = format!(
            "holds {} {} in {} {dot} {} made room for others",
            grouped(u64::from(store.entries)),
            if store.entries == 1 { "answer" } else { "answers" },
            bytes(store.bytes),
            grouped(store.evicted)
        );
        lines.push(said(cx, &text, Role::Dim));
    }
}

fn add_cost(stats: &RuleStats, cx: &Cx<'_>, lines: &mut Vec<Line<'static>>) {
    let (Some(p50), Some(p99), Some(max)) = (stats.cost_ns.p50(), stats.cost_ns.p99(), stats.cost_ns.max())
    else {
        return;
    };
    let nanos = |ns| nanos(ns, &cx.theme.glyphs);
    add_heading("Its own time", "", cx, lines);
    let dot = cx.theme.glyphs.dot;
    let text = format!("p50 {} {dot} p99 {} {dot} max {} a message", nanos(p50), nanos(p99), nanos(max));
    lines.push(said(cx, &text, Role::Text));
}

fn add_whys(stats: &RuleStats, opened: &Opened<'_>, cx: &Cx<'_>, lines: &mut Vec<Line<'static>>) {
    let whys = stats.whys();
    if whys.is_empty() {
        return;
    }
    add_heading("What it said", "", cx, lines);
    for why in whys {
        lines.push(Line::from(vec![
            Span::styled(
                format!("{:>5} {} ", count(why.count), cx.theme.glyphs.dot),
                cx.theme.style(Role::Dim),
            ),
            Span::styled(format!("{} ", opened.session.name(why.by)), cx.theme.style(Role::Accent)),
            Span::styled(clip::visible(&why.text).into_owned(), cx.theme.style(Role::Text)),
        ]));
    }
    if stats.whys_not_kept() > 0 {
        let text = format!("{:>5} {} others", count(stats.whys_not_kept()), cx.theme.glyphs.dot);
        lines.push(said(cx, &text, Role::Dim));
    }
}
