//! The calls at the far ends: slowest, fattest.
//!
//! Knows nothing of what they are measured by.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::EXTREMES_MAX;
use crate::model::{Operation, OperationId, Session};

/// One call.
#[derive(Clone, Debug)]
pub struct CallFigures<'a> {
    /// Which.
    pub id: OperationId,
    /// All that is known of it: its outcome, its tokens, and where its request and its answer stand in the recording.
    pub operation: Operation,
    /// Its method.
    pub method: &'a str,
    /// The name of the tool or prompt, or the address of the resource; else empty.
    pub target: &'a str,
    /// What the requester waited for the responder, in microseconds.
    pub latency_us: u64,
}

/// The calls with the largest values so far; of equal values the first.
#[derive(Debug, Default)]
pub(super) struct Extremes(BTreeMap<(u64, Reverse<OperationId>), Operation>);

impl Extremes {
    pub(super) fn take(&mut self, value: u64, id: OperationId, operation: &Operation) {
        let key = (value, Reverse(id));
        if self.0.len() == EXTREMES_MAX && self.0.first_key_value().is_some_and(|(least, _)| key < *least) {
            return;
        }
        self.0.insert(key, operation.clone());
        if self.0.len() > EXTREMES_MAX {
            self.0.pop_first();
        }
    }

    pub(super) fn into_calls(self, session: &Session) -> Vec<CallFigures<'_>> {
        let call = |((_, Reverse(id)), operation): ((u64, Reverse<OperationId>), Operation)| CallFigures {
            id,
            method: session.name(operation.method),
            target: session.name(operation.target),
            latency_us: operation.latency_us(session.last_event()),
            operation,
        };
        self.0.into_iter().rev().map(call).collect()
    }
}
