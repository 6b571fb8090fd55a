//! What all exchanges with the server share: the way to it, the conversation, the way to the client's ear.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::handshake::{Handshake, Now};
use super::journal::Journal;
use super::live::Live;
use super::mirror::Mirror;
use super::reply::Reply;
use super::ruled::Ruled;
use super::said::{Kind, Said};
use super::way::{Answer, Request, Way};
use super::writer::Writer;

/// Fields of Streamable HTTP.
pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const REVISION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(super) const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// What a POST and a GET accept.
pub(super) const ANY_ANSWER: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A client and a server.
pub(super) struct Link {
    pub(super) way: Way,
    pub(super) handshake: Handshake,
    pub(super) mirror: Mutex<Mirror>,
    pub(super) live: Live,
    pub(super) journal: Journal,
    pub(super) writer: Writer,
    pub(super) ruled: Ruled,
}

impl Link {
    /// The request that carries a line of the client.
    pub(super) fn post(&self, said: &Said, line: &Bytes) -> Request {
        let mut fields = HeaderMap::new();
        let mut now = Now::default();
        let implied = || self.handshake.modern().filter(|_| said.kind == Kind::Notification);
        if let Some(revision) = said.revision.clone().or_else(implied) {
            self.handshake.saw_modern(&revision);
            fields = self.mirror().fields(&revision, said, line);
            now.revision = Some(revision);
        } else if said.kind != Kind::Initialize {
            now = self.handshake.now();
            name(&now, &mut fields);
        }
        let mut request = Request::ours(Method::POST, Some(line.clone()));
        request.fields.extend(fields);
        request.now = now;
        request
    }

    /// The request for the server's own stream, or for what came behind the event `last`.
    pub(super) fn get(&self, last: Option<&str>) -> Request {
        let (now, mut fields) = (self.handshake.now(), HeaderMap::new());
        name(&now, &mut fields);
        fields.insert(ACCEPT, EVENTS);
        if let Some(last) = last.and_then(|last| HeaderValue::from_bytes(last.as_bytes()).ok()) {
            fields.insert(LAST_EVENT, last);
        }
        Request { method: Method::GET, fields, body: None, now }
    }

    /// The request that ends the session. `None` if there is none.
    pub(super) fn delete(&self) -> Option<Request> {
        let (now, mut fields) = (self.handshake.now(), HeaderMap::new());
        now.session.as_ref()?;
        name(&now, &mut fields);
        Some(Request { method: Method::DELETE, fields, body: None, now })
    }

    /// Sends a request and reads the head of its response; logs in where the server asks for that.
    pub(super) async fn send(&self, request: &Request) -> Result<Answer, Reply> {
        self.way.send(request, |note| self.journal.note(note)).await
    }

    /// The annotated arguments.
    pub(super) fn mirror(&self) -> MutexGuard<'_, Mirror> {
        self.mirror.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(now: &Now, fields: &mut HeaderMap) {
    let value = |text: &Option<String>| text.as_deref().and_then(|text| HeaderValue::from_str(text).ok());
    if let Some(session) = value(&now.session) {
        fields.insert(SESSION, session);
    }
    if let Some(revision) = value(&now.revision) {
        fields.insert(REVISION, revision);
    }
}
