//! Cuts what a relay reads at the ends of lines, and keeps no more of it than rules want to see.
//!
//! Lines that nobody wants pass in the pieces in which they came; wanted ones are put together. Pure; knows nothing of rules.

use std::ops::Range;

use memchr::memchr;

/// A longer line passes without being looked at: four times what SDKs accept.
pub(super) const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What an idle cutter may keep allocated.
const KEEP_BYTES: usize = 64 * 1024;

/// Who decides about lines.
pub(super) trait Judge {
    /// Whether the line that begins now is wanted whole.
    fn wants(&mut self) -> bool;
    /// This part of the chunk passes as it is.
    fn pass(&mut self, place: Range<usize>);
    /// A wanted line, ending included, that stands in the chunk as it is.
    fn here(&mut self, frame: &[u8], place: Range<usize>);
    /// A wanted line, ending included, put together from several chunks.
    fn whole(&mut self, frame: Vec<u8>);
    /// The beginning of a wanted line that has become too long: it passes, and so does its rest.
    fn too_long(&mut self, beginning: Vec<u8>);
}

/// Where in a line a stream is.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    state: State,
    partial: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A line begins with the next byte.
    #[default]
    Start,
    /// In a line that passes as it comes.
    Passing,
    /// In a line that is put together.
    Gathering,
}

impl Cutter {
    /// Whether bytes are kept back until their line is whole.
    pub(super) fn holds(&self) -> bool {
        self.state == State::Gathering
    }

    /// A chunk has passed as it came, whatever is in it. Not while [bytes are kept back](Self::holds).
    pub(super) fn passed(&mut self, chunk: &[u8]) {
        self.state = if chunk.last() == Some(&b'\n') { State::Start } else { State::Passing };
    }

    /// Takes a chunk and asks about every line in it.
    pub(super) fn push(&mut self, chunk: &[u8], judge: &mut impl Judge) {
        let mut at = 0;
        while at < chunk.len() {
            if self.state == State::Start {
                self.state = if judge.wants() { State::Gathering } else { State::Passing };
            }
            let newline = memchr(b'\n', &chunk[at..]);
            let end = newline.map_or(chunk.len(), |newline| at + newline + 1);
            match (self.state, newline) {
                (State::Gathering, Some(_)) if self.partial.is_empty() => {
                    judge.here(&chunk[at..end], at..end);
                }
                (State::Gathering, Some(_)) => {
                    self.partial.extend_from_slice(&chunk[at..end]);
                    judge.whole(self.take());
                }
                (State::Gathering, None) => self.gather(&chunk[at..end], judge),
                (State::Start | State::Passing, _) => judge.pass(at..end),
            }
            if newline.is_some() {
                self.state = State::Start;
            }
            at = end;
        }
    }

    /// The stream has ended: what is left of a wanted line is all there will be of it.
    pub(super) fn finish(&mut self, judge: &mut impl Judge) {
        if self.state == State::Gathering {
            judge.whole(self.take());
        }
        self.state = State::Start;
    }

    fn gather(&mut self, piece: &[u8], judge: &mut impl Judge) {
        self.partial.extend_from_slice(piece);
        if self.partial.len() > FRAME_BYTES_MAX {
            judge.too_long(self.take());
            self.state = State::Passing;
        }
    }

    fn take(&mut self) -> Vec<u8> {
        let room = if self.partial.capacity() > KEEP_BYTES { 0 } else { self.partial.capacity() };
        std::mem::replace(&mut self.partial, Vec::with_capacity(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Wants lines by turns, and keeps what it is given in order.
    struct Script<'a> {
        chunk: &'a [u8],
        wants: Vec<bool>,
        out: Vec<u8>,
        frames: Vec<Vec<u8>>,
    }

    impl Judge for Script<'_> {
        fn wants(&mut self) -> bool {
            self.wants.pop().unwrap_or(true)
        }
        fn pass(&mut self, place: Range<usize>) {
            self.out.extend_from_slice(&self.chunk[place]);
        }
        fn here(&mut self, frame: &[u8], place: Range<usize>) {
            assert_eq!(frame, &self.chunk[place]);
            self.whole(frame.to_vec());
        }
        fn whole(&mut self, frame: Vec<u8>) {
            self.out.extend_from_slice(&frame);
            self.frames.push(frame);
        }
        fn too_long(&mut self, beginning: Vec<u8>) {
            self.out.extend_from_slice(&beginning);
        }
    }

    #[test]
    fn rules_that_come_into_force_within_a_line_see_the_next_one() {
        let mut cutter = Cutter::default();
        cutter.passed(b"half of a li");
        let chunk = b"ne\nthe next\n";
        let mut script = Script { chunk, wants: vec![], out: vec![], frames: vec![] };
        cutter.push(chunk, &mut script);
        assert_eq!((script.frames, &script.out[..]), (vec![b"the next\n".to_vec()], &chunk[..]));
    }

    #[test]
    fn a_line_longer_than_is_kept_passes_and_the_next_one_is_seen() {
        let (mut cutter, long) = (Cutter::default(), vec![b'x'; FRAME_BYTES_MAX + 1]);
        let mut script = Script { chunk: &long, wants: vec![], out: vec![], frames: vec![] };
        cutter.push(&long, &mut script);
        assert!(!cutter.holds() && script.out.len() == long.len());
        let mut script = Script { chunk: b"x\ny\n", wants: vec![], out: vec![], frames: vec![] };
        cutter.push(script.chunk, &mut script);
        assert_eq!(script.frames, [b"y\n".to_vec()]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_reordered_and_wanted_lines_are_whole(
            chunks in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..30), 0..12),
            wants in proptest::collection::vec(any::<bool>(), 0..40),
        ) {
            let mut cutter = Cutter::default();
            let (mut out, mut frames, mut left) = (Vec::new(), Vec::new(), wants.clone());
            for chunk in &chunks {
                let mut script = Script { chunk, wants: left, out, frames };
                cutter.push(chunk, &mut script);
                (out, frames, left) = (script.out, script.frames, script.wants);
            }
            let mut script = Script { chunk: b"", wants: left, out, frames };
            cutter.finish(&mut script);
            prop_assert_eq!(&script.out, &chunks.concat());
            let all = chunks.concat();
            let lines: Vec<&[u8]> = all.split_inclusive(|byte| *byte == b'\n').collect();
            let asked = wants.iter().rev().copied().chain(std::iter::repeat(true));
            let wanted: Vec<&[u8]> = lines.into_iter().zip(asked).filter(|(_, wanted)| *wanted).map(|(line, _)| line).collect();
            prop_assert_eq!(script.frames, wanted);
        }
    }
}
