//! Serves clients' connections: checks who asks and what, reads bodies within bounds, and asks the back.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::answer::{Answer, Body};
use super::back::{Asked, Back, Presence};
use super::exchange::{Exchange, Observed, Watch};
use crate::proxy::Observer;
use crate::proxy::http::front::{Front, Rejected};
use crate::proxy::http::observation::Numbers;
use crate::proxy::http::refusal::Refusal;
use crate::wire::http::{HEAD_BYTES_MAX, HEADERS_MAX, HeadError, Headers};

/// The longest body that is read. The SDKs' servers take 4 MiB at most; base64 of a large file may be longer.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What is made room for on the word of a `Content-Length` alone.
const TRUSTED_BYTES: usize = 64 * 1024;

/// The front of a back: what all of its connections share.
pub(in crate::proxy) struct Gear<B> {
    front: Front,
    back: B,
    watch: Arc<Watch>,
}

impl<B: Back> Gear<B> {
    pub(in crate::proxy) fn new(front: Front, back: B, observer: Observer, numbers: Numbers) -> Self {
        Self { front, back, watch: Arc::new(Watch::new(observer, numbers)) }
    }

    /// Whatever ends from now on, ends because we do.
    pub(in crate::proxy) fn leave(&self) {
        self.watch.leave();
    }

    /// Serves a client to the end of its connection.
    pub(in crate::proxy) async fn serve<C>(self: Arc<Self>, client: C, number: u32)
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let presence = Presence::default();
        let service = service_fn(|request: Request<Incoming>| {
            let (gear, presence) = (self.clone(), presence.clone());
            async move { Ok::<_, Infallible>(gear.exchange(request, number, presence).await) }
        });
        let connection = http1::Builder::new()
            .max_headers(HEADERS_MAX)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(2 * HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(client), service);
        // What went wrong has been told by then: as the end of the exchange that was under way.
        let _ = connection.await;
    }

    async fn exchange(
        &self,
        request: Request<Incoming>,
        number: u32,
        client: Presence,
    ) -> Response<Observed> {
        let (head, body) = request.into_parts();
        let exchange = Exchange::begin(&self.watch, number, &head);
        let is_head = head.method == Method::HEAD;
        let mut answer = match self.refuse(&head) {
            Some(refusal) => refusal,
            None => self.ask(head, body, &exchange, client).await,
        };
        if is_head {
            answer.body = Body::Whole(None);
        }
        let (response, body) = exchange.answer(answer);
        response.body(body).expect("a status and fields of our own, or of a server that was read")
    }

    /// Why a request may not pass.
    fn refuse(&self, head: &Parts) -> Option<Answer> {
        let target = match head.uri.path_and_query() {
            Some(path) if head.uri.authority().is_none() => Cow::Borrowed(path.as_str()),
            _ => Cow::Owned(head.uri.to_string()),
        };
        let fields = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let request = crate::wire::http::Request {
            method: head.method.as_str(),
            target: &target,
            minor: u8::from(head.version != Version::HTTP_10),
            headers: Headers::of(fields),
        };
        match self.front.check(&request) {
            // The observing gear refuses them as well; the library takes one of them.
            Ok(()) if head.headers.get_all(CONTENT_LENGTH).iter().count() > 1 => Some(Answer::from(
                &Refusal::unreadable(HeadError::Malformed("several Content-Lengths are given")),
            )),
            Ok(())
                if head.headers.contains_key(CONTENT_LENGTH)
                    && head.headers.contains_key(TRANSFER_ENCODING) =>
            {
                Some(Answer::from(&Refusal::unreadable(HeadError::Malformed(
                    "both Transfer-Encoding and Content-Length are given",
                ))))
            }
            Ok(()) => None,
            Err(Rejected::Foreign(why)) => Some(Answer::from(&Refusal::forbidden(&why))),
            Err(Rejected::Unknown) => Some(Answer::from(&Refusal::unauthorized())),
        }
    }

    async fn ask(&self, head: Parts, body: Incoming, exchange: &Exchange, client: Presence) -> Answer {
        let body = match read(body).await {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        let read = Instant::now();
        exchange.request_body(&body, read);
        let Parts { method, uri, headers: fields, .. } = head;
        let exchange = exchange.id;
        self.back.answer(Asked { exchange, method, uri, fields, body, read, client }).await
    }
}

/// Reads a body to its end.
async fn read(mut body: Incoming) -> Result<Bytes, Answer> {
    let too_long = || {
        let text = format!("mcptop reads bodies of at most {} MiB\n", BODY_BYTES_MAX / (1024 * 1024));
        Answer::plain(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if expected > BODY_BYTES_MAX {
        return Err(too_long());
    }
    let mut whole = BytesMut::with_capacity(expected.min(TRUSTED_BYTES));
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let unreadable =
            |error| Answer::plain(StatusCode::BAD_REQUEST, format!("the body broke off: {error}\n"));
        // Trailers say nothing to us.
        let Ok(data) = frame.map_err(unreadable)?.into_data() else { continue };
        if whole.len() + data.len() > BODY_BYTES_MAX {
            return Err(too_long());
        }
        if whole.is_empty() && data.len() == expected {
            // As most bodies come: in one piece.
            return Ok(data);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
