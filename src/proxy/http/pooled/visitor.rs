//! A client's session as the client sees it: a name of ours, behind which a session of the pool stands, for as long as
//! the client stays or for one request at a time.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderValue;
use lru::LruCache;
use tokio::sync::watch;

use super::Loan;
use super::handshake::Hello;
use super::session::Session;
use crate::proxy::http::gear::{Presence, Trace};

/// Clients that are remembered; beyond, the one not seen for longest is forgotten, and opens a session anew.
const VISITORS_MAX: NonZeroUsize = NonZeroUsize::new(65_536).expect("it is not zero");

/// How long a client may be without any connection. Clients close those they do not use for some seconds, and come back.
const ABSENCE: Duration = Duration::from_mins(5);

/// What a client has under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something that has an answer.
    Request,
    /// A stream it listens to.
    Stream,
}

/// A client's session.
pub(super) struct Visitor {
    /// How the client knows it.
    pub(super) name: HeaderValue,
    pub(super) hello: Hello,
    /// The handshake's request, to open another session with it.
    pub(super) opening: Bytes,
    /// The session it has to itself; `None` where it takes one for each request.
    held: Mutex<Option<Loan>>,
    /// Where it takes one for each request: which request, by its id as it was written, has which session.
    asking: Mutex<HashMap<String, Arc<Session>>>,
    /// What is under way in the session it has to itself, by its kind.
    under_way: [AtomicUsize; 2],
    /// Becomes true when the client has ended the session.
    pub(super) over: watch::Sender<bool>,
    seen: Mutex<Instant>,
    /// The connections it has come on that may still be open.
    connections: Mutex<Vec<Trace>>,
}

impl Visitor {
    pub(super) fn new(name: HeaderValue, hello: Hello, opening: Bytes, held: Option<Loan>) -> Self {
        Self {
            name,
            hello,
            opening,
            held: Mutex::new(held),
            asking: Mutex::default(),
            under_way: Default::default(),
            over: watch::Sender::new(false),
            seen: Mutex::new(Instant::now()),
            connections: Mutex::default(),
        }
    }

    /// How the client knows it, as text.
    pub(super) fn name(&self) -> &str {
        self.name.to_str().unwrap_or_default()
    }

    /// The session it has to itself.
    pub(super) fn session(&self) -> Option<Arc<Session>> {
        self.held().as_ref().map(|loan| loan.session().clone())
    }

    /// The loan of that session.
    pub(super) fn held(&self) -> MutexGuard<'_, Option<Loan>> {
        lock(&self.held)
    }

    /// A request has got a session.
    pub(super) fn asks(&self, id: String, session: Arc<Session>) {
        lock(&self.asking).insert(id, session);
    }

    /// A request has been answered, or given up.
    pub(super) fn has_asked(&self, id: &str) {
        lock(&self.asking).remove(id);
        self.touch();
    }

    /// The session in which a request is under way.
    pub(super) fn asked(&self, id: &str) -> Option<Arc<Session>> {
        lock(&self.asking).get(id).cloned()
    }

    pub(super) fn begin(&self, kind: Kind) {
        self.under_way[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn finish(&self, kind: Kind) {
        self.under_way[kind as usize].fetch_sub(1, Ordering::Relaxed);
        self.touch();
    }

    fn touch(&self) {
        *lock(&self.seen) = Instant::now();
    }

    /// It has been seen on this connection.
    pub(super) fn seen_on(&self, connection: &Presence) {
        self.touch();
        let connection = connection.trace();
        let mut known = lock(&self.connections);
        if !known.iter().any(|known| known.ptr_eq(&connection)) {
            known.retain(|known| known.strong_count() > 0);
            known.push(connection);
        }
    }

    /// Gives its session back. Streams that listen to it end with that; a request that is still under way is the
    /// server's, and nobody else can have the session then.
    pub(super) fn leave(&self) {
        let held = self.held().take();
        self.over.send_replace(true);
        if let Some(loan) = held
            && self.under_way[Kind::Request as usize].load(Ordering::Relaxed) > 0
        {
            loan.session().spoil();
        }
    }

    fn is_idle(&self, now: Instant, silence: Duration) -> bool {
        let is_there = lock(&self.connections).iter().any(|known| known.strong_count() > 0);
        let idle_for = if is_there { silence } else { silence.min(ABSENCE) };
        self.under_way.iter().all(|count| count.load(Ordering::Relaxed) == 0)
            && lock(&self.asking).is_empty()
            && now.saturating_duration_since(*lock(&self.seen)) >= idle_for
    }
}

/// All clients, by the names of their sessions.
pub(super) struct Visitors(Mutex<LruCache<Box<[u8]>, Arc<Visitor>>>);

impl Visitors {
    pub(super) fn new() -> Self {
        Self(Mutex::new(LruCache::new(VISITORS_MAX)))
    }

    pub(super) fn get(&self, name: &HeaderValue) -> Option<Arc<Visitor>> {
        lock(&self.0).get(name.as_bytes()).cloned()
    }

    pub(super) fn add(&self, visitor: Visitor) {
        let forgotten = lock(&self.0).push(visitor.name.as_bytes().into(), Arc::new(visitor));
        if let Some((_, visitor)) = forgotten {
            visitor.leave();
        }
    }

    pub(super) fn remove(&self, name: &HeaderValue) -> Option<Arc<Visitor>> {
        lock(&self.0).pop(name.as_bytes())
    }

    /// Takes out those that have been silent for so long, or gone for long enough.
    pub(super) fn expire(&self, now: Instant, silence: Duration) -> Vec<Arc<Visitor>> {
        let mut all = lock(&self.0);
        let names: Vec<Box<[u8]>> = all
            .iter()
            .filter(|(_, visitor)| visitor.is_idle(now, silence))
            .map(|(name, _)| name.clone())
            .collect();
        names.iter().filter_map(|name| all.pop(name)).collect()
    }
}

/// What a panic elsewhere left behind is as good as before: every change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_connection_is_not_waited_for_as_long_as_who_is_silent() {
        let hello = Hello::new(Some("{}")).unwrap();
        let visitor = Visitor::new(HeaderValue::from_static("v"), hello, Bytes::new(), None);
        let (client, silence) = (Presence::default(), Duration::from_mins(30));
        visitor.seen_on(&client);
        let after = |minutes| Instant::now() + Duration::from_mins(minutes);
        assert!(!visitor.is_idle(after(29), silence) && visitor.is_idle(after(31), silence));
        visitor.begin(Kind::Stream);
        assert!(!visitor.is_idle(after(99), silence), "it listens");
        visitor.finish(Kind::Stream);
        drop(client);
        assert!(!visitor.is_idle(after(4), silence) && visitor.is_idle(after(6), silence));
        assert!(visitor.is_idle(after(1), Duration::ZERO), "a shorter silence is enough");
    }
}
