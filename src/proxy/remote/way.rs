//! The way to one server: requests go out with the fields of the user and the token of the log-in, heads come back.
//!
//! Knows nothing of conversations: what a request names is in it already.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::client::reason;
use super::handshake::Now;
use super::link::{ANY_ANSWER, JSON, SESSION};
use super::login::{Challenge, Effort, Login};
use super::reply::Reply;
use super::stream::beginning;

/// How often one request may make us log in: with what is kept or renewed, and with the user.
const LOGINS_MAX: u32 = 2;
/// And how often ask for wider rights: a server that is still not satisfied does not mean what it asks for.
const WIDER_MAX: u32 = 1;

/// The way to the server.
pub(super) struct Way {
    pub(super) http: reqwest::Client,
    pub(super) url: Url,
    /// The address without secrets.
    pub(super) shown: String,
    /// Fields that the user adds.
    pub(super) fields: HeaderMap,
    /// A digest of those among them that say who asks.
    pub(super) credentials: Option<u128>,
    /// How the user lets us in; `None` where a token was given.
    pub(super) login: Option<Login>,
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
    /// The beginning of the body, where it was read ahead.
    ahead: Option<Vec<u8>>,
}

impl Request {
    /// A request that belongs to no conversation.
    pub(super) fn ours(method: Method, body: Option<Bytes>) -> Self {
        let mut fields = HeaderMap::new();
        fields.insert(ACCEPT, ANY_ANSWER);
        fields.insert(CONTENT_TYPE, JSON);
        Self { method, fields, body, now: Now::default() }
    }

    /// Puts it into a session.
    pub(super) fn name_session(&mut self, session: &str) {
        self.now.session = Some(session.to_owned());
        if let Ok(session) = HeaderValue::from_str(session) {
            self.fields.insert(SESSION, session);
        }
    }
}

impl Way {
    /// A digest of what our requests show the server as of now, to be let in.
    pub(super) fn credentials(&self) -> Option<u128> {
        self.login.as_ref().and_then(Login::credentials).or(self.credentials)
    }

    /// Sends a request and reads the head of its response; logs in where the server asks for that, and notes that it did.
    pub(super) async fn send(&self, request: &Request, note: impl Fn(&str)) -> Result<Answer, Reply> {
        let Some(login) = &self.login else { return self.send_with(request, None).await };
        let is_quiet = request.method != Method::POST;
        let (mut logins, mut wider) = (0, 0);
        loop {
            let token = login.token().await;
            let shown = token.as_ref().map(|token| token.value.clone());
            let answer = self.send_with(request, shown).await?;
            let Some(challenge) = Challenge::read(answer.status, answer.body.headers(), &self.url) else {
                return Ok(answer);
            };
            let (tries, tries_max) =
                if challenge.is_step_up() { (&mut wider, WIDER_MAX) } else { (&mut logins, LOGINS_MAX) };
            *tries += 1;
            // What nobody asked for asks nobody.
            if *tries > tries_max || (is_quiet && *tries > 1) {
                return Ok(answer);
            }
            let effort = match (is_quiet, *tries) {
                (true, _) => Effort::Quiet,
                (false, 1) => Effort::Full,
                (false, _) => Effort::Again,
            };
            note(&format!("the server asks for authorization (HTTP status {})", answer.status.as_u16()));
            match login.obtain(challenge, token.as_ref(), effort).await {
                Ok(()) => {}
                Err(_) if is_quiet => return Ok(answer),
                Err(why) => return Err(Reply::not_let_in(&self.shown, &why)),
            }
        }
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
            ahead: None,
        }
    }

    /// Reads the beginning of the body ahead.
    pub(super) async fn read(&mut self, max_bytes: usize) -> &[u8] {
        if self.ahead.is_none() {
            self.ahead = Some(beginning(&mut self.body, max_bytes).await);
        }
        self.ahead.as_deref().unwrap_or_default()
    }

    /// The beginning of the body, for people and for errors.
    pub(super) async fn into_beginning(mut self, max_bytes: usize) -> Vec<u8> {
        self.read(max_bytes).await;
        self.ahead.unwrap_or_default()
    }

    /// Whether the session that the request named is not there any more.
    pub(super) fn lost_session(&self, request: &Request) -> bool {
        self.status == StatusCode::NOT_FOUND && request.now.session.is_some()
    }
}
