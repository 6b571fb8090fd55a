//! Which recordings are to go, by age, number and size.
//!
//! Values in, values out: knows no files and asks no clock.

use std::time::Duration;

/// What is kept unless something else is said.
pub(super) const AGE_DEFAULT: Duration = Duration::from_hours(30 * 24);
/// How much is kept unless something else is said, in bytes.
pub(super) const SIZE_BYTES_DEFAULT: u64 = 4_000_000_000;

/// What bounds what is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Bounds {
    pub(in crate::cli) older_than: Option<Duration>,
    pub(in crate::cli) keep: Option<usize>,
    pub(in crate::cli) size_bytes_max: Option<u64>,
}

/// A recording, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// How long ago it last grew.
    pub(super) age: Duration,
    pub(super) size_bytes: u64,
    /// It stays whatever is asked for: its session is live, or may be.
    pub(super) is_safe: bool,
}

/// Why a recording is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It is too old.
    Age,
    /// There are newer ones enough.
    Number,
    /// All together are too large, and it is the oldest.
    Size,
}

impl Bounds {
    /// Where nobody has said anything.
    pub(super) const USUAL: Self =
        Self { older_than: Some(AGE_DEFAULT), keep: None, size_bytes_max: Some(SIZE_BYTES_DEFAULT) };

    /// Others, if there are none in these.
    pub(super) fn or(self, others: Self) -> Self {
        if self == Self::default() { others } else { self }
    }

    /// For each of the recordings, newest first, why it is to go.
    pub(super) fn plan(&self, candidates: &[Candidate]) -> Vec<Option<Reason>> {
        let mut ended = 0;
        let is_only_number =
            self.keep.is_some() && self.older_than.is_none() && self.size_bytes_max.is_none();
        let mut kept_anyway = Vec::with_capacity(candidates.len());
        let mut plan: Vec<Option<Reason>> = Vec::with_capacity(candidates.len());
        for one in candidates {
            ended += usize::from(!one.is_safe);
            let is_kept = one.is_safe || self.keep.is_some_and(|keep| ended <= keep);
            kept_anyway.push(is_kept);
            let is_old = self.older_than.is_some_and(|age| one.age > age);
            let reason = if is_old { Some(Reason::Age) } else { is_only_number.then_some(Reason::Number) };
            plan.push(reason.filter(|_| !is_kept));
        }
        self.shrink(candidates, &kept_anyway, &mut plan);
        plan
    }

    /// Lets the oldest go until the rest is small enough.
    fn shrink(&self, candidates: &[Candidate], kept_anyway: &[bool], plan: &mut [Option<Reason>]) {
        let Some(size_bytes_max) = self.size_bytes_max else { return };
        let left = candidates.iter().zip(&*plan).filter(|(_, reason)| reason.is_none());
        let mut size_bytes: u64 = left.map(|(one, _)| one.size_bytes).sum();
        for index in (0..candidates.len()).rev() {
            if size_bytes <= size_bytes_max {
                return;
            }
            if plan[index].is_none() && !kept_anyway[index] {
                plan[index] = Some(Reason::Size);
                size_bytes -= candidates[index].size_bytes;
            }
        }
    }
}

impl Reason {
    /// In a word or two.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Age => "too old",
            Self::Number => "too many",
            Self::Size => "too much",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: Duration = Duration::from_hours(24);

    fn candidates(ages: &[(u32, u64)]) -> Vec<Candidate> {
        ages.iter()
            .map(|(days, size_bytes)| Candidate { age: DAY * *days, size_bytes: *size_bytes, is_safe: false })
            .collect()
    }

    #[test]
    fn the_old_go_but_for_the_newest_few() {
        let bounds = Bounds { older_than: Some(DAY * 30), keep: Some(2), ..Bounds::default() };
        let plan = bounds.plan(&candidates(&[(31, 1), (32, 1), (33, 1)]));
        assert_eq!(plan, [None, None, Some(Reason::Age)]);
    }

    #[test]
    fn a_number_alone_bounds_how_many_stay() {
        let bounds = Bounds { keep: Some(1), ..Bounds::default() };
        assert_eq!(bounds.plan(&candidates(&[(0, 1), (0, 1)])), [None, Some(Reason::Number)]);
    }

    #[test]
    fn the_oldest_go_until_the_rest_is_small_enough() {
        let bounds = Bounds { size_bytes_max: Some(10), ..Bounds::default() };
        assert_eq!(
            bounds.plan(&candidates(&[(1, 6), (2, 4), (3, 1), (4, 9)])),
            [None, None, Some(Reason::Size), Some(Reason::Size)]
        );
    }

    proptest! {
        #[test]
        fn what_is_safe_or_among_the_newest_stays_and_bounds_hold(
            ones in proptest::collection::vec((0..90_u32, 0..100_u64, any::<bool>()), 0..20),
            older in proptest::option::of(0..60_u32), keep in proptest::option::of(0..5_usize),
            max in proptest::option::of(0..500_u64),
        ) {
            let mut ones = ones;
            ones.sort_unstable();
            let all: Vec<Candidate> = ones.iter()
                .map(|(days, size_bytes, is_safe)| Candidate { age: DAY * *days, size_bytes: *size_bytes, is_safe: *is_safe })
                .collect();
            let bounds = Bounds { older_than: older.map(|days| DAY * days), keep, size_bytes_max: max };
            let plan = bounds.plan(&all);
            let ended: Vec<usize> = (0..all.len()).filter(|index| !all[*index].is_safe).collect();
            for index in ended.iter().take(keep.unwrap_or(0)) {
                prop_assert_eq!(plan[*index], None);
            }
            let removable: Vec<usize> = ended.iter().skip(keep.unwrap_or(0)).copied().collect();
            let left: u64 = (0..all.len()).filter(|index| plan[*index].is_none()).map(|index| all[index].size_bytes).sum();
            for (index, reason) in plan.iter().enumerate() {
                prop_assert!(reason.is_none() || removable.contains(&index));
            }
            for index in removable.iter().filter(|index| plan[**index].is_none()) {
                prop_assert!(older.is_none_or(|days| all[*index].age <= DAY * days));
                prop_assert!(max.is_none_or(|max| left <= max));
            }
        }
    }
}
