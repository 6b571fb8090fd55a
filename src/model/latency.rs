//! A distribution of times with three exact digits from one unit to a bound, small until it is used.
//!
//! Knows nothing of what is timed.

use hdrhistogram::Histogram;

/// One hour in microseconds: times beyond it are counted as saturated.
pub const LATENCY_US_MAX: u64 = 3_600_000_000;

/// A distribution of times. A unit is whatever the owner records: microseconds for latencies, nanoseconds for mcptop's own
/// overhead. Costs nothing until the first value, then 8 KB, growing with the largest value to at most 94 KB.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    histogram: Option<Box<Histogram<u32>>>,
    saturated: u64,
    sum: u64,
    max: u64,
}

impl Latency {
    /// Takes a value; 0 counts as 1, one above [`LATENCY_US_MAX`] as that, and as saturated.
    pub(crate) fn record(&mut self, value: u64) {
        self.saturated += u64::from(value > LATENCY_US_MAX);
        let value = value.clamp(1, LATENCY_US_MAX);
        self.sum = self.sum.saturating_add(value);
        self.max = self.max.max(value);
        let histogram = self.histogram.get_or_insert_with(|| {
            let mut small =
                Histogram::new_with_bounds(1, 2_000, 3).expect("1 to 2000 at 3 digits are valid bounds");
            small.auto(true);
            Box::new(small)
        });
        histogram.record(value).expect("it resizes itself, and values are below its largest size");
    }

    /// How many values were taken.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.as_ref().map_or(0, |histogram| histogram.len())
    }

    /// The value that a share `quantile` (0 to 1) of all values does not exceed; `None` without values.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let histogram = self.histogram.as_ref()?;
        // The histogram answers with the upper end of a step, which may lie above every value.
        Some(histogram.value_at_quantile(quantile).min(self.max))
    }

    /// The median.
    #[must_use]
    pub fn p50(&self) -> Option<u64> {
        self.quantile(0.50)
    }

    /// The 95th percentile.
    #[must_use]
    pub fn p95(&self) -> Option<u64> {
        self.quantile(0.95)
    }

    /// The 99th percentile.
    #[must_use]
    pub fn p99(&self) -> Option<u64> {
        self.quantile(0.99)
    }

    /// The largest value, exact up to [`LATENCY_US_MAX`].
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (self.max > 0).then_some(self.max)
    }

    /// The mean, exact.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum as f64 / self.count() as f64)
    }

    /// The sum of all values, exact.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// How many values were above [`LATENCY_US_MAX`].
    #[must_use]
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// Adds all values of `other`, for totals over rows.
    #[expect(clippy::missing_panics_doc, reason = "histograms of one make can always be added")]
    pub fn merge(&mut self, other: &Self) {
        let Some(theirs) = &other.histogram else { return };
        self.sum = self.sum.saturating_add(other.sum);
        self.saturated += other.saturated;
        self.max = self.max.max(other.max);
        match &mut self.histogram {
            Some(ours) => ours.add(&**theirs).expect("both resize themselves and share their digits"),
            None => self.histogram = Some(theirs.clone()),
        }
    }

    /// The distribution itself, for exports; `None` without values.
    #[must_use]
    pub fn histogram(&self) -> Option<&Histogram<u32>> {
        self.histogram.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_beyond_an_hour_are_counted_as_saturated() {
        let mut latency = Latency::default();
        assert_eq!((latency.p50(), latency.max(), latency.count()), (None, None, 0));
        latency.record(0);
        latency.record(LATENCY_US_MAX + 1);
        assert_eq!((latency.saturated(), latency.count()), (1, 2));
        assert_eq!((latency.p50(), latency.max()), (Some(1), Some(LATENCY_US_MAX)));
    }

    #[test]
    fn a_distribution_is_small_until_it_has_to_be_large() {
        let bytes = |largest: u64| {
            let mut latency = Latency::default();
            latency.record(largest);
            latency.histogram().unwrap().distinct_values() * size_of::<u32>()
        };
        assert_eq!(size_of::<Latency>(), 32);
        assert!(bytes(1_000) <= 8 * 1024, "{}", bytes(1_000));
        assert!(bytes(100_000) <= 32 * 1024, "{}", bytes(100_000));
        assert!(bytes(LATENCY_US_MAX) <= 96 * 1024, "{}", bytes(LATENCY_US_MAX));
    }

    proptest! {
        #[test]
        fn quantiles_are_right_to_three_digits(mut values in proptest::collection::vec(1_u64..LATENCY_US_MAX, 1..200), q in 0.0..=1.0) {
            let mut latency = Latency::default();
            let (mut one, mut two) = (Latency::default(), Latency::default());
            for (n, value) in values.iter().enumerate() {
                latency.record(*value);
                if n % 3 == 0 { &mut one } else { &mut two }.record(*value);
            }
            one.merge(&two);
            prop_assert_eq!(one.quantile(q), latency.quantile(q));
            prop_assert_eq!((one.sum(), one.max(), one.count()), (latency.sum(), latency.max(), latency.count()));
            values.sort_unstable();
            let not_above = |value: u64| values.iter().filter(|one| **one <= value).count() as f64;
            let enough = q * values.len() as f64;
            let exact = *values.iter().find(|value| not_above(**value) >= enough).unwrap() as f64;
            let got = latency.quantile(q).unwrap() as f64;
            prop_assert!((got - exact).abs() <= exact / 1_000.0 + 1.0, "{} for {}", got, exact);
        }
    }
}
