//! The figures of one tool or one other method: its row of the model's statistics, named, with samples for tests.
//!
//! Knows nothing of other rows.

use super::Sums;
use crate::model::{Definition, DefinitionTokens, Latency, Row, Saved, Session};
use crate::wire::Peer;

/// One tool, or one other method of one side.
#[derive(Debug)]
pub struct RowFigures<'a> {
    /// Who asks.
    pub from: Peer,
    /// The method: `tools/call` for a tool.
    pub method: &'a str,
    /// The tool.
    pub tool: Option<&'a str>,
    /// The statistics; `None` for a tool that was listed and never called.
    pub row: Option<&'a Row>,
    /// What the model was told of the tool, if it was listed.
    pub definition: Option<&'a Definition>,
    /// What can be added.
    pub sums: Sums,
    /// Latencies in microseconds, of all that the statistics hold or of so many of them, drawn evenly. In no order.
    pub latency_samples_us: Vec<u64>,
    /// Tokens of answers as the model sees them, drawn in the same way.
    pub token_samples: Vec<u64>,
}

impl<'a> RowFigures<'a> {
    pub(super) fn of(session: &'a Session, row: &'a Row, latencies_us: Vec<u64>, tokens: Vec<u64>) -> Self {
        let method = session.name(row.key.method);
        let is_tool = row.key.from == Peer::Client && method == "tools/call";
        Self {
            from: row.key.from,
            method,
            tool: is_tool.then(|| session.name(row.key.target)),
            row: Some(row),
            definition: None,
            sums: Sums::of(row, method),
            latency_samples_us: latencies_us,
            token_samples: tokens,
        }
    }

    pub(super) fn not_called(tool: &'a str) -> Self {
        Self {
            from: Peer::Client,
            method: "tools/call",
            tool: Some(tool),
            row: None,
            definition: None,
            sums: Sums::default(),
            latency_samples_us: Vec::new(),
            token_samples: Vec::new(),
        }
    }

    /// The tool, or the method.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.tool.unwrap_or(self.method)
    }

    /// What the requester waited for the responder, in microseconds; `None` for a tool that was never called.
    #[must_use]
    pub fn latency_us(&self) -> Option<&'a Latency> {
        self.row.map(|row| &row.latency_us)
    }

    /// What its definition costs, if it was listed and counted.
    #[must_use]
    pub fn schema(&self) -> Option<DefinitionTokens> {
        self.definition?.tokens
    }

    /// What rules saved on its answers, and in time.
    #[must_use]
    pub fn saved(&self) -> Saved {
        self.row.map(|row| row.saved).unwrap_or_default()
    }
}
