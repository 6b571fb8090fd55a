//! The columns of the Top panel: heading, width, importance, order and text of each, a row for each column.
//!
//! Knows nothing of which lines there are.

use std::cmp::Ordering;

use ratatui::text::{Line, Span};

use super::course::Course;
use super::items::{Item, ItemKey};
use crate::tokens::Count;
use crate::ui::panels::{Cx, marks};
use crate::ui::theme::Role;
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::number::{
    COUNT_WIDTH, DURATION_WIDTH, PERCENT_WIDTH, TOKENS_WIDTH, count, duration, percent, signed, tokens,
};
use crate::ui::widgets::sort::Sortable;
use crate::ui::widgets::sparkline::{Ink, Scale, sparkline};
use crate::ui::widgets::table::{Column, Order};

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The tool or method.
    Name,
    /// How often it was asked for.
    Calls,
    /// How often it failed.
    Errors,
    /// Which share failed.
    ErrorShare,
    /// How many wait for an answer.
    InFlight,
    /// Latency over time.
    Latency,
    /// The median latency.
    P50,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The longest latency.
    Max,
    /// Result tokens over time.
    Tokens,
    /// Tokens of a result on average.
    TokensMean,
    /// Tokens of the largest result.
    TokensMax,
    /// Tokens of all results.
    TokensSum,
    /// Tokens of the definition.
    Schema,
    /// Share of the context window that results and definition take.
    Share,
    /// Calls answered out of a cache.
    Cache,
    /// Tokens that rules saved.
    Saved,
    /// Time that rules saved.
    TimeSaved,
}

/// The columns, left to right.
pub(super) const FIELDS: [Field; 19] = [
    Field::Name,
    Field::Calls,
    Field::Errors,
    Field::ErrorShare,
    Field::InFlight,
    Field::Latency,
    Field::P50,
    Field::P95,
    Field::P99,
    Field::Max,
    Field::Tokens,
    Field::TokensMean,
    Field::TokensMax,
    Field::TokensSum,
    Field::Cache,
    Field::Saved,
    Field::TimeSaved,
    Field::Schema,
    Field::Share,
];

/// A number and the cell of its warning mark.
const JUDGED: u16 = DURATION_WIDTH + 1;

impl Sortable for Field {
    const ALL: &'static [Self] = &FIELDS;

    fn natural_order(self) -> Order {
        if self == Self::Name { Order::Ascending } else { Order::Descending }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Calls => "calls",
            Self::Errors => "errors",
            Self::ErrorShare => "error-share",
            Self::InFlight => "in-flight",
            Self::Latency => "latency",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
            Self::Tokens => "tokens",
            Self::TokensMean => "tokens-mean",
            Self::TokensMax => "tokens-max",
            Self::TokensSum => "tokens-sum",
            Self::Schema => "schema",
            Self::Share => "share",
            Self::Cache => "cache",
            Self::Saved => "saved",
            Self::TimeSaved => "time-saved",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Name => "tool",
            Self::Calls => "calls",
            Self::Errors => "err",
            Self::ErrorShare => "err % ",
            Self::InFlight => "open",
            Self::Latency => "latency",
            Self::P50 => "p50 ",
            Self::P95 => "p95",
            Self::P99 => "p99 ",
            Self::Max => "max",
            Self::Tokens => "tokens",
            Self::TokensMean => "tok/call",
            Self::TokensMax => "tok max",
            Self::TokensSum => "tok sum",
            Self::Schema => "schema",
            Self::Share => "window",
            Self::Cache => "cached",
            Self::Saved => "saved",
            Self::TimeSaved => "time saved",
        }
    }

    fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("", "The tool, or the method"),
            Self::Calls => ("calls", "How often it was asked for"),
            Self::Errors => ("calls", "How often it failed"),
            Self::ErrorShare => ("%", "Failed calls, of those answered"),
            Self::InFlight => ("calls", "How many wait for an answer"),
            Self::Latency => ("time", "Latency over time, scaled by row"),
            Self::P50 => ("time", "Median latency: what is usual"),
            Self::P95 => ("time", "95 of 100 calls took less"),
            Self::P99 => ("time", "99 of 100 calls took less"),
            Self::Max => ("time", "The longest latency"),
            Self::Tokens => ("tokens", "Results over time, scaled by row"),
            Self::TokensMean => ("tokens", "A result on average"),
            Self::TokensMax => ("tokens", "The largest result"),
            Self::TokensSum => ("tokens", "All results together"),
            Self::Schema => ("tokens", "Its definition"),
            Self::Share => ("%", "Definition and results, of the window"),
            Self::Cache => ("calls", "Answered out of a cache"),
            Self::Saved => ("tokens", "What rules saved"),
            Self::TimeSaved => ("time", "What rules saved"),
        }
    }
}

impl Field {
    /// Its heading, width and importance; `names` is what the names ask for.
    #[must_use]
    pub(super) fn column(self, names: Want, has_rules: bool) -> Column {
        let right = |want| Column { title: self.title(), want, align: Align::Right };
        let left = |want| Column { title: self.title(), want, align: Align::Left };
        match self {
            Self::Name => left(names),
            Self::Calls => right(Want::fixed(COUNT_WIDTH + 2, 0)),
            Self::Errors => right(Want::fixed(COUNT_WIDTH + 1, 1)),
            Self::ErrorShare => right(Want::fixed(PERCENT_WIDTH + 1, 10)),
            Self::InFlight => right(Want::fixed(5, 7)),
            Self::Latency => left(Want::growing(8, 40, 2, 6)),
            Self::P50 => right(Want::fixed(JUDGED, 1)),
            Self::P95 => right(Want::fixed(JUDGED, 8)),
            Self::P99 => right(Want::fixed(JUDGED, 2)),
            Self::Max => right(Want::fixed(DURATION_WIDTH, 9)),
            Self::Tokens => left(Want::growing(6, 24, 1, 12)),
            Self::TokensMean => right(Want::fixed(9, 1)),
            Self::TokensMax => right(Want::fixed(8, 11)),
            Self::TokensSum => right(Want::fixed(8, 10)),
            Self::Schema => right(Want::fixed(TOKENS_WIDTH + 1, 4)),
            Self::Share => right(Want::fixed(PERCENT_WIDTH, 3)),
            Self::Cache | Self::Saved | Self::TimeSaved if !has_rules => {
                right(Want::fixed(u16::MAX, u8::MAX))
            }
            Self::Cache => right(Want::fixed(COUNT_WIDTH + 1, 5)),
            Self::Saved => right(Want::fixed(TOKENS_WIDTH + 1, 2)),
            Self::TimeSaved => right(Want::fixed(10, 8)),
        }
    }

    /// What to sort by; what is not known sorts below everything.
    fn weight(self, item: &Item<'_>) -> Option<f64> {
        let figures = &item.figures;
        match self {
            Self::Name => None,
            Self::Calls => Some(figures.calls as f64),
            Self::Errors => Some(figures.errors as f64),
            Self::ErrorShare => figures.error_share(),
            Self::InFlight => Some(figures.in_flight as f64),
            Self::Latency => match item.rows[..] {
                [row] => row.latency_us.mean(),
                _ => item.latency().mean(),
            },
            Self::P50 => item.quantile(0.50).map(|us| us as f64),
            Self::P95 => item.quantile(0.95).map(|us| us as f64),
            Self::P99 => item.quantile(0.99).map(|us| us as f64),
            Self::Max => item.quantile(1.0).map(|us| us as f64),
            Self::TokensMean => figures.tokens.mean(),
            Self::TokensMax => Some(f64::from(figures.tokens.max)),
            Self::Tokens | Self::TokensSum => Some(figures.tokens.sum as f64),
            Self::Schema => figures.schema.map(|count| count.tokens as f64),
            Self::Share => figures.context().map(|count| count.tokens as f64),
            Self::Cache => Some(figures.cache_hits as f64),
            Self::Saved => Some(figures.saved as f64),
            Self::TimeSaved => Some(figures.time_saved_us as f64),
        }
    }

    /// Sorts the items; equal ones by calls, then by name, so that nothing trades places without reason.
    pub(super) fn sort(self, order: Order, items: &mut [Item<'_>]) {
        items.sort_by_cached_key(|item| {
            let weight = self.weight(item).unwrap_or(-1.0);
            let weight = if order == Order::Descending { -weight } else { weight };
            let calls = std::cmp::Reverse(item.figures.calls);
            (
                Weight(weight),
                if self == Self::Name { std::cmp::Reverse(0) } else { calls },
                item.name.to_owned(),
            )
        });
        if self == Self::Name && order == Order::Descending {
            items.reverse();
        }
    }

    /// The text of an item in so many cells.
    #[must_use]
    pub(super) fn cell(self, item: &Item<'_>, width: u16, indent: usize, cx: &Cx<'_>) -> Line<'static> {
        let figures = &item.figures;
        let is_quiet = figures.calls == 0 || matches!(item.key, ItemKey::Method(..));
        let plain = if is_quiet { Role::Dim } else { Role::Text };
        let text = |text: String, role: Role| Line::styled(text, cx.theme.style(role));
        let none = || text(cx.theme.glyphs.none.to_owned(), Role::Dim);
        let time = |us: Option<u64>| us.map_or_else(none, |us| text(duration(us), plain));
        let counted = |tokens_each: u64| Count { tokens: tokens_each, accuracy: figures.accuracy };
        match self {
            Self::Name => name(item, usize::from(width), indent, plain, cx),
            Self::Calls if figures.calls == 0 => none(),
            Self::Calls => text(count(figures.calls), plain),
            Self::Errors | Self::ErrorShare if figures.errors == 0 => {
                text(format!("{} ", cx.theme.glyphs.none), Role::Dim)
            }
            Self::Errors => {
                let role = marks::errors(figures.error_share(), &cx.targets);
                text(format!("{}{}", count(figures.errors), marks::too_many(role, &cx.theme.glyphs)), role)
            }
            Self::ErrorShare => {
                let role = marks::errors(figures.error_share(), &cx.targets);
                let mark = marks::too_many(role, &cx.theme.glyphs);
                text(format!("{}{mark}", percent(figures.errors, figures.answered)), role)
            }
            Self::InFlight if figures.in_flight == 0 => none(),
            Self::InFlight => {
                text(format!("{} {}", cx.theme.glyphs.pending, count(figures.in_flight)), Role::Pending)
            }
            Self::Latency => latencies(item, width, cx),
            Self::P50 => judged(item.quantile(0.50), cx.targets.p50_us, is_quiet, cx),
            // What is beyond the target of the 99th percentile misses it.
            Self::P95 => judged(item.quantile(0.95), cx.targets.p99_us, is_quiet, cx),
            Self::P99 => judged(item.quantile(0.99), cx.targets.p99_us, is_quiet, cx),
            Self::Max => time(item.quantile(1.0)),
            Self::Tokens => token_series(item, width, cx),
            Self::TokensMean => {
                figures.tokens.mean().map_or_else(none, |mean| text(tokens(counted(rounded(mean))), plain))
            }
            Self::TokensMax | Self::TokensSum if figures.tokens.count == 0 => none(),
            Self::TokensMax => text(tokens(counted(u64::from(figures.tokens.max))), plain),
            Self::TokensSum => text(tokens(counted(figures.tokens.sum)), plain),
            Self::Schema => figures.schema.map_or_else(none, |count| text(tokens(count), plain)),
            Self::Share => figures.context().map_or_else(none, |used| {
                let share = used.tokens as f64 / cx.window_tokens.max(1) as f64;
                let role = if is_quiet { Role::Dim } else { Role::heat(share) };
                text(percent(used.tokens, cx.window_tokens), role)
            }),
            Self::Cache if figures.cache_hits == 0 => none(),
            Self::Cache => text(count(figures.cache_hits), Role::Good),
            Self::Saved => saving(figures.saved, |value| tokens(Count::exact(value)), cx),
            Self::TimeSaved => saving(figures.time_saved_us, duration, cx),
        }
    }
}

/// What rules saved; a loss is a warning.
fn saving(saved: i64, words: impl Fn(u64) -> String, cx: &Cx<'_>) -> Line<'static> {
    let (text, role) = match saved {
        0 => (cx.theme.glyphs.none.to_owned(), Role::Dim),
        ..0 => (signed(saved, words), Role::Warn),
        _ => (signed(saved, words), Role::Good),
    };
    Line::styled(text, cx.theme.style(role))
}

#[derive(PartialEq)]
struct Weight(f64);

impl Eq for Weight {}

impl PartialOrd for Weight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Weight {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of u32 values")]
fn rounded(mean: f64) -> u64 {
    mean.round() as u64
}

fn name(item: &Item<'_>, width: usize, indent: usize, plain: Role, cx: &Cx<'_>) -> Line<'static> {
    let (mark, role) = match item.key {
        ItemKey::Group(_) => ("", Role::Strong),
        ItemKey::Tool(..) => ("", plain),
        ItemKey::Method(_, crate::wire::Peer::Server, _) => (cx.theme.glyphs.to_client, Role::Dim),
        ItemKey::Method(_, crate::wire::Peer::Client, _) => ("", Role::Dim),
    };
    let room = width.saturating_sub(indent + if mark.is_empty() { 0 } else { 2 });
    let mut spans = vec![Span::raw(" ".repeat(indent))];
    if !mark.is_empty() {
        spans.push(Span::styled(format!("{mark} "), cx.theme.style(Role::Dim)));
    }
    spans.push(Span::styled(clip::middle(item.name, room).into_owned(), cx.theme.style(role)));
    Line::from(spans)
}

/// A latency with the mark that says whether it misses its target.
fn judged(us: Option<u64>, target_us: u64, is_quiet: bool, cx: &Cx<'_>) -> Line<'static> {
    let Some(us) = us else {
        return Line::styled(format!("{} ", cx.theme.glyphs.none), cx.theme.style(Role::Dim));
    };
    let role = if is_quiet { Role::Dim } else { marks::against(us, target_us) };
    let mark = marks::warning(role, &cx.theme.glyphs);
    Line::styled(format!("{}{mark}", duration(us)), cx.theme.style(role))
}

fn latencies(item: &Item<'_>, width: u16, cx: &Cx<'_>) -> Line<'static> {
    let ink = Ink::of(&cx.theme.glyphs);
    let course = Course::of(item, ink.samples(width));
    let values = course.values(|bucket| bucket.latency_us_mean().map(|us| us as f64));
    let is_quiet = matches!(item.key, ItemKey::Method(..));
    let cells = sparkline(&values, width, Scale::log(&values), ink).into_iter().map(|cell| {
        let role = match cell.peak {
            _ if is_quiet => Role::Dim,
            Some(us) if us > 2.0 * cx.targets.p50_us as f64 => Role::Bad,
            Some(us) if us > cx.targets.p50_us as f64 => Role::Warn,
            Some(_) | None => Role::Bar,
        };
        Span::styled(cell.symbol, cx.theme.style(role))
    });
    Line::from(cells.collect::<Vec<_>>())
}

fn token_series(item: &Item<'_>, width: u16, cx: &Cx<'_>) -> Line<'static> {
    let ink = Ink::of(&cx.theme.glyphs);
    let course = Course::of(item, ink.samples(width));
    let values = course.values(|bucket| (bucket.tokens > 0).then_some(bucket.tokens as f64));
    let role = if matches!(item.key, ItemKey::Method(..)) { Role::Dim } else { Role::BarSecond };
    let cells = sparkline(&values, width, Scale::linear(&values), ink);
    Line::styled(cells.into_iter().map(|cell| cell.symbol).collect::<String>(), cx.theme.style(role))
}
