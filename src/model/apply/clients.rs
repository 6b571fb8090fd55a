//! Whose an HTTP exchange is: by the session it names, by the name its client gives, else by its connection.
//!
//! Knows nothing of what else messages say.

use std::sync::Arc;

use super::exchanges::RequestHead;
use super::{Passing, TEXT_MAX};
use crate::model::handshake::{CAPABILITIES_MAX, Implementation};
use crate::model::http::ClientKey;
use crate::model::read::{json, text};
use crate::model::{ClientEnd, ClientId, Pool, Session, Symbol};
use crate::trace::{ExchangeId, Micros, PoolState, PoolTake, SessionEnd};

/// What a client tells of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Introduction {
    pub(super) name: Option<Implementation>,
    pub(super) requested: Option<Box<str>>,
    pub(super) capabilities: Option<Arc<str>>,
}

/// The client that a modern request named last, and in which words: the next request mostly says the same.
#[derive(Debug, Default)]
pub(super) struct Named {
    words: [Option<Box<str>>; 2],
    client: Option<ClientId>,
}

impl Session {
    /// Whose a request is, as far as its head tells.
    pub(super) fn client_at_request(&mut self, at: Micros, head: &RequestHead<'_>) -> Option<ClientId> {
        match head.session {
            Some(session) => {
                let session = self.symbols.intern(session);
                self.http.clients.of(ClientKey::Session(session), at)
            }
            // Clients do not share connections, unless another proxy stands before this one.
            None => self.http.client_on(head.connection),
        }
    }

    /// A client opens with `initialize`: whether there will be a session is known when it is answered.
    pub(super) fn on_opening(&mut self, told: Introduction, passing: Passing) {
        let Some(id) = passing.exchange else { return };
        let at = passing.half.at;
        // One that opens a second time in its session stays who it is.
        let session = self.http.get(id).map_or(Symbol::NONE, |exchange| exchange.session);
        let key = if session.is_none() { ClientKey::Opening(id) } else { ClientKey::Session(session) };
        let Some(client) = self.http.clients.of(key, at) else { return };
        self.introduce(client, told);
        self.http.change(id, at, |exchange| exchange.client = Some(client));
    }

    /// A modern request says who sends it.
    pub(super) fn on_named(
        &mut self,
        revision: &str,
        name: Option<&str>,
        capabilities: Option<&str>,
        passing: Passing,
    ) {
        let (Some(id), Some(raw)) = (passing.exchange, name) else { return };
        if self.http.get(id).is_none_or(|exchange| !exchange.session.is_none()) {
            return;
        }
        let words = [Some(raw), Some(revision)];
        if self.following.named.words.each_ref().map(Option::as_deref) != words {
            let Some(name) = Implementation::read(raw) else { return };
            let symbol = self.symbols.intern(&format!("{} {}", name.name, name.version));
            let client = self.http.clients.of(ClientKey::Named(symbol), passing.half.at);
            if let Some(client) = client {
                let requested = text(Some(revision), TEXT_MAX);
                let capabilities = json(capabilities, CAPABILITIES_MAX);
                self.introduce(client, Introduction { name: Some(name), requested, capabilities });
            }
            self.following.named = Named { words: words.map(|word| word.map(Box::from)), client };
        }
        let client = self.following.named.client;
        self.http.change(id, passing.half.at, |exchange| exchange.client = client.or(exchange.client));
    }

    /// The server has answered `initialize` with this revision.
    pub(super) fn on_negotiated(&mut self, revision: Option<Box<str>>, passing: Passing) {
        let client = passing.exchange.and_then(|id| self.http.get(id)?.client);
        if let Some(client) = client.and_then(|client| self.http.clients.get_mut(client)) {
            client.negotiated = revision;
        }
    }

    /// The head of a response tells whether there is a session, or none any more.
    pub(super) fn client_at_response(&mut self, at: Micros, id: ExchangeId, status: u16) {
        self.settle_opening(at, id);
        let Some(exchange) = self.http.get(id) else { return };
        let is_delete = self.symbols.name(exchange.method) == "DELETE";
        let (session, client) = (exchange.session, exchange.client);
        if session.is_none() {
            return;
        }
        let Some(client) = client.and_then(|client| self.http.clients.get_mut(client)) else { return };
        match (status, client.ended) {
            (200..300, None) if is_delete => client.ended = Some((at, ClientEnd::Deleted)),
            (404, None) => client.ended = Some((at, ClientEnd::Forgotten)),
            // It was the address that was not found, not the session.
            (200..300, Some((_, ClientEnd::Forgotten))) => client.ended = None,
            _ => {}
        }
    }

    /// An exchange that ends unanswered opened no session.
    pub(super) fn client_at_end(&mut self, at: Micros, id: ExchangeId) {
        self.settle_opening(at, id);
    }

    fn settle_opening(&mut self, at: Micros, id: ExchangeId) {
        let Some(exchange) = self.http.get(id) else { return };
        let (session, before) = (exchange.session, exchange.client);
        let key = if session.is_none() {
            let name = before.and_then(|client| self.http.clients.get(client));
            let name = name.map(crate::model::Client::shown_name).unwrap_or_default();
            ClientKey::Named(self.symbols.intern(&name))
        } else {
            ClientKey::Session(session)
        };
        let Some(settled) = self.http.clients.settle(id, key) else { return };
        if Some(settled) == before {
            return;
        }
        self.http.change(id, at, |exchange| exchange.client = Some(settled));
        for key in self.following.asked.of(id) {
            if let Some(open) = self.following.pairing.peek(key) {
                self.operations[open.operation].client = Some(settled);
            }
        }
    }

    /// An operation begins in an exchange: whose it is.
    pub(super) fn count_call(&mut self, passing: Passing) -> Option<ClientId> {
        let id = passing.exchange?;
        self.http.change(id, passing.half.at, |exchange| exchange.calls = exchange.calls.saturating_add(1));
        // What a server asks, it asks the client whose stream it is.
        self.http.get(id)?.client
    }

    pub(super) fn note_first_message(&mut self, id: ExchangeId, at: Micros) {
        if self.http.get(id).is_some_and(|exchange| exchange.first_message.is_none()) {
            self.http.change(id, at, |exchange| exchange.first_message = Some(at));
        }
    }

    /// The pool, which exists from the first thing that happens to it.
    pub(super) fn pool_at(&mut self, at: Micros) -> &mut Pool {
        self.pool.get_or_insert_with(|| Box::new(Pool::new(at)))
    }

    pub(super) fn on_taken(
        &mut self,
        at: Micros,
        session: &str,
        how: PoolTake,
        waited_us: u32,
        pool: PoolState,
    ) {
        self.pool_at(at).taken(at, how, waited_us, pool);
        if session.is_empty() {
            return;
        }
        let session = self.symbols.intern(session);
        let client = self.http.clients.of(ClientKey::Session(session), at);
        if let Some(client) = client.and_then(|client| self.http.clients.get_mut(client)) {
            client.took = Some((how, waited_us));
        }
    }

    pub(super) fn on_session_end(&mut self, at: Micros, session: &str, why: SessionEnd) {
        let session = self.symbols.intern(session);
        let client = self.http.clients.of(ClientKey::Session(session), at);
        if let Some(client) = client.and_then(|client| self.http.clients.get_mut(client)) {
            client.ended = Some((at, ClientEnd::Told(why)));
        }
    }

    fn introduce(&mut self, client: ClientId, told: Introduction) {
        if let Some(client) = self.http.clients.get_mut(client) {
            client.name = told.name.or(client.name.take());
            client.requested = told.requested.or(client.requested.take());
            client.capabilities = told.capabilities.or(client.capabilities.take());
        }
    }
}
