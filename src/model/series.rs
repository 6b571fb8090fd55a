//! What happened over time in a fixed number of buckets, for sparklines.
//!
//! The buckets begin at the session's start; when it outgrows them their width doubles. Knows nothing of screens.

use crate::trace::Micros;

/// One bucket of a [`Series`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Operations answered in this time.
    pub calls: u32,
    /// Those answered with an error, of the tool or of the protocol.
    pub errors: u32,
    /// Operations whose latency counts (see [`Operation::is_cold`](super::Operation::is_cold)).
    pub timed: u32,
    /// The longest latency in microseconds.
    pub latency_us_max: u64,
    /// The sum of latencies in microseconds.
    pub latency_us_sum: u64,
    /// The sum of result tokens as the model sees them.
    pub tokens: u64,
}

impl Bucket {
    /// The mean latency in microseconds; `None` if nothing was timed.
    #[must_use]
    pub fn latency_us_mean(&self) -> Option<u64> {
        (self.timed > 0).then(|| self.latency_us_sum / u64::from(self.timed))
    }
}

impl Absorb for Bucket {
    fn absorb(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.errors = self.errors.saturating_add(other.errors);
        self.timed = self.timed.saturating_add(other.timed);
        self.latency_us_max = self.latency_us_max.max(other.latency_us_max);
        self.latency_us_sum = self.latency_us_sum.saturating_add(other.latency_us_sum);
        self.tokens = self.tokens.saturating_add(other.tokens);
    }
}

/// What happened in a time, to which what happened right after it can be added.
pub trait Absorb: Copy + Default {
    /// Adds what happened later.
    fn absorb(&mut self, later: &Self);
}

/// A bounded time series. Empty until the first value, then [`Series::BUCKETS`] buckets (of calls: 40 bytes each).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series<B = Bucket> {
    width_us: u64,
    buckets: Vec<B>,
}

impl<B> Default for Series<B> {
    fn default() -> Self {
        Self { width_us: Series::WIDTH_US_MIN, buckets: Vec::new() }
    }
}

impl Series {
    /// How many buckets there are at most.
    pub const BUCKETS: usize = 128;
    /// The width of a bucket in a young session: 128 of them are 16 seconds.
    pub const WIDTH_US_MIN: u64 = 125_000;

    /// Forgets all token counts.
    pub(super) fn forget_tokens(&mut self) {
        self.buckets.iter_mut().for_each(|bucket| bucket.tokens = 0);
    }
}

impl<B: Absorb> Series<B> {
    /// The width of a bucket in microseconds.
    #[must_use]
    pub fn width_us(&self) -> u64 {
        self.width_us
    }

    /// The buckets from the session's start to the last one with anything in it.
    #[must_use]
    pub fn buckets(&self) -> &[B] {
        &self.buckets
    }

    /// The time from the start to `now` as exactly `columns` buckets, the last one ending at or after `now`; oldest
    /// first. Buckets are as wide as is needed, at least as wide as those kept.
    #[must_use]
    pub fn columns(&self, now: Micros, columns: usize) -> Vec<B> {
        let mut out = vec![B::default(); columns];
        if columns == 0 {
            return out;
        }
        let until = (now.0 / self.width_us).max(self.buckets.len().saturating_sub(1) as u64) + 1;
        let per_column = until.div_ceil(columns as u64);
        for (position, bucket) in self.buckets.iter().enumerate() {
            let column = usize::try_from(position as u64 / per_column).unwrap_or(usize::MAX);
            if let Some(column) = out.get_mut(column) {
                column.absorb(bucket);
            }
        }
        out
    }

    /// The bucket that holds `at`, widening all if it lies beyond the last.
    pub(super) fn at(&mut self, at: Micros) -> &mut B {
        while at.0 / self.width_us >= Series::BUCKETS as u64 {
            self.widen();
        }
        let position = usize::try_from(at.0 / self.width_us).expect("below BUCKETS");
        if position >= self.buckets.len() {
            self.buckets.resize(position + 1, B::default());
        }
        &mut self.buckets[position]
    }

    fn widen(&mut self) {
        self.width_us = self.width_us.saturating_mul(2);
        self.buckets = self
            .buckets
            .chunks(2)
            .map(|pair| {
                let mut both = pair[0];
                if let Some(second) = pair.get(1) {
                    both.absorb(second);
                }
                both
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_width_doubles_when_the_session_outgrows_the_buckets() {
        let mut series: Series = Series::default();
        series.at(Micros(0)).calls = 1;
        series.at(Micros(15_999_999)).calls = 2;
        assert_eq!((series.width_us(), series.buckets().len()), (125_000, 128));
        series.at(Micros(16_000_000)).calls = 4;
        assert_eq!((series.width_us(), series.buckets().len()), (250_000, 65));
        assert_eq!(series.buckets()[63].calls, 2);
    }

    #[test]
    fn columns_cover_the_time_until_now() {
        let mut series: Series = Series::default();
        series.at(Micros(0)).calls = 1;
        series.at(Micros(1_000_000)).calls = 2;
        let calls = |now, columns| -> Vec<u32> {
            series.columns(Micros(now), columns).iter().map(|bucket| bucket.calls).collect()
        };
        assert_eq!(calls(1_000_000, 3), [1, 0, 2]);
        assert_eq!(calls(8_000_000, 4), [3, 0, 0, 0]);
        assert_eq!(calls(0, 2), [1, 2], "buckets after now are still shown");
        assert!(series.columns(Micros(5), 0).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_by_widening(times in proptest::collection::vec(0_u64..1 << 40, 1..60), columns in 1_usize..200) {
            let mut series: Series = Series::default();
            for at in &times {
                let bucket = series.at(Micros(*at));
                bucket.calls += 1;
                bucket.latency_us_max = bucket.latency_us_max.max(*at);
            }
            let calls: u32 = series.buckets().iter().map(|bucket| bucket.calls).sum();
            prop_assert_eq!(calls as usize, times.len());
            prop_assert!(series.buckets().len() <= Series::BUCKETS);
            let now = Micros(*times.iter().max().unwrap());
            let shown = series.columns(now, columns);
            prop_assert_eq!(shown.len(), columns);
            prop_assert_eq!(shown.iter().map(|bucket| bucket.calls as usize).sum::<usize>(), times.len());
            prop_assert_eq!(shown.iter().map(|bucket| bucket.latency_us_max).max(), Some(now.0));
        }
    }
}
