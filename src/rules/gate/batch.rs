//! Batches: arrays of messages, which only the revision 2025-03-26 knows.
//!
//! One that a rule concerns is taken apart: over stdio here, each message on its own line; over HTTP, where each message
//! has a lane of its own, by who carries it.

use super::{Gate, Lane, Verdict};
use crate::trace::{Micros, Outcome};
use crate::wire::{Contents, Direction, Message, contents, messages, one_line};

impl Gate {
    /// Whether one of the messages in this text has to be shown: then each is to be shown on its own. What is no message
    /// does not keep the others from being seen.
    pub fn takes_apart(&mut self, lane: Lane, to: Direction, text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else { return false };
        text.trim_start().starts_with('[')
            && messages(text).into_iter().any(|part| match contents(part.as_bytes()) {
                _ if to == Direction::ToServer && self.is_doubtful(part.as_bytes()) => true,
                Contents::One(message) => self.is_of_interest(lane, to, &message),
                Contents::Batch(_) => self.takes_apart(lane, to, part.as_bytes()),
                Contents::Noise => false,
            })
    }

    /// Over stdio. What is no message among the others goes on its own as well, and is answered as what it is.
    pub(super) fn batch(&mut self, now: Micros, lane: Lane, to: Direction, frame: &[u8]) -> Verdict {
        // Over stdio there is one lane, and it has no number.
        if lane != Lane::default() || !self.takes_apart(lane, to, frame) {
            return Verdict::Pass;
        }
        let Ok(text) = std::str::from_utf8(frame) else { return Verdict::Pass };
        for part in messages(text) {
            let mut alone = one_line(part).into_owned().into_bytes();
            let message = contents(part.as_bytes());
            alone.push(b'\n');
            let verdict = match &message {
                _ if to == Direction::ToServer && self.refuses_doubtful(lane, &alone) => Verdict::Taken,
                Contents::One(message) => self.message(now, lane, to, &alone, message),
                Contents::Batch(_) => self.batch(now, lane, to, &alone),
                Contents::Noise => Verdict::Pass,
            };
            if verdict == Verdict::Pass {
                let id = match &message {
                    Contents::One(Message::Request { id, .. } | Message::Result { id, .. }) => Some(*id),
                    Contents::One(Message::Error { id, .. }) => *id,
                    Contents::One(Message::Notification { .. }) | Contents::Batch(_) | Contents::Noise => {
                        None
                    }
                };
                self.send((lane, to, id), Outcome::Released, (to, alone), Vec::new());
            }
        }
        Verdict::Taken
    }

    fn is_of_interest(&mut self, lane: Lane, to: Direction, message: &Message<'_>) -> bool {
        match (to, message) {
            (
                Direction::ToServer,
                Message::Request { method, params, .. } | Message::Notification { method, params },
            ) => self.concerns(lane, method, *params),
            (Direction::ToClient, Message::Notification { method, .. }) => self.hears(method),
            (Direction::ToClient, Message::Result { id, .. } | Message::Error { id: Some(id), .. }) => {
                self.awaited(lane, id).is_some()
            }
            (Direction::ToServer, Message::Result { .. } | Message::Error { .. })
            | (Direction::ToClient, Message::Request { .. } | Message::Error { id: None, .. }) => false,
        }
    }
}
