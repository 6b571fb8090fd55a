//! What rules did, as the recording has it.
//!
//! Pure.

use crate::proxy::rulebook::ruling;
use crate::rules::{Act, Lane, Output};
use crate::trace::{ExchangeId, Outcome, Ruling};

/// The lane of a message of an exchange; where there are several, they are numbered.
pub(super) fn lane_of(exchange: ExchangeId, number: u32) -> Lane {
    Lane(u64::from(number) << 32 | u64::from(exchange.0))
}

/// The exchange that a lane is in.
pub(super) fn exchange_of(lane: Lane) -> ExchangeId {
    ExchangeId(u32::try_from(lane.0 & u64::from(u32::MAX)).expect("it has no more bits than that"))
}

/// The fact that an output is, in the exchange that is its lane. Takes the names out of the output. What goes on as it
/// came is not written twice, and a message has no line ending here.
pub(super) fn fact(output: &mut Output) -> Option<Ruling<'static>> {
    let exchange = Some(exchange_of(output.lane));
    if let Act::Send { frame, .. } | Act::Note { frame: Some(frame) } = &mut output.act {
        frame.truncate(trimmed(frame).len());
    }
    let mut fact = ruling(output, exchange)?;
    if matches!(output.outcome, Outcome::Released | Outcome::Passed)
        && !matches!(output.act, Act::Note { .. })
    {
        fact.payload = None;
    }
    Some(fact)
}

/// A frame without the line ending that it has where messages are lines.
pub(super) fn trimmed(frame: &[u8]) -> &[u8] {
    frame.strip_suffix(b"\n").unwrap_or(frame)
}
