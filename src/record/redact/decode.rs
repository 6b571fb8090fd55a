//! What a JSON string says, and where each byte of that stands in the text.
//!
//! Lenient, since it only serves looking: an escape that means nothing stands for itself.

use std::borrow::Cow;
use std::ops::Range;

/// The content of a JSON string, unescaped.
#[derive(Clone, Debug)]
pub(super) struct Decoded<'a> {
    text: Cow<'a, [u8]>,
    /// Where it does not go on byte by byte: positions in the text and in the source, in order.
    jumps: Vec<(usize, usize)>,
}

impl<'a> Decoded<'a> {
    /// Of what stands between the quotes.
    pub(super) fn of(source: &'a [u8]) -> Self {
        if memchr::memchr(b'\\', source).is_none() {
            return Self { text: Cow::Borrowed(source), jumps: Vec::new() };
        }
        let (mut text, mut jumps) = (Vec::with_capacity(source.len()), Vec::new());
        let mut at = 0;
        while let Some(next) = memchr::memchr(b'\\', &source[at..]) {
            text.extend_from_slice(&source[at..at + next]);
            at += next;
            jumps.push((text.len(), at));
            at += escape(&source[at..], &mut text);
            jumps.push((text.len(), at));
        }
        text.extend_from_slice(&source[at..]);
        Self { text: Cow::Owned(text), jumps }
    }

    /// What it says; half a surrogate pair as the replacement character.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where a part of the text stands in the source. A part of a character's escape is all of it.
    pub(super) fn place(&self, range: &Range<usize>) -> Range<usize> {
        self.start(range.start)..self.end(range.end)
    }

    fn start(&self, at: usize) -> usize {
        let next = self.jumps.partition_point(|(text, _)| *text <= at);
        match next.checked_sub(1).map(|last| self.jumps[last]) {
            None => at,
            Some((text, source)) if Self::is_escape(next - 1) && at > text => source,
            Some((text, source)) => source + (at - text),
        }
    }

    fn end(&self, at: usize) -> usize {
        // A part that ends where an escape begins ends before it.
        let next = self.jumps.partition_point(|(text, _)| *text < at);
        match next.checked_sub(1).map(|last| self.jumps[last]) {
            None => at,
            Some(_) if Self::is_escape(next - 1) => self.jumps.get(next).map_or(0, |(_, source)| *source),
            Some((text, source)) => source + (at - text),
        }
    }

    /// Whether an escape begins at this jump: they come in pairs.
    fn is_escape(jump: usize) -> bool {
        jump.is_multiple_of(2)
    }
}

/// Reads the escape that the source begins with; returns how long it is.
fn escape(source: &[u8], text: &mut Vec<u8>) -> usize {
    let byte = match source.get(1) {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'u') => return unicode(source, text),
        Some(byte) => *byte,
        None => {
            text.push(b'\\');
            return 1;
        }
    };
    text.push(byte);
    2
}

fn unicode(source: &[u8], text: &mut Vec<u8>) -> usize {
    let unit = |at: usize| {
        let digits = source.get(at..at + 6).filter(|digits| digits.starts_with(b"\\u"))?;
        u32::from_str_radix(std::str::from_utf8(&digits[2..]).ok()?, 16).ok()
    };
    let mut push = |character: char| {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    };
    match (unit(0), unit(6)) {
        (Some(high @ 0xd800..0xdc00), Some(low @ 0xdc00..0xe000)) => {
            let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            12
        }
        (Some(code), _) => {
            push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            6
        }
        (None, _) => {
            push('\\');
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn json_string() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-zé🎉]",
            Just("\\n".to_owned()),
            Just("\\\"".to_owned()),
            Just("\\/".to_owned()),
            Just("\\\\".to_owned()),
            Just("\\u00e9".to_owned()),
            Just("\\ud83c\\udf89".to_owned()),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_string_is_read_as_json_reads_it(source in json_string()) {
            let whole: String = serde_json::from_str(&format!("\"{source}\"")).unwrap();
            let decoded = Decoded::of(source.as_bytes());
            prop_assert_eq!(decoded.text(), whole.as_bytes());
        }

        #[test]
        fn a_part_of_the_text_is_found_in_the_source(source in json_string(), cut in any::<[prop::sample::Index; 2]>()) {
            let decoded = Decoded::of(source.as_bytes());
            let text = String::from_utf8(decoded.text().to_vec()).unwrap();
            let borders: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            let (a, b) = (borders[cut[0].index(borders.len())], borders[cut[1].index(borders.len())]);
            let range = a.min(b)..a.max(b);
            let place = decoded.place(&range);
            if !range.is_empty() {
                let part = Decoded::of(&source.as_bytes()[place.clone()]);
                prop_assert_eq!(part.text(), text[range].as_bytes());
            }
            prop_assert!(place.start <= place.end || a == b);
        }
    }
}
