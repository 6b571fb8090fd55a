//! Event streams byte for byte: where events end, and one with other data in its place.
//!
//! For who passes events on and changes single ones. What events are is said in [`sse`](super::sse), by the HTML standard.

use std::borrow::Cow;

/// Finds the ends of events in a stream that comes in pieces.
#[derive(Clone, Copy, Debug)]
pub struct EventEnds {
    /// Nothing has been read of the line that is being read.
    at_line_start: bool,
    /// The last byte was a carriage return: a newline behind it belongs to it.
    after_cr: bool,
    /// There is a line in the event that is being read.
    has_line: bool,
}

impl Default for EventEnds {
    fn default() -> Self {
        Self { at_line_start: true, after_cr: false, has_line: false }
    }
}

impl EventEnds {
    /// How many of these bytes, the next of the stream, belong to the event that is being read, its blank line included.
    /// `None`: all of them, and it goes on.
    pub fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if std::mem::take(&mut self.after_cr) && bytes[at] == b'\n' {
                at += 1;
                continue;
            }
            let Some(end) = memchr::memchr2(b'\r', b'\n', &bytes[at..]) else {
                self.at_line_start = false;
                self.has_line = true;
                return None;
            };
            let is_blank = self.at_line_start && end == 0;
            self.has_line |= !is_blank;
            self.after_cr = bytes[at + end] == b'\r';
            self.at_line_start = true;
            at += end + 1;
            if is_blank && std::mem::take(&mut self.has_line) {
                // The rest of a line end in two bytes belongs to it, if it is there already.
                if self.after_cr && bytes.get(at) == Some(&b'\n') {
                    self.after_cr = false;
                    at += 1;
                }
                return Some(at);
            }
        }
        None
    }
}

/// What some programs put at the beginning of any text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The `data` lines of an event joined by newlines; `None` if there is none.
#[must_use]
pub fn data(event: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut values = lines(event).filter_map(|line| value(line.text));
    let first = values.next()?;
    let mut data = Cow::Borrowed(first);
    for value in values {
        let data = data.to_mut();
        data.push(b'\n');
        data.extend_from_slice(value);
    }
    Some(data)
}

/// Whether an event has an id, behind which its stream can be taken up again.
#[must_use]
pub fn has_id(event: &[u8]) -> bool {
    lines(event).any(|line| line.text.strip_prefix(b"id:").is_some_and(|id| !id.trim_ascii().is_empty()))
}

/// The event with this text as its data, on one line in the place of the first; every other byte stays. Line breaks in
/// the text, which in JSON only stand between values, become blanks.
#[must_use]
pub fn with_data(event: &[u8], text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(event.len() + text.len());
    let mut is_written = false;
    for line in lines(event) {
        if value(line.text).is_none() {
            if out.last() == Some(&b'\r') && line.whole.first() == Some(&b'\n') {
                // What stood between them is gone: together they would be one line end.
                out.push(b'\n');
            }
            out.extend_from_slice(line.whole);
        } else if !std::mem::replace(&mut is_written, true) {
            let before = line.whole.len() - line.text.len() - line.end.len();
            out.extend_from_slice(&line.whole[..before]);
            write_data(&mut out, text);
            out.extend_from_slice(line.end);
        }
    }
    out
}

/// An event with this text as its data and nothing else.
#[must_use]
pub fn event_of(text: &[u8]) -> Vec<u8> {
    let mut out = b"event: message\n".to_vec();
    write_data(&mut out, text);
    out.extend_from_slice(b"\n\n");
    out
}

fn write_data(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(b"data: ");
    let begin = out.len();
    out.extend_from_slice(text);
    let breaks = out[begin..].iter_mut().filter(|byte| matches!(byte, b'\r' | b'\n'));
    breaks.for_each(|byte| *byte = b' ');
}

/// A line: its text, what ends it, and both with what may stand before.
struct Line<'a> {
    whole: &'a [u8],
    text: &'a [u8],
    end: &'a [u8],
}

fn lines(event: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut rest = event;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let text_len = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let end_len = match &rest[text_len..] {
            [b'\r', b'\n', ..] => 2,
            [] => 0,
            _ => 1,
        };
        let (whole, behind) = rest.split_at(text_len + end_len);
        rest = behind;
        let (text, end) = whole.split_at(text_len);
        Some(Line { whole, text: text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text), end })
    })
}

/// The value of a `data` line: behind the colon and one blank; empty where there is no colon.
fn value(line: &[u8]) -> Option<&[u8]> {
    match line.strip_prefix(b"data")? {
        [] => Some(&[]),
        [b':', value @ ..] => Some(value.strip_prefix(b" ").unwrap_or(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sse::SseSplitter;
    use proptest::prelude::*;

    fn cut(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut ends, mut cut, mut open) = (EventEnds::default(), Vec::new(), Vec::new());
        for chunk in chunks {
            let mut rest = *chunk;
            while let Some(len) = ends.find(rest) {
                open.extend_from_slice(&rest[..len]);
                cut.push(std::mem::take(&mut open));
                rest = &rest[len..];
            }
            open.extend_from_slice(rest);
        }
        cut.push(open);
        cut
    }

    #[test]
    fn an_event_ends_with_its_blank_line_whatever_ends_lines() {
        let cut = cut(&[b"id: 7\ndata: \n\n: ping\r\n\r\ndata: a\r\rdata: b"]);
        let wanted: [&[u8]; 4] = [b"id: 7\ndata: \n\n", b": ping\r\n\r\n", b"data: a\r\r", b"data: b"];
        assert_eq!(cut, wanted);
    }

    #[test]
    fn only_the_data_of_an_event_changes() {
        let event = b": c\r\nid: 8\ndata: {\"a\":\ndata:1}\nevent: message\nretry: 3\r\n\n";
        assert_eq!(data(event).unwrap(), &b"{\"a\":\n1}"[..]);
        let changed = with_data(event, b"{\"a\":\n2}");
        assert_eq!(changed, b": c\r\nid: 8\ndata: {\"a\": 2}\nevent: message\nretry: 3\r\n\n");
        assert_eq!(data(b"id: 7\ndata: \n\n").unwrap(), &b""[..]);
        assert_eq!((data(b": ping\n\n"), data(b"datax: a\n\n")), (None, None));
        assert_eq!(event_of(b"{}"), b"event: message\ndata: {}\n\n");
    }

    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let words = ["data", ":", " ", "\n", "\r", "\r\n", "\n\n", "id: 5", "x", "\u{feff}", "é", "retry: 3"];
        proptest::collection::vec(prop::sample::select(words.to_vec()), 0..40)
            .prop_map(|words| words.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_stream_and_its_events_those_of_the_standard(
            text in stream(), cuts in proptest::collection::vec(0..90_usize, 0..12),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let blocks = cut(&chunks);
            prop_assert_eq!(blocks.concat(), text.clone());
            let mut seen = Vec::new();
            let mut splitter = SseSplitter::default();
            splitter.feed(&text, |event| seen.push(event.data.map(Cow::into_owned)));
            // A newline that ends the line end of the last event may stand before the next.
            let found: Vec<_> =
                blocks[..blocks.len() - 1].iter().map(|block| data(block).map(Cow::into_owned)).collect();
            // A mark is none of the text at the very beginning only, and alone makes no line.
            prop_assume!(!text.windows(3).any(|bytes| bytes == BYTE_ORDER_MARK));
            prop_assert_eq!(found, seen);
        }

        #[test]
        fn data_that_is_put_in_is_read_back(text in stream(), new in "[ -~é]{0,20}") {
            let mut ends = EventEnds::default();
            if let Some(len) = ends.find(&text)
                && data(&text[..len]).is_some()
            {
                let changed = with_data(&text[..len], new.as_bytes());
                prop_assert_eq!(data(&changed).unwrap().into_owned(), new.as_bytes());
                prop_assert_eq!(EventEnds::default().find(&changed), Some(changed.len()));
            }
        }
    }
}
