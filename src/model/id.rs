//! A JSON token that names something: a request id or a progress token, exactly as it was written.
//!
//! `1`, `"1"` and `1.0` are three different tokens; that two of them name the same is said by
//! [`same_id`](crate::wire::same_id). Knows nothing of whose it is.

use std::fmt;
use std::hash::{Hash, Hasher};

/// Room for the tokens of every common client without an allocation: numbers and short strings.
const INLINE_BYTES: usize = 14;

/// A request id or progress token as JSON text; 16 bytes.
#[derive(Clone)]
pub struct RawId(Form);

#[derive(Clone)]
enum Form {
    Inline {
        len: u8,
        bytes: [u8; INLINE_BYTES],
    },
    // Twice boxed so that the common, inline form decides the size.
    #[expect(clippy::box_collection, reason = "one word instead of two keeps an id at 16 bytes")]
    Long(Box<String>),
}

impl RawId {
    /// Keeps a token.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        match u8::try_from(raw.len()) {
            Ok(len) if raw.len() <= INLINE_BYTES => {
                let mut bytes = [0; INLINE_BYTES];
                bytes[..raw.len()].copy_from_slice(raw.as_bytes());
                Self(Form::Inline { len, bytes })
            }
            _ => Self(Form::Long(Box::new(raw.to_owned()))),
        }
    }

    /// The token as it was written, quotes included.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "what was kept from a str is one")]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Inline { len, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*len)]).expect("it was a str when it was kept")
            }
            Form::Long(text) => text,
        }
    }

    /// The token's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Form::Long(text) => text.as_bytes(),
        }
    }
}

impl PartialEq for RawId {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for RawId {}

impl Hash for RawId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Display for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_keeps_its_spelling_whatever_its_length() {
        for raw in
            ["1", "\"1\"", "1.0", "\"é\"", "12345678901234", "\"0193f6a2-7b1c-7c3e-9d40-aa55aa55aa55\""]
        {
            assert_eq!(RawId::new(raw).as_str(), raw);
        }
        assert_ne!(RawId::new("1"), RawId::new("1.0"));
        assert_eq!(size_of::<RawId>(), 16);
    }
}
