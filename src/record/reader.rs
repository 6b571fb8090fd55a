//! Reads a recording from its beginning, and on as it grows.
//!
//! Memory stays bounded by the longest line; what has been shown is not kept. Compressed recordings and standard
//! input are unpacked into an unnamed temporary file first, so that bodies can be read again.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use thiserror::Error;

use super::Bodies;
use super::spool::{Counted, Spool, spool_from};
use crate::trace::{Event, ExchangeId, Fact, Header, LineError, Micros, Place, read_event, read_header};
use crate::wire::Direction;

/// How much is asked of the system at once.
const CHUNK_BYTES: usize = 1024 * 1024;
/// A frame kept in parts is shown whole up to this length, and cut there beyond it. Four times what any SDK accepts.
const JOINED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How often an unpacked file is looked at while its first line is missing.
const SPOOL_TICK: Duration = Duration::from_millis(5);
/// How much of a recording's end is looked at first for its last event, and how much at most.
const TAIL_BYTES: u64 = 64 * 1024;
const TAIL_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The first bytes of a zstd frame (RFC 8878, section 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Why a recording cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error("cannot open {}: {source}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its first line is not that of a recording this release reads.
    #[error("cannot open {}: {source}", path.display())]
    Header {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        source: LineError,
    },
    /// It is compressed, and not even the first line comes out of it.
    #[error(
        "cannot open {}: it is compressed, and its beginning is damaged or cut off: nothing of it can be unpacked",
        path.display()
    )]
    Packed {
        /// Its path.
        path: PathBuf,
    },
}

/// What one call of [`Reader::read`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Events shown.
    pub events: u64,
    /// Bytes read, of lines that are not complete yet as well.
    pub bytes: usize,
    /// Everything that is there has been read; a live recording may grow on.
    pub at_end: bool,
    /// The time of the event at which [`Reader::read_while`] was stopped.
    pub stopped_at: Option<Micros>,
}

/// A recording being read.
#[derive(Debug)]
pub struct Reader {
    file: Arc<File>,
    spool: Option<Arc<Spool>>,
    header: Header,
    buffer: Vec<u8>,
    /// Where the buffer's first byte stands in the file.
    buffer_at: u64,
    /// Where the first event stands in it.
    begins_at: u64,
    /// Whether the buffer begins with a complete line that was not let through.
    is_stopped: bool,
    joining: HashMap<Lane, Joining>,
    damaged_lines: u64,
}

/// Lines that could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// How many complete ones.
    pub lines: u64,
    /// Bytes of the last one, which has no end: of a live session it is being written, any other was torn off.
    pub torn_bytes: u64,
}

impl Damage {
    /// What a person should know of it; `None` if there is nothing.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let lines = match self.lines {
            0 => None,
            1 => Some("1 line of this recording cannot be read and is skipped".to_owned()),
            lines => Some(format!("{lines} lines of this recording cannot be read and are skipped")),
        };
        let torn = (self.torn_bytes > 0).then(|| {
            format!("this recording breaks off within a line: its last {} bytes are skipped", self.torn_bytes)
        });
        let words: Vec<String> = lines.into_iter().chain(torn).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// The frames of one lane follow each other: those of a direction and, over HTTP, of an exchange.
type Lane = (Direction, Option<ExchangeId>);

/// Lanes in which a frame in parts is open at once.
const LANES_MAX: usize = 64;

/// A frame in parts whose end has not come yet.
#[derive(Debug)]
struct Joining {
    starts_at: u64,
    bytes: Vec<u8>,
}

/// The header of a recording, without reading any further.
///
/// # Errors
/// If the file cannot be read, is no recording, or was written by a newer release.
pub fn peek(path: &Path) -> Result<Header, OpenError> {
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mut line = Vec::new();
    if is_compressed(&file).map_err(failed)? {
        let unpacked = zstd::Decoder::new(&file).and_then(|unpacked| first_line(unpacked, &mut line));
        unpacked.map_err(|_| OpenError::Packed { path: path.to_owned() })?;
    } else {
        first_line(&file, &mut line).map_err(failed)?;
    }
    read_header(&line).map_err(|source| OpenError::Header { path: path.to_owned(), source })
}

fn first_line(source: impl Read, line: &mut Vec<u8>) -> io::Result<usize> {
    BufReader::with_capacity(4096, source.take(CHUNK_BYTES as u64)).read_until(b'\n', line)
}

pub(super) fn is_compressed(file: &File) -> io::Result<bool> {
    let mut magic = [0; ZSTD_MAGIC.len()];
    let len_bytes = read_at(file, &mut magic, 0)?;
    Ok(magic[..len_bytes] == ZSTD_MAGIC)
}

impl Reader {
    /// Opens a recording, compressed or not, live or ended.
    ///
    /// # Errors
    /// If it cannot be read, is no recording, or was written by a newer release.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        if !is_compressed(&file).map_err(failed)? {
            return Self::over(path, file, None);
        }
        let source_bytes = file.metadata().map_err(failed)?.len();
        let spool = Arc::new(Spool { source_bytes, ..Spool::default() });
        let counted = Counted { source: file, spool: spool.clone() };
        let unpacked = zstd::Decoder::new(counted).map_err(failed)?;
        let file = spool_from(unpacked, spool.clone()).map_err(failed)?;
        Self::over(path, file, Some(spool))
    }

    /// Reads a recording again from its beginning, as far as it is there now.
    ///
    /// # Errors
    /// If it cannot be read any more.
    pub fn again(bodies: &Bodies) -> Result<Self, OpenError> {
        let name = Path::new("the recording");
        let file = bodies.0.try_clone();
        let file = file.map_err(|source| OpenError::File { path: name.to_owned(), source })?;
        Self::over(name, file, None)
    }

    /// Reads a recording from a stream such as standard input.
    ///
    /// # Errors
    /// If it cannot be read, is no recording, or was written by a newer release.
    pub fn from_stream(source: impl Read + Send + 'static) -> Result<Self, OpenError> {
        let name = Path::new("standard input");
        let spool = Arc::new(Spool::default());
        let file = spool_from(source, spool.clone());
        let file = file.map_err(|source| OpenError::File { path: name.to_owned(), source })?;
        Self::over(name, file, Some(spool))
    }

    fn over(path: &Path, file: File, spool: Option<Arc<Spool>>) -> Result<Self, OpenError> {
        let file = Arc::new(file);
        let mut buffer = Vec::new();
        let failed = |source| OpenError::File { path: path.to_owned(), source };
        let newline = loop {
            if let Some(newline) = memchr::memchr(b'\n', &buffer) {
                break newline;
            }
            let unfinished = spool.as_ref().is_some_and(|spool| !spool.done.load(Ordering::Acquire));
            let filled = buffer.len() as u64;
            if fill(&file, &mut buffer, filled).map_err(failed)? == 0 {
                if !unfinished {
                    break buffer.len();
                }
                // A stream from elsewhere may take its time to begin.
                std::thread::sleep(SPOOL_TICK);
            }
        };
        // A damaged compressed file unpacks to nothing, and is not empty.
        if buffer.is_empty() && spool.as_ref().is_some_and(|spool| spool.source_bytes > 0) {
            return Err(OpenError::Packed { path: path.to_owned() });
        }
        let header = read_header(&buffer[..newline]);
        let header = header.map_err(|source| OpenError::Header { path: path.to_owned(), source })?;
        buffer.drain(..(newline + 1).min(buffer.len()));
        let buffer_at = newline as u64 + 1;
        Ok(Self {
            file,
            spool,
            header,
            buffer,
            buffer_at,
            begins_at: buffer_at,
            is_stopped: false,
            joining: HashMap::new(),
            damaged_lines: 0,
        })
    }

    /// A reader of the same recording that is at its beginning.
    #[must_use]
    pub fn from_beginning(&self) -> Self {
        Self {
            file: self.file.clone(),
            spool: self.spool.clone(),
            header: self.header.clone(),
            buffer: Vec::new(),
            buffer_at: self.begins_at,
            begins_at: self.begins_at,
            is_stopped: false,
            joining: HashMap::new(),
            damaged_lines: 0,
        }
    }

    /// The time of the last event that is there; `None` if it cannot be told without reading all of it. Nothing is read on by it.
    #[must_use]
    pub fn last_time(&self) -> Option<Micros> {
        if self.spool.as_ref().is_some_and(|spool| !spool.done.load(Ordering::Acquire)) {
            return None;
        }
        let len_bytes = self.file.metadata().ok()?.len();
        let mut tail_bytes = TAIL_BYTES;
        loop {
            let from = len_bytes.saturating_sub(tail_bytes).max(self.begins_at);
            let mut tail = vec![0; usize::try_from(len_bytes.checked_sub(from)?).ok()?];
            let read = read_at(&self.file, &mut tail, from).ok()?;
            let lines = tail[..read].rsplit(|byte| *byte == b'\n');
            let found = lines.filter_map(|line| read_event(line).ok()).map(|event| event.at).next();
            if found.is_some() || from == self.begins_at || tail_bytes >= TAIL_BYTES_MAX {
                return found;
            }
            tail_bytes *= 16;
        }
    }

    /// The recording's first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How far the reader is, in bytes of the source.
    #[must_use]
    pub fn position_bytes(&self) -> u64 {
        match &self.spool {
            Some(spool) if spool.source_bytes > 0 => spool.taken_bytes.load(Ordering::Relaxed),
            _ => self.buffer_at,
        }
    }

    /// How long the source is now, in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        match &self.spool {
            Some(spool) if spool.source_bytes > 0 => spool.source_bytes,
            _ => self.file.metadata().map_or(self.buffer_at, |metadata| metadata.len()),
        }
    }

    /// Lines that could not be read so far.
    #[must_use]
    pub fn damaged(&self) -> Damage {
        Damage { lines: self.damaged_lines, torn_bytes: self.buffer.len() as u64 }
    }

    /// Reads single messages again.
    #[must_use]
    pub fn bodies(&self) -> Bodies {
        Bodies(self.file.clone())
    }

    /// Shows the events that are there, in order, until about `budget_bytes` have been read. Call again to go on, or to
    /// follow a recording that grows. A frame kept in parts is shown once, whole.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(
        &mut self,
        budget_bytes: usize,
        see: &mut dyn FnMut(&Event<'_>, Place),
    ) -> io::Result<Progress> {
        self.read_while(budget_bytes, &mut |_| true, see)
    }

    /// The same, up to the first event whose time is not let through. That event is the first one to be shown the next time.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_while(
        &mut self,
        budget_bytes: usize,
        lets_through: &mut dyn FnMut(Micros) -> bool,
        see: &mut dyn FnMut(&Event<'_>, Place),
    ) -> io::Result<Progress> {
        let mut progress = Progress::default();
        let mut spent_bytes = 0;
        while spent_bytes < budget_bytes {
            // Asked before reading: what is written after the answer is found by the next call.
            let unpacked = self.spool.as_ref().is_none_or(|spool| spool.done.load(Ordering::Acquire));
            let after_buffer = self.buffer_at + self.buffer.len() as u64;
            let searched = self.buffer.len();
            // Where lines wait, more would only pile up behind them.
            let was_stopped = std::mem::take(&mut self.is_stopped);
            let read = if was_stopped { 0 } else { fill(&self.file, &mut self.buffer, after_buffer)? };
            if read == 0 && memchr::memchr(b'\n', &self.buffer).is_none() {
                progress.at_end = unpacked;
                break;
            }
            spent_bytes += read.max(1);
            progress.bytes += read;
            let (events, stopped_at) = self.show_lines(searched.min(self.buffer.len()), lets_through, see);
            progress.events += events;
            if stopped_at.is_some() {
                self.is_stopped = true;
                progress.stopped_at = stopped_at;
                break;
            }
        }
        Ok(progress)
    }

    /// Shows every complete line of the buffer that is let through and keeps the rest; returns how many events there were, and
    /// the time of the one that was stopped. There is no newline before `searched` unless lines are left from opening, or
    /// from a stop.
    fn show_lines(
        &mut self,
        searched: usize,
        lets_through: &mut dyn FnMut(Micros) -> bool,
        see: &mut dyn FnMut(&Event<'_>, Place),
    ) -> (u64, Option<Micros>) {
        let buffer = std::mem::take(&mut self.buffer);
        let first = if memchr::memchr(b'\n', &buffer[..searched]).is_some() { 0 } else { searched };
        let (mut start, mut events, mut stopped_at) = (0, 0, None);
        for newline in memchr::memchr_iter(b'\n', &buffer[first..]) {
            let line = &buffer[start..first + newline];
            let offset_bytes = self.buffer_at + start as u64;
            let event = read_event(line);
            if let Ok(event) = &event
                && !lets_through(event.at)
            {
                stopped_at = Some(event.at);
                break;
            }
            start = first + newline + 1;
            match event {
                Ok(event) => {
                    self.show(event, offset_bytes, line.len(), see);
                    events += 1;
                }
                Err(_) if line.is_empty() => {}
                Err(_) => self.damaged_lines += 1,
            }
        }
        self.buffer_at += start as u64;
        self.buffer = buffer;
        self.buffer.drain(..start);
        (events, stopped_at)
    }

    fn show(
        &mut self,
        event: Event<'_>,
        offset_bytes: u64,
        line_bytes: usize,
        see: &mut dyn FnMut(&Event<'_>, Place),
    ) {
        let place = |starts_at: u64| Place {
            offset_bytes: starts_at,
            len_bytes: u32::try_from(offset_bytes + line_bytes as u64 - starts_at).unwrap_or(u32::MAX),
        };
        match event.fact {
            Fact::Part { to, payload, exchange } => {
                if self.joining.len() >= LANES_MAX && !self.joining.contains_key(&(to, exchange)) {
                    // Frames in parts that never ended, of exchanges that were cut off.
                    self.joining.clear();
                }
                let joining = self.joining.entry((to, exchange));
                let joining =
                    joining.or_insert_with(|| Joining { starts_at: offset_bytes, bytes: Vec::new() });
                if joining.bytes.len() < JOINED_BYTES_MAX {
                    payload.write_to(&mut joining.bytes);
                }
            }
            Fact::Message { to, own, payload, parts: 1.., exchange } => {
                let Joining { starts_at, bytes } = self.end_of_parts((to, exchange), offset_bytes);
                let (mut text, end) = (bytes, payload.end);
                text.extend_from_slice(&payload.text);
                let payload = crate::trace::Payload { text: text.into(), end };
                let fact = Fact::Message { to, own, payload, parts: 0, exchange };
                see(&Event { at: event.at, fact }, place(starts_at));
            }
            _ => see(&event, place(offset_bytes)),
        }
    }

    fn end_of_parts(&mut self, lane: Lane, offset_bytes: u64) -> Joining {
        let joining = self.joining.remove(&lane);
        joining.unwrap_or(Joining { starts_at: offset_bytes, bytes: Vec::new() })
    }
}

/// Appends what the file holds from `offset_bytes` on, one chunk at most.
fn fill(file: &File, buffer: &mut Vec<u8>, offset_bytes: u64) -> io::Result<usize> {
    let filled = buffer.len();
    buffer.resize(filled + CHUNK_BYTES, 0);
    let read = read_at(file, &mut buffer[filled..], offset_bytes);
    buffer.truncate(filled + *read.as_ref().unwrap_or(&0));
    read
}

#[cfg(unix)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset_bytes)
}

#[cfg(windows)]
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset_bytes)
}
