//! Batches: arrays of messages, which only the revision 2025-03-26 knows.
//!
//! Over stdio one that a rule concerns is taken apart, each message on its own line; over HTTP, where a batch is one
//! exchange, it passes whole.

use super::{Gate, Lane, Verdict};
use crate::trace::{Micros, Outcome};
use crate::wire::{Direction, Message, messages, one_line};

impl Gate {
    pub(super) fn batch(
        &mut self,
        now: Micros,
        lane: Lane,
        to: Direction,
        frame: &[u8],
        all: &[Message<'_>],
    ) -> Verdict {
        // Over stdio there is one lane, and it has no number.
        if lane != Lane::default() || !all.iter().any(|message| self.is_of_interest(lane, to, message)) {
            return Verdict::Pass;
        }
        let Ok(text) = std::str::from_utf8(frame) else { return Verdict::Pass };
        for (part, message) in messages(text).into_iter().zip(all) {
            let mut alone = one_line(part).into_owned().into_bytes();
            alone.push(b'\n');
            if self.message(now, lane, to, &alone, message) == Verdict::Pass {
                let id = match message {
                    Message::Request { id, .. } | Message::Result { id, .. } => Some(*id),
                    Message::Error { id, .. } => *id,
                    Message::Notification { .. } => None,
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
                self.items.find(lane, id).is_some()
            }
            (Direction::ToServer, Message::Result { .. } | Message::Error { .. })
            | (Direction::ToClient, Message::Request { .. } | Message::Error { id: None, .. }) => false,
        }
    }
}
