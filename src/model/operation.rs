//! What the user meant: one operation of one or more exchanges, and where it stands.
//!
//! Plain state with the questions one can ask of it; how events change it is the business of `apply`.

use super::apply::Key;
use super::{ClientId, Progress, RawId, Ruled, Symbol};
use crate::tokens::Accuracy;
use crate::trace::{ExchangeId, Micros, Nanos, Place};
use crate::wire::Peer;

/// The position of an operation in [`Session::operations`](super::Session::operations). Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub u32);

impl OperationId {
    /// The position as an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One message of an exchange: when it passed and where it can be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half {
    /// When it was read from its sender.
    pub at: Micros,
    /// Where the event stands in the recording. For a frame kept in parts: where its last piece stands.
    pub place: Place,
    /// What mcptop itself took until the message was forwarded.
    pub own: Nanos,
    /// Bytes on the wire, line ending included; for a member of a batch its own text alone. Saturates at 4 GB.
    pub bytes: u32,
    /// The position in the batch the frame held; 0 for a frame of its own.
    pub index: u16,
    /// The number of the HTTP exchange whose body held it; 0 over stdio. A million calls have two million of these.
    pub(super) exchange_number: u32,
    /// Whether the frame is kept in several events: `Part` events of this direction come before `place`.
    pub in_parts: bool,
    /// Whether a rule wrote it: the message stands in a ruling.
    pub by_rule: bool,
}

impl Half {
    /// The HTTP exchange whose body held it; `None` over stdio.
    #[must_use]
    pub fn exchange(&self) -> Option<ExchangeId> {
        (self.exchange_number > 0).then_some(ExchangeId(self.exchange_number))
    }

    /// When the message had been forwarded: `at + own`.
    #[must_use]
    pub fn forwarded(&self) -> Micros {
        Micros(self.at.0 + u64::from(self.own.0) / 1_000)
    }
}

/// A request and, once there is one, its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The id as the requester wrote it.
    pub id: RawId,
    /// The request.
    pub request: Half,
    /// The response.
    pub response: Option<Half>,
}

impl Exchange {
    /// From the request being read to the response being forwarded, in microseconds: what the requester waited.
    #[must_use]
    pub fn latency_us(&self) -> Option<u64> {
        self.response.map(|response| (response.forwarded() - self.request.at).0)
    }

    /// From the request being forwarded to the response being read, in microseconds: what the responder took, and any time
    /// for which a rule held the request back. `None` for an answer by a rule.
    #[must_use]
    pub fn responder_us(&self) -> Option<u64> {
        self.response
            .filter(|response| !response.by_rule)
            .map(|response| (response.at - self.request.forwarded()).0)
    }

    /// What mcptop took of this exchange, both ways.
    #[must_use]
    pub fn own_ns(&self) -> u64 {
        u64::from(self.request.own.0) + self.response.map_or(0, |response| u64::from(response.own.0))
    }
}

/// How an answered operation came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A result.
    Ok,
    /// A result that says the tool failed (`isError: true`), or a task that failed.
    ToolError,
    /// A JSON-RPC error.
    ProtocolError {
        /// Its code; 0 if it has none that is an integer.
        code: i64,
    },
    /// An HTTP status that says so, with a body that is no answer of the protocol.
    HttpError {
        /// The status.
        status: u16,
    },
}

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not answered yet; [`Operation::phase`] says what it waits for.
    Pending,
    /// Answered.
    Done(Outcome),
    /// Taken back before it was answered.
    Cancelled {
        /// Whether an answer came all the same.
        late_answer: bool,
    },
    /// Not answered when the session ended.
    Abandoned,
    /// Its answer may have passed unobserved: observations were dropped, or the recording was stopped.
    Unknown,
}

/// What a pending operation waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// The responder's answer.
    #[default]
    Answer,
    /// The requester's retry after an `input_required` answer: time of a human or a model, not of the server.
    Input,
    /// The end of a task; polling exchanges belong to the operation.
    Task,
    /// Nothing: a `subscriptions/listen` stays open as long as both like.
    Listening,
}

/// What an operation costs in tokens, as counted by whoever reads the bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationTokens {
    /// The request's, all of its JSON.
    pub request: u32,
    /// The answer's, all JSON that travelled.
    pub wire: u32,
    /// The answer's, what the client hands to the model.
    pub model: u32,
    /// How far `request` may be trusted.
    pub request_accuracy: Accuracy,
    /// How far `wire` and `model` may be trusted.
    pub accuracy: Accuracy,
}

/// A task an operation became.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The `taskId`, shortened if it is very long.
    pub id: Box<str>,
    /// The last status seen: `working`, `input_required`, `completed`, `failed`, `cancelled`, …
    pub status: Symbol,
    /// How many exchanges asked for it (`tasks/get`, `tasks/result`, …); those beyond
    /// [`Operation::EXCHANGES_MAX`] are counted here and not kept.
    pub polls: u32,
}

/// What only few operations have.
#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    /// The exchanges after the first, and the method of each.
    pub(super) later: Vec<Exchange>,
    pub(super) later_methods: Vec<Symbol>,
    /// Retries after `input_required`.
    pub(super) rounds: u32,
    /// Events that came through a listen stream.
    pub(super) notified: u32,
    pub(super) progress: Option<Box<Progress>>,
    pub(super) task: Option<Box<Task>>,
    /// The message with a task's result.
    pub(super) answer: Option<Half>,
    /// Under which key a task's progress is told.
    pub(super) progress_key: Option<Key>,
    /// When the requester was asked back and has not answered yet.
    pub(super) asked_at: Option<Micros>,
    pub(super) human_wait_us: u64,
    pub(super) client_wait_us: u64,
    /// How many requests made for this call are open, and since when there was one.
    pub(super) serving: u32,
    pub(super) serving_since: Micros,
    /// The call for which this request of the server was made.
    pub(super) serves: Option<OperationId>,
    /// What rules did with it.
    pub(super) ruled: Option<Box<Ruled>>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Who asked.
    pub from: Peer,
    /// The method.
    pub method: Symbol,
    /// The name of the tool or prompt, or the address of the resource; else [`Symbol::NONE`].
    pub target: Symbol,
    /// Which of [`Session::rows`](super::Session::rows) it counts in.
    pub row: u32,
    /// Where it stands.
    pub state: State,
    /// What it costs, once counted.
    pub tokens: Option<OperationTokens>,
    pub(super) phase: Phase,
    /// Whether it was asked before the server had answered anything: its latency holds the server's start.
    pub(super) cold: bool,
    /// The status of its HTTP response; 0 over stdio and before there is one.
    pub(super) http_status: u16,
    /// The client that asked or was asked; `None` over stdio and where nothing tells.
    pub(super) client: Option<ClientId>,
    pub(super) ended_us: u64,
    pub(super) first: Exchange,
    pub(super) extra: Option<Box<Extra>>,
}

impl Operation {
    /// How many exchanges of one operation are kept.
    pub const EXCHANGES_MAX: usize = 256;

    /// What it waits for, while it is pending or unknown.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Its exchanges in the order of their requests; never empty.
    #[must_use]
    pub fn exchanges(&self) -> impl DoubleEndedIterator<Item = &Exchange> {
        std::iter::once(&self.first).chain(self.extra.iter().flat_map(|extra| &extra.later))
    }

    /// The status of the HTTP response to its last request.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        (self.http_status > 0).then_some(self.http_status)
    }

    /// The client that asked, or was asked by the server; `None` over stdio and where nothing tells.
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        self.client
    }

    /// The first exchange.
    #[must_use]
    pub fn first(&self) -> &Exchange {
        &self.first
    }

    /// The method of each exchange after the first: the operation's own for a retry, `tasks/get` and the like for a
    /// poll.
    #[must_use]
    pub fn later_methods(&self) -> &[Symbol] {
        self.extra.as_ref().map_or(&[], |extra| &extra.later_methods)
    }

    /// The id of its first request.
    #[must_use]
    pub fn id(&self) -> &RawId {
        &self.first.id
    }

    /// When it was asked.
    #[must_use]
    pub fn started(&self) -> Micros {
        self.first.request.at
    }

    /// How often the requester answered an `input_required` and asked again.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.extra.as_ref().map_or(0, |extra| extra.rounds)
    }

    /// Its progress notifications, if there were any.
    #[must_use]
    pub fn progress(&self) -> Option<&Progress> {
        self.extra.as_ref()?.progress.as_deref()
    }

    /// The task it became, if it did.
    #[must_use]
    pub fn task(&self) -> Option<&Task> {
        self.extra.as_ref()?.task.as_deref()
    }

    /// Whether it was asked before the server had answered anything, so that its latency holds the server's start.
    /// Such an operation is kept out of the latency statistics, but for `initialize` and `server/discover`.
    #[must_use]
    pub fn is_cold(&self) -> bool {
        self.cold
    }
}

impl Operation {
    /// `ended_us` of an operation that has not come to an end.
    pub(super) const NOT_ENDED: u64 = u64::MAX;

    pub(super) fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// The message that holds its final answer as it was delivered, if there is one: what its result tokens are counted
    /// of. For a task the one with the result; for a cancelled operation a late answer; where a rule changed it or gave
    /// it, what the rule made.
    #[must_use]
    pub fn answer(&self) -> Option<&Half> {
        self.arrived().map(|half| self.delivered(half))
    }

    /// The message that holds its final answer as it arrived.
    pub(super) fn arrived(&self) -> Option<&Half> {
        match self.state {
            State::Done(_) | State::Cancelled { late_answer: true } => {}
            State::Pending | State::Cancelled { late_answer: false } | State::Abandoned | State::Unknown => {
                return None;
            }
        }
        match self.extra.as_ref() {
            Some(extra) if extra.task.is_some() => extra.answer.as_ref().or(self.first.response.as_ref()),
            _ => self.exchanges().next_back()?.response.as_ref(),
        }
    }

    /// When it came to an end, mcptop's own time included; `None` while it is pending or unknown.
    #[must_use]
    pub fn ended(&self) -> Option<Micros> {
        (self.ended_us != Self::NOT_ENDED).then_some(Micros(self.ended_us))
    }

    /// From its first request being read to its end, in microseconds, waiting times included; until `now` while it has
    /// no end.
    #[must_use]
    pub fn elapsed_us(&self, now: Micros) -> u64 {
        (self.ended().unwrap_or(now) - self.started()).0
    }

    /// What the requester waited for the responder, in microseconds: [`elapsed_us`](Self::elapsed_us) without
    /// [`human_wait_us`](Self::human_wait_us), [`client_wait_us`](Self::client_wait_us) and the time for which rules held
    /// it back. For an operation of one exchange: from its request being read to its response being forwarded. This is
    /// what the statistics show.
    #[must_use]
    pub fn latency_us(&self, now: Micros) -> u64 {
        let held_us = self.ruled().map_or(0, |ruled| {
            ruled.held_us + ruled.held_since.map_or(0, |since| (self.ended().unwrap_or(now) - since).0)
        });
        self.waited_us(now).saturating_sub(held_us)
    }

    /// The same with the time for which rules held it back: what the requester waited for mcptop.
    #[must_use]
    pub fn waited_us(&self, now: Micros) -> u64 {
        let Some(extra) = &self.extra else { return self.elapsed_us(now) };
        let end = self.ended().unwrap_or(now);
        let asked_back = match (self.state, extra.asked_at) {
            (State::Done(_), _) | (_, None) => 0,
            (_, Some(asked)) => (end - asked).0,
        };
        let serving = if extra.serving > 0 { (end - extra.serving_since).0 } else { 0 };
        let waited = extra.human_wait_us + asked_back + extra.client_wait_us + serving;
        self.elapsed_us(now).saturating_sub(waited)
    }

    /// What the responder alone took, in microseconds: over all answered exchanges, from each request having been
    /// forwarded to its response being read, without what rules held back or answered. For a task, until it was seen to
    /// be over.
    #[must_use]
    pub fn responder_us(&self) -> u64 {
        let waited = self.client_wait_us() + self.ruled().map_or(0, Ruled::held_us);
        if let (Some(_), Some(ended)) = (self.task(), self.ended()) {
            return (ended - self.first.request.forwarded()).0.saturating_sub(self.human_wait_us() + waited);
        }
        let answered: u64 = self.exchanges().filter_map(Exchange::responder_us).sum();
        answered.saturating_sub(waited)
    }

    /// Time from `input_required` answers to the retries that gave the input, in microseconds: a human's or a model's,
    /// not the server's.
    #[must_use]
    pub fn human_wait_us(&self) -> u64 {
        self.extra.as_ref().map_or(0, |extra| extra.human_wait_us)
    }

    /// Time in which the server waited for the client to answer requests made for this call, in microseconds (see
    /// [`serves`](Self::serves)). Attributed, not observed, where the legacy protocol does not say which call such a
    /// request belongs to.
    #[must_use]
    pub fn client_wait_us(&self) -> u64 {
        self.extra.as_ref().map_or(0, |extra| extra.client_wait_us)
    }

    /// How many notifications came through this `subscriptions/listen` stream.
    #[must_use]
    pub fn notified(&self) -> u32 {
        self.extra.as_ref().map_or(0, |extra| extra.notified)
    }
}
