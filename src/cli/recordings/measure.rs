//! What a recording holds, as far as that can be had at once: how long it is, messages, calls, and whether it has ended.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::record::{Raw, Reader};
use crate::trace::{Event, Fact, Micros, read_event};
use crate::wire::{Contents, Direction, Message, contents};

/// Recordings up to this size are read whole.
const WHOLE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Where the last event is looked for in larger ones.
const TAIL_BYTES: u64 = 256 * 1024;
/// What is read at once.
const STEP_BYTES: usize = 4 * 1024 * 1024;

/// What is known of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// From its start to its last event.
    pub(super) length: Option<Micros>,
    /// Whether that is the end of the session, or of the recording of it.
    pub(super) has_ended: bool,
    /// Messages in both directions.
    pub(super) messages: Option<u64>,
    /// Calls of tools.
    pub(super) calls: Option<u64>,
}

/// Looks at a recording: all of it if it is small or `wants_all`, else at its end.
pub(super) fn measure(path: &Path, size_bytes: u64, wants_all: bool, far: impl FnMut(u64, u64)) -> Measure {
    let looked = if wants_all || size_bytes <= WHOLE_BYTES_MAX { whole(path, far) } else { tail(path) };
    // What cannot be read has no figures; whoever opens it is told why.
    looked.unwrap_or_default()
}

fn whole(path: &Path, mut far: impl FnMut(u64, u64)) -> Option<Measure> {
    let mut reader = Reader::open(path).ok()?;
    let (mut messages, mut calls) = (0, 0);
    let mut last = Measure::default();
    loop {
        let progress = reader.read(STEP_BYTES, &mut |event, _| {
            last = of_last(event);
            if let Fact::Message { to, payload, .. } = &event.fact {
                messages += 1;
                calls += if *to == Direction::ToServer { calls_in(&payload.text) } else { 0 };
            }
        });
        if progress.ok()?.at_end {
            return Some(Measure { messages: Some(messages), calls: Some(calls), ..last });
        }
        far(reader.position_bytes(), reader.len_bytes());
    }
}

fn calls_in(frame: &[u8]) -> u64 {
    let is_call =
        |message: &Message<'_>| matches!(message, Message::Request { method, .. } if method == "tools/call");
    match contents(frame) {
        Contents::One(message) => u64::from(is_call(&message)),
        Contents::Batch(messages) => messages.iter().filter(|message| is_call(message)).count() as u64,
        Contents::Noise => 0,
    }
}

/// The last event of a recording that is not compressed.
fn tail(path: &Path) -> Option<Measure> {
    if Raw::open(path).ok()?.is_compressed() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let start = file.metadata().ok()?.len().saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut end = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut end).ok()?;
    let whole = &end[..memchr::memrchr(b'\n', &end)?];
    let last = &whole[memchr::memrchr(b'\n', whole).map_or(0, |newline| newline + 1)..];
    read_event(last).ok().map(|event| of_last(&event))
}

fn of_last(event: &Event<'_>) -> Measure {
    let has_ended = matches!(event.fact, Fact::Ended { .. } | Fact::Stopped { .. });
    Measure { length: Some(event.at), has_ended, messages: None, calls: None }
}
