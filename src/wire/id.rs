//! When two ids are one: JSON tokens that name a request or its progress, whatever form a peer gives them.
//!
//! Who reads JSON into values and writes it again may turn `1e3` into `1000.0`, or `"é"` into `"\u00e9"`: that is the same
//! number, the same string. Numbers are compared digit by digit, never as floats, so that 2^53 and 2^53 + 1 stay two. Knows
//! nothing of whose an id is.

use std::borrow::Cow;

use super::string_value;

/// Numbers with more digits than this are written with an exponent.
const PLAIN_DIGITS_MAX: usize = 40;

/// The one form of an id that stands for all forms of the same one. An id that needs none is borrowed; what is neither a number
/// nor a string stays as it is.
#[must_use]
pub fn same_id(raw: &str) -> Cow<'_, str> {
    let bytes = raw.as_bytes();
    match bytes.first() {
        Some(b'"') if !bytes.contains(&b'\\') => Cow::Borrowed(raw),
        Some(b'"') => {
            let text = string_value(raw).and_then(|text| serde_json::to_string(&text).ok());
            text.map_or(Cow::Borrowed(raw), Cow::Owned)
        }
        Some(b'1'..=b'9') if bytes.len() <= PLAIN_DIGITS_MAX && bytes.iter().all(u8::is_ascii_digit) => {
            Cow::Borrowed(raw)
        }
        Some(b'-' | b'0'..=b'9') => same_number(raw).map_or(Cow::Borrowed(raw), Cow::Owned),
        _ => Cow::Borrowed(raw),
    }
}

/// A number by its sign, its digits without zeros at the ends, and its exponent; `None` if it is none, or if its exponent is out
/// of all bounds.
fn same_number(raw: &str) -> Option<String> {
    let (sign, rest) = raw.strip_prefix('-').map_or(("", raw), |rest| ("-", rest));
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let from_left = digits.trim_start_matches('0');
    let all = from_left.trim_end_matches('0');
    if all.is_empty() {
        return Some("0".to_owned());
    }
    let zeros = i64::try_from(from_left.len() - all.len()).ok()?;
    let exponent = i64::from(exponent) + zeros - i64::try_from(part.len()).ok()?;
    match usize::try_from(exponent) {
        Ok(zeros) if zeros.saturating_add(all.len()) <= PLAIN_DIGITS_MAX => {
            Some(format!("{sign}{all}{}", "0".repeat(zeros)))
        }
        _ => Some(format!("{sign}{all}e{exponent}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_number_in_another_form() {
        let long = format!("1{}", "0".repeat(60));
        let all: [&[&str]; 9] = [
            &["1000", "1e3", "1000.0", "1E+3", "10.00e2", "0.1e4"],
            &["0", "-0", "0.0", "-0.0", "0e9"],
            &["-7", "-7.0", "-70e-1"],
            &["1.5", "15e-1", "1.50"],
            &["9007199254740992", "9007199254740992.0"],
            &["9007199254740993", "9007199254740993.0", "9007199254740993e0"],
            &[&long, "1e60", "1.0e60", "0.001e63"],
            &[r#""1""#, r#""\u0031""#],
            &[r#""é\"/""#, r#""\u00e9\"\/""#],
        ];
        for (at, forms) in all.iter().enumerate() {
            for form in *forms {
                assert_eq!(same_id(form), same_id(forms[0]), "{form}");
                for others in &all[at + 1..] {
                    assert!(others.iter().all(|other| same_id(other) != same_id(form)), "{form}");
                }
            }
        }
    }

    #[test]
    fn what_is_plain_or_no_id_stays_as_it_is() {
        for raw in ["1", "123", "\"abc\"", "null", "[1]", "", "-", "1e99999999999", "1.x", "e5"] {
            assert_eq!(same_id(raw), raw);
        }
    }

    proptest::proptest! {
        #[test]
        fn the_one_form_is_its_own_form(raw in r#"-?(0|[1-9][0-9]{0,50})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?|"[a-z\\u0-9é"]{0,12}""#) {
            let once = same_id(&raw).into_owned();
            proptest::prop_assert_eq!(same_id(&once), once.as_str());
        }

        #[test]
        fn integers_are_told_apart_exactly(one in proptest::prelude::any::<u64>(), add in 1..9_u64) {
            let other = one.saturating_sub(add);
            if other != one {
                let (one, other) = (format!("{one}.0"), other.to_string());
                proptest::prop_assert_ne!(same_id(&one), same_id(&other));
            }
        }
    }
}
