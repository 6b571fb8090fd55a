//! Requests of our own making to the server, over connections that are kept.
//!
//! For whole requests; where bytes pass as they come, a connection belongs to a client's. Knows nothing of what is asked.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{Client as Pooling, Error};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tower_service::Service;

use super::gear::{Cut, Piece};
use super::upstream::{Dialer, ToServer};

/// Asks one instance of the server.
#[derive(Clone)]
pub(super) struct Client {
    kept: Pooling<Connector, Full<Bytes>>,
    authority: Authority,
    host: HeaderValue,
}

impl Client {
    pub(super) fn new(dialer: Dialer) -> Self {
        let parsed = "it was read as the authority of a URL";
        let authority: Authority = dialer.target().authority.parse().expect(parsed);
        let host = HeaderValue::from_str(authority.as_str()).expect(parsed);
        let kept = Pooling::builder(TokioExecutor::new()).set_host(false).build(Connector(dialer));
        Self { kept, authority, host }
    }

    /// Sends a request with a path for its target, and gives the answer as soon as its head is there. One that could not
    /// be sent over a connection that was just closed is sent anew.
    ///
    /// # Errors
    /// If the server cannot be reached, or leaves before it answers.
    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Error> {
        request.headers_mut().insert(header::HOST, self.host.clone());
        let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        let whole =
            Uri::builder().scheme(Scheme::HTTP).authority(self.authority.clone()).path_and_query(path);
        *request.uri_mut() = whole.build().expect("its parts are those of an address");
        self.kept.request(request).await
    }
}

/// The next piece of an answer's body. Trailers say nothing to clients of MCP.
pub(super) fn poll_piece(body: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
    loop {
        let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
        let woke = Instant::now();
        return Poll::Ready(match frame.transpose() {
            Ok(None) => None,
            Ok(Some(frame)) => match frame.into_data() {
                Ok(bytes) => Some(Ok(Piece { bytes, woke })),
                Err(_) => continue,
            },
            Err(_) => Some(Err(Cut)),
        });
    }
}

/// Opens the connections.
#[derive(Clone)]
struct Connector(Dialer);

impl Service<Uri> for Connector {
    type Response = TokioIo<ToServer>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialer = self.0.clone();
        Box::pin(async move { dialer.connect().await.map(TokioIo::new) })
    }
}

impl Connection for ToServer {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
