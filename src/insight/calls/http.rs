//! HTTP exchanges that have not ended, and what their ends mean for what was asked in them.
//!
//! The same rules as in `model`. Bounded. Knows nothing of messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::open::{Key, Scope};
use super::{Exchange, Fate, HttpFacts, Side};
use crate::trace::{ExchangeId, Fact, HttpEnd, Micros};

/// Exchanges that are open at once; the ends of more were not observed.
const EXCHANGES_MAX: usize = 65_536;
/// Requests that are followed in one exchange: a batch holds several.
const ASKED_MAX: usize = 1_024;
/// From this revision on a request is answered in its own exchange, or not at all.
const MODERN: &str = "2026-07-28";

/// An exchange that has not ended.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) facts: HttpFacts,
    pub(super) revision: Option<Arc<str>>,
    at: Micros,
    answered: Option<Micros>,
    pub(super) sent: Option<Side>,
    /// Whether the client asked something in it.
    pub(super) has_calls: bool,
    asked: Vec<Key>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Exchanges(BTreeMap<ExchangeId, Running>);

impl Exchanges {
    /// Takes the head of a request or of a response.
    pub(super) fn head(&mut self, at: Micros, fact: &Fact<'_>) {
        match fact {
            Fact::HttpRequest { exchange, connection, method, target, session, revision, .. } => {
                if self.0.len() >= EXCHANGES_MAX {
                    self.0.pop_first();
                }
                let facts = HttpFacts {
                    exchange: *exchange,
                    connection: *connection,
                    session: session.as_deref().map(Arc::from),
                    method: Box::from(&**method),
                    target: Box::from(&**target),
                    status: None,
                    media: Box::default(),
                };
                let running = Running {
                    facts,
                    revision: revision.as_deref().map(Arc::from),
                    at,
                    answered: None,
                    sent: None,
                    has_calls: false,
                    asked: Vec::new(),
                };
                self.0.insert(*exchange, running);
            }
            Fact::HttpResponse { exchange, status, media, session, .. } => {
                let Some(running) = self.0.get_mut(exchange) else { return };
                running.answered.get_or_insert(at);
                running.facts.status = Some(*status);
                running.facts.media = Box::from(&**media);
                // The answer to `initialize` opens a session; later ones may repeat it.
                if let (None, Some(session)) = (&running.facts.session, session) {
                    running.facts.session = Some(Arc::from(&**session));
                }
            }
            _ => {}
        }
    }

    pub(super) fn get(&mut self, exchange: ExchangeId) -> Option<&mut Running> {
        self.0.get_mut(&exchange)
    }

    /// The conversations that a message may belong to, the likelier first.
    pub(super) fn scopes(&self, exchange: Option<ExchangeId>) -> [Scope; 2] {
        let Some(id) = exchange else { return [Scope::Stdio, Scope::Stdio] };
        let own = Scope::Exchange(id);
        match self.0.get(&id).and_then(|running| running.facts.session.clone()) {
            None => [own.clone(), own],
            Some(session) => [Scope::Session(session), own],
        }
    }

    pub(super) fn end(&mut self, exchange: ExchangeId) -> Option<Running> {
        self.0.remove(&exchange)
    }
}

impl Running {
    pub(super) fn ask(&mut self, key: Key) {
        self.has_calls = true;
        if self.asked.len() < ASKED_MAX {
            self.asked.push(key);
        }
    }

    /// The keys of what was asked in it.
    pub(super) fn asked(&self) -> &[Key] {
        &self.asked
    }

    /// What becomes of a request that was not answered when it ended; `None` if the answer may come elsewhere.
    pub(super) fn fate(&self, how: HttpEnd) -> Option<Fate> {
        match (self.facts.status, how) {
            (Some(status @ 400..), _) => Some(Fate::HttpError { status }),
            (_, HttpEnd::ClientLeft) if self.is_modern() => Some(Fate::Cancelled),
            // Until 2025-11-25 a stream may break and be resumed.
            _ if self.facts.session.is_some() => None,
            (_, HttpEnd::ClientLeft) => Some(Fate::Cancelled),
            (_, HttpEnd::Complete | HttpEnd::ServerLeft | HttpEnd::Refused | HttpEnd::ProxyLeft) => {
                Some(Fate::Unanswered)
            }
        }
    }

    fn is_modern(&self) -> bool {
        self.revision.as_deref().is_some_and(|revision| revision >= MODERN)
    }

    /// What is told of it if nothing was asked in it.
    pub(super) fn told(self, ended: Micros) -> Exchange {
        let Self { facts, revision, at, answered, sent, .. } = self;
        Exchange { http: facts, revision, at, answered, ended, sent }
    }
}
