//! An answer that is an event stream: each event's data is shown to the gate, and every other byte passes.
//!
//! Events that no rule wants to see are not held back. One that waits for its ruling holds those behind it: their order
//! is the server's.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::aside::Aside;
use super::desk::Seat;
use super::fact::{fact, trimmed};
use crate::proxy::http::gear::{Cut, Piece, Source, Told};
use crate::rules::{Act, Output, Verdict};
use crate::trace::{Outcome, Ruling};
use crate::wire::block::{EventEnds, data, event_of, has_id, with_data};
use crate::wire::{Direction, messages};

/// The longest event that is shown to rules; longer ones pass as they come. No SDK accepts longer messages.
pub(super) const SHOWN_BYTES_MAX: usize = 16 * 1024 * 1024;
const _: () = assert!(SHOWN_BYTES_MAX == 16 * 1024 * 1024, "a remark says so");
/// What the recording says of one.
pub(super) const TOO_LONG: &str = "a message of more than 16 MiB passed without being shown to the rules";

/// The body of a ruled answer.
pub(super) struct Events {
    from: Box<dyn Source>,
    seat: Arc<Seat>,
    aside: Aside,
    /// It goes on when a request has its answer: it is not the answer to one.
    listens: bool,
    ends: EventEnds,
    reading: Reading,
    /// What has been read and not been looked at.
    rest: Option<Piece>,
    /// What is ready for the client.
    ready: VecDeque<(Piece, Option<Told>)>,
    told: Option<Told>,
    waiting: Option<Waiting>,
    end: Option<Result<(), Cut>>,
}

/// Where in the stream the reading is.
enum Reading {
    Between,
    /// In an event that passes as it comes.
    Passing,
    /// In an event of which this has been read.
    Gathering(BytesMut),
}

/// An event that is being ruled about.
struct Waiting {
    event: Bytes,
    woke: Instant,
    rulings: Vec<Ruling<'static>>,
}

impl Events {
    pub(super) fn new(from: Box<dyn Source>, seat: Arc<Seat>, aside: Aside, listens: bool) -> Self {
        Self {
            from,
            seat,
            aside,
            listens,
            ends: EventEnds::default(),
            reading: Reading::Between,
            rest: None,
            ready: VecDeque::new(),
            told: None,
            waiting: None,
            end: None,
        }
    }

    /// Looks at what was read, up to an event that has to wait.
    fn look(&mut self, piece: Piece) {
        let Piece { mut bytes, woke } = piece;
        while !bytes.is_empty() && self.waiting.is_none() {
            match &mut self.reading {
                Reading::Between if self.seat.wants_answers() => {
                    self.reading = Reading::Gathering(BytesMut::new());
                }
                Reading::Between => self.reading = Reading::Passing,
                Reading::Passing => {
                    let end = self.ends.find(&bytes);
                    let passed = bytes.split_to(end.unwrap_or(bytes.len()));
                    self.ready.push_back((Piece { bytes: passed, woke }, None));
                    if end.is_some() {
                        self.reading = Reading::Between;
                    }
                }
                Reading::Gathering(held) => match self.ends.find(&bytes) {
                    None => {
                        held.extend_from_slice(&std::mem::take(&mut bytes));
                        if held.len() > SHOWN_BYTES_MAX {
                            let bytes = std::mem::take(held).freeze();
                            self.ready.push_back((Piece { bytes, woke }, None));
                            self.reading = Reading::Passing;
                            self.seat.remark(TOO_LONG);
                        }
                    }
                    Some(len) => {
                        let last = bytes.split_to(len);
                        let event = if held.is_empty() {
                            last
                        } else {
                            held.extend_from_slice(&last);
                            std::mem::take(held).freeze()
                        };
                        self.reading = Reading::Between;
                        match self.apart(&event) {
                            Some(events) => bytes = [events, bytes].concat().into(),
                            None => self.judge(event, woke),
                        }
                    }
                },
            }
        }
        self.rest = (!bytes.is_empty()).then_some(Piece { bytes, woke });
    }

    /// An event with several messages that rules have to see, as events with one each. What the stream may be taken up
    /// behind is said with the last of them.
    fn apart(&self, event: &Bytes) -> Option<Bytes> {
        let data = data(event).filter(|data| self.seat.takes_apart(Direction::ToClient, data))?;
        let text = std::str::from_utf8(&data).ok()?;
        let all = messages(text);
        let (last, before) = all.split_last()?;
        let mut events = before.iter().flat_map(|part| event_of(part.as_bytes())).collect::<Vec<u8>>();
        events.extend_from_slice(&with_data(event, last.as_bytes()));
        Some(events.into())
    }

    /// Shows a whole event to the gate. Comments and events without data are no messages.
    fn judge(&mut self, event: Bytes, woke: Instant) {
        if has_id(&event) {
            self.seat.may_go_on();
        }
        let verdict = match data(&event).filter(|data| !data.is_empty()) {
            Some(data) => self.seat.show(Direction::ToClient, &data),
            None => Verdict::Pass,
        };
        match verdict {
            Verdict::Taken => self.waiting = Some(Waiting { event, woke, rulings: Vec::new() }),
            Verdict::Pass => {
                let rulings = self.seat.notes();
                let told = (!rulings.is_empty()).then_some(Told { original: None, rulings });
                self.ready.push_back((Piece { bytes: event, woke }, told));
            }
        }
    }

    /// Something happens in this exchange.
    fn on(&mut self, mut output: Output) {
        // What is about a request has been told.
        let fact = if output.to == Direction::ToClient { fact(&mut output) } else { None };
        let act = std::mem::replace(&mut output.act, Act::Note { frame: None });
        match (act, output.outcome) {
            (Act::Send { to: Direction::ToServer, frame }, _) => self.seat.say(&self.aside, &output, &frame),
            (Act::Send { frame, .. }, Outcome::Answered | Outcome::Sent) => {
                // It is none of the server's.
                let told = Told { original: Some(Bytes::new()), rulings: fact.into_iter().collect() };
                let bytes = event_of(trimmed(&frame)).into();
                self.ready.push_back((Piece { bytes, woke: Instant::now() }, Some(told)));
                if output.outcome == Outcome::Answered && !self.listens {
                    // Nothing more is wanted of the server: it sees that the stream is closed.
                    (self.rest, self.waiting, self.end) = (None, None, Some(Ok(())));
                }
            }
            (Act::Send { frame, .. }, outcome) => {
                let is_as_it_came = matches!(outcome, Outcome::Released | Outcome::Passed);
                let made = |event: &Bytes| {
                    if is_as_it_came { event.clone() } else { with_data(event, trimmed(&frame)).into() }
                };
                self.resolve(fact, made);
            }
            (Act::Note { .. }, Outcome::Dropped) => self.resolve(fact, |_| Bytes::new()),
            (Act::Note { .. }, _) => {
                if let (Some(waiting), Some(fact)) = (&mut self.waiting, fact) {
                    waiting.rulings.push(fact);
                }
            }
            (Act::Spill { .. } | Act::Lookup { .. } | Act::Store { .. } | Act::Forget { .. }, _) => {}
        }
    }

    /// What waited goes on as what `made` makes of it.
    fn resolve(&mut self, fact: Option<Ruling<'static>>, made: impl FnOnce(&Bytes) -> Bytes) {
        let Some(Waiting { event, woke, mut rulings }) = self.waiting.take() else { return };
        rulings.extend(fact);
        let piece = Piece { bytes: made(&event), woke };
        self.ready.push_back((piece, Some(Told { original: Some(event), rulings })));
    }

    /// What was read of an event that does not end.
    fn let_go(&mut self) {
        if let Reading::Gathering(held) = std::mem::replace(&mut self.reading, Reading::Between)
            && !held.is_empty()
        {
            self.ready.push_back((Piece { bytes: held.freeze(), woke: Instant::now() }, None));
        }
    }
}

impl Source for Events {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Piece, Cut>>> {
        loop {
            if let Some((piece, told)) = self.ready.pop_front() {
                self.told = told;
                return Poll::Ready(Some(Ok(piece)));
            }
            // What happens within an event that passes as it comes is said behind it.
            if !matches!(self.reading, Reading::Passing)
                && let Poll::Ready(output) = self.seat.poll_next(cx)
            {
                self.on(output);
                continue;
            }
            if self.waiting.is_some() {
                return Poll::Pending;
            }
            if let Some(piece) = self.rest.take() {
                self.look(piece);
                continue;
            }
            match self.end {
                Some(Ok(())) => return Poll::Ready(None),
                Some(Err(Cut)) => return Poll::Ready(Some(Err(Cut))),
                None => {}
            }
            match self.from.poll_piece(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(piece))) => self.look(piece),
                Poll::Ready(end) => {
                    self.reading = match std::mem::replace(&mut self.reading, Reading::Between) {
                        Reading::Passing => Reading::Between,
                        reading => reading,
                    };
                    self.let_go();
                    self.end = Some(if end.is_some() { Err(Cut) } else { Ok(()) });
                }
            }
        }
    }

    fn told(&mut self) -> Option<Told> {
        self.told.take()
    }
}
