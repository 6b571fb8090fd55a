//! Walks over a JSON text without recursion and reports where each value lies; it does not know tokens.
//!
//! Every byte of the text is owned by exactly one value: a member or element owns the blanks in front of it, its
//! key, colon, value and the comma behind; a container also owns its brackets and the blanks before the closing one.

use std::ops::Range;

use thiserror::Error;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// As written; never converted.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// The text is not one JSON value (RFC 8259).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not JSON: expected {expected} at byte {at}")]
pub struct ScanError {
    /// Where in the text the scan ended, in bytes.
    pub at: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

/// A value begins. Offsets are bytes of the scanned text.
pub(crate) struct Opening {
    /// The first byte that belongs to the value.
    pub(crate) owned_from: usize,
    /// The literal of the member's name with its quotes; `None` for elements and the root.
    pub(crate) key: Option<Range<usize>>,
    pub(crate) kind: ValueKind,
    /// The first byte of the value itself.
    pub(crate) value_from: usize,
}

/// Receives the values of a text in document order, containers around their contents.
pub(crate) trait Sink {
    fn open(&mut self, opening: Opening);
    /// The innermost open value ended: itself before `value_end`, what it owns before `owned_to`.
    fn close(&mut self, value_end: usize, owned_to: usize);
}

/// Reports every value of `json` to `sink`. On an error the sink has seen the values before it.
pub(crate) fn scan(json: &str, sink: &mut impl Sink) -> Result<(), ScanError> {
    let mut scanner = Scanner { bytes: json.as_bytes(), at: 0, containers: Vec::new() };
    let (mut owned_from, mut key) = (0, None);
    loop {
        scanner.skip_blanks();
        let value_from = scanner.at;
        let kind = scanner.kind()?;
        sink.open(Opening { owned_from, key: key.take(), kind, value_from });
        if scanner.value(kind)? {
            // A container with contents: its first member or element follows.
            owned_from = value_from + 1;
            key = scanner.key()?;
            continue;
        }
        match scanner.after_value(sink)? {
            Some(next) => (owned_from, key) = next,
            None => return Ok(()),
        }
    }
}

/// How many bytes at the start of `rest` stand for themselves in a string: up to a quote, a backslash or a control
/// character, which may not stand there. Eight bytes are tested at once.
fn plain_bytes(rest: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    // The high bit of each zero byte, and of none before the first zero byte.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (words, _) = rest.as_chunks::<8>();
    for (index, &word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(word);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let quotes = zeros(word ^ (ONES * u64::from(b'"')));
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let ends = quotes | backslashes | controls;
        if ends != 0 {
            return index * 8 + ends.trailing_zeros() as usize / 8;
        }
    }
    let from = words.len() * 8;
    let ends = |&byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    rest[from..].iter().position(ends).map_or(rest.len(), |at| from + at)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The open containers, outermost first: `true` for objects. Bounded by the text.
    containers: Vec<bool>,
}

/// Where the next member or element begins to own, and the literal of its name if it has one.
type Next = (usize, Option<Range<usize>>);

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, ScanError> {
        Err(ScanError { at: self.at, expected })
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), ScanError> {
        if self.peek() != Some(byte) {
            return self.expected(expected);
        }
        self.at += 1;
        Ok(())
    }

    fn kind(&self) -> Result<ValueKind, ScanError> {
        match self.peek() {
            Some(b'{') => Ok(ValueKind::Object),
            Some(b'[') => Ok(ValueKind::Array),
            Some(b'"') => Ok(ValueKind::String),
            Some(b'-' | b'0'..=b'9') => Ok(ValueKind::Number),
            Some(b't' | b'f') => Ok(ValueKind::Bool),
            Some(b'n') => Ok(ValueKind::Null),
            _ => self.expected("a value"),
        }
    }

    /// Goes behind the value, or, for a container with contents, to its first member or element (then `true`).
    fn value(&mut self, kind: ValueKind) -> Result<bool, ScanError> {
        match kind {
            ValueKind::Object | ValueKind::Array => return Ok(self.enter(kind == ValueKind::Object)),
            ValueKind::String => self.string()?,
            ValueKind::Number => self.number()?,
            ValueKind::Bool if self.peek() == Some(b't') => self.word("true")?,
            ValueKind::Bool => self.word("false")?,
            ValueKind::Null => self.word("null")?,
        }
        Ok(false)
    }

    fn enter(&mut self, object: bool) -> bool {
        self.at += 1;
        self.skip_blanks();
        if self.peek() == Some(if object { b'}' } else { b']' }) {
            self.at += 1;
            return false;
        }
        self.containers.push(object);
        true
    }

    /// The name of the next member and its colon, in an object; nothing in an array.
    fn key(&mut self) -> Result<Option<Range<usize>>, ScanError> {
        if self.containers.last() != Some(&true) {
            return Ok(None);
        }
        self.skip_blanks();
        if self.peek() != Some(b'"') {
            return self.expected("a member's name in quotes");
        }
        let from = self.at;
        self.string()?;
        let key = from..self.at;
        self.skip_blanks();
        self.take(b':', "a colon")?;
        Ok(Some(key))
    }

    /// Closes the value that just ended and every container that ends behind it; `None` at the end of the text.
    fn after_value(&mut self, sink: &mut impl Sink) -> Result<Option<Next>, ScanError> {
        loop {
            let value_end = self.at;
            self.skip_blanks();
            let Some(&object) = self.containers.last() else {
                if self.at < self.bytes.len() {
                    return self.expected("the end of the text");
                }
                sink.close(value_end, self.at);
                return Ok(None);
            };
            match (self.peek(), object) {
                (Some(b','), _) => {
                    self.at += 1;
                    let owned_from = self.at;
                    sink.close(value_end, owned_from);
                    return Ok(Some((owned_from, self.key()?)));
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    sink.close(value_end, value_end);
                    self.at += 1;
                    self.containers.pop();
                }
                (_, true) => return self.expected("a comma or }"),
                (_, false) => return self.expected("a comma or ]"),
            }
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), ScanError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.expected(word);
        }
        self.at += word.len();
        Ok(())
    }

    fn string(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        loop {
            self.at += plain_bytes(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                _ => return self.expected("the end of a string"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return self.expected("four hexadecimal digits");
                    }
                    self.at += 1;
                }
            }
            _ => return self.expected("an escape sequence"),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), ScanError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), ScanError> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return self.expected("a digit");
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes down what was owned, so that a test can see that every byte was, once.
    #[derive(Default)]
    struct Owned {
        depth: usize,
        values: usize,
    }

    impl Sink for Owned {
        fn open(&mut self, opening: Opening) {
            assert!(opening.owned_from <= opening.value_from);
            self.depth += 1;
            self.values += 1;
        }

        fn close(&mut self, value_end: usize, owned_to: usize) {
            assert!(value_end <= owned_to);
            self.depth -= 1;
        }
    }

    fn values(json: &str) -> Result<usize, ScanError> {
        let mut owned = Owned::default();
        scan(json, &mut owned)?;
        assert_eq!(owned.depth, 0);
        Ok(owned.values)
    }

    #[test]
    fn every_value_is_reported() {
        assert_eq!(
            values("{\"a\": [1, -2.5e+3, \"x\\u00e9\\n\"], \"b\": {}, \"c\": [ ], \"d\": null}"),
            Ok(8)
        );
        assert_eq!(values("  true\n"), Ok(1));
    }

    #[test]
    fn an_error_says_what_was_expected_and_where() {
        for (json, at, expected) in [
            ("", 0, "a value"),
            ("[1 2]", 3, "a comma or ]"),
            ("{\"a\" 1}", 5, "a colon"),
            ("[1,]", 3, "a value"),
            ("{} x", 3, "the end of the text"),
            ("\"\\x\"", 2, "an escape sequence"),
            ("nul", 0, "null"),
        ] {
            assert_eq!(values(json), Err(ScanError { at, expected }), "{json}");
        }
    }

    #[test]
    fn a_plain_stretch_ends_at_the_first_byte_that_means_something() {
        for end in 0..=u8::MAX {
            let special = matches!(end, b'"' | b'\\' | 0..0x20);
            for length in 0..20 {
                let mut bytes = vec![0xC3; length];
                bytes.extend([end, b'"', b'x', 0x80, 0xFF, b'!', b'#', b'[', b']']);
                assert_eq!(plain_bytes(&bytes), length + usize::from(!special), "{end:#x} after {length}");
            }
            assert_eq!(plain_bytes(&[end; 30]), if special { 0 } else { 30 });
        }
    }

    #[test]
    fn a_million_nested_arrays_are_walked_without_recursion() {
        let depth = 1_000_000;
        assert_eq!(values(&("[".repeat(depth) + &"]".repeat(depth))), Ok(depth));
        assert_eq!(values(&"[".repeat(depth)).unwrap_err().expected, "a value");
    }

    proptest! {
        #[test]
        fn the_scanner_accepts_what_serde_accepts(text in "[\\[\\]{}:,\"0-2.eE+tfn\\\\u \\n-]{0,24}") {
            let serde = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(values(&text).is_ok(), serde);
        }
    }
}
