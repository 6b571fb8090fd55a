//! The hot path: one direction of a connection, forward first, look afterwards.
//!
//! Both directions run on one thread, each as its own task, so that neither can block the other; back-pressure is
//! the write that waits. While no rule can act, bytes pass as they come and frames are nobody's business.

mod crossing;
mod cutter;

use std::io;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub(super) use self::crossing::Crossing;
use self::crossing::{Bench, Done, Entry};
use self::cutter::{Cutter, FRAME_BYTES_MAX, Judge};
use super::clock::{Clock, nanos};
use super::ends::{Input, Output, Reader};
use super::spill;
use crate::rules::{Act, Verdict};
use crate::tap::{Stream, Tap};
use crate::wire::Direction;

/// What a pipe holds on Linux: a larger read would not get more.
const BUFFER_BYTES: usize = 64 * 1024;
const _: () = assert!(FRAME_BYTES_MAX == 64 * 1024 * 1024, "a remark says so");
const TOO_LONG: &str = "a message of more than 64 MiB passed without being shown to the rules";

/// How long what rules hold back may wait for its turn once the client has closed its side. A script that pipes its calls
/// in waits for the answers; with a rate of one call an hour it must not for ever.
const DRAIN_MAX: Duration = Duration::from_mins(1);

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
            self.show(woke, bytes);
        }
    }

    /// The same for a direction of the protocol, where rules may act.
    pub(super) async fn run_ruled(
        self,
        from: &mut Input,
        to: &mut Output,
        direction: Direction,
        crossing: &Arc<Crossing>,
    ) -> End {
        let ruled = Ruled { relay: self, direction, crossing };
        let end = ruled.run(from, to).await;
        crossing.close(direction);
        end
    }

    fn show(&self, woke: Instant, bytes: &[u8]) {
        if let Some(tap) = &self.tap {
            tap.see(self.stream, self.clock.at(woke), nanos(woke.elapsed()), bytes);
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

/// A direction where rules may act.
struct Ruled<'a> {
    relay: Relay,
    direction: Direction,
    crossing: &'a Arc<Crossing>,
}

impl Ruled<'_> {
    async fn run(&self, from: &mut Input, to: &mut Output) -> End {
        let (mut buffer, mut cutter) = (vec![0; BUFFER_BYTES], Cutter::default());
        let pulse = &self.relay.pulse;
        loop {
            if self.deliver(to).await.is_err() {
                return End::Refused;
            }
            if self.direction == Direction::ToServer {
                self.crossing.room_at_client().await;
            }
            pulse.at_rest.store(true, Ordering::Release);
            let read = tokio::select! {
                biased;
                read = from.read(&mut buffer) => Some(read),
                () = self.crossing.news(self.direction) => None,
            };
            pulse.at_rest.store(false, Ordering::Release);
            let Some(read) = read else { continue };
            pulse.chunks.fetch_add(1, Ordering::Relaxed);
            // An error while reading is the sender's end, as for any reader of a broken pipe or reset socket.
            let (len_bytes, woke) = read.unwrap_or_else(|_| (0, Instant::now()));
            let chunk = &buffer[..len_bytes];
            let moved = if len_bytes == 0 {
                return self.end(&mut cutter, to).await;
            } else if self.crossing.is_idle() && !cutter.holds() && !self.crossing.has_waiting(self.direction)
            {
                cutter.passed(chunk);
                let written = to.write_all(chunk).await;
                if written.is_ok() {
                    self.relay.show(woke, chunk);
                }
                written
            } else {
                self.decide(&mut cutter, chunk, woke, to).await
            };
            if moved.is_err() {
                return End::Refused;
            }
        }
    }

    async fn decide(
        &self,
        cutter: &mut Cutter,
        chunk: &[u8],
        woke: Instant,
        to: &mut Output,
    ) -> io::Result<()> {
        // What was there before goes out before.
        self.deliver(to).await?;
        let mut is_too_long = false;
        let run = self.crossing.decide(self.direction, |bench| {
            cutter.push(chunk, &mut Judging { bench, chunk });
            is_too_long = bench.is_too_long;
        });
        if is_too_long {
            self.crossing.note(TOO_LONG);
        }
        if !run.is_empty() {
            to.write_all(&chunk[run]).await?;
        }
        self.deliver(to).await?;
        self.relay.show(woke, chunk);
        self.crossing.seen(self.direction);
        Ok(())
    }

    /// Sends what waits in this direction.
    async fn deliver(&self, to: &mut Output) -> io::Result<()> {
        while let Some((entries, _)) = self.crossing.take(self.direction) {
            let mut batch = Batch::default();
            let mut lost = None;
            for entry in entries {
                batch.len_bytes += entry.len_bytes();
                match entry {
                    Entry::Pass(bytes) => batch.add(bytes),
                    Entry::Send(mut done) => {
                        match lost.take() {
                            Some(Lost { path, why, original }) => {
                                batch.add(spill::take_back(&mut done.output, original, &path, &why));
                            }
                            None => batch.add_frame(&done),
                        }
                        batch.done.push(done);
                    }
                    Entry::Spill { path, text, original } => {
                        let written = write_file(path.clone(), text).await;
                        lost = written.err().map(|why| Lost { path, why, original });
                    }
                }
            }
            to.write_all(&batch.bytes).await?;
            self.crossing.sent(self.direction, batch.len_bytes, batch.done);
        }
        Ok(())
    }

    /// The sender has closed its side: what it began and what still waits goes out before the receiver sees that. A client
    /// that still reads is waited for, for a while; for one that is gone nothing is called any more.
    async fn end(&self, cutter: &mut Cutter, to: &mut Output) -> End {
        self.crossing.decide(self.direction, |bench| cutter.finish(&mut Judging { bench, chunk: &[] }));
        self.crossing.seen(self.direction);
        if self.deliver(to).await.is_err() {
            return End::Refused;
        }
        if self.direction == Direction::ToClient || !self.crossing.holds() {
            return End::Closed;
        }
        let mut gone = pin!(reader_gone());
        let mut bound = pin!(tokio::time::sleep(DRAIN_MAX));
        while self.crossing.holds() {
            self.relay.pulse.at_rest.store(true, Ordering::Release);
            if !self.crossing.has_waiting(self.direction) {
                // After either of the first two nothing is held any more.
                tokio::select! {
                    biased;
                    () = &mut gone => self.crossing.forsake(),
                    () = &mut bound => self.crossing.dismiss(),
                    () = self.crossing.news(self.direction) => {}
                }
            }
            if self.deliver(to).await.is_err() {
                return End::Refused;
            }
        }
        End::Closed
    }
}

/// Waits until the client reads no more, where that can be seen.
async fn reader_gone() {
    match Reader::of_stdout() {
        Some(reader) => reader.gone().await,
        None => std::future::pending().await,
    }
}

/// What goes out with one write.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    done: Vec<Done>,
    /// What it counted for while it waited.
    len_bytes: usize,
}

impl Batch {
    fn add(&mut self, bytes: Vec<u8>) {
        if self.bytes.is_empty() {
            self.bytes = bytes;
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
    }

    fn add_frame(&mut self, done: &Done) {
        if let Act::Send { frame, .. } = &done.output.act {
            self.bytes.extend_from_slice(frame);
        }
    }
}

/// A file that could not be written, and the message that would have named it.
struct Lost {
    path: std::path::PathBuf,
    why: io::Error,
    original: Option<Vec<u8>>,
}

/// A disk may take its time; the other direction does not wait for it.
async fn write_file(path: std::path::PathBuf, text: String) -> io::Result<()> {
    tokio::task::spawn_blocking(move || spill::write(&path, &text)).await?
}

/// Brings what the cutter finds before the gate.
struct Judging<'a, 'b> {
    bench: &'a mut Bench<'b>,
    chunk: &'a [u8],
}

impl Judge for Judging<'_, '_> {
    fn wants(&mut self) -> bool {
        self.bench.wants()
    }

    fn pass(&mut self, place: Range<usize>) {
        self.bench.pass(self.chunk, place);
    }

    fn here(&mut self, frame: &[u8], place: Range<usize>) {
        if self.bench.judge(frame) == Verdict::Pass {
            self.bench.pass(self.chunk, place);
        }
        self.bench.settle(Some(frame));
    }

    fn whole(&mut self, frame: Vec<u8>) {
        match self.bench.judge(&frame) {
            Verdict::Pass => {
                self.bench.pass_owned(frame);
                self.bench.settle(None);
            }
            Verdict::Taken => self.bench.settle(Some(&frame)),
        }
    }

    fn too_long(&mut self, beginning: Vec<u8>) {
        self.bench.is_too_long = true;
        self.bench.pass_owned(beginning);
    }
}
