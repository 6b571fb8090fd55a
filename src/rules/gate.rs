//! The gate: the rules in order, as one machine that every message passes.
//!
//! Drivers show it each frame and the time; what is to happen instead of plain forwarding comes out of
//! [`take`](Gate::take), in the order in which it has to be done. It knows nothing of sockets, files or clocks.
//!
//! A request goes through the transformers in the order of [`KINDS`](super::KINDS), those of one kind in the order of the
//! file: a hidden tool is refused, a fault struck, a delay waited out, a cache asked, an equal call in flight joined, a
//! token and a slot taken; then it leaves, and its time begins to run. Each of them leaves one mark with the request. Its
//! answer goes through what changes results, rule by rule; a cache marks an answer with what it keeps of it or why not.
//!
//! ```text
//! peek      what a frame is about, for next to nothing        ask     what a request asks for
//! readings  what else it may mean to a server                 doubt   frames that guards cannot tell the meaning of
//! plan      the rules at work, and what each has kept         item    the requests that are followed
//! asked     a request arrives, waits, leaves                  steps   one transformer's word on a request
//! answered  an answer arrives; who shares it                  dress   what rules make of a result
//! kept      caches: what is kept, found, forgotten            trust   whose answers others may have
//! own       requests of ours                                  notice  notifications
//! change    other rules, conversations that end
//! ```

mod answered;
mod ask;
mod asked;
mod batch;
mod change;
mod doubt;
mod dress;
mod drift;
mod item;
mod kept;
mod notice;
mod own;
mod peek;
mod plan;
mod readings;
mod session;
mod speak;
mod steps;
mod stored;
#[cfg(test)]
mod tests;
mod trust;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::path::PathBuf;

use self::item::{Group, ItemId, Items};
use self::peek::Peek;
use self::plan::Plan;
use self::session::Sessions;
use super::Ruleset;
use super::answer::Room;
use crate::trace::{Mark, Micros, Outcome};
use crate::wire::{Contents, Direction, Message, contents};

/// One conversation: the space in which a side's ids are unique. Over stdio there is one; over HTTP each exchange is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub u64);

/// Who asks on a lane: what answers may be told apart by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The client's session; empty if there is none.
    pub session: Box<str>,
    /// A digest of the credentials that came with the request, if any did.
    pub credentials: Option<u128>,
}

/// What the gate is given besides rules.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The server's label, which `match.server` is about.
    pub server: String,
    /// A digest of what is behind the gate, and of how it is reached: its command and environment, or its address and what
    /// is added to requests. Servers that differ in it share nothing in the second level of caches.
    pub identity: u128,
    /// Where long results are put as files (`limit = { over = "spill" }`).
    pub spill: PathBuf,
    /// A monotonic clock in nanoseconds, for the rules' own cost and nothing else.
    pub stopwatch: fn() -> u64,
    /// What chance is made of.
    pub seed: u64,
}

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Forward it as it is. There may be notes to take.
    Pass,
    /// Do not forward it: what happens instead is to be taken.
    Taken,
}

/// A question to the second level of a cache, to be answered by [`Gate::found`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// What a driver has to do, in order, and to tell the recorder.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// In which conversation.
    pub lane: Lane,
    /// The direction of the message that is ruled about: a request that gets an answer is one towards the server.
    pub to: Direction,
    /// The id of the request that it is about, as it was written.
    pub id: Option<Box<str>>,
    /// What became of the message.
    pub outcome: Outcome,
    /// What is to be done.
    pub act: Act,
    /// What each transformer did.
    pub marks: Vec<Mark<'static>>,
}

/// What a driver has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Nothing: only the recorder is told. With `frame`: what would have left, had the rules not only observed.
    Note {
        /// What would have left.
        frame: Option<Vec<u8>>,
    },
    /// Send this frame, line ending included. For an answer of ours `to` is the client, where [`Output::to`] is the server.
    Send {
        /// Where to.
        to: Direction,
        /// The frame.
        frame: Vec<u8>,
    },
    /// Write this file before anything after it is done. Not told to the recorder.
    Spill {
        /// Where.
        path: PathBuf,
        /// Its contents.
        text: String,
    },
    /// Ask the second level of a cache; not told to the recorder.
    Lookup {
        /// What the answer is for.
        ticket: Ticket,
        /// Where the second level is.
        store: String,
        /// What is asked for.
        key: String,
    },
    /// Put something into the second level of a cache; not told to the recorder.
    Store {
        /// Where the second level is.
        store: String,
        /// Under which key.
        key: String,
        /// What.
        value: Vec<u8>,
        /// For how long.
        ttl: std::time::Duration,
    },
    /// Empty the second level of a cache of all keys that begin so; not told to the recorder.
    Forget {
        /// Where the second level is.
        store: String,
        /// What they begin with.
        prefix: String,
    },
}

/// The rules in force for one server.
pub struct Gate {
    setting: Setting,
    plan: Plan,
    items: Items,
    sessions: Sessions,
    /// Who is asked in the name of all equal requests.
    groups: HashMap<Group, ItemId>,
    /// What the second level of a cache was asked, and by whom.
    tickets: HashMap<Ticket, ItemId>,
    room: Room,
    outputs: VecDeque<Output>,
    last_uid: u64,
    last_ticket: u64,
    last_own: u64,
    /// The world's time at the session's start, in microseconds since 1970.
    epoch_us: Option<u64>,
    /// Whether calls may be under way that were made before a rule kept answers.
    may_miss_calls: bool,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("setting", &self.setting)
            .field("rules", &self.plan.actives.len())
            .field("items", &self.items)
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// With these rules.
    #[must_use]
    pub fn new(setting: Setting, rules: &Ruleset) -> Self {
        let mut last_uid = 0;
        Self {
            plan: Plan::new(rules, &setting, Micros(0), None, &mut last_uid),
            items: Items::default(),
            sessions: Sessions::default(),
            groups: HashMap::new(),
            tickets: HashMap::new(),
            room: Room::new(setting.spill.clone()),
            outputs: VecDeque::new(),
            last_uid,
            last_ticket: 0,
            last_own: 0,
            epoch_us: None,
            may_miss_calls: false,
            setting,
        }
    }

    /// Says what time it was in the world when the session began, in microseconds since 1970. Without it what comes out of
    /// the second level of a cache has no age, and is not kept in the first one as well.
    #[must_use]
    pub fn with_epoch(mut self, epoch_us: u64) -> Self {
        self.epoch_us = Some(epoch_us);
        self
    }

    /// Puts other rules in force. What a rule has kept stays if the new rules have the same one.
    pub fn set(&mut self, now: Micros, rules: &Ruleset) {
        self.change_rules(now, rules);
    }

    /// Empties what the rule with this name keeps, or every rule, the second level of caches included.
    pub fn clear(&mut self, now: Micros, rule: Option<&str>) {
        self.empty(rule);
        self.time(now);
    }

    /// Whether no rule can act and nothing waits: drivers may then forward without asking.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.has_nothing_to_do() && self.outputs.is_empty()
    }

    /// Neither rules nor requests, and no rest of a result that a client was told it may ask for.
    fn has_nothing_to_do(&self) -> bool {
        self.plan.is_empty() && self.items.is_empty() && self.room.is_empty()
    }

    /// Whether frames in this direction have to be shown now. While not, drivers may pass on pieces of frames; asked at
    /// the beginning of a frame, the answer holds for the whole of it.
    #[must_use]
    pub fn wants(&self, to: Direction) -> bool {
        match to {
            Direction::ToServer => !self.is_idle(),
            // Notifications matter to what is kept, and to what is known of the tools for that.
            Direction::ToClient => {
                !self.items.is_empty()
                    || self.plan.has_cache && (self.sessions.knows_tools() || self.keeps_anything())
            }
        }
    }

    /// A conversation begins, and who asks in it. Over stdio that need not be said. Said again, it is somebody else from
    /// then on: a session that begins has its name only with its first answer.
    pub fn open(&mut self, lane: Lane, caller: Caller) {
        self.sessions.open(lane, caller);
        let caller = self.sessions.caller(lane);
        for number in self.items.of_lane(lane) {
            if let Some(item) = self.items.get_mut(number).filter(|item| item.caller != caller) {
                item.caller = caller.clone();
                self.sessions.get(&caller).is_from_start |= &*item.ask.method == "initialize";
            }
        }
    }

    /// Answers all that is still held back with an error that names the rule: its client has closed its side and will not
    /// be there for long.
    pub fn dismiss(&mut self, now: Micros) {
        self.dismiss_held(now);
    }

    /// A conversation is over: what waits in it waits for nobody.
    pub fn close(&mut self, now: Micros, lane: Lane) {
        self.close_lane(now, lane);
    }

    /// Decides about a frame, line ending included, that travels `to` one side.
    pub fn frame(&mut self, now: Micros, lane: Lane, to: Direction, frame: &[u8]) -> Verdict {
        if self.has_nothing_to_do() {
            return Verdict::Pass;
        }
        if to == Direction::ToServer && self.refuses_doubtful(lane, frame) {
            return Verdict::Taken;
        }
        if !self.is_worth_reading(lane, to, frame) {
            return Verdict::Pass;
        }
        match contents(frame) {
            Contents::One(message) => self.message(now, lane, to, frame, &message),
            Contents::Noise if to == Direction::ToServer && self.refuses_unreadable(lane, frame) => {
                Verdict::Taken
            }
            // There may be messages beside what is none.
            Contents::Batch(_) | Contents::Noise => self.batch(now, lane, to, frame),
        }
    }

    /// Whether a message to the server has to be shown, and with it its answer. If not, nothing can come of either, whoever
    /// asks.
    #[must_use]
    pub fn minds(&mut self, frame: &[u8]) -> bool {
        // What is kept is emptied by calls that no rule is about.
        self.plan.has_cache
            || self.is_worth_reading(Lane::default(), Direction::ToServer, frame)
            || self.is_doubtful(frame)
    }

    fn is_worth_reading(&mut self, lane: Lane, to: Direction, frame: &[u8]) -> bool {
        match peek::peek(frame) {
            Peek::Noise => false,
            Peek::Unclear => true,
            Peek::Answer(id) => {
                to == Direction::ToClient
                    && (self.may_miss_calls && (self.keeps_anything() || !self.items.is_empty())
                        || self.awaited(lane, id).is_some())
            }
            Peek::Call { method, params } => match to {
                Direction::ToServer => self.concerns(lane, method, params),
                Direction::ToClient => self.hears(method),
            },
        }
    }

    fn message(
        &mut self,
        now: Micros,
        lane: Lane,
        to: Direction,
        frame: &[u8],
        message: &Message<'_>,
    ) -> Verdict {
        match (to, message) {
            (Direction::ToServer, Message::Request { id, method, params }) => {
                self.request(now, lane, frame, id, method, *params)
            }
            (Direction::ToServer, Message::Notification { method, params }) => {
                self.client_notice(now, lane, method, *params)
            }
            (Direction::ToClient, Message::Notification { method, params }) => {
                self.server_notice(now, lane, frame, method, *params)
            }
            (Direction::ToClient, Message::Result { id, result }) => {
                self.answer(now, lane, frame, id, Ok(result))
            }
            (Direction::ToClient, Message::Error { id: Some(id), error }) => {
                self.answer(now, lane, frame, id, Err(error))
            }
            // What the server asks the client, and what the client answers, no rule is about.
            (Direction::ToClient, Message::Request { .. } | Message::Error { id: None, .. })
            | (Direction::ToServer, Message::Result { .. } | Message::Error { .. }) => Verdict::Pass,
        }
    }

    /// The answer of the second level of a cache; `None` also if it did not answer in time.
    #[expect(clippy::needless_pass_by_value, reason = "a driver has no other use for it")]
    pub fn found(&mut self, now: Micros, ticket: Ticket, value: Option<Vec<u8>>) {
        if let Some(number) = self.tickets.remove(&ticket) {
            self.looked_up(now, number, value.as_deref());
        }
    }

    /// When something that waits is due next.
    #[must_use]
    pub fn due(&self) -> Option<Micros> {
        let next_tokens = self
            .plan
            .actives
            .iter()
            .filter(|active| !active.rate_queue.is_empty())
            .filter_map(|active| active.bucket.as_ref())
            .map(super::transform::rate::Bucket::next);
        self.items.due().into_iter().chain(next_tokens).min()
    }

    /// Lets go on what is due.
    pub fn time(&mut self, now: Micros) {
        self.pass_time(now);
    }

    /// Whether requests wait that will still be sent: the way to the server must not be closed before.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.items.holds()
    }

    /// What is to be done next.
    pub fn take(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Only the recorder is told.
    fn note(
        &mut self,
        (lane, to, id): (Lane, Direction, Option<&str>),
        outcome: Outcome,
        frame: Option<Vec<u8>>,
        marks: Vec<Mark<'static>>,
    ) {
        let id = id.map(Into::into);
        self.outputs.push_back(Output { lane, to, id, outcome, act: Act::Note { frame }, marks });
    }

    /// A frame is sent, `way` a side.
    fn send(
        &mut self,
        (lane, to, id): (Lane, Direction, Option<&str>),
        outcome: Outcome,
        (way, frame): (Direction, Vec<u8>),
        marks: Vec<Mark<'static>>,
    ) {
        let id = id.map(Into::into);
        self.outputs.push_back(Output { lane, to, id, outcome, act: Act::Send { to: way, frame }, marks });
    }

    /// Something that the recorder is not told.
    fn silently(&mut self, lane: Lane, to: Direction, act: Act) {
        self.outputs.push_back(Output {
            lane,
            to,
            id: None,
            outcome: Outcome::Passed,
            act,
            marks: Vec::new(),
        });
    }
}
