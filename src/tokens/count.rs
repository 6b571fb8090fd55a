//! A number of tokens together with how far it may be trusted; it does not know where it came from.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// How far a count may be trusted, strongest first: a sum is only as good as its weakest part, so
/// `max` of two accuracies is the accuracy of their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Accuracy {
    /// What the named encoding gives, to the token.
    #[default]
    Exact,
    /// An exact `o200k_base` count times a profile's measured factor, or a published formula for images.
    Calibrated,
    /// Extrapolated from samples: the text is too long to be counted at once, or was never counted whole.
    Estimated,
    /// Some part could not be counted at all; the number is what the countable parts came to.
    Failed,
}

impl Accuracy {
    /// All, strongest first; each at the place of its own number.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Calibrated, Self::Estimated, Self::Failed];

    /// What a number of this accuracy carries in front (`""`, `"~"`) or instead of itself (`"?"`).
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Exact => "",
            Self::Calibrated | Self::Estimated => "~",
            Self::Failed => "?",
        }
    }

    /// The word for help texts and exports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Calibrated => "calibrated",
            Self::Estimated => "estimated",
            Self::Failed => "failed",
        }
    }
}

/// A number of tokens and its accuracy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Count {
    /// How many tokens; a lower bound when `accuracy` is [`Accuracy::Failed`].
    pub tokens: u64,
    /// How far `tokens` may be trusted.
    pub accuracy: Accuracy,
}

impl Count {
    /// Nothing, exactly: the neutral element of addition.
    pub const ZERO: Self = Self::exact(0);
    /// A part that could not be counted.
    pub const FAILED: Self = Self { tokens: 0, accuracy: Accuracy::Failed };

    /// An exact count.
    #[must_use]
    pub const fn exact(tokens: u64) -> Self {
        Self { tokens, accuracy: Accuracy::Exact }
    }

    /// An exact count in other units, by a measured factor or a published formula.
    #[must_use]
    pub const fn calibrated(tokens: u64) -> Self {
        Self { tokens, accuracy: Accuracy::Calibrated }
    }

    /// A count extrapolated from samples.
    #[must_use]
    pub const fn estimated(tokens: u64) -> Self {
        Self { tokens, accuracy: Accuracy::Estimated }
    }
}

impl Add for Count {
    type Output = Self;

    /// Adds the numbers (saturating) and keeps the weaker accuracy.
    fn add(self, other: Self) -> Self {
        Self { tokens: self.tokens.saturating_add(other.tokens), accuracy: self.accuracy.max(other.accuracy) }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_as_accurate_as_its_weakest_part() {
        let all = [Count::exact(1), Count::calibrated(2), Count::estimated(3), Count::FAILED];
        let mut sums = all.iter().scan(Count::ZERO, |sum, &count| {
            *sum += count;
            Some(*sum)
        });
        assert_eq!(sums.next(), Some(Count::exact(1)));
        assert_eq!(sums.next(), Some(Count::calibrated(3)));
        assert_eq!(sums.next(), Some(Count::estimated(6)));
        assert_eq!(sums.next(), Some(Count { tokens: 6, accuracy: Accuracy::Failed }));
        assert_eq!(Count::exact(u64::MAX) + Count::exact(1), Count::exact(u64::MAX));
    }

    #[test]
    fn only_exact_counts_carry_no_mark() {
        assert_eq!(Accuracy::Exact.mark(), "");
        for weaker in [Accuracy::Calibrated, Accuracy::Estimated, Accuracy::Failed] {
            assert!(!weaker.mark().is_empty());
        }
    }
}
