//! Cuts an event stream into events, by the rules of the HTML standard ("server-sent events", section 9.2.6).
//!
//! Whatever the chunks, the events are the same. Knows nothing of what they say.

use std::borrow::Cow;

/// An event, or a block of lines that is none: comments, a retry time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The lines, each but the last with a newline, whatever ended them; without the blank one.
    pub raw: &'a [u8],
    /// The `data` lines joined by newlines; `None` if there is none. Empty data is no message, but reaches the client.
    pub data: Option<Cow<'a, [u8]>>,
    /// Whether a blank line ended it. What a broken stream leaves behind, or is longer than is kept, is incomplete.
    pub is_complete: bool,
}

/// What is kept of a stream between chunks.
#[derive(Debug)]
pub struct SseSplitter {
    event_bytes_max: usize,
    block: Vec<u8>,
    /// Where the line being read begins in `block`.
    line_at: usize,
    /// A carriage return ended the last line: a newline behind it belongs to it.
    after_cr: bool,
    has_begun: bool,
    /// The beginning of this event has been given away already.
    is_rest: bool,
}

/// The longest event that is kept whole where nobody says otherwise: enough to record, and what some SDKs read (rmcp).
const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What some programs put at the beginning of any text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// What is kept allocated between events.
const KEEP_BYTES: usize = 64 * 1024;

impl Default for SseSplitter {
    fn default() -> Self {
        Self::up_to(EVENT_BYTES_MAX)
    }
}

impl SseSplitter {
    /// Keeps events of up to so many bytes whole.
    #[must_use]
    pub fn up_to(event_bytes_max: usize) -> Self {
        let block = Vec::new();
        Self { event_bytes_max, block, line_at: 0, after_cr: false, has_begun: false, is_rest: false }
    }

    /// Takes the next bytes and shows the events that end in them.
    pub fn feed(&mut self, mut bytes: &[u8], mut see: impl FnMut(SseEvent<'_>)) {
        if bytes.is_empty() {
            return;
        }
        if std::mem::take(&mut self.after_cr) && bytes.first() == Some(&b'\n') {
            bytes = &bytes[1..];
        }
        while let Some(end) = memchr::memchr2(b'\r', b'\n', bytes) {
            self.block.extend_from_slice(&bytes[..end]);
            let is_cr = bytes[end] == b'\r';
            let has_lf = is_cr && bytes.get(end + 1) == Some(&b'\n');
            bytes = &bytes[end + 1 + usize::from(has_lf)..];
            self.after_cr = is_cr && bytes.is_empty() && !has_lf;
            self.line(&mut see);
        }
        self.block.extend_from_slice(bytes);
        if self.block.len() > self.event_bytes_max {
            self.show(false, &mut see);
            self.is_rest = true;
        }
    }

    /// The stream has ended: shows what no blank line ended.
    pub fn finish(&mut self, mut see: impl FnMut(SseEvent<'_>)) {
        if !self.block.is_empty() {
            self.show(false, &mut see);
        }
        *self = Self::up_to(self.event_bytes_max);
    }

    /// A line has ended.
    fn line(&mut self, see: &mut impl FnMut(SseEvent<'_>)) {
        if !std::mem::replace(&mut self.has_begun, true) && self.block.starts_with(BYTE_ORDER_MARK) {
            self.block.drain(..BYTE_ORDER_MARK.len());
        }
        if self.block.len() > self.line_at {
            self.block.push(b'\n');
            self.line_at = self.block.len();
            return;
        }
        // A blank line. Several of them end one event only.
        if !self.block.is_empty() || self.is_rest {
            let is_complete = !std::mem::take(&mut self.is_rest);
            self.show(is_complete, see);
        }
    }

    fn show(&mut self, is_complete: bool, see: &mut impl FnMut(SseEvent<'_>)) {
        let raw = self.block.strip_suffix(b"\n").unwrap_or(&self.block);
        see(SseEvent { raw, data: data_of(raw), is_complete });
        self.block.clear();
        self.block.shrink_to(KEEP_BYTES);
        self.line_at = 0;
    }
}

fn data_of(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut lines = raw.split(|byte| *byte == b'\n').filter_map(data_line);
    let first = lines.next()?;
    let mut data = Cow::Borrowed(first);
    for line in lines {
        let data = data.to_mut();
        data.push(b'\n');
        data.extend_from_slice(line);
    }
    Some(data)
}

/// The value of a `data` line: behind the colon and one blank; empty where there is no colon.
fn data_line(line: &[u8]) -> Option<&[u8]> {
    match line.strip_prefix(b"data")? {
        [] => Some(&[]),
        [b':', value @ ..] => Some(value.strip_prefix(b" ").unwrap_or(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Seen = (Vec<u8>, Option<Vec<u8>>, bool);

    fn events(chunks: &[&[u8]]) -> Vec<Seen> {
        let mut seen = Vec::new();
        let mut splitter = SseSplitter::default();
        let mut see = |event: SseEvent<'_>| {
            seen.push((event.raw.to_vec(), event.data.map(Cow::into_owned), event.is_complete));
        };
        for chunk in chunks {
            splitter.feed(chunk, &mut see);
        }
        splitter.finish(&mut see);
        seen
    }

    /// The data of each event, `-` where there is none.
    fn data(text: &str) -> Vec<String> {
        let all = events(&[text.as_bytes()]).into_iter();
        all.map(|(_, data, _)| data.map_or("-".to_owned(), |data| String::from_utf8(data).unwrap())).collect()
    }

    #[test]
    fn events_are_those_of_the_standard() {
        assert_eq!(data("data: YHOO\ndata: +2\ndata:  10\n\n"), ["YHOO\n+2\n 10"]);
        assert_eq!(
            data(": test stream\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n"),
            ["-", "first", "second", " third"]
        );
        assert_eq!(data("data\n\ndata\ndata\n\ndata:"), ["", "\n", ""]);
        assert_eq!(data("data:test\r\rdata: test\r\n\r\n"), ["test", "test"]);
        assert_eq!(data("\u{feff}data: a\n\n\n\n"), ["a"]);
        assert_eq!(data("datax: a\n Data: b\nevent: message\n\n"), ["-"]);
    }

    #[test]
    fn a_priming_event_has_empty_data_and_its_id_stays_in_sight() {
        assert_eq!(events(&[b"id: 7\ndata: \n\n"]), [(b"id: 7\ndata: ".to_vec(), Some(Vec::new()), true)]);
    }

    #[test]
    fn a_line_end_in_two_pieces_is_one() {
        assert_eq!(events(&[b"data: a\r", b"\n", b"\r", b"\ndata: b\r\n\r\n"]).len(), 2);
        assert_eq!(events(&[b"data: a\r", b"\r", b"\n"]), [(b"data: a".to_vec(), Some(b"a".to_vec()), true)]);
    }

    #[test]
    fn an_event_without_end_is_given_in_bounded_pieces() {
        let mut splitter = SseSplitter::default();
        let mut pieces = 0;
        let chunk = vec![b'x'; 1024 * 1024];
        splitter.feed(b"data: ", |_| ());
        for _ in 0..40 {
            splitter.feed(&chunk, |event| {
                assert!(!event.is_complete);
                pieces += 1;
            });
            assert!(splitter.block.len() <= EVENT_BYTES_MAX + chunk.len());
        }
        assert_eq!(pieces, 2);
        splitter.feed(b"\n\ndata: next\n\n", |event| pieces += 10 * usize::from(event.is_complete));
        assert_eq!(pieces, 12);
    }

    #[test]
    fn who_passes_events_on_says_how_long_they_may_be() {
        let mut splitter = SseSplitter::up_to(8);
        let mut seen = Vec::new();
        for chunk in ["data: 12", "\n\ndata: 1", "23", "\n\n"] {
            splitter.feed(chunk.as_bytes(), |event| seen.push(event.is_complete));
        }
        assert_eq!(seen, [true, false, false]);
        splitter.finish(|_| ());
        assert_eq!(splitter.event_bytes_max, 8);
    }

    proptest! {
        #[test]
        fn the_events_do_not_depend_on_the_chunks(
            text in proptest::collection::vec(prop::sample::select(
                vec!["data", ":", " ", "\n", "\r", "\r\n", "\n\n", "id: 5", "x", "\u{feff}", "é", "event: m", "retry: 3"]), 0..40),
            cuts in proptest::collection::vec(0..90_usize, 0..12),
        ) {
            let text = text.concat().into_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.push(0);
            cuts.push(text.len());
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(events(&chunks), events(&[&text]));
        }
    }
}
