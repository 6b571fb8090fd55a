//! Whether the values of one sample tend to be larger than those of another: the rank test of Mann, Whitney and Wilcoxon.
//!
//! Knows nothing of what is measured. It asks nothing of the distribution, so that a few very slow calls do not decide.
//!
//! Mann, H. B. and Whitney, D. R. (1947): On a test of whether one of two random variables is stochastically larger than
//! the other. Annals of Mathematical Statistics 18, pp. 50–60, with their recursion for the exact distribution. The
//! correction of the variance for ties is that of Lehmann (1975): Nonparametrics, section 1.4.

/// Up to this many values on each side, and without ties, the exact distribution is counted out.
const EXACT_MAX: usize = 25;

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rank {
    /// In how many pairs of one value of each sample the second is the larger; a tie is half a pair.
    pub u: f64,
    /// The chance that a pair, drawn at random, has the larger value in the second sample: 0.5 if nothing differs.
    pub superiority: f64,
    /// The probability of so large a `u`, or a larger one, if both samples come from one distribution.
    pub p_greater: f64,
}

/// Tests whether `second` tends to larger values than `first`. `None` if one of them is empty.
///
/// The result is exact for samples of up to 25 values without ties, else the normal approximation with the variance
/// corrected for ties and a correction for continuity.
#[must_use]
pub fn mann_whitney(first: &[u64], second: &[u64]) -> Option<Rank> {
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let (m, n) = (first.len(), second.len());
    let mut all: Vec<(u64, bool)> =
        first.iter().map(|value| (*value, false)).chain(second.iter().map(|value| (*value, true))).collect();
    all.sort_unstable();
    // Ranks count from 1; equal values share the mean of theirs.
    let (mut rank_sum, mut ties) = (0.0, 0.0);
    let mut at = 0;
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let size = group.len() as f64;
        let of_second = group.iter().filter(|(_, is_second)| *is_second).count() as f64;
        rank_sum += of_second * (at as f64 + f64::midpoint(size, 1.0));
        ties += size * size * size - size;
        at += group.len();
    }
    let pairs = m as f64 * n as f64;
    let u = rank_sum - n as f64 * (n as f64 + 1.0) / 2.0;
    let p_greater = if ties == 0.0 && m <= EXACT_MAX && n <= EXACT_MAX {
        exact(m, n, u)
    } else {
        approximate(m as f64, n as f64, u, ties)
    };
    Some(Rank { u, superiority: u / pairs, p_greater })
}

/// The probability of `U ≥ u` by counting: of all arrangements of m and n values, how many have which U.
fn exact(m: usize, n: usize, u: f64) -> f64 {
    // counts[j][k]: arrangements of i values of the first sample and j of the second with U = k, for i growing to m.
    let top = m * n;
    let mut counts = vec![vec![0.0_f64; top + 1]; n + 1];
    for row in &mut counts {
        row[0] = 1.0;
    }
    for i in 1..=m {
        for j in 1..=n {
            // The largest value is of the second sample, and then above all i of the first, or it is of the first.
            for k in (0..=top).rev() {
                let above = if k >= i { counts[j - 1][k - i] } else { 0.0 };
                counts[j][k] += above;
            }
        }
    }
    let row = &counts[n];
    let whole: f64 = row.iter().sum();
    let larger: f64 = row.iter().enumerate().filter(|(k, _)| *k as f64 >= u).map(|(_, count)| count).sum();
    larger / whole
}

fn approximate(m: f64, n: f64, u: f64, ties: f64) -> f64 {
    let all = m + n;
    let variance = m * n / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    upper_tail((u - m * n / 2.0 - 0.5) / variance.sqrt())
}

/// The probability that a standard normal variable is larger than `z`. Abramowitz and Stegun (1964), formula 26.2.17:
/// the error is below 7.5e-8.
fn upper_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - upper_tail(-z);
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: f64, b: f64, within: f64) {
        assert!((a - b).abs() <= within, "{a} is not {b}");
    }

    #[test]
    fn small_samples_have_the_probabilities_of_the_published_tables() {
        // All five values above all five others: one arrangement of 252.
        let rank = mann_whitney(&[1, 2, 3, 4, 5], &[6, 7, 8, 9, 10]).unwrap();
        close(rank.u, 25.0, 0.0);
        close(rank.p_greater, 1.0 / 252.0, 1e-12);
        // Mann and Whitney (1947), table for n = 3, m = 3: P(U ≤ 1) = 0.100.
        close(mann_whitney(&[1, 2, 4], &[3, 5, 6]).unwrap().p_greater, 0.1, 1e-12);
        close(mann_whitney(&[4, 5, 6], &[1, 2, 3]).unwrap().p_greater, 1.0, 1e-12);
        close(mann_whitney(&[1], &[2]).unwrap().p_greater, 0.5, 1e-12);
    }

    #[test]
    fn ties_are_half_a_pair_and_narrow_the_variance() {
        let rank = mann_whitney(&[1, 1, 2], &[1, 2, 2]).unwrap();
        close(rank.u, 6.0, 0.0);
        // U - mean - 1/2 = 1, variance 9/12 · (7 - 48/30) = 4.05: the upper tail at 0.4969.
        close(rank.p_greater, 0.309_63, 1e-4);
        close(mann_whitney(&[5, 5], &[5, 5]).unwrap().p_greater, 1.0, 0.0);
    }

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        close(upper_tail(0.0), 0.5, 1e-7);
        close(upper_tail(1.644_853_627), 0.05, 1e-7);
        close(upper_tail(-1.959_963_985), 0.975, 1e-7);
        close(upper_tail(3.090_232_306), 0.001, 1e-7);
    }

    #[test]
    fn nothing_can_be_said_without_values() {
        assert_eq!(mann_whitney(&[], &[1]), None);
        assert_eq!(mann_whitney(&[1], &[]), None);
    }

    proptest! {
        #[test]
        fn u_is_the_number_of_pairs_won(first in proptest::collection::vec(0..30_u64, 1..12),
                                        second in proptest::collection::vec(0..30_u64, 1..12)) {
            let rank = mann_whitney(&first, &second).unwrap();
            let won: f64 = first.iter().flat_map(|a| second.iter().map(move |b| match b.cmp(a) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            })).sum();
            prop_assert!((rank.u - won).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&rank.p_greater));
        }

        #[test]
        fn the_approximation_is_close_to_what_is_counted(seed in 0..1000_usize) {
            // Twenty values on each side without ties, shuffled in some way.
            let order: Vec<u64> = (0..40).map(|at| (at * 17 + seed as u64 * 7 + at * at * seed as u64) % 1009 * 64 + at).collect();
            let (first, second) = order.split_at(20);
            let u = mann_whitney(first, second).unwrap().u;
            close(exact(20, 20, u), approximate(20.0, 20.0, u, 0.0), 0.01);
        }
    }
}
