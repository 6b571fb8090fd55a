//! Moves an operation from one state to another and keeps the rows' books while doing so.
//!
//! The only place that changes [`Operation::state`] and the counters of a [`Row`]: each operation is in exactly one of
//! them at any time. Knows nothing of messages.

use crate::model::row::Row;
use crate::model::{
    Operation, OperationId, OperationTokens, Outcome, Phase, RowKey, Ruled, Session, State, Symbol,
};
use crate::trace::Micros;
use crate::wire::Peer;

/// How many rows are kept apart; what comes later shares one per side.
const ROWS_MAX: usize = 4_096;

impl Session {
    /// The row of a key, new if need be.
    pub(super) fn row_of(&mut self, key: RowKey) -> u32 {
        if let Some(row) = self.following.rows.get(&key) {
            return *row;
        }
        let key = if self.rows.len() < ROWS_MAX {
            key
        } else {
            RowKey { from: key.from, method: Symbol::OTHER, target: Symbol::NONE }
        };
        let next = u32::try_from(self.rows.len()).expect("about ROWS_MAX of them");
        let row = *self.following.rows.entry(key).or_insert(next);
        if row == next {
            self.rows.push(Row::new(key));
        }
        row
    }

    /// Takes a new, pending operation.
    pub(super) fn begin(&mut self, operation: Operation) -> OperationId {
        let row = &mut self.rows[operation.row as usize];
        row.calls += 1;
        row.cold += u64::from(operation.cold);
        *row.counter(operation.state, operation.phase) += 1;
        let row = operation.row;
        let id = self.operations.push(operation);
        self.rows[row as usize].last = Some(id);
        self.following.pending.insert(id);
        self.serve(id, State::Unknown);
        id
    }

    /// Puts an operation into a state and phase, and its row's counters with it.
    fn put(&mut self, id: OperationId, state: State, phase: Phase) {
        let operation = &mut self.operations[id];
        let was = operation.state;
        let row = &mut self.rows[operation.row as usize];
        *row.counter(was, operation.phase) -= 1;
        *row.counter(state, phase) += 1;
        operation.state = state;
        operation.phase = phase;
        if state == State::Pending {
            operation.ended_us = Operation::NOT_ENDED;
            self.following.pending.insert(id);
        } else {
            self.following.pending.remove(&id);
        }
        self.serve(id, was);
    }

    /// A request of the server's that was made for a call opened or closed: while one is open, that call waits for the
    /// client and not for the server. Times in which several are open count once.
    fn serve(&mut self, id: OperationId, was: State) {
        let operation = &self.operations[id];
        let Some(call) = operation.serves() else { return };
        let (opens, closes) = (operation.state == State::Pending, was == State::Pending);
        let at = operation.ended().unwrap_or(self.last_event);
        let call = &mut self.operations[call];
        let until = call.ended().map_or(at, |ended| at.min(ended));
        let extra = call.extra_mut();
        if opens && !closes {
            if extra.serving == 0 {
                extra.serving_since = at;
            }
            extra.serving += 1;
        } else if closes && !opens {
            extra.serving -= 1;
            if extra.serving == 0 {
                extra.client_wait_us += (until - extra.serving_since).0;
            }
        }
    }

    /// It goes on, waiting for something else.
    pub(super) fn go_on(&mut self, id: OperationId, phase: Phase) {
        self.put(id, State::Pending, phase);
    }

    /// It was answered. A further outcome corrects the first one, not its time.
    pub(super) fn finish(&mut self, id: OperationId, outcome: Outcome, at: Micros) {
        let operation = &mut self.operations[id];
        let was = operation.state;
        if !matches!(was, State::Done(_)) {
            operation.ended_us = at.0;
        }
        let phase = operation.phase;
        self.put(id, State::Done(outcome), phase);
        self.forget_progress_of_task(id);
        match was {
            State::Done(before) => self.correct_series(id, before, outcome),
            State::Pending | State::Cancelled { .. } | State::Abandoned | State::Unknown => {
                self.count_answer(id, outcome, at);
            }
        }
    }

    /// It was taken back.
    pub(super) fn cancel(&mut self, id: OperationId, at: Micros) {
        self.end_without_answer(id, State::Cancelled { late_answer: false }, at);
    }

    /// An answer came to what was taken back.
    pub(super) fn note_late_answer(&mut self, id: OperationId) {
        let operation = &self.operations[id];
        if matches!(operation.state, State::Cancelled { .. }) {
            let phase = operation.phase;
            self.put(id, State::Cancelled { late_answer: true }, phase);
        }
    }

    /// The session is over: what is open stays unanswered.
    pub(super) fn abandon_all(&mut self, at: Micros) {
        for id in std::mem::take(&mut self.following.pending) {
            self.end_without_answer(id, State::Abandoned, at);
        }
    }

    /// It stays unanswered.
    pub(super) fn abandon(&mut self, id: OperationId, at: Micros) {
        self.end_without_answer(id, State::Abandoned, at);
    }

    /// Observations are missing from here on (or were): every pending operation for which `concerns` says so may have
    /// been answered in them.
    pub(super) fn doubt(&mut self, concerns: impl Fn(&Operation) -> bool) {
        let doubtful: Vec<OperationId> =
            self.following.pending.iter().copied().filter(|id| concerns(&self.operations[*id])).collect();
        for id in doubtful {
            let phase = self.operations[id].phase;
            self.put(id, State::Unknown, phase);
        }
    }

    /// An operation that is not followed any further.
    pub(super) fn doubt_one(&mut self, id: OperationId) {
        let phase = self.operations[id].phase;
        self.put(id, State::Unknown, phase);
    }

    /// What waited in a phase is not followed any further, because too much does: unless it waits for something else by now,
    /// its end would not be seen.
    pub(super) fn lose_sight_of(&mut self, id: OperationId, waiting: Phase) {
        let operation = &self.operations[id];
        if operation.state == State::Pending && operation.phase == waiting {
            self.doubt_one(id);
            self.forget_progress_of_task(id);
        }
    }

    fn end_without_answer(&mut self, id: OperationId, state: State, at: Micros) {
        let operation = &mut self.operations[id];
        operation.ended_us = at.0;
        let phase = operation.phase;
        self.put(id, state, phase);
        self.forget_progress_of_task(id);
    }

    fn forget_progress_of_task(&mut self, id: OperationId) {
        let operation = &mut self.operations[id];
        if let Some(key) = operation.extra.as_mut().and_then(|extra| extra.progress_key.take()) {
            self.forget_progress(id, &key);
        }
    }

    fn count_answer(&mut self, id: OperationId, outcome: Outcome, at: Micros) {
        let operation = &self.operations[id];
        let timed = self.is_fair(operation);
        let (latency_us, waited_us) = (operation.latency_us(at), operation.waited_us(at));
        let answered = operation.ruled().and_then(Ruled::answered_by);
        let row = &mut self.rows[operation.row as usize];
        row.by_rules += u64::from(answered.is_some());
        row.cache_hits += u64::from(answered.is_some_and(|answered| answered.is_cache));
        row.human_wait_us_sum += operation.human_wait_us() + operation.client_wait_us();
        let bucket = row.series.at(at);
        bucket.calls = bucket.calls.saturating_add(1);
        bucket.errors = bucket.errors.saturating_add(u32::from(outcome != Outcome::Ok));
        if timed && answered.is_some() {
            row.record_times(None, waited_us);
        } else if timed {
            bucket.timed = bucket.timed.saturating_add(1);
            bucket.latency_us_max = bucket.latency_us_max.max(latency_us);
            bucket.latency_us_sum = bucket.latency_us_sum.saturating_add(latency_us);
            row.record_times(Some(latency_us), waited_us);
            row.responder_us_sum += operation.responder_us();
        }
    }

    /// Whether the time of an operation says something of the responder: the server's start is not in it, nor the life of
    /// a stream.
    fn is_fair(&self, operation: &Operation) -> bool {
        let method = self.symbols.name(operation.method);
        let handshake = matches!(method, "initialize" | "server/discover");
        (!operation.cold || handshake) && operation.phase != Phase::Listening
    }

    /// Whether the latency of an operation is in the statistics: it was answered, not by a rule, and its time says
    /// something of the responder (see [`Operation::is_cold`]).
    #[must_use]
    pub fn is_timed(&self, operation: &Operation) -> bool {
        matches!(operation.state, State::Done(_))
            && operation.ruled().and_then(Ruled::answered_by).is_none()
            && self.is_fair(operation)
    }

    fn correct_series(&mut self, id: OperationId, before: Outcome, after: Outcome) {
        let operation = &self.operations[id];
        let Some(ended) = operation.ended() else { return };
        let bucket = self.rows[operation.row as usize].series.at(ended);
        bucket.errors = bucket
            .errors
            .saturating_sub(u32::from(before != Outcome::Ok))
            .saturating_add(u32::from(after != Outcome::Ok));
    }

    /// Takes what an operation costs; a later count replaces an earlier one. Ids of other sessions are ignored.
    pub fn set_tokens(&mut self, id: OperationId, tokens: OperationTokens) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        let before = operation.tokens.replace(tokens);
        let (row_index, started) = (operation.row, operation.started());
        let row = &mut self.rows[row_index as usize];
        // By the time of the request, because that never changes: a replaced count must leave the bucket it went into.
        let bucket = row.series.at(started);
        let model_before = before.map_or(0, |before| u64::from(before.model));
        bucket.tokens = bucket.tokens.saturating_sub(model_before) + u64::from(tokens.model);
        row.count_tokens(before, tokens);
    }

    /// Forgets what everything costs, because it will be counted in another unit: a sum of two units says nothing.
    pub fn forget_tokens(&mut self) {
        self.recounts += 1;
        for operation in self.operations.iter_mut() {
            operation.tokens = None;
            if let Some(ruled) = operation.ruled_mut_if_any() {
                ruled.tokens = None;
            }
        }
        self.rows.iter_mut().for_each(Row::forget_tokens);
        self.rules.forget_tokens();
        let definitions = &mut self.definitions;
        definitions.tools.iter_mut().chain(&mut definitions.offered).for_each(|tool| tool.tokens = None);
    }

    /// The only pending call of a tool, a prompt or a resource that the client has open, if it is exactly one.
    pub(super) fn only_open_call(&self) -> Option<OperationId> {
        let is_call = |id: &&OperationId| {
            let operation = &self.operations[**id];
            operation.from == Peer::Client
                && matches!(
                    self.symbols.name(operation.method),
                    "tools/call" | "prompts/get" | "resources/read"
                )
        };
        let mut calls = self.following.pending.iter().filter(is_call);
        match (calls.next(), calls.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }
}

impl Row {
    /// The counter of a state and phase.
    pub(in crate::model) fn counter(&mut self, state: State, phase: Phase) -> &mut u64 {
        match state {
            State::Pending => match phase {
                Phase::Listening => &mut self.listening,
                Phase::Answer | Phase::Input | Phase::Task => &mut self.in_flight,
            },
            State::Done(Outcome::Ok) => &mut self.ok,
            State::Done(Outcome::ToolError) => &mut self.tool_errors,
            State::Done(Outcome::ProtocolError { .. } | Outcome::HttpError { .. }) => {
                &mut self.protocol_errors
            }
            State::Cancelled { .. } => &mut self.cancelled,
            State::Abandoned => &mut self.abandoned,
            State::Unknown => &mut self.unknown,
        }
    }
}
