//! Brings what passes before the rules, and does what they say.
//!
//! The client is on standard streams, so there is one conversation, whatever exchanges carry it. What rules hold back waits
//! here. Knows nothing of HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::journal::Entry;
use super::link::Link;
use super::live::Asked;
use super::post::Line;
use super::said::Said;
use super::writer::Gone;
use crate::proxy::rulebook::{Regulated, Rulebook};
use crate::proxy::spill;
use crate::proxy::store::Stores;
use crate::rules::{Act, Caller, Gate, Lane, Output, Ticket, Verdict};
use crate::trace::{ExchangeId, Micros, Outcome};
use crate::wire::{Direction, same_id};

const LANE: Lane = Lane(0);

/// The gate, and what waits before it.
#[derive(Debug)]
pub(super) struct Ruled {
    gate: Arc<Regulated>,
    stores: Stores,
    state: Mutex<State>,
    /// As many at most as requests are open.
    errands: mpsc::UnboundedSender<Errand>,
}

#[derive(Debug, Default)]
struct State {
    /// What the requests show the server, as far as the rules know.
    credentials: Option<u128>,
    /// In which exchange a request came that the rules were shown, by its id.
    exchanges: HashMap<String, ExchangeId>,
    /// Lines that go no further for now.
    held: HashMap<ExchangeId, Held>,
}

#[derive(Debug)]
struct Held {
    line: Line,
    asked: Asked,
}

/// What has to be done beside what is under way.
#[derive(Debug)]
pub(super) enum Errand {
    /// Carry this line, which the recording knows already if it came in `told`.
    Carry {
        line: Line,
        /// What was followed while it was held.
        asked: Option<Asked>,
        told: Option<ExchangeId>,
    },
    /// Ask the second level of a cache.
    LookUp { ticket: Ticket, store: String, key: String },
}

/// The message that the rules have just been shown.
pub(super) enum Hand<'a> {
    /// None: the time had come for something.
    Empty,
    /// A line of the client, in this exchange.
    Line(ExchangeId),
    /// A message for the client, in this exchange; as it came, unless it has passed.
    Message(&'a Entry<'a>, Option<Vec<u8>>),
}

/// What becomes of a line of the client.
pub(super) enum Decision {
    /// The rules do not care.
    Unseen,
    /// It goes on as it is; the recording knows of it.
    Passes,
    /// It is taken; this is to be done.
    Taken,
}

impl Ruled {
    pub(super) fn new(rules: &Rulebook) -> (Self, mpsc::UnboundedReceiver<Errand>) {
        let (errands, waiting) = mpsc::unbounded_channel();
        (Self { gate: rules.gate(), stores: rules.stores(), state: Mutex::default(), errands }, waiting)
    }

    /// Whether lines are held back that will still go out.
    pub(super) fn holds(&self) -> bool {
        !self.gate.is_idle() && self.gate.with(|gate, _| gate.holds())
    }

    /// Holds a line back until the rules say what becomes of it.
    pub(super) fn hold(&self, exchange: ExchangeId, line: Line, asked: Asked) {
        self.lock().held.insert(exchange, Held { line, asked });
    }

    /// A line has been carried to its end.
    pub(super) fn carried(&self, said: &Said, exchange: ExchangeId) {
        let mut state = self.lock();
        for question in &said.asked {
            // The id may be another question's by now.
            if state.exchanges.get(&*same_id(&question.id)) == Some(&exchange) {
                state.exchanges.remove(&*same_id(&question.id));
            }
        }
    }

    fn touch<T>(&self, act: impl FnOnce(&mut Gate, Micros) -> T) -> (T, Vec<Output>) {
        self.gate.with(|gate, now| {
            let result = act(gate, now);
            (result, std::iter::from_fn(|| gate.take()).collect())
        })
    }

    /// Shows a frame to the rules if they want to see one, and before that, who asks: that can change with any answer.
    fn judge(
        &self,
        credentials: impl FnOnce() -> Option<u128>,
        to: Direction,
        line: &[u8],
    ) -> Option<(Verdict, Vec<Output>)> {
        if self.gate.is_idle() {
            return None;
        }
        let credentials = credentials();
        let is_other = std::mem::replace(&mut self.lock().credentials, credentials) != credentials;
        let judged = self.touch(|gate, now| {
            if is_other {
                gate.open(LANE, Caller { credentials, ..Caller::default() });
            }
            gate.wants(to).then(|| gate.frame(now, LANE, to, &[line, b"\n"].concat()))
        });
        Some((judged.0?, judged.1))
    }

    fn exchange_of(&self, output: &Output) -> Option<ExchangeId> {
        let id = output.id.as_deref().filter(|_| output.to == Direction::ToServer)?;
        self.lock().exchanges.get(&*same_id(id)).copied()
    }

    /// Lets go of what was held in this exchange.
    fn let_go(&self, exchange: Option<ExchangeId>) -> Option<Held> {
        let (exchange, mut state) = (exchange?, self.lock());
        let held = state.held.remove(&exchange)?;
        for question in &held.line.said.asked {
            state.exchanges.remove(&*same_id(&question.id));
        }
        Some(held)
    }

    fn send(&self, errand: Errand) {
        // It is over, and nobody carries anything any more.
        let _ = self.errands.send(errand);
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// Decides about a line of the client; says what the rules want done.
    pub(super) fn decide(&self, line: &Line, exchange: ExchangeId) -> (Decision, Vec<Output>) {
        let Some((verdict, outputs)) =
            self.ruled.judge(|| self.way.credentials(), Direction::ToServer, &line.text)
        else {
            return (Decision::Unseen, Vec::new());
        };
        let mut state = self.ruled.lock();
        for question in &line.said.asked {
            state.exchanges.insert(same_id(&question.id).into_owned(), exchange);
        }
        drop(state);
        let request = self.post(&line.said, &line.text);
        self.journal.announce(exchange, request.names(), line.woke, &line.text);
        match verdict {
            Verdict::Pass => (Decision::Passes, outputs),
            Verdict::Taken => (Decision::Taken, outputs),
        }
    }

    /// Brings a line before the rules, and to the client if it passes. What they did with it is recorded behind the message
    /// itself, which is when the entry is next told something.
    pub(super) async fn to_client(&self, line: Vec<u8>, entry: &Entry<'_>) -> Result<(), Gone> {
        match self.ruled.judge(|| self.way.credentials(), Direction::ToClient, &line) {
            None => self.writer.line(line).await,
            Some((Verdict::Pass, outputs)) => {
                self.writer.line(line).await?;
                self.perform(outputs, Hand::Message(entry, None)).await
            }
            Some((Verdict::Taken, outputs)) => self.perform(outputs, Hand::Message(entry, Some(line))).await,
        }
    }

    /// Lets go on what is due, until the client reads no more.
    pub(super) async fn keep_time(self: Arc<Self>) {
        loop {
            self.ruled.gate.turn().await;
            let ((), outputs) = self.ruled.touch(|_, _| {});
            if self.perform(outputs, Hand::Empty).await.is_err() {
                return;
            }
        }
    }

    /// Asks the second level of a cache, and goes on with what it says.
    pub(super) async fn look_up(self: Arc<Self>, ticket: Ticket, store: String, key: String) {
        let value = self.ruled.stores.lookup(&store, &key).await;
        let ((), outputs) = self.ruled.touch(|gate, now| gate.found(now, ticket, value));
        // A client that is gone is seen by the writer as well.
        let _ = self.perform(outputs, Hand::Empty).await;
    }

    /// Does what the rules say.
    pub(super) async fn perform(&self, outputs: Vec<Output>, mut hand: Hand<'_>) -> Result<(), Gone> {
        let mut lost = None;
        for mut output in outputs {
            match &mut output.act {
                Act::Spill { path, text } => {
                    let (path, text) = (std::mem::take(path), std::mem::take(text));
                    let file = path.clone();
                    let written = tokio::task::spawn_blocking(move || spill::write(&file, &text)).await;
                    let written = written.unwrap_or_else(|error| Err(error.into()));
                    lost = written.err().map(|why| (path, why));
                }
                Act::Lookup { ticket, store, key } => {
                    let (store, key) = (std::mem::take(store), std::mem::take(key));
                    self.ruled.send(Errand::LookUp { ticket: *ticket, store, key });
                }
                Act::Store { store, key, value, ttl } => {
                    let (key, value) = (std::mem::take(key), std::mem::take(value));
                    self.ruled.stores.put(store, key, value, *ttl);
                }
                Act::Forget { store, prefix } => self.ruled.stores.forget(store, prefix),
                Act::Note { .. } => self.told(output, &hand),
                Act::Send { to: Direction::ToServer, frame } => {
                    let text = Bytes::copy_from_slice(trimmed(frame));
                    self.release(&output, text);
                    self.told(output, &hand);
                }
                Act::Send { to: Direction::ToClient, frame } => {
                    let line = match lost.take() {
                        Some((path, why)) => spill::take_back(&mut output, hand.original(), &path, &why),
                        None => frame.clone(),
                    };
                    self.writer.line(trimmed(&line).to_vec()).await?;
                    self.told(output, &hand);
                }
            }
        }
        Ok(())
    }

    /// A line goes out: one that was held, something else in its place, or one of ours.
    fn release(&self, output: &Output, text: Bytes) {
        let exchange = self.ruled.exchange_of(output);
        let held = self.ruled.let_go(exchange);
        if let (Some(exchange), Some(id)) = (exchange, &output.id) {
            // It is only now that it goes out.
            self.ruled.lock().exchanges.insert(same_id(id).into_owned(), exchange);
        }
        let woke = held.as_ref().map_or_else(std::time::Instant::now, |held| held.line.woke);
        let line = Line { said: Said::read(&text), text, woke };
        let is_ours = output.outcome == Outcome::Sent;
        self.ruled.send(Errand::Carry {
            line,
            asked: held.map(|held| held.asked),
            told: exchange.filter(|_| !is_ours),
        });
    }

    /// Records what was done, and lets go of a line that goes no further.
    fn told(&self, output: Output, hand: &Hand<'_>) {
        let exchange = self.ruled.exchange_of(&output).or(match hand {
            Hand::Line(exchange) if output.to == Direction::ToServer && output.id.is_none() => {
                Some(*exchange)
            }
            Hand::Line(_) | Hand::Message(..) | Hand::Empty => None,
        });
        let is_over = output.to == Direction::ToServer
            && matches!(output.outcome, Outcome::Answered | Outcome::Dropped);
        if output.to == Direction::ToClient
            && let Hand::Message(entry, _) = hand
        {
            entry.later(output);
        } else {
            self.journal.ruled(output, exchange);
        }
        if is_over && self.ruled.let_go(exchange).is_some() {
            self.journal.answered_here(exchange);
        }
    }
}

impl Hand<'_> {
    fn original(&mut self) -> Option<Vec<u8>> {
        match self {
            Hand::Message(_, original) => original.take(),
            Hand::Empty | Hand::Line(_) => None,
        }
    }
}

/// A frame without the ending that lines have.
fn trimmed(frame: &[u8]) -> &[u8] {
    frame.strip_suffix(b"\n").unwrap_or(frame)
}
