//! Where sessions come from: out of the pool if one fits and lives, else from the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::timeout;

use super::handshake::Hello;
use super::lent::Until;
use super::session::{Fate, REVISION, SESSION, Session};
use super::words::answer_of;
use super::{INITIALIZED, Loan, NoSession, Pooled, Request, innermost, passed, strip, told};
use crate::proxy::http::gear::{Answer, Piece};
use crate::proxy::http::refusal::Refusal;
use crate::proxy::pool::Grant;
use crate::trace::{Fact, PoolTake, session_name};
use crate::wire::{Contents, Message, contents, member, string_value};

/// How long a client waits for a session before it is told that there is none. Shorter than its own patience (60 s in
/// the SDKs).
const WAIT: Duration = Duration::from_secs(30);
/// What any server of a revision with sessions answers at once (2025-11-25, "Ping").
const PING: &[u8] = br#"{"jsonrpc":"2.0","id":"mcptop-ping","method":"ping"}"#;
/// How long a server may take for that, and to answer a handshake once it has begun to.
const PATIENCE: Duration = Duration::from_secs(10);

impl Pooled {
    /// A session opened by this handshake: one of the pool, or a new one, for which `asked` says how to ask.
    pub(super) async fn take(
        &self,
        visitor: &str,
        hello: &Hello,
        asked: &Request,
        opening: &Bytes,
    ) -> Result<Loan, NoSession> {
        let mut waiting = Waiting { pooled: self, visitor, begin: Instant::now(), how: PoolTake::GaveUp };
        let (lease, how) = match timeout(WAIT, self.pool.take(hello.key(&asked.uri, &asked.fields))).await {
            Ok(Grant::Used(lease)) => (lease, PoolTake::Reused),
            Ok(Grant::Fresh(place)) => {
                let opened = self.open(asked, opening).await;
                // One that the server refused has not waited in vain: it has its answer.
                waiting.how = PoolTake::Started;
                (place.fill(opened?), PoolTake::Started)
            }
            Ok(Grant::Nothing) | Err(_) => {
                return Err(told(&Refusal::none_free(
                    self.pooling.size,
                    waiting.begin.elapsed(),
                    &asked.body,
                )));
            }
        };
        waiting.how = how;
        Ok(Loan { lease: Some(lease), pool: self.pool.clone(), observer: self.observer.clone() })
    }

    /// The same, and a session that was idle is asked first whether it is still there: its client will not be asked to
    /// open another before it has been told that this one is open.
    pub(super) async fn take_living(
        &self,
        visitor: &str,
        hello: &Hello,
        asked: &Request,
    ) -> Result<Loan, NoSession> {
        loop {
            let loan = self.take(visitor, hello, asked, &asked.body).await?;
            if loan.session().is_fresh() || self.is_alive(loan.session(), asked).await {
                return Ok(loan);
            }
            loan.session().lose();
        }
    }

    async fn is_alive(&self, session: &Session, asked: &Request) -> bool {
        let mut fields = session.fields.clone();
        fields.insert(SESSION, session.id.clone());
        let ping = Request { body: Bytes::from_static(PING), ..asked.opening() };
        match timeout(PATIENCE, self.send(session.at, &ping, fields)).await {
            Ok(Ok(response)) => {
                let is_known = response.status().is_success();
                // Read to its end, so that the connection can be used again.
                let _ = timeout(PATIENCE, response.into_body().collect()).await;
                is_known
            }
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// Opens a session at the server. An answer that opens none is the client's.
    async fn open(&self, asked: &Request, opening: &Bytes) -> Result<Arc<Session>, NoSession> {
        let at = self.choose(None);
        let opening = Request { body: opening.clone(), ..asked.opening() };
        let response = self.send(at, &opening, opening.fields.clone()).await?;
        let id = response.headers().get(SESSION).filter(|_| response.status() == StatusCode::OK).cloned();
        let Some(id) = id else { return Err(passed(response, Until::End)) };
        // From here on the server has a session, which is ended whatever comes of it.
        let mut session = Session {
            at,
            client: self.clients[at].clone(),
            uri: asked.uri.clone(),
            id,
            fields: opening.fields.clone(),
            answer: Bytes::new(),
            ending: self.ending.clone(),
            fate: Fate::default(),
        };
        let Ok(Some(answer)) = timeout(PATIENCE, answer_of(response)).await else {
            let url = self.instances.get(at).dialer.target().to_string();
            return Err(told(&Refusal::unreachable(&url, "it did not answer the handshake", &asked.body)));
        };
        session.answer = answer;
        let Contents::One(Message::Result { result, .. }) = contents(&session.answer) else {
            let answer = session.answer.clone();
            return Err(Answer::json(StatusCode::OK, Piece { bytes: answer, woke: Instant::now() }));
        };
        let revision = member(result, "protocolVersion").and_then(string_value);
        if let Some(revision) = revision.and_then(|revision| HeaderValue::from_str(&revision).ok()) {
            session.fields.insert(REVISION, revision);
        }
        let mut fields = session.fields.clone();
        fields.insert(SESSION, session.id.clone());
        let told = format!(r#"{{"jsonrpc":"2.0","method":"{INITIALIZED}"}}"#).into();
        self.send(at, &Request { body: told, ..opening }, fields).await?;
        Ok(Arc::new(session))
    }

    pub(super) async fn send(
        &self,
        at: usize,
        asked: &Request,
        fields: HeaderMap,
    ) -> Result<Response<Incoming>, NoSession> {
        let instance = self.instances.get(at);
        let _busy = self.instances.busy(at);
        let mut request = hyper::Request::new(Full::new(asked.body.clone()));
        *request.method_mut() = asked.method.clone();
        *request.uri_mut() = asked.uri.clone();
        *request.headers_mut() = fields;
        match self.clients[at].send(request).await {
            Ok(mut response) => {
                instance.worked();
                strip(response.headers_mut());
                Ok(response)
            }
            Err(error) => {
                instance.failed(Instant::now());
                let url = instance.dialer.target().to_string();
                Err(told(&Refusal::unreachable(&url, &innermost(&error), &asked.body)))
            }
        }
    }

    pub(super) fn choose(&self, session: Option<&[u8]>) -> usize {
        self.instances.choose(session, Instant::now(), &[]).map_or(0, |choice| choice.instance)
    }
}

/// A client in line. What became of it is told when it is in line no more.
struct Waiting<'a> {
    pooled: &'a Pooled,
    visitor: &'a str,
    begin: Instant,
    how: PoolTake,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Self { pooled, visitor, begin, how } = *self;
        let waited_us = u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX);
        let (session, pool) = (session_name(visitor).into(), pooled.pool.state());
        pooled.observer.tell(Fact::PoolTaken { session, how, waited_us, pool });
    }
}
