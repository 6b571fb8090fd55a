//! Whether one share is larger than another, and whether more values are above a bound: the exact tests of Fisher and of
//! Gumbel and von Schelling; and the correction of many tests by Holm.
//!
//! Knows nothing of what is counted.
//!
//! Fisher, R. A. (1935): The Logic of Inductive Inference. Journal of the Royal Statistical Society 98, pp. 39–82.
//! Gumbel, E. J. and von Schelling, H. (1950): The Distribution of the Number of Exceedances. Annals of Mathematical
//! Statistics 21, pp. 247–262.
//! Holm, S. (1979): A Simple Sequentially Rejective Multiple Test Procedure. Scandinavian Journal of Statistics 6, pp. 65–70.

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Those that are counted.
    pub count: u64,
    /// All there are; at least `count`.
    pub whole: u64,
}

impl Part {
    /// As a share, 0 to 1; `None` of nothing.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.whole > 0).then(|| self.count as f64 / self.whole as f64)
    }
}

/// The probability of as large a part in `second`, or a larger one, if both are drawn alike.
#[must_use]
pub fn fisher_greater(first: Part, second: Part) -> f64 {
    let (all, counted) = (first.whole + second.whole, first.count + second.count);
    let top = counted.min(second.whole);
    let way = |count: u64| {
        // Of `second.whole` drawn from `all`, `count` are among the `counted`.
        (ln_choose(counted, count) + ln_choose(all - counted, second.whole - count)
            - ln_choose(all, second.whole))
        .exp()
    };
    let mut sum = 0.0;
    for count in second.count..=top {
        let more = way(count);
        sum += more;
        // Beyond the middle each is smaller than the one before: what follows adds nothing that can be told.
        if more < sum * 1e-17 {
            break;
        }
    }
    f64::min(sum, 1.0)
}

/// The probability that so many of `second` values, or more, are above the one at `rank` (from 1) of `first` sorted ones, if
/// all are drawn alike. Where values are equal it is too large rather than too small.
#[must_use]
pub fn exceedances(first: u64, rank: u64, second: u64, above: u64) -> f64 {
    // All orders of both are as probable: `count` of the second stand among those above, the others among those below.
    let all = ln_choose(first + second, second);
    let way = |count: u64| {
        let others = second - count;
        (ln_choose(count + first - rank, count) + ln_choose(others + rank - 1, others) - all).exp()
    };
    (above..=second).map(way).sum::<f64>().min(1.0)
}

/// The logarithm of the number of ways to choose `k` of `n`; there is none where `k` is more than `n`.
fn ln_choose(n: u64, k: u64) -> f64 {
    if k > n { f64::NEG_INFINITY } else { ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k) }
}

/// The logarithm of n!: counted out for small ones, else by Stirling's series to its third term (error below 1e-11).
fn ln_factorial(n: u64) -> f64 {
    if n < 32 {
        return (2..=n).map(|factor| (factor as f64).ln()).sum();
    }
    let n = n as f64;
    let series = 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3)) + 1.0 / (1_260.0 * n.powi(5));
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + series
}

/// Probabilities of many tests, corrected so that the chance of even one false alarm among them is no larger than the
/// bound each is held against.
#[must_use]
pub fn holm(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
    let mut corrected = vec![1.0; probabilities.len()];
    let mut least = 0.0_f64;
    for (rank, at) in order.into_iter().enumerate() {
        let left = (probabilities.len() - rank) as f64;
        least = least.max((probabilities[at] * left).min(1.0));
        corrected[at] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-9 * b.abs().max(1e-3), "{a} is not {b}");
    }

    fn part(count: u64, whole: u64) -> Part {
        Part { count, whole }
    }

    #[test]
    fn small_tables_have_the_probabilities_one_counts_by_hand() {
        // The lady tasting tea: all four of four right is one way of 70, three or more are 17.
        close(fisher_greater(part(0, 4), part(4, 4)), 1.0 / 70.0);
        close(fisher_greater(part(1, 4), part(3, 4)), 17.0 / 70.0);
        close(fisher_greater(part(4, 4), part(0, 4)), 1.0);
        close(fisher_greater(part(0, 0), part(3, 3)), 1.0);
        // The sum of C(14, k) · C(186, 100 - k) / C(200, 100) for k from 12 on.
        close(fisher_greater(part(2, 100), part(12, 100)), 0.005_047_353_436_39);
    }

    #[test]
    fn exceedances_are_counted_over_all_orders() {
        close(exceedances(1, 1, 1, 1), 0.5);
        // Both of the second above the larger of the first: one order of six; one at least: three.
        close(exceedances(2, 2, 2, 2), 1.0 / 6.0);
        close(exceedances(2, 2, 2, 1), 3.0 / 6.0);
        close(exceedances(100, 95, 100, 0), 1.0);
    }

    #[test]
    fn the_series_goes_on_where_counting_ends() {
        let counted = |n: u64| (2..=n).map(|factor| (factor as f64).ln()).sum::<f64>();
        for n in [31, 32, 33, 100, 1_000] {
            assert!((ln_factorial(n) - counted(n)).abs() < 1e-9, "{n}");
        }
    }

    #[test]
    fn a_correction_counts_how_many_tests_are_left() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        let wanted = [0.03, 0.06, 0.06, 0.02];
        corrected.iter().zip(wanted).for_each(|(a, b)| close(*a, b));
        assert_eq!(holm(&[]), Vec::<f64>::new());
        close(holm(&[0.7, 0.8])[1], 1.0);
    }

    proptest! {
        #[test]
        fn the_ways_of_all_tables_are_all_ways(first in 1..300_u64, second in 1..300_u64, counted in 0..600_u64) {
            let counted = counted.min(first + second);
            let least = counted.saturating_sub(first);
            let of_second = part(least, second);
            let of_first = part(counted - least, first);
            prop_assert!((fisher_greater(of_first, of_second) - 1.0).abs() < 1e-6);
        }

        #[test]
        fn a_correction_keeps_the_order_and_makes_nothing_more_certain(all in proptest::collection::vec(0.0..1.0_f64, 1..30)) {
            let corrected = holm(&all);
            for (a, b) in all.iter().zip(&corrected) {
                prop_assert!(b >= a && *b <= 1.0);
                for (c, d) in all.iter().zip(&corrected) {
                    prop_assert!(a > c || b <= d);
                }
            }
        }
    }
}
