//! The statistics of one tool or one other method.
//!
//! Every operation is counted in exactly one row, and there in exactly one state. Knows nothing of sorting or display.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Latency, OperationId, OperationTokens, Saved, Series, Symbol};
use crate::tokens::{Accuracy, Count};
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

/// How many operations have each count: what finds the largest again when a count is corrected downwards.
#[derive(Clone, Debug, Default)]
struct Spread(BTreeMap<u32, u32>);

impl Spread {
    /// Takes a count into both, in place of an earlier one of the same operation.
    fn replace(&mut self, tally: &mut Tally, before: Option<u32>, value: u32) {
        match before {
            Some(before) => {
                tally.sum -= u64::from(before);
                if let Entry::Occupied(mut times) = self.0.entry(before) {
                    *times.get_mut() -= 1;
                    if *times.get() == 0 {
                        times.remove();
                    }
                }
            }
            None => tally.count += 1,
        }
        tally.sum += u64::from(value);
        *self.0.entry(value).or_default() += 1;
        tally.max = self.0.last_key_value().map_or(0, |(largest, _)| *largest);
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
    /// Answered with a JSON-RPC error, or with an HTTP status that is one.
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
    /// Answered by a rule and not by the server: out of a cache, shared with an equal call, or refused by a guard. They
    /// are in `calls` and in `ok` or the errors as well, and not in `latency_us`.
    pub by_rules: u64,
    /// Answered out of a cache; among `by_rules`.
    pub cache_hits: u64,
    /// How long rules held requests back before they went on to the server, in microseconds; not in `latency_us`.
    pub held_us_sum: u64,
    /// What rules saved on the answers, and in time.
    pub saved: Saved,
    /// What the requester waited for the responder, in microseconds: without the time it spent on `input_required` itself
    /// and without what rules held it back; answers by rules are not in it.
    pub latency_us: Latency,
    /// What the requester waited, rules included: kept apart from the first time a rule answered or held a call.
    ruled_us: Option<Latency>,
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
    /// The spreads of `request_tokens`, `wire_tokens` and `model_tokens`.
    spreads: [Spread; 3],
    /// How many counted operations have each accuracy.
    accuracies: [u64; Accuracy::ALL.len()],
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
            by_rules: 0,
            cache_hits: 0,
            held_us_sum: 0,
            saved: Saved::default(),
            latency_us: Latency::default(),
            ruled_us: None,
            responder_us_sum: 0,
            human_wait_us_sum: 0,
            request_bytes: 0,
            response_bytes: 0,
            request_tokens: Tally::default(),
            wire_tokens: Tally::default(),
            model_tokens: Tally::default(),
            series: Series::default(),
            last: None,
            spreads: <[Spread; 3]>::default(),
            accuracies: [0; Accuracy::ALL.len()],
        }
    }

    /// Takes an operation's tokens, in place of what was counted of it before.
    pub(super) fn count_tokens(&mut self, before: Option<OperationTokens>, now: OperationTokens) {
        let [request, wire, model] = &mut self.spreads;
        request.replace(&mut self.request_tokens, before.map(|before| before.request), now.request);
        wire.replace(&mut self.wire_tokens, before.map(|before| before.wire), now.wire);
        model.replace(&mut self.model_tokens, before.map(|before| before.model), now.model);
        if let Some(before) = before {
            self.accuracies[before.accuracy as usize] -= 1;
        }
        self.accuracies[now.accuracy as usize] += 1;
    }

    /// Forgets all token counts.
    pub(super) fn forget_tokens(&mut self) {
        self.request_tokens = Tally::default();
        self.wire_tokens = Tally::default();
        self.model_tokens = Tally::default();
        self.spreads = <[Spread; 3]>::default();
        self.accuracies = [0; Accuracy::ALL.len()];
        self.saved.forget_tokens();
        self.series.forget_tokens();
    }

    /// What requesters waited, in microseconds: as `latency_us`, but with the time in which rules held a call back and
    /// with the calls that rules answered.
    #[must_use]
    pub fn waited_us(&self) -> &Latency {
        self.ruled_us.as_ref().unwrap_or(&self.latency_us)
    }

    /// Takes how long an answered operation took: `server_us` of it for the server, if it was asked.
    pub(super) fn record_times(&mut self, server_us: Option<u64>, waited_us: u64) {
        if self.ruled_us.is_none() && server_us != Some(waited_us) {
            self.ruled_us = Some(self.latency_us.clone());
        }
        if let Some(ruled_us) = &mut self.ruled_us {
            ruled_us.record(waited_us);
        }
        if let Some(server_us) = server_us {
            self.latency_us.record(server_us);
        }
    }

    /// How far the token counts may be trusted: as far as the weakest of them.
    #[must_use]
    pub fn accuracy(&self) -> Accuracy {
        let weakest =
            Accuracy::ALL.into_iter().rev().find(|accuracy| self.accuracies[*accuracy as usize] > 0);
        weakest.unwrap_or_default()
    }

    /// The tokens of all answers: as the model sees them, or all their JSON.
    #[must_use]
    pub fn results(&self, wire: bool) -> Count {
        let tally = if wire { &self.wire_tokens } else { &self.model_tokens };
        Count { tokens: tally.sum, accuracy: self.accuracy() }
    }

    /// The model tokens that a share `quantile` (0 to 1) of all counted answers does not exceed; `None` before the first.
    #[must_use]
    pub fn model_tokens_quantile(&self, quantile: f64) -> Option<u32> {
        let enough = quantile.clamp(0.0, 1.0) * self.model_tokens.count as f64;
        let mut seen = 0;
        self.spreads[2].0.iter().find_map(|(value, times)| {
            seen += u64::from(*times);
            (seen as f64 >= enough).then_some(*value)
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_tally_is_that_of_the_newest_counts(changes in proptest::collection::vec((0..8_usize, 0..6_u32), 0..60)) {
            let mut row = Row::new(RowKey { from: Peer::Client, method: Symbol::NONE, target: Symbol::NONE });
            let mut newest = [None; 8];
            for (operation, model) in changes {
                let accuracy = Accuracy::ALL[model as usize % Accuracy::ALL.len()];
                let tokens = OperationTokens { model, accuracy, ..OperationTokens::default() };
                row.count_tokens(newest[operation].replace(tokens), tokens);
                let mut values: Vec<u32> = newest.iter().flatten().map(|tokens| tokens.model).collect();
                values.sort_unstable();
                let weakest = newest.iter().flatten().map(|tokens| tokens.accuracy).max();
                prop_assert_eq!(row.accuracy(), weakest.unwrap_or_default());
                let sum = values.iter().map(|value| u64::from(*value)).sum();
                let max = *values.last().unwrap();
                prop_assert_eq!(row.model_tokens, Tally { count: values.len() as u64, sum, max });
                prop_assert_eq!(row.model_tokens_quantile(0.5), Some(values[(values.len() - 1) / 2]));
                prop_assert!(row.spreads[2].0.len() <= values.len());
            }
        }
    }
}
