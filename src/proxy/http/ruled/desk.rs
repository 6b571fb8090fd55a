//! The gate between HTTP exchanges: one for all of them, so that caches and limits hold for every client.
//!
//! Each exchange is a lane with a box into which what happens in it is put, whoever caused that. Knows nothing of HTTP.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::task::JoinHandle;

use super::aside::Aside;
use super::fact::{exchange_of, fact};
use crate::proxy::rulebook::{Regulated, Rulebook};
use crate::proxy::store::Stores;
use crate::proxy::{Observer, spill};
use crate::rules::{Act, Caller, Gate, Lane, Output, Verdict};
use crate::trace::{Fact, Mark, Micros, Nanos, Outcome, Payload, Ruling};
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
    /// Exchanges that are over but for what mcptop itself asks in their name.
    over: Vec<Lane>,
}

/// What has happened in a lane and has not been taken.
#[derive(Default)]
struct Tray {
    steps: VecDeque<Step>,
    /// A file that could not be written, and the message that it was for as it had come.
    unwritten: Option<Unwritten>,
    waker: Option<Waker>,
    session: Box<str>,
    /// How questions of mcptop's own are asked. The exchange may be over before the last of them is.
    aside: Option<Aside>,
    /// The exchange is over: only questions of mcptop's own go on.
    is_over: bool,
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
    /// Another exchange may take up what is answered here.
    may_go_on: AtomicBool,
}

impl Desk {
    pub(in crate::proxy) fn new(rules: &Rulebook, observer: Observer) -> Arc<Self> {
        Arc::new(Self { gate: rules.gate(), stores: rules.stores(), trays: Mutex::default(), observer })
    }

    /// Whether a rule can act, or something waits.
    pub(in crate::proxy) fn is_awake(&self) -> bool {
        !self.gate.is_idle()
    }

    /// An exchange that began while no rule had to do with it is over, whatever it was.
    pub(in crate::proxy) fn unseen_ended(&self) {
        self.gate.unseen_ended();
    }

    /// Whether a message that a client posts has to be understood. If not, it and its answer may pass as bytes.
    pub(in crate::proxy) fn minds(&self, text: &[u8]) -> bool {
        self.gate.with(|gate, _| gate.minds(text))
    }

    /// A seat for a message, and what is answered to it.
    pub(super) fn sit(self: &Arc<Self>, lane: Lane, caller: Caller) -> Arc<Seat> {
        let tray = Tray { session: caller.session.clone(), ..Tray::default() };
        self.trays().lanes.insert(lane, tray);
        self.gate.with(|gate, _| gate.open(lane, caller));
        Arc::new(Seat { desk: self.clone(), lane, may_go_on: AtomicBool::new(false) })
    }

    /// Lets go on what is due, and tells everybody what changes with the rules, again and again.
    pub(in crate::proxy) async fn keep(self: Arc<Self>) {
        loop {
            self.gate.turn().await;
            self.with(None, |_, _| ());
            self.clear_away();
        }
    }

    /// Has the gate for a moment, and gives everybody what it has to say. What is left is for nobody who is there.
    fn with<T>(self: &Arc<Self>, original: Option<&[u8]>, act: impl FnOnce(&mut Gate, Micros) -> T) -> T {
        self.gate.with(|gate, now| {
            let result = act(gate, now);
            while let Some(output) = gate.take() {
                self.carry_out(output, original);
            }
            result
        })
    }

    /// Shows the gate what is answered to a question of mcptop's own.
    pub(super) fn show_own(self: &Arc<Self>, lane: Lane, text: &[u8]) {
        let exchange = Some(exchange_of(lane));
        let payload = Payload { text: text.to_vec().into(), end: LineEnd::None };
        self.observer.tell(Fact::Message {
            to: Direction::ToClient,
            own: Nanos(0),
            payload,
            parts: 0,
            exchange,
        });
        self.with(None, |gate, now| gate.frame(now, lane, Direction::ToClient, text));
    }

    /// A question of mcptop's own is no longer waited for.
    pub(super) fn stop_asking(self: &Arc<Self>, lane: Lane, id: &str) {
        self.with(None, |gate, now| gate.stop_asking(now, lane, id));
        self.clear_away();
    }

    /// Forgets exchanges that are over and in whose name nothing is asked any more.
    fn clear_away(self: &Arc<Self>) {
        let over = std::mem::take(&mut self.trays().over);
        if over.is_empty() {
            return;
        }
        let goes_on = |lane: &Lane| !self.with(None, |gate, now| gate.client_left(now, *lane));
        let (stay, go): (Vec<Lane>, Vec<Lane>) = over.into_iter().partition(goes_on);
        let mut trays = self.trays();
        trays.over.extend(stay);
        for lane in go {
            trays.lanes.remove(&lane);
        }
    }

    fn carry_out(self: &Arc<Self>, output: Output, original: Option<&[u8]>) {
        match output.act {
            Act::Note { .. } | Act::Send { .. } => self.hand_over(output),
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
                    desk.clear_away();
                });
            }
            Act::Store { store, key, value, ttl } => self.stores.put(&store, key, value, ttl),
            Act::Forget { store, prefix } => self.stores.forget(&store, &prefix),
        }
    }

    /// Gives somebody what happens to their messages.
    fn hand_over(self: &Arc<Self>, mut output: Output) {
        let is_note = matches!(output.act, Act::Note { .. });
        let is_own = output.id.as_deref().is_some_and(is_own);
        let is_silence = is_note && is_silence(&output);
        if output.to == Direction::ToServer || is_note && is_own {
            // The message that it is about has been told; what comes of an answer is told behind that.
            self.tell(&mut output);
        }
        // Whoever is met with silence hears nothing either of there being no more to wait for.
        if is_note && is_own || is_silence {
            return;
        }
        let is_news = output.outcome == Outcome::Sent
            && matches!(output.act, Act::Send { to: Direction::ToClient, .. });
        let mut trays = self.trays();
        if let Act::Send { to: Direction::ToServer, frame } = &output.act
            && is_own
        {
            if let Some(aside) = trays.lanes.get(&output.lane).and_then(|tray| tray.aside.as_ref()) {
                aside.send(self, &output, frame);
            }
            return;
        }
        let lane = if is_news { trays.listener(output.lane) } else { Some(output.lane) };
        if let Some(tray) = lane.and_then(|lane| trays.lanes.get_mut(&lane)).filter(|tray| !tray.is_over) {
            tray.steps.push_back(Step::Output(output));
            if let Some(waker) = tray.waker.take() {
                waker.wake();
            }
            return;
        }
        // Nobody is there for it. News reach only who listens.
        if output.to == Direction::ToClient && !is_news {
            self.tell(&mut output);
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

/// Whether a rule lets a request go unanswered, as a server would that says nothing.
fn is_silence(output: &Output) -> bool {
    let is_fault = |mark: &Mark<'_>| mark.by == "fault" && mark.hit && !mark.observed;
    output.outcome == Outcome::Dropped && output.marks.iter().any(is_fault)
}

/// Whether it is the id of a request of mcptop's own.
pub(super) fn is_own(id: &str) -> bool {
    id.starts_with(OWN_IDS)
}

impl Trays {
    /// Where the client of a lane hears what is said of no request.
    fn listener(&self, lane: Lane) -> Option<Lane> {
        self.listeners.get(&self.lanes.get(&lane)?.session).copied()
    }
}

impl Seat {
    /// Whether there are several messages in this text, and they have to be shown one by one.
    pub(super) fn takes_apart(&self, to: Direction, text: &[u8]) -> bool {
        text.trim_ascii_start().starts_with(b"[")
            && self.desk.is_awake()
            && self.desk.gate.with(|gate, _| gate.takes_apart(self.lane, to, text))
    }

    /// Shows a message to the gate. What is to happen instead of passing it on is to be taken.
    pub(super) fn show(&self, to: Direction, frame: &[u8]) -> Verdict {
        let original = (to == Direction::ToClient).then_some(frame);
        self.desk.with(original, |gate, now| gate.frame(now, self.lane, to, frame))
    }

    /// What there is to ask in the name of this exchange is asked so.
    pub(super) fn asks_through(&self, aside: Aside) {
        if let Some(tray) = self.desk.trays().lanes.get_mut(&self.lane) {
            tray.aside = Some(aside);
        }
    }

    /// Says something to the server in the name of this exchange.
    pub(super) fn say(&self, aside: &Aside, output: &Output, frame: &[u8]) {
        aside.send(&self.desk, output, frame);
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

    /// What the server says here has a name behind which it can be taken up again, by another exchange of the session.
    pub(super) fn may_go_on(&self) {
        self.may_go_on.store(true, Ordering::Relaxed);
    }

    /// What other exchanges of the session have left is answered here.
    pub(super) fn resumes(&self) {
        self.desk.with(None, |gate, _| gate.resume_in(self.lane));
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
        let text = format!("exchange {}: {what}", exchange_of(self.lane).0);
        self.desk.observer.tell(Fact::Note { text: text.into() });
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let may_go_on = *self.may_go_on.get_mut();
        let is_over = self.desk.with(None, |gate, now| {
            if may_go_on { gate.drift(now, self.lane) } else { gate.client_left(now, self.lane) }
        });
        let mut trays = self.desk.trays();
        let Some(mut tray) = trays.lanes.remove(&self.lane) else { return };
        if trays.listeners.get(&tray.session) == Some(&self.lane) {
            trays.listeners.remove(&tray.session);
        }
        if !is_over {
            tray.steps.clear();
            tray.is_over = true;
            trays.over.push(self.lane);
            trays.lanes.insert(self.lane, tray);
        }
    }
}
