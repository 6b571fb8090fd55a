//! The clients of an HTTP server, told apart by their sessions, or by their names where there are no sessions.
//!
//! Knows nothing of messages.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::{HttpExchange, Traffic};
use crate::model::{Implementation, Symbol};
use crate::trace::{ExchangeId, Micros, PoolTake, SessionEnd};

/// A client of a session of ours; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(NonZeroU32);

impl ClientId {
    /// Its position in [`Clients::all`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Why a client's session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientEnd {
    /// mcptop kept the session itself, and tells.
    Told(SessionEnd),
    /// The client deleted it, and the server agreed.
    Deleted,
    /// The server says it does not know it (any more).
    Forgotten,
}

/// What tells clients apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::model) enum ClientKey {
    /// An HTTP session.
    Session(Symbol),
    /// A name and a version, where there are no sessions.
    Named(Symbol),
    /// An `initialize` that has not been answered: whether there will be a session is open.
    Opening(ExchangeId),
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its session; [`Symbol::NONE`] where there are none.
    pub session: Symbol,
    /// What it calls itself.
    pub name: Option<Implementation>,
    /// The revision it asked for.
    pub requested: Option<Box<str>>,
    /// The revision it was answered with.
    pub negotiated: Option<Box<str>>,
    /// Its capabilities as JSON text.
    pub capabilities: Option<Arc<str>>,
    /// When it was first seen.
    pub first_seen: Micros,
    /// When something last happened in one of its exchanges.
    pub last_seen: Micros,
    /// Its exchanges.
    pub traffic: Traffic,
    /// How it last got something out of the pool, and how long it waited for that, in microseconds.
    pub took: Option<(PoolTake, u32)>,
    /// When and why its session was over.
    pub ended: Option<(Micros, ClientEnd)>,
}

/// A client counts as connected this long after it was last seen.
const HERE_US: u64 = 60_000_000;
/// Clients that are kept, the first ones.
const CLIENTS_MAX: usize = 65_536;

/// All clients, in the order in which they were first seen.
#[derive(Debug, Default)]
pub struct Clients {
    all: Vec<Client>,
    known: HashMap<ClientKey, ClientId>,
}

impl Client {
    fn new(at: Micros) -> Self {
        Self {
            session: Symbol::NONE,
            name: None,
            requested: None,
            negotiated: None,
            capabilities: None,
            first_seen: at,
            last_seen: at,
            traffic: Traffic::default(),
            took: None,
            ended: None,
        }
    }

    /// Whether anything is known of it: it may have turned out to be another client.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.traffic.exchanges > 0 || self.took.is_some() || self.ended.is_some()
    }

    /// Whether it seems to be connected: its session has not ended, and something of it is open or was a short time ago.
    #[must_use]
    pub fn is_here(&self, now: Micros) -> bool {
        self.ended.is_none() && (self.traffic.open > 0 || (now - self.last_seen).0 < HERE_US)
    }

    /// The revision it speaks, as far as is known.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        self.negotiated.as_deref().or(self.requested.as_deref())
    }

    /// Its name and version as one text; empty if it has not told.
    #[must_use]
    pub fn shown_name(&self) -> String {
        match &self.name {
            None => String::new(),
            Some(name) if name.version.is_empty() => name.name.to_string(),
            Some(name) => format!("{} {}", name.name, name.version),
        }
    }
}

impl Clients {
    /// All, in the order in which they were first seen. Some may not be [real](Client::is_real).
    #[must_use]
    pub fn all(&self) -> &[Client] {
        &self.all
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: ClientId) -> Option<&Client> {
        self.all.get(id.index())
    }

    /// Those of which something is known.
    #[must_use]
    pub fn real(&self) -> impl DoubleEndedIterator<Item = &Client> {
        self.all.iter().filter(|client| client.is_real())
    }

    pub(in crate::model) fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.all.get_mut(id.index())
    }

    /// The client of a key, new if need be; `None` if there are too many.
    pub(in crate::model) fn of(&mut self, key: ClientKey, at: Micros) -> Option<ClientId> {
        if let Some(known) = self.known.get(&key) {
            return Some(*known);
        }
        if self.all.len() >= CLIENTS_MAX {
            return None;
        }
        let mut client = Client::new(at);
        if let ClientKey::Session(session) = key {
            client.session = session;
        }
        self.all.push(client);
        let id = ClientId(NonZeroU32::new(u32::try_from(self.all.len()).ok()?)?);
        self.known.insert(key, id);
        Some(id)
    }

    /// The client who opened with `initialize` in this exchange turns out to be this one: returns whose its exchange is
    /// now. `None` if none did.
    pub(in crate::model) fn settle(&mut self, opening: ExchangeId, key: ClientKey) -> Option<ClientId> {
        let opened = self.known.remove(&ClientKey::Opening(opening))?;
        let settled = *self.known.entry(key).or_insert(opened);
        let Client { name, requested, capabilities, .. } = self.all[opened.index()].clone();
        let client = &mut self.all[settled.index()];
        if let ClientKey::Session(session) = key {
            client.session = session;
        }
        if settled != opened {
            (client.name, client.requested, client.capabilities) = (name, requested, capabilities);
        }
        Some(settled)
    }

    pub(super) fn account(
        &mut self,
        id: ClientId,
        exchange: &HttpExchange,
        at: Micros,
        count: fn(&mut Traffic, &HttpExchange),
    ) {
        if let Some(client) = self.get_mut(id) {
            count(&mut client.traffic, exchange);
            client.last_seen = client.last_seen.max(at);
        }
    }
}
