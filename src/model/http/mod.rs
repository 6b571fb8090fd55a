//! What is known of the HTTP around the messages: exchanges, whose they are, on which connections, how they ended.
//!
//! Knows nothing of what the messages mean together.

mod clients;
mod connections;
mod traffic;

use std::collections::BTreeMap;

pub use clients::{Client, ClientEnd, ClientId, Clients};
pub use connections::{Connection, Connections};
pub use traffic::Traffic;

pub(super) use clients::ClientKey;

use super::Symbol;
use crate::trace::{ExchangeId, HttpEnd, Micros};

/// One HTTP request and its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpExchange {
    /// Which.
    pub id: ExchangeId,
    /// On which connection of the client.
    pub connection: u32,
    /// Whose it is; `None` while nothing tells.
    pub client: Option<ClientId>,
    /// The HTTP method.
    pub method: Symbol,
    /// Path and query.
    pub target: Symbol,
    /// The session that the request names or the response opens; [`Symbol::NONE`] if neither does.
    pub session: Symbol,
    /// The protocol revision that the request names; [`Symbol::NONE`] if it names none.
    pub revision: Symbol,
    /// Whether it takes up a stream that broke off.
    pub resumes: bool,
    /// Whether it is a `GET`, which asks for a stream of its own and for no answer.
    pub is_standing: bool,
    /// When the request's head had been forwarded.
    pub asked: Micros,
    /// When the response's head had been forwarded.
    pub answered: Option<Micros>,
    /// The status code.
    pub status: Option<u16>,
    /// The media type of the response; [`Symbol::NONE`] if there is none.
    pub media: Symbol,
    /// Whether the response is an event stream.
    pub is_stream: bool,
    /// When the first message of the response was read.
    pub first_message: Option<Micros>,
    /// Operations that were asked in it, by either side.
    pub calls: u16,
    /// Events of its stream that were no messages: priming events, retry times, comments.
    pub events: u32,
    /// When and how it ended.
    pub ended: Option<(Micros, HttpEnd)>,
}

/// How many exchanges are kept, the first ones.
const EXCHANGES_MAX: usize = 4_000_000;
/// How many exchanges are taken before there is a look for those that are over.
const YOUNG_MIN: usize = 8_192;
/// How many exchanges may be told before one with a smaller number.
const OVERTAKING_MAX: usize = 10_000;

/// Answers in pieces 40 ms apart: what a server without `TCP_NODELAY` does to a client that acknowledges late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// When it was certain.
    pub at: Micros,
    /// How far two pieces were apart, in microseconds.
    pub gap_us: u32,
    /// Whether mcptop has removed it since.
    pub is_removed: bool,
}

/// All exchanges, in the order of their numbers, and what they add up to.
#[derive(Debug, Default)]
pub struct HttpExchanges {
    all: Vec<HttpExchange>,
    /// How many there may be until the next look for those that are over, and when the last one was.
    next_look: usize,
    last_look: Micros,
    /// Requests seen beyond those kept.
    not_kept: u64,
    traffic: Traffic,
    statuses: BTreeMap<u16, u64>,
    connections: Connections,
    pub(super) clients: Clients,
    pub(super) stall: Option<Stall>,
}

impl HttpExchanges {
    /// All that have not been let go of, in the order of their numbers.
    #[must_use]
    pub fn all(&self) -> &[HttpExchange] {
        &self.all
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: ExchangeId) -> Option<&HttpExchange> {
        self.all.get(self.position(id)?)
    }

    /// What is known of stalls of the server.
    #[must_use]
    pub fn stall(&self) -> Option<Stall> {
        self.stall
    }

    /// What they add up to.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        usize::try_from(self.traffic.open).unwrap_or(usize::MAX)
    }

    /// How often each status was answered, in their order.
    #[must_use]
    pub fn statuses(&self) -> &BTreeMap<u16, u64> {
        &self.statuses
    }

    /// Who asked.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The connections of the clients.
    #[must_use]
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// How many were not kept.
    #[must_use]
    pub fn not_kept(&self) -> u64 {
        self.not_kept
    }

    pub(super) fn begin(&mut self, exchange: HttpExchange) {
        if self.all.len() >= EXCHANGES_MAX {
            self.not_kept += 1;
            return;
        }
        // A number is given when a request is read, and told when it has been forwarded: on another connection that may
        // be sooner. Those that overtake each other are close together.
        let later =
            self.all.iter().rev().take(OVERTAKING_MAX).take_while(|known| known.id >= exchange.id).count();
        let position = self.all.len() - later;
        if later == OVERTAKING_MAX || self.all.get(position).is_some_and(|known| known.id == exchange.id) {
            self.not_kept += 1;
            return;
        }
        self.account(&exchange, exchange.asked, Traffic::add);
        self.all.insert(position, exchange);
    }

    /// Lets go of the exchanges that had ended before this was last done, once there are enough of them.
    pub(super) fn let_go(&mut self, now: Micros) {
        if self.all.len() < self.next_look.max(YOUNG_MIN) {
            return;
        }
        let last_look = std::mem::replace(&mut self.last_look, now);
        self.all.retain(|exchange| exchange.ended.is_none_or(|(at, _)| at >= last_look));
        self.all.shrink_to(2 * self.all.len());
        self.next_look = 2 * self.all.len();
    }

    /// Changes an exchange, and with it what all of them, and those of its client and connection, add up to.
    pub(super) fn change(&mut self, id: ExchangeId, at: Micros, change: impl FnOnce(&mut HttpExchange)) {
        let Some(position) = self.position(id) else { return };
        let before = self.all[position];
        let mut after = before;
        change(&mut after);
        if after == before {
            return;
        }
        self.account(&before, at, Traffic::take);
        self.account(&after, at, Traffic::add);
        if after.status != before.status
            && let Some(status) = after.status
        {
            *self.statuses.entry(status).or_default() += 1;
        }
        self.all[position] = after;
    }

    /// Something passed in its stream that is no message.
    pub(super) fn count_event(&mut self, id: ExchangeId) {
        if let Some(position) = self.position(id) {
            let events = &mut self.all[position].events;
            *events = events.saturating_add(1);
        }
    }

    pub(super) fn end(&mut self, id: ExchangeId, at: Micros, how: HttpEnd) {
        self.change(id, at, |exchange| {
            exchange.ended.get_or_insert((at, how));
        });
    }

    /// The client whose exchange last ran on a connection.
    pub(super) fn client_on(&self, connection: u32) -> Option<ClientId> {
        self.connections.get(connection)?.client
    }

    fn account(&mut self, exchange: &HttpExchange, at: Micros, count: fn(&mut Traffic, &HttpExchange)) {
        count(&mut self.traffic, exchange);
        self.connections.account(exchange, at, count);
        if let Some(client) = exchange.client {
            self.clients.account(client, exchange, at, count);
        }
    }

    fn position(&self, id: ExchangeId) -> Option<usize> {
        // Nearly always the number itself, counted from 1.
        let guess = (id.0 as usize).checked_sub(1)?;
        if self.all.get(guess).is_some_and(|exchange| exchange.id == id) {
            return Some(guess);
        }
        self.all.binary_search_by_key(&id, |exchange| exchange.id).ok()
    }
}

impl HttpExchange {
    /// Whether its revision knows no sessions: closing the stream takes the request back (specification of
    /// 2026-07-28, "Cancellation").
    #[must_use]
    pub fn is_modern(&self, revision: &str) -> bool {
        // Revisions are dates, and dates written so sort as texts.
        self.revision != Symbol::NONE && revision >= "2026-07-28"
    }

    /// From the request's head having been forwarded to the response's head having been, in microseconds.
    #[must_use]
    pub fn head_us(&self) -> Option<u64> {
        Some((self.answered? - self.asked).0)
    }

    /// From the request's head having been forwarded to the response's first message being read, in microseconds.
    #[must_use]
    pub fn first_message_us(&self) -> Option<u64> {
        Some((self.first_message? - self.asked).0)
    }

    /// How long the body of the response flowed, in microseconds; until `now` while it does. `None` before it began.
    #[must_use]
    pub fn body_us(&self, now: Micros) -> Option<u64> {
        let until = self.ended.map_or(now, |(at, _)| at);
        Some((until - self.answered?).0)
    }
}
