//! The body of an answer that a session of the pool gives: when it is over, the session is free for others.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use hyper::body::{Body as _, Incoming};

use super::Loan;
use super::session::Session;
use super::visitor::{Kind, Visitor};
use crate::proxy::http::gear::{Cut, Piece, Source};

/// Bytes of the server's answer, and what has to happen at their end.
pub(super) struct Lent {
    body: Incoming,
    is_whole: bool,
    until: Until,
}

/// What the body's end means.
pub(super) enum Until {
    /// The session it came from is free again. Cut short it is not: the server may still be at it.
    Free(Asking),
    /// The client has a request less under way. When its session is over, so is this.
    Less(InUse),
    /// Nothing.
    End,
}

/// A request of a client that takes a session for each.
pub(super) struct Asking {
    visitor: Arc<Visitor>,
    /// Its id, if it has one.
    id: Option<String>,
    loan: Loan,
}

/// A request of a client that has a session to itself.
pub(super) struct InUse {
    visitor: Arc<Visitor>,
    kind: Kind,
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Asking {
    pub(super) fn new(visitor: Arc<Visitor>, id: Option<String>, loan: Loan) -> Self {
        if let Some(id) = &id {
            visitor.asks(id.clone(), loan.session().clone());
        }
        Self { visitor, id, loan }
    }

    pub(super) fn session(&self) -> &Arc<Session> {
        self.loan.session()
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            self.visitor.has_asked(id);
        }
    }
}

impl InUse {
    pub(super) fn new(visitor: Arc<Visitor>, kind: Kind) -> Self {
        visitor.begin(kind);
        let mut over = visitor.over.subscribe();
        Self { visitor, kind, over: Box::pin(async move { drop(over.wait_for(|is_over| *is_over).await) }) }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.visitor.finish(self.kind);
    }
}

impl Lent {
    pub(super) fn new(body: Incoming, until: Until) -> Self {
        let is_whole = body.is_end_stream();
        Self { body, is_whole, until }
    }
}

impl Source for Lent {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        if let Until::Less(InUse { over, .. }) = &mut self.until
            && over.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(None);
        }
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            let woke = Instant::now();
            self.is_whole = frame.is_none() || self.body.is_end_stream();
            return Poll::Ready(match frame.transpose() {
                Ok(None) => None,
                // Trailers say nothing to clients of MCP.
                Ok(Some(frame)) => match frame.into_data() {
                    Ok(bytes) => Some(Ok(Piece { bytes, woke })),
                    Err(_) => continue,
                },
                Err(_) => Some(Err(Cut)),
            });
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Until::Free(asking) = &self.until
            && !self.is_whole
        {
            asking.session().spoil();
        }
    }
}
