//! Undoes the compression of a body (`Content-Encoding`, RFC 9110 section 8.4) piece by piece, so that what was said can
//! be read. What passes through the proxy stays as it is.
//!
//! Bounded in memory and in how much may come out of how little. Knows nothing of messages.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::write::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use thiserror::Error;
use zstd::stream::raw::{DParameter, Operation as _};

/// Why a body, or the rest of it, could not be unpacked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum UnpackError {
    /// Its compression is none of those known here.
    #[error("is compressed with {0:?}, which mcptop does not undo")]
    Unknown(String),
    /// Too many are being unpacked.
    #[error("is one of too many compressed ones at once")]
    TooMany,
    /// It is not what it is said to be.
    #[error("is not {0}, as it is said to be")]
    Damaged(&'static str),
    /// Its end is missing.
    #[error("ends before its compression does")]
    CutOff,
    /// Something follows its end.
    #[error("goes on behind the end of its compression")]
    Garbage,
    /// It unpacks to much more than it is.
    #[error("unpacks to more than {RATIO_MAX} times its size")]
    Bomb,
}

/// How much may come out in all, however little has gone in: what a frame may be, with room to spare.
const FREE_BYTES: u64 = 32 * 1024 * 1024;
/// How many times more may come out than has gone in, beyond that.
const RATIO_MAX: u64 = 100;
/// Codings that may be applied one on the other.
const CODINGS_MAX: usize = 3;
/// What is unpacked at once.
const PIECE_BYTES: usize = 4 * 1024;
/// Room for what comes out at once.
const ROOM_BYTES: usize = 32 * 1024;
/// What all that is being unpacked may need together, at most.
const BUDGET_KIB: usize = 256 * 1024;
/// A window of zstd over HTTP is 8 MB at most (RFC 9659): two to the power of this.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The memory for all bodies being unpacked.
#[derive(Clone, Debug, Default)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// A part of the budget, given back when it is dropped.
#[derive(Debug)]
struct Share {
    of: Budget,
    kib: usize,
}

impl Budget {
    fn share(&self, kib: usize) -> Option<Share> {
        let used = self.0.fetch_add(kib, Ordering::Relaxed) + kib;
        let share = Share { of: self.clone(), kib };
        (used <= BUDGET_KIB).then_some(share)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.0.fetch_sub(self.kib, Ordering::Relaxed);
    }
}

/// A body being unpacked.
pub(super) struct Unpacker {
    /// The codings in the order in which they are undone.
    codings: Vec<Coding>,
    in_bytes: u64,
    out_bytes: u64,
    _share: Share,
}

/// One compression being undone.
struct Coding {
    inner: Inner,
    /// Its end has been reached.
    is_complete: bool,
}

enum Inner {
    Gzip(Box<GzDecoder<Sink>>),
    /// Its first byte tells whether it has the frame that it should have: many have not.
    Deflate(Option<Decompress>),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd(zstd::stream::raw::Decoder<'static>),
}

/// Takes what comes out; a decoder of flate2 writes somewhere.
#[derive(Debug, Default)]
struct Sink {
    bytes: Vec<u8>,
    room: usize,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.room {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.codings.iter().map(|coding| coding.inner.name()).collect();
        f.debug_struct("Unpacker").field("codings", &names).finish_non_exhaustive()
    }
}

impl Unpacker {
    /// For the codings that a `Content-Encoding` names, in the order in which they were applied.
    pub(super) fn new(encoding: &str, budget: &Budget) -> Result<Self, UnpackError> {
        let unknown = || UnpackError::Unknown(encoding.chars().take(40).collect());
        let names: Vec<&str> = encoding.split(',').map(str::trim).collect();
        if names.len() > CODINGS_MAX {
            return Err(unknown());
        }
        let kinds: Vec<Kind> =
            names.iter().rev().map(|name| Kind::named(name)).collect::<Option<_>>().ok_or_else(unknown)?;
        let kib = kinds.iter().map(|kind| kind.kib()).sum();
        let share = budget.share(kib).ok_or(UnpackError::TooMany)?;
        let codings = kinds.into_iter().map(Coding::new).collect::<Option<_>>().ok_or_else(unknown)?;
        Ok(Self { codings, in_bytes: 0, out_bytes: 0, _share: share })
    }

    /// Takes the next bytes and shows what they are unpacked. After an error nothing more can be had.
    pub(super) fn feed(&mut self, bytes: &[u8], see: &mut dyn FnMut(&[u8])) -> Result<(), UnpackError> {
        for piece in bytes.chunks(PIECE_BYTES) {
            self.in_bytes += piece.len() as u64;
            let allowed = FREE_BYTES + self.in_bytes.saturating_mul(RATIO_MAX);
            let room = usize::try_from(allowed.saturating_sub(self.out_bytes)).unwrap_or(usize::MAX);
            let (unpacked, outcome) = through(&mut self.codings, piece, room);
            self.out_bytes += unpacked.len() as u64;
            if !unpacked.is_empty() {
                see(&unpacked);
            }
            outcome?;
        }
        Ok(())
    }

    /// The body has ended.
    pub(super) fn finish(&mut self) -> Result<(), UnpackError> {
        if self.codings.iter_mut().all(Coding::ends) { Ok(()) } else { Err(UnpackError::CutOff) }
    }
}

/// What comes out of all codings together, and what went wrong behind that.
fn through(codings: &mut [Coding], piece: &[u8], room: usize) -> (Vec<u8>, Result<(), UnpackError>) {
    let mut bytes = piece.to_vec();
    let mut outcome = Ok(());
    for coding in codings {
        let mut unpacked = Vec::new();
        // What stands before the damage is still good.
        outcome = coding.feed(&bytes, &mut unpacked, room).and(outcome);
        bytes = unpacked;
    }
    (bytes, outcome)
}

#[derive(Clone, Copy)]
enum Kind {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }

    /// The memory that one needs at most; with brotli with the windows that servers use.
    fn kib(self) -> usize {
        match self {
            Self::Gzip | Self::Deflate => 128,
            Self::Brotli => 4 * 1024,
            Self::Zstd => 8 * 1024,
        }
    }
}

/// What one step of a decoder did.
struct Step {
    read: usize,
    written: usize,
    is_complete: bool,
}

impl Coding {
    fn new(kind: Kind) -> Option<Self> {
        let alloc = StandardAlloc::default;
        let inner = match kind {
            Kind::Gzip => Inner::Gzip(Box::new(GzDecoder::new(Sink::default()))),
            Kind::Deflate => Inner::Deflate(None),
            Kind::Brotli => Inner::Brotli(Box::new(BrotliState::new(alloc(), alloc(), alloc()))),
            Kind::Zstd => {
                let mut decoder = zstd::stream::raw::Decoder::new().ok()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).ok()?;
                Inner::Zstd(decoder)
            }
        };
        Some(Self { inner, is_complete: false })
    }

    /// Unpacks the input behind what stands in `out`, which may grow to `room`.
    fn feed(&mut self, mut input: &[u8], out: &mut Vec<u8>, room: usize) -> Result<(), UnpackError> {
        while let Some(first) = input.first() {
            if self.is_complete {
                self.inner.begin_again(*first)?;
                self.is_complete = false;
            }
            let (used, is_complete) = self.inner.feed(input, out, room)?;
            if used == 0 && !is_complete {
                return Err(UnpackError::Damaged(self.inner.name()));
            }
            self.is_complete = is_complete;
            input = &input[used..];
        }
        Ok(())
    }

    /// Whether it may end here.
    fn ends(&mut self) -> bool {
        match &mut self.inner {
            // Whether its check sum has come is known when one asks.
            Inner::Gzip(member) => self.is_complete || member.try_finish().is_ok(),
            Inner::Deflate(_) | Inner::Brotli(_) | Inner::Zstd(_) => self.is_complete,
        }
    }
}

impl Inner {
    fn name(&self) -> &'static str {
        match self {
            Self::Gzip(_) => "gzip",
            Self::Deflate(_) => "deflate",
            Self::Brotli(_) => "br",
            Self::Zstd(_) => "zstd",
        }
    }

    /// Something follows the end: of gzip and zstd several may stand one behind the other (RFC 1952 section 2.2, RFC 8878
    /// section 3.1).
    fn begin_again(&mut self, first: u8) -> Result<(), UnpackError> {
        match (self, first) {
            (Self::Gzip(member), 0x1f) => **member = GzDecoder::new(Sink::default()),
            // A frame, or one that is to be passed over.
            (Self::Zstd(_), 0x28 | 0x50..=0x5f) => {}
            (Self::Gzip(_) | Self::Zstd(_) | Self::Deflate(_) | Self::Brotli(_), _) => {
                return Err(UnpackError::Garbage);
            }
        }
        Ok(())
    }

    /// Returns how much of the input was used, and whether the end was reached.
    fn feed(&mut self, input: &[u8], out: &mut Vec<u8>, room: usize) -> Result<(usize, bool), UnpackError> {
        let damaged = UnpackError::Damaged(self.name());
        match self {
            Self::Gzip(member) => gzip(member, input, out, room),
            Self::Deflate(inner) => {
                // RFC 1950: the method is 8 and the window 32 KB at most. A raw block does not begin so.
                let has_frame = input[0] & 0x0f == 8 && input[0] >> 4 <= 7;
                let inner = inner.get_or_insert_with(|| Decompress::new(has_frame));
                pump(input, out, room, |input, output| {
                    let before = (inner.total_in(), inner.total_out());
                    let status = inner.decompress(input, output, FlushDecompress::None);
                    let is_complete = status.map_err(|_| damaged.clone())? == Status::StreamEnd;
                    let count = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(0);
                    let (read, written) =
                        (count(inner.total_in(), before.0), count(inner.total_out(), before.1));
                    Ok(Step { read, written, is_complete })
                })
            }
            Self::Brotli(state) => pump(input, out, room, |input, output| {
                let (mut left, mut free) = (input.len(), output.len());
                let (mut read, mut written, mut total) = (0, 0, 0);
                let result = BrotliDecompressStream(
                    &mut left,
                    &mut read,
                    input,
                    &mut free,
                    &mut written,
                    output,
                    &mut total,
                    state,
                );
                match result {
                    BrotliResult::ResultFailure => Err(damaged.clone()),
                    BrotliResult::ResultSuccess => Ok(Step { read, written, is_complete: true }),
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {
                        Ok(Step { read, written, is_complete: false })
                    }
                }
            }),
            Self::Zstd(decoder) => pump(input, out, room, |input, output| {
                let step = decoder.run_on_buffers(input, output).map_err(|_| damaged.clone())?;
                let is_complete = step.remaining == 0;
                Ok(Step { read: step.bytes_read, written: step.bytes_written, is_complete })
            }),
        }
    }
}

/// Steps until the input is used up and all that is known of it has come out, or the end is reached.
fn pump(
    input: &[u8],
    out: &mut Vec<u8>,
    room: usize,
    mut step: impl FnMut(&[u8], &mut [u8]) -> Result<Step, UnpackError>,
) -> Result<(usize, bool), UnpackError> {
    let mut output = vec![0; ROOM_BYTES];
    let mut used = 0;
    loop {
        let Step { read, written, is_complete } = step(&input[used..], &mut output)?;
        used += read;
        if out.len() + written > room {
            return Err(UnpackError::Bomb);
        }
        out.extend_from_slice(&output[..written]);
        let is_dry = written < output.len() && (used == input.len() || read + written == 0);
        if is_complete || is_dry {
            return Ok((used, is_complete));
        }
    }
}

fn gzip(
    member: &mut GzDecoder<Sink>,
    input: &[u8],
    out: &mut Vec<u8>,
    room: usize,
) -> Result<(usize, bool), UnpackError> {
    member.get_mut().room = room.saturating_sub(out.len());
    let mut used = 0;
    let mut written = Ok(1);
    while used < input.len() && matches!(written, Ok(1..)) {
        written = member.write(&input[used..]);
        used += written.as_ref().map_or(0, |written| *written);
    }
    let is_at_end = matches!(written, Ok(0));
    let mut outcome = written.map(drop);
    if outcome.is_ok() && member.header().is_some() {
        outcome = if is_at_end { member.try_finish() } else { member.flush() };
    }
    out.append(&mut member.get_mut().bytes);
    match outcome {
        Ok(()) => Ok((used, is_at_end)),
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => Err(UnpackError::Bomb),
        Err(_) => Err(UnpackError::Damaged("gzip")),
    }
}

#[cfg(test)]
mod tests;
