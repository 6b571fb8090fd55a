//! Requests from 2026-07-28 on: each stands for itself, and one process serves them all.
//!
//! Log messages say nothing of the request that they belong to, so one that asks for them has a process to itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;

use super::events::{Events, Form, Leave};
use super::fields::{Accepts, check, wants_log};
use super::house::{House, Posted, answers, no_child, not_acceptable};
use super::hub::{Audience, Hub, Unasked};
use super::pool::NoChild;
use super::stream::Stream;
use crate::proxy::http::gear::{Answer, Asked, Piece, code};
use crate::trace::PoolReturn;
use crate::wire::{Contents, Message, contents, member};

/// Processes that are kept for the next request that asks for log messages.
const LONE_MAX: usize = 4;

/// The processes that speak these revisions.
#[derive(Debug, Default)]
pub(super) struct Modern {
    hubs: Mutex<Hubs>,
    /// The server ended when it was asked what it speaks.
    is_refused: AtomicBool,
}

#[derive(Debug, Default)]
struct Hubs {
    shared: Option<Arc<Hub>>,
    /// Those that serve one request at a time, and serve none now.
    lone: Vec<Arc<Hub>>,
    is_closed: bool,
}

impl Modern {
    fn lock(&self) -> MutexGuard<'_, Hubs> {
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all processes.
    pub(super) fn close(&self) {
        let mut hubs = self.lock();
        hubs.is_closed = true;
        for hub in hubs.lone.drain(..) {
            hub.end();
        }
        if let Some(hub) = hubs.shared.take() {
            hub.end();
        }
    }

    /// A process that served one request is free again.
    fn give_back(&self, hub: Arc<Hub>) -> PoolReturn {
        let mut hubs = self.lock();
        if hub.is_over() {
            return PoolReturn::Lost;
        }
        if hubs.is_closed || hubs.lone.len() >= LONE_MAX {
            hub.end();
            return PoolReturn::Ended;
        }
        hubs.lone.push(hub);
        PoolReturn::Kept
    }
}

impl House {
    pub(super) async fn post_modern(self: &Arc<Self>, posted: &Posted<'_>, asked: &Asked) -> Answer {
        let id = match &posted.message {
            Message::Request { id, .. } => Some(*id),
            Message::Notification { .. } | Message::Result { .. } | Message::Error { .. } => None,
        };
        if let Err((code, why)) = check(&asked.fields, &posted.message) {
            return Answer::error(StatusCode::BAD_REQUEST, code, &why, id);
        }
        match &posted.message {
            Message::Request { id, method, params } => {
                self.ask_modern(posted, (id, method, *params), asked).await
            }
            // Over HTTP a request is taken back by leaving, and ids mean nothing beyond their exchange.
            Message::Notification { method, .. } if method == "notifications/cancelled" => {
                Answer::empty(StatusCode::ACCEPTED)
            }
            Message::Notification { .. } | Message::Result { .. } | Message::Error { .. } => {
                match self.shared_hub() {
                    Ok(hub) if hub.tell(posted.text.to_owned()).await => Answer::empty(StatusCode::ACCEPTED),
                    Ok(_) => gone("it does not read any more", None),
                    Err(error) => no_child(&self.pool.name(), &error, None),
                }
            }
        }
    }

    async fn ask_modern(
        self: &Arc<Self>,
        posted: &Posted<'_>,
        (id, method, params): (&str, &str, Option<&str>),
        asked: &Asked,
    ) -> Answer {
        let accepts = Accepts::of(&asked.fields);
        if !accepts.json && !accepts.events {
            return not_acceptable();
        }
        if self.modern.is_refused.load(Ordering::Relaxed) {
            return legacy_only(id);
        }
        let is_lone = wants_log(&posted.message);
        let hub = match if is_lone { self.lone_hub() } else { self.shared_hub() } {
            Ok(hub) => hub,
            Err(error) => return no_child(&self.pool.name(), &error, Some(id)),
        };
        let number = self.next_number();
        let reader = Stream::of_requests(number, 1, !accepts.events).read_behind(0);
        let under = match hub.ask(number, posted.text, id, params, &reader.stream).await {
            Ok(under) => under,
            Err(Unasked::Over(why)) => return gone(&why, Some(id)),
            Err(Unasked::SameId) => return gone("it is asked something else", Some(id)),
        };
        let leave = self.leave_modern(hub, under, is_lone);
        let Some(piece) = answers(&reader, 1, accepts).await else {
            return Answer::events(Events::new(reader, Form::Plain, leave));
        };
        let (status, error) = status_of(&piece);
        if error == Some(code::UNREACHABLE) && method == "server/discover" {
            self.modern.is_refused.store(true, Ordering::Relaxed);
            return legacy_only(id);
        }
        Answer::json(status, piece)
    }

    /// What is to be done when the client is gone, or has its answer.
    fn leave_modern(self: &Arc<Self>, hub: Arc<Hub>, under: Box<str>, is_lone: bool) -> Leave {
        let house = self.clone();
        Leave::with(move || {
            let is_open = hub.is_asked(&under);
            hub.cancel(&under);
            if !is_lone {
                return;
            }
            if is_open {
                // It may still speak of what nobody waits for.
                hub.end();
            }
            let how = if is_open { PoolReturn::Ended } else { house.modern.give_back(hub) };
            house.pool.note_returned(how);
        })
    }

    fn shared_hub(self: &Arc<Self>) -> Result<Arc<Hub>, NoChild> {
        let mut hubs = self.modern.lock();
        if let Some(hub) = hubs.shared.as_ref().filter(|hub| !hub.is_over()) {
            return Ok(hub.clone());
        }
        if hubs.shared.take().is_some() {
            self.pool.note_returned(PoolReturn::Lost);
        }
        let hub = Hub::start(self.pool.name(), self.pool.take("")?, self.observer.clone(), Audience::Nobody);
        hubs.shared = Some(hub.clone());
        Ok(hub)
    }

    fn lone_hub(self: &Arc<Self>) -> Result<Arc<Hub>, NoChild> {
        let mut hubs = self.modern.lock();
        while let Some(hub) = hubs.lone.pop() {
            if !hub.is_over() {
                self.pool.note_reused("");
                return Ok(hub);
            }
        }
        drop(hubs);
        let taken = self.pool.take("")?;
        Ok(Hub::start(self.pool.name(), taken, self.observer.clone(), Audience::Asker))
    }
}

/// The status of an answer that comes alone (2026-07-28, Streamable HTTP), and the code if it is an error.
fn status_of(piece: &Piece) -> (StatusCode, Option<i64>) {
    let Contents::One(Message::Error { error, .. }) = contents(&piece.bytes) else {
        return (StatusCode::OK, None);
    };
    let code = member(error, "code").and_then(|code| code.parse().ok());
    let status = match code {
        Some(code::NO_METHOD) => StatusCode::NOT_FOUND,
        Some(-32_022..=-32_020) => StatusCode::BAD_REQUEST,
        Some(code::UNREACHABLE) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::OK,
    };
    (status, code)
}

fn gone(why: &str, id: Option<&str>) -> Answer {
    let why = format!("the server has left: {why}");
    Answer::error(StatusCode::BAD_GATEWAY, code::UNREACHABLE, &why, id)
}

/// As a server of the revisions before would say it.
fn legacy_only(id: &str) -> Answer {
    let why =
        "the server ends when it is asked for server/discover: it speaks the revisions until 2025-11-25";
    Answer::error(StatusCode::NOT_FOUND, code::NO_METHOD, why, Some(id))
}
