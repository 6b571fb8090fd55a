//! The gate between HTTP exchanges: one for all of them, so that caches and limits hold for every client.
//!
//! Each exchange is a lane with a box into which what happens in it is put, whoever caused that. Knows nothing of HTTP.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::task::JoinHandle;

use super::fact::fact;
use crate::proxy::rulebook::{Regulated, Rulebook};
use crate::proxy::store::Stores;
use crate::proxy::{Observer, spill};
use crate::rules::{Act, Caller, Gate, Lane, Output, Verdict};
use crate::trace::{ExchangeId, Fact, Micros, Nanos, Outcome, Payload, Ruling};
use crate::wire::{Direction, LineEnd};

/// How the ids of mcptop's own requests begin.
const OWN_IDS: &str = "\"mcptop-";

/// What all ruled exchanges share.
pub(in crate::proxy) struct Desk {
    gate: Arc<Regulated>,
    stores: Stores,
    trays: Mutex<Trays>,
    observer: Observer,
}

#[derive(Default)]
struct Trays {
    lanes: HashMap<Lane, Tray>,
    /// The streams on which sessions hear what is said of no request.
    listeners: HashMap<Box<str>, Lane>,
}

/// What has happened in a lane and has not been taken.
#[derive(Default)]
struct Tray {
    steps: VecDeque<Step>,
    /// A file that could not be written, and the message that it was for as it had come.
    unwritten: Option<Unwritten>,
    waker: Option<Waker>,
    session: Box<str>,
}

/// Something that happens in a lane, in its turn.
enum Step {
    Output(Output),
    /// A file is being written; what follows says where it is.
    Writing {
        path: PathBuf,
        original: Option<Vec<u8>>,
        writing: JoinHandle<io::Result<()>>,
    },
}

struct Unwritten {
    path: PathBuf,
    original: Option<Vec<u8>>,
    why: io::Error,
}

/// An exchange's seat at the desk. Left, its lane is over.
pub(super) struct Seat {
    desk: Arc<Desk>,
    lane: Lane,
}

impl Desk {
    pub(in crate::proxy) fn new(rules: &Rulebook, observer: Observer) -> Arc<Self> {
        Arc::new(Self { gate: rules.gate(), stores: rules.stores(), trays: Mutex::default(), observer })
    }

    /// Whether a rule can act, or something waits.
    pub(in crate::proxy) fn is_awake(&self) -> bool {
        !self.gate.is_idle()
    }

    /// A seat for an exchange.
    pub(super) fn sit(self: &Arc<Self>, exchange: ExchangeId, caller: Caller) -> Seat {
        let lane = Lane(u64::from(exchange.0));
        let tray = Tray { session: caller.session.clone(), ..Tray::default() };
        self.trays().lanes.insert(lane, tray);
        self.gate.with(|gate, _| gate.open(lane, caller));
        Seat { desk: self.clone(), lane }
    }

    /// Lets go on what is due, and tells everybody what changes with the rules, again and again.
    pub(in crate::proxy) async fn keep(self: Arc<Self>) {
        loop {
            self.gate.turn().await;
            self.with(None, |_, _| ());
        }
    }

    /// Has the gate for a moment, and gives everybody what it has to say. What is left is for nobody who is there.
    fn with<T>(
        self: &Arc<Self>,
        original: Option<&[u8]>,
        act: impl FnOnce(&mut Gate, Micros) -> T,
    ) -> (T, Vec<Output>) {
        self.gate.with(|gate, now| {
            let (result, mut left) = (act(gate, now), Vec::new());
            while let Some(output) = gate.take() {
                left.extend(self.carry_out(output, original));
            }
            (result, left)
        })
    }

    fn carry_out(self: &Arc<Self>, output: Output, original: Option<&[u8]>) -> Option<Output> {
        match output.act {
            Act::Note { .. } | Act::Send { .. } => return self.hand_over(output),
            Act::Spill { path, text } => {
                let target = path.clone();
                let writing = tokio::task::spawn_blocking(move || spill::write(&target, &text));
                if let Some(tray) = self.trays().lanes.get_mut(&output.lane) {
                    let original = original.map(<[u8]>::to_vec);
                    tray.steps.push_back(Step::Writing { path, original, writing });
                }
            }
            Act::Lookup { ticket, store, key } => {
                let desk = self.clone();
                tokio::spawn(async move {
                    let value = desk.stores.lookup(&store, &key).await;
                    desk.with(None, |gate, now| gate.found(now, ticket, value));
                });
            }
            Act::Store { store, key, value, ttl } => self.stores.put(&store, key, value, ttl),
            Act::Forget { store, prefix } => self.stores.forget(&store, &prefix),
        }
        None
    }

    /// Gives somebody what happens to their messages.
    fn hand_over(&self, mut output: Output) -> Option<Output> {
        let is_note = matches!(output.act, Act::Note { .. });
        if output.to == Direction::ToServer || is_note && is_own(&output) {
            // The message that it is about has been told; what comes of an answer is told behind that.
            self.tell(&mut output);
        }
        if is_note && is_own(&output) {
            return None;
        }
        let is_news = output.outcome == Outcome::Sent
            && matches!(output.act, Act::Send { to: Direction::ToClient, .. });
        let mut trays = self.trays();
        let lane = if is_news { trays.listener(output.lane) } else { Some(output.lane) };
        if let Some(tray) = lane.and_then(|lane| trays.lanes.get_mut(&lane)) {
            tray.steps.push_back(Step::Output(output));
            if let Some(waker) = tray.waker.take() {
                waker.wake();
            }
            return None;
        }
        // Nobody is there for it. News reach only who listens.
        if output.to == Direction::ToClient && !is_news {
            self.tell(&mut output);
        }
        Some(output)
    }

    fn tell(&self, output: &mut Output) {
        if self.observer.tap.is_some()
            && let Some(fact) = fact(output)
        {
            self.observer.tell(Fact::Ruled(Box::new(fact)));
        }
    }

    /// A panic while holding the lock leaves plain values behind.
    fn trays(&self) -> MutexGuard<'_, Trays> {
        self.trays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tray {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Output> {
        while let Some(Step::Writing { writing, .. }) = self.steps.front_mut() {
            let written = ready!(Pin::new(writing).poll(cx)).unwrap_or_else(|error| Err(error.into()));
            if let (Some(Step::Writing { path, original, .. }), Err(why)) = (self.steps.pop_front(), written)
            {
                self.unwritten = Some(Unwritten { path, original, why });
            }
        }
        let Some(Step::Output(mut output)) = self.steps.pop_front() else {
            self.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if matches!(output.act, Act::Send { to: Direction::ToClient, .. })
            && let Some(Unwritten { path, original, why }) = self.unwritten.take()
        {
            let frame = spill::take_back(&mut output, original, &path, &why);
            output.act = Act::Send { to: Direction::ToClient, frame };
        }
        Poll::Ready(output)
    }
}

/// Whether it is about a request of mcptop's own.
fn is_own(output: &Output) -> bool {
    output.id.as_deref().is_some_and(|id| id.starts_with(OWN_IDS))
}

impl Trays {
    /// Where the client of a lane hears what is said of no request.
    fn listener(&self, lane: Lane) -> Option<Lane> {
        self.listeners.get(&self.lanes.get(&lane)?.session).copied()
    }
}

impl Seat {
    /// Shows a message to the gate. What is to happen instead of passing it on is to be taken.
    pub(super) fn show(&self, to: Direction, frame: &[u8]) -> Verdict {
        let original = (to == Direction::ToClient).then_some(frame);
        self.desk.with(original, |gate, now| gate.frame(now, self.lane, to, frame)).0
    }

    /// Shows the answer to a question of mcptop's own. What comes of it that nobody is there for, with its frame, is to be
    /// said to the server by who asked.
    pub(super) fn show_own(&self, lane: Lane, text: &[u8]) -> Vec<(Output, Vec<u8>)> {
        let exchange = u32::try_from(self.lane.0).ok().map(ExchangeId);
        let payload = Payload { text: text.to_vec().into(), end: LineEnd::None };
        self.desk.observer.tell(Fact::Message {
            to: Direction::ToClient,
            own: Nanos(0),
            payload,
            parts: 0,
            exchange,
        });
        let (_, left) = self.desk.with(None, |gate, now| gate.frame(now, lane, Direction::ToClient, text));
        let to_server =
            |mut output: Output| match std::mem::replace(&mut output.act, Act::Note { frame: None }) {
                Act::Send { to: Direction::ToServer, frame } => Some((output, frame)),
                _ => None,
            };
        left.into_iter().filter_map(to_server).collect()
    }

    /// Whether messages to the client have to be shown now.
    pub(super) fn wants_answers(&self) -> bool {
        self.desk.is_awake() && self.desk.gate.with(|gate, _| gate.wants(Direction::ToClient))
    }

    /// The answer opens a session: from now on this is who asks.
    pub(super) fn is_of(&self, caller: Caller) {
        if let Some(tray) = self.desk.trays().lanes.get_mut(&self.lane) {
            tray.session = caller.session.clone();
        }
        self.desk.with(None, |gate, _| gate.open(self.lane, caller));
    }

    /// What is said to this session of no request is to be said here.
    pub(super) fn listens(&self) {
        let mut trays = self.desk.trays();
        let session = trays.lanes.get(&self.lane).map(|tray| tray.session.clone());
        if let Some(session) = session.filter(|session| !session.is_empty()) {
            trays.listeners.insert(session, self.lane);
        }
    }

    /// What has happened, if anything has.
    pub(super) fn take(&self) -> Option<Output> {
        match self.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// What rules note about an answer that passes.
    pub(super) fn notes(&self) -> Vec<Ruling<'static>> {
        let mut trays = self.desk.trays();
        let Some(tray) = trays.lanes.get_mut(&self.lane).filter(|tray| !tray.steps.is_empty()) else {
            return Vec::new();
        };
        let is_note = |step: &Step| {
            matches!(step, Step::Output(Output { to: Direction::ToClient, act: Act::Note { .. }, .. }))
        };
        let (notes, others) = std::mem::take(&mut tray.steps).into_iter().partition::<Vec<_>, _>(is_note);
        tray.steps = others.into();
        let fact = |step| match step {
            Step::Output(mut output) => fact(&mut output),
            Step::Writing { .. } => None,
        };
        notes.into_iter().filter_map(fact).collect()
    }

    /// What happens next.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Output> {
        match self.desk.trays().lanes.get_mut(&self.lane) {
            Some(tray) => tray.poll_next(cx),
            None => Poll::Pending,
        }
    }

    /// What happens next.
    pub(super) async fn next(&self) -> Output {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// A remark in the recording about this exchange.
    pub(super) fn remark(&self, what: &str) {
        let text = format!("exchange {}: {what}", self.lane.0);
        self.desk.observer.tell(Fact::Note { text: text.into() });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut trays = self.desk.trays();
        if let Some(tray) = trays.lanes.remove(&self.lane)
            && trays.listeners.get(&tray.session) == Some(&self.lane)
        {
            trays.listeners.remove(&tray.session);
        }
        drop(trays);
        self.desk.with(None, |gate, now| gate.close(now, self.lane));
    }
}
