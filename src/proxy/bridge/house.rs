//! What all clients of a bridge share: the processes, the sessions, and who is asked what.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use hyper::StatusCode;
use hyper::header::{ALLOW, HeaderValue};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::Settings;
use super::child::Launcher;
use super::fields::{Accepts, is_modern, names_modern};
use super::modern::Modern;
use super::pool::{NoChild, Pool};
use super::session::Session;
use super::share::Shares;
use super::stream::{First, Reader};
use crate::proxy::http::gear::{Answer, Asked, Endpoint, Piece, REVISION, SESSION, code};
use crate::proxy::session::{Observer, StartError};
use crate::trace::SessionEnd;
use crate::wire::{Contents, Message, contents, messages, one_line};

/// How often forgotten sessions are looked for, at least.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long the first answer is waited for. From then on it comes on a stream, so that everybody on the way sees that
/// something is going on, and a client that leaves is noticed.
const PATIENCE: Duration = Duration::from_secs(1);

/// The sessions and processes of a bridge.
#[derive(Debug)]
pub(super) struct House {
    pub(super) pool: Arc<Pool>,
    pub(super) observer: Observer,
    pub(super) modern: Modern,
    pub(super) shares: Option<Shares>,
    sessions: Mutex<HashMap<String, Arc<Session>>>,
    numbers: AtomicU64,
    session_idle: Duration,
}

/// A message as it was posted, on one line.
pub(super) struct Posted<'a> {
    pub(super) text: &'a str,
    pub(super) message: Message<'a>,
}

impl House {
    /// The house, and what ends when the last process has.
    pub(super) fn open(
        settings: Settings,
        observer: Observer,
    ) -> Result<(Arc<Self>, mpsc::Receiver<()>), StartError> {
        let Settings { command, grace, pool, session_idle, shares, is_heard } = settings;
        let (launcher, all_gone) = Launcher::new(command, grace, is_heard, observer.clone());
        let pool = Pool::new(launcher, pool, observer.clone());
        pool.fill()?;
        let house = Self {
            modern: Modern::default(),
            shares: shares.then(Shares::default),
            sessions: Mutex::default(),
            numbers: AtomicU64::new(0),
            pool,
            observer,
            session_idle,
        };
        Ok((Arc::new(house), all_gone))
    }

    /// Ends sessions that nobody uses any more.
    pub(super) async fn keep(self: Arc<Self>) {
        let mut look = interval(LOOK_EVERY.min(self.session_idle / 2).max(Duration::from_millis(10)));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            let sessions: Vec<_> = self.sessions().values().cloned().collect();
            for session in sessions {
                if session.is_forgotten(self.session_idle) {
                    session.end(SessionEnd::TimedOut);
                }
            }
        }
    }

    /// Ends everything.
    pub(super) fn close(&self) {
        self.pool.close();
        self.modern.close();
        let sessions: Vec<_> = self.sessions().drain().map(|(_, session)| session).collect();
        for session in sessions {
            session.end(SessionEnd::ProxyLeft);
        }
    }

    pub(super) fn sessions(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that no session or request had before.
    pub(super) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The session a request names.
    pub(super) fn session_of(&self, asked: &Asked) -> Result<Arc<Session>, Answer> {
        let Some(id) = asked.text(SESSION) else {
            let why = "there is no Mcp-Session-Id field; a session begins with `initialize`";
            return Err(Answer::error(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, why, None));
        };
        let session = self.sessions().get(id).cloned().ok_or_else(no_session)?;
        match asked.text(REVISION) {
            Some(revision) if !session.speaks(revision) => {
                let why = format!("MCP-Protocol-Version {revision} is not spoken here");
                Err(Answer::error(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, &why, None))
            }
            Some(_) | None => Ok(session),
        }
    }
}

impl Endpoint for Arc<House> {
    async fn post(&self, asked: Asked) -> Answer {
        let invalid = |code, why: &str| Answer::error(StatusCode::BAD_REQUEST, code, why, None);
        let Ok(text) = std::str::from_utf8(&asked.body) else {
            return invalid(code::PARSE, "the body is not UTF-8");
        };
        let line = one_line(text);
        let mut posted = Vec::new();
        for text in messages(&line) {
            match contents(text.as_bytes()) {
                Contents::One(message) => posted.push(Posted { text, message }),
                Contents::Batch(_) | Contents::Noise => {
                    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
                    let code = if is_json { code::INVALID_REQUEST } else { code::PARSE };
                    return invalid(code, "the body is no JSON-RPC message");
                }
            }
        }
        let is_modern = is_modern(&asked.fields) || posted.iter().any(|posted| names_modern(&posted.message));
        match (is_modern, &posted[..]) {
            (_, []) => invalid(code::INVALID_REQUEST, "there is no message in the batch"),
            (true, [posted]) => self.post_modern(posted, &asked).await,
            (true, _) => invalid(code::INVALID_REQUEST, "there are no batches in this revision"),
            (false, posted) => self.post_legacy(posted, &asked).await,
        }
    }

    async fn get(&self, asked: Asked) -> Answer {
        if is_modern(&asked.fields) {
            return only_post();
        }
        self.get_legacy(&asked)
    }

    async fn delete(&self, asked: Asked) -> Answer {
        if is_modern(&asked.fields) {
            return only_post();
        }
        match self.session_of(&asked) {
            Ok(session) => {
                session.end(SessionEnd::Deleted);
                Answer::empty(StatusCode::OK)
            }
            Err(answer) => answer,
        }
    }
}

/// Waits for what comes first: every answer, or something that needs a stream.
pub(super) async fn answers(reader: &Reader, requests: usize, accepts: Accepts) -> Option<Piece> {
    if !accepts.events {
        return Some(join(reader.answers().await, requests));
    }
    match reader.first(requests, PATIENCE).await {
        First::Answers(answers) if accepts.json || !accepts.events => Some(join(answers, requests)),
        First::Answers(_) | First::More => None,
    }
}

/// The answers to a batch are an array, even if there is only one of them left to answer.
fn join(mut answers: Vec<Piece>, requests: usize) -> Piece {
    if requests == 1 && answers.len() == 1 {
        return answers.remove(0);
    }
    let woke = answers.last().map_or_else(std::time::Instant::now, |piece| piece.woke);
    let mut bytes = BytesMut::from(&b"["[..]);
    for (at, answer) in answers.iter().enumerate() {
        if at > 0 {
            bytes.put_u8(b',');
        }
        bytes.put_slice(&answer.bytes);
    }
    bytes.put_u8(b']');
    Piece { bytes: bytes.freeze(), woke }
}

/// The client takes nothing that could be said.
pub(super) fn not_acceptable() -> Answer {
    let why = "the Accept field must name application/json, text/event-stream or both";
    Answer::error(StatusCode::NOT_ACCEPTABLE, code::INVALID_REQUEST, why, None)
}

/// There is no process for a request.
pub(super) fn no_child(name: &str, error: &NoChild, id: Option<&str>) -> Answer {
    let (status, code) = match error {
        NoChild::Start(_) => (StatusCode::BAD_GATEWAY, code::UNREACHABLE),
        NoChild::Full => (StatusCode::SERVICE_UNAVAILABLE, code::FULL),
    };
    Answer::error(status, code, &format!("mcptop has no answer from {name}: {error}"), id)
}

/// The session is not known, or not any more: the client opens another one.
pub(super) fn no_session() -> Answer {
    let why = "there is no such session, or it has ended; open another one";
    Answer::error(StatusCode::NOT_FOUND, code::NO_SESSION, why, None)
}

fn only_post() -> Answer {
    let why = "from 2026-07-28 on there is only POST\n".to_owned();
    Answer::plain(StatusCode::METHOD_NOT_ALLOWED, why).with(ALLOW, HeaderValue::from_static("POST"))
}
