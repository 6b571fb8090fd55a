//! The gate between HTTP exchanges: one for all of them, so that caches and limits hold for every client.
//!
//! Each exchange is a lane with a box into which what happens in it is put, whoever caused that. Knows nothing of HTTP.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::fact::fact;
use crate::proxy::{Observer, Regulated};
use crate::rules::{Act, Caller, Gate, Lane, Output, Verdict};
use crate::trace::{ExchangeId, Fact, Micros, Outcome, Ruling};
use crate::wire::Direction;

/// What all ruled exchanges share.
pub(in crate::proxy) struct Desk {
    gate: Arc<Regulated>,
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
    outputs: VecDeque<Output>,
    waker: Option<Waker>,
    session: Box<str>,
}

/// An exchange's seat at the desk. Left, its lane is over.
pub(super) struct Seat {
    desk: Arc<Desk>,
    lane: Lane,
}

impl Desk {
    pub(in crate::proxy) fn new(gate: Arc<Regulated>, observer: Observer) -> Arc<Self> {
        Arc::new(Self { gate, trays: Mutex::default(), observer })
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
            self.with(|_, _| ());
        }
    }

    /// Has the gate for a moment, and gives everybody what it has to say.
    fn with<T>(&self, act: impl FnOnce(&mut Gate, Micros) -> T) -> T {
        self.gate.with(|gate, now| {
            let result = act(gate, now);
            while let Some(output) = gate.take() {
                match output.act {
                    Act::Note { .. } | Act::Send { .. } => self.hand_over(output),
                    Act::Spill { .. } | Act::Lookup { .. } | Act::Store { .. } | Act::Forget { .. } => {}
                }
            }
            result
        })
    }

    fn hand_over(&self, mut output: Output) {
        if output.to == Direction::ToServer {
            // The message that it is about has been told; what comes of an answer is told behind that.
            self.tell(&mut output);
        }
        let is_news = output.outcome == Outcome::Sent
            && matches!(output.act, Act::Send { to: Direction::ToClient, .. });
        let mut trays = self.trays();
        let lane = if is_news { trays.listener(output.lane) } else { Some(output.lane) };
        match lane.and_then(|lane| trays.lanes.get_mut(&lane)) {
            Some(tray) => {
                tray.outputs.push_back(output);
                if let Some(waker) = tray.waker.take() {
                    waker.wake();
                }
            }
            // Nobody is there for it. News reach only who listens.
            None if output.to == Direction::ToClient && !is_news => self.tell(&mut output),
            None => {}
        }
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

impl Trays {
    /// Where the client of a lane hears what is said of no request.
    fn listener(&self, lane: Lane) -> Option<Lane> {
        self.listeners.get(&self.lanes.get(&lane)?.session).copied()
    }
}

impl Seat {
    /// Shows a message to the gate. What is to happen instead of passing it on is to be taken.
    pub(super) fn show(&self, to: Direction, frame: &[u8]) -> Verdict {
        self.desk.with(|gate, now| gate.frame(now, self.lane, to, frame))
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
        self.desk.with(|gate, _| gate.open(self.lane, caller));
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
        self.desk.trays().lanes.get_mut(&self.lane)?.outputs.pop_front()
    }

    /// What rules note about an answer that passes.
    pub(super) fn notes(&self) -> Vec<Ruling<'static>> {
        let mut trays = self.desk.trays();
        let Some(tray) = trays.lanes.get_mut(&self.lane) else { return Vec::new() };
        let is_note =
            |output: &Output| output.to == Direction::ToClient && matches!(output.act, Act::Note { .. });
        let (mut notes, others) =
            std::mem::take(&mut tray.outputs).into_iter().partition::<Vec<_>, _>(is_note);
        tray.outputs = others.into();
        notes.iter_mut().filter_map(fact).collect()
    }

    /// What happens next.
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Output> {
        let mut trays = self.desk.trays();
        let Some(tray) = trays.lanes.get_mut(&self.lane) else { return Poll::Pending };
        match tray.outputs.pop_front() {
            Some(output) => Poll::Ready(output),
            None => {
                tray.waker = Some(cx.waker().clone());
                Poll::Pending
            }
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
        self.desk.with(|gate, now| gate.close(now, self.lane));
    }
}
