//! What all exchanges with the server share: the client, the conversation, the way to the client's ear.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::client::reason;
use super::handshake::{Handshake, Now};
use super::journal::Journal;
use super::live::Live;
use super::login::{Challenge, Effort, Login};
use super::mirror::Mirror;
use super::reply::Reply;
use super::said::{Kind, Said};
use super::writer::Writer;

/// Fields of Streamable HTTP.
pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const REVISION: HeaderName = HeaderName::from_static("mcp-protocol-version");
pub(super) const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// What a POST and a GET accept.
const ANY_ANSWER: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The way to the server, and what is known of it.
pub(super) struct Link {
    pub(super) http: reqwest::Client,
    pub(super) url: Url,
    /// The address without secrets.
    pub(super) shown: String,
    /// Fields that the user adds.
    pub(super) fields: HeaderMap,
    /// How the user lets us in; `None` where a token was given.
    pub(super) login: Option<Login>,
    pub(super) handshake: Handshake,
    pub(super) mirror: Mutex<Mirror>,
    pub(super) live: Live,
    pub(super) journal: Journal,
    pub(super) writer: Writer,
}

/// The head of a request, made anew each time it is sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) fields: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// The conversation it belongs to.
    pub(super) now: Now,
}

/// The head of a response, its body still to be read.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The media type without parameters, in lower case.
    pub(super) media: String,
    pub(super) session: Option<String>,
    /// Where a redirect that is not followed leads, without secrets.
    pub(super) location: Option<String>,
    pub(super) body: reqwest::Response,
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
        fields.insert(ACCEPT, ANY_ANSWER);
        fields.insert(CONTENT_TYPE, JSON);
        Request { method: Method::POST, fields, body: Some(line.clone()), now }
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
        let Some(login) = &self.login else { return self.send_with(request, None).await };
        for efforts in [Some(Effort::Full), Some(Effort::Again), None] {
            let token = login.token().await;
            let shown = token.as_ref().map(|token| token.value.clone());
            let answer = self.send_with(request, shown).await?;
            let challenge = Challenge::read(answer.status, answer.body.headers(), &self.url);
            let (Some(challenge), Some(effort)) = (challenge, efforts) else { return Ok(answer) };
            // What nobody asked for asks nobody.
            let is_quiet = request.method != Method::POST;
            if effort == Effort::Again && (is_quiet || challenge.is_step_up()) {
                return Ok(answer);
            }
            self.journal
                .note(&format!("the server asks for authorization (HTTP status {})", answer.status.as_u16()));
            let effort = if is_quiet { Effort::Quiet } else { effort };
            match login.obtain(challenge, token.as_ref(), effort).await {
                Ok(()) => {}
                Err(_) if is_quiet => return Ok(answer),
                Err(why) => return Err(Reply::not_let_in(&self.shown, &why)),
            }
        }
        // The last of the tries has no effort left and returns what it got.
        Err(Reply::not_let_in(&self.shown, "it refuses the token it was given"))
    }

    async fn send_with(&self, request: &Request, token: Option<HeaderValue>) -> Result<Answer, Reply> {
        let mut fields = request.fields.clone();
        if let Some(token) = token {
            fields.insert(AUTHORIZATION, token);
        }
        fields.extend(self.fields.clone());
        let mut builder = self.http.request(request.method.clone(), self.url.clone()).headers(fields);
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let body = builder.send().await.map_err(|error| Reply::unreachable(&self.shown, &reason(&error)))?;
        Ok(Answer::of(body))
    }

    /// The annotated arguments.
    pub(super) fn mirror(&self) -> MutexGuard<'_, Mirror> {
        self.mirror.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answer {
    fn of(body: reqwest::Response) -> Self {
        let text = |name: HeaderName| body.headers().get(name).and_then(|value| value.to_str().ok());
        let media = text(CONTENT_TYPE).and_then(|value| value.split(';').next()).unwrap_or_default();
        let location = text(LOCATION).map(|to| match body.url().join(to) {
            Ok(url) => crate::trace::url_without_secrets(url.as_str()),
            Err(_) => "nowhere".to_owned(),
        });
        Self {
            status: body.status(),
            media: media.trim().to_ascii_lowercase(),
            session: text(SESSION).map(str::to_owned),
            location,
            body,
        }
    }

    /// Whether the session that the request named is not there any more.
    pub(super) fn lost_session(&self, request: &Request) -> bool {
        self.status == StatusCode::NOT_FOUND && request.now.session.is_some()
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
