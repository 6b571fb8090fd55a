//! The hot path: one direction of a connection, forward first, look afterwards.
//!
//! Both directions run on one thread, each as its own task, so that neither can block the other; back-pressure is
//! the write that waits. Knows nothing of frames: the gate and the tap are shown the bytes as they come.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use super::clock::{Clock, nanos};
use super::ends::{Input, Output};
use crate::tap::{Stream, Tap};

/// What a pipe holds on Linux: a larger read would not get more.
const BUFFER_BYTES: usize = 64 * 1024;

/// Why a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The sender closed its side.
    Closed,
    /// The receiver is gone.
    Refused,
}

/// One direction of a connection.
pub(super) struct Relay {
    pub(super) stream: Stream,
    pub(super) tap: Option<Tap>,
    pub(super) clock: Clock,
    pub(super) pulse: Arc<Pulse>,
}

/// What the session may see of a relay while it runs.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Everything read so far has been written: the relay waits for more.
    pub(super) at_rest: AtomicBool,
    /// Chunks moved so far.
    pub(super) chunks: AtomicU64,
}

impl Relay {
    /// Moves bytes until one side ends. Dropping the returned future loses nothing that had been written.
    pub(super) async fn run(self, from: &mut Input, to: &mut Output) -> End {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            self.pulse.at_rest.store(true, Ordering::Release);
            // An error while reading is the sender's end, as for any reader of a broken pipe or reset socket.
            let Ok((len_bytes, woke)) = from.read(&mut buffer).await else { return End::Closed };
            self.pulse.at_rest.store(false, Ordering::Release);
            self.pulse.chunks.fetch_add(1, Ordering::Relaxed);
            if len_bytes == 0 {
                return End::Closed;
            }
            let bytes = &buffer[..len_bytes];
            if to.write_all(bytes).await.is_err() {
                return End::Refused;
            }
            if let Some(tap) = &self.tap {
                tap.see(self.stream, self.clock.at(woke), nanos(woke.elapsed()), bytes);
            }
        }
    }

    /// Reads on for a receiver that is gone, to learn when the sender closes its side.
    pub(super) async fn await_close(from: &mut Input) -> End {
        let mut buffer = vec![0; BUFFER_BYTES];
        while from.read(&mut buffer).await.is_ok_and(|(len_bytes, _)| len_bytes > 0) {}
        End::Closed
    }
}

/// A chunk that was read, and when the thread woke up to read it.
pub(super) type Read = (usize, Instant);
