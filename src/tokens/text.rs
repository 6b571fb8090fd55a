//! Reads JSON string literals and picks members out of raw JSON; it does not know tokens.

use std::borrow::Cow;
use std::ops::Range;

use super::scan::{Opening, ScanError, Sink, ValueKind, scan};

/// Where, from `text_at` of the unescaped text on, its bytes stand in the literal: `raw_at` and following.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) text_at: u32,
    pub(super) raw_at: u32,
}

impl Step {
    fn at(text_at: usize, raw_at: usize) -> Self {
        let byte = |at: usize| u32::try_from(at).expect("texts of 4 GB are refused");
        Self { text_at: byte(text_at), raw_at: byte(raw_at) }
    }
}

/// The text that a valid literal (with its quotes) stands for, and the steps that lead back to the literal, which is
/// shorter than 4 GB. A lone surrogate, which no text can hold, becomes U+FFFD.
pub(super) fn unescape_with_steps(literal: &str) -> (String, Vec<Step>) {
    let mut steps = vec![Step::at(0, 1)];
    let text = unescape_telling(literal, |text_at, raw_at| steps.push(Step::at(text_at, raw_at)));
    (text, steps)
}

/// Calls `step` behind every escape with the offsets reached in the text and in the literal.
fn unescape_telling(literal: &str, mut step: impl FnMut(usize, usize)) -> String {
    let mut text = String::with_capacity(literal.len());
    let inner = &literal[..literal.len().saturating_sub(1)];
    let (mut plain_from, mut at) = (1, 1);
    while let Some(&byte) = inner.as_bytes().get(at) {
        if byte != b'\\' {
            at += 1;
            continue;
        }
        text.push_str(&inner[plain_from..at]);
        let (c, length) = escaped(&inner[at..]);
        text.push(c);
        at += length;
        plain_from = at;
        step(text.len(), at);
    }
    text.push_str(inner.get(plain_from..).unwrap_or(""));
    text
}

/// The text that a valid literal (with its quotes) stands for.
pub(super) fn unescape(literal: &str) -> Cow<'_, str> {
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or("");
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    Cow::Owned(unescape_telling(literal, |_, _| {}))
}

/// The character at the start of `escape`, which begins with a backslash, and the bytes it takes there.
fn escaped(escape: &str) -> (char, usize) {
    match escape.as_bytes().get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{C}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => escaped_unit(escape),
        Some(&other) => (char::from(other), 2),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// `\uXXXX`, or two of them that form a surrogate pair.
fn escaped_unit(escape: &str) -> (char, usize) {
    let unit = |at: usize| {
        let digits = escape.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else { return (char::REPLACEMENT_CHARACTER, escape.len().min(6)) };
    let second = unit(6).filter(|second| (0xDC00..0xE000).contains(second));
    match (char::from_u32(u32::from(first)), second) {
        (Some(c), _) => (c, 6),
        (None, Some(second)) => match char::decode_utf16([first, second]).next() {
            Some(Ok(c)) => (c, 12),
            _ => (char::REPLACEMENT_CHARACTER, 6),
        },
        (None, None) => (char::REPLACEMENT_CHARACTER, 6),
    }
}

/// Collects the raw values one level below the root.
#[derive(Default)]
struct FirstLevel {
    depth: usize,
    root: Option<ValueKind>,
    current: (Option<Range<usize>>, usize),
    found: Vec<(Option<Range<usize>>, Range<usize>)>,
}

impl Sink for FirstLevel {
    fn open(&mut self, opening: Opening) {
        match self.depth {
            0 => self.root = Some(opening.kind),
            1 => self.current = (opening.key, opening.value_from),
            _ => {}
        }
        self.depth += 1;
    }

    fn close(&mut self, value_end: usize, _owned_to: usize) {
        self.depth -= 1;
        if self.depth == 1 {
            let (key, from) = (self.current.0.take(), self.current.1);
            self.found.push((key, from..value_end));
        }
    }
}

/// The members of a JSON object as raw text; of members with one name the last one counts, as in JavaScript.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    /// `None` inside `Ok` if the value is not an object.
    pub(super) fn of(json: &'a str) -> Result<Option<Self>, ScanError> {
        let mut level = FirstLevel::default();
        scan(json, &mut level)?;
        if level.root != Some(ValueKind::Object) {
            return Ok(None);
        }
        let members =
            level.found.into_iter().filter_map(|(key, value)| Some((unescape(&json[key?]), &json[value])));
        Ok(Some(Self(members.collect())))
    }

    /// The raw value of a member.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|&(_, value)| value)
    }

    /// The text of a member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).filter(|value| value.starts_with('"')).map(unescape)
    }

    /// All members in order, repeated names included.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }
}

/// The elements of a JSON array as raw text; `None` inside `Ok` if the value is not an array.
pub(super) fn elements(json: &str) -> Result<Option<Vec<&str>>, ScanError> {
    let mut level = FirstLevel::default();
    scan(json, &mut level)?;
    Ok((level.root == Some(ValueKind::Array))
        .then(|| level.found.into_iter().map(|(_, value)| &json[value]).collect()))
}

/// The same JSON as a client writes it after parsing: no blanks between tokens, and in strings only the escapes
/// that JSON demands. Numbers and the order of members stay as they were. `json` must be valid.
pub(super) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(['"', ' ', '\n', '\r', '\t']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('"') {
            let end = literal_end(rest);
            write_literal(&mut out, &unescape(&rest[..end]));
            rest = &rest[end..];
        } else {
            rest = rest.trim_start_matches([' ', '\n', '\r', '\t']);
        }
    }
    out.push_str(rest);
    out
}

/// The length of the literal that `text` starts with.
fn literal_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while let Some(step) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += step;
        if bytes[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// Writes `text` as `JSON.stringify` does.
pub(super) fn write_literal(out: &mut String, text: &str) {
    use std::fmt::Write as _;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{C}' => out.push_str("\\f"),
            c if c < ' ' => {
                write!(out, "\\u{:04x}", u32::from(c)).expect("writing to a String cannot fail");
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_are_found_by_their_unescaped_name_and_the_last_one_counts() {
        let members = Members::of(r#"{ "a": 1, "\u0062": {"a": 2}, "a": [3, 4] }"#).unwrap().unwrap();
        assert_eq!(members.get("a"), Some("[3, 4]"));
        assert_eq!(members.get("b"), Some("{\"a\": 2}"));
        assert_eq!(elements("[1, [2, 3], \"x\"]"), Ok(Some(vec!["1", "[2, 3]", "\"x\""])));
        assert_eq!(elements("{}"), Ok(None));
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        assert_eq!(unescape(r#""\ud83d\ude00 \ud83d x \ud83d\u0041""#), "😀 \u{FFFD} x \u{FFFD}A");
    }

    #[test]
    fn compact_json_keeps_order_numbers_and_blanks_within_strings() {
        let json = "{ \"b\" : [ 1.0 , 1e2 ],\n\t\"a\": \"x  y\\u00e9\\/ \\\"\" }";
        assert_eq!(compact(json), "{\"b\":[1.0,1e2],\"a\":\"x  yé/ \\\"\"}");
    }

    proptest! {
        #[test]
        fn unescaping_undoes_escaping_and_every_byte_leads_back(text in any::<String>()) {
            for literal in [serde_json::to_string(&text).unwrap(), ascii_literal(&text)] {
                let (unescaped, steps) = unescape_with_steps(&literal);
                prop_assert_eq!(&unescaped, &text);
                prop_assert_eq!(&unescape(&literal), &text);
                for pair in steps.windows(2) {
                    prop_assert!(pair[0].text_at < pair[1].text_at && pair[0].raw_at < pair[1].raw_at);
                }
                for (at, c) in text.char_indices() {
                    let step = steps.iter().rev().find(|step| step.text_at as usize <= at).unwrap();
                    let raw = &literal[step.raw_at as usize + at - step.text_at as usize..];
                    prop_assert!(raw.starts_with(c) || raw.starts_with('\\'));
                }
            }
        }

        #[test]
        fn a_written_literal_is_what_serde_writes(text in any::<String>()) {
            let mut literal = String::new();
            write_literal(&mut literal, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
        }
    }

    /// Every character as `\uXXXX`, as some servers write.
    fn ascii_literal(text: &str) -> String {
        use std::fmt::Write as _;
        let mut literal = String::from("\"");
        for unit in text.encode_utf16() {
            write!(literal, "\\u{unit:04X}").unwrap();
        }
        literal + "\""
    }
}
