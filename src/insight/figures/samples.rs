//! So many of a stream of values, each as likely to be among them as any other, and the same whenever and in whichever order
//! it is asked.
//!
//! Every value has a number that is spread evenly and follows from its call alone, and those with the smallest are kept:
//! Cohen, E. and Kaplan, H. (2007): Summarizing Data using Bottom-k Sketches. PODC '07, pp. 225–234. So it does not matter in
//! which order calls come to their end, and a sample that has to become smaller is the one it would have been from the
//! beginning. Knows nothing of what the values are.

use std::collections::BinaryHeap;

use crate::model::OperationId;

/// How many values of one row are kept: a rank test over more would see differences that matter to nobody.
pub const SAMPLES_MAX: usize = 2_000;
/// How many values of all rows are kept.
pub const SAMPLES_ALL_MAX: usize = 1_000_000;

/// Values drawn from those of many calls.
#[derive(Clone, Debug)]
pub struct Sample<T> {
    drawn: BinaryHeap<Drawn<T>>,
    max: usize,
}

/// A value and whose it is.
#[derive(Clone, Debug)]
struct Drawn<T> {
    lot: u32,
    of: OperationId,
    value: T,
}

impl<T> Sample<T> {
    /// Of at most so many values.
    #[must_use]
    pub fn of(max: usize) -> Self {
        Self { drawn: BinaryHeap::new(), max }
    }

    /// Holds no more than so many from here on.
    pub fn shrink_to(&mut self, max: usize) {
        self.max = self.max.min(max);
        while self.drawn.len() > self.max {
            self.drawn.pop();
        }
    }

    /// Takes the value of a call.
    pub fn take(&mut self, of: OperationId, value: T) {
        let drawn = Drawn { lot: lot(of), of, value };
        if self.drawn.len() < self.max {
            self.drawn.push(drawn);
        } else if let Some(mut largest) = self.drawn.peek_mut()
            && drawn < *largest
        {
            *largest = drawn;
        }
    }

    /// The values, in the order in which their calls were asked.
    #[must_use]
    pub fn into_values(self) -> Vec<T> {
        let mut drawn = self.drawn.into_vec();
        drawn.sort_unstable_by_key(|one| one.of);
        drawn.into_iter().map(|one| one.value).collect()
    }
}

/// The upper half of the number that `SplitMix64` (Steele, Lea and Flood 2014) makes of a call's place among all calls.
fn lot(of: OperationId) -> u32 {
    let seed = u64::from(of.0).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    u32::try_from((mixed ^ (mixed >> 31)) >> 32).expect("32 bits are left")
}

impl<T> Drawn<T> {
    fn rank(&self) -> (u32, OperationId) {
        (self.lot, self.of)
    }
}

impl<T> Ord for Drawn<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl<T> PartialOrd for Drawn<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Drawn<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl<T> Eq for Drawn<T> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample_of(max: usize, calls: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut sample = Sample::of(max);
        calls.for_each(|call| sample.take(OperationId(call), call));
        sample.into_values()
    }

    #[test]
    fn all_values_are_kept_while_they_fit_and_an_even_part_of_them_later() {
        let few = u32::try_from(SAMPLES_MAX).unwrap();
        assert_eq!(sample_of(SAMPLES_MAX, 0..few), (0..few).collect::<Vec<_>>());
        // All calls, and every third as those of one tool of three.
        for step in [1, 3] {
            let values = sample_of(SAMPLES_MAX, (0..100_000).step_by(step));
            assert_eq!(values.len(), SAMPLES_MAX);
            for quarter in 0..4 {
                let in_it = values.iter().filter(|value| **value / 25_000 == quarter).count();
                // 500 are expected; the standard deviation is 19.
                assert!((425..575).contains(&in_it), "{in_it} of quarter {quarter}");
            }
        }
    }

    proptest! {
        #[test]
        fn neither_the_order_nor_the_time_of_shrinking_matters(
            calls in proptest::collection::hash_set(0..500_u32, 0..120),
            (max, larger, after) in (0..30_usize, 0..60_usize, 0..120_usize),
        ) {
            let mut ordered: Vec<u32> = calls.iter().copied().collect();
            ordered.sort_unstable();
            let mut sample = Sample::of(max + larger);
            for (at, call) in calls.iter().enumerate() {
                if at == after {
                    sample.shrink_to(max);
                }
                sample.take(OperationId(*call), *call);
            }
            sample.shrink_to(max);
            prop_assert_eq!(sample.into_values(), sample_of(max, ordered.into_iter()));
        }
    }
}
