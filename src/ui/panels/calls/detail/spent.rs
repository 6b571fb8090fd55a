//! Where the time of a call went: with the server, with who was asked back, with rules, in mcptop.
//!
//! Derived from the operation alone. Knows nothing of screens.

use crate::model::{Exchange, Operation, State};
use crate::ui::panels::Opened;

/// Where the time went.
#[expect(clippy::struct_field_names, reason = "units stand last in names")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// In the server, or whoever was asked.
    pub(super) responder_us: u64,
    /// Of that, until its HTTP response began; `None` over stdio, and before it has.
    pub(super) first_byte_us: Option<u64>,
    /// With a human or model that was asked back.
    pub(super) human_us: u64,
    /// Held back or answered by rules.
    pub(super) held_us: u64,
    /// In mcptop.
    pub(super) own_us: u64,
    /// From beginning to end.
    pub(super) all_us: u64,
}

/// Where the time of a call went.
pub(super) fn spent(opened: &Opened<'_>, operation: &Operation) -> Spent {
    let all_us = operation.elapsed_us(opened.now);
    let own_us = operation.exchanges().map(Exchange::own_ns).sum::<u64>() / 1_000;
    let human_us = all_us - operation.waited_us(opened.now);
    let held_us = operation.waited_us(opened.now) - operation.latency_us(opened.now);
    let is_by_rule = operation.ruled().is_some_and(|ruled| ruled.answered_by().is_some());
    let held_us = if is_by_rule { all_us.saturating_sub(human_us) } else { held_us };
    let own_us = if is_by_rule { 0 } else { own_us };
    let responder_us = match operation.state {
        // The responder had it until now, until it was taken back, or until the end.
        State::Pending | State::Cancelled { .. } | State::Abandoned => {
            all_us.saturating_sub(own_us + human_us + held_us)
        }
        State::Done(_) | State::Unknown => operation.responder_us(),
    };
    let first_byte_us = first_byte_us(opened, operation).map(|us| us.min(responder_us));
    Spent { responder_us, first_byte_us, human_us, held_us, own_us, all_us }
}

/// How long the HTTP responses to a call's requests took to begin, in all.
fn first_byte_us(opened: &Opened<'_>, operation: &Operation) -> Option<u64> {
    let http = opened.session.http();
    let heads = operation.exchanges().map(|exchange| http.get(exchange.request.exchange()?)?.head_us());
    heads.collect::<Option<Vec<u64>>>().map(|heads| heads.into_iter().sum())
}
