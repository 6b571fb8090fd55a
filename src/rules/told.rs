//! What the recorder is told of what the gate decided.

use std::borrow::Cow;

use super::{Act, Output};
use crate::trace::{ExchangeId, Payload, Ruling};
use crate::wire::LineEnd;

impl Output {
    /// The fact to be recorded, with the exchange that the lane stands for; `None` for what is between the gate and its
    /// driver.
    #[must_use]
    pub fn into_ruling(self, exchange: Option<ExchangeId>) -> Option<Ruling<'static>> {
        let frame = match self.act {
            Act::Note { frame } => frame,
            Act::Send { frame, .. } => Some(frame),
            Act::Spill { .. } | Act::Lookup { .. } | Act::Store { .. } | Act::Forget { .. } => return None,
        };
        Some(Ruling {
            to: self.to,
            exchange,
            id: self.id.map(|id| Cow::Owned(id.into())),
            outcome: self.outcome,
            payload: frame.map(|frame| payload(frame, exchange.is_some())),
            marks: self.marks,
        })
    }
}

/// In an HTTP body there is no line ending to keep.
fn payload(mut frame: Vec<u8>, is_body: bool) -> Payload<'static> {
    let (text, end) = LineEnd::split(&frame);
    let len_bytes = text.len();
    frame.truncate(len_bytes);
    Payload { text: Cow::Owned(frame), end: if is_body { LineEnd::None } else { end } }
}
