//! Plain counts, shares and rates as text; does not know what is counted.

use super::metric;

/// The widest text of [`count`], in cells.
pub const COUNT_WIDTH: u16 = 5;
/// The widest text of [`percent`], in cells.
pub const PERCENT_WIDTH: u16 = 6;

/// A number of things: `847`, `9,204`, `12.4k`, `1.24M`; at most [`COUNT_WIDTH`] cells.
#[must_use]
pub fn count(value: u64) -> String {
    if value < 10_000 { grouped(value) } else { metric(value, 3, ["", "k", "M", "G"]) }
}

/// A number in full, its thousands apart: `1,204,332`.
#[must_use]
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 call`, `1,204 calls`.
#[must_use]
pub fn counted(value: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(value), if value == 1 { "" } else { "s" })
}

/// `part` of `whole` as `0 %`, `<0.1 %`, `0.3 %`, `12.4 %`, `100 %`; `–` where the whole is nothing.
///
/// Never says `0 %` of something or `100 %` of less than all; above 999 % it says `>999 %`.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole);
    if tenths == 0 && part > 0 {
        return "<0.1 %".to_owned();
    }
    if part < whole && tenths >= 1_000 {
        return "99.9 %".to_owned();
    }
    match tenths {
        0 => "0 %".to_owned(),
        1..1_000 => format!("{}.{} %", tenths / 10, tenths % 10),
        1_000..10_000 => format!("{} %", (tenths + 5) / 10),
        _ => ">999 %".to_owned(),
    }
}

/// How far something is, between 0 and 1, as [`percent`] says it: `0 %`, `49.7 %`; `100 %` only when it is done.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000")]
pub fn progress(share: f64) -> String {
    percent((share.clamp(0.0, 1.0) * 1_000.0) as u64, 1_000)
}

/// Things per second: `0/s`, `0.4/s`, `12.3/s`, `847/s`, `12.4k/s`.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive and far below 2^53; a float cast saturates"
)]
pub fn rate(per_second: f64) -> String {
    if !per_second.is_finite() || per_second <= 0.0 {
        return "0/s".to_owned();
    }
    if per_second < 99.95 {
        return format!("{:.1}/s", per_second.max(0.1));
    }
    format!("{}/s", metric(per_second.round() as u64, 3, ["", "k", "M", "G"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_are_written_out_up_to_four_digits() {
        assert_eq!(count(0), "0");
        assert_eq!(count(9_999), "9,999");
        assert_eq!(count(12_449), "12.4k");
        assert_eq!(grouped(1_204_332), "1,204,332");
        assert_eq!(grouped(100), "100");
    }

    #[test]
    fn a_share_never_rounds_something_to_nothing_or_to_all() {
        assert_eq!(percent(0, 7), "0 %");
        assert_eq!(percent(1, 1_000_000), "<0.1 %");
        assert_eq!(percent(124, 1_000), "12.4 %");
        assert_eq!(percent(999_999, 1_000_000), "99.9 %");
        assert_eq!(percent(7, 7), "100 %");
        assert_eq!(percent(30, 10), "300 %");
        assert_eq!(percent(u64::MAX, 1), ">999 %");
        assert_eq!(percent(1, 0), "–");
    }

    #[test]
    fn rates_keep_one_decimal_while_they_are_small() {
        assert_eq!(rate(0.0), "0/s");
        assert_eq!(rate(0.01), "0.1/s");
        assert_eq!(rate(12.34), "12.3/s");
        assert_eq!(rate(99.96), "100/s");
        assert_eq!(rate(12_400.0), "12.4k/s");
    }

    proptest! {
        #[test]
        fn no_count_or_share_is_wider_than_its_column(value in 0u64..1_000_000_000_000, whole in 1u64..) {
            prop_assert!(count(value).chars().count() <= usize::from(COUNT_WIDTH));
            prop_assert!(percent(value, whole).chars().count() <= usize::from(PERCENT_WIDTH));
        }
    }
}
