//! An answer that is one JSON text: it is gathered, shown to the gate, and goes on as what comes of it.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use hyper::header::HeaderValue;

use super::aside::Aside;
use super::desk::Seat;
use super::events::{SHOWN_BYTES_MAX, TOO_LONG};
use super::fact::{fact, trimmed};
use super::{OF_BYTES, ours, say_the_rest};
use crate::proxy::http::gear::{Answer, Body, Cut, Piece, Source, Told};
use crate::rules::{Act, Verdict};
use crate::trace::{Outcome, Ruling};
use crate::wire::Direction;

/// What a body turns out to be.
enum Gathered {
    /// This, to its end.
    Whole(Option<Piece>),
    /// Too long to be shown, or cut: this and what follows.
    Passes(Rest),
}

/// Rules about an answer, while an answer of ours may still come first.
pub(super) async fn judge(
    mut answer: Answer,
    seat: Arc<Seat>,
    aside: &Aside,
    accept: Option<&HeaderValue>,
) -> Answer {
    let body = std::mem::replace(&mut answer.body, Body::Whole(None));
    let mut gathering = Gathering { body, first: Bytes::new(), held: BytesMut::new(), woke: None };
    let gathered = poll_fn(|cx| {
        if let Poll::Ready(gathered) = gathering.poll(cx) {
            return Poll::Ready(Ok(gathered));
        }
        while let Poll::Ready(output) = seat.poll_next(cx) {
            if let Some(ours) = ours(&output, &seat, aside, accept) {
                return Poll::Ready(Err(ours));
            }
        }
        Poll::Pending
    })
    .await;
    match gathered {
        Err(ours) => {
            say_the_rest(&seat, aside);
            ours
        }
        Ok(Gathered::Passes(rest)) => {
            if rest.cut.is_none() {
                seat.remark(TOO_LONG);
            }
            Answer { body: Body::Streamed(Box::new(rest)), ..answer }
        }
        Ok(Gathered::Whole(None)) => answer,
        Ok(Gathered::Whole(Some(piece))) => rule(answer, piece, &seat, aside).await,
    }
}

async fn rule(mut answer: Answer, piece: Piece, seat: &Arc<Seat>, aside: &Aside) -> Answer {
    if seat.show(Direction::ToClient, &piece.bytes) == Verdict::Pass {
        let rulings = seat.notes();
        answer.told = (!rulings.is_empty()).then_some(Box::new(Told { original: None, rulings }));
        answer.body = Body::Whole(Some(piece));
        return answer;
    }
    let mut rulings: Vec<Ruling<'static>> = Vec::new();
    loop {
        let mut output = seat.next().await;
        if output.to == Direction::ToClient {
            rulings.extend(fact(&mut output));
        }
        let act = std::mem::replace(&mut output.act, Act::Note { frame: None });
        match (act, output.outcome) {
            (Act::Send { to: Direction::ToClient, .. }, Outcome::Released | Outcome::Passed) => {
                answer.told = Some(Box::new(Told { original: None, rulings }));
                answer.body = Body::Whole(Some(piece));
                return answer;
            }
            (Act::Send { to: Direction::ToClient, frame }, outcome) => {
                // An answer of ours may come first even now.
                let woke = if outcome == Outcome::Answered { Instant::now() } else { piece.woke };
                answer.fields.retain(|(name, _)| !OF_BYTES.contains(&name.as_str()));
                answer.told = Some(Box::new(Told { original: Some(piece.bytes), rulings }));
                let bytes = Bytes::copy_from_slice(trimmed(&frame));
                answer.body = Body::Whole(Some(Piece { bytes, woke }));
                return answer;
            }
            (Act::Send { to: Direction::ToServer, frame }, _) => seat.say(aside, &output, &frame),
            (Act::Note { .. }, Outcome::Dropped) => {
                let told = Some(Told { original: Some(piece.bytes), rulings });
                return Answer { told: told.map(Box::new), ..Answer::empty(StatusCode::ACCEPTED) };
            }
            (
                Act::Note { .. }
                | Act::Spill { .. }
                | Act::Lookup { .. }
                | Act::Store { .. }
                | Act::Forget { .. },
                _,
            ) => {}
        }
    }
}

/// A body on its way into memory.
struct Gathering {
    body: Body,
    /// Most come in one piece, which is kept as it is.
    first: Bytes,
    held: BytesMut,
    woke: Option<Instant>,
}

impl Gathering {
    fn hold(&mut self, bytes: Bytes) {
        if self.first.is_empty() && self.held.is_empty() {
            self.first = bytes;
        } else {
            if self.held.is_empty() {
                self.held.extend_from_slice(&std::mem::take(&mut self.first));
            }
            self.held.extend_from_slice(&bytes);
        }
    }

    fn take(&mut self) -> Bytes {
        if self.held.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            std::mem::take(&mut self.held).freeze()
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Gathered> {
        loop {
            let source = match &mut self.body {
                Body::Whole(piece) => return Poll::Ready(Gathered::Whole(piece.take())),
                Body::Streamed(source) => source,
            };
            match source.poll_piece(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(piece))) => {
                    self.woke = Some(piece.woke);
                    self.hold(piece.bytes);
                    if self.first.len() + self.held.len() > SHOWN_BYTES_MAX {
                        return Poll::Ready(Gathered::Passes(self.rest(None)));
                    }
                }
                Poll::Ready(Some(Err(Cut))) => return Poll::Ready(Gathered::Passes(self.rest(Some(Cut)))),
                Poll::Ready(None) => {
                    let bytes = self.take();
                    let piece = self.woke.map(|woke| Piece { bytes, woke });
                    return Poll::Ready(Gathered::Whole(piece));
                }
            }
        }
    }

    fn rest(&mut self, cut: Option<Cut>) -> Rest {
        let bytes = self.take();
        let first = self.woke.filter(|_| !bytes.is_empty()).map(|woke| Piece { bytes, woke });
        let from = match std::mem::replace(&mut self.body, Body::Whole(None)) {
            Body::Streamed(from) if cut.is_none() => Some(from),
            Body::Streamed(_) | Body::Whole(_) => None,
        };
        Rest { first, from, cut }
    }
}

/// A body that passes: what was gathered of it, and what follows.
struct Rest {
    first: Option<Piece>,
    from: Option<Box<dyn Source>>,
    cut: Option<Cut>,
}

impl Source for Rest {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        match (&mut self.from, self.cut.take()) {
            (Some(from), _) => from.poll_piece(cx),
            (None, cut) => Poll::Ready(cut.map(Err)),
        }
    }
}
