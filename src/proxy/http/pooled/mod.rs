//! A server whose sessions are expensive to open: clients get them out of a pool.
//!
//! Without more being asked for, a client has a session to itself until it ends it, and the next one with an equal
//! handshake finds it open. If sharing is asked for, clients take a session for each request, where handshake and server
//! allow it. What belongs to no session (newer revisions of the protocol) passes. Knows nothing of sockets.

mod handshake;
mod lent;
mod session;
mod supply;
mod visitor;
mod words;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use self::handshake::Hello;
use self::lent::{Asking, InUse, Lent, Until};
use self::session::{LAST_EVENT, REVISION, SESSION, Session};
use self::visitor::{Kind, Visitor, Visitors};
use self::words::{changes, opening, with_id};
use super::client::Client;
use super::fields::Fields;
use super::gear::{Answer, Asked, Back, Piece};
use super::instances::Instances;
use super::refusal::Refusal;
use crate::proxy::Observer;
use crate::proxy::pool::{Lease, Pool};
use crate::trace::{Fact, PoolReturn, SessionEnd, session_name};
use crate::wire::http::is_hop_by_hop;
use crate::wire::{Contents, Message, contents, member};

/// How sessions are pooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// Sessions that may be open at the server at a time.
    pub size: usize,
    /// How long one is kept that nobody uses.
    pub idle: Duration,
    /// How long a client may be silent before its session goes to others.
    pub silence: Duration,
    /// Whether clients share sessions, request by request, where handshake and server allow it.
    pub shares: bool,
}

/// What is ours of a request's fields.
pub(super) struct Added {
    /// What the user adds.
    pub(super) fields: Fields,
    /// Whether the client's token is for us.
    pub(super) keeps_token: bool,
}

/// How long sessions may take to be ended when the proxy ends.
const FAREWELL: Duration = Duration::from_secs(1);
/// What a client says once its handshake has been answered.
const INITIALIZED: &str = "notifications/initialized";
/// What a client says that does not want an answer any more.
const CANCELLED: &str = "notifications/cancelled";

/// The server, behind its pool.
pub(super) struct Pooled {
    instances: Arc<Instances>,
    /// One for each instance.
    clients: Vec<Client>,
    pool: Arc<Pool<Arc<Session>>>,
    visitors: Visitors,
    pooling: Pooling,
    added: Added,
    observer: Observer,
    /// Held by every session until it has been ended at the server.
    ending: mpsc::Sender<()>,
    ended: mpsc::Receiver<()>,
}

/// A session out of the pool. It goes back when this is dropped, unless nobody else can use it.
pub(super) struct Loan {
    /// `None` only while it is dropped.
    lease: Option<Lease<Arc<Session>>>,
    pool: Arc<Pool<Arc<Session>>>,
    observer: Observer,
}

/// What a client asks, as the server is to be asked.
#[derive(Clone)]
struct Request {
    method: Method,
    uri: Uri,
    fields: HeaderMap,
    body: Bytes,
}

/// Why there is no session: what the client is to be told.
type NoSession = Answer;

impl Added {
    pub(super) fn apply(&self, fields: &mut HeaderMap) {
        fields.remove(header::HOST);
        fields.remove(header::CONTENT_LENGTH);
        if self.keeps_token {
            fields.remove(header::AUTHORIZATION);
        }
        for (name, value) in self.fields.iter() {
            // The value may be any text, which `from_str` does not take.
            let named = HeaderName::from_bytes(name.as_bytes()).ok();
            let named = named.zip(HeaderValue::from_bytes(value.as_bytes()).ok());
            let (name, value) = named.expect("it was checked when it was set");
            fields.insert(name, value);
        }
    }
}

impl Pooled {
    pub(super) fn new(instances: Arc<Instances>, pooling: Pooling, added: Added, observer: Observer) -> Self {
        let clients = instances.dialers().map(|dialer| Client::new(dialer.clone())).collect();
        let (pool, visitors) = (Pool::new(pooling.size), Visitors::new());
        let (ending, ended) = mpsc::channel(1);
        Self { instances, clients, pool, visitors, pooling, added, observer, ending, ended }
    }

    /// Lets go what nobody has used for too long, again and again.
    pub(super) async fn sweep(self: Arc<Self>) {
        let every = self.pooling.idle.min(self.pooling.silence) / 4;
        let mut ticks = interval(every.clamp(Duration::from_secs(1), Duration::from_mins(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let now = Instant::now();
            for visitor in self.visitors.expire(now, self.pooling.silence) {
                self.end(&visitor, SessionEnd::TimedOut);
            }
            for _ in 0..self.pool.expire(now, self.pooling.idle) {
                self.observer.tell(Fact::PoolReturned { how: PoolReturn::Ended, pool: self.pool.state() });
            }
        }
    }

    /// Ends all sessions at the server, as far as it takes that in time.
    pub(super) async fn close(self) {
        let Self { pool, visitors, ending, mut ended, .. } = self;
        for visitor in visitors.expire(Instant::now(), Duration::ZERO) {
            visitor.leave();
        }
        pool.expire(Instant::now(), Duration::ZERO);
        drop((pool, visitors, ending));
        // Every session that is being ended holds the other end.
        let _ = timeout(FAREWELL, ended.recv()).await;
    }

    /// A client's handshake: it is answered with what the server answered to an equal one.
    async fn enter(&self, hello: Hello, id: &str, asked: &Request) -> Result<Answer, NoSession> {
        let name = uuid::Uuid::new_v4().to_string();
        let loan = self.take_living(&name, &hello, asked).await?;
        let answer = with_id(&loan.session().answer, id);
        let shares = self.pooling.shares && hello.can_share();
        let name = HeaderValue::from_str(&name).expect("it is of hexadecimal digits");
        let held = (!shares).then_some(loan);
        self.visitors.add(Visitor::new(name.clone(), hello, asked.body.clone(), held));
        Ok(Answer::json(StatusCode::OK, Piece { bytes: answer, woke: Instant::now() }).with(SESSION, name))
    }

    /// A message of a client that has a session.
    async fn ask(&self, visitor: Arc<Visitor>, asked: &Request) -> Result<Answer, NoSession> {
        let message = contents(&asked.body);
        if matches!(&message, Contents::One(Message::Notification { method, .. }) if method == INITIALIZED) {
            // The server was told when the session was opened.
            return Ok(Answer::empty(StatusCode::ACCEPTED));
        }
        if changes(&message) && visitor.session().is_none() {
            // From here on it is not like the others, and needs a session that nobody else meets.
            let loan = self.take(visitor.name(), &visitor.hello, &asked.opening(), &visitor.opening).await?;
            visitor.held().get_or_insert(loan);
        }
        let Some(session) = visitor.session() else { return self.ask_shared(visitor, &message, asked).await };
        if changes(&message) {
            session.spoil();
        }
        let in_use = InUse::new(visitor.clone(), session.clone(), Kind::Request);
        let response = self.forward(&session, &visitor, asked).await?;
        match response.status() {
            StatusCode::NOT_FOUND => {
                session.lose();
                self.end(&visitor, SessionEnd::ServerLeft);
            }
            // Some servers say that when they do not know the session: nobody else is to try.
            StatusCode::BAD_REQUEST => session.spoil(),
            _ => {}
        }
        Ok(passed(response, Until::Less(in_use)))
    }

    /// A message of a client that takes a session for each request.
    async fn ask_shared(
        &self,
        visitor: Arc<Visitor>,
        message: &Contents<'_>,
        asked: &Request,
    ) -> Result<Answer, NoSession> {
        let id = match message {
            Contents::One(Message::Request { id, .. }) => Some((*id).to_owned()),
            Contents::One(Message::Notification { method, params }) => {
                let cancelled = params.filter(|_| method == CANCELLED).and_then(|it| member(it, "requestId"));
                return match cancelled.and_then(|id| visitor.asked(id)) {
                    Some(session) => Ok(passed(self.forward(&session, &visitor, asked).await?, Until::End)),
                    // No request is under way that it could be about.
                    None => Ok(Answer::empty(StatusCode::ACCEPTED)),
                };
            }
            // Nothing was asked of a client that shares.
            Contents::One(Message::Result { .. } | Message::Error { .. }) => {
                return Ok(Answer::empty(StatusCode::ACCEPTED));
            }
            Contents::Batch(_) | Contents::Noise => None,
        };
        let mut is_second = false;
        loop {
            let loan = self.take(visitor.name(), &visitor.hello, &asked.opening(), &visitor.opening).await?;
            let asking = Asking::new(visitor.clone(), id.clone(), loan);
            let response = self.forward(asking.session(), &visitor, asked).await?;
            let is_unknown = matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST);
            if is_unknown && !is_second {
                // The server has forgotten this session (some say 400 then), which is nothing to the client: it gets
                // another. Nothing was done that is now done twice.
                asking.lose();
                is_second = true;
                continue;
            }
            return Ok(passed(response, Until::Free(asking)));
        }
    }

    /// A client listens, or asks for something that is no message.
    async fn listen(&self, visitor: Arc<Visitor>, asked: &Request) -> Result<Answer, NoSession> {
        let Some(session) = visitor.session() else {
            // What the server says of its own accord in a shared session is nobody's.
            let allowed = HeaderValue::from_static("POST, DELETE");
            return Ok(Answer::empty(StatusCode::METHOD_NOT_ALLOWED).with(header::ALLOW, allowed));
        };
        let in_use = InUse::new(visitor.clone(), session.clone(), Kind::Stream);
        Ok(passed(self.forward(&session, &visitor, asked).await?, Until::Less(in_use)))
    }

    /// A client ends its session.
    fn leave(&self, visitor: &Visitor) -> Answer {
        self.end(visitor, SessionEnd::Deleted);
        Answer::empty(StatusCode::OK)
    }

    fn end(&self, visitor: &Visitor, why: SessionEnd) {
        self.visitors.remove(&visitor.name);
        visitor.leave();
        let session = session_name(visitor.name());
        self.observer.tell(Fact::SessionEnded { session: session.into(), why });
    }

    /// What belongs to no session of ours.
    async fn pass(&self, asked: &Request) -> Result<Answer, NoSession> {
        let at = self.choose(asked.fields.get(SESSION).map(HeaderValue::as_bytes));
        let response = self.send(at, asked, asked.fields.clone()).await?;
        if let Some(session) = response.headers().get(SESSION) {
            self.instances.bind(session.as_bytes(), at);
        }
        Ok(passed(response, Until::End))
    }

    /// Sends a client's request in a session of the pool.
    async fn forward(
        &self,
        session: &Session,
        visitor: &Visitor,
        asked: &Request,
    ) -> Result<Response<Incoming>, NoSession> {
        let mut fields = asked.fields.clone();
        fields.insert(SESSION, session.id.clone());
        let sent = self.send(session.at, asked, fields).await;
        let mut response = sent.inspect_err(|_| session.lose())?;
        if let Some(named) = response.headers_mut().get_mut(SESSION) {
            named.clone_from(&visitor.name);
        }
        Ok(response)
    }
}

impl Back for Arc<Pooled> {
    async fn answer(&self, asked: Asked) -> Answer {
        let Asked { method, uri, mut fields, body, client, .. } = asked;
        strip(&mut fields);
        self.added.apply(&mut fields);
        let asked = Request { method, uri, fields, body };
        let named = asked.fields.get(SESSION);
        let visitor = named.and_then(|name| self.visitors.get(name));
        if let Some(visitor) = &visitor {
            visitor.seen_on(&client);
        }
        let answer = match (visitor, &asked.method) {
            (Some(visitor), &Method::DELETE) => Ok(self.leave(&visitor)),
            (Some(visitor), &Method::POST) => self.ask(visitor, &asked).await,
            (Some(visitor), _) => self.listen(visitor, &asked).await,
            (None, &Method::POST) if named.is_none() => match opening(&asked.body) {
                Some((hello, id)) => self.enter(hello, &id, &asked).await,
                None => self.pass(&asked).await,
            },
            (None, _) => self.pass(&asked).await,
        };
        answer.unwrap_or_else(|told| told)
    }
}

impl Loan {
    fn session(&self) -> &Arc<Session> {
        self.lease.as_ref().expect("it is there until the loan is dropped").get()
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else { return };
        let session = lease.get();
        session.has_been_lent();
        let how = if session.is_lost() {
            PoolReturn::Lost
        } else if session.is_as_new() {
            PoolReturn::Kept
        } else {
            PoolReturn::Ended
        };
        if how == PoolReturn::Kept {
            lease.give_back();
        } else {
            session.end();
            drop(lease);
        }
        self.observer.tell(Fact::PoolReturned { how, pool: self.pool.state() });
    }
}

impl Request {
    /// The same without what belongs to the client's session.
    fn opening(&self) -> Self {
        let mut opening = self.clone();
        for field in [SESSION, REVISION, LAST_EVENT] {
            opening.fields.remove(field);
        }
        opening
    }
}

/// The server's answer on its way to the client.
fn passed(response: Response<Incoming>, until: Until) -> Answer {
    let (head, body) = response.into_parts();
    Answer::passed(head.status, head.headers, Lent::new(body, until))
}

/// What concerns one connection only is left out, and what frames the body where that is done anew.
pub(super) fn strip(headers: &mut HeaderMap) {
    let named = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<String> =
        named.flat_map(|value| value.split(',')).map(|word| word.trim().to_owned()).collect();
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let gone =
        |name: &&HeaderName| is_hop_by_hop(name.as_str(), &named) || **name == header::TRANSFER_ENCODING;
    for name in headers.keys().filter(gone).cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
}

/// What the system said, behind what libraries made of it.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error).to_string()
}

fn told(refusal: &Refusal) -> NoSession {
    Answer::from(refusal)
}
