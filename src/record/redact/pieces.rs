//! Texts that stand in several lines: frames in parts, long lines of standard error, private keys printed line by line.
//!
//! Lines wait in their order until a text is whole; what a secret covers is taken out of each of its pieces. Knows nothing
//! of how secrets are found.

use std::collections::{HashMap, VecDeque};

use super::forms::{PEM_BEGIN, PEM_END};
use super::line::with_payload;
use super::scan::Find;
use crate::trace::{Event, ExchangeId, Fact, Payload};
use crate::wire::{Direction, LineEnd};

/// What waits at most. A text that is longer cannot be looked through, so that nothing of it is kept.
pub(super) const HELD_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Lines of standard error in which a private key has to end.
const KEY_LINES_MAX: usize = 1_000;
/// What stands in the place of a text that could not be looked through.
const LEFT_OUT: &[u8] = b"[secret:unread]";

/// Whose pieces belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// The frames of a direction, over HTTP of an exchange.
    Frames(Direction, Option<ExchangeId>),
    /// Standard error.
    Stderr,
}

/// A line that waits.
#[derive(Debug)]
struct Held {
    line: Vec<u8>,
    /// What of a text it holds, until that is whole.
    piece: Option<Piece>,
}

#[derive(Debug)]
struct Piece {
    text: Vec<u8>,
    end: LineEnd,
}

/// Lines in the order of the recording, with texts that are not whole yet.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// The number of the first line that waits.
    first: u64,
    held: VecDeque<Held>,
    held_bytes: usize,
    /// The numbers of the lines of each text that is not whole.
    open: HashMap<Lane, Vec<u64>>,
    /// Lanes whose text is too long: its further pieces are left out.
    given_up: Vec<Lane>,
    /// How many texts were too long.
    pub(super) left_out: u64,
}

/// How a text of several lines is looked through.
pub(super) type Look<'l> = &'l mut dyn FnMut(&[u8]) -> Vec<(Find, Vec<u8>)>;

impl Pieces {
    /// Whether a line has to wait for others, and for whose: it holds a piece of a text, or the end of one.
    pub(super) fn lane_of(&self, fact: &Fact<'_>) -> Option<Lane> {
        match fact {
            Fact::Part { to, exchange, .. } | Fact::Message { to, exchange, parts: 1.., .. } => {
                Some(Lane::Frames(*to, *exchange))
            }
            Fact::Stderr { payload } => {
                let is_whole = payload.end != LineEnd::None && !opens_key(&payload.text);
                let goes_on = self.open.contains_key(&Lane::Stderr);
                (goes_on || !is_whole).then_some(Lane::Stderr)
            }
            _ => None,
        }
    }

    /// Takes a line that stands for itself; it waits for those before it.
    pub(super) fn keep(&mut self, line: Vec<u8>) {
        self.hold(line, None);
    }

    /// Takes a line with a piece of a text; looks through the text if this is its last one.
    pub(super) fn take(&mut self, track: Lane, line: &[u8], event: &Event<'_>, look: Look<'_>) {
        let (Fact::Part { payload, .. } | Fact::Message { payload, .. } | Fact::Stderr { payload }) =
            &event.fact
        else {
            return;
        };
        let is_last = match &event.fact {
            Fact::Message { .. } => true,
            Fact::Part { .. } => false,
            _ => self.ends_stderr(payload),
        };
        if let Some(position) = self.given_up.iter().position(|known| *known == track) {
            self.hold(with_payload(line, b""), None);
            if is_last {
                self.given_up.swap_remove(position);
            }
            return;
        }
        let number = self.first + self.held.len() as u64;
        let piece = Piece { text: payload.text.to_vec(), end: payload.end };
        self.open.entry(track).or_default().push(number);
        self.hold(line.to_vec(), Some(piece));
        if is_last {
            // It may have been the one that was too much.
            match self.given_up.iter().position(|known| *known == track) {
                Some(position) => {
                    self.given_up.swap_remove(position);
                }
                None => self.complete(track, look),
            }
        }
    }

    /// A line that need not wait any more.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        if self.held.front()?.piece.is_some() {
            return None;
        }
        let held = self.held.pop_front()?;
        self.first += 1;
        self.held_bytes -= held.line.len();
        Some(held.line)
    }

    /// No more lines come: what was cut off is looked through as it is.
    pub(super) fn finish(&mut self, look: Look<'_>) {
        let mut open: Vec<(Lane, u64)> = self.open.iter().map(|(lane, lines)| (*lane, lines[0])).collect();
        open.sort_by_key(|(_, first)| *first);
        for (lane, _) in open {
            self.complete(lane, &mut *look);
        }
    }

    fn hold(&mut self, line: Vec<u8>, piece: Option<Piece>) {
        self.held_bytes += line.len() + piece.as_ref().map_or(0, |piece| piece.text.len());
        self.held.push_back(Held { line, piece });
        if self.held_bytes > HELD_BYTES_MAX {
            self.give_up();
        }
    }

    /// Whether a text on standard error ends with this piece.
    fn ends_stderr(&self, payload: &Payload<'_>) -> bool {
        let lines = self.open.get(&Lane::Stderr).map_or(&[][..], |lines| lines);
        let is_key = !lines.is_empty()
            && lines.iter().any(|number| self.piece(*number).is_some_and(|piece| opens_key(&piece.text)));
        let is_open = if is_key { !ends_key(&payload.text) } else { opens_key(&payload.text) };
        payload.end != LineEnd::None && (!is_open || lines.len() >= KEY_LINES_MAX)
    }

    fn piece(&self, number: u64) -> Option<&Piece> {
        self.held.get(usize::try_from(number.checked_sub(self.first)?).ok()?)?.piece.as_ref()
    }

    fn complete(&mut self, lane: Lane, look: Look<'_>) {
        let numbers = self.open.remove(&lane).unwrap_or_default();
        let mut text = Vec::new();
        let mut borders = Vec::with_capacity(numbers.len());
        for number in &numbers {
            let Some(piece) = self.piece(*number) else { continue };
            let start = text.len();
            text.extend_from_slice(&piece.text);
            borders.push((*number, start..text.len()));
            text.extend_from_slice(piece.end.as_str().as_bytes());
        }
        let finds = look(&text);
        for (number, range) in borders {
            let touches =
                |find: &&(Find, Vec<u8>)| find.0.range.start < range.end && find.0.range.end > range.start;
            let mut kept = Vec::new();
            let mut at = range.start;
            let mut is_changed = false;
            for (find, placeholder) in finds.iter().filter(touches) {
                is_changed = true;
                kept.extend_from_slice(&text[at..find.range.start.max(at)]);
                // It stands where the secret began; what follows in later pieces is gone.
                if find.range.start >= range.start {
                    kept.extend_from_slice(placeholder);
                }
                at = find.range.end.min(range.end);
            }
            kept.extend_from_slice(&text[at..range.end]);
            self.settle(number, is_changed.then_some(&kept[..]));
        }
    }

    /// A line need not wait any more; its text is another one if one is given.
    fn settle(&mut self, number: u64, text: Option<&[u8]>) {
        let Some(position) =
            number.checked_sub(self.first).and_then(|position| usize::try_from(position).ok())
        else {
            return;
        };
        let Some(held) = self.held.get_mut(position) else { return };
        let before = held.line.len() + held.piece.take().map_or(0, |piece| piece.text.len());
        if let Some(text) = text {
            held.line = with_payload(&held.line, text);
        }
        self.held_bytes = self.held_bytes + held.line.len() - before;
    }

    /// Too much waits: the text that keeps most of it is left out.
    fn give_up(&mut self) {
        let Some(lane) = self.open.iter().min_by_key(|(_, lines)| lines[0]).map(|(lane, _)| *lane) else {
            return;
        };
        let numbers = self.open.remove(&lane).unwrap_or_default();
        for (position, number) in numbers.into_iter().enumerate() {
            self.settle(number, Some(if position == 0 { LEFT_OUT } else { b"" }));
        }
        self.given_up.push(lane);
        self.left_out += 1;
    }
}

/// Whether a private key begins in a text and does not end in it.
fn opens_key(text: &[u8]) -> bool {
    let begin = memchr::memmem::rfind(text, PEM_BEGIN.as_bytes());
    begin.is_some_and(|begin| {
        let rest = &text[begin..];
        memchr::memmem::find(rest, b"PRIVATE KEY").is_some() && !ends_key(rest)
    })
}

fn ends_key(text: &[u8]) -> bool {
    memchr::memmem::find(text, PEM_END.as_bytes()).is_some()
}
