//! What is told of the exchanges with the server: one for each line of the client, and those that we begin ourselves.
//!
//! Told as `serve` tells it, so that every call stands once in the recording, with the status it was answered with. A
//! request that is sent again, after a log-in or in a new session, stays one exchange: a note says what happened.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::EVENT_STREAM;
use crate::proxy::Observer;
use crate::proxy::clock::nanos;
use crate::rules::Output;
use crate::tap::Stream;
use crate::trace::{ExchangeId, Fact, HttpEnd, Outcome, session_name};
use crate::wire::Direction;

/// Numbers exchanges and tells of them.
#[derive(Debug)]
pub(super) struct Journal {
    observer: Observer,
    target: String,
    exchanges: AtomicU32,
}

/// What the head of a request names besides its method.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) session: Option<&'a str>,
    pub(super) revision: Option<&'a str>,
    /// Whether it takes up a stream that broke.
    pub(super) resumes: bool,
}

/// One exchange, until it has ended.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    journal: &'a Journal,
    exchange: ExchangeId,
    /// The response is an event stream: what is told of its body must be one as well.
    is_stream: bool,
    end: HttpEnd,
    /// What rules did with the message that is told next.
    later: Mutex<Vec<Output>>,
}

impl Journal {
    /// `target` is the path and query of the server's address, without secrets.
    pub(super) fn new(observer: Observer, target: String) -> Self {
        Self { observer, target, exchanges: AtomicU32::new(0) }
    }

    /// The number of the next exchange.
    pub(super) fn next(&self) -> ExchangeId {
        ExchangeId(self.exchanges.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The head of a request goes out.
    pub(super) fn begin(&self, method: &'static str, names: Names<'_>) -> Entry<'_> {
        let exchange = self.next();
        self.head(exchange, method, names);
        self.entry(exchange)
    }

    /// A line of the client is there, and it is not said yet that it goes out.
    pub(super) fn announce(&self, exchange: ExchangeId, names: Names<'_>, woke: Instant, line: &[u8]) {
        self.head(exchange, "POST", names);
        self.body(exchange, Direction::ToServer, woke, line, true);
    }

    /// The exchange of a line that has been announced.
    pub(super) fn entry(&self, exchange: ExchangeId) -> Entry<'_> {
        // Whatever ends it without saying how is us going away.
        Entry { journal: self, exchange, is_stream: false, end: HttpEnd::ClientLeft, later: Mutex::default() }
    }

    /// A line that has been announced does not go out.
    pub(super) fn answered_here(&self, exchange: Option<ExchangeId>) {
        if let Some(exchange) = exchange {
            self.now(|| Fact::HttpEnd { exchange, how: HttpEnd::Refused });
        }
    }

    /// What rules did. What went on as it had come is not written twice.
    pub(super) fn ruled(&self, output: Output, exchange: Option<ExchangeId>) {
        let is_as_it_came = output.outcome == Outcome::Released;
        if self.observer.tap.is_some()
            && let Some(mut ruling) = output.into_ruling(exchange)
        {
            if is_as_it_came {
                ruling.payload = None;
            }
            self.now(|| Fact::Ruled(Box::new(ruling)));
        }
    }

    fn head(&self, exchange: ExchangeId, method: &'static str, names: Names<'_>) {
        self.now(|| Fact::HttpRequest {
            exchange,
            connection: 1,
            method: method.into(),
            target: self.target.clone().into(),
            session: names.session.map(|id| session_name(id).into()),
            revision: names.revision.map(|revision| revision.to_owned().into()),
            encoding: "".into(),
            resumes: names.resumes,
        });
    }

    /// Something worth knowing.
    pub(super) fn note(&self, text: &str) {
        self.now(|| Fact::Note { text: text.to_owned().into() });
    }

    /// Something happened now.
    pub(super) fn now(&self, fact: impl FnOnce() -> Fact<'static>) {
        if let Some(tap) = &self.observer.tap {
            tap.tell(self.observer.clock.now(), fact());
        }
    }

    fn body(&self, exchange: ExchangeId, to: Direction, woke: Instant, bytes: &[u8], is_last: bool) {
        if let Some(tap) = &self.observer.tap {
            let (at, own) = (self.observer.clock.at(woke), nanos(woke.elapsed()));
            let stream = Stream::Body { exchange, to };
            if is_last {
                tap.see_last(stream, at, own, bytes);
            } else {
                tap.see(stream, at, own, bytes);
            }
        }
    }
}

impl Entry<'_> {
    /// The client's line, which is the body of the request.
    pub(super) fn asked(&self, woke: Instant, line: &[u8]) {
        self.journal.body(self.exchange, Direction::ToServer, woke, line, true);
    }

    /// The head of the response came in.
    pub(super) fn response(&mut self, status: u16, media: &str, session: Option<&str>) {
        self.is_stream = media == EVENT_STREAM;
        let exchange = self.exchange;
        self.journal.now(|| Fact::HttpResponse {
            exchange,
            status,
            media: media.to_owned().into(),
            session: session.map(|id| session_name(id).into()),
            encoding: "".into(),
        });
    }

    /// An event of the response, as it came.
    pub(super) fn event(&self, woke: Instant, raw: &[u8]) {
        let event = [raw, b"\n\n"].concat();
        self.journal.body(self.exchange, Direction::ToClient, woke, &event, false);
        self.tell_rulings();
    }

    /// The body of the response, as it came.
    pub(super) fn body(&self, woke: Instant, body: &[u8]) {
        self.journal.body(self.exchange, Direction::ToClient, woke, body, true);
        self.tell_rulings();
    }

    /// What rules did with the message that is told next.
    pub(super) fn later(&self, output: Output) {
        self.later.lock().unwrap_or_else(PoisonError::into_inner).push(output);
    }

    fn tell_rulings(&self) {
        let later = std::mem::take(&mut *self.later.lock().unwrap_or_else(PoisonError::into_inner));
        for output in later {
            self.journal.ruled(output, Some(self.exchange));
        }
    }

    /// The client was told this in the server's stead.
    pub(super) fn answered(&self, line: &[u8]) {
        if self.is_stream {
            self.event(Instant::now(), &[b"data: ", line].concat());
        } else {
            self.body(Instant::now(), line);
        }
    }

    /// How it will have ended once this is dropped.
    pub(super) fn ends(&mut self, how: HttpEnd) {
        self.end = how;
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.tell_rulings();
        let (exchange, how) = (self.exchange, self.end);
        self.journal.now(|| Fact::HttpEnd { exchange, how });
    }
}
