//! What the HTTP around the messages means: to which conversation a message belongs, and which requests end with
//! their exchange.
//!
//! Knows nothing of what messages say.

use std::collections::HashMap;

use super::pairing::Past;
use super::{Key, Passing};
use crate::model::http::HttpExchange;
use crate::model::{OperationId, Outcome, RawId, Session, State, Symbol};
use crate::trace::{ExchangeId, HttpEnd, Micros};
use crate::wire::{Peer, same_id};

/// The conversation in which an id means something. Clients that know nothing of each other use the same ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::model) enum Scope {
    /// All of a stdio session.
    #[default]
    Stdio,
    /// A session over HTTP: its messages may come on any of its streams.
    Session(Symbol),
    /// A single exchange: what is asked in it is answered in it.
    Exchange(ExchangeId),
}

/// Requests that are open in an exchange, as far as they are followed.
#[derive(Debug, Default)]
pub(in crate::model) struct Asked(HashMap<ExchangeId, Vec<Key>>);

/// Requests followed for one exchange: a batch of 2025-03-26 holds several, anything else one.
const REQUESTS_MAX: usize = 1_024;

/// Exchanges of which requests are followed; the ends of more than these were not observed.
const EXCHANGES_MAX: usize = 262_144;

impl Asked {
    /// The requests of an exchange that are followed.
    pub(super) fn of(&self, exchange: ExchangeId) -> &[Key] {
        self.0.get(&exchange).map_or(&[], |keys| keys)
    }

    fn add(&mut self, exchange: ExchangeId, key: Key) {
        if self.0.len() >= EXCHANGES_MAX {
            self.0.clear();
        }
        let keys = self.0.entry(exchange).or_default();
        if keys.len() < REQUESTS_MAX {
            keys.push(key);
        }
    }
}

/// The head of an HTTP request.
pub(super) struct RequestHead<'a> {
    pub(super) exchange: ExchangeId,
    pub(super) connection: u32,
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) session: Option<&'a str>,
    pub(super) revision: Option<&'a str>,
    pub(super) resumes: bool,
}

impl Session {
    pub(super) fn on_http_request(&mut self, at: Micros, head: &RequestHead<'_>) {
        let client = self.client_at_request(at, head);
        let mut symbol = |text: Option<&str>| text.map_or(Symbol::NONE, |text| self.symbols.intern(text));
        let exchange = HttpExchange {
            id: head.exchange,
            connection: head.connection,
            client,
            method: symbol(Some(head.method)),
            target: symbol(Some(head.target)),
            session: symbol(head.session),
            revision: symbol(head.revision),
            resumes: head.resumes,
            is_standing: head.method == "GET",
            asked: at,
            answered: None,
            status: None,
            media: Symbol::NONE,
            is_stream: false,
            first_message: None,
            calls: 0,
            events: 0,
            ended: None,
        };
        self.http.begin(exchange);
    }

    pub(super) fn on_http_response(
        &mut self,
        at: Micros,
        id: ExchangeId,
        status: u16,
        media: &str,
        session: Option<&str>,
    ) {
        let is_stream = media.eq_ignore_ascii_case("text/event-stream");
        let media = if media.is_empty() { Symbol::NONE } else { self.symbols.intern(media) };
        let session = session.map(|session| self.symbols.intern(session));
        self.http.change(id, at, |exchange| {
            exchange.answered.get_or_insert(at);
            exchange.status = Some(status);
            exchange.media = media;
            exchange.is_stream = is_stream;
            // A session is opened by the answer to `initialize`; later answers may repeat it.
            if let (Symbol::NONE, Some(session)) = (exchange.session, session) {
                exchange.session = session;
            }
        });
        self.client_at_response(at, id, status);
        for key in self.following.asked.0.get(&id).into_iter().flatten() {
            if let Some(open) = self.following.pairing.peek(key) {
                self.operations[open.operation].http_status = status;
            }
        }
    }

    pub(super) fn on_http_end(&mut self, at: Micros, id: ExchangeId, how: HttpEnd) {
        self.client_at_end(at, id);
        self.http.end(id, at, how);
        let keys = self.following.asked.0.remove(&id).unwrap_or_default();
        for key in keys {
            let Some(open) = self.following.pairing.peek(&key) else { continue };
            let (operation, slot) = (open.operation, open.slot);
            let Some(fate) = self.fate(id, how) else { continue };
            let progress = self.following.pairing.take(&key).and_then(|open| open.progress);
            if let Some(progress) = progress {
                self.forget_progress(operation, &progress);
            }
            match fate {
                State::Done(outcome) => {
                    self.following.pairing.remember(key, Past::Answered { operation, slot });
                    self.finish(operation, outcome, at);
                }
                State::Cancelled { .. } => {
                    self.following.pairing.remember(key, Past::Cancelled { operation, slot });
                    self.cancel(operation, at);
                }
                State::Abandoned | State::Unknown | State::Pending => self.abandon(operation, at),
            }
        }
    }

    /// What becomes of a request whose exchange ended without an answer to it; `None` if the answer may still come on
    /// another stream of its session.
    fn fate(&self, id: ExchangeId, how: HttpEnd) -> Option<State> {
        let exchange = self.http.get(id)?;
        match (exchange.status, how) {
            (Some(status @ 400..), _) => Some(State::Done(Outcome::HttpError { status })),
            (_, HttpEnd::ClientLeft) if exchange.is_modern(self.name(exchange.revision)) => {
                Some(State::Cancelled { late_answer: false })
            }
            // Until 2025-11-25 a stream may break and be resumed: a disconnect is no cancellation there.
            _ if exchange.session != Symbol::NONE => None,
            (_, HttpEnd::ClientLeft) => Some(State::Cancelled { late_answer: false }),
            (_, HttpEnd::Complete | HttpEnd::ServerLeft | HttpEnd::Refused | HttpEnd::ProxyLeft) => {
                Some(State::Abandoned)
            }
        }
    }

    /// The key under which a request is followed.
    pub(super) fn key_of(&mut self, id: &str, passing: Passing) -> Key {
        let scope = self.scopes(passing.exchange)[0];
        let key = Key { from: passing.from, scope, id: RawId::new(&same_id(id)) };
        if let (Some(exchange), Peer::Client) = (passing.exchange, passing.from) {
            self.following.asked.add(exchange, key.clone());
        }
        key
    }

    /// The key under which something is known that this message names by its id: first in the conversation of its
    /// session, then in its own exchange, as with the answer that opens the session.
    pub(super) fn key_known(
        &self,
        from: Peer,
        id: &str,
        passing: Passing,
        is_known: impl Fn(&Key) -> bool,
    ) -> Key {
        let [first, second] = self.scopes(passing.exchange);
        let key = Key { from, scope: first, id: RawId::new(&same_id(id)) };
        if first == second || is_known(&key) {
            return key;
        }
        let other = Key { scope: second, ..key.clone() };
        if is_known(&other) { other } else { key }
    }

    /// The only open request of the exchange that a message of the server came in: what a server answers that could not
    /// even read the id.
    pub(super) fn only_asked(&self, passing: Passing) -> Option<Key> {
        let exchange = passing.exchange.filter(|_| passing.from == Peer::Server)?;
        let mut open = self.following.asked.0.get(&exchange)?.iter();
        let is_open = |key: &&Key| self.following.pairing.peek(key).is_some();
        let only = open.by_ref().find(is_open)?;
        open.all(|key| !is_open(&key)).then(|| only.clone())
    }

    /// The conversations a message may belong to, the likelier first.
    fn scopes(&self, exchange: Option<ExchangeId>) -> [Scope; 2] {
        let Some(id) = exchange else { return [Scope::Stdio; 2] };
        let own = Scope::Exchange(id);
        match self.http.get(id).map(|exchange| exchange.session) {
            None | Some(Symbol::NONE) => [own; 2],
            Some(session) => [Scope::Session(session), own],
        }
    }

    /// The HTTP exchange that began an operation.
    #[must_use]
    pub fn http_of(&self, id: OperationId) -> Option<&HttpExchange> {
        self.http.get(self.operations.get(id)?.first().request.exchange()?)
    }
}
