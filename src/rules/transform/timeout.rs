//! `timeout`: gives up on slow answers.

use crate::rules::Span;
use crate::trace::Micros;

/// When the answer to a call that is forwarded now comes too late.
pub(in crate::rules) fn deadline(now: Micros, timeout: Span) -> Micros {
    Micros(now.0.saturating_add(timeout.micros()))
}
