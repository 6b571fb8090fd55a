//! Exchanges that the gate is not shown, because no rule had to do with them when they began. By their end one may keep
//! answers that they make void.
//!
//! Knows nothing of what is said in them.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::desk::Desk;
use crate::proxy::http::gear::{Answer, Body, Cut, Piece, Source, Told};

/// An exchange that the gate is not shown. Dropped, it is over.
pub(super) struct Unseen(Arc<Desk>);

impl Unseen {
    pub(super) fn at(desk: &Arc<Desk>) -> Self {
        Self(desk.clone())
    }

    /// It is over when this answer is.
    pub(super) fn until_the_end_of(self, mut answer: Answer) -> Answer {
        answer.body = match answer.body {
            Body::Streamed(from) => Body::Streamed(Box::new(Passing { from, _unseen: self })),
            whole @ Body::Whole(_) => whole,
        };
        answer
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        self.0.unseen_ended();
    }
}

struct Passing {
    from: Box<dyn Source>,
    _unseen: Unseen,
}

impl Source for Passing {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        self.from.poll_piece(cx)
    }

    fn told(&mut self) -> Option<Told> {
        self.from.told()
    }
}
