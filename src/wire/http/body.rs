//! Finds the end of a body in bytes as they come, and the data in it.
//!
//! Never takes a byte of the next message, holds no bytes. Chunks are read by RFC 9112 section 7.1, strictly.

use thiserror::Error;

use super::Framing;

/// A body that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body(State);

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// The chunks are not such.
    #[error("{0}")]
    Malformed(&'static str),
    /// The connection ended before the body did.
    #[error("the connection ended in the middle of the body")]
    Truncated,
}

/// Where in the body the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Over,
    Length(u64),
    UntilClose,
    /// In the digits of a chunk's size.
    Size {
        value: u64,
        digits: u8,
    },
    /// Behind the size, in what may follow it.
    Extension {
        value: u64,
        len_bytes: u16,
    },
    /// Before the newline that ends the size's line.
    SizeEnd {
        value: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    /// At the beginning of a trailer line.
    Trailer {
        len_bytes: u16,
    },
    /// In a trailer line.
    TrailerLine {
        len_bytes: u16,
    },
    TrailerLineEnd {
        len_bytes: u16,
    },
    /// Before the last newline.
    End,
}

/// How long a size's extensions, or all trailers, may be.
const EXTRA_BYTES_MAX: u16 = 16 * 1024;

impl Body {
    /// A body that is framed so.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::Empty | Framing::Length(0) => State::Over,
            Framing::Length(left) => State::Length(left),
            Framing::Chunked => State::Size { value: 0, digits: 0 },
            Framing::UntilClose => State::UntilClose,
        })
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0 == State::Over
    }

    /// Takes what comes next and says how much of it belongs to this body; `data` is shown what it says.
    ///
    /// # Errors
    /// If the chunks are not such.
    pub fn take(&mut self, bytes: &[u8], mut data: impl FnMut(&[u8])) -> Result<usize, BodyError> {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.0 {
                State::Over => break,
                State::UntilClose => {
                    data(&bytes[at..]);
                    return Ok(bytes.len());
                }
                State::Length(left) | State::Data { left } => {
                    let here = bytes.len() - at;
                    let taken = usize::try_from(*left).map_or(here, |left| left.min(here));
                    data(&bytes[at..at + taken]);
                    *left -= taken as u64;
                    at += taken;
                    self.0 = match self.0 {
                        State::Length(0) => State::Over,
                        State::Data { left: 0 } => State::DataCr,
                        state => state,
                    };
                }
                state => {
                    *state = state.after(bytes[at])?;
                    at += 1;
                }
            }
        }
        Ok(at)
    }

    /// The connection has ended.
    ///
    /// # Errors
    /// If the body has not.
    pub fn close(&mut self) -> Result<(), BodyError> {
        match self.0 {
            State::Over | State::UntilClose => {
                self.0 = State::Over;
                Ok(())
            }
            _ => Err(BodyError::Truncated),
        }
    }
}

impl State {
    /// The state after a byte that is no data.
    fn after(self, byte: u8) -> Result<Self, BodyError> {
        let wrong = |what| Err(BodyError::Malformed(what));
        let longer = |len_bytes: u16| match len_bytes {
            EXTRA_BYTES_MAX.. => {
                Err(BodyError::Malformed("the extensions or trailers of the chunks are too long"))
            }
            _ => Ok(len_bytes + 1),
        };
        Ok(match (self, byte) {
            (Self::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                if digits == 16 {
                    return wrong("a chunk's size has too many digits");
                }
                let digit = char::from(byte).to_digit(16).expect("checked to be one");
                Self::Size { value: value << 4 | u64::from(digit), digits: digits + 1 }
            }
            (Self::Size { digits: 0, .. }, _) => return wrong("a chunk's size is not a number"),
            (Self::Size { value, .. } | Self::Extension { value, .. }, b'\r') => Self::SizeEnd { value },
            (Self::Size { value, .. }, b';' | b' ' | b'\t') => Self::Extension { value, len_bytes: 0 },
            (Self::Size { .. }, _) => return wrong("a chunk's size is not a number"),
            (Self::Extension { .. }, b'\n' | 0) => return wrong("a chunk's size does not end as lines do"),
            (Self::Extension { value, len_bytes }, _) => {
                Self::Extension { value, len_bytes: longer(len_bytes)? }
            }
            (Self::SizeEnd { value: 0 }, b'\n') => Self::Trailer { len_bytes: 0 },
            (Self::SizeEnd { value }, b'\n') => Self::Data { left: value },
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::Size { value: 0, digits: 0 },
            (Self::Trailer { .. }, b'\r') => Self::End,
            (Self::TrailerLine { len_bytes }, b'\r') => Self::TrailerLineEnd { len_bytes },
            (Self::Trailer { .. } | Self::TrailerLine { .. }, b'\n' | 0) => {
                return wrong("a trailer's line does not end as lines do");
            }
            (Self::Trailer { len_bytes } | Self::TrailerLine { len_bytes }, _) => {
                Self::TrailerLine { len_bytes: longer(len_bytes)? }
            }
            (Self::TrailerLineEnd { len_bytes }, b'\n') => Self::Trailer { len_bytes },
            (Self::End, b'\n') => Self::Over,
            _ => return wrong("a chunk does not end where its size says"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a body says and how many bytes are its own, taken in pieces of these lengths.
    fn read(framing: Framing, bytes: &[u8], pieces: &[usize]) -> Result<(Vec<u8>, usize, bool), BodyError> {
        let (mut body, mut said, mut at) = (Body::new(framing), Vec::new(), 0_usize);
        for piece in pieces.iter().chain(std::iter::repeat(&usize::MAX)) {
            let end = at.saturating_add((*piece).max(1)).min(bytes.len());
            let taken = body.take(&bytes[at..end], |data| said.extend_from_slice(data))?;
            at += taken;
            if at == bytes.len() || body.is_over() {
                break;
            }
        }
        Ok((said, at, body.is_over()))
    }

    fn chunked(chunks: &[Vec<u8>], extension: &str, trailers: &str) -> Vec<u8> {
        let mut out = Vec::new();
        for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
            out.extend_from_slice(format!("{:X}{extension}\r\n", chunk.len()).as_bytes());
            out.extend_from_slice(chunk);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
        out
    }

    #[test]
    fn chunks_that_are_none_are_refused() {
        for bad in [
            &b"x\r\n"[..],
            b"\r\n",
            b"+1\r\na\r\n",
            b"1\na\r\n",
            b"1\r\nab\r\n",
            b"1\r\na\n",
            b"11111111111111111\r\n",
            b"1;\nx\r\n",
            b"0\r\n\n",
            b"0\r\na: b\n\r\n",
        ] {
            assert!(read(Framing::Chunked, bad, &[]).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
        let endless = [b"1;".to_vec(), vec![b'x'; 20_000]].concat();
        assert!(read(Framing::Chunked, &endless, &[]).is_err());
    }

    #[test]
    fn a_connection_that_ends_within_a_body_cuts_it() {
        for (framing, bytes, is_cut) in [
            (Framing::Length(3), &b"ab"[..], true),
            (Framing::Length(2), b"ab", false),
            (Framing::Chunked, b"1\r\na\r\n0\r\n", true),
            (Framing::UntilClose, b"ab", false),
            (Framing::Empty, b"", false),
        ] {
            let mut body = Body::new(framing);
            body.take(bytes, |_| ()).unwrap();
            assert_eq!(body.close().is_err(), is_cut, "{framing:?}");
        }
    }

    proptest! {
        #[test]
        fn a_body_says_the_same_in_any_pieces_and_leaves_the_next_message_alone(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..6),
            pieces in proptest::collection::vec(1..9_usize, 0..40),
            extension in prop::sample::select(vec!["", ";a=b", " ;x"]),
            trailers in prop::sample::select(vec!["", "a: b\r\n", "a: b\r\nc: d\r\n"]),
            next in proptest::collection::vec(any::<u8>(), 0..9),
        ) {
            let said = chunks.concat();
            let own = chunked(&chunks, extension, trailers);
            let all = [&own[..], &next].concat();
            prop_assert_eq!(read(Framing::Chunked, &all, &pieces), Ok((said.clone(), own.len(), true)));
            let all = [&said[..], &next].concat();
            let length = Framing::Length(said.len() as u64);
            prop_assert_eq!(read(length, &all, &pieces), Ok((said.clone(), said.len(), true)));
            let (until, taken, over) = read(Framing::UntilClose, &said, &pieces).unwrap();
            prop_assert_eq!((until, taken, over), (said.clone(), said.len(), false));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(prop::sample::select(b"0aF;\r\n x\0".to_vec()), 0..60),
                                  pieces in proptest::collection::vec(1..5_usize, 0..30)) {
            let whole = read(Framing::Chunked, &bytes, &[]);
            let split = read(Framing::Chunked, &bytes, &pieces);
            prop_assert_eq!(whole, split);
        }
    }
}
