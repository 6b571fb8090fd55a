//! Puts a frame that is kept in parts together again, within a bound.
//!
//! Knows nothing of what the frame says.

use std::borrow::Cow;

use crate::trace::Payload;

/// How many bytes of a frame are looked into. Longer ones are counted, not read.
const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The parts of the unfinished frame of one direction.
#[derive(Debug, Default)]
pub(in crate::model) struct Assembly {
    parts: u32,
    bytes: u64,
    text: Vec<u8>,
}

/// A frame, as far as it can be read.
#[derive(Debug, PartialEq)]
pub(super) struct Whole<'a> {
    /// Bytes on the wire.
    pub(super) bytes: u64,
    /// What it says; `None` if it is too long or parts are missing.
    pub(super) text: Option<Cow<'a, [u8]>>,
}

impl Assembly {
    /// Takes a part.
    pub(super) fn part(&mut self, payload: &Payload<'_>) {
        self.parts = self.parts.saturating_add(1);
        self.bytes += payload.len() as u64;
        if self.bytes <= FRAME_BYTES_MAX as u64 {
            payload.write_to(&mut self.text);
        } else {
            self.text = Vec::new();
        }
    }

    /// Takes the last piece of a frame that has `parts` parts before it.
    pub(super) fn finish<'a>(self, payload: &'a Payload<'_>, parts: u32) -> Whole<'a> {
        if parts == 0 {
            return Whole { bytes: payload.len() as u64, text: Some(Cow::Borrowed(&payload.text)) };
        }
        let Self { parts: seen, bytes, mut text } = self;
        let bytes = bytes + payload.len() as u64;
        let readable = seen == parts && bytes <= FRAME_BYTES_MAX as u64;
        let text = readable.then(|| {
            text.extend_from_slice(&payload.text);
            Cow::Owned(text)
        });
        Whole { bytes, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_in_parts_is_put_together_and_one_with_a_missing_part_is_not() {
        let mut assembly = Assembly::default();
        assembly.part(&Payload::of_frame(b"{\"a"));
        let last = Payload::of_frame(b"\":1}\n");
        let whole = assembly.finish(&last, 1);
        assert_eq!(whole, Whole { bytes: 8, text: Some(Cow::Borrowed(b"{\"a\":1}")) });
        assert_eq!(Assembly::default().finish(&last, 1), Whole { bytes: 5, text: None });
    }

    #[test]
    fn a_frame_beyond_the_bound_is_counted_and_not_kept() {
        let mut assembly = Assembly::default();
        let piece = vec![b'x'; FRAME_BYTES_MAX / 2 + 1];
        assembly.part(&Payload::of_frame(&piece));
        assembly.part(&Payload::of_frame(&piece));
        assert_eq!(assembly.text.capacity(), 0);
        let last = Payload::of_frame(b"x\n");
        assert_eq!(assembly.finish(&last, 2), Whole { bytes: 2 * piece.len() as u64 + 2, text: None });
    }
}
