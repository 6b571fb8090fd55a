//! A line's traffic from the session's start to now, in as many columns as a picture has; knows nothing of how it is drawn.

use super::items::Item;
use crate::model::{Bucket, Series};

/// Traffic over time. Lines of one session have the same columns, so that their pictures can be compared.
pub(super) struct Course {
    /// The columns, oldest first; `None` is time to come.
    pub(super) columns: Vec<Option<Bucket>>,
    /// What all columns together stand for, in microseconds.
    pub(super) span_us: u64,
}

impl Course {
    /// A line's course in exactly so many columns. While time goes on what was drawn stays where it is, and the columns
    /// left are filled one by one; what has ended takes all of them.
    #[must_use]
    pub(super) fn of(item: &Item<'_>, columns: usize) -> Self {
        let most = columns.max(1) as u64;
        // The width that a row's buckets have once it reaches to now; those of others divide it.
        let mut width_us = Series::WIDTH_US_MIN;
        while item.now.0 / width_us >= Series::BUCKETS as u64 {
            width_us *= 2;
        }
        let until = item.now.0 / width_us + 1;
        let wide_us = width_us * until.div_ceil(most);
        let count = item.now.0 / wide_us + 1;
        let sums = sums(item, wide_us, usize::try_from(count).unwrap_or(1));
        let at = |column: u64| usize::try_from(column).ok().and_then(|column| sums.get(column)).copied();
        if item.is_growing {
            Self { columns: (0..most).map(at).collect(), span_us: wide_us * most }
        } else {
            let columns = (0..most).map(|column| at(column * count / most)).collect();
            Self { columns, span_us: wide_us * count }
        }
    }

    /// What a picture shows of each column.
    #[must_use]
    pub(super) fn values(&self, value: impl Fn(&Bucket) -> Option<f64>) -> Vec<Option<f64>> {
        self.columns.iter().map(|column| column.as_ref().and_then(&value)).collect()
    }
}

/// What happened in each stretch of so many microseconds.
fn sums(item: &Item<'_>, wide_us: u64, count: usize) -> Vec<Bucket> {
    let mut sums = vec![Bucket::default(); count];
    let last = count - 1;
    for row in &item.rows {
        for (position, from) in (0u64..).zip(row.series.buckets()) {
            let at = usize::try_from(position * row.series.width_us() / wide_us).unwrap_or(last).min(last);
            add(&mut sums[at], from);
        }
    }
    sums
}

fn add(into: &mut Bucket, from: &Bucket) {
    into.calls = into.calls.saturating_add(from.calls);
    into.errors = into.errors.saturating_add(from.errors);
    into.timed = into.timed.saturating_add(from.timed);
    into.latency_us_max = into.latency_us_max.max(from.latency_us_max);
    into.latency_us_sum = into.latency_us_sum.saturating_add(from.latency_us_sum);
    into.tokens = into.tokens.saturating_add(from.tokens);
}
