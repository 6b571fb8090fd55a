//! JSON strings as they were written: cut into lines, unescaped, or recognised as JSON themselves.
//!
//! Knows nothing of trees.

use std::borrow::Cow;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::ui::widgets::clip;

/// Cuts the inside of a string (its quotes left out) into pieces of at most `cells` cells: after each escaped
/// newline, else at the last blank, else in the middle of a word. Escapes stay whole and as they were written.
#[must_use]
pub fn pieces(text: &[u8], string: &Range<u32>, cells: usize) -> Vec<Range<u32>> {
    let (start, end) = (string.start + 1, string.end.saturating_sub(1));
    let inner = text.get(start as usize..end as usize).unwrap_or_default();
    let Ok(inner) = std::str::from_utf8(inner) else { return Vec::new() };
    let mut cut = Cut { pieces: Vec::new(), begun: 0, blank: None, used: 0, since_blank: 0 };
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let mut width = c.width().unwrap_or(0);
        let mut after = at + c.len_utf8();
        let mut is_newline = false;
        if c == '\\'
            && let Some((next, escaped)) = chars.next()
        {
            after = next + escaped.len_utf8();
            width += 1;
            is_newline = escaped == 'n';
            if escaped == 'u' {
                let digits = chars.by_ref().take(4).map(|(digit, c)| digit + c.len_utf8()).last();
                after = digits.unwrap_or(after);
                width += 4;
            }
        }
        cut.add(at, after, width, c == ' ', cells);
        if is_newline {
            cut.end(after);
        }
    }
    cut.end(inner.len());
    cut.pieces.into_iter().map(|(from, to)| start + from..start + to).collect()
}

/// A line under construction; places are bytes from the string's beginning.
struct Cut {
    pieces: Vec<(u32, u32)>,
    begun: usize,
    /// The place after the last blank.
    blank: Option<usize>,
    used: usize,
    since_blank: usize,
}

impl Cut {
    fn add(&mut self, at: usize, after: usize, width: usize, is_blank: bool, cells: usize) {
        if self.used + width > cells && at > self.begun {
            let blank = self.blank.filter(|blank| *blank > self.begun);
            let carried = if blank.is_some() { self.since_blank } else { 0 };
            self.end(blank.unwrap_or(at));
            self.used = carried;
        }
        self.used += width;
        self.since_blank += width;
        if is_blank {
            self.blank = Some(after);
            self.since_blank = 0;
        }
    }

    fn end(&mut self, at: usize) {
        if at > self.begun
            && let (Ok(from), Ok(to)) = (u32::try_from(self.begun), u32::try_from(at))
        {
            self.pieces.push((from, to));
        }
        self.begun = at;
        self.blank = None;
        self.used = 0;
        self.since_blank = 0;
    }
}

/// Whether a string as written may hold a JSON object or array; only a look at its ends.
#[must_use]
pub fn may_hold_json(written: &[u8]) -> bool {
    let inner = written.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or_default();
    let Ok(ends) = std::str::from_utf8(inner) else { return false };
    let blank = |end: &str| -> bool { matches!(end, "n" | "r" | "t") };
    let mut head = ends;
    loop {
        head = head.trim_start_matches(' ');
        match head.strip_prefix('\\').and_then(|rest| rest.get(..1)) {
            Some(escaped) if blank(escaped) => head = &head[2..],
            _ => break,
        }
    }
    let mut tail = ends;
    loop {
        tail = tail.trim_end_matches(' ');
        match tail.get(tail.len().saturating_sub(2)..) {
            Some("\\n" | "\\r" | "\\t") => tail = &tail[..tail.len() - 2],
            _ => break,
        }
    }
    (head.starts_with('{') && tail.ends_with('}')) || (head.starts_with('[') && tail.ends_with(']'))
}

/// A part of a string as written with the letters that are escaped though they need not be, as Python's `json` does with all
/// that are not ASCII; other escapes, and what has no look of its own, stay as they are.
#[must_use]
pub fn legible(written: &str) -> Cow<'_, str> {
    if !written.contains("\\u") {
        return Cow::Borrowed(written);
    }
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (letter, len) = match escaped_letter(rest) {
            Some(found) => found,
            // The backslash and what it escapes, which may be another one.
            None => (None, 1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
        };
        match letter {
            Some(letter) => text.push(letter),
            None => text.push_str(&rest[..len]),
        }
        rest = &rest[len..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The letter that an escape at the beginning of a text stands for, if it can be shown, and how long the escape is; `None` if
/// there is no such escape.
fn escaped_letter(text: &str) -> Option<(Option<char>, usize)> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let first = unit(text)?;
    let both: Vec<u16> = std::iter::once(first).chain(unit(&text[6..])).collect();
    let (letter, len) = match char::decode_utf16(both).next()? {
        Ok(letter) => (letter, if letter.len_utf16() == 2 { 12 } else { 6 }),
        Err(_) => return Some((None, 6)),
    };
    Some((Some(letter).filter(|letter| !letter.is_ascii() && !clip::acts(*letter)), len))
}

/// The text that a string as written stands for; `None` if it is not one, or holds half a surrogate pair.
#[must_use]
pub fn unescape(written: &[u8]) -> Option<String> {
    serde_json::from_slice(written).ok()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use proptest::prelude::*;

    fn cut(written: &str, cells: usize) -> Vec<&str> {
        let end = u32::try_from(written.len()).unwrap();
        let ranges = pieces(written.as_bytes(), &(0..end), cells);
        ranges.into_iter().map(|range| &written[range.start as usize..range.end as usize]).collect()
    }

    #[test]
    fn lines_end_after_newlines_at_blanks_and_in_long_words() {
        assert_eq!(cut(r#""one\ntwo three four\n""#, 10), [r"one\n", "two three ", r"four\n"]);
        assert_eq!(cut(r#""abcdefgh""#, 3), ["abc", "def", "gh"]);
        assert_eq!(cut(r#""a bcdefgh""#, 5), ["a ", "bcdef", "gh"]);
        assert_eq!(cut(r#""""#, 5), [""; 0]);
    }

    #[test]
    fn escapes_are_never_cut() {
        assert_eq!(cut(r#""ab\u00e9cd""#, 7), ["ab", r"\u00e9c", "d"]);
        assert_eq!(cut(r#""a\\n\"b""#, 4), [r"a\\n", r#"\"b"#]);
    }

    #[test]
    fn escaped_letters_are_shown_and_nothing_else_is() {
        for (written, shown) in [
            (r"\u65e5\u672c \u00e9t\u00E9", "日本 été"),
            (r"\ud83d\ude00\n\\u65e5", "😀\\n\\\\u65e5"),
            (r"\u0041 \u001b[2J \u202e \ud83d \u12", r"\u0041 \u001b[2J \u202e \ud83d \u12"),
            (r"plain \", r"plain \"),
        ] {
            assert_eq!(legible(written), shown, "{written}");
        }
    }

    #[test]
    fn json_is_told_by_its_ends() {
        for (written, may) in [
            (r#""{\"a\":1}""#, true),
            (r#""\n  [1]\r\n ""#, true),
            (r#""{a""#, false),
            (r#""text""#, false),
            (r#""""#, false),
        ] {
            assert_eq!(may_hold_json(written.as_bytes()), may, "{written}");
        }
    }

    proptest! {
        #[test]
        fn what_is_legible_says_the_same(text in any::<String>(), rest in "[\\\\u0-9a-fé]{0,12}") {
            let mut ascii = String::new();
            for unit in text.encode_utf16() {
                write!(ascii, "\\u{unit:04x}").unwrap();
            }
            let shown = legible(&ascii).into_owned();
            prop_assert_eq!(unescape(format!("\"{shown}\"").as_bytes()), Some(text));
            let _ = legible(&rest);
        }

        #[test]
        fn the_pieces_of_any_string_are_the_string_and_fit(text in any::<String>(), cells in 8usize..40) {
            let written = serde_json::to_string(&text).unwrap();
            let pieces = cut(&written, cells);
            prop_assert_eq!(&format!("\"{}\"", pieces.concat()), &written);
            for piece in pieces {
                prop_assert!(crate::ui::widgets::clip::width(piece) <= cells + 1, "{piece:?}");
            }
        }
    }
}
