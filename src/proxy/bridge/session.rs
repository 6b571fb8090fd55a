//! A session of the revisions until 2025-11-25: a client, its streams, and what it has not heard yet.
//!
//! Knows nothing of HTTP beyond streams, nor of where the process comes from.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::events::{Events, Form, Leave};
use super::hub::Hub;
use super::share::InUse;
use super::stream::{Reader, Stream};
use crate::proxy::http::gear::{Piece, Presence, Trace};
use crate::trace::SessionEnd;

/// Streams that are kept for a client that comes back to them.
const STREAMS_MAX: usize = 32;
/// What is kept for a client that has no stream open: messages and their bytes.
const HELD_MAX: usize = 256;
const HELD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Connections of a client that are remembered.
const CLIENTS_MAX: usize = 64;
/// A client without a connection is waited for this long: as long as the SDKs try to come back, and then some.
const GONE_MAX: Duration = Duration::from_mins(5);

/// A session.
pub(super) struct Session {
    /// Its name, which is as good as a password.
    pub(super) id: String,
    /// Whose requests these are, for the process that serves them.
    pub(super) number: u64,
    hub: OnceLock<Arc<Hub>>,
    /// What keeps a process that others use as well.
    in_use: OnceLock<Arc<InUse>>,
    state: Mutex<State>,
    /// Takes the session off the list.
    on_end: Mutex<Option<OnEnd>>,
}

/// What is to be done when a session ends, and why it does.
pub(super) type OnEnd = Box<dyn FnOnce(&Session, SessionEnd) + Send>;

#[derive(Debug)]
struct State {
    /// The revision that both sides agreed on; empty before.
    revision: String,
    streams: VecDeque<Arc<Stream>>,
    last_key: u64,
    held: VecDeque<Piece>,
    held_bytes: usize,
    /// Exchanges that are under way.
    open: usize,
    last_use: Instant,
    clients: Vec<Trace>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Session {
    /// A session that begins now. Its process is given to it at once.
    pub(super) fn new(id: String, number: u64) -> Arc<Self> {
        let state = State {
            revision: String::new(),
            streams: VecDeque::new(),
            last_key: 0,
            held: VecDeque::new(),
            held_bytes: 0,
            open: 0,
            last_use: Instant::now(),
            clients: Vec::new(),
        };
        let (hub, in_use, on_end) = (OnceLock::new(), OnceLock::new(), Mutex::new(None));
        Arc::new(Self { id, number, hub, in_use, state: Mutex::new(state), on_end })
    }

    /// Gives it its process, and says what to do at its end.
    pub(super) fn begin(&self, hub: Arc<Hub>, on_end: OnEnd) {
        let _ = self.hub.set(hub);
        *self.on_end.lock().unwrap_or_else(PoisonError::into_inner) = Some(on_end);
    }

    /// Its process is used by others as well, and is kept while it is.
    pub(super) fn uses(&self, in_use: Arc<InUse>) {
        let _ = self.in_use.set(in_use);
    }

    /// Its process.
    pub(super) fn hub(&self) -> &Arc<Hub> {
        self.hub.get().expect("a session is given its process before anybody knows its name")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The revision that both sides agreed on.
    pub(super) fn agree(&self, revision: &str) {
        revision.clone_into(&mut self.lock().revision);
    }

    /// Whether a request may name this revision: the one agreed upon, or another that has sessions (some clients stay
    /// with the one they offered). Anything else is to be refused (2025-06-18, "Protocol Version Header").
    pub(super) fn speaks(&self, revision: &str) -> bool {
        const WITH_SESSIONS: [&str; 5] =
            ["2024-10-07", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
        WITH_SESSIONS.contains(&revision) || self.lock().revision == revision
    }

    /// An exchange of this client begins; it lasts as long as what is returned.
    pub(super) fn enter(self: &Arc<Self>, client: &Presence) -> Leave {
        let mut state = self.lock();
        state.open += 1;
        state.last_use = Instant::now();
        state.clients.retain(|client| client.strong_count() > 0);
        let trace = client.trace();
        if state.clients.len() < CLIENTS_MAX && !state.clients.iter().any(|known| known.ptr_eq(&trace)) {
            state.clients.push(trace);
        }
        drop(state);
        let session = self.clone();
        Leave::with(move || {
            let mut state = session.lock();
            state.open -= 1;
            state.last_use = Instant::now();
        })
    }

    /// Whether nobody has used it for too long.
    pub(super) fn is_forgotten(&self, idle: Duration) -> bool {
        let state = self.lock();
        let is_gone = state.clients.iter().all(|client| client.strong_count() == 0);
        let patience = if is_gone { idle.min(GONE_MAX) } else { idle };
        state.open == 0 && state.last_use.elapsed() >= patience
    }

    /// A new stream for so many requests, with its reader.
    pub(super) fn ask_on(&self, requests: usize, answers_only: bool) -> Reader {
        let mut state = self.lock();
        let stream = Stream::of_requests(state.next_key(), requests, answers_only);
        state.keep(stream.clone());
        stream.read_behind(0)
    }

    /// A new stream for what the server says on its own, with its reader.
    pub(super) fn listen_on(&self) -> Reader {
        let mut state = self.lock();
        let stream = Stream::standing(state.next_key());
        state.keep(stream.clone());
        let reader = stream.read_behind(0);
        state.say_held(&stream);
        reader
    }

    /// Takes a stream up again behind the message with this number; `None` if it is not known any more.
    pub(super) fn resume(&self, key: u64, number: u64) -> Option<Reader> {
        let mut state = self.lock();
        let stream = state.streams.iter().find(|stream| stream.key == key)?.clone();
        let reader = stream.read_behind(number);
        if !stream.is_over() {
            state.say_held(&stream);
        }
        Some(reader)
    }

    /// A stream whose answers have been delivered otherwise.
    pub(super) fn forget(&self, key: u64) {
        self.lock().streams.retain(|stream| stream.key != key);
    }

    /// The body of a stream for its client; `here` is the exchange in which it is read.
    pub(super) fn events(self: &Arc<Self>, reader: Reader, is_resumed: bool, here: Leave) -> Events {
        // From then on there are events that only give an id to come back with.
        let primes = *self.lock().revision >= *"2025-11-25" && !is_resumed;
        let (session, stream) = (self.clone(), reader.stream.clone());
        let leave = Leave::with(move || {
            session.left(&stream);
            drop(here);
        });
        Events::new(reader, Form::Numbered { primes }, leave)
    }

    /// The reader of a stream is gone: what it has not read of the server's own words is for the next one.
    fn left(&self, stream: &Stream) {
        let mut state = self.lock();
        if !stream.is_read() && stream.is_standing() {
            for piece in stream.take_unread().into_iter().rev() {
                state.held_bytes += piece.bytes.len();
                state.held.push_front(piece);
            }
            state.bound_held();
        }
    }

    /// The server says something to nobody in particular: it goes to one stream, or waits for one.
    pub(super) fn hear(&self, piece: Piece) -> Option<Arc<Stream>> {
        let mut state = self.lock();
        let open = |stream: &&Arc<Stream>| stream.is_read() && !stream.answers_only && !stream.is_over();
        let standing = state.streams.iter().find(|stream| open(stream) && stream.is_standing());
        let stream = standing.or_else(|| state.streams.iter().rev().find(open)).cloned();
        if let Some(stream) = stream {
            stream.push(piece);
            return Some(stream);
        }
        state.held_bytes += piece.bytes.len();
        state.held.push_back(piece);
        state.bound_held();
        None
    }

    /// The process behind it says no more.
    pub(super) fn server_left(&self) {
        self.end(SessionEnd::ServerLeft);
    }

    /// Ends it, if it has not ended.
    pub(super) fn end(&self, why: SessionEnd) {
        let on_end = self.on_end.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(on_end) = on_end {
            on_end(self, why);
        }
        for stream in &self.lock().streams {
            // Those of requests end with their answers.
            if stream.is_standing() {
                stream.close();
            }
        }
    }
}

impl State {
    fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }

    fn keep(&mut self, stream: Arc<Stream>) {
        while self.streams.len() >= STREAMS_MAX {
            // Those that somebody reads, or that wait for answers, find their way without being kept here.
            let finished = self.streams.iter().position(|stream| stream.is_over() && !stream.is_read());
            let left = || self.streams.iter().position(|stream| !stream.is_read());
            let Some(at) = finished.or_else(left) else { break };
            self.streams.remove(at);
        }
        self.streams.push_back(stream);
    }

    fn say_held(&mut self, stream: &Stream) {
        self.held.drain(..).for_each(|piece| stream.push(piece));
        self.held_bytes = 0;
    }

    fn bound_held(&mut self) {
        while self.held.len() > HELD_MAX || (self.held_bytes > HELD_BYTES_MAX && self.held.len() > 1) {
            let oldest = self.held.pop_front().expect("there are several");
            self.held_bytes -= oldest.bytes.len();
        }
    }
}
