//! Cuts a byte stream into newline-terminated frames, whatever the bytes and however they were chunked.
//!
//! Knows nothing of JSON; every byte pushed in comes out exactly once, in order (a property test says so).

use memchr::memchr;

/// How a frame ended on the wire. A transparent proxy has to keep the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`, the ending the specification asks for.
    #[default]
    Lf,
    /// `\r\n`, which some servers on Windows write.
    CrLf,
    /// Nothing: the stream ended (or was cut) before the newline.
    None,
}

impl LineEnd {
    /// Splits a frame into what it says and how it ended.
    #[must_use]
    pub fn split(frame: &[u8]) -> (&[u8], Self) {
        match frame {
            [text @ .., b'\r', b'\n'] => (text, Self::CrLf),
            [text @ .., b'\n'] => (text, Self::Lf),
            text => (text, Self::None),
        }
    }

    /// The bytes of this ending.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::None => "",
        }
    }

    /// The ending spelled by `text`, if it is one of the three.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Lf, Self::CrLf, Self::None].into_iter().find(|end| end.as_str() == text)
    }
}

/// What the splitter hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A leading piece of a frame longer than the limit; more follows.
    Part(&'a [u8]),
    /// A frame with its line ending, or what is left of one after its parts.
    Frame {
        /// The bytes, line ending included.
        bytes: &'a [u8],
        /// How many parts of the same frame came before.
        parts: u32,
    },
}

/// Assembles frames from chunks. Holds at most one unfinished frame, never more than its limit.
#[derive(Debug)]
pub struct Splitter {
    limit_bytes: usize,
    partial: Vec<u8>,
    parts: u32,
}

/// What an idle splitter may keep allocated between frames.
const KEEP_BYTES: usize = 64 * 1024;

impl Splitter {
    /// A splitter that hands out frames longer than `limit_bytes` in parts.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes: limit_bytes.max(1), partial: Vec::new(), parts: 0 }
    }

    /// Takes a chunk and shows every frame (or part) that is complete now.
    pub fn push(&mut self, mut chunk: &[u8], mut see: impl FnMut(Piece<'_>)) {
        while let Some(newline) = memchr(b'\n', chunk) {
            let (line, rest) = chunk.split_at(newline + 1);
            self.complete(line, &mut see);
            chunk = rest;
        }
        while self.partial.len() + chunk.len() > self.limit_bytes {
            let (head, rest) = chunk.split_at(self.limit_bytes - self.partial.len());
            self.partial.extend_from_slice(head);
            see(Piece::Part(&self.partial));
            self.partial.clear();
            self.parts += 1;
            chunk = rest;
        }
        self.partial.extend_from_slice(chunk);
    }

    /// The stream ended, or bytes are missing from here on: shows an unterminated frame, if there is one.
    pub fn finish(&mut self, mut see: impl FnMut(Piece<'_>)) {
        if !self.partial.is_empty() || self.parts > 0 {
            see(Piece::Frame { bytes: &self.partial, parts: self.parts });
        }
        self.partial = Vec::new();
        self.parts = 0;
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub fn is_mid_frame(&self) -> bool {
        !self.partial.is_empty() || self.parts > 0
    }

    fn complete(&mut self, line: &[u8], see: &mut impl FnMut(Piece<'_>)) {
        if self.partial.is_empty() {
            see(Piece::Frame { bytes: line, parts: self.parts });
        } else {
            self.partial.extend_from_slice(line);
            see(Piece::Frame { bytes: &self.partial, parts: self.parts });
            self.partial.clear();
            self.partial.shrink_to(KEEP_BYTES);
        }
        self.parts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(chunks: &[&[u8]], limit: usize) -> Vec<(Vec<u8>, bool)> {
        let mut splitter = Splitter::new(limit);
        let mut out = Vec::new();
        let mut see = |piece: Piece<'_>| match piece {
            Piece::Part(bytes) => out.push((bytes.to_vec(), false)),
            Piece::Frame { bytes, .. } => out.push((bytes.to_vec(), true)),
        };
        for chunk in chunks {
            splitter.push(chunk, &mut see);
        }
        splitter.finish(&mut see);
        out
    }

    #[test]
    fn blank_lines_carriage_returns_and_an_unterminated_tail_are_frames_of_their_own() {
        let got = pieces(&[b"{}\r\n\n", b"\r\nta", b"il"], 100);
        let want: Vec<(Vec<u8>, bool)> =
            [&b"{}\r\n"[..], b"\n", b"\r\n", b"tail"].map(|bytes| (bytes.to_vec(), true)).into();
        assert_eq!(got, want);
    }

    #[test]
    fn a_frame_over_the_limit_comes_in_parts_that_say_so() {
        let got = pieces(&[b"aaaabbbbcc", b"c\nd\n"], 4);
        let text: Vec<String> = got.iter().map(|(b, _)| String::from_utf8_lossy(b).into_owned()).collect();
        assert_eq!(text, ["aaaa", "bbbb", "ccc\n", "d\n"]);
        assert_eq!(got.iter().map(|(_, whole)| *whole).collect::<Vec<_>>(), [false, false, true, true]);
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_the_chunks_and_the_limit_nothing_is_lost_or_reordered(
            chunks in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..40), 0..20),
            limit in 1_usize..50,
        ) {
            let slices: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            let got = pieces(&slices, limit);
            let joined: Vec<u8> = got.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            prop_assert_eq!(joined, chunks.concat());
            for (bytes, whole) in &got {
                let newlines = memchr::memchr_iter(b'\n', bytes).count();
                prop_assert!(newlines <= usize::from(*whole), "a piece holds at most its own newline");
            }
        }

        #[test]
        fn an_ending_and_its_text_put_together_are_the_frame(frame in proptest::collection::vec(any::<u8>(), 0..20)) {
            let (text, end) = LineEnd::split(&frame);
            prop_assert_eq!([text, end.as_str().as_bytes()].concat(), frame);
        }
    }
}
