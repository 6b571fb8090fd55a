//! Time spans and points in time as text; asks no clock.

/// The widest text of [`duration`], in cells.
pub const DURATION_WIDTH: u16 = 7;
/// The width of [`offset`] below a day, in cells.
pub const CLOCK_WIDTH: u16 = 12;

/// A span of microseconds: `412 µs`, `3.1 ms`, `312 ms`, `1.24 s`, `12.4 s`, `2 m 03`, `1 h 02`, `3 d 04`.
#[must_use]
pub fn duration(span_us: u64) -> String {
    match span_us {
        0..1_000 => format!("{span_us} µs"),
        1_000..9_950 => tenths((span_us + 50) / 100, "ms"),
        9_950..999_500 => format!("{} ms", (span_us + 500) / 1_000),
        999_500..9_995_000 => {
            let hundredths = (span_us + 5_000) / 10_000;
            format!("{}.{:02} s", hundredths / 100, hundredths % 100)
        }
        9_995_000..59_950_000 => tenths((span_us + 50_000) / 100_000, "s"),
        _ => long(span_us.saturating_add(500_000) / 1_000_000),
    }
}

/// The same for the middle of a sentence, where no column says what the last digits are: `2 m 03 s`, `1 h 02 m`, `3 d 04 h`.
#[must_use]
pub fn duration_in_words(span_us: u64) -> String {
    let text = duration(span_us);
    for (long, last) in [(" m ", "s"), (" h ", "m"), (" d ", "h")] {
        if text.contains(long) {
            return format!("{text} {last}");
        }
    }
    text
}

fn tenths(tenths: u64, unit: &str) -> String {
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

fn long(seconds: u64) -> String {
    match seconds {
        0..3_600 => format!("{} m {:02}", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02}", seconds / 3_600, seconds / 60 % 60),
        86_400..86_400_000 => format!("{} d {:02}", seconds / 86_400, seconds / 3_600 % 24),
        _ => ">999 d".to_owned(),
    }
}

/// A point in time after the session's start: `00:01:02.345`, a day later `1d 00:01:02.345`.
#[must_use]
pub fn offset(at_us: u64) -> String {
    let millis = at_us / 1_000;
    let seconds = millis / 1_000;
    let days = seconds / 86_400;
    let (hours, minutes) = (seconds / 3_600 % 24, seconds / 60 % 60);
    let day = if days == 0 { String::new() } else { format!("{days}d ") };
    format!("{day}{hours:02}:{minutes:02}:{:02}.{:03}", seconds % 60, millis % 1_000)
}

/// A point in time after the session's start in nine cells: `01:02.345`, from an hour on ` 1:02:03`.
#[must_use]
pub fn moment(at_us: u64) -> String {
    let millis = at_us / 1_000;
    let seconds = millis / 1_000;
    if seconds < 3_600 {
        format!("{:02}:{:02}.{:03}", seconds / 60, seconds % 60, millis % 1_000)
    } else {
        format!("{:>3}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_size_of_time_has_its_unit() {
        for (us, text) in [
            (0, "0 µs"),
            (412, "412 µs"),
            (999, "999 µs"),
            (1_000, "1.0 ms"),
            (3_149, "3.1 ms"),
            (9_949, "9.9 ms"),
            (9_950, "10 ms"),
            (312_400, "312 ms"),
            (999_499, "999 ms"),
            (999_500, "1.00 s"),
            (1_240_000, "1.24 s"),
            (9_994_999, "9.99 s"),
            (9_995_000, "10.0 s"),
            (59_949_999, "59.9 s"),
            (59_950_000, "1 m 00"),
            (123_000_000, "2 m 03"),
            (3_720_000_000, "1 h 02"),
            (273_600_000_000, "3 d 04"),
        ] {
            assert_eq!(duration(us), text, "{us}");
        }
    }

    #[test]
    fn in_a_sentence_the_last_digits_have_their_unit() {
        for (us, text) in [
            (412_000, "412 ms"),
            (473_000_000, "7 m 53 s"),
            (3_720_000_000, "1 h 02 m"),
            (273_600_000_000, "3 d 04 h"),
            (u64::MAX, ">999 d"),
        ] {
            assert_eq!(duration_in_words(us), text);
        }
    }

    #[test]
    fn a_point_in_time_counts_from_the_start() {
        assert_eq!(offset(0), "00:00:00.000");
        assert_eq!(offset(62_345_678), "00:01:02.345");
        assert_eq!(moment(62_345_678), "01:02.345");
        assert_eq!(moment(3_723_000_000), "  1:02:03");
        assert_eq!(offset(86_400_000_000), "1d 00:00:00.000");
    }

    proptest! {
        #[test]
        fn no_duration_is_wider_than_its_column(us in any::<u64>()) {
            prop_assert!(duration(us).chars().count() <= usize::from(DURATION_WIDTH));
        }

        #[test]
        fn a_longer_time_never_reads_as_a_shorter_one(us in 0u64..100_000_000, more in 0u64..1_000) {
            let value = |text: &str| -> f64 {
                let (number, unit) = text.split_once(' ').unwrap();
                let number: f64 = number.parse().unwrap();
                match unit.split(' ').next().unwrap() {
                    "µs" => number,
                    "ms" => number * 1e3,
                    "s" => number * 1e6,
                    _ => number * 6e7 + unit[2..].parse::<f64>().unwrap() * 1e6,
                }
            };
            prop_assert!(value(&duration(us)) <= value(&duration(us + more)));
        }
    }
}
