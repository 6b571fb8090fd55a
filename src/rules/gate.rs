//! The gate: the rules in order, as one machine that every message passes.
//!
//! Drivers show it each frame and the time; what is to happen instead of plain forwarding comes out of
//! [`take`](Gate::take), in the order in which it has to be done. It knows nothing of sockets, files or clocks.

use std::collections::VecDeque;
use std::path::PathBuf;

use super::Ruleset;
use crate::trace::{Mark, Micros, Outcome};
use crate::wire::Direction;

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
#[derive(Debug)]
pub struct Gate {
    #[expect(dead_code, reason = "the machine is built on this")]
    setting: Setting,
    rules: Ruleset,
    outputs: VecDeque<Output>,
}

impl Gate {
    /// With these rules.
    #[must_use]
    pub fn new(setting: Setting, rules: &Ruleset) -> Self {
        Self { setting, rules: rules.clone(), outputs: VecDeque::new() }
    }

    /// Puts other rules in force. What a rule has kept stays if the new rules have the same one.
    pub fn set(&mut self, _now: Micros, rules: &Ruleset) {
        self.rules = rules.clone();
    }

    /// Empties what the rule with this name keeps, or every rule, the second level of caches included.
    pub fn clear(&mut self, _now: Micros, _rule: Option<&str>) {}

    /// Whether no rule can act and nothing waits: drivers may then forward without asking.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        true
    }

    /// Whether frames in this direction have to be shown now. While not, drivers may pass on pieces of frames; asked at
    /// the beginning of a frame, the answer holds for the whole of it.
    #[must_use]
    pub fn wants(&self, _to: Direction) -> bool {
        false
    }

    /// A conversation begins, and who asks in it. Over stdio that need not be said.
    pub fn open(&mut self, _lane: Lane, _caller: Caller) {}

    /// A conversation is over: what waits in it waits for nobody.
    pub fn close(&mut self, _now: Micros, _lane: Lane) {}

    /// Decides about a frame, line ending included, that travels `to` one side.
    pub fn frame(&mut self, _now: Micros, _lane: Lane, _to: Direction, _frame: &[u8]) -> Verdict {
        Verdict::Pass
    }

    /// The answer of the second level of a cache; `None` also if it did not answer in time.
    pub fn found(&mut self, _now: Micros, _ticket: Ticket, _value: Option<Vec<u8>>) {}

    /// When something that waits is due next.
    #[must_use]
    pub fn due(&self) -> Option<Micros> {
        None
    }

    /// Lets go on what is due.
    pub fn time(&mut self, _now: Micros) {}

    /// Whether requests wait that will still be sent: the way to the server must not be closed before.
    #[must_use]
    pub fn holds(&self) -> bool {
        false
    }

    /// What is to be done next.
    pub fn take(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
}
