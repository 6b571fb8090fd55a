//! Requests of the revisions until 2025-11-25: a session is opened by `initialize`, and everything else belongs to one.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue};

use super::events::place;
use super::fields::Accepts;
use super::house::{House, Posted, answers, no_child, no_session, not_acceptable};
use super::hub::{Audience, Hub, Unasked};
use super::session::Session;
use super::share::{self, InUse, Shared};
use crate::proxy::http::gear::{Answer, Asked, Piece, SESSION, code};
use crate::trace::{Fact, PoolReturn, SessionEnd, session_name};
use crate::wire::{Contents, Message, contents, member, string_value};

/// Sessions at once, with processes of their own or without.
const SESSIONS_MAX: usize = 4_096;

/// A session that is being opened: ends with the client that opens it, until that knows its name.
struct Opening(Option<Arc<Session>>);

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(session) = self.0.take() {
            session.end(SessionEnd::Deleted);
        }
    }
}

impl House {
    pub(super) async fn post_legacy(self: &Arc<Self>, posted: &[Posted<'_>], asked: &Asked) -> Answer {
        let opens = posted.iter().find_map(|posted| match &posted.message {
            Message::Request { id, method, params } if method == "initialize" => {
                Some((posted.text, *id, *params))
            }
            _ => None,
        });
        let accepts = Accepts::of(&asked.fields);
        if !accepts.json && !accepts.events {
            return not_acceptable();
        }
        match opens {
            Some((text, id, params)) if posted.len() == 1 => {
                self.open_session(text, id, params.unwrap_or("{}"), accepts, asked).await
            }
            Some((_, id, _)) => {
                let why = "`initialize` does not belong into a batch";
                Answer::error(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, why, Some(id))
            }
            None => match self.session_of(asked) {
                Ok(session) => converse(&session, posted, accepts, asked).await,
                Err(answer) => answer,
            },
        }
    }

    async fn open_session(
        self: &Arc<Self>,
        text: &str,
        id: &str,
        params: &str,
        accepts: Accepts,
        asked: &Asked,
    ) -> Answer {
        if self.sessions().len() >= SESSIONS_MAX {
            let why = format!("there are {SESSIONS_MAX} sessions already");
            return Answer::error(StatusCode::SERVICE_UNAVAILABLE, code::FULL, &why, Some(id));
        }
        let way = self.shares.as_ref().and_then(|shares| shares.way(params));
        let Some(way) = way else { return self.open_own(text, id, accepts, asked, None).await };
        let mut way = way.lock().await;
        if let Some(shared) = &*way
            && let Some(in_use) = shared.in_use()
        {
            return self.open_shared(&shared.result, in_use, id, asked);
        }
        self.open_own(text, id, accepts, asked, Some(&mut *way)).await
    }

    /// Opens a session with a process that serves others as well.
    fn open_shared(self: &Arc<Self>, result: &str, in_use: Arc<InUse>, id: &str, asked: &Asked) -> Answer {
        let session = self.new_session(uuid::Uuid::new_v4().to_string(), &in_use.0);
        session.uses(in_use);
        self.pool.note_shared(&session_name(&session.id));
        let _here = session.enter(&asked.client);
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
        session.agree(&revision(result));
        let piece = Piece { bytes: text.into(), woke: asked.read };
        named(Answer::json(StatusCode::OK, piece), &session)
    }

    /// Opens a session with a process of its own; others who open in the same way may share it, if there is one.
    async fn open_own(
        self: &Arc<Self>,
        text: &str,
        id: &str,
        accepts: Accepts,
        asked: &Asked,
        way: Option<&mut Option<Shared>>,
    ) -> Answer {
        let name = self.pool.name();
        let session_id = uuid::Uuid::new_v4().to_string();
        let taken = match self.pool.take(&session_name(&session_id)) {
            Ok(taken) => taken,
            Err(error) => return no_child(&name, &error, Some(id)),
        };
        let hub = Hub::start(name, taken, self.observer.clone(), Audience::Session);
        let session = self.new_session(session_id, &hub);
        let mut opening = Opening(Some(session.clone()));
        let here = session.enter(&asked.client);
        let reader = session.ask_on(1, !accepts.events);
        let stream = reader.stream.clone();
        // What goes wrong is answered on the stream.
        if let Err(unasked) = hub.ask(session.number, text, id, None, &stream).await {
            return refused(&unasked, id);
        }
        let Some(piece) = answers(&reader, 1, accepts).await else {
            opening.0 = None;
            let answer = Answer::events(session.events(reader, false, here));
            return named(answer, &session);
        };
        session.forget(stream.key);
        let Some(result) = result_of(&piece.bytes) else {
            // There is no session then.
            return Answer::json(StatusCode::OK, piece);
        };
        session.agree(&revision(result));
        if let Some(way) = way
            && share::allows(result)
        {
            *way = Some(Shared::begin(&hub, result, &session));
        }
        opening.0 = None;
        named(Answer::json(StatusCode::OK, piece.clone()), &session)
    }

    /// A session that begins with this process: its own, or one that it shares.
    fn new_session(self: &Arc<Self>, id: String, hub: &Arc<Hub>) -> Arc<Session> {
        let session = Session::new(id, self.next_number());
        let (house, its) = (Arc::downgrade(self), hub.clone());
        let on_end = move |session: &Session, why: SessionEnd| {
            let is_shared = its.is_shared();
            if !is_shared {
                its.end();
            }
            let Some(house) = house.upgrade() else { return };
            house.sessions().remove(&session.id);
            house.observer.tell(Fact::SessionEnded { session: session_name(&session.id).into(), why });
            house.pool.note_returned(match why {
                SessionEnd::ServerLeft => PoolReturn::Lost,
                _ if is_shared && !its.is_over() => PoolReturn::Kept,
                SessionEnd::Deleted | SessionEnd::TimedOut | SessionEnd::ProxyLeft => PoolReturn::Ended,
            });
        };
        session.begin(hub.clone(), Box::new(on_end));
        hub.join(&session);
        self.sessions().insert(session.id.clone(), session.clone());
        session
    }
}

impl House {
    pub(super) fn get_legacy(self: &Arc<Self>, asked: &Asked) -> Answer {
        let session = match self.session_of(asked) {
            Ok(session) => session,
            Err(answer) => return answer,
        };
        if !Accepts::of(&asked.fields).events {
            return not_acceptable();
        }
        let here = session.enter(&asked.client);
        let Some(last) = asked.text("last-event-id") else {
            let reader = session.listen_on();
            return Answer::events(session.events(reader, false, here));
        };
        let Some(reader) = place(last).and_then(|(key, number)| session.resume(key, number)) else {
            let why = "there is no such event, or it was too long ago";
            return Answer::error(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, why, None);
        };
        Answer::events(session.events(reader, true, here))
    }
}

/// Passes on what a client says within its session.
async fn converse(session: &Arc<Session>, posted: &[Posted<'_>], accepts: Accepts, asked: &Asked) -> Answer {
    let here = session.enter(&asked.client);
    let hub = session.hub();
    let requests = posted.iter().filter(|posted| matches!(posted.message, Message::Request { .. })).count();
    let reader = (requests > 0).then(|| session.ask_on(requests, !accepts.events));
    for Posted { text, message } in posted {
        let told = match (message, &reader) {
            (Message::Request { id, params, .. }, Some(reader)) => {
                match hub.ask(session.number, text, id, *params, &reader.stream).await {
                    Ok(_) => true,
                    Err(unasked) => {
                        session.forget(reader.stream.key);
                        return refused(&unasked, id);
                    }
                }
            }
            (Message::Notification { method, .. }, _) if method == "notifications/initialized" => {
                !hub.initializes() || hub.tell((*text).to_owned()).await
            }
            (Message::Notification { method, params }, _) if method == "notifications/cancelled" => {
                match hub.taken_back(session.number, text, *params) {
                    Some(text) => hub.tell(text).await,
                    None => true,
                }
            }
            _ => hub.tell((*text).to_owned()).await,
        };
        if !told {
            return no_session();
        }
    }
    let Some(reader) = reader else { return Answer::empty(StatusCode::ACCEPTED) };
    match answers(&reader, requests, accepts).await {
        Some(piece) => {
            session.forget(reader.stream.key);
            Answer::json(StatusCode::OK, piece)
        }
        None => Answer::events(session.events(reader, false, here)),
    }
}

fn refused(unasked: &Unasked, id: &str) -> Answer {
    match unasked {
        Unasked::Over(why) => {
            let why = format!("the server has left: {why}");
            Answer::error(StatusCode::NOT_FOUND, code::UNREACHABLE, &why, Some(id))
        }
        Unasked::SameId => {
            let why = "another request with this id is not answered yet";
            Answer::error(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, why, Some(id))
        }
    }
}

/// The answer with the name of the session that it opens.
fn named(answer: Answer, session: &Session) -> Answer {
    let id = HeaderValue::from_str(&session.id).expect("a UUID is digits and dashes");
    answer.with(HeaderName::from_static(SESSION), id)
}

fn result_of(answer: &[u8]) -> Option<&str> {
    match contents(answer) {
        Contents::One(Message::Result { result, .. }) => Some(result),
        _ => None,
    }
}

fn revision(result: &str) -> String {
    let revision = member(result, "protocolVersion").and_then(string_value);
    revision.unwrap_or_default().into_owned()
}
