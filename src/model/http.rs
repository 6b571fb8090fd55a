//! What is known of the HTTP around the messages: exchanges, the sessions they belong to, and how they ended.
//!
//! Knows nothing of what the messages mean together.

use super::Symbol;
use crate::trace::{ExchangeId, HttpEnd, Micros};

/// One HTTP request and its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpExchange {
    /// Which.
    pub id: ExchangeId,
    /// On which connection of the client.
    pub connection: u32,
    /// The HTTP method.
    pub method: Symbol,
    /// Path and query.
    pub target: Symbol,
    /// The session that the request names or the response opens; [`Symbol::NONE`] if neither does.
    pub session: Symbol,
    /// The protocol revision that the request names; [`Symbol::NONE`] if it names none.
    pub revision: Symbol,
    /// When the request's head had been forwarded.
    pub asked: Micros,
    /// When the response's head had been forwarded.
    pub answered: Option<Micros>,
    /// The status code.
    pub status: Option<u16>,
    /// The media type of the response; [`Symbol::NONE`] if there is none.
    pub media: Symbol,
    /// Events of its stream that were no messages: priming events, retry times, comments.
    pub events: u32,
    /// When and how it ended.
    pub ended: Option<(Micros, HttpEnd)>,
}

/// How many exchanges are kept, the first ones.
const EXCHANGES_MAX: usize = 4_000_000;

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

/// All exchanges, in the order of their numbers.
#[derive(Debug, Default)]
pub struct HttpExchanges {
    all: Vec<HttpExchange>,
    open: usize,
    /// Requests seen beyond those kept.
    not_kept: u64,
    pub(super) stall: Option<Stall>,
}

impl HttpExchanges {
    /// All, in the order of their numbers.
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

    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open
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
        // They come in the order of their numbers, unless a recording is damaged.
        if self.all.last().is_none_or(|last| last.id < exchange.id) {
            self.open += 1;
            self.all.push(exchange);
        }
    }

    pub(super) fn get_mut(&mut self, id: ExchangeId) -> Option<&mut HttpExchange> {
        let position = self.position(id)?;
        self.all.get_mut(position)
    }

    pub(super) fn end(&mut self, id: ExchangeId, at: Micros, how: HttpEnd) {
        if let Some(exchange) = self.get_mut(id)
            && exchange.ended.is_none()
        {
            exchange.ended = Some((at, how));
            self.open -= 1;
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
}
