//! Between a process and those who talk with it: whose answer is whose, and under which ids.
//!
//! A process that serves one client sees every message as the client wrote it. One that serves several is asked under ids
//! and progress tokens of our own, and only these values of a message change, here and back. Knows nothing of HTTP.

mod routes;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use super::child::{Child, Lines, Over};
use super::session::Session;
use super::stream::Stream;
use crate::proxy::http::gear::{Piece, code, error_text};
use crate::proxy::session::Observer;
use crate::wire::{Edit, member, same_id};

/// A process with those who wait for its answers.
#[derive(Debug)]
pub(super) struct Hub {
    /// What it is called in messages.
    name: String,
    child: Child,
    observer: Observer,
    state: Mutex<State>,
}

/// Who hears what the server says to nobody in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The one session there is.
    Session,
    /// Whoever has asked something: there is never more than one request.
    Asker,
    /// Nobody: there are several clients. What they ask is asked under ids of our own.
    Nobody,
}

#[derive(Debug)]
struct State {
    audience: Audience,
    /// The sessions it serves.
    members: Vec<Weak<Session>>,
    /// Whether it knows that its client has taken note of the handshake.
    is_initialized: bool,
    /// Requests by the id they were asked under.
    flights: HashMap<Box<str>, Flight>,
    /// The request that a progress token belongs to, by the token it was asked with.
    tokens: HashMap<Box<str>, Box<str>>,
    last_id: u64,
    /// Why it says no more.
    over: Option<Arc<str>>,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Flight {
    stream: Arc<Stream>,
    /// Whose it is: ids are those of one owner.
    owner: u64,
    /// Its id as the client wrote it.
    id: Box<str>,
    /// Its progress token as asked with, and as the client wrote it.
    token: Option<(Box<str>, Box<str>)>,
}

/// Why something cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unasked {
    /// The process says no more, for this reason.
    Over(Arc<str>),
    /// The client has asked something else under this id, which is not answered yet.
    SameId,
}

impl Hub {
    /// Begins to listen to a process.
    pub(super) fn start(
        name: String,
        (child, lines): (Child, Lines),
        observer: Observer,
        audience: Audience,
    ) -> Arc<Self> {
        let state = Mutex::new(State {
            audience,
            members: Vec::new(),
            is_initialized: false,
            flights: HashMap::new(),
            tokens: HashMap::new(),
            last_id: 0,
            over: None,
        });
        let hub = Arc::new(Self { name, child, observer, state });
        tokio::spawn(hub.clone().listen(lines));
        hub
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves this session as well.
    pub(super) fn join(&self, session: &Arc<Session>) {
        let mut state = self.lock();
        state.members.retain(|member| member.strong_count() > 0);
        state.members.push(Arc::downgrade(session));
    }

    /// From now on it serves several sessions. Nothing may be under way.
    pub(super) fn share(&self) {
        self.lock().audience = Audience::Nobody;
    }

    /// Whether it serves several sessions.
    pub(super) fn is_shared(&self) -> bool {
        self.audience() == Audience::Nobody
    }

    /// Whether it is to be told that a client has taken note of the handshake: it is told once.
    pub(super) fn initializes(&self) -> bool {
        let mut state = self.lock();
        !std::mem::replace(&mut state.is_initialized, true) || state.audience != Audience::Nobody
    }

    fn audience(&self) -> Audience {
        self.lock().audience
    }

    /// Ends the process.
    pub(super) fn end(&self) {
        self.child.end();
    }

    /// Whether it says no more.
    pub(super) fn is_over(&self) -> bool {
        self.lock().over.is_some() || self.child.has_ended()
    }

    /// Asks; the answer comes on `stream`. Gives back the id under which it was asked.
    pub(super) async fn ask(
        &self,
        owner: u64,
        text: &str,
        id: &str,
        params: Option<&str>,
        stream: &Arc<Stream>,
    ) -> Result<Box<str>, Unasked> {
        let (asked, line) = self.register(owner, text, id, params, stream)?;
        if self.child.write(line.into()).await {
            return Ok(asked);
        }
        let mut state = self.lock();
        match state.flights.remove(&asked) {
            Some(flight) => {
                state.forget(&flight);
                Err(Unasked::Over("it does not read any more".into()))
            }
            // Its end has been noticed meanwhile, and told to those who wait.
            None => Ok(asked),
        }
    }

    fn register(
        &self,
        owner: u64,
        text: &str,
        id: &str,
        params: Option<&str>,
        stream: &Arc<Stream>,
    ) -> Result<(Box<str>, String), Unasked> {
        let token = params.and_then(progress_token);
        let mut state = self.lock();
        if let Some(why) = &state.over {
            return Err(Unasked::Over(why.clone()));
        }
        let (asked, asked_token, line) = match state.audience {
            Audience::Session if state.flights.contains_key(id) => return Err(Unasked::SameId),
            Audience::Session | Audience::Asker => (Box::from(id), token.map(Box::from), text.to_owned()),
            Audience::Nobody => {
                state.last_id += 1;
                let (asked, asked_token) =
                    (like(id, state.last_id), token.map(|token| like(token, state.last_id)));
                let mut edit = Edit::of(text);
                edit.replace(id, &*asked);
                if let (Some(token), Some(asked)) = (token, &asked_token) {
                    edit.replace(token, &**asked);
                }
                (asked, asked_token, edit.finish())
            }
        };
        if let Some(token) = &asked_token {
            state.tokens.insert(token.clone(), asked.clone());
        }
        let token = asked_token.zip(token.map(Box::from));
        let flight = Flight { stream: stream.clone(), owner, id: id.into(), token };
        state.flights.insert(asked.clone(), flight);
        Ok((asked, line))
    }

    /// Passes on what needs no answer. `false`: the process takes no more.
    pub(super) async fn tell(&self, text: String) -> bool {
        self.child.write(text.into()).await
    }

    /// A client takes a request back: what it says of that, as the process understands it. `None` if there is no such
    /// request.
    pub(super) fn taken_back(&self, owner: u64, text: &str, params: Option<&str>) -> Option<String> {
        let state = self.lock();
        if state.audience != Audience::Nobody {
            return Some(text.to_owned());
        }
        let id = member(params?, "requestId")?;
        let (asked, _) = state
            .flights
            .iter()
            .find(|(_, flight)| flight.owner == owner && same_id(&flight.id) == same_id(id))?;
        let mut edit = Edit::of(text);
        edit.replace(id, &**asked);
        Some(edit.finish())
    }

    /// Nobody waits for this answer any more: the process is told, if it has not answered yet.
    pub(super) fn cancel(&self, asked: &str) {
        let mut state = self.lock();
        let Some(flight) = state.flights.remove(asked) else { return };
        state.forget(&flight);
        drop(state);
        let text = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{asked},"reason":"the client has left"}}}}"#
        );
        self.child.write_soon(text.into());
    }

    /// Whether a request waits for its answer.
    pub(super) fn is_asked(&self, asked: &str) -> bool {
        self.lock().flights.contains_key(asked)
    }

    async fn listen(self: Arc<Self>, mut lines: Lines) {
        let over = loop {
            match lines.next().await {
                Ok((lines, woke)) => {
                    for line in lines {
                        self.take(&line, woke).await;
                    }
                }
                Err(over) => break over,
            }
        };
        self.finish(over);
    }

    /// The process says no more: whoever waits is told so.
    fn finish(&self, over: Over) {
        let why: Arc<str> = over.in_words();
        let mut state = self.lock();
        state.over = Some(why.clone());
        state.tokens.clear();
        let flights = std::mem::take(&mut state.flights);
        let members = std::mem::take(&mut state.members);
        drop(state);
        self.child.end();
        let said = format!("mcptop has no answer from {}: {why}", self.name);
        for flight in flights.into_values() {
            let bytes = error_text(code::UNREACHABLE, &said, Some(&flight.id)).into();
            flight.stream.answer(Piece { bytes, woke: Instant::now() });
        }
        members.iter().filter_map(Weak::upgrade).for_each(|session| session.server_left());
    }
}

impl State {
    fn forget(&mut self, flight: &Flight) {
        if let Some((token, _)) = &flight.token {
            self.tokens.remove(token);
        }
    }
}

/// A value of our own, of the same JSON type.
fn like(value: &str, number: u64) -> Box<str> {
    if value.starts_with('"') { format!("\"{number}\"").into() } else { number.to_string().into() }
}

fn progress_token(params: &str) -> Option<&str> {
    member(member(params, "_meta")?, "progressToken")
}
