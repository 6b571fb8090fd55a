//! One direction of a connection: bytes that wait to be understood, and bytes that wait to be written.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use crate::proxy::http::observation::Notes;
use crate::trace::ExchangeId;
use crate::wire::http::{Body, BodyError};

/// What may stay allocated while nothing is under way.
const KEEP_BYTES: usize = 16 * 1024;

/// One direction: what could not be understood yet, and what is ready to be written.
pub(super) struct Way {
    /// What has been read and could not be taken yet.
    pub(super) rest: Vec<u8>,
    /// What is ready to be written, from `out_at` on.
    pub(super) out: Vec<u8>,
    out_at: usize,
    pub(super) notes: Notes,
}

impl Way {
    pub(super) fn new(notes: Notes) -> Self {
        Self { rest: Vec::new(), out: Vec::new(), out_at: 0, notes }
    }

    /// Writes what is ready; `Pending` also if there is nothing.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        if self.out.is_empty() {
            return Poll::Pending;
        }
        while self.out_at < self.out.len() {
            match ready!(Pin::new(&mut *to).poll_write(cx, &self.out[self.out_at..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.out_at += written,
            }
        }
        ready!(Pin::new(to).poll_flush(cx))?;
        self.notes.forwarded(&self.out);
        self.clear();
        Poll::Ready(Ok(()))
    }

    pub(super) fn clear(&mut self) {
        self.out.clear();
        self.out_at = 0;
    }

    /// Gives back what a large message took, once nothing is under way.
    pub(super) fn shrink(&mut self) {
        self.out.shrink_to(KEEP_BYTES);
        self.rest.shrink_to(KEEP_BYTES);
    }

    /// Takes the bytes of a body as they came, notes which of them are data, and shows them.
    pub(super) fn take_body(
        &mut self,
        body: &mut Body,
        bytes: &[u8],
        exchange: ExchangeId,
        mut show: impl FnMut(&[u8]),
    ) -> Result<usize, BodyError> {
        let (begin, notes) = (self.out.len(), &mut self.notes);
        let taken = body.take(bytes, |data| {
            // The data is a piece of `bytes`, which are forwarded as they are.
            let at = begin + (data.as_ptr().addr() - bytes.as_ptr().addr());
            notes.data(exchange, at..at + data.len());
            show(data);
        })?;
        self.out.extend_from_slice(&bytes[..taken]);
        if body.is_over() {
            self.notes.last(exchange);
        }
        Ok(taken)
    }
}
