//! The statistics of one tool or one other method.
//!
//! Every operation is counted in exactly one row, and there in exactly one state. Knows nothing of sorting or display.

use super::{Latency, OperationId, Series, Symbol};
use crate::wire::Peer;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// Who asks.
    pub from: Peer,
    /// The method.
    pub method: Symbol,
    /// The tool for `tools/call`; else [`Symbol::NONE`].
    pub target: Symbol,
}

/// A sum of token counts that can be corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many results were counted.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
    /// The largest.
    pub max: u32,
}

impl Tally {
    /// The mean; `None` before anything was counted.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }
}

/// One tool, or one other method, of one side.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is about.
    pub key: RowKey,
    /// Operations asked for: the sum of `ok`, `tool_errors`, `protocol_errors`, `in_flight`, `listening`, `cancelled`,
    /// `abandoned` and `unknown`.
    pub calls: u64,
    /// Answered with a result that is no error.
    pub ok: u64,
    /// Answered with a result that says the tool failed.
    pub tool_errors: u64,
    /// Answered with a JSON-RPC error.
    pub protocol_errors: u64,
    /// Waiting for an answer, a retry or the end of a task.
    pub in_flight: u64,
    /// Open `subscriptions/listen` streams.
    pub listening: u64,
    /// Taken back.
    pub cancelled: u64,
    /// Never answered.
    pub abandoned: u64,
    /// Perhaps answered in what was not observed.
    pub unknown: u64,
    /// Asked before the server had answered anything; not in `latency_us` unless this is the handshake's row.
    pub cold: u64,
    /// What the requester waited, in microseconds, without the time it spent on `input_required` itself.
    pub latency_us: Latency,
    /// What the responder alone took, in microseconds, summed over the operations in `latency_us`.
    pub responder_us_sum: u64,
    /// Time the responder waited for what it had asked back (of a human, a model, the client), in microseconds.
    pub human_wait_us_sum: u64,
    /// Bytes of requests.
    pub request_bytes: u64,
    /// Bytes of responses.
    pub response_bytes: u64,
    /// Tokens of requests.
    pub request_tokens: Tally,
    /// Tokens of answers, all JSON.
    pub wire_tokens: Tally,
    /// Tokens of answers as the model sees them.
    pub model_tokens: Tally,
    /// Over time.
    pub series: Series,
    /// The last operation that was asked for.
    pub last: Option<OperationId>,
}

impl Row {
    pub(super) fn new(key: RowKey) -> Self {
        Self {
            key,
            calls: 0,
            ok: 0,
            tool_errors: 0,
            protocol_errors: 0,
            in_flight: 0,
            listening: 0,
            cancelled: 0,
            abandoned: 0,
            unknown: 0,
            cold: 0,
            latency_us: Latency::default(),
            responder_us_sum: 0,
            human_wait_us_sum: 0,
            request_bytes: 0,
            response_bytes: 0,
            request_tokens: Tally::default(),
            wire_tokens: Tally::default(),
            model_tokens: Tally::default(),
            series: Series::default(),
            last: None,
        }
    }

    /// Errors of either kind.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.tool_errors + self.protocol_errors
    }

    /// Answered operations.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.ok + self.errors()
    }

    /// The share of answered operations that failed, 0 to 1; `None` before the first answer.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        (self.answered() > 0).then(|| self.errors() as f64 / self.answered() as f64)
    }
}
