//! What the tap is told of a connection: kept back until the bytes it is about have been forwarded.
//!
//! Without a tap nothing is kept.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use crate::proxy::Observer;
use crate::proxy::clock::nanos;
use crate::tap::Stream;
use crate::trace::{ExchangeId, Fact, HttpEnd};
use crate::wire::Direction;

/// Numbers exchanges from 1, whichever gear they go through. Clones count together.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Numbers(Arc<AtomicU32>);

impl Numbers {
    /// The next one.
    pub(super) fn next(&self) -> ExchangeId {
        ExchangeId(self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

/// The notes of one direction.
#[derive(Debug)]
pub(super) struct Notes {
    observer: Observer,
    to: Direction,
    waiting: Vec<Note>,
    /// When the bytes that wait to be forwarded were about to be read.
    woke: Option<Instant>,
}

#[derive(Debug)]
enum Note {
    Fact(Fact<'static>),
    /// These of the forwarded bytes are data of a body.
    Data {
        exchange: ExchangeId,
        range: Range<usize>,
    },
    /// A body has ended.
    Last(ExchangeId),
}

impl Notes {
    pub(super) fn new(observer: Observer, to: Direction) -> Self {
        Self { observer, to, waiting: Vec::new(), woke: None }
    }

    /// Whether anybody listens.
    pub(super) fn is_on(&self) -> bool {
        self.observer.tap.is_some()
    }

    /// Bytes were read; they had been there since `woke`.
    pub(super) fn woke(&mut self, woke: Instant) {
        self.woke.get_or_insert(woke);
    }

    /// Something happened with the bytes noted so far.
    pub(super) fn fact(&mut self, make: impl FnOnce() -> Fact<'static>) {
        if self.is_on() {
            self.waiting.push(Note::Fact(make()));
        }
    }

    /// These of the bytes to be forwarded are data.
    pub(super) fn data(&mut self, exchange: ExchangeId, range: Range<usize>) {
        if self.is_on() && !range.is_empty() {
            self.waiting.push(Note::Data { exchange, range });
        }
    }

    /// What stands before all data that waits to be forwarded is so long now and was so long before.
    pub(super) fn shift(&mut self, now_bytes: usize, before_bytes: usize) {
        for note in &mut self.waiting {
            if let Note::Data { range, .. } = note {
                *range = range.start + now_bytes - before_bytes..range.end + now_bytes - before_bytes;
            }
        }
    }

    /// A body has ended.
    pub(super) fn last(&mut self, exchange: ExchangeId) {
        if self.is_on() {
            self.waiting.push(Note::Last(exchange));
        }
    }

    /// The noted bytes have been forwarded.
    pub(super) fn forwarded(&mut self, bytes: &[u8]) {
        let Some(tap) = &self.observer.tap else { return };
        let woke = self.woke.take().unwrap_or_else(Instant::now);
        let (at, own) = (self.observer.clock.at(woke), nanos(woke.elapsed()));
        let stream = |exchange| Stream::Body { exchange, to: self.to };
        let mut notes = self.waiting.drain(..).peekable();
        while let Some(note) = notes.next() {
            match note {
                Note::Fact(fact) => tap.tell(at, fact),
                Note::Last(exchange) => tap.see_last(stream(exchange), at, own, &[]),
                Note::Data { exchange, range } => {
                    let is_last =
                        notes.next_if(|next| matches!(next, Note::Last(last) if *last == exchange)).is_some();
                    if is_last {
                        tap.see_last(stream(exchange), at, own, &bytes[range]);
                    } else {
                        tap.see(stream(exchange), at, own, &bytes[range]);
                    }
                }
            }
        }
    }

    /// What the notes are about will not be forwarded: the facts are told all the same, an end as this one.
    pub(super) fn give_up(&mut self, how: HttpEnd) {
        let Some(tap) = &self.observer.tap else { return };
        for note in self.waiting.drain(..) {
            match note {
                Note::Fact(Fact::HttpEnd { exchange, .. }) => {
                    tap.tell(self.observer.clock.now(), Fact::HttpEnd { exchange, how });
                }
                Note::Fact(fact) => tap.tell(self.observer.clock.now(), fact),
                Note::Data { .. } | Note::Last(_) => {}
            }
        }
    }

    /// Something happened now, whatever waits to be forwarded.
    pub(super) fn now(&self, fact: impl FnOnce() -> Fact<'static>) {
        if let Some(tap) = &self.observer.tap {
            tap.tell(self.observer.clock.now(), fact());
        }
    }
}
