//! What a back answers: a status, fields, and a body that is there or comes in pieces.

use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use serde_json::json;
use thiserror::Error;

use crate::proxy::http::refusal::Refusal;
use crate::trace::Ruling;

/// The JSON-RPC error codes that are used here.
pub(in crate::proxy) mod code {
    /// The text is no JSON-RPC message (JSON-RPC 2.0 section 5.1).
    pub(in crate::proxy) const PARSE: i64 = -32_700;
    /// The message is none that fits here.
    pub(in crate::proxy) const INVALID_REQUEST: i64 = -32_600;
    /// There is no such method.
    pub(in crate::proxy) const NO_METHOD: i64 = -32_601;
    /// The parameters are wrong.
    pub(in crate::proxy) const INVALID_PARAMS: i64 = -32_602;
    /// A field of the head does not say what the message says (2026-07-28).
    pub(in crate::proxy) const HEADER_MISMATCH: i64 = -32_020;
    /// The session is not known (any more). As ours, outside of every reserved range, like those below.
    pub(in crate::proxy) const NO_SESSION: i64 = 50_404;
    /// The server cannot be reached, or has ended.
    pub(in crate::proxy) const UNREACHABLE: i64 = 50_200;
    /// No more servers may be started.
    pub(in crate::proxy) const FULL: i64 = 50_300;
}

/// Bytes of a body, and when they were about to be read from the server.
#[derive(Clone, Debug)]
pub(in crate::proxy) struct Piece {
    pub(in crate::proxy) bytes: Bytes,
    pub(in crate::proxy) woke: Instant,
}

/// What the recording says of a piece that rules had to do with.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::proxy) struct Told {
    /// What the server had sent, if it was not what the client is given: empty where the server sent nothing.
    pub(in crate::proxy) original: Option<Bytes>,
    /// What the rules did with it.
    pub(in crate::proxy) rulings: Vec<Ruling<'static>>,
}

/// A body that broke off: the client must see that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the answer broke off")]
pub(in crate::proxy) struct Cut;

/// Where the pieces of a body come from.
pub(in crate::proxy) trait Source: Send {
    /// The next piece; `None` after the last one.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>>;

    /// What the recording says of the piece given last, if it is more than that it passed.
    fn told(&mut self) -> Option<Told> {
        None
    }
}

/// The body of an answer.
pub(in crate::proxy) enum Body {
    Whole(Option<Piece>),
    Streamed(Box<dyn Source>),
}

/// An answer to a request.
pub(in crate::proxy) struct Answer {
    pub(in crate::proxy) status: StatusCode,
    pub(in crate::proxy) fields: Vec<(HeaderName, HeaderValue)>,
    pub(in crate::proxy) body: Body,
    /// Whether it is ours, in the server's place.
    pub(in crate::proxy) is_refusal: bool,
    /// What the recording says of a whole body, if it is more than that it passed.
    pub(in crate::proxy) told: Option<Box<Told>>,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");

impl Answer {
    /// Nothing but a status.
    pub(in crate::proxy) fn empty(status: StatusCode) -> Self {
        Self { status, fields: Vec::new(), body: Body::Whole(None), is_refusal: false, told: None }
    }

    /// A JSON text of the server's.
    pub(in crate::proxy) fn json(status: StatusCode, piece: Piece) -> Self {
        Self::empty(status).with(hyper::header::CONTENT_TYPE, JSON).carrying(Body::Whole(Some(piece)))
    }

    /// A stream of one event of ours.
    pub(in crate::proxy) fn event(piece: Piece) -> Self {
        let answer = Self::empty(StatusCode::OK).with(hyper::header::CONTENT_TYPE, EVENTS);
        answer.carrying(Body::Whole(Some(piece)))
    }

    /// A stream of events.
    pub(in crate::proxy) fn events(source: impl Source + 'static) -> Self {
        Self::empty(StatusCode::OK)
            .with(hyper::header::CONTENT_TYPE, EVENTS)
            .with(hyper::header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"))
            // Asks proxies in front of us not to hold events back.
            .with(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))
            .carrying(Body::Streamed(Box::new(source)))
    }

    /// The answer of an HTTP server behind us.
    pub(in crate::proxy) fn passed(
        status: StatusCode,
        fields: HeaderMap,
        source: impl Source + 'static,
    ) -> Self {
        let mut passed = Self::empty(status).carrying(Body::Streamed(Box::new(source)));
        let mut name = None;
        for (next, value) in fields {
            // Of a field that is there several times only the first has a name.
            name = next.or(name);
            if let Some(name) = &name {
                passed.fields.push((name.clone(), value));
            }
        }
        passed
    }

    /// Our own answer to a person.
    pub(in crate::proxy) fn plain(status: StatusCode, text: String) -> Self {
        let piece = Piece { bytes: text.into(), woke: Instant::now() };
        let answer = Self::empty(status).with(hyper::header::CONTENT_TYPE, TEXT);
        Self { is_refusal: true, ..answer.carrying(Body::Whole(Some(piece))) }
    }

    /// Our own answer to a client, which its protocol understands. `id` is the request's as it was written, `null` if
    /// there is none.
    pub(in crate::proxy) fn error(status: StatusCode, code: i64, why: &str, id: Option<&str>) -> Self {
        let piece = Piece { bytes: error_text(code, why, id).into(), woke: Instant::now() };
        Self { is_refusal: true, ..Self::json(status, piece) }
    }

    /// The same answer with one more field.
    pub(in crate::proxy) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.push((name, value));
        self
    }

    fn carrying(self, body: Body) -> Self {
        Self { body, ..self }
    }
}

impl From<&Refusal> for Answer {
    fn from(refusal: &Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status).expect("one of those that refusals have");
        let piece = Piece { bytes: Bytes::copy_from_slice(refusal.body()), woke: Instant::now() };
        let media = HeaderValue::from_static(refusal.media());
        let answer = Self::empty(status).with(hyper::header::CONTENT_TYPE, media);
        let answer = Self { is_refusal: true, ..answer.carrying(Body::Whole(Some(piece))) };
        match status {
            StatusCode::UNAUTHORIZED => {
                answer.with(hyper::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            }
            _ => answer,
        }
    }
}

/// A JSON-RPC error of ours.
pub(in crate::proxy) fn error_text(code: i64, why: &str, id: Option<&str>) -> String {
    let (message, id) = (json!(why), id.unwrap_or("null"));
    format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":{message}}},"id":{id}}}"#)
}
