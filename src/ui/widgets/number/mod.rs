//! Turns quantities into short texts that never change their width while they change their value.
//!
//! Every format keeps three significant digits at most (two where the number is an estimate) and fits the width
//! that stands beside it as a constant, so that a column of them never moves. Knows nothing of screens.

mod count;
mod duration;
mod money;
mod probability;
mod signed;
mod size;
mod tokens;

pub use count::{COUNT_WIDTH, PERCENT_WIDTH, count, counted, grouped, percent, progress, rate};
pub use duration::{CLOCK_WIDTH, DURATION_WIDTH, duration, duration_in_words, moment, offset};
pub use money::Price;
pub use probability::probability;
pub use signed::signed;
pub use size::{BYTES_WIDTH, bytes};
pub use tokens::{TOKENS_WIDTH, tokens, tokens_grouped};

/// `value` with a metric suffix: three significant digits below a thousand thousands of the largest suffix.
///
/// `digits` is 3 for what is known and 2 for what is estimated. Values below 1,000 are written out.
fn metric(value: u64, digits: u32, suffixes: [&str; 4]) -> String {
    if value < 1_000 {
        return format!("{value}{}", suffixes[0]);
    }
    let mut rounded = round_to(value, digits);
    if rounded < 1_000 {
        rounded = 1_000;
    }
    let (unit, suffix) = match rounded {
        0..1_000_000 => (1_000, suffixes[1]),
        1_000_000..1_000_000_000 => (1_000_000, suffixes[2]),
        _ => (1_000_000_000, suffixes[3]),
    };
    let whole = rounded / unit;
    let decimals = digits.saturating_sub(whole.checked_ilog10().unwrap_or(0) + 1);
    if decimals == 0 {
        return format!("{whole}{suffix}");
    }
    let fraction = rounded % unit / (unit / 10u64.pow(decimals));
    format!("{whole}.{fraction:0width$}{suffix}", width = decimals as usize)
}

/// `value` with no more than so many significant digits, the others cut off.
fn floor_to(value: u64, digits: u32) -> u64 {
    let length = value.checked_ilog10().unwrap_or(0) + 1;
    let step = 10u64.pow(length.saturating_sub(digits));
    value / step * step
}

/// `value` rounded half up to so many significant digits.
fn round_to(value: u64, digits: u32) -> u64 {
    let length = value.checked_ilog10().unwrap_or(0) + 1;
    let step = 10u64.pow(length.saturating_sub(digits));
    value.saturating_add(step / 2) / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_carries_into_the_next_unit() {
        let plain = ["", "k", "M", "G"];
        for (value, digits, text) in [
            (0, 3, "0"),
            (999, 3, "999"),
            (1_000, 3, "1.00k"),
            (9_994, 3, "9.99k"),
            (9_996, 3, "10.0k"),
            (99_950, 3, "100k"),
            (999_499, 3, "999k"),
            (999_500, 3, "1.00M"),
            (1_249, 2, "1.2k"),
            (124_900, 2, "120k"),
            (996_000, 2, "1.0M"),
            (1_240_000_000, 3, "1.24G"),
        ] {
            assert_eq!(metric(value, digits, plain), text, "{value}");
        }
    }
}
