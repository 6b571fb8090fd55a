//! The exact bytes of a frame, as text and line ending.

use std::borrow::Cow;

use crate::wire::LineEnd;

/// A frame's bytes: what it says, and how the line ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload<'a> {
    /// The bytes before the line ending.
    pub text: Cow<'a, [u8]>,
    /// The line ending.
    pub end: LineEnd,
}

impl<'a> Payload<'a> {
    /// The payload of a frame, line ending included.
    #[must_use]
    pub fn of_frame(frame: &'a [u8]) -> Self {
        let (text, end) = LineEnd::split(frame);
        Self { text: Cow::Borrowed(text), end }
    }

    /// How many bytes travelled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len() + self.end.as_str().len()
    }

    /// Whether nothing travelled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the bytes exactly as they travelled.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text);
        out.extend_from_slice(self.end.as_str().as_bytes());
    }
}
