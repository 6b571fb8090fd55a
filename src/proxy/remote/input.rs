//! The client's lines, as they come.

use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::post::Line;
use super::said::Said;
use crate::proxy::ends::Input;
use crate::wire::{LineEnd, Piece, Splitter};

/// The longest line that is passed on: four times what SDKs write.
pub(super) const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Lines read ahead while something keeps them from being sent.
const AHEAD_MAX: usize = 64;
/// What a pipe holds on Linux: a larger read would not get more.
const BUFFER_BYTES: usize = 64 * 1024;

/// A line, or what takes its place.
#[derive(Debug)]
pub(super) enum Arrived {
    /// A line.
    Line(Line),
    /// A line longer than is passed on.
    TooLong,
}

/// What comes from the client.
pub(super) struct Lines {
    /// Its lines; ends with them.
    pub(super) arrived: mpsc::Receiver<Arrived>,
    /// Told when the client closes its side, even while lines wait.
    pub(super) closed: oneshot::Receiver<()>,
}

/// Takes the client's end. The returned future reads, for as long as somebody takes the lines.
pub(super) fn lines(input: Input) -> (Lines, impl Future<Output = ()>) {
    let (lines, arrived) = mpsc::channel(AHEAD_MAX);
    let (close, closed) = oneshot::channel();
    let read = async move {
        read(input, &lines).await;
        // Nobody may listen any more.
        let _ = close.send(());
    };
    (Lines { arrived, closed }, read)
}

async fn read(mut input: Input, lines: &mpsc::Sender<Arrived>) {
    let (mut splitter, mut buffer) = (Splitter::new(LINE_BYTES_MAX), vec![0; BUFFER_BYTES]);
    let mut found = Vec::new();
    loop {
        // An error while reading is the client's end, as for any reader of a broken pipe.
        let read = input.read(&mut buffer).await.ok().filter(|(len_bytes, _)| *len_bytes > 0);
        let woke = read.map_or_else(Instant::now, |(_, woke)| woke);
        let mut see = |piece: Piece<'_>| found.extend(arrived(piece, woke));
        match read {
            Some((len_bytes, _)) => splitter.push(&buffer[..len_bytes], &mut see),
            None => splitter.finish(&mut see),
        }
        for line in found.drain(..) {
            if lines.send(line).await.is_err() {
                return;
            }
        }
        if read.is_none() {
            return;
        }
    }
}

fn arrived(piece: Piece<'_>, woke: Instant) -> Option<Arrived> {
    match piece {
        Piece::Part(_) => None,
        Piece::Frame { bytes, parts: 0 } => {
            let (text, _) = LineEnd::split(bytes);
            // A blank line is nobody's message.
            let is_blank = text.trim_ascii().is_empty();
            let line = || Line { text: Bytes::copy_from_slice(text), said: Said::read(text), woke };
            (!is_blank).then(|| Arrived::Line(line()))
        }
        Piece::Frame { .. } => Some(Arrived::TooLong),
    }
}
