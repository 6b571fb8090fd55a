//! The body of an answer that a session of the pool gives: when it is over, the session is free for others.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::{Body as _, Incoming};

use super::Loan;
use super::session::Session;
use super::visitor::{Kind, Visitor};
use crate::proxy::http::client::poll_piece;
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

/// A request of a client that takes a session for each. Unless it has been answered to the end, the server may still be
/// at it, and nobody else can have the session.
pub(super) struct Asking {
    is_answered: bool,
    visitor: Arc<Visitor>,
    /// Its id, if it has one.
    id: Option<String>,
    loan: Loan,
}

/// A request of a client that has a session to itself; the same goes for it, but not for a stream.
pub(super) struct InUse {
    is_answered: bool,
    visitor: Arc<Visitor>,
    session: Arc<Session>,
    kind: Kind,
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Asking {
    pub(super) fn new(visitor: Arc<Visitor>, id: Option<String>, loan: Loan) -> Self {
        if let Some(id) = &id {
            visitor.asks(id.clone(), loan.session().clone());
        }
        Self { is_answered: false, visitor, id, loan }
    }

    pub(super) fn session(&self) -> &Arc<Session> {
        self.loan.session()
    }

    /// The server does not know the session.
    pub(super) fn lose(self) {
        self.session().lose();
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            self.visitor.has_asked(id);
        }
        if !self.is_answered {
            self.session().spoil();
        }
    }
}

impl InUse {
    pub(super) fn new(visitor: Arc<Visitor>, session: Arc<Session>, kind: Kind) -> Self {
        visitor.begin(kind);
        let mut over = visitor.over.subscribe();
        Self {
            is_answered: false,
            visitor,
            session,
            kind,
            over: Box::pin(async move { drop(over.wait_for(|is_over| *is_over).await) }),
        }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        if !self.is_answered && self.kind == Kind::Request {
            self.session.spoil();
        }
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
        let piece = ready!(poll_piece(&mut self.body, cx));
        self.is_whole = piece.is_none() || self.body.is_end_stream();
        Poll::Ready(piece)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        match &mut self.until {
            Until::Free(asking) => asking.is_answered = self.is_whole,
            Until::Less(in_use) => in_use.is_answered = self.is_whole,
            Until::End => {}
        }
    }
}
