//! What the tap is told of an exchange, from its first field to its end, however it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use hyper::http::request::Parts;

use super::answer::{Answer, Body, Cut, Piece, Told};
use crate::proxy::Observer;
use crate::proxy::clock::nanos;
use crate::proxy::http::observation::Numbers;
use crate::tap::Stream;
use crate::trace::{ExchangeId, Fact, HttpEnd, Micros, session_name, url_without_secrets};
use crate::wire::Direction;

/// The field that names a session.
pub(in crate::proxy) const SESSION: &str = "mcp-session-id";
/// The field that names a revision of the protocol.
pub(in crate::proxy) const REVISION: &str = "mcp-protocol-version";

/// What all exchanges are told to.
#[derive(Debug)]
pub(super) struct Watch {
    observer: Observer,
    numbers: Numbers,
    is_leaving: AtomicBool,
}

impl Watch {
    pub(super) fn new(observer: Observer, numbers: Numbers) -> Self {
        Self { observer, numbers, is_leaving: AtomicBool::new(false) }
    }

    /// Whatever ends from now on, ends because we do.
    pub(super) fn leave(&self) {
        self.is_leaving.store(true, Ordering::Relaxed);
    }
}

/// One exchange. Dropped before its end, it says that the client has left.
#[derive(Debug)]
pub(super) struct Exchange {
    watch: Arc<Watch>,
    pub(super) id: ExchangeId,
    is_over: bool,
}

impl Exchange {
    /// The head of a request has been read.
    pub(super) fn begin(watch: &Arc<Watch>, connection: u32, head: &Parts) -> Self {
        let id = watch.numbers.next();
        let exchange = Self { watch: watch.clone(), id, is_over: false };
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        exchange.tell(|| Fact::HttpRequest {
            exchange: id,
            connection,
            method: head.method.as_str().to_owned().into(),
            target: url_without_secrets(&head.uri.to_string()).into(),
            session: text(SESSION).map(|id| session_name(id).into()),
            revision: text(REVISION).map(|revision| revision.to_owned().into()),
            encoding: text("content-encoding").unwrap_or_default().to_owned().into(),
            resumes: text("last-event-id").is_some(),
        });
        exchange
    }

    /// Its body has been read, the last of it when `woke` was.
    pub(super) fn request_body(&self, bytes: &[u8], woke: Instant) {
        if !bytes.is_empty() {
            self.show(Direction::ToServer, bytes, woke, true);
        }
    }

    /// The answer begins; gives back its body, which tells the rest.
    pub(super) fn answer(mut self, answer: Answer) -> (hyper::http::response::Builder, Observed) {
        let mut response = hyper::Response::builder().status(answer.status);
        let field = |name: &str| {
            let mut named = answer.fields.iter().filter(|(known, _)| known.as_str() == name);
            named.next().and_then(|(_, value)| value.to_str().ok())
        };
        // It went with the bytes that are there, as far as there are any.
        let at = match &answer.body {
            Body::Whole(Some(piece)) => self.watch.observer.clock.at(piece.woke),
            Body::Whole(None) | Body::Streamed(_) => self.watch.observer.clock.now(),
        };
        let media = field("content-type").and_then(|media| media.split(';').next()).unwrap_or_default();
        self.tell_of(at, || Fact::HttpResponse {
            exchange: self.id,
            status: answer.status.as_u16(),
            media: media.trim().to_owned().into(),
            session: field(SESSION).map(|id| session_name(id).into()),
            encoding: field("content-encoding").unwrap_or_default().to_owned().into(),
        });
        for (name, value) in &answer.fields {
            response = response.header(name, value);
        }
        let how = if answer.is_refusal { HttpEnd::Refused } else { HttpEnd::Complete };
        if matches!(answer.body, Body::Whole(None)) {
            // Nobody will ask for it.
            if let Some(told) = answer.told {
                self.tell_rulings(*told, at);
            }
            self.end(how);
            return (response, Observed { exchange: self, body: answer.body, told: None, how });
        }
        (response, Observed { exchange: self, body: answer.body, told: answer.told.map(|told| *told), how })
    }

    /// A piece of the answer is on its way: it is shown, or what the server had sent in its place.
    fn pass(&self, piece: &Piece, told: Option<Told>, is_last: bool) {
        let Some(mut told) = told else {
            return self.show(Direction::ToClient, &piece.bytes, piece.woke, is_last);
        };
        match told.original.take() {
            Some(original) => self.show(Direction::ToClient, &original, piece.woke, is_last),
            None => self.show(Direction::ToClient, &piece.bytes, piece.woke, is_last),
        }
        self.tell_rulings(told, self.watch.observer.clock.now());
    }

    fn tell_rulings(&self, told: Told, at: Micros) {
        for ruling in told.rulings {
            self.tell_of(at, || Fact::Ruled(Box::new(ruling)));
        }
    }

    fn end(&mut self, how: HttpEnd) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.tell(|| Fact::HttpEnd { exchange: self.id, how });
        }
    }

    fn show(&self, to: Direction, bytes: &[u8], woke: Instant, is_last: bool) {
        let Observer { clock, tap: Some(tap), .. } = &self.watch.observer else { return };
        let stream = Stream::Body { exchange: self.id, to };
        let (at, own) = (clock.at(woke), nanos(woke.elapsed()));
        if is_last {
            tap.see_last(stream, at, own, bytes);
        } else {
            tap.see(stream, at, own, bytes);
        }
    }

    fn tell(&self, fact: impl FnOnce() -> Fact<'static>) {
        self.tell_of(self.watch.observer.clock.now(), fact);
    }

    fn tell_of(&self, at: Micros, fact: impl FnOnce() -> Fact<'static>) {
        if let Some(tap) = &self.watch.observer.tap {
            tap.tell(at, fact());
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let is_ours = self.watch.is_leaving.load(Ordering::Relaxed);
        self.end(if is_ours { HttpEnd::ProxyLeft } else { HttpEnd::ClientLeft });
    }
}

/// The body of an answer on its way to the client.
pub(super) struct Observed {
    exchange: Exchange,
    body: Body,
    /// What is told of a whole body.
    told: Option<Told>,
    how: HttpEnd,
}

impl hyper::body::Body for Observed {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Self { exchange, body, told, how } = self.get_mut();
        let (piece, told, is_last) = match body {
            Body::Whole(whole) => (whole.take().map(Ok), told.take(), true),
            Body::Streamed(source) => (ready!(source.poll_piece(cx)), source.told(), false),
        };
        Poll::Ready(match piece {
            Some(Ok(piece)) => {
                exchange.pass(&piece, told, is_last);
                if is_last {
                    exchange.end(*how);
                }
                Some(Ok(Frame::data(piece.bytes)))
            }
            Some(Err(Cut)) => {
                exchange.end(HttpEnd::ServerLeft);
                Some(Err(Cut))
            }
            None => {
                exchange.end(*how);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.body, Body::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Body::Whole(None) => SizeHint::with_exact(0),
            Body::Whole(Some(piece)) => SizeHint::with_exact(piece.bytes.len() as u64),
            Body::Streamed(_) => SizeHint::default(),
        }
    }
}
