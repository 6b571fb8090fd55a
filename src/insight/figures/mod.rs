//! What one recording comes to in figures: by tool, by method, over time, and its slowest and fattest calls.
//!
//! A thin view of a [`Session`] that has been read to its end: it counts nothing a second time, and knows nothing of files nor
//! of how tokens are counted.
//!
//! ```text
//! let figures = Figures::of(&session);        // after end_of_recording() and the counting of tokens
//! figures.tool("read_file")                   // calls, errors, latency, tokens, what its definition costs, samples
//! figures.calls                               // the same sums over all tools
//! figures.slowest[0].operation.answer()       // with the place of its body in the recording
//! ```
//! Memory is bounded besides the session: [`SAMPLES_MAX`] values of a row, [`SAMPLES_ALL_MAX`] of all rows, and 3 MB for the
//! timeline. The session may be one that [lets go](Session::let_go) of its operations: then each is shown to a [`Look`] before
//! it goes, and the figures are the same.

mod calls;
mod rows;
mod samples;
mod sums;
mod timeline;

use std::collections::BTreeMap;

use crate::model::{
    ContextTokens, DefinitionTokens, Latency, Operation, OperationId, Saved, Session, State, Totals,
};
use crate::wire::Peer;

pub use calls::CallFigures;
pub use rows::RowFigures;
pub use samples::{SAMPLES_ALL_MAX, SAMPLES_MAX, Sample};
pub use sums::Sums;
pub use timeline::{TIMELINE_BUCKETS, Timeline};

use calls::Extremes;
use timeline::Moments;

/// How many of the slowest and of the fattest calls are kept.
pub const EXTREMES_MAX: usize = 20;

/// What a recording comes to.
#[derive(Debug)]
pub struct Figures<'a> {
    /// Whose figures these are.
    pub session: &'a Session,
    /// The whole session in numbers.
    pub totals: Totals,
    /// Every tool that was listed or called, by its name.
    pub tools: Vec<RowFigures<'a>>,
    /// Every other method, of either side, in the order in which they were first met.
    pub others: Vec<RowFigures<'a>>,
    /// All tools together.
    pub calls: Sums,
    /// The latency of all tools together, in microseconds.
    pub latency_us: Latency,
    /// When calls ended. Calls are requests for tools, prompts and resources, here and in what follows.
    pub timeline: Timeline,
    /// The calls that took longest, longest first.
    pub slowest: Vec<CallFigures<'a>>,
    /// The calls whose answers cost the model most, costliest first; none before tokens are counted.
    pub fattest: Vec<CallFigures<'a>>,
}

/// What passed that the protocol does not allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    /// Frames that are no JSON-RPC message.
    pub noise: u64,
    /// Responses to no open request.
    pub orphans: u64,
    /// Further responses to requests already answered.
    pub duplicates: u64,
    /// Requests under an id that is in flight already.
    pub same_ids: u64,
}

impl Violations {
    /// All of them.
    #[must_use]
    pub fn all(self) -> u64 {
        self.noise + self.orphans + self.duplicates + self.same_ids
    }
}

impl<'a> Figures<'a> {
    /// The figures of a session.
    #[must_use]
    pub fn of(session: &'a Session) -> Self {
        let mut look = Look::default();
        look.further(session, usize::MAX, |_, _| true);
        Self::seen(session, look)
    }

    /// The figures of a session, of whose operations the samples, the far ends and the timeline have been taken already. The
    /// session need not have them any more.
    #[must_use]
    pub fn seen(session: &'a Session, mut look: Look) -> Self {
        look.make_room(session.rows().len());
        let Look { latencies, tokens, slowest, fattest, moments, .. } = look;
        let mut tools: BTreeMap<&str, RowFigures<'a>> = BTreeMap::new();
        let mut others = Vec::new();
        let samples = latencies.into_iter().zip(tokens);
        for (row, (latencies, tokens)) in session.rows().iter().zip(samples) {
            let figures = RowFigures::of(session, row, latencies.into_values(), tokens.into_values());
            match figures.tool {
                Some(tool) => _ = tools.insert(tool, figures),
                None => others.push(figures),
            }
        }
        for definition in session.definitions().tools() {
            let tool =
                tools.entry(&*definition.name).or_insert_with(|| RowFigures::not_called(&definition.name));
            tool.definition = Some(definition);
        }
        let tools: Vec<RowFigures<'a>> = tools.into_values().collect();
        let mut latency_us = Latency::default();
        tools.iter().filter_map(|tool| tool.row).for_each(|row| latency_us.merge(&row.latency_us));
        Self {
            session,
            totals: session.totals(),
            calls: tools.iter().map(|tool| tool.sums).sum(),
            tools,
            others,
            latency_us,
            timeline: moments.until(session.last_event()),
            slowest: slowest.into_calls(session),
            fattest: fattest.into_calls(session),
        }
    }

    /// The figures of a tool that was listed or called.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&RowFigures<'a>> {
        let at = self.tools.binary_search_by(|tool| tool.name().cmp(name)).ok()?;
        self.tools.get(at)
    }

    /// What passed that the protocol does not allow.
    #[must_use]
    pub fn violations(&self) -> Violations {
        let Totals { noise, orphans, duplicates, same_ids, .. } = self.totals;
        Violations { noise, orphans, duplicates, same_ids }
    }

    /// Requests of the client that were never answered. A listen stream is none: it stays open as long as both like.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        let asked = self.tools.iter().chain(&self.others).filter(|row| row.from == Peer::Client);
        asked.map(|row| row.sums.unanswered).sum()
    }

    /// What the session has put into the context window: as the model gets it, or all JSON that travelled for it.
    #[must_use]
    pub fn context(&self, wire: bool) -> ContextTokens {
        self.session.context(wire)
    }

    /// What the definitions of all tools cost.
    #[must_use]
    pub fn schema(&self) -> DefinitionTokens {
        self.session.definitions().tokens()
    }

    /// What rules saved, definitions included.
    #[must_use]
    pub fn saved(&self) -> Saved {
        self.session.saved()
    }
}

/// What a look at every operation finds: at those that are there, in as many pieces as one likes, by whoever must not be held
/// up; or at each before it is let go of. The order does not matter.
#[derive(Debug, Default)]
pub struct Look {
    seen: usize,
    latencies: Vec<Sample<u64>>,
    tokens: Vec<Sample<u64>>,
    slowest: Extremes,
    fattest: Extremes,
    moments: Moments,
}

impl Look {
    /// How many operations have been looked at.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Looks at so many operations more, or at fewer where one is not `ready` or there are no more. It has to be the session of
    /// the beginning, and one that keeps its operations; tools that it has met since are looked at as well.
    pub fn further(
        &mut self,
        session: &Session,
        operations_max: usize,
        ready: impl Fn(usize, &Operation) -> bool,
    ) {
        let all = session.operations();
        let until = self.seen.saturating_add(operations_max).min(all.len());
        let Ok(first) = u32::try_from(self.seen) else { return };
        for (id, operation) in (first..).map(OperationId).zip(&all[self.seen.min(until)..until]) {
            if !ready(id.index(), operation) {
                return;
            }
            self.take(session, id, operation);
        }
    }

    /// Looks at one operation. Each is to be shown once, when nothing changes it any more.
    pub fn take(&mut self, session: &Session, id: OperationId, operation: &Operation) {
        self.seen += 1;
        self.make_room(session.rows().len());
        let row = operation.row as usize;
        let (Some(latencies), Some(tokens)) = (self.latencies.get_mut(row), self.tokens.get_mut(row)) else {
            return;
        };
        let ended = operation.ended().unwrap_or(session.last_event());
        let latency_us = session.is_timed(operation).then(|| operation.latency_us(ended).max(1));
        let cost = operation.tokens.map(|tokens| u64::from(tokens.model));
        if let Some(value) = latency_us {
            latencies.take(id, value);
        }
        if let Some(value) = cost {
            tokens.take(id, value);
        }
        let is_shown = session.rows().get(row).is_some_and(|row| session.is_shown_to_model(row));
        if !is_shown {
            return;
        }
        if let Some(value) = latency_us {
            self.slowest.take(value, id, operation);
        }
        if let Some(value) = cost {
            self.fattest.take(value, id, operation);
        }
        if let State::Done(outcome) = operation.state {
            self.moments.take(ended, outcome, latency_us, cost.unwrap_or_default());
        }
    }

    /// Makes all rows share the room that there is.
    fn make_room(&mut self, rows: usize) {
        if rows <= self.latencies.len() {
            return;
        }
        let max = (SAMPLES_ALL_MAX / rows).clamp(1, SAMPLES_MAX);
        for samples in [&mut self.latencies, &mut self.tokens] {
            samples.resize(rows, Sample::of(max));
            for sample in samples {
                sample.shrink_to(max);
            }
        }
    }
}

#[cfg(test)]
pub(in crate::insight) mod made;
#[cfg(test)]
mod tests;
