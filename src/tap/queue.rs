//! The bounded queue: chunks are copied in under a lock held for nanoseconds and taken out a batch at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use memchr::memchr_iter;

use crate::trace::{ExchangeId, Fact, Micros, Nanos, Payload};
use crate::wire::Direction;

/// How much may wait for the recorder. More than the longest frame that SDKs accept (16 MiB), so that one arriving at
/// memory speed fits; a second batch of this size is in the recorder's hands, and both together stay under 64 MB.
const QUEUE_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Facts other than traffic are small and rare; a flood of them is refused beyond this.
const FACTS_MAX: usize = 10_000;
/// Chunks beyond this count wake nobody new; with the bytes bound it bounds the bookkeeping as well.
const ITEMS_MAX: usize = 200_000;
/// Streams of which it is noted one by one that something was dropped.
const DROPPED_MAX: usize = 1_000;
/// From here on the recorder is woken at once instead of at its next turn.
const HURRY_BYTES: usize = 1024 * 1024;
/// How long the recorder lets traffic gather. Half of what a viewer could notice, far more than a message takes.
const GATHER: Duration = Duration::from_millis(25);
/// What an idle queue may keep allocated.
const KEEP_BYTES: usize = 256 * 1024;

/// Which byte stream a chunk belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Protocol traffic.
    Frames(Direction),
    /// The server's standard error.
    Stderr,
    /// The body of an HTTP exchange's request or response, without the framing of chunks.
    Body {
        /// Which exchange.
        exchange: ExchangeId,
        /// Who receives it.
        to: Direction,
    },
}

impl Stream {
    /// Which way the protocol's traffic travels; `None` for what is no such traffic.
    #[must_use]
    pub fn direction(self) -> Option<Direction> {
        match self {
            Self::Frames(to) | Self::Body { to, .. } => Some(to),
            Self::Stderr => None,
        }
    }
}

/// What stands in a batch, in the order in which it happened.
#[derive(Debug, PartialEq)]
pub enum Item {
    /// The next `len_bytes` of the batch's bytes.
    Chunk {
        /// Where they travelled.
        stream: Stream,
        /// When they were about to be read.
        at: Micros,
        /// From then until they had been written on.
        own: Nanos,
        /// How many they are.
        len_bytes: usize,
        /// Whether a body ends with them.
        is_last: bool,
    },
    /// Bytes that did not fit.
    Dropped {
        /// Where they travelled.
        stream: Stream,
        /// When the first of them came.
        at: Micros,
        /// How many newlines were among them.
        frames: u64,
        /// How many bytes.
        bytes: u64,
        /// Whether the last of them was a newline, so that the next chunk begins a frame.
        ends_frame: bool,
    },
    /// Facts about traffic that did not fit, with what was sent in its place. No stream has a gap there.
    Lost {
        /// Where the messages travelled.
        to: Direction,
        /// When the first of them came.
        at: Micros,
        /// How many they are.
        facts: u64,
        /// How many bytes they hold.
        bytes: u64,
    },
    /// Any other fact.
    Fact(Micros, Box<Fact<'static>>),
}

/// What the recorder takes out at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// The bytes of all chunks, one after the other.
    pub bytes: Vec<u8>,
    /// What happened.
    pub items: Vec<Item>,
    facts: usize,
    /// Bytes that the facts hold besides.
    held_bytes: usize,
}

/// Bytes forwarded and dropped since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes seen towards the server and towards the client.
    pub bytes: [u64; 2],
    /// Bytes that were not recorded because the queue was full.
    pub dropped_bytes: u64,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
    bytes: [AtomicU64; 2],
    dropped_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    batch: Batch,
    /// The forwarding side is gone: nothing more will come.
    closed: bool,
    /// The recorder has stopped: nothing more is wanted.
    deaf: bool,
}

/// The forwarding side's end of the door. Cloned for each stream.
#[derive(Clone, Debug)]
pub struct Tap(Arc<Shared>);

/// The recorder's end of the door.
#[derive(Debug)]
pub struct Outlet(Arc<Shared>);

/// A new door.
#[must_use]
pub fn door() -> (Tap, Outlet) {
    let shared = Arc::new(Shared::default());
    (Tap(shared.clone()), Outlet(shared))
}

impl Tap {
    /// Shows a chunk that has been forwarded: it went through at `at`, and forwarding took `own`.
    pub fn see(&self, stream: Stream, at: Micros, own: Nanos, bytes: &[u8]) {
        self.put(stream, at, own, bytes, false);
    }

    /// The same for the chunk with which a body ends; it may be empty.
    pub fn see_last(&self, stream: Stream, at: Micros, own: Nanos, bytes: &[u8]) {
        self.put(stream, at, own, bytes, true);
    }

    fn put(&self, stream: Stream, at: Micros, own: Nanos, bytes: &[u8], is_last: bool) {
        if let Some(direction) = stream.direction() {
            self.0.bytes[direction.index()].fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
        let mut state = self.0.lock();
        if state.deaf {
            return;
        }
        let was_empty = state.batch.items.is_empty();
        let before = state.batch.len_bytes();
        let fits = before + bytes.len() <= QUEUE_BYTES_MAX && state.batch.items.len() < ITEMS_MAX;
        if fits {
            state.batch.bytes.extend_from_slice(bytes);
            state.batch.items.push(Item::Chunk { stream, at, own, len_bytes: bytes.len(), is_last });
        } else {
            self.0.dropped_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            state.batch.note_dropped(stream, at, bytes);
        }
        let hurry = before < HURRY_BYTES && state.batch.len_bytes() >= HURRY_BYTES;
        drop(state);
        if was_empty || hurry {
            self.0.news.notify_one();
        }
    }

    /// Tells a fact that is not traffic.
    pub fn tell(&self, at: Micros, fact: Fact<'static>) {
        let ruling = match &fact {
            Fact::Ruled(ruling) => Some((ruling.to, ruling.payload.as_ref().map_or(0, Payload::len))),
            _ => None,
        };
        let mut state = self.0.lock();
        if state.deaf {
            return;
        }
        if let Some((to, bytes)) = ruling {
            let was_empty = state.batch.items.is_empty();
            let before = state.batch.len_bytes();
            // As many as there is traffic: what bounds that bounds them.
            if before + bytes <= QUEUE_BYTES_MAX && state.batch.items.len() < ITEMS_MAX {
                state.batch.held_bytes += bytes;
                state.batch.items.push(Item::Fact(at, Box::new(fact)));
            } else {
                self.0.dropped_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
                state.batch.note_lost(to, at, bytes);
            }
            let hurry = before < HURRY_BYTES && state.batch.len_bytes() >= HURRY_BYTES;
            drop(state);
            if was_empty || hurry {
                self.0.news.notify_one();
            }
            return;
        }
        if state.batch.facts >= FACTS_MAX {
            return;
        }
        state.batch.facts += 1;
        state.batch.items.push(Item::Fact(at, Box::new(fact)));
        drop(state);
        self.0.news.notify_one();
    }

    /// Nothing more will come; the recorder finishes what is there.
    pub fn close(&self) {
        self.0.lock().closed = true;
        self.0.news.notify_one();
    }

    /// What went through so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            bytes: [0, 1].map(|way| self.0.bytes[way].load(Ordering::Relaxed)),
            dropped_bytes: self.0.dropped_bytes.load(Ordering::Relaxed),
        }
    }
}

impl Outlet {
    /// Swaps what has gathered into `batch` (its old contents are thrown away, its memory is used again). Waits until
    /// there is something, then a little longer so that more can gather; gives up waiting after `patience`, with an
    /// empty batch. `false`: the door is closed and everything has been taken.
    pub fn take(&self, batch: &mut Batch, patience: Option<Duration>) -> bool {
        batch.clear();
        let mut state = self.0.lock();
        let idle = |state: &mut State| state.batch.items.is_empty() && !state.closed;
        state = match patience {
            None => self.0.news.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
            Some(patience) => {
                let waited = self.0.news.wait_timeout_while(state, patience, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        if !state.batch.items.is_empty() {
            let calm = |state: &mut State| state.batch.len_bytes() < HURRY_BYTES && !state.closed;
            let gathered = self.0.news.wait_timeout_while(state, GATHER, calm);
            state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::swap(&mut state.batch, batch);
        !(state.closed && batch.items.is_empty())
    }

    /// Nothing more is wanted: from now on the forwarding side does not even copy.
    pub fn stop(&self) {
        let mut state = self.0.lock();
        state.deaf = true;
        state.batch = Batch::default();
    }

    /// What went through so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Tap(self.0.clone()).totals()
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// A panic while holding the lock leaves the queue as it was: plain values, usable by the other side.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batch {
    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEEP_BYTES);
        self.items.clear();
        self.items.shrink_to(KEEP_BYTES / size_of::<Item>());
        self.facts = 0;
        self.held_bytes = 0;
    }

    fn len_bytes(&self) -> usize {
        self.bytes.len() + self.held_bytes
    }

    fn note_lost(&mut self, direction: Direction, at: Micros, len_bytes: usize) {
        let len_bytes = len_bytes as u64;
        // Drops stand at the end, one item for each kind of them.
        for item in self.items.iter_mut().rev() {
            match item {
                Item::Lost { to, facts, bytes, .. } if *to == direction => {
                    *facts += 1;
                    *bytes += len_bytes;
                    return;
                }
                Item::Lost { .. } | Item::Dropped { .. } => {}
                Item::Chunk { .. } | Item::Fact(..) => break,
            }
        }
        self.items.push(Item::Lost { to: direction, at, facts: 1, bytes: len_bytes });
    }

    fn note_dropped(&mut self, stream: Stream, at: Micros, chunk: &[u8]) {
        let newlines = memchr_iter(b'\n', chunk).count() as u64;
        let ends = chunk.last() == Some(&b'\n');
        // One item per stream, however the streams take turns, and bodies of many exchanges share one per direction:
        // a recorder that hangs for hours costs no memory.
        let is_crowded = self.items.len() >= ITEMS_MAX + DROPPED_MAX;
        for item in self.items.iter_mut().rev() {
            let Item::Dropped { stream: last, frames, bytes, ends_frame, .. } = item else {
                if matches!(item, Item::Lost { .. }) {
                    continue;
                }
                break;
            };
            if *last == stream || (is_crowded && last.direction() == stream.direction()) {
                *frames += newlines;
                *bytes += chunk.len() as u64;
                *ends_frame = ends;
                return;
            }
        }
        let bytes = chunk.len() as u64;
        self.items.push(Item::Dropped { stream, at, frames: newlines, bytes, ends_frame: ends });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Stream = Stream::Frames(Direction::ToServer);
    const DOWN: Stream = Stream::Frames(Direction::ToClient);

    fn see(tap: &Tap, stream: Stream, bytes: &[u8]) {
        tap.see(stream, Micros(1), Nanos(2), bytes);
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        let (tap, outlet) = door();
        see(&tap, UP, b"one\n");
        tap.tell(Micros(3), Fact::Started { pid: None });
        see(&tap, DOWN, b"two\n");
        let mut batch = Batch::default();
        assert!(outlet.take(&mut batch, None));
        assert_eq!(batch.bytes, b"one\ntwo\n");
        let lens = batch.items.iter().map(|item| match item {
            Item::Chunk { len_bytes, .. } => *len_bytes,
            _ => 0,
        });
        assert_eq!(lens.collect::<Vec<_>>(), [4, 0, 4]);
    }

    #[test]
    fn a_full_tap_never_holds_up_forwarding_and_says_what_it_dropped() {
        let (tap, outlet) = door();
        let chunk = vec![b'x'; QUEUE_BYTES_MAX];
        see(&tap, UP, &chunk);
        see(&tap, UP, b"a\nb\n");
        see(&tap, UP, b"c");
        see(&tap, DOWN, b"dd\n");
        assert_eq!(tap.totals(), Totals { bytes: [QUEUE_BYTES_MAX as u64 + 5, 3], dropped_bytes: 8 });
        let mut batch = Batch::default();
        assert!(outlet.take(&mut batch, None));
        assert_eq!(
            batch.items[1..],
            [
                Item::Dropped { stream: UP, at: Micros(1), frames: 2, bytes: 5, ends_frame: false },
                Item::Dropped { stream: DOWN, at: Micros(1), frames: 1, bytes: 3, ends_frame: true },
            ]
        );
        see(&tap, UP, b"fits again");
        assert!(outlet.take(&mut batch, None));
        assert_eq!(batch.bytes, b"fits again");
    }

    #[test]
    fn a_queue_that_stays_full_does_not_grow_however_the_streams_take_turns() {
        let (tap, outlet) = door();
        see(&tap, UP, &vec![b'x'; QUEUE_BYTES_MAX]);
        for _ in 0..100 {
            see(&tap, UP, b"question\n");
            see(&tap, DOWN, b"answer\n");
            see(&tap, Stream::Stderr, b"word\n");
        }
        let mut batch = Batch::default();
        assert!(outlet.take(&mut batch, None));
        assert_eq!(batch.items.len(), 4);
        assert!(matches!(batch.items[1], Item::Dropped { stream: UP, frames: 100, bytes: 900, .. }));
    }

    #[test]
    fn what_rules_sent_counts_against_the_same_bound_and_is_counted_when_it_does_not_fit() {
        use crate::trace::{Outcome, Ruling};
        let ruled = |bytes: usize| {
            Fact::Ruled(Box::new(Ruling {
                to: Direction::ToClient,
                exchange: None,
                id: None,
                outcome: Outcome::Changed,
                payload: Some(Payload { text: vec![b'x'; bytes].into(), end: crate::wire::LineEnd::None }),
                marks: Vec::new(),
            }))
        };
        let (tap, outlet) = door();
        tap.tell(Micros(1), ruled(QUEUE_BYTES_MAX));
        see(&tap, UP, b"late\n");
        tap.tell(Micros(1), ruled(3));
        see(&tap, UP, b"later\n");
        tap.tell(Micros(1), ruled(4));
        assert_eq!(tap.totals().dropped_bytes, 5 + 3 + 6 + 4);
        let mut batch = Batch::default();
        assert!(outlet.take(&mut batch, None));
        let lost = Item::Lost { to: Direction::ToClient, at: Micros(1), facts: 2, bytes: 7 };
        let dropped = Item::Dropped { stream: UP, at: Micros(1), frames: 2, bytes: 11, ends_frame: true };
        assert_eq!(batch.items[1..], [dropped, lost]);
        tap.tell(Micros(1), ruled(1));
        assert!(outlet.take(&mut batch, None));
        assert!(matches!(&batch.items[..], [Item::Fact(..)]));
    }

    #[test]
    fn a_closed_door_hands_out_what_is_left_and_then_says_so() {
        let (tap, outlet) = door();
        see(&tap, UP, b"last");
        tap.close();
        let mut batch = Batch::default();
        assert!(outlet.take(&mut batch, None));
        assert_eq!(batch.bytes, b"last");
        assert!(!outlet.take(&mut batch, None));
    }

    #[test]
    fn after_the_recorder_stopped_nothing_is_kept() {
        let (tap, outlet) = door();
        outlet.stop();
        see(&tap, UP, b"unwanted");
        tap.close();
        assert!(!outlet.take(&mut Batch::default(), None));
        assert_eq!(tap.totals().bytes, [8, 0]);
    }
}
