//! The statistics of one rule.
//!
//! Knows nothing of messages and rulings; `apply` enters what they mean.

use std::collections::BTreeMap;

use super::Effects;
use crate::model::{Latency, Symbol};
use crate::trace::StoreState;

/// How the cache of a rule is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// Requests for which it was asked, each once.
    pub lookups: u64,
    /// Those it had an answer to, one that an equal request waited for included.
    pub hits: u64,
    /// How many of these answers say how old they were.
    pub aged: u64,
    /// The age of all answers it gave together, in microseconds.
    pub age_us_sum: u64,
    /// The age of the oldest answer it gave.
    pub age_us_max: u64,
    /// How it stood last, if it was said.
    pub store: Option<StoreState>,
}

impl CacheUse {
    /// A cache whose hit rate is below this hardly earns its memory, and what it may get wrong.
    pub const HIT_RATE_LOW: f64 = 0.60;

    /// The share of lookups it had an answer to, 0 to 1; `None` before the first.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        (self.lookups > 0).then(|| self.hits as f64 / self.lookups as f64)
    }

    /// The mean age of the answers it gave, in microseconds.
    #[must_use]
    pub fn age_us_mean(&self) -> Option<u64> {
        self.age_us_sum.checked_div(self.aged)
    }
}

/// Something a rule said about what it did, or why it did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Which transformer said so.
    pub by: Symbol,
    /// What it said.
    pub text: Box<str>,
    /// How often.
    pub count: u64,
}

/// What one rule did.
#[derive(Clone, Debug)]
pub struct RuleStats {
    /// The rule's name.
    pub rule: Symbol,
    /// What it did.
    pub active: Effects,
    /// What it would have done while it only observed.
    pub observed: Effects,
    /// The same for each row of the session ([`Session::rows`](crate::model::Session::rows)): what it did, and what it
    /// would have done. Messages that belong to no operation are in none of them.
    rows: BTreeMap<u32, [Effects; 2]>,
    /// Its own time per mark, in nanoseconds.
    pub cost_ns: Latency,
    /// How its cache is used, if it has one.
    pub cache: Option<CacheUse>,
    /// How often a transformer of it failed; each is off from then on.
    pub failures: u64,
    /// The transformer that failed last, and with which message.
    pub last_failure: Option<(Symbol, Box<str>)>,
    whys: Vec<Why>,
    whys_not_kept: u64,
}

/// How many rows of one rule are kept apart. The others count in its sums alone.
const ROWS_MAX: usize = 512;
/// How many different reasons of one rule are kept.
const WHYS_MAX: usize = 24;

impl RuleStats {
    pub(super) fn new(rule: Symbol) -> Self {
        Self {
            rule,
            active: Effects::default(),
            observed: Effects::default(),
            rows: BTreeMap::new(),
            cost_ns: Latency::default(),
            cache: None,
            failures: 0,
            last_failure: None,
            whys: Vec::new(),
            whys_not_kept: 0,
        }
    }

    /// What it did for each row of the session, and what it would have done while it only observed.
    pub fn rows(&self) -> impl Iterator<Item = (u32, &Effects, &Effects)> {
        self.rows.iter().map(|(row, [active, observed])| (*row, active, observed))
    }

    /// What it said, most frequent first.
    #[must_use]
    pub fn whys(&self) -> Vec<&Why> {
        let mut whys: Vec<&Why> = self.whys.iter().collect();
        whys.sort_by_key(|why| std::cmp::Reverse(why.count));
        whys
    }

    /// How often it said something that is not among [`whys`](Self::whys).
    #[must_use]
    pub fn whys_not_kept(&self) -> u64 {
        self.whys_not_kept
    }

    /// Changes what it did, in its sum and in that of a row.
    pub(in crate::model) fn enter(
        &mut self,
        row: Option<u32>,
        is_observed: bool,
        change: impl Fn(&mut Effects),
    ) {
        change(if is_observed { &mut self.observed } else { &mut self.active });
        let Some(row) = row else { return };
        if self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&row) {
            return;
        }
        change(&mut self.rows.entry(row).or_default()[usize::from(is_observed)]);
    }

    pub(in crate::model) fn say(&mut self, by: Symbol, text: &str) {
        let known = self.whys.iter().position(|why| why.by == by && &*why.text == text);
        match known {
            Some(position) => self.whys[position].count += 1,
            None if self.whys.len() < WHYS_MAX => {
                self.whys.push(Why { by, text: Box::from(text), count: 1 });
            }
            None => self.whys_not_kept += 1,
        }
    }

    pub(super) fn forget_tokens(&mut self) {
        self.active.forget_tokens();
        self.observed.forget_tokens();
        self.rows.values_mut().flatten().for_each(Effects::forget_tokens);
    }
}
