//! The columns of the Rules panel: heading, width, importance, order and text of each.
//!
//! Figures in parentheses are what a rule would have done that only observes, or is only tried on a recording. Knows nothing of which rules are listed.

use ratatui::text::{Line, Span};

use super::items::Item;
use crate::model::{CacheUse, Effects};
use crate::rules::Mode;
use crate::tokens::Count;
use crate::ui::panels::Cx;
use crate::ui::theme::{Glyphs, Role};
use crate::ui::widgets::clip;
use crate::ui::widgets::columns::{Align, Want};
use crate::ui::widgets::number::{COUNT_WIDTH, PERCENT_WIDTH, count, duration, signed, tokens};
use crate::ui::widgets::sort::Sortable;
use crate::ui::widgets::table::{Column, Order};

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Whether it acts.
    Mode,
    /// Whose rule it is.
    Server,
    /// Its name; unsorted it stands in the order of the file.
    Name,
    /// What it does.
    Does,
    /// What it is about.
    About,
    /// Calls its match hit.
    Matches,
    /// Calls on which it had an effect.
    Hits,
    /// The share of cache lookups that were hits.
    HitRate,
    /// Tokens before and after.
    Change,
    /// Tokens saved.
    Saved,
    /// Time saved, or held back.
    Time,
    /// Its own time.
    Cost,
    /// How often it failed.
    Failures,
}

/// The columns, left to right.
pub(super) const FIELDS: [Field; 13] = [
    Field::Mode,
    Field::Server,
    Field::Name,
    Field::Does,
    Field::About,
    Field::Matches,
    Field::Hits,
    Field::HitRate,
    Field::Change,
    Field::Saved,
    Field::Time,
    Field::Cost,
    Field::Failures,
];

impl Sortable for Field {
    const ALL: &'static [Self] = &FIELDS;

    fn natural_order(self) -> Order {
        match self {
            Self::Mode | Self::Server | Self::Name | Self::Does | Self::About => Order::Ascending,
            Self::Matches
            | Self::Hits
            | Self::HitRate
            | Self::Change
            | Self::Saved
            | Self::Time
            | Self::Cost
            | Self::Failures => Order::Descending,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Server => "server",
            Self::Name => "name",
            Self::Does => "does",
            Self::About => "match",
            Self::Matches => "matches",
            Self::Hits => "hits",
            Self::HitRate => "hit-rate",
            Self::Change => "change",
            Self::Saved => "saved",
            Self::Time => "time",
            Self::Cost => "cost",
            Self::Failures => "failures",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Mode => "",
            Self::Server => "server",
            Self::Name => "rule",
            Self::Does => "does",
            Self::About => "match",
            Self::Matches => "matches",
            Self::Hits => "hits",
            Self::HitRate => "hit % ",
            Self::Change => "tokens before, after",
            Self::Saved => "tok saved",
            Self::Time => "time saved",
            Self::Cost => "cost",
            Self::Failures => "fail",
        }
    }

    fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Mode => ("", "on, observe, off, or gone"),
            Self::Server => ("", "Whose rule it is"),
            Self::Name => ("", "Its name"),
            Self::Does => ("", "What it does"),
            Self::About => ("", "Which calls it is for"),
            Self::Matches => ("calls", "Calls that it is for"),
            Self::Hits => ("calls", "Calls on which it had an effect"),
            Self::HitRate => ("%", "Hits, of all looks into its cache"),
            Self::Change => ("tokens", "What it changed, before and after"),
            Self::Saved => ("tokens", "What it saved"),
            Self::Time => ("time", "What it saved, or held back"),
            Self::Cost => ("time", "Its own time, the median"),
            Self::Failures => ("calls", "How often it failed"),
        }
    }
}

/// How a rule stands: a glyph, a word, and what colour it has.
pub(in crate::ui) fn mode(mode: Option<Mode>, glyphs: &Glyphs) -> (&'static str, &'static str, Role) {
    match mode {
        Some(Mode::On) => (glyphs.live, "on", Role::Good),
        Some(Mode::Observe) => (glyphs.pending, "observe", Role::Pending),
        Some(Mode::Off) => (glyphs.ended, "off", Role::Void),
        None => (glyphs.cancelled, "gone", Role::Void),
    }
}

impl Field {
    /// Its heading, width and importance; `names` is what the names ask for.
    pub(super) fn column(self, sessions: usize, names: Want) -> Column {
        let right = |want| Column { title: self.title(), want, align: Align::Right };
        let left = |want| Column { title: self.title(), want, align: Align::Left };
        match self {
            Self::Mode => left(Want::fixed(9, 0)),
            Self::Server if sessions < 2 => left(Want::fixed(u16::MAX, u8::MAX)),
            Self::Server => left(Want::growing(8, 16, 1, 4)),
            Self::Name => left(names),
            Self::Does => left(Want::growing(10, 28, 2, 5)),
            Self::About => left(Want::growing(10, 40, 2, 8)),
            Self::Matches => right(Want::fixed(COUNT_WIDTH + 3, 3)),
            Self::Hits => right(Want::fixed(COUNT_WIDTH + 2, 1)),
            Self::HitRate => right(Want::fixed(PERCENT_WIDTH + 1, 4)),
            Self::Change => right(Want::fixed(20, 7)),
            Self::Saved => right(Want::fixed(9, 1)),
            Self::Time => right(Want::fixed(12, 2)),
            Self::Cost => right(Want::fixed(7, 6)),
            Self::Failures => right(Want::fixed(4, 3)),
        }
    }

    fn weight(self, item: &Item<'_>, wire: bool) -> i64 {
        let effects = item.effects();
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        #[expect(clippy::cast_possible_truncation, reason = "thousandths of a share")]
        let share = |share: f64| (share * 1_000.0) as i64;
        match self {
            Self::Mode => match item.mode() {
                Some(Mode::On) => 0,
                Some(Mode::Observe) => 1,
                Some(Mode::Off) => 2,
                None => 3,
            },
            Self::Server | Self::Name | Self::Does | Self::About => number(item.position as u64),
            Self::Matches => number(effects.matches),
            Self::Hits => number(effects.hits),
            Self::HitRate => item.hit_rate().map_or(-1, share),
            Self::Change => number(if wire { effects.before.wire } else { effects.before.model }),
            Self::Saved => {
                if wire {
                    item.saved().wire
                } else {
                    item.saved().model
                }
            }
            Self::Time => item.saved().time_us,
            Self::Cost => item.stats.and_then(|stats| stats.cost_ns.p50()).map_or(-1, number),
            Self::Failures => item.stats.map_or(0, |stats| number(stats.failures)),
        }
    }

    /// Sorts the items; equal ones stay in the order of their file.
    pub(super) fn sort(self, order: Order, wire: bool, items: &mut [Item<'_>]) {
        match self {
            Self::Server => items.sort_by_key(|item| (item.server.to_owned(), item.position)),
            Self::Does => items.sort_by_key(|item| (item.kinds(), item.position)),
            Self::About => items.sort_by_key(|item| (item.about(), item.position)),
            Self::Name => {}
            _ => items.sort_by_key(|item| self.weight(item, wire)),
        }
        if order == Order::Descending {
            items.reverse();
        }
    }

    /// The text of a rule in so many cells.
    pub(super) fn cell(self, item: &Item<'_>, width: u16, cx: &Cx<'_>) -> Line<'static> {
        let effects = item.effects();
        let is_quiet = matches!(item.mode(), Some(Mode::Off) | None) || effects.matches == 0;
        let plain = if is_quiet || item.would() { Role::Dim } else { Role::Text };
        let text = |text: String, role: Role| Line::styled(text, cx.theme.style(role));
        let none = || text(cx.theme.glyphs.none.to_owned(), Role::Dim);
        let figure = |number: u64, words: String| if number == 0 { none() } else { text(words, plain) };
        let room = usize::from(width);
        match self {
            Self::Mode => {
                let (glyph, word, role) = mode(item.mode(), &cx.theme.glyphs);
                text(format!("{glyph} {word}"), role)
            }
            Self::Server => text(clip::middle(item.server, room).into_owned(), Role::Dim),
            Self::Name => name(item, room, cx),
            Self::Does => text(clip::end(&item.kinds().join(" "), room).into_owned(), plain),
            Self::About => text(clip::end(&item.about(), room).into_owned(), Role::Dim),
            Self::Matches => figure(effects.matches, count(effects.matches)),
            Self::Hits => figure(effects.hits, would(item, count(effects.hits))),
            Self::HitRate => item.hit_rate().map_or_else(none, |rate| hit_rate(rate, cx)),
            Self::Change => change(&effects, cx).map_or_else(none, |words| text(words, plain)),
            Self::Saved => {
                let saved = if cx.wire { item.saved().wire } else { item.saved().model };
                saved_cell(item, saved, signed(saved, |value| tokens(Count::exact(value))), cx)
            }
            // A rule that makes wait saves no time; how much it took is its figure.
            Self::Time if item.saved().time_us == 0 && effects.held_us > 0 => {
                text(format!("held {}", duration(effects.held_us)), Role::Pending)
            }
            Self::Time => saved_cell(item, item.saved().time_us, signed(item.saved().time_us, duration), cx),
            Self::Cost => item
                .stats
                .and_then(|stats| stats.cost_ns.p50())
                .map_or_else(none, |ns| text(nanos(ns, &cx.theme.glyphs), Role::Dim)),
            Self::Failures => item.stats.filter(|stats| stats.failures > 0).map_or_else(none, |stats| {
                text(format!("{}{}", cx.theme.glyphs.error, count(stats.failures)), Role::Bad)
            }),
        }
    }
}

fn name(item: &Item<'_>, room: usize, cx: &Cx<'_>) -> Line<'static> {
    let has_failed = item.stats.is_some_and(|stats| stats.failures > 0);
    let role = match item.mode() {
        _ if has_failed => Role::Bad,
        Some(Mode::On) => Role::Text,
        Some(Mode::Observe | Mode::Off) | None => Role::Dim,
    };
    let mark = if has_failed { format!("{} ", cx.theme.glyphs.error) } else { String::new() };
    let name = clip::middle(&item.key.1, room.saturating_sub(clip::width(&mark))).into_owned();
    Line::from(vec![Span::styled(mark, cx.theme.style(Role::Bad)), Span::styled(name, cx.theme.style(role))])
}

/// Figures of a rule that only observes stand in parentheses.
fn would(item: &Item<'_>, words: String) -> String {
    if item.would() { format!("({words})") } else { words }
}

fn saved_cell(item: &Item<'_>, saved: i64, words: String, cx: &Cx<'_>) -> Line<'static> {
    let (words, role) = match saved {
        0 => (cx.theme.glyphs.none.to_owned(), Role::Dim),
        _ if item.would() => (would(item, words), Role::Dim),
        ..0 => (words, Role::Warn),
        _ => (words, Role::Good),
    };
    Line::styled(words, cx.theme.style(role))
}

/// A hit rate; one that is low carries a mark.
pub(super) fn hit_rate(rate: f64, cx: &Cx<'_>) -> Line<'static> {
    let is_low = rate < CacheUse::HIT_RATE_LOW;
    let (mark, role) = if is_low { (cx.theme.glyphs.warn, Role::Warn) } else { (" ", Role::Good) };
    Line::styled(format!("{:.0} %{mark}", rate * 100.0), cx.theme.style(role))
}

/// Tokens before and after, in the unit shown.
pub(super) fn change(effects: &Effects, cx: &Cx<'_>) -> Option<String> {
    let (before, after) = if cx.wire {
        (effects.before.wire, effects.after.wire)
    } else {
        (effects.before.model, effects.after.model)
    };
    let short = |value| tokens(Count::exact(value));
    (before > 0 || after > 0)
        .then(|| format!("{} {} {}", short(before), cx.theme.glyphs.to_server, short(after)))
}

/// Nanoseconds as people compare them: `840 ns`, `4.2 µs`, `130 µs`.
pub(super) fn nanos(ns: u64, glyphs: &Glyphs) -> String {
    let micro = glyphs.micro;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..9_950 => format!("{:.1} {micro}s", ns as f64 / 1_000.0),
        9_950..999_500 => format!("{:.0} {micro}s", ns as f64 / 1_000.0),
        _ => duration(ns / 1_000),
    }
}
