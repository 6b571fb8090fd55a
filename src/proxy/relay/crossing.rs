//! Where the two directions of a session meet: the gate, and what it has said is to go out on either side.
//!
//! All is on one thread. Locks are held for as long as a frame is decided about, never while something waits. Knows
//! nothing of descriptors.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::proxy::rulebook::{Regulated, Rulebook};
use crate::proxy::store::Stores;
use crate::rules::{Act, Gate, Lane, Output, Ticket, Verdict};
use crate::trace::Micros;
use crate::wire::Direction;

/// Answers of ours that may wait for the client before no more requests are read from it.
const ROOM_BYTES: usize = 1024 * 1024;
/// Over standard streams there is one conversation.
const LANE: Lane = Lane(0);

/// What the relays of one session share.
#[derive(Debug)]
pub(in crate::proxy) struct Crossing {
    gate: Arc<Regulated>,
    stores: Stores,
    state: Mutex<State>,
    ways: [Way; 2],
    /// The client has closed its side, and requests of its own still wait.
    is_ending: AtomicBool,
}

/// One direction, as far as it can be looked at without a lock.
#[derive(Debug, Default)]
struct Way {
    has_waiting: AtomicBool,
    /// Something waits to be sent, or need not be waited for any more.
    news: Notify,
    /// Something has been sent.
    room: Notify,
}

#[derive(Debug, Default)]
struct State {
    outboxes: [Outbox; 2],
    /// Chunks that are being decided about, and chunks that the recorder has been told of.
    begun: [u64; 2],
    seen: [u64; 2],
    /// What is only to be told when the message that it is about has been.
    early: Vec<Done>,
}

#[derive(Debug, Default)]
struct Outbox {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Nobody receives any more.
    is_closed: bool,
}

/// What is to be done in one direction, in order.
#[derive(Debug)]
pub(super) enum Entry {
    /// These bytes pass as they came.
    Pass(Vec<u8>),
    /// What the rules send.
    Send(Done),
    /// A file to be written before what comes next is sent; the message as it came, if there is one.
    Spill { path: std::path::PathBuf, text: String, original: Option<Vec<u8>> },
}

impl Entry {
    pub(super) fn len_bytes(&self) -> usize {
        match self {
            Self::Pass(bytes) => bytes.len(),
            Self::Send(Done { output: Output { act: Act::Send { frame, .. }, .. }, .. }) => frame.len(),
            Self::Send(_) => 0,
            Self::Spill { text, original, .. } => text.len() + original.as_ref().map_or(0, Vec::len),
        }
    }
}

/// Something to be recorded once it has been done.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) output: Output,
    /// How many chunks of the direction that it is about the recorder has to know by then.
    after: u64,
}

impl Crossing {
    pub(in crate::proxy) fn new(rules: &Rulebook) -> Arc<Self> {
        Arc::new(Self {
            gate: rules.gate(),
            stores: rules.stores(),
            state: Mutex::default(),
            ways: [Way::default(), Way::default()],
            is_ending: AtomicBool::new(false),
        })
    }

    /// Whether chunks may pass unseen.
    pub(super) fn is_idle(&self) -> bool {
        self.gate.is_idle()
    }

    /// Lets go on what is due, for as long as it is polled.
    pub(in crate::proxy) async fn keep_time(self: Arc<Self>) {
        loop {
            self.gate.turn().await;
            self.touch(|_, _| {});
        }
    }

    /// Has the gate for a moment, and takes down what is to be done then.
    fn touch<T>(self: &Arc<Self>, act: impl FnOnce(&mut Gate, Micros) -> T) -> T {
        let result = self.gate.with(|gate, now| {
            let result = act(gate, now);
            self.take_all(gate, None);
            result
        });
        if self.is_ending.load(Ordering::Relaxed) {
            self.way(Direction::ToServer).news.notify_one();
        }
        result
    }

    fn take_all(self: &Arc<Self>, gate: &mut Gate, original: Option<&[u8]>) {
        while let Some(output) = gate.take() {
            self.take_down(output, original);
        }
    }

    fn take_down(self: &Arc<Self>, output: Output, original: Option<&[u8]>) {
        let Output { act, .. } = &output;
        match act {
            Act::Note { .. } => {
                let mut state = self.lock();
                let after = state.begun[output.to.index()];
                self.tell(&mut state, Done { output, after });
            }
            Act::Send { to, .. } => {
                let (to, after) = (*to, self.lock().begun[output.to.index()]);
                self.push(to, Entry::Send(Done { output, after }));
            }
            Act::Spill { .. } => {
                let Act::Spill { path, text } = output.act else { return };
                let original = original.map(<[u8]>::to_vec);
                self.push(Direction::ToClient, Entry::Spill { path, text, original });
            }
            Act::Lookup { .. } => {
                let Act::Lookup { ticket, store, key } = output.act else { return };
                tokio::spawn(self.clone().look_up(ticket, store, key));
            }
            Act::Store { .. } => {
                let Act::Store { store, key, value, ttl } = output.act else { return };
                self.stores.put(&store, key, value, ttl);
            }
            Act::Forget { store, prefix } => self.stores.forget(store, prefix),
        }
    }

    async fn look_up(self: Arc<Self>, ticket: Ticket, store: String, key: String) {
        let value = self.stores.lookup(&store, &key).await;
        self.touch(|gate, now| gate.found(now, ticket, value));
    }

    fn push(&self, to: Direction, entry: Entry) {
        let mut state = self.lock();
        let outbox = &mut state.outboxes[to.index()];
        if outbox.is_closed {
            return;
        }
        outbox.bytes += entry.len_bytes();
        outbox.entries.push_back(entry);
        drop(state);
        let way = self.way(to);
        way.has_waiting.store(true, Ordering::Release);
        way.news.notify_one();
    }

    /// What waits to be sent in this direction, in order, and how many bytes that is.
    pub(super) fn take(&self, to: Direction) -> Option<(VecDeque<Entry>, usize)> {
        if !self.way(to).has_waiting.swap(false, Ordering::Acquire) {
            return None;
        }
        let mut state = self.lock();
        let outbox = &mut state.outboxes[to.index()];
        let entries = std::mem::take(&mut outbox.entries);
        Some((entries, outbox.bytes))
    }

    /// What was taken has been sent.
    pub(super) fn sent(&self, to: Direction, bytes: usize, done: impl IntoIterator<Item = Done>) {
        let mut state = self.lock();
        state.outboxes[to.index()].bytes -= bytes;
        for done in done {
            self.tell(&mut state, done);
        }
        drop(state);
        self.way(to).room.notify_one();
    }

    /// Waits until something is to be sent, or somebody else has to be asked again.
    pub(super) async fn news(&self, to: Direction) {
        self.way(to).news.notified().await;
    }

    pub(super) fn has_waiting(&self, to: Direction) -> bool {
        self.way(to).has_waiting.load(Ordering::Acquire)
    }

    /// Waits while as much waits for the client as may.
    pub(super) async fn room_at_client(&self) {
        let way = self.way(Direction::ToClient);
        while self.lock().outboxes[Direction::ToClient.index()].bytes > ROOM_BYTES {
            way.room.notified().await;
        }
    }

    /// The client has closed its side. Whether requests wait that will still be sent.
    pub(super) fn holds(&self) -> bool {
        self.is_ending.store(true, Ordering::Relaxed);
        self.gate.with(|gate, _| gate.holds())
    }

    /// The client is gone: nothing that waits is sent in its name.
    pub(super) fn forsake(self: &Arc<Self>) {
        self.touch(|gate, now| gate.close(now, LANE));
    }

    /// The client has closed its side for long enough: what still waits is answered instead.
    pub(super) fn dismiss(self: &Arc<Self>) {
        self.touch(Gate::dismiss);
    }

    /// Nobody receives any more in this direction.
    pub(super) fn close(&self, to: Direction) {
        let mut state = self.lock();
        state.outboxes[to.index()] = Outbox { is_closed: true, ..Outbox::default() };
        state.seen[to.index()] = u64::MAX;
        self.tell_early(&mut state, to);
        drop(state);
        self.way(to).room.notify_one();
    }

    /// Recorded once what it is about has been: whoever looks at it there finds the message first.
    fn tell(&self, state: &mut State, done: Done) {
        if state.seen[done.output.to.index()] >= done.after {
            self.gate.tell(done.output, None);
        } else if self.gate.is_recorded() {
            state.early.push(done);
        }
    }

    /// The recorder has been told of all chunks so far.
    pub(super) fn seen(&self, to: Direction) {
        let mut state = self.lock();
        state.seen[to.index()] = state.begun[to.index()];
        self.tell_early(&mut state, to);
    }

    fn tell_early(&self, state: &mut State, to: Direction) {
        if state.early.is_empty() {
            return;
        }
        let (now, later) = state.early.drain(..).partition(|done| done.output.to == to);
        state.early = later;
        let now: Vec<Done> = now;
        for done in now {
            self.gate.tell(done.output, None);
        }
    }

    /// Decides about a chunk that travels `to` one side, or about what is left at the end of the stream.
    pub(super) fn decide(
        self: &Arc<Self>,
        to: Direction,
        act: impl FnOnce(&mut Bench<'_>),
    ) -> std::ops::Range<usize> {
        self.lock().begun[to.index()] += 1;
        self.gate.with(|gate, now| {
            let mut bench = Bench { crossing: self, gate, now, to, run: 0..0, is_too_long: false };
            act(&mut bench);
            bench.run
        })
    }

    /// A remark for the recording.
    pub(super) fn note(&self, text: &'static str) {
        self.gate.note(text);
    }

    fn way(&self, to: Direction) -> &Way {
        &self.ways[to.index()]
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where one chunk is decided about.
pub(super) struct Bench<'a> {
    crossing: &'a Arc<Crossing>,
    gate: &'a mut Gate,
    now: Micros,
    to: Direction,
    /// The part of the chunk that goes out before anything that waits: it need not be copied.
    run: std::ops::Range<usize>,
    pub(super) is_too_long: bool,
}

impl Bench<'_> {
    /// Passes a part of the chunk.
    pub(super) fn pass(&mut self, chunk: &[u8], place: std::ops::Range<usize>) {
        if self.crossing.has_waiting(self.to) {
            self.crossing.push(self.to, Entry::Pass(chunk[place].to_vec()));
        } else if self.run.is_empty() {
            self.run = place;
        } else if self.run.end == place.start {
            self.run.end = place.end;
        } else {
            self.crossing.push(self.to, Entry::Pass(chunk[place].to_vec()));
        }
    }

    /// Passes what was put together.
    pub(super) fn pass_owned(&mut self, bytes: Vec<u8>) {
        self.crossing.push(self.to, Entry::Pass(bytes));
    }

    pub(super) fn wants(&self) -> bool {
        self.gate.wants(self.to)
    }

    /// Shows a frame to the rules.
    pub(super) fn judge(&mut self, frame: &[u8]) -> Verdict {
        self.gate.frame(self.now, LANE, self.to, frame)
    }

    /// Takes down what the rules said. After the frame itself, if that passes.
    pub(super) fn settle(&mut self, original: Option<&[u8]>) {
        self.crossing.take_all(self.gate, original);
    }
}
