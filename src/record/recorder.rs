//! The recorder's thread: takes what gathered behind the tap, cuts it into frames, writes lines.
//!
//! Whatever goes wrong here ends the recording with a warning and never touches the traffic.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::exchanges::Exchanges;
use super::sample::Sampler;
use super::writer::{Limits, RecordError, Writer};
use crate::tap::{Batch, Item, Outlet, Stream};
use crate::trace::{Event, Fact, Header, Micros, Nanos, Payload, write_event, write_header};
use crate::wire::{Direction, Piece, Splitter};

/// Frames up to this size stand whole in one line. No SDK accepts longer ones (rmcp 16 MiB, the others less).
pub(super) const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Lines of standard error are for reading; longer ones come in parts.
const STDERR_LINE_BYTES_MAX: usize = 64 * 1024;
/// Lines are handed to the system in pieces of about this size.
const FLUSH_BYTES: usize = 256 * 1024;
/// How often a server's memory and processor time are looked at while there is traffic.
const SAMPLE_EVERY: Duration = Duration::from_secs(2);
/// How long after the last traffic the looking goes on. A silent server costs nothing.
const SAMPLE_AFTER_TRAFFIC: Duration = Duration::from_secs(10);

/// How a recording stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recording {
    /// Being written.
    Running,
    /// Ended before the session did, and why.
    Stopped(String),
}

/// What the recorder tells while it runs. Cheap to clone and to ask.
#[derive(Clone, Debug)]
pub struct Report {
    path: PathBuf,
    state: Arc<Mutex<Recording>>,
    frames: Arc<[AtomicU64; 2]>,
}

impl Report {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How the recording stands.
    #[must_use]
    pub fn state(&self) -> Recording {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Frames recorded towards the server and towards the client.
    #[must_use]
    pub fn frames(&self) -> [u64; 2] {
        [0, 1].map(|way| self.frames[way].load(Ordering::Relaxed))
    }

    fn stop(&self, why: String) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Recording::Stopped(why);
    }
}

/// A recording being written on its own thread.
#[derive(Debug)]
pub struct Recorder {
    thread: JoinHandle<()>,
    report: Report,
}

impl Recorder {
    /// Creates the file with its header and starts writing what comes out of `outlet`. `warn` is called at most once,
    /// with the reason, if the recording has to stop early.
    ///
    /// # Errors
    /// If the file cannot be created or its first line not be written.
    pub fn start(
        wanted: &Path,
        header: &Header,
        limits: Limits,
        outlet: Outlet,
        warn: impl FnOnce(&RecordError) + Send + 'static,
    ) -> Result<Self, RecordError> {
        let mut line = Vec::new();
        write_header(&mut line, header);
        let writer = Writer::create(wanted, &line, limits)?;
        let report = Report {
            path: writer.path().to_owned(),
            state: Arc::new(Mutex::new(Recording::Running)),
            frames: Arc::new([const { AtomicU64::new(0) }; 2]),
        };
        let scribe = Scribe::new(writer, report.clone());
        let failed = |source: io::Error| RecordError::Create { path: report.path.clone(), source };
        let builder = std::thread::Builder::new().name("recorder".to_owned()).stack_size(256 * 1024);
        let thread = builder.spawn(move || run(scribe, &outlet, warn)).map_err(failed)?;
        Ok(Self { thread, report })
    }

    /// What the recorder tells while it runs.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report.clone()
    }

    /// Waits until everything is written. The tap must have been closed.
    pub fn finish(self) {
        // A panic in the recorder has been reported on standard error by then, and the session is over anyway.
        let _ = self.thread.join();
    }
}

fn run(mut scribe: Scribe, outlet: &Outlet, warn: impl FnOnce(&RecordError)) {
    let mut batch = Batch::default();
    while outlet.take(&mut batch, scribe.patience()) {
        match scribe.take_down(&batch) {
            Ok(Next::GoOn) => {}
            Ok(Next::Stop(why)) => {
                outlet.stop();
                scribe.report.stop(why);
                return;
            }
            Err(error) => {
                outlet.stop();
                scribe.give_up(&error);
                warn(&error);
                return;
            }
        }
    }
}

enum Next {
    GoOn,
    Stop(String),
}

/// Turns batches into lines.
struct Scribe {
    writer: Writer,
    report: Report,
    lines: Vec<u8>,
    frames: [Track; 2],
    stderr: Track,
    exchanges: Exchanges,
    sampler: Option<Sampler>,
    last_traffic: Instant,
    last_sample: Instant,
    last_at: Micros,
}

/// The frames of one stream.
struct Track {
    splitter: Splitter,
    /// After a gap in the middle of a frame: everything up to the next newline belongs to the lost frame.
    skipping: bool,
}

impl Track {
    fn new(limit_bytes: usize) -> Self {
        Self { splitter: Splitter::new(limit_bytes), skipping: false }
    }
}

impl Scribe {
    fn new(writer: Writer, report: Report) -> Self {
        let now = Instant::now();
        Self {
            writer,
            report,
            lines: Vec::new(),
            frames: [Track::new(FRAME_BYTES_MAX), Track::new(FRAME_BYTES_MAX)],
            stderr: Track::new(STDERR_LINE_BYTES_MAX),
            exchanges: Exchanges::default(),
            sampler: None,
            last_traffic: now,
            last_sample: now,
            last_at: Micros(0),
        }
    }

    /// How long to wait for traffic before looking at the server's process again; `None` when it has been silent.
    fn patience(&self) -> Option<Duration> {
        let watching = self.sampler.is_some() && self.last_traffic.elapsed() < SAMPLE_AFTER_TRAFFIC;
        watching.then_some(SAMPLE_EVERY)
    }

    fn take_down(&mut self, batch: &Batch) -> Result<Next, RecordError> {
        let mut next = Next::GoOn;
        let mut rest = &batch.bytes[..];
        if !batch.items.is_empty() {
            self.last_traffic = Instant::now();
        }
        for item in &batch.items {
            match item {
                Item::Chunk { stream, at, own, len_bytes, is_last } => {
                    let (chunk, after) = rest.split_at(*len_bytes);
                    rest = after;
                    self.chunk(*stream, *at, *own, chunk, *is_last);
                }
                Item::Dropped { stream, at, frames, bytes, ends_frame } => {
                    self.gap(*stream, *at, *frames, *bytes, *ends_frame);
                }
                Item::Lost { to, at, facts, bytes } => {
                    let fact = Fact::Dropped { to: *to, messages: *facts, bytes: *bytes };
                    write_event(&mut self.lines, &Event { at: *at, fact });
                }
                Item::Fact(at, fact) => {
                    self.fact(*at, fact);
                    if let Fact::Stopped { why } = &**fact {
                        next = Next::Stop(why.clone().into_owned());
                        break;
                    }
                }
            }
            if self.lines.len() >= FLUSH_BYTES {
                self.flush()?;
            }
        }
        self.sample();
        self.flush()?;
        Ok(next)
    }

    fn chunk(&mut self, stream: Stream, at: Micros, own: Nanos, mut chunk: &[u8], is_last: bool) {
        self.last_at = at;
        let track = match stream {
            Stream::Frames(direction) => &mut self.frames[direction.index()],
            Stream::Stderr => &mut self.stderr,
            Stream::Body { exchange, to } => {
                let (lines, report) = (&mut self.lines, &self.report);
                let see = &mut |fact: Fact<'_>| write_fact(lines, report, at, fact);
                return self.exchanges.chunk(exchange, to, chunk, own, is_last, see);
            }
        };
        if track.skipping {
            let Some(newline) = memchr::memchr(b'\n', chunk) else { return };
            track.skipping = false;
            chunk = &chunk[newline + 1..];
        }
        let (lines, report) = (&mut self.lines, &self.report);
        track.splitter.push(chunk, |piece| write_piece(lines, report, stream, at, own, piece));
    }

    fn gap(&mut self, stream: Stream, at: Micros, frames: u64, bytes: u64, ends_frame: bool) {
        self.finish_stream(stream, at);
        let to = match stream {
            Stream::Frames(direction) => {
                self.frames[direction.index()].skipping = !ends_frame;
                direction
            }
            Stream::Stderr => {
                self.stderr.skipping = !ends_frame;
                return;
            }
            Stream::Body { exchange, to } => {
                self.exchanges.gap(exchange, to);
                to
            }
        };
        let messages = frames + u64::from(!ends_frame);
        write_event(&mut self.lines, &Event { at, fact: Fact::Dropped { to, messages, bytes } });
    }

    fn fact(&mut self, at: Micros, fact: &Fact<'static>) {
        self.last_at = at;
        match fact {
            Fact::Started { pid } => self.sampler = pid.and_then(Sampler::of),
            Fact::Stopped { .. } | Fact::Ended { .. } => self.finish_all(at),
            Fact::HttpRequest { exchange, encoding, .. } => self.exchanges.on_request(*exchange, encoding),
            Fact::HttpResponse { exchange, media, encoding, .. } => {
                self.exchanges.on_response(*exchange, media, encoding);
            }
            Fact::HttpEnd { exchange, .. } => {
                let (lines, report) = (&mut self.lines, &self.report);
                self.exchanges.end(*exchange, &mut |fact| write_fact(lines, report, at, fact));
            }
            _ => {}
        }
        write_event(&mut self.lines, &Event { at, fact: fact.clone() });
    }

    fn finish_all(&mut self, at: Micros) {
        for direction in Direction::BOTH {
            self.finish_stream(Stream::Frames(direction), at);
        }
        self.finish_stream(Stream::Stderr, at);
        let (lines, report) = (&mut self.lines, &self.report);
        self.exchanges.end_all(&mut |fact| write_fact(lines, report, at, fact));
    }

    fn finish_stream(&mut self, stream: Stream, at: Micros) {
        let track = match stream {
            Stream::Frames(direction) => &mut self.frames[direction.index()],
            Stream::Stderr => &mut self.stderr,
            Stream::Body { .. } => return,
        };
        let (lines, report) = (&mut self.lines, &self.report);
        track.splitter.finish(|piece| write_piece(lines, report, stream, at, Nanos(0), piece));
    }

    fn sample(&mut self) {
        if self.last_sample.elapsed() < SAMPLE_EVERY {
            return;
        }
        self.last_sample = Instant::now();
        if let Some(fact) = self.sampler.as_mut().and_then(Sampler::look) {
            write_event(&mut self.lines, &Event { at: self.last_at, fact });
        }
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let written = self.writer.append(&self.lines);
        self.lines.clear();
        self.lines.shrink_to(FLUSH_BYTES * 2);
        written
    }

    /// Notes in the file, if it still takes a line, why it ends here.
    fn give_up(&mut self, error: &RecordError) {
        let why = error.to_string();
        self.lines.clear();
        let fact = Fact::Stopped { why: why.clone().into() };
        write_event(&mut self.lines, &Event { at: self.last_at, fact });
        let _ = self.writer.append_beyond_limit(&self.lines);
        self.report.stop(why);
    }
}

fn write_piece(
    lines: &mut Vec<u8>,
    report: &Report,
    stream: Stream,
    at: Micros,
    own: Nanos,
    piece: Piece<'_>,
) {
    let fact = match (stream, piece) {
        (Stream::Frames(to), Piece::Frame { bytes, parts }) => {
            Fact::Message { to, own, payload: Payload::of_frame(bytes), parts, exchange: None }
        }
        (Stream::Frames(to), Piece::Part(bytes)) => {
            Fact::Part { to, payload: Payload::of_frame(bytes), exchange: None }
        }
        (Stream::Stderr | Stream::Body { .. }, Piece::Frame { bytes, .. } | Piece::Part(bytes)) => {
            Fact::Stderr { payload: Payload::of_frame(bytes) }
        }
    };
    write_fact(lines, report, at, fact);
}

fn write_fact(lines: &mut Vec<u8>, report: &Report, at: Micros, fact: Fact<'_>) {
    if let Fact::Message { to, .. } = &fact {
        report.frames[to.index()].fetch_add(1, Ordering::Relaxed);
    }
    write_event(lines, &Event { at, fact });
}
