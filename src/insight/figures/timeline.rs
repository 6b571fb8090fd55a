//! When calls ended: the session's time in even buckets.
//!
//! Knows nothing of which calls they were.

use crate::model::{Absorb as _, Bucket, Outcome};
use crate::trace::Micros;

/// How many buckets there are.
pub const TIMELINE_BUCKETS: usize = 120;
/// How many moments are told apart until the length of the session is known; twice as many are gathered first: 3 MB.
const MOMENTS_MAX: usize = 32_768;

/// The time from the session's start to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    /// The width of a bucket in microseconds.
    pub width_us: u64,
    /// [`TIMELINE_BUCKETS`] of them.
    pub buckets: Vec<Bucket>,
}

/// When calls ended, before it is known how wide the buckets are. Moments are single microseconds; where there would be too
/// many, two, four, eight … become one. All calls of a moment count where it begins: in a session of more than
/// [`MOMENTS_MAX`] calls a bucket may have up to a hundredth of its neighbour's.
#[derive(Clone, Debug, Default)]
pub(super) struct Moments {
    /// Each with its time, without the last `shift` bits of that. In no order, and one may be there several times.
    all: Vec<(u64, Bucket)>,
    shift: u32,
}

impl Moments {
    /// Takes a call that ended.
    pub(super) fn take(&mut self, at: Micros, outcome: Outcome, latency_us: Option<u64>, tokens: u64) {
        let bucket = Bucket {
            calls: 1,
            errors: u32::from(outcome != Outcome::Ok),
            timed: u32::from(latency_us.is_some()),
            latency_us_max: latency_us.unwrap_or_default(),
            latency_us_sum: latency_us.unwrap_or_default(),
            tokens,
        };
        self.all.push((at.0 >> self.shift, bucket));
        if self.all.len() >= 2 * MOMENTS_MAX {
            self.merge();
        }
    }

    /// Makes one of equal moments, and moments coarser until there are few enough: how coarse they have to be follows from when
    /// calls ended, whenever it is asked.
    fn merge(&mut self) {
        // Calls end nearly in order, which this sort makes use of.
        self.all.sort_by_key(|(moment, _)| *moment);
        let make_one = |later: &mut (u64, Bucket), kept: &mut (u64, Bucket)| {
            let is_same = later.0 == kept.0;
            if is_same {
                kept.1.absorb(&later.1);
            }
            is_same
        };
        self.all.dedup_by(make_one);
        while self.all.len() > MOMENTS_MAX {
            self.shift += 1;
            for (moment, _) in &mut self.all {
                *moment >>= 1;
            }
            self.all.dedup_by(make_one);
        }
    }

    /// In buckets, once it is known when the session ended.
    pub(super) fn until(mut self, end: Micros) -> Timeline {
        self.merge();
        let width_us = end.0 / TIMELINE_BUCKETS as u64 + 1;
        let mut buckets = vec![Bucket::default(); TIMELINE_BUCKETS];
        for (moment, seen) in &self.all {
            let bucket = usize::try_from((moment << self.shift) / width_us).unwrap_or(usize::MAX);
            // Nothing ends after the last event.
            if let Some(bucket) = buckets.get_mut(bucket) {
                bucket.absorb(seen);
            }
        }
        Timeline { width_us, buckets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(ends: impl Iterator<Item = u64>, end: u64) -> Timeline {
        let mut moments = Moments::default();
        ends.for_each(|at| moments.take(Micros(at), Outcome::Ok, Some(at % 7), 2));
        moments.until(Micros(end))
    }

    #[test]
    fn the_order_of_calls_does_not_matter_and_none_is_lost() {
        let ends = |calls: u64| (0..calls).map(|call| call * 7_919 % 1_000_003);
        for calls in [100, 200_000] {
            let (one, other) = (timeline(ends(calls), 1_000_003), {
                let mut backwards: Vec<u64> = ends(calls).collect();
                backwards.reverse();
                timeline(backwards.into_iter(), 1_000_003)
            });
            assert_eq!(one, other);
            assert_eq!(one.buckets.iter().map(|bucket| u64::from(bucket.calls)).sum::<u64>(), calls);
            assert_eq!(one.buckets.iter().map(|bucket| bucket.tokens).sum::<u64>(), 2 * calls);
        }
    }

    #[test]
    fn calls_of_a_long_session_are_hardly_out_of_their_bucket() {
        let (calls, end) = (600_000, 599_999_400);
        let ends = || (0..calls).map(|call| call * 1_000 + call % 400);
        let timeline = timeline(ends(), end);
        let mut exact = [0.0; TIMELINE_BUCKETS];
        ends().for_each(|at| exact[usize::try_from(at / timeline.width_us).unwrap()] += 1.0);
        for (bucket, exact) in timeline.buckets.iter().zip(exact) {
            assert!((f64::from(bucket.calls) - exact).abs() <= exact / 100.0, "{} for {exact}", bucket.calls);
        }
    }
}
