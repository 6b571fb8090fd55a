//! What of the statistics can be added: over the tools of a session, or over anything else.
//!
//! Knows nothing of distributions.

use std::iter::Sum;

use crate::model::{Row, Tally};
use crate::tokens::Accuracy;

/// Counts of operations and sums of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Operations asked for.
    pub calls: u64,
    /// Answered with a result that says the tool failed.
    pub tool_errors: u64,
    /// Answered with an error of the protocol.
    pub protocol_errors: u64,
    /// Answered in any way.
    pub answered: u64,
    /// Taken back.
    pub cancelled: u64,
    /// Never answered; listen streams are none of them.
    pub unanswered: u64,
    /// Perhaps answered in what was not observed.
    pub unknown: u64,
    /// Answered by a rule and not by the server.
    pub by_rules: u64,
    /// Answered out of a cache; among `by_rules`.
    pub cache_hits: u64,
    /// Tokens of requests.
    pub request_tokens: Tally,
    /// Tokens of answers, all JSON.
    pub wire_tokens: Tally,
    /// Tokens of answers as the model sees them.
    pub model_tokens: Tally,
    /// How far the tokens may be trusted: as far as the weakest of them.
    pub accuracy: Accuracy,
}

impl Sums {
    pub(super) fn of(row: &Row, method: &str) -> Self {
        Self {
            calls: row.calls,
            tool_errors: row.tool_errors,
            protocol_errors: row.protocol_errors,
            answered: row.answered(),
            cancelled: row.cancelled,
            unanswered: if method == "subscriptions/listen" { 0 } else { row.abandoned },
            unknown: row.unknown,
            by_rules: row.by_rules,
            cache_hits: row.cache_hits,
            request_tokens: row.request_tokens,
            wire_tokens: row.wire_tokens,
            model_tokens: row.model_tokens,
            accuracy: row.accuracy(),
        }
    }

    /// Errors of either kind.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.tool_errors + self.protocol_errors
    }

    /// The share of answers that are errors, 0 to 1; `None` before the first answer.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        share(self.errors(), self.answered)
    }

    /// The share of answers that came out of a cache, 0 to 1; `None` before the first answer.
    #[must_use]
    pub fn cache_hit_rate(&self) -> Option<f64> {
        share(self.cache_hits, self.answered)
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Sum for Sums {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            calls: sum.calls + one.calls,
            tool_errors: sum.tool_errors + one.tool_errors,
            protocol_errors: sum.protocol_errors + one.protocol_errors,
            answered: sum.answered + one.answered,
            cancelled: sum.cancelled + one.cancelled,
            unanswered: sum.unanswered + one.unanswered,
            unknown: sum.unknown + one.unknown,
            by_rules: sum.by_rules + one.by_rules,
            cache_hits: sum.cache_hits + one.cache_hits,
            request_tokens: both(sum.request_tokens, one.request_tokens),
            wire_tokens: both(sum.wire_tokens, one.wire_tokens),
            model_tokens: both(sum.model_tokens, one.model_tokens),
            accuracy: sum.accuracy.max(one.accuracy),
        })
    }
}

fn both(one: Tally, other: Tally) -> Tally {
    Tally { count: one.count + other.count, sum: one.sum + other.sum, max: one.max.max(other.max) }
}
