//! What makes two requests equal: parameters in one canonical form.
//!
//! The order of members, white space, escapes and the form of numbers do not matter; the value of a number does, to its
//! last digit. Knows nothing of who asks.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use serde::de::{self, Deserializer as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use serde_json_path::PathElement;

use crate::rules::Path;
use crate::wire::string_value;

/// Deeper than this nothing is compared: no arguments of a tool are.
const DEPTH_MAX: usize = 100;

/// Longer than this nothing is read: what is asked for in so many words is not asked for twice.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// A longer key is none: it costs memory with every answer that is kept under it.
const KEY_BYTES_MAX: usize = 256 << 10;

/// Why something has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum NoKey {
    /// It is no JSON, too deep, or names a member twice, which readers understand in two ways.
    Unclear,
    /// It would be longer than all that is asked for twice.
    TooLong,
    /// No path finds anything: then all calls would be equal.
    NothingFound,
}

impl NoKey {
    /// For people.
    pub(in crate::rules) fn why(self) -> &'static str {
        match self {
            Self::Unclear => "its parameters cannot be compared",
            Self::TooLong => "its parameters are too long to be compared",
            Self::NothingFound => "no path of its key is in the arguments",
        }
    }
}

/// The canonical form of a JSON value.
pub(in crate::rules) fn canonical(raw: &str) -> Result<String, NoKey> {
    canonical_without(raw, "")
}

/// The canonical form of an object without one of its members; with no name, of any value.
pub(in crate::rules) fn canonical_without(raw: &str, name: &str) -> Result<String, NoKey> {
    if raw.len() > TEXT_BYTES_MAX {
        return Err(NoKey::TooLong);
    }
    let mut out = String::with_capacity(raw.len());
    write_canonical(raw, name, &mut out).ok_or(NoKey::Unclear)?;
    if out.len() > KEY_BYTES_MAX { Err(NoKey::TooLong) } else { Ok(out) }
}

/// The canonical form of what these paths find in a JSON value, each behind the path that found it. Finding nothing is
/// fine only if there is nothing, the member `without` left aside.
pub(in crate::rules) fn canonical_parts(raw: &str, without: &str, paths: &[Path]) -> Result<String, NoKey> {
    if raw.len() > TEXT_BYTES_MAX {
        return Err(NoKey::TooLong);
    }
    // The paths are asked of values in which long numbers have lost digits; what they find is read from the text.
    let value: Value = serde_json::from_str(raw).map_err(|_| NoKey::Unclear)?;
    let (mut out, mut texts, mut has_found) = (String::new(), Texts::default(), false);
    for path in paths {
        write!(out, "{:?}[", path.as_str()).expect("a String takes every write");
        for node in path.query().query_located(&value).iter() {
            let find = |part, element| texts.child(part, element);
            let part = node.location().iter().try_fold(raw, find).ok_or(NoKey::Unclear)?;
            write_canonical(part, "", &mut out).ok_or(NoKey::Unclear)?;
            out.push(',');
            has_found = true;
            if out.len() > KEY_BYTES_MAX {
                return Err(NoKey::TooLong);
            }
        }
        out.push(']');
    }
    let is_empty = match &value {
        Value::Object(members) => members.keys().all(|name| name == without),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => false,
    };
    if has_found || is_empty { Ok(out) } else { Err(NoKey::NothingFound) }
}

/// The texts of what stands in arrays and objects, each of which is taken apart once, however often something in it is
/// looked for.
#[derive(Default)]
struct Texts<'a>(HashMap<*const u8, Children<'a>>);

enum Children<'a> {
    Items(Vec<&'a RawValue>),
    Members(HashMap<String, &'a RawValue>),
}

impl<'a> Texts<'a> {
    fn child(&mut self, whole: &'a str, element: &PathElement<'_>) -> Option<&'a str> {
        // No two arrays or objects begin at the same place.
        let children = match self.0.entry(whole.as_ptr()) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => place.insert(Children::of(whole)?),
        };
        let child = match (children, element) {
            (Children::Items(items), PathElement::Index(index)) => items.get(*index),
            (Children::Members(members), PathElement::Name(name)) => members.get(*name),
            (Children::Items(_), PathElement::Name(_)) | (Children::Members(_), PathElement::Index(_)) => {
                None
            }
        };
        child.map(|child| child.get())
    }
}

impl<'a> Children<'a> {
    /// `None` also if a name stands there twice.
    fn of(whole: &'a str) -> Option<Self> {
        if whole.trim_start().starts_with('[') {
            return serde_json::from_str(whole).ok().map(Self::Items);
        }
        let mut reader = serde_json::Deserializer::from_str(whole);
        reader.deserialize_map(Members).ok().map(Self::Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = HashMap<String, &'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut members = HashMap::new();
        while let Some((name, value)) = from.next_entry::<String, &'de RawValue>()? {
            if members.insert(name, value).is_some() {
                return Err(de::Error::custom("a name that stands there twice"));
            }
        }
        Ok(members)
    }
}

fn write_canonical(raw: &str, without: &str, out: &mut String) -> Option<()> {
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
            assert_eq!(canonical(text), Err(NoKey::Unclear), "{text}");
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
        let key = |text: &str| canonical_parts(text, "", &paths);
        assert!(key(r#"{"city":"Rome"}"#).is_ok());
        assert_eq!(key(r#"{"city":"Rome","units":"C"}"#), key(r#"{"units":"F","city":"R\u006fme"}"#));
        assert_ne!(key(r#"{"city":"Rome"}"#), key(r#"{"city":"Oslo"}"#));
        assert_ne!(key(r#"{"days":[9007199254740993]}"#), key(r#"{"days":[9007199254740992]}"#));
        assert_ne!(key(r#"{"days":[1]}"#), key(r#"{"city":1}"#));
    }

    fn parts(text: &str, path: &str) -> Result<String, NoKey> {
        canonical_parts(text, "", &[path.parse().unwrap()])
    }

    #[test]
    fn a_key_says_which_paths_it_is_made_of() {
        let text = r#"{"from":"Rome","to":"Rome"}"#;
        assert!(parts(text, "$.from").is_ok());
        assert_ne!(parts(text, "$.from"), parts(text, "$.to"));
    }

    #[test]
    fn paths_that_find_nothing_make_no_key_unless_there_is_nothing() {
        assert_eq!(parts(r#"{"city":"Rome"}"#, "$.citty"), Err(NoKey::NothingFound));
        assert_eq!(parts("[1]", "$.citty"), Err(NoKey::NothingFound));
        assert!(parts("{}", "$.city").is_ok());
        let beside_meta = |without| canonical_parts(r#"{"_meta":{}}"#, without, &["$.uri".parse().unwrap()]);
        assert_eq!((beside_meta("_meta").is_ok(), beside_meta("")), (true, Err(NoKey::NothingFound)));
    }

    #[test]
    fn a_name_that_stands_there_twice_makes_no_key() {
        assert_eq!(parts(r#"{"city":"Rome","c\u0069ty":"Oslo"}"#, "$.city"), Err(NoKey::Unclear));
    }

    #[test]
    fn a_key_of_many_parts_holds_them_all() {
        let list = |count: usize| {
            let items: Vec<_> = (0..count).map(|n| format!("{{\"id\":{n}}}")).collect();
            format!("{{\"items\":[{}]}}", items.join(","))
        };
        // Taking the list apart anew for each of its items would be hundreds of millions of steps.
        assert!(parts(&list(24_000), "$.items[*].id").unwrap().contains("23999"));
    }

    #[test]
    fn what_would_be_a_long_key_is_none() {
        let long = format!("{{\"a\":\"{}\",\"b\":1}}", "x".repeat(KEY_BYTES_MAX));
        assert_eq!(canonical(&long), Err(NoKey::TooLong));
        assert_eq!(parts(&long, "$.a"), Err(NoKey::TooLong));
        assert!(parts(&long, "$.b").is_ok());
        assert_eq!(parts(&format!("[\"{}\"]", "x".repeat(TEXT_BYTES_MAX)), "$[0]"), Err(NoKey::TooLong));
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
                prop_assert!(canonical(&text).is_ok());
            } else {
                let _ = canonical(&text);
            }
        }
    }
}
