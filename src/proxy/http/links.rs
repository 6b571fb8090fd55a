//! Connections to the server that belong to one client's connection, so that nobody waits for somebody else's.
//!
//! Like the observing gear's, but spoken over message by message. Knows nothing of what is asked.

use std::fmt;
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::client::poll_piece;
use super::gear::{Cut, Piece};
use super::instances::Instances;
use super::stall::Finding;
use super::upstream::{ToServer, Upstream as _};
use crate::proxy::Observer;
use crate::trace::{ExchangeId, Fact};
use crate::wire::http::{HEAD_BYTES_MAX, HEADERS_MAX};

/// Connections at rest, each with the instance that it goes to.
#[derive(Default)]
pub(in crate::proxy) struct Links(Mutex<Vec<Link>>);

/// What a client keeps for its next requests: one for what it asks and one for what we say aside, to a few instances.
const KEPT_MAX: usize = 8;

/// A connection. Who uses it also drives it: there is no task beside it that would have to be woken.
struct Link {
    instance: usize,
    sender: SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    driven: Option<Driven>,
    /// What it is used for, for the recording.
    exchange: Arc<AtomicU32>,
}

type Driven = Pin<Box<Connection<TokioIo<Watched>, Full<Bytes>>>>;

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum LinkError {
    /// Nothing has been sent, as the instance cannot be reached: here is the request again.
    #[error("{why}")]
    Unreachable {
        #[source]
        why: io::Error,
        request: Box<Request<Full<Bytes>>>,
    },
    /// The server left, or does not speak HTTP.
    #[error("{0}")]
    Broken(#[source] hyper::Error),
}

/// How connections are made.
pub(super) struct Lines {
    pub(super) instances: Arc<Instances>,
    pub(super) observer: Observer,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("at_rest", &self.lock().len()).finish()
    }
}

impl Links {
    fn lock(&self) -> MutexGuard<'_, Vec<Link>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that is at rest and open.
    async fn unpark(&self, instance: usize) -> Option<Link> {
        loop {
            let mut link = {
                let mut all = self.lock();
                let at = all.iter().position(|link| link.instance == instance)?;
                all.swap_remove(at)
            };
            if link.is_ready().await {
                return Some(link);
            }
        }
    }

    fn park(&self, link: Link) {
        let mut all = self.lock();
        if all.len() < KEPT_MAX {
            all.push(link);
        }
    }
}

impl Lines {
    /// Sends a request with a path for its target to an instance, and gives the answer as soon as its head is there. What
    /// could not be sent over a connection that was just closed is sent anew; what may have been sent is not.
    pub(super) async fn send(
        &self,
        links: &Arc<Links>,
        instance: usize,
        exchange: ExchangeId,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Linked>, LinkError> {
        while let Some(link) = links.unpark(instance).await {
            match send(link, links, exchange, request).await {
                Ok(response) => return Ok(response),
                Err((error, None)) => return Err(LinkError::Broken(error)),
                Err((_, Some(unsent))) => request = unsent,
            }
        }
        let stream = match self.instances.get(instance).dialer.connect().await {
            Ok(stream) => stream,
            Err(why) => return Err(LinkError::Unreachable { why, request: Box::new(request) }),
        };
        let link = self.speak(instance, stream).await?;
        send(link, links, exchange, request).await.map_err(|(error, _)| LinkError::Broken(error))
    }

    /// Begins to speak HTTP.
    async fn speak(&self, instance: usize, stream: ToServer) -> Result<Link, LinkError> {
        let exchange = Arc::new(AtomicU32::new(0));
        let watched = Watched {
            stream,
            instances: self.instances.clone(),
            instance,
            observer: self.observer.clone(),
            exchange: exchange.clone(),
            last_piece: None,
            is_acknowledging: false,
        };
        let mut builder = http1::Builder::new();
        builder.max_headers(HEADERS_MAX).max_header_size(HEAD_BYTES_MAX).max_buf_size(2 * HEAD_BYTES_MAX);
        let (sender, connection) =
            builder.handshake(TokioIo::new(watched)).await.map_err(LinkError::Broken)?;
        Ok(Link { instance, sender, driven: Some(Box::pin(connection)), exchange })
    }
}

impl Link {
    /// Whether it takes a request: the server may have closed it since.
    async fn is_ready(&mut self) -> bool {
        poll_fn(|cx| {
            drive(&mut self.driven, cx);
            self.sender.poll_ready(cx)
        })
        .await
        .is_ok()
    }
}

/// Lets a connection move. What went wrong is told to who waits for an answer.
fn drive(driven: &mut Option<Driven>, cx: &mut Context<'_>) {
    if let Some(connection) = driven
        && connection.as_mut().poll(cx).is_ready()
    {
        *driven = None;
    }
}

type Unsent = (hyper::Error, Option<Request<Full<Bytes>>>);

async fn send(
    mut link: Link,
    links: &Arc<Links>,
    exchange: ExchangeId,
    request: Request<Full<Bytes>>,
) -> Result<Response<Linked>, Unsent> {
    link.exchange.store(exchange.0, Ordering::Relaxed);
    let sent = {
        let mut sending = pin!(link.sender.try_send_request(request));
        poll_fn(|cx| {
            drive(&mut link.driven, cx);
            sending.as_mut().poll(cx)
        })
        .await
    };
    match sent {
        Ok(response) => Ok(response.map(|body| Linked::new(body, link, links.clone()))),
        Err(mut error) => {
            let unsent = error.take_message();
            Err((error.into_error(), unsent))
        }
    }
}

/// The body of an answer. At its end the connection is free for the next request; dropped before, it is closed, which is
/// how the server sees that its client has left.
pub(super) struct Linked {
    body: Incoming,
    link: Option<(Link, Arc<Links>)>,
}

impl Linked {
    fn new(body: Incoming, link: Link, links: Arc<Links>) -> Self {
        let mut linked = Self { body, link: Some((link, links)) };
        linked.look_for_end(false);
        linked
    }

    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        let piece = ready!(self.poll_driven(cx));
        self.look_for_end(piece.is_none());
        Poll::Ready(piece)
    }

    /// A body that is asked for the first time lets its connection go on: then that has to be driven once more.
    fn poll_driven(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        for _ in 0..2 {
            if let Some((link, _)) = &mut self.link {
                drive(&mut link.driven, cx);
            }
            if let ready @ Poll::Ready(_) = poll_piece(&mut self.body, cx) {
                return ready;
            }
        }
        Poll::Pending
    }

    fn look_for_end(&mut self, is_over: bool) {
        if (is_over || self.body.is_end_stream())
            && let Some((link, links)) = self.link.take()
        {
            links.park(link);
        }
    }
}

/// A connection whose stalls are noticed, and removed where that can be done (see [`Stalls`](super::stall::Stalls)).
struct Watched {
    stream: ToServer,
    instances: Arc<Instances>,
    instance: usize,
    observer: Observer,
    exchange: Arc<AtomicU32>,
    /// When the last piece of the answer under way was read, and how many bytes it had.
    last_piece: Option<(Instant, usize)>,
    /// Whether everything has been acknowledged at once since the request under way was sent.
    is_acknowledging: bool,
}

impl Watched {
    fn acknowledges_at_once(&self) -> bool {
        let is_wanted = self.instances.get(self.instance).stalls.acknowledges_at_once();
        if is_wanted {
            self.stream.acknowledge_at_once();
        }
        is_wanted
    }

    fn see(&mut self, len_bytes: usize) {
        self.acknowledges_at_once();
        let now = Instant::now();
        let Some((before, before_bytes)) = self.last_piece.replace((now, len_bytes)) else { return };
        let gap = now - before;
        let stalls = &self.instances.get(self.instance).stalls;
        if let Some(finding) = stalls.see(gap, before_bytes, self.is_acknowledging) {
            self.observer.tell(Fact::HttpStall {
                exchange: ExchangeId(self.exchange.load(Ordering::Relaxed)),
                gap_us: u32::try_from(gap.as_micros()).unwrap_or(u32::MAX),
                is_removed: finding == Finding::Stalls,
            });
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        let len_bytes = buf.filled().len() - before;
        if len_bytes > 0 {
            self.see(len_bytes);
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        // A socket that has just sent goes back to waiting with its acknowledgements.
        self.last_piece = None;
        self.is_acknowledging = self.acknowledges_at_once();
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
