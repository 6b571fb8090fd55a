//! What opened the conversation with a server of a revision with sessions: kept, so that it can be opened again.
//!
//! Knows nothing of HTTP.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

/// The conversation as it stands.
#[derive(Debug)]
pub(super) struct Handshake {
    state: Mutex<State>,
    /// How many sessions there have been. Its holder opens a new one.
    generation: watch::Sender<u64>,
    pub(super) renewing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    initialize: Option<Bytes>,
    initialized: Option<Bytes>,
    session: Option<String>,
    revision: Option<String>,
    /// The last revision without sessions that a request named.
    modern: Option<String>,
}

/// What a request of the conversation names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Now {
    /// The session, if the server has named one.
    pub(super) session: Option<String>,
    /// The revision both have agreed upon.
    pub(super) revision: Option<String>,
    /// Which session it is.
    pub(super) generation: u64,
}

impl Handshake {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
            generation: watch::Sender::new(0),
            renewing: tokio::sync::Mutex::default(),
        }
    }

    /// The client opens the conversation, or opens it anew.
    pub(super) fn begin(&self, line: Bytes) {
        let mut state = self.lock();
        *state = State { initialize: Some(line), modern: state.modern.take(), ..State::default() };
    }

    /// The client says that it is open.
    pub(super) fn opened(&self, line: Bytes) {
        self.lock().initialized = Some(line);
    }

    /// The server names the session, or none.
    pub(super) fn name(&self, session: Option<&str>) {
        self.lock().session = session.map(str::to_owned);
    }

    /// The server names the revision.
    pub(super) fn agree(&self, revision: &str) {
        self.lock().revision = Some(revision.to_owned());
    }

    /// A request named a revision without sessions.
    pub(super) fn saw_modern(&self, revision: &str) {
        let mut state = self.lock();
        if state.modern.as_deref() != Some(revision) {
            state.modern = Some(revision.to_owned());
        }
    }

    /// What the next request names.
    pub(super) fn now(&self) -> Now {
        let state = self.lock();
        let (session, revision) = (state.session.clone(), state.revision.clone());
        Now { session, revision, generation: *self.generation.borrow() }
    }

    /// The revision without sessions in use, where there was no handshake.
    pub(super) fn modern(&self) -> Option<String> {
        let state = self.lock();
        state.modern.clone().filter(|_| state.initialize.is_none())
    }

    /// The lines that open it again: the second one if the client got so far.
    pub(super) fn lines(&self) -> Option<(Bytes, Option<Bytes>)> {
        let state = self.lock();
        Some((state.initialize.clone()?, state.initialized.clone()))
    }

    /// It has been opened again.
    pub(super) fn renewed(&self) {
        self.generation.send_modify(|generation| *generation += 1);
    }

    /// Tells of new sessions.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_that_is_opened_anew_names_nothing_of_the_old_one() {
        let handshake = Handshake::new();
        handshake.begin(Bytes::from_static(b"a"));
        handshake.name(Some("s"));
        handshake.agree("2025-11-25");
        assert_eq!(handshake.now().session.as_deref(), Some("s"));
        handshake.begin(Bytes::from_static(b"b"));
        assert_eq!(handshake.now(), Now::default());
        assert_eq!(handshake.lines(), Some((Bytes::from_static(b"b"), None)));
    }

    #[test]
    fn a_notification_takes_the_revision_of_the_requests_where_there_was_no_handshake() {
        let handshake = Handshake::new();
        handshake.saw_modern("2026-07-28");
        assert_eq!(handshake.modern().as_deref(), Some("2026-07-28"));
        handshake.begin(Bytes::from_static(b"a"));
        assert_eq!(handshake.modern(), None);
    }
}
