//! Rules between a front and a back: each request is shown to the gate, and each message of its answer.
//!
//! Whatever stands behind the front (a URL, a pool of sessions, processes) is wrapped in the same way. Knows nothing of
//! what rules say.

mod aside;
mod batch;
mod caller;
mod desk;
mod events;
mod fact;
mod unseen;
mod whole;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};

use self::aside::Aside;
pub(in crate::proxy) use self::caller::Callers;
pub(in crate::proxy) use self::desk::Desk;
use self::desk::Seat;
use self::events::Events;
use self::fact::{lane_of, trimmed};
use self::unseen::Unseen;
use super::gear::{Answer, Asked, Back, Body, Piece, SESSION, Told};
use crate::rules::{Act, Caller, Output, Verdict};
use crate::trace::Outcome;
use crate::wire::Direction;
use crate::wire::block::event_of;

/// Fields that are about the very bytes of a body.
const OF_BYTES: [&str; 6] =
    ["content-length", "content-digest", "repr-digest", "content-md5", "digest", "etag"];

/// The field with which an event stream is taken up again.
const LAST_EVENT_ID: &str = "last-event-id";

/// A back with the rules in front of it.
pub(in crate::proxy) struct Ruled<B> {
    back: Arc<B>,
    desk: Arc<Desk>,
    callers: Callers,
}

/// What becomes of a request that the gate has taken.
enum Taken {
    /// It goes on with this body.
    GoesOn(Bytes),
    /// It has its answer.
    IsAnswered(Answer),
}

impl<B> Clone for Ruled<B> {
    fn clone(&self) -> Self {
        let Self { back, desk, callers } = self;
        Self { back: back.clone(), desk: desk.clone(), callers: callers.clone() }
    }
}

impl<B: Back> Ruled<B> {
    pub(in crate::proxy) fn new(back: B, desk: Arc<Desk>, callers: Callers) -> Self {
        Self { back: Arc::new(back), desk, callers }
    }

    /// A client posts a message; or several, of which rules may be about one and not the other.
    async fn post(&self, asked: Asked) -> Answer {
        let caller = self.callers.of(&asked);
        let seat = self.desk.sit(lane_of(asked.exchange, 0), caller.clone());
        if is_packed(&asked.fields) {
            seat.remark("a request came compressed: rules do not see what it says");
            return self.back.answer(asked).await;
        }
        if !seat.takes_apart(Direction::ToServer, &asked.body) {
            return self.post_one(asked, caller, seat).await;
        }
        drop(seat);
        let ruled = self.clone();
        let ask = move |asked: Asked, number: u32| -> Pin<Box<dyn Future<Output = Answer> + Send>> {
            let (ruled, caller) = (ruled.clone(), caller.clone());
            Box::pin(async move {
                let lane = lane_of(asked.exchange, number);
                let seat = ruled.desk.sit(lane, caller.clone());
                ruled.post_one(asked, caller, seat).await
            })
        };
        batch::answer(asked, Box::new(ask)).await
    }

    async fn post_one(&self, mut asked: Asked, caller: Caller, seat: Arc<Seat>) -> Answer {
        asked.fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let aside = Aside::of(&self.back, &asked, caller.credentials.is_some());
        seat.asks_through(aside.clone());
        if seat.show(Direction::ToServer, &asked.body) == Verdict::Taken {
            match instead(&seat, &aside, &asked.fields).await {
                Taken::GoesOn(body) => asked.body = body,
                Taken::IsAnswered(answer) => return answer,
            }
        }
        self.forward(asked, caller, seat, aside).await
    }

    /// No rule has to do with it now. When it is over one may have begun to keep answers.
    async fn let_pass(&self, asked: Asked) -> Answer {
        let unseen = Unseen::at(&self.desk);
        unseen.until_the_end_of(self.back.answer(asked).await)
    }

    /// A client listens.
    async fn listen(&self, mut asked: Asked) -> Answer {
        let caller = self.callers.of(&asked);
        let seat = self.desk.sit(lane_of(asked.exchange, 0), caller.clone());
        seat.listens();
        if asked.fields.contains_key(LAST_EVENT_ID) {
            seat.resumes();
        }
        asked.fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let aside = Aside::of(&self.back, &asked, caller.credentials.is_some());
        seat.asks_through(aside.clone());
        self.forward(asked, caller, seat, aside).await
    }

    /// Asks the back, and rules about what it answers. An answer of ours that comes first takes its place.
    async fn forward(&self, asked: Asked, mut caller: Caller, seat: Arc<Seat>, aside: Aside) -> Answer {
        let (accept, listens) = (asked.fields.get(ACCEPT).cloned(), asked.method == Method::GET);
        let first = {
            let mut inner = pin!(self.back.answer(asked));
            poll_fn(|cx| {
                if let Poll::Ready(answer) = inner.as_mut().poll(cx) {
                    return Poll::Ready(Ok(answer));
                }
                while let Poll::Ready(output) = seat.poll_next(cx) {
                    if let Some(ours) = ours(&output, &seat, &aside, accept.as_ref()) {
                        // The server sees that nobody waits any more.
                        return Poll::Ready(Err(ours));
                    }
                }
                Poll::Pending
            })
            .await
        };
        let answer = match first {
            Ok(answer) => answer,
            Err(ours) => {
                say_the_rest(&seat, &aside);
                return ours;
            }
        };
        if let Some(opened) = named(&answer, SESSION).filter(|_| caller.session.is_empty()) {
            caller.session = caller::session(opened.as_bytes());
            seat.is_of(caller);
        }
        self.judge(answer, (seat, aside), accept.as_ref(), listens).await
    }

    /// Rules about an answer of the back.
    async fn judge(
        &self,
        mut answer: Answer,
        (seat, aside): (Arc<Seat>, Aside),
        accept: Option<&HeaderValue>,
        listens: bool,
    ) -> Answer {
        let is_packed = named(&answer, CONTENT_ENCODING.as_str()).is_some_and(|value| value != "identity");
        match media(&answer) {
            Media::Other => answer,
            Media::Json | Media::Events if is_packed => {
                seat.remark(
                    "an answer comes compressed, although it was asked for as it is: no rule sees it",
                );
                answer
            }
            Media::Json => whole::judge(answer, seat, &aside, accept).await,
            Media::Events => {
                answer.fields.retain(|(name, _)| !OF_BYTES.contains(&name.as_str()));
                answer.body = match answer.body {
                    Body::Streamed(from) => Body::Streamed(Box::new(Events::new(from, seat, aside, listens))),
                    whole @ Body::Whole(_) => whole,
                };
                answer
            }
        }
    }
}

impl<B: Back> Back for Ruled<B> {
    async fn answer(&self, asked: Asked) -> Answer {
        match asked.method {
            Method::POST if !self.desk.is_awake() => self.let_pass(asked).await,
            _ if !self.desk.is_awake() => self.back.answer(asked).await,
            Method::POST => self.post(asked).await,
            Method::GET => self.listen(asked).await,
            _ => self.back.answer(asked).await,
        }
    }
}

/// Waits for what happens to a request that the gate has taken.
async fn instead(seat: &Arc<Seat>, aside: &Aside, fields: &HeaderMap) -> Taken {
    let answer = loop {
        let output = seat.next().await;
        match (&output.act, output.outcome) {
            (Act::Send { to: Direction::ToServer, frame }, Outcome::Sent) => seat.say(aside, &output, frame),
            (Act::Send { to: Direction::ToServer, frame }, _) => {
                return Taken::GoesOn(Bytes::copy_from_slice(trimmed(frame)));
            }
            (Act::Send { to: Direction::ToClient, frame }, _) => break own(frame, fields.get(ACCEPT)),
            // It goes no further.
            (Act::Note { .. }, Outcome::Dropped) => break Answer::empty(StatusCode::ACCEPTED),
            (
                Act::Note { .. }
                | Act::Spill { .. }
                | Act::Lookup { .. }
                | Act::Store { .. }
                | Act::Forget { .. },
                _,
            ) => {}
        }
    };
    say_the_rest(seat, aside);
    Taken::IsAnswered(answer)
}

/// Whatever else there is to say to the server, behind an answer of ours.
fn say_the_rest(seat: &Arc<Seat>, aside: &Aside) {
    while let Some(output) = seat.take() {
        if let Act::Send { to: Direction::ToServer, frame } = &output.act {
            seat.say(aside, &output, frame);
        }
    }
}

/// Our answer, if this is one, to a request that is under way. What is for the server is said aside.
fn ours(output: &Output, seat: &Arc<Seat>, aside: &Aside, accept: Option<&HeaderValue>) -> Option<Answer> {
    match &output.act {
        Act::Send { to: Direction::ToClient, frame } if output.outcome == Outcome::Answered => {
            Some(own(frame, accept))
        }
        Act::Send { to: Direction::ToServer, frame } => {
            seat.say(aside, output, frame);
            None
        }
        _ => None,
    }
}

/// An answer of ours: as an event where the client takes nothing else.
fn own(frame: &[u8], accept: Option<&HeaderValue>) -> Answer {
    let text = trimmed(frame);
    let piece = |bytes: Bytes| Piece { bytes, woke: Instant::now() };
    let mut answer = if takes_json(accept) {
        Answer::json(StatusCode::OK, piece(Bytes::copy_from_slice(text)))
    } else {
        Answer::event(piece(event_of(text).into()))
    };
    // The server sent nothing; that it was answered has been told.
    answer.told = Some(Box::new(Told { original: Some(Bytes::new()), rulings: Vec::new() }));
    answer
}

fn takes_json(accept: Option<&HeaderValue>) -> bool {
    let Some(accept) = accept.and_then(|accept| accept.to_str().ok()) else { return true };
    let accept = accept.to_ascii_lowercase();
    ["application/json", "application/*", "*/*"].iter().any(|media| accept.contains(media))
        || !accept.contains("text/event-stream")
}

/// What kind of body an answer has.
enum Media {
    Json,
    Events,
    Other,
}

fn media(answer: &Answer) -> Media {
    let media =
        named(answer, CONTENT_TYPE.as_str()).and_then(|media| media.split(';').next()).unwrap_or_default();
    match media.trim() {
        media if media.eq_ignore_ascii_case("application/json") => Media::Json,
        media if media.eq_ignore_ascii_case("text/event-stream") => Media::Events,
        _ => Media::Other,
    }
}

fn named<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.fields.iter().find(|(known, _)| known.as_str() == name)?.1.to_str().ok()
}

fn is_packed(fields: &HeaderMap) -> bool {
    fields.get(CONTENT_ENCODING).is_some_and(|encoding| encoding.as_bytes() != b"identity")
}
