//! The pool behind the proxy: how full it is, who waits, and whether it spares anybody the start of a session.

use ratatui::text::{Line, Span};

use super::lines::Lines;
use crate::model::Pool;
use crate::trace::{Micros, PoolReturn, PoolTake};
use crate::ui::theme::Role;
use crate::ui::widgets::bar::{Part, gauge};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{COUNT_WIDTH, count, duration, grouped, percent};
use crate::ui::widgets::sparkline::{Ink, Scale, sparkline};

/// Cells of a fact's name, as in the lines around it.
const NAMES: usize = 14;
/// From this share of its size on the pool is nearly used up.
const NEARLY_FULL: f64 = 0.9;

/// The pool, in four lines.
pub(super) fn lines(lines: &mut Lines<'_>, pool: &Pool, now: Micros) {
    let state = pool.state();
    let title = match state.size {
        0 => "Pool without a limit".to_owned(),
        size => format!("Pool of {}", grouped(u64::from(size))),
    };
    lines.rule(&title);
    now_line(lines, pool);
    over_time(lines, pool, now);
    waits(lines, pool);
    let dot = lines.cx.theme.glyphs.dot;
    let named = |count: u64, what: &str| (count > 0).then(|| format!("{} {what}", grouped(count)));
    let takes = [
        named(pool.takes(PoolTake::Reused), "reused"),
        named(pool.takes(PoolTake::Prepared), "prepared"),
        named(pool.takes(PoolTake::Shared), "shared"),
        named(pool.takes(PoolTake::Started), "started anew"),
        named(pool.takes(PoolTake::GaveUp), "got none"),
    ];
    let takes: Vec<String> = takes.into_iter().flatten().collect();
    let all = pool.takes_all();
    let ready = all - pool.takes(PoolTake::Started);
    let lost =
        named(pool.returns(PoolReturn::Lost), "lost").map_or(String::new(), |lost| format!(" {dot} {lost}"));
    lines.fact(
        "taken",
        &format!("{}, {} ready at once: {}{lost}", grouped(all), percent(ready, all), takes.join(", ")),
    );
}

/// `████▓▓░░  6 busy, 2 idle of 10`.
fn now_line(lines: &mut Lines<'_>, pool: &Pool) {
    let (cx, state) = (lines.cx, pool.state());
    let (theme, glyphs) = (cx.theme, &cx.theme.glyphs);
    let whole = if state.size > 0 { state.size.max(state.open) } else { state.open.max(1) };
    let share = |count: u32| f64::from(count) / f64::from(whole);
    let role = match (state.waiting, share(state.busy)) {
        (1.., _) => Role::Bad,
        (0, busy) if state.size > 0 && busy >= NEARLY_FULL => Role::Warn,
        _ => Role::Bar,
    };
    let parts = [
        Part { share: share(state.busy), style: theme.style(role), fill: None },
        Part { share: share(pool.idle()), style: theme.style(Role::BarSecond), fill: Some(glyphs.second) },
    ];
    let cells = u16::try_from(lines.width.saturating_sub(NAMES + 42)).unwrap_or(60).clamp(6, 60);
    let mut spans = vec![Span::styled(format!(" {:<1$}", "now", NAMES - 1), theme.style(Role::Dim))];
    spans.extend(gauge(&parts, cells, theme.style(Role::BarEmpty), glyphs));
    // As wide as they may get, so that no word moves with a number.
    let number = |value: u32| format!("{:>1$}", count(u64::from(value)), usize::from(COUNT_WIDTH));
    spans.push(Span::styled(format!(" {} busy", number(state.busy)), theme.style(Role::Strong)));
    spans.push(Span::styled(format!(" {} idle", number(pool.idle())), theme.style(Role::Text)));
    let (waiting, role) = match state.waiting {
        0 => ("   nobody waits".to_owned(), Role::Dim),
        1 => (format!(" {} 1 client waits", glyphs.warn), Role::Bad),
        count => (format!(" {} {count} clients wait", glyphs.warn), Role::Bad),
    };
    spans.push(Span::styled(waiting, theme.style(role)));
    lines.done.push(Line::from(spans));
}

/// How many were busy over time, the time in which somebody waited set off.
fn over_time(lines: &mut Lines<'_>, pool: &Pool, now: Micros) {
    let cx = lines.cx;
    let used = pool.utilisation(now).map_or(String::new(), |used| format!(", {:.0} % used", used * 100.0));
    let room = u16::try_from(lines.width.saturating_sub(NAMES + 32)).unwrap_or(100).clamp(4, 100);
    let ink = Ink::of(&cx.theme.glyphs);
    let columns = pool.columns(now, ink.samples(room));
    let values: Vec<Option<f64>> =
        columns.iter().map(|column| (column.open_max > 0).then(|| f64::from(column.busy_max))).collect();
    let peak = columns.iter().map(|column| column.busy_max).max().unwrap_or(0);
    let top = pool.state().size.max(peak).max(1);
    let cells = sparkline(&values, room, Scale::Linear { max: f64::from(top) }, ink);
    let mut spans = vec![Span::styled(format!(" {:<1$}", "busy", NAMES - 1), cx.theme.style(Role::Dim))];
    for (cell, columns) in cells.into_iter().zip(columns.chunks(ink.samples(1))) {
        let is_short = columns.iter().any(|column| column.waiting_max > 0);
        let role = if is_short { Role::Bad } else { Role::Bar };
        spans.push(Span::styled(cell.symbol, cx.theme.style(role)));
    }
    let words = format!("  of {top}: peak {peak}{used}");
    spans.push(Span::styled(words, cx.theme.style(Role::Dim)));
    lines.done.push(Line::from(spans));
}

/// How long clients waited for their place.
fn waits(lines: &mut Lines<'_>, pool: &Pool) {
    let waits = pool.waits_us();
    let dot = lines.cx.theme.glyphs.dot;
    let (Some(p50), Some(p99), Some(max)) = (waits.p50(), waits.p99(), waits.max()) else { return };
    let text = format!("p50 {} {dot} p99 {} {dot} longest {}", duration(p50), duration(p99), duration(max));
    lines.fact("waited", &clip::end(&text, lines.width));
}
