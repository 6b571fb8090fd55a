//! What makes two requests equal: parameters in one canonical form.
//!
//! The order of members, white space, escapes and the form of numbers do not matter; the value of a number does, to its
//! last digit. Knows nothing of who asks.

use std::fmt::Write as _;

use serde_json_path::PathElement;

use crate::rules::Path;
use crate::wire::string_value;

/// Deeper than this nothing is compared: no arguments of a tool are.
const DEPTH_MAX: usize = 100;

/// Longer than this nothing is compared: what is asked for in so many words is not asked for twice.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// The canonical form of a JSON value; `None` if it is none, too deep or too long.
pub(in crate::rules) fn canonical(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    write_canonical(raw, "", &mut out)?;
    Some(out)
}

/// The canonical form of an object without one of its members.
pub(in crate::rules) fn canonical_without(raw: &str, name: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    write_canonical(raw, name, &mut out)?;
    Some(out)
}

/// The canonical form of what these paths find in a JSON value.
pub(in crate::rules) fn canonical_parts(raw: &str, paths: &[Path]) -> Option<String> {
    // The paths are asked of values in which long numbers have lost digits; what they find is read from the text.
    let value: serde_json::Value = serde_json::from_str(raw).ok()?;
    let mut out = String::new();
    for path in paths {
        out.push('[');
        for node in path.query().query_located(&value).iter() {
            let mut part = raw;
            for element in node.location().iter() {
                part = match element {
                    PathElement::Name(name) => crate::wire::member(part, name)?,
                    PathElement::Index(index) => item(part, *index)?,
                };
            }
            write_canonical(part, "", &mut out)?;
            out.push(',');
        }
        out.push(']');
    }
    Some(out)
}

fn item(raw: &str, index: usize) -> Option<&str> {
    let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(raw).ok()?;
    items.get(index).map(|item| item.get())
}

fn write_canonical(raw: &str, without: &str, out: &mut String) -> Option<()> {
    if raw.len() > TEXT_BYTES_MAX {
        return None;
    }
    let mut reader = Reader { text: raw, at: 0 };
    reader.value(out, without, 0)?;
    reader.blank();
    (reader.at == raw.len()).then_some(())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<u8> {
        self.blank();
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !b" \t\r\n".contains(byte)).unwrap_or(rest.len());
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        let is_there = self.next() == Some(byte);
        self.at += usize::from(is_there);
        is_there.then_some(())
    }

    fn value(&mut self, out: &mut String, without: &str, depth: usize) -> Option<()> {
        if depth > DEPTH_MAX {
            return None;
        }
        match self.next()? {
            b'{' => self.object(out, without, depth),
            b'[' => self.array(out, depth),
            b'"' => write_string(self.string()?, out),
            _ => write_bare(self.bare(), out),
        }
    }

    /// Members by name; of equal names as they were written, as some readers take the first and some the last.
    fn object(&mut self, out: &mut String, without: &str, depth: usize) -> Option<()> {
        self.take(b'{')?;
        let mut members: Vec<(String, String)> = Vec::new();
        while self.next()? != b'}' {
            if !members.is_empty() {
                self.take(b',')?;
            }
            let (mut name, mut value) = (String::new(), String::new());
            self.next()?;
            write_string(self.string()?, &mut name)?;
            self.take(b':')?;
            self.value(&mut value, "", depth + 1)?;
            members.push((name, value));
        }
        self.at += 1;
        members.sort_by(|a, b| a.0.cmp(&b.0));
        out.push('{');
        let mut is_first = true;
        for (name, value) in members {
            if !without.is_empty() && string_value(&name).is_some_and(|name| name == without) {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                out.push(',');
            }
            write!(out, "{name}:{value}").expect("a String takes every write");
        }
        out.push('}');
        Some(())
    }

    fn array(&mut self, out: &mut String, depth: usize) -> Option<()> {
        self.take(b'[')?;
        out.push('[');
        let mut is_first = true;
        while self.next()? != b']' {
            if !std::mem::take(&mut is_first) {
                self.take(b',')?;
                out.push(',');
            }
            self.value(out, "", depth + 1)?;
        }
        self.at += 1;
        out.push(']');
        Some(())
    }

    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        let text = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            match text.get(at)? {
                b'"' => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        self.text.get(start..self.at)
    }

    fn bare(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let len = rest.find([',', '}', ']', ' ', '\t', '\r', '\n', ':', '"', '{', '[']).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }
}

/// With escapes only where JSON asks for them. One that stands for no text, as half of a surrogate pair, stays.
fn write_string(token: &str, out: &mut String) -> Option<()> {
    if !token.contains('\\') {
        out.push_str(token);
        return Some(());
    }
    match serde_json::from_str::<String>(token) {
        Ok(text) => out.push_str(&serde_json::to_string(&text).ok()?),
        Err(_) => out.push_str(token),
    }
    Some(())
}

fn write_bare(token: &str, out: &mut String) -> Option<()> {
    match token {
        "" => return None,
        "true" | "false" | "null" => out.push_str(token),
        number => match decimal(number) {
            Some(decimal) => out.push_str(&decimal),
            None => out.push_str(number),
        },
    }
    Some(())
}

/// A number as its digits without noughts at either end, and the power of ten that they are times. No digit is lost.
fn decimal(number: &str) -> Option<String> {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        // Some languages tell the two noughts apart.
        return Some(format!("{sign}0"));
    }
    let trimmed = significant.trim_end_matches('0');
    let noughts = i64::try_from(significant.len() - trimmed.len()).ok()?;
    let power = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(noughts)?;
    Some(if power == 0 { format!("{sign}{trimmed}") } else { format!("{sign}{trimmed}e{power}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_order_of_keys_and_the_form_of_numbers_do_not_matter() {
        let a = canonical(r#"{"b":[1.0,-0.50],"a":{"y":"\u0041","x":null}}"#);
        assert_eq!(a, canonical(" { \"a\" : {\"x\":null, \"y\":\"A\"}, \"b\":[ 1e0 , -5E-1 ] } "));
        for same in [["1", "1.0"], ["100", "1e2"], ["0.001", "1E-3"], ["0", "0.0e9"], ["12.50", "125e-1"]] {
            assert_eq!(canonical(same[0]), canonical(same[1]), "{same:?}");
        }
    }

    #[test]
    fn big_integers_and_long_fractions_do_not_collide() {
        for other in [
            ["9007199254740993", "9007199254740992"],
            ["123456789012345678901", "123456789012345678902"],
            ["0.1000000000000000055", "0.1"],
            ["1e400", "1e401"],
            ["\"1\"", "1"],
            ["[1,2]", "[12]"],
            ["-0", "0"],
            [r#"{"a":1,"a":2}"#, r#"{"a":2}"#],
        ] {
            assert_ne!(canonical(other[0]), canonical(other[1]), "{other:?}");
        }
    }

    #[test]
    fn what_is_too_deep_or_broken_has_no_key() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for text in [&deep, "{", "", "[1", "{\"a\" 1}", "[1 2]", "1 2"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn meta_is_left_out() {
        assert_eq!(
            canonical_without(r#"{"_meta":{"progressToken":1},"name":"a"}"#, "_meta"),
            canonical_without(r#"{"name":"a","_m\u0065ta":{"progressToken":2}}"#, "_meta")
        );
    }

    #[test]
    fn parts_are_taken_from_the_text_as_it_was_written() {
        let paths = ["$.city".parse().unwrap(), "$.days[*]".parse().unwrap()];
        let key = |text: &str| canonical_parts(text, &paths);
        assert_eq!(key(r#"{"city":"Rome","units":"C"}"#), key(r#"{"units":"F","city":"R\u006fme"}"#));
        assert_ne!(key(r#"{"city":"Rome"}"#), key(r#"{"city":"Oslo"}"#));
        assert_ne!(key(r#"{"days":[9007199254740993]}"#), key(r#"{"days":[9007199254740992]}"#));
        assert_ne!(key(r#"{"days":[1]}"#), key(r#"{"city":1}"#));
    }

    proptest! {
        #[test]
        fn two_integers_are_equal_only_if_they_are(a in any::<i128>(), b in any::<i128>()) {
            prop_assert_eq!(canonical(&a.to_string()) == canonical(&b.to_string()), a == b);
            prop_assert_eq!(canonical(&a.to_string()), canonical(&format!("{a}.0e0")));
        }

        #[test]
        fn no_text_makes_it_fail(text in "[\\[\\]{}\",:0-9eE.\\\\ a-c-]{0,40}") {
            if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() {
                prop_assert!(canonical(&text).is_some());
            } else {
                let _ = canonical(&text);
            }
        }
    }
}
