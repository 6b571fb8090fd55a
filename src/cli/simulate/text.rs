//! What rules would have done, for people.

use std::fmt::Write as _;

use super::{HIT_RATE_MIN, Report};
use crate::cli::layout::{paragraph, push_line};
use crate::model::{CacheUse, Effects, RuleStats, Saved};
use crate::rules::Mode;
use crate::tokens::{Accuracy, Count};
use crate::ui::widgets::clip;
use crate::ui::widgets::number::{counted, duration, grouped, offset, percent, tokens_grouped};

/// Columns of a name; longer ones are cut in the middle.
const NAME_COLUMNS: usize = 30;
/// Outdated answers shown for each rule; all are counted, and JSON has more.
const STALE_SHOWN: usize = 5;
/// Reasons shown for each rule.
const WHYS_SHOWN: usize = 6;

/// The whole report. Ends with a newline.
pub(super) fn table(report: &Report, columns: usize) -> String {
    let session = &report.session;
    let totals = session.totals();
    let mut out = String::new();
    let head = format!(
        "{}: {} in {}, under {} ({}). Tokens as counted for {}.",
        session.header.label,
        counted(totals.calls, "call"),
        duration(totals.duration.0),
        report.source,
        counted(report.rules.rules.len() as u64, "rule"),
        report.profile.label,
    );
    paragraph(&mut out, &head, 0, columns);
    out.push('\n');
    sums(&mut out, report);
    for rule in &report.rules.rules {
        out.push('\n');
        let stats = session.rules().all().iter().find(|stats| session.name(stats.rule) == rule.name);
        let mode = match rule.mode {
            Mode::On => "",
            Mode::Observe => " (observes: what it would do)",
            Mode::Off => " (off)",
        };
        push_line(&mut out, &format!("{}{mode}", rule.name), 0);
        match stats {
            Some(stats) => of_rule(&mut out, report, stats, rule.mode == Mode::Observe, columns),
            None if report.for_others().contains(&rule.name.as_str()) => {
                push_line(&mut out, "it is about other servers", 2);
            }
            None if rule.mode == Mode::Off => {}
            None => push_line(&mut out, "no message of this session matched it", 2),
        }
    }
    out
}

fn sums(out: &mut String, report: &Report) {
    let session = &report.session;
    let totals = session.totals();
    let definitions = session.definitions().saved();
    let results = session.saved() - definitions;
    let (model, wire) = (session.context(false), session.context(true));
    line(out, "", ["before", "after", "saved", ""]);
    tokens_line(out, "results", model.results, results.model);
    tokens_line(out, "results on the wire", wire.results, results.wire);
    tokens_line(out, "definitions", model.definitions, definitions.model);
    tokens_line(out, "definitions on the wire", wire.definitions, definitions.wire);
    let to_server = totals.calls.saturating_sub(totals.by_rules);
    line(
        out,
        "calls to the server",
        [
            &grouped(totals.calls),
            &grouped(to_server),
            &grouped(totals.by_rules),
            &percent(totals.by_rules, totals.calls),
        ],
    );
    line(out, "waiting for answers", ["", "", &time(results.time_us), ""]);
}

fn tokens_line(out: &mut String, what: &str, after: Count, saved: i64) {
    let before = after.tokens.saturating_add_signed(saved);
    let count = |tokens: u64| tokens_grouped(Count { tokens, accuracy: after.accuracy });
    let share = if saved < 0 {
        format!("-{}", percent(saved.unsigned_abs(), before))
    } else {
        percent(saved.unsigned_abs(), before)
    };
    line(out, what, [&count(before), &count(after.tokens), &signed(saved, after.accuracy), &share]);
}

fn line(out: &mut String, what: &str, [before, after, saved, share]: [&str; 4]) {
    let text = format!("{what:24} {before:>12} {after:>12} {saved:>12} {share:>8}");
    push_line(out, text.trim_end(), 0);
}

fn of_rule(out: &mut String, report: &Report, stats: &RuleStats, observes: bool, columns: usize) {
    let session = &report.session;
    let mut parts = Vec::new();
    if stats.cost_ns.count() > 0 {
        let worst = stats.cost_ns.quantile(0.99).unwrap_or_default();
        let median = stats.cost_ns.p50().unwrap_or_default();
        parts.push(format!("own time {} (p99 {})", micros(median), micros(worst)));
    }
    if let Some(cache) = &stats.cache {
        parts.push(cached(cache));
    }
    if let Some((by, why)) = &stats.last_failure {
        parts.push(format!("FAILED ×{}, last {}: {why}", grouped(stats.failures), session.name(*by)));
    }
    row_line(out, "", ["match", "hit", "before", "after", "wire saved", "time"]);
    let whole = if observes { &stats.observed } else { &stats.active };
    let lists = session.definitions().saved_by(stats.rule);
    for (row, active, observed) in stats.rows() {
        let effects = if observes { observed } else { active };
        let Some(row) = session.rows().get(row as usize) else { continue };
        let method = session.name(row.key.method);
        let target = session.name(row.key.target);
        effects_line(out, if target.is_empty() { method } else { target }, effects);
    }
    if stats.rows().count() > 1 {
        effects_line(out, "all", whole);
    }
    if lists != Saved::default() {
        let text = format!(
            "definitions: {} tokens saved, {} on the wire",
            signed(lists.model, session.context(false).definitions.accuracy),
            signed(lists.wire, session.context(true).definitions.accuracy)
        );
        push_line(out, &text, 2);
    }
    for part in parts {
        paragraph(out, &part, 2, columns);
    }
    stale(out, report, session.name(stats.rule), columns);
    for why in stats.whys().into_iter().take(WHYS_SHOWN) {
        let text = format!("{} ×{}: {}", session.name(why.by), grouped(why.count), why.text);
        paragraph(out, &text, 2, columns);
    }
}

fn cached(cache: &CacheUse) -> String {
    let rate = cache.hit_rate().unwrap_or_default();
    let mut text = format!(
        "cache: {} of {} lookups had an answer ({})",
        grouped(cache.hits),
        grouped(cache.lookups),
        percent(cache.hits, cache.lookups)
    );
    if cache.hits > 0 {
        let mean = duration(cache.age_us_mean().unwrap_or_default());
        let _ = write!(text, ", {mean} old on average and {} at most", duration(cache.age_us_max));
    }
    if let Some(store) = &cache.store {
        let size = crate::ui::widgets::number::bytes(store.bytes);
        let _ = write!(
            text,
            "; holds {} in {size}, {} made room",
            counted(u64::from(store.entries), "answer"),
            grouped(store.evicted)
        );
    }
    if rate < HIT_RATE_MIN {
        text += ". LOW: under 60 % a cache is probably not worth what it may get wrong";
    }
    text
}

fn stale(out: &mut String, report: &Report, rule: &str, columns: usize) {
    let Some(freshness) = report.found.rules.get(rule) else { return };
    if freshness.stale == 0 {
        let text = format!("all {} kept answers were what the server said then", grouped(freshness.compared));
        return push_line(out, &text, 2);
    }
    let text = format!(
        "STALE: {} of {} kept answers were not what the server said then; the oldest was {} old",
        grouped(freshness.stale),
        grouped(freshness.compared),
        duration(freshness.stale_age_us_max)
    );
    paragraph(out, &text, 2, columns);
    let of_rule = report.found.stale.iter().filter(|stale| &*stale.rule == rule);
    for stale in of_rule.clone().take(STALE_SHOWN) {
        let name = if stale.tool.is_empty() { &stale.method } else { &stale.tool };
        let text = format!("{}  {name}, id {}, {} old", offset(stale.at.0), stale.id, duration(stale.age_us));
        push_line(out, &text, 4);
    }
    if of_rule.clone().count() > STALE_SHOWN {
        push_line(out, "and more: --json lists up to a thousand", 4);
    }
}

fn effects_line(out: &mut String, name: &str, effects: &Effects) {
    let count = |tokens: u64| if effects.changed == 0 { String::new() } else { grouped(tokens) };
    row_line(
        out,
        name,
        [
            &grouped(effects.matches),
            &grouped(effects.hits),
            &count(effects.before.model),
            &count(effects.after.model),
            &signed(effects.saved.wire, Accuracy::Exact),
            &time(effects.saved.time_us),
        ],
    );
}

fn row_line(out: &mut String, name: &str, [matches, hits, before, after, wire, waited]: [&str; 6]) {
    let name = clip::middle(name, NAME_COLUMNS);
    let blanks = " ".repeat(NAME_COLUMNS.saturating_sub(clip::width(&name)));
    let text = format!("{name}{blanks} {matches:>6} {hits:>6} {before:>8} {after:>8} {wire:>10} {waited:>7}");
    push_line(out, text.trim_end(), 2);
}

fn signed(tokens: i64, accuracy: Accuracy) -> String {
    let sign = if tokens < 0 { "-" } else { "" };
    format!("{sign}{}", tokens_grouped(Count { tokens: tokens.unsigned_abs(), accuracy }))
}

/// A time saved; empty for none.
fn time(us: i64) -> String {
    match us {
        0 => String::new(),
        1.. => duration(us.unsigned_abs()),
        _ => format!("-{}", duration(us.unsigned_abs())),
    }
}

fn micros(ns: u64) -> String {
    format!("{}.{} µs", ns / 1_000, ns / 100 % 10)
}
