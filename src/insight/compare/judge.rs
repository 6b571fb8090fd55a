//! Whether a tool is worse than it was, by tests that know noise.
//!
//! - **Latency** and **tokens** of a result: the rank test of Mann and Whitney. What was measured before is made worse by the
//!   margin first, so that the question is not whether anything differs (with enough calls everything does) but whether it is
//!   worse by more than the margin.
//! - **Tail**: how many calls are above the 95th percentile of before, made worse by the margin: the exact test of Gumbel and
//!   von Schelling, which knows how uncertain such a percentile is.
//! - **Shares** of errors, unanswered calls and calls that no cache answered: the exact test of Fisher; a share has to be larger
//!   by the margin as well.
//!
//! Tests of shares that could not come out certain whatever happened are none (Tarone, R. E. (1990): A Modified Bonferroni
//! Method for Discrete Data. Biometrics 46, pp. 515–522). Knows nothing of other tools.

use super::Tolerance;
use super::odds::{Part, exceedances, fisher_greater, holm};
use crate::insight::figures::{RowFigures, Sums};
use crate::insight::rank::mann_whitney;

/// The percentile above which a call is one of the slowest.
const TAIL: f64 = 0.95;

/// What is compared of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// What its calls take, in microseconds; shown by the median.
    Latency,
    /// What its slowest calls take, in microseconds; shown by the 95th percentile.
    Tail,
    /// What its results cost the model, in tokens; shown by the mean.
    Tokens,
    /// The share of answers that are errors.
    Errors,
    /// The share of calls that were never answered.
    Unanswered,
    /// The share of answers that came out of no cache.
    CacheMisses,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is worse by more than the margin.
    Worse,
    /// It is better by more than the margin.
    Better,
    /// No difference is shown. That is not to say that there is none.
    Same,
    /// There are too few calls to tell.
    TooFew,
}

/// Which way is looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Only for what is worse.
    Worse,
    /// For what is better as well.
    Both,
}

/// One measure of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What was compared.
    pub measure: Measure,
    /// What came of it.
    pub verdict: Verdict,
    /// What it was, in the measure's unit.
    pub before: f64,
    /// What it is.
    pub after: f64,
    /// The probability of so large a difference, or a larger one, if there were none beyond the margin: corrected for all
    /// tests of the comparison. `None` if there are too few calls.
    pub p: Option<f64>,
    /// The chance that of one call before and one after, drawn at random, the one after has more; 0.5 if nothing differs. Of
    /// shares there is none.
    pub superiority: Option<f64>,
    /// Before the correction.
    raw: Option<f64>,
    /// Which way it goes, if the test says so.
    lean: Verdict,
}

impl Verdict {
    /// Whether it is one.
    #[must_use]
    pub const fn is_difference(self) -> bool {
        match self {
            Self::Worse | Self::Better => true,
            Self::Same | Self::TooFew => false,
        }
    }
}

/// All measures of a tool that was called on both sides; verdicts are given when all tools are.
pub(super) fn compared(
    before: &RowFigures<'_>,
    after: &RowFigures<'_>,
    tolerance: &Tolerance,
    sides: Sides,
) -> Vec<Judged> {
    if before.sums.calls == 0 || after.sums.calls == 0 {
        return Vec::new();
    }
    let slower = |value: u64| worse(value, tolerance.slower_ratio, tolerance.slower_us);
    let fatter = |value: u64| worse(value, tolerance.fatter_ratio, tolerance.fatter_tokens);
    let times = (&*before.latency_samples_us, &*after.latency_samples_us);
    let tokens = (&*before.token_samples, &*after.token_samples);
    let test = Test { tolerance, sides };
    let shares: [(Measure, Share); 3] = [
        (Measure::Errors, |sums| Part { count: sums.errors(), whole: sums.answered }),
        (Measure::Unanswered, |sums| Part { count: sums.unanswered, whole: sums.calls }),
        (Measure::CacheMisses, |sums| Part { count: sums.answered - sums.cache_hits, whole: sums.answered }),
    ];
    let has_cache = before.sums.cache_hits + after.sums.cache_hits > 0;
    let shares = shares.into_iter().filter(|(measure, _)| *measure != Measure::CacheMisses || has_cache);
    [
        test.ranks(Measure::Latency, times, slower, |values| quantile(values, 0.5)),
        test.tail(times, slower),
        test.ranks(Measure::Tokens, tokens, fatter, mean),
    ]
    .into_iter()
    .flatten()
    .chain(shares.filter_map(|(measure, part)| test.share(measure, part(&before.sums), part(&after.sums))))
    .collect()
}

/// Corrects all tests for their number and gives the verdicts. Returns how many tests there are.
pub(super) fn settle(all: &mut [&mut Judged], tolerance: &Tolerance) -> usize {
    let raw: Vec<f64> = all.iter().filter_map(|judged| judged.raw).collect();
    let mut corrected = holm(&raw).into_iter();
    for judged in all.iter_mut().filter(|judged| judged.raw.is_some()) {
        judged.p = corrected.next();
        if judged.p.is_some_and(|p| p < tolerance.alpha) {
            judged.verdict = judged.lean;
        }
    }
    raw.len()
}

/// A value made worse by the margin: whichever of the two is more.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and it is positive"
)]
fn worse(value: u64, ratio: f64, more: u64) -> u64 {
    ((value as f64 * ratio).ceil() as u64).max(value.saturating_add(more))
}

/// The part of all calls that a measure counts.
type Share = fn(&Sums) -> Part;

struct Test<'t> {
    tolerance: &'t Tolerance,
    sides: Sides,
}

type Pair<'v> = (&'v [u64], &'v [u64]);

impl Test<'_> {
    /// The rank test. `None` where there is nothing to compare, or nothing differs at all.
    fn ranks(
        &self,
        measure: Measure,
        (before, after): Pair<'_>,
        margin: impl Fn(u64) -> u64,
        middle: impl Fn(&[u64]) -> f64,
    ) -> Option<Judged> {
        let plain = mann_whitney(before, after)?;
        let shown = unjudged(measure, middle(before), middle(after), Some(plain.superiority));
        if before.len().min(after.len()) < self.tolerance.calls_min {
            return Some(Judged { verdict: Verdict::TooFew, ..shown });
        }
        if before.iter().chain(after).all(|value| *value == before[0]) {
            return Some(shown);
        }
        let is_more = |first: &[u64], second: &[u64]| {
            let first: Vec<u64> = first.iter().map(|value| margin(*value)).collect();
            mann_whitney(&first, second).map_or(1.0, |rank| rank.p_greater)
        };
        Some(self.leaning(&shown, is_more(before, after), || is_more(after, before)))
    }

    /// How many are above what one in twenty was above.
    fn tail(&self, (before, after): Pair<'_>, margin: impl Fn(u64) -> u64) -> Option<Judged> {
        if before.is_empty() || after.is_empty() {
            return None;
        }
        let shown = unjudged(Measure::Tail, quantile(before, TAIL), quantile(after, TAIL), None);
        if before.len().min(after.len()) < self.tolerance.calls_min {
            return Some(Judged { verdict: Verdict::TooFew, ..shown });
        }
        let is_more = |first: &[u64], second: &[u64]| {
            let rank = rank_of(first.len(), TAIL);
            let mut first = first.to_vec();
            first.sort_unstable();
            let bound = first.get(rank - 1).map_or(u64::MAX, |value| margin(*value));
            let above = second.iter().filter(|value| **value > bound).count();
            exceedances(first.len() as u64, rank as u64, second.len() as u64, above as u64)
        };
        Some(self.leaning(&shown, is_more(before, after), || is_more(after, before)))
    }

    /// Two shares. `None` where both are nothing.
    fn share(&self, measure: Measure, before: Part, after: Part) -> Option<Judged> {
        let (was, is) = before.share().zip(after.share())?;
        if before.count + after.count == 0 {
            return None;
        }
        let shown = unjudged(measure, was, is, None);
        if !self.can_tell(before, after) && !self.can_tell(after, before) {
            return Some(Judged { verdict: Verdict::TooFew, ..shown });
        }
        let enough = self.tolerance.share;
        let worse = if is - was >= enough { fisher_greater(before, after) } else { 1.0 };
        Some(
            self.leaning(
                &shown,
                worse,
                || if was - is >= enough { fisher_greater(after, before) } else { 1.0 },
            ),
        )
    }

    /// Whether the test could come out certain at all, with so many counted on both sides together.
    fn can_tell(&self, first: Part, second: Part) -> bool {
        let counted = first.count + second.count;
        let most = counted.min(second.whole);
        let first = Part { count: counted - most, ..first };
        first.count <= first.whole
            && fisher_greater(first, Part { count: most, ..second }) < self.tolerance.alpha
    }

    fn leaning(&self, shown: &Judged, worse: f64, better: impl FnOnce() -> f64) -> Judged {
        let (raw, lean) = match self.sides {
            Sides::Worse => (worse, Verdict::Worse),
            Sides::Both => {
                let better = better();
                // Either could have been the one: the smaller of two has to be half as probable.
                let raw = (2.0 * worse.min(better)).min(1.0);
                (raw, if better < worse { Verdict::Better } else { Verdict::Worse })
            }
        };
        Judged { raw: Some(raw), lean, ..shown.clone() }
    }
}

/// What was measured, before any test.
fn unjudged(measure: Measure, before: f64, after: f64, superiority: Option<f64>) -> Judged {
    let verdict = Verdict::Same;
    Judged { measure, verdict, before, after, p: None, superiority, raw: None, lean: verdict }
}

/// Where in so many sorted values the one stands that so large a part of all does not exceed, from 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position among them")]
fn rank_of(count: usize, part: f64) -> usize {
    ((count as f64 * part).ceil() as usize).max(1)
}

fn quantile(values: &[u64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(rank_of(sorted.len(), part) - 1).map_or(0.0, |value| *value as f64)
}

fn mean(values: &[u64]) -> f64 {
    values.iter().map(|value| *value as f64).sum::<f64>() / values.len().max(1) as f64
}
