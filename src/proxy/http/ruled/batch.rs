//! Batches of messages (revision 2025-03-26): each message of one that a rule concerns is asked on its own, and what is
//! answered goes back as one answer, event by event, or as one array where the client takes no events.
//!
//! Knows nothing of what rules say.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderValue};

use super::{Media, media};
use crate::proxy::http::gear::{Answer, Asked, Body, Cut, Piece, Source, Told, code, error_text};
use crate::trace::Ruling;
use crate::wire::block::{EventEnds, event_of};
use crate::wire::sse::SseSplitter;
use crate::wire::{Contents, Message, contents, messages};

/// Messages of one batch that are asked at once: each takes a connection to the server. Those behind them wait.
const AT_ONCE_MAX: usize = 8;
/// What is gathered of one answer. What is longer is taken for cut.
const GATHERED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What is told of the body of a refusal that is no message.
const TOLD_BYTES_MAX: usize = 200;

type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;
/// Asks the message at this place of the batch.
pub(super) type Ask = Box<dyn FnMut(Asked, u32) -> Answering + Send>;

/// Answers a batch, message by message.
pub(super) async fn answer(asked: Asked, ask: Ask) -> Answer {
    let takes_events = takes_events(asked.fields.get(ACCEPT));
    let mut joined = Joined::new(asked, ask);
    if !joined.has_requests {
        return joined.refusal().await.unwrap_or_else(|| Answer::empty(StatusCode::ACCEPTED));
    }
    // What the server says of the first message is likely to be about all: that the session is over, who may ask.
    match joined.first().await {
        Some(refusal) => refusal,
        None if takes_events => Answer::events(joined),
        None => joined.array().await,
    }
}

/// The answers to the messages of a batch, as they come.
struct Joined {
    asked: Asked,
    ask: Ask,
    /// Those that are still to be asked, the last of them first.
    left: Vec<Asking>,
    next: u32,
    under_way: Vec<(Option<Box<str>>, Stage)>,
    has_requests: bool,
    is_cut: bool,
    told: Option<Told>,
}

/// A message that is to be asked, with its id if it wants an answer; or what is none, which is not asked.
struct Asking {
    id: Option<Box<str>>,
    text: Bytes,
    is_message: bool,
}

/// How far a message has come.
enum Stage {
    Asked(Answering),
    /// It has this answer, which has not been looked at.
    Answered(Box<Answer>),
    /// Events are passed on, each whole.
    Events {
        from: Box<dyn Source>,
        ends: EventEnds,
        held: BytesMut,
    },
    /// A text is gathered.
    Text {
        body: Body,
        status: StatusCode,
        held: BytesMut,
        told: Option<Told>,
    },
    /// It has said all.
    Over,
}

/// What is ready of an answer.
enum Step {
    Piece(Piece, Option<Told>),
    /// It is over.
    End,
    Cut,
}

impl Joined {
    fn new(asked: Asked, ask: Ask) -> Self {
        let text = std::str::from_utf8(&asked.body).unwrap_or_default();
        let left = messages(text).into_iter().rev().map(|part| {
            let (id, is_message) = match contents(part.as_bytes()) {
                Contents::One(Message::Request { id, .. }) => (Some(id.into()), true),
                Contents::One(_) => (None, true),
                // It has an answer all the same (JSON-RPC 2.0 section 6).
                Contents::Batch(_) | Contents::Noise => (Some("null".into()), false),
            };
            Asking { id, text: asked.body.slice_ref(part.as_bytes()), is_message }
        });
        let left: Vec<_> = left.collect();
        let has_requests = left.iter().any(|asking| asking.id.is_some());
        let (under_way, told) = (Vec::new(), None);
        Self { asked, ask, left, next: 0, under_way, has_requests, is_cut: false, told }
    }

    /// Asks as many as may be asked at once.
    fn begin(&mut self) {
        while self.under_way.len() < AT_ONCE_MAX
            && let Some(Asking { id, text, is_message }) = self.left.pop()
        {
            if !is_message {
                self.under_way.push((id, Stage::Answered(Box::new(no_message()))));
                continue;
            }
            let asked = Asked { body: text, ..self.asked.clone() };
            let asking = (self.ask)(asked, self.next);
            self.next += 1;
            self.under_way.push((id, Stage::Asked(asking)));
        }
    }

    /// Waits for the first answer of the server; gives it if it refuses. `None` also if there is nothing to wait for.
    async fn first(&mut self) -> Option<Answer> {
        poll_fn(|cx| {
            self.begin();
            for at in 0..self.under_way.len() {
                let stage = &mut self.under_way[at].1;
                let Stage::Asked(asking) = stage else { continue };
                let Poll::Ready(answer) = asking.as_mut().poll(cx) else { continue };
                if !answer.status.is_success() {
                    return Poll::Ready(Some(answer));
                }
                let is_of_server = !is_ours(&answer);
                *stage = Stage::Answered(Box::new(answer));
                if is_of_server {
                    return Poll::Ready(None);
                }
            }
            let is_waiting = self.under_way.iter().any(|(_, stage)| matches!(stage, Stage::Asked(_)));
            if is_waiting { Poll::Pending } else { Poll::Ready(None) }
        })
        .await
    }

    /// Asks all of a batch that wants no answers; the first refusal, if there is one.
    async fn refusal(&mut self) -> Option<Answer> {
        let mut refusal = None;
        poll_fn(|cx| {
            loop {
                self.begin();
                if self.under_way.is_empty() {
                    return Poll::Ready(());
                }
                let before = self.under_way.len();
                self.under_way.retain_mut(|(_, stage)| {
                    let Stage::Asked(asking) = stage else { return false };
                    let Poll::Ready(answer) = asking.as_mut().poll(cx) else { return true };
                    if !answer.status.is_success() && refusal.is_none() {
                        refusal = Some(answer);
                    }
                    false
                });
                if self.under_way.len() == before {
                    return Poll::Pending;
                }
            }
        })
        .await;
        refusal
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        loop {
            self.begin();
            if self.under_way.is_empty() {
                return Poll::Ready(if self.is_cut { Step::Cut } else { Step::End });
            }
            let mut is_moved = false;
            for at in 0..self.under_way.len() {
                let (id, stage) = &mut self.under_way[at];
                match stage.poll(id.as_deref(), cx) {
                    Poll::Pending => continue,
                    Poll::Ready(Step::Piece(piece, told)) => {
                        // One that says much does not keep the others from being heard.
                        self.under_way.rotate_left(at + 1);
                        return Poll::Ready(Step::Piece(piece, told));
                    }
                    Poll::Ready(Step::Cut) => self.is_cut = true,
                    Poll::Ready(Step::End) => {}
                }
                self.under_way.remove(at);
                is_moved = true;
                break;
            }
            if !is_moved {
                return Poll::Pending;
            }
        }
    }

    /// All answers as one array.
    async fn array(mut self) -> Answer {
        let (mut given, mut originals) = (Array::default(), Array::default());
        let mut rulings: Vec<Ruling<'static>> = Vec::new();
        let mut woke = Instant::now();
        let is_cut = loop {
            match poll_fn(|cx| self.poll_next(cx)).await {
                Step::Piece(piece, told) => {
                    woke = piece.woke;
                    given.add(&piece.bytes);
                    match told {
                        None => originals.add(&piece.bytes),
                        Some(told) => {
                            originals.add(told.original.as_ref().unwrap_or(&piece.bytes));
                            rulings.extend(told.rulings);
                        }
                    }
                }
                Step::End => break false,
                Step::Cut => break true,
            }
        };
        if is_cut {
            let body = Body::Streamed(Box::new(Broken));
            return Answer { body, ..Answer::json(StatusCode::OK, Piece { bytes: Bytes::new(), woke }) };
        }
        let mut answer = Answer::json(StatusCode::OK, Piece { bytes: given.finish(), woke });
        answer.told = Some(Box::new(Told { original: Some(originals.finish()), rulings }));
        answer
    }
}

impl Source for Joined {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        self.poll_next(cx).map(|step| match step {
            Step::Piece(piece, told) => {
                self.told = told;
                Some(Ok(piece))
            }
            Step::End => None,
            Step::Cut => Some(Err(Cut)),
        })
    }

    fn told(&mut self) -> Option<Told> {
        self.told.take()
    }
}

impl Stage {
    fn poll(&mut self, id: Option<&str>, cx: &mut Context<'_>) -> Poll<Step> {
        loop {
            match self {
                Self::Asked(asking) => match asking.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(answer) => *self = Self::Answered(Box::new(answer)),
                },
                Self::Answered(answer) => {
                    let answer = std::mem::replace(&mut **answer, Answer::empty(StatusCode::OK));
                    *self = Self::of(answer);
                }
                Self::Events { from, ends, held } => match from.poll_piece(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(piece))) => {
                        let told = from.told();
                        if let Some(step) = whole_events(piece, told, ends, held) {
                            return Poll::Ready(step);
                        }
                    }
                    Poll::Ready(Some(Err(Cut))) => return Poll::Ready(Step::Cut),
                    Poll::Ready(None) => return Poll::Ready(Step::End),
                },
                Self::Text { body: Body::Streamed(from), held, .. } => match from.poll_piece(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(piece))) if held.len() + piece.bytes.len() <= GATHERED_BYTES_MAX => {
                        held.extend_from_slice(&piece.bytes);
                    }
                    Poll::Ready(Some(_)) => return Poll::Ready(Step::Cut),
                    Poll::Ready(None) => {
                        let (bytes, woke) = (std::mem::take(held).freeze(), Instant::now());
                        self.be_whole(Some(Piece { bytes, woke }));
                    }
                },
                Self::Text { body: Body::Whole(piece), status, told, .. } => {
                    let step = said(id, *status, piece.take(), told.take());
                    *self = Self::Over;
                    return Poll::Ready(step);
                }
                Self::Over => return Poll::Ready(Step::End),
            }
        }
    }

    fn of(answer: Answer) -> Self {
        match (media(&answer), answer.body) {
            (Media::Events, Body::Streamed(from)) if answer.status.is_success() => {
                Self::Events { from, ends: EventEnds::default(), held: BytesMut::new() }
            }
            (media, body) => {
                // Of an answer of ours that is an event only the message counts: it is made an event again.
                let body = match body {
                    Body::Whole(Some(piece)) if matches!(media, Media::Events) => {
                        let bytes = datas(&piece.bytes).pop().unwrap_or_default();
                        Body::Whole(Some(Piece { bytes, ..piece }))
                    }
                    body => body,
                };
                let told = answer.told.map(|told| *told);
                Self::Text { body, status: answer.status, held: BytesMut::new(), told }
            }
        }
    }

    fn be_whole(&mut self, piece: Option<Piece>) {
        if let Self::Text { body, .. } = self {
            *body = Body::Whole(piece);
        }
    }
}

/// What is complete in a stream after this piece: events of several streams must not run into each other. One that rules
/// had to do with is whole.
fn whole_events(piece: Piece, told: Option<Told>, ends: &mut EventEnds, held: &mut BytesMut) -> Option<Step> {
    if told.is_some() {
        return Some(Step::Piece(piece, told));
    }
    let mut whole = 0;
    while let Some(len) = ends.find(&piece.bytes[whole..]) {
        whole += len;
    }
    if whole == 0 {
        held.extend_from_slice(&piece.bytes);
        return (held.len() > GATHERED_BYTES_MAX).then_some(Step::Cut);
    }
    held.extend_from_slice(&piece.bytes[..whole]);
    let bytes = std::mem::replace(held, BytesMut::from(&piece.bytes[whole..])).freeze();
    Some(Step::Piece(Piece { bytes, woke: piece.woke }, None))
}

/// A text that is the answer to the request with this id, as an event. What is none says that in its place.
fn said(id: Option<&str>, status: StatusCode, piece: Option<Piece>, told: Option<Told>) -> Step {
    // What wants no answer has none, whatever is said of it.
    let Some(id) = id else { return Step::End };
    let Piece { bytes, woke } = piece.unwrap_or_else(|| Piece { bytes: Bytes::new(), woke: Instant::now() });
    if is_message(&bytes) {
        let as_event = |text: Bytes| if text.is_empty() { text } else { event_of(&text).into() };
        let told = told.map(|told| Told { original: told.original.map(as_event), rulings: told.rulings });
        return Step::Piece(Piece { bytes: event_of(&bytes).into(), woke }, told);
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(TOLD_BYTES_MAX)]);
    let why = format!("the server answered with status {status}: {}", text.trim());
    let event =
        event_of(error_text(code::UNREACHABLE, why.trim_end_matches([':', ' ']), Some(id)).as_bytes());
    let rulings = told.map(|told| told.rulings).unwrap_or_default();
    Step::Piece(Piece { bytes: event.into(), woke }, Some(Told { original: None, rulings }))
}

/// What is said of something in a batch that is no message.
fn no_message() -> Answer {
    let mut answer =
        Answer::error(StatusCode::OK, code::INVALID_REQUEST, "this is no JSON-RPC message", None);
    answer.told = Some(Box::new(Told { original: Some(Bytes::new()), rulings: Vec::new() }));
    answer
}

fn is_message(text: &[u8]) -> bool {
    match contents(text) {
        Contents::One(Message::Result { .. } | Message::Error { .. }) | Contents::Batch(_) => true,
        Contents::One(_) | Contents::Noise => false,
    }
}

/// Whether rules, and not the server, have answered.
fn is_ours(answer: &Answer) -> bool {
    answer.told.as_ref().and_then(|told| told.original.as_ref()).is_some_and(Bytes::is_empty)
}

fn takes_events(accept: Option<&HeaderValue>) -> bool {
    accept.and_then(|accept| accept.to_str().ok()).is_some_and(|accept| {
        let accept = accept.to_ascii_lowercase();
        ["text/event-stream", "text/*", "*/*"].iter().any(|media| accept.contains(media))
    })
}

/// The messages in whole events.
fn datas(events: &[u8]) -> Vec<Bytes> {
    let (mut all, mut splitter) = (Vec::new(), SseSplitter::up_to(GATHERED_BYTES_MAX));
    splitter.feed(events, |event| {
        all.extend(event.data.filter(|data| !data.is_empty()).map(|data| Bytes::copy_from_slice(&data)));
    });
    all
}

/// An array of messages.
struct Array(BytesMut);

impl Default for Array {
    fn default() -> Self {
        Self(BytesMut::from(&b"["[..]))
    }
}

impl Array {
    /// Adds those that are in these events.
    fn add(&mut self, events: &[u8]) {
        for message in datas(events) {
            if self.0.len() > 1 {
                self.0.extend_from_slice(b",");
            }
            self.0.extend_from_slice(&message);
        }
    }

    fn finish(mut self) -> Bytes {
        self.0.extend_from_slice(b"]");
        self.0.freeze()
    }
}

/// A body that broke off before it began.
struct Broken;

impl Source for Broken {
    fn poll_piece(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        Poll::Ready(Some(Err(Cut)))
    }
}
