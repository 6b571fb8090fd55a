//! A stream of messages as a client reads it: Server-Sent Events, with ids where the revision has them.
//!
//! Knows nothing of where messages come from.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use tokio::time::Sleep;

use super::stream::Reader;
use crate::proxy::http::gear::{Cut, Piece, Source};

/// A stream on which nothing is said for so long says that it is alive, so that everybody on the way sees who has gone.
const ALIVE_EVERY: Duration = Duration::from_secs(30);

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Without ids: a stream that breaks off cannot be taken up again (2026-07-28).
    Plain,
    /// With ids.
    Numbered {
        /// Whether an event without data comes first, which gives an id to come back with (2025-11-25).
        primes: bool,
    },
}

/// The body of an answer that is a stream.
pub(super) struct Events {
    reader: Reader,
    form: Form,
    alive: Pin<Box<Sleep>>,
    /// Runs when the client is gone, or has everything.
    _leave: Leave,
}

/// What is to be done when a client is gone, or has everything.
pub(super) struct Leave(Option<Box<dyn FnOnce() + Send>>);

impl Leave {
    /// This.
    pub(super) fn with(act: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(act)))
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if let Some(act) = self.0.take() {
            act();
        }
    }
}

impl Events {
    pub(super) fn new(reader: Reader, form: Form, leave: Leave) -> Self {
        Self { reader, form, alive: Box::pin(tokio::time::sleep(ALIVE_EVERY)), _leave: leave }
    }
}

impl Source for Events {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        if let Form::Numbered { primes: true } = self.form {
            self.form = Form::Numbered { primes: false };
            let bytes = Bytes::from(format!("id: {}-0\ndata: \n\n", self.reader.stream.key));
            return Poll::Ready(Some(Ok(Piece { bytes, woke: Instant::now() })));
        }
        let next = match self.reader.poll_next(cx) {
            Poll::Ready(next) => next,
            Poll::Pending => {
                if self.alive.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                self.alive.as_mut().reset(tokio::time::Instant::now() + ALIVE_EVERY);
                // Asked again after this piece, when the new time is waited for.
                let piece = Piece { bytes: Bytes::from_static(b":\n\n"), woke: Instant::now() };
                return Poll::Ready(Some(Ok(piece)));
            }
        };
        self.alive.as_mut().reset(tokio::time::Instant::now() + ALIVE_EVERY);
        Poll::Ready(next.map(|next| next.map(|(number, piece)| self.event(number, &piece))))
    }
}

impl Events {
    fn event(&self, number: u64, piece: &Piece) -> Piece {
        let id = match self.form {
            Form::Plain => String::new(),
            Form::Numbered { .. } => format!("id: {}-{number}\n", self.reader.stream.key),
        };
        let mut bytes = BytesMut::with_capacity(piece.bytes.len() + id.len() + 32);
        bytes.put_slice(b"event: message\n");
        bytes.put_slice(id.as_bytes());
        bytes.put_slice(b"data: ");
        let begin = bytes.len();
        bytes.put_slice(&piece.bytes);
        // It would end the line. In a JSON text it can only stand between values, where a blank says the same.
        if memchr::memchr(b'\r', &piece.bytes).is_some() {
            bytes[begin..].iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b' ');
        }
        bytes.put_slice(b"\n\n");
        Piece { bytes: bytes.freeze(), woke: piece.woke }
    }
}

/// The stream and the number that an event's id stands for.
pub(super) fn place(id: &str) -> Option<(u64, u64)> {
    let (key, number) = id.split_once('-')?;
    Some((key.parse().ok()?, number.parse().ok()?))
}
