//! The requests that the gate follows: those that wait, those that are with the server, and those given up.
//!
//! Found by their lane and id, in whatever form that is written. Bounded. Knows nothing of rules.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::ask::Ask;
use super::{Caller, Lane, Ticket};
use crate::rules::transform::cache::{Epoch, Key};
use crate::trace::{Mark, Micros, Outcome};
use crate::wire::same_id;

/// Requests followed at once: as many as a flood in the largest test has in flight, times four. What comes beyond that
/// fails if a rule guards it, and else passes as if there were no rules.
pub(super) const ITEMS_MAX: usize = 4_096;

/// Bytes of requests that wait: what comes beyond that is treated in the same way.
pub(super) const HELD_BYTES_MAX: usize = 64 << 20;

/// Requests that were given up, whose answers may still come. The oldest is forgotten first.
const GONE_MAX: usize = 1_024;

/// A request that the gate follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ItemId(pub(super) u64);

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    /// It waits until a time.
    Delay(Micros),
    /// It waits for the second level of a cache.
    Lookup(Ticket),
    /// It waits for the answer to an equal one.
    Follow(ItemId),
    /// It waits for a token of this rule.
    Rate(u64),
    /// It waits for a slot of this rule.
    Slot(u64),
    /// The server has it.
    Flying,
    /// It was answered in the server's place: what the server says is dropped.
    Late,
    /// The client does not want the answer any more: what the server says passes.
    Cancelled,
}

impl Stay {
    /// Whether it is still to be sent.
    pub(super) fn is_held(self) -> bool {
        match self {
            Self::Delay(_) | Self::Lookup(_) | Self::Follow(_) | Self::Rate(_) | Self::Slot(_) => true,
            Self::Flying | Self::Late | Self::Cancelled => false,
        }
    }
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Client,
    /// Ours: a call that is made ahead.
    Warm,
    /// Ours: what tools there are.
    List,
}

/// What a request still has to go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) uid: u64,
    pub(super) kind: StepKind,
}

/// In the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StepKind {
    Fault,
    Delay,
    Cache,
    Coalesce,
    Rate,
    Slot,
}

impl StepKind {
    /// The key of its transformer in the rules file.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Delay => "delay",
            Self::Cache => "cache",
            Self::Coalesce => "coalesce",
            Self::Rate => "rate",
            Self::Slot => "concurrency",
        }
    }
}

/// An answer that is to be kept.
#[derive(Clone, Debug)]
pub(super) struct Fill {
    pub(super) uid: u64,
    pub(super) key: Key,
    /// What the shelf's epoch was when the request left: since then nothing may have been forgotten.
    pub(super) epoch: Option<Epoch>,
}

/// Requests that share an answer, under one rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Group {
    pub(super) uid: u64,
    pub(super) key: Key,
}

/// A request.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) lane: Lane,
    pub(super) id: Box<str>,
    pub(super) caller: Arc<Caller>,
    pub(super) origin: Origin,
    pub(super) ask: Ask,
    /// The frame, while it waits.
    pub(super) frame: Vec<u8>,
    pub(super) stay: Stay,
    /// When the server got it.
    pub(super) sent: Micros,
    /// When its answer comes too late, and by which rule.
    pub(super) deadline: Option<(Micros, u64)>,
    /// The rules that it concerns, in their order.
    pub(super) rules: Vec<u64>,
    pub(super) steps: VecDeque<Step>,
    pub(super) fills: Vec<Fill>,
    pub(super) slots: Vec<u64>,
    pub(super) leads: Vec<Group>,
    /// Who waits for its answer, in order.
    pub(super) followers: Vec<ItemId>,
    /// Its conversation is over, and its answer may come in another one of the session.
    pub(super) is_adrift: bool,
    /// When it is not waited for any more, if nobody takes it up.
    pub(super) forget_at: Option<Micros>,
    /// Other requests have the same id: which answer is whose cannot be told, so no rule has any of them.
    pub(super) is_mixed: bool,
    /// How many of those passed, and have no answer yet.
    pub(super) namesakes: usize,
    /// Its client has cancelled it; those who wait for its answer have not.
    pub(super) is_orphan: bool,
    /// A rule would have treated it so, had it not only observed.
    pub(super) observed: Option<(Outcome, Option<Vec<u8>>)>,
    pub(super) marks: Vec<Mark<'static>>,
}

impl Item {
    /// Takes the mark of a transformer, in place of one that was open.
    pub(super) fn put_mark(&mut self, mark: Mark<'static>) {
        match self.marks.iter_mut().find(|open| open.rule == mark.rule && open.by == mark.by) {
            Some(open) => *open = Mark { cost_ns: open.cost_ns.saturating_add(mark.cost_ns), ..mark },
            None => self.marks.push(mark),
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Items {
    all: HashMap<ItemId, Item>,
    /// By their ids, each in the form that stands for all of its forms.
    lanes: HashMap<Lane, HashMap<Box<str>, ItemId>>,
    timers: BTreeSet<(Micros, ItemId)>,
    gone: VecDeque<ItemId>,
    last: u64,
    held: usize,
    held_bytes: usize,
    adrift: usize,
}

impl Items {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether another one may be followed, and wait with a frame of that length.
    pub(super) fn has_room(&self, frame_bytes: usize) -> bool {
        self.all.len() < ITEMS_MAX && self.held_bytes + frame_bytes <= HELD_BYTES_MAX
    }

    /// Whether some are still to be sent.
    pub(super) fn holds(&self) -> bool {
        self.held > 0
    }

    pub(super) fn find(&self, lane: Lane, id: &str) -> Option<ItemId> {
        self.lanes.get(&lane)?.get(&*same_id(id)).copied()
    }

    pub(super) fn get(&self, id: ItemId) -> Option<&Item> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ItemId) -> Option<&mut Item> {
        self.all.get_mut(&id)
    }

    /// A number for one that is to be followed.
    pub(super) fn number(&mut self) -> ItemId {
        self.last += 1;
        ItemId(self.last)
    }

    /// Follows a request. One with the same id that was given up is forgotten.
    pub(super) fn put(&mut self, number: ItemId, item: Item) {
        if let Some(before) = self.find(item.lane, &item.id).filter(|before| *before != number) {
            self.take(before);
        }
        self.lanes.entry(item.lane).or_default().insert(same_id(&item.id).into(), number);
        if let Some(at) = timer(&item) {
            self.timers.insert((at, number));
        }
        self.held += usize::from(item.stay.is_held());
        self.held_bytes += item.frame.len();
        self.adrift += usize::from(item.is_adrift);
        if matches!(item.stay, Stay::Late | Stay::Cancelled) {
            self.gone.push_back(number);
        }
        self.all.insert(number, item);
        if self.gone.len() > GONE_MAX
            && let Some(oldest) = self.gone.pop_front()
        {
            self.take(oldest);
        }
    }

    /// Follows a request no longer.
    pub(super) fn take(&mut self, number: ItemId) -> Option<Item> {
        let item = self.all.remove(&number)?;
        if let Some(ids) = self.lanes.get_mut(&item.lane) {
            let id = same_id(&item.id);
            if ids.get(&*id) == Some(&number) {
                ids.remove(&*id);
            }
            if ids.is_empty() {
                self.lanes.remove(&item.lane);
            }
        }
        if let Some(at) = timer(&item) {
            self.timers.remove(&(at, number));
        }
        self.held -= usize::from(item.stay.is_held());
        self.held_bytes -= item.frame.len();
        self.adrift -= usize::from(item.is_adrift);
        if matches!(item.stay, Stay::Late | Stay::Cancelled) {
            self.gone.retain(|gone| *gone != number);
        }
        Some(item)
    }

    /// When the first of them is due.
    pub(super) fn due(&self) -> Option<Micros> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The first one that is due.
    pub(super) fn next_due(&self, now: Micros) -> Option<ItemId> {
        self.timers.first().filter(|(at, _)| *at <= now).map(|(_, number)| *number)
    }

    /// Those of a lane, in the order in which they came.
    pub(super) fn of_lane(&self, lane: Lane) -> Vec<ItemId> {
        let mut all: Vec<_> = self.lanes.get(&lane).into_iter().flat_map(HashMap::values).copied().collect();
        all.sort_unstable();
        all
    }

    /// Those that wait, in the order in which they came.
    pub(super) fn held(&self) -> Vec<ItemId> {
        let mut all: Vec<_> =
            self.all.iter().filter(|(_, item)| item.stay.is_held()).map(|(number, _)| *number).collect();
        all.sort_unstable();
        all
    }

    /// All, in the order in which they came.
    pub(super) fn numbers(&self) -> Vec<ItemId> {
        let mut all: Vec<_> = self.all.keys().copied().collect();
        all.sort_unstable();
        all
    }

    /// The request of somebody with this id, in whichever conversation.
    pub(super) fn find_of(&self, caller: &Caller, id: &str) -> Option<ItemId> {
        let id = same_id(id);
        let mut all = self.all.iter().filter(|(_, item)| same_id(&item.id) == id && *item.caller == *caller);
        all.next().map(|(number, _)| *number)
    }

    /// Whether answers may come in another conversation than their requests.
    pub(super) fn has_adrift(&self) -> bool {
        self.adrift > 0
    }

    /// The request of somebody with this id whose conversation is over.
    pub(super) fn find_adrift(&self, caller: &Caller, id: &str) -> Option<ItemId> {
        let id = same_id(id);
        let is_it = |item: &Item| item.is_adrift && same_id(&item.id) == id && *item.caller == *caller;
        self.all.iter().find(|(_, item)| is_it(item)).map(|(number, _)| *number)
    }

    /// Those of somebody whose conversations are over.
    pub(super) fn adrift_of(&self, caller: &Caller) -> Vec<ItemId> {
        let is_it = |item: &Item| item.is_adrift && *item.caller == *caller;
        let mut all: Vec<_> =
            self.all.iter().filter(|(_, item)| is_it(item)).map(|(number, _)| *number).collect();
        all.sort_unstable();
        all
    }

    /// The oldest of those whose conversations are over, if there are more of them than this.
    pub(super) fn oldest_adrift(&self, max: usize) -> Option<ItemId> {
        let adrift = || self.all.iter().filter(|(_, item)| item.is_adrift).map(|(number, _)| *number);
        (self.adrift > max).then(|| adrift().min())?
    }

    /// The one with this progress token whose answer others wait for.
    pub(super) fn leader_of_token(&self, lane: Lane, token: &str) -> Option<&Item> {
        let ids = self.lanes.get(&lane)?;
        ids.values().filter_map(|number| self.all.get(number)).find(|item| {
            !item.followers.is_empty()
                && item.stay == Stay::Flying
                && item.ask.token.as_deref().map(same_id) == Some(same_id(token))
        })
    }

    /// All, to count what they use.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Item> {
        self.all.values()
    }
}

/// What time an item waits for. It must not change while it is followed.
fn timer(item: &Item) -> Option<Micros> {
    match item.stay {
        Stay::Delay(until) => Some(until),
        Stay::Flying => item.deadline.map(|(at, _)| at).into_iter().chain(item.forget_at).min(),
        Stay::Lookup(_) | Stay::Follow(_) | Stay::Rate(_) | Stay::Slot(_) | Stay::Late | Stay::Cancelled => {
            None
        }
    }
}
