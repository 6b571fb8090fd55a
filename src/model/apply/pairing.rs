//! Which request a response answers: by who asked and the id, in whatever form, oldest first.
//!
//! Knows nothing of methods, rows or time. Bounded: a session that leaves very many requests open is followed no further
//! in those, and only the most recent answers are remembered for telling duplicates from orphans.

use std::collections::{HashMap, VecDeque};

use super::exchanges::Scope;
use crate::model::{OperationId, RawId};
use crate::wire::Peer;

/// How many open requests are followed.
const OPEN_MAX: usize = 262_144;
/// How many requests that are over are remembered.
const RECENT_MAX: usize = 4_096;

/// What names a request on the wire: ids are per requester and conversation, and `1` is not `"1"`. An id is in the form that
/// stands for all of its forms ([`same_id`](crate::wire::same_id)).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::model) struct Key {
    pub(in crate::model) from: Peer,
    pub(in crate::model) scope: Scope,
    pub(in crate::model) id: RawId,
}

/// Which exchange of its operation a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Slot {
    /// The first.
    First,
    /// This one of the later ones.
    Later(u16),
    /// One beyond those that are kept.
    NotKept,
}

/// What a request asked for, as far as its answer is read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Asked {
    /// Anything else.
    Plain,
    /// With `params.task`: the answer may be a task (2025-11-25).
    Task,
    /// `initialize`.
    Initialize,
    /// `server/discover`.
    Discover,
    /// A list of this kind; `continues` if it named a cursor.
    List { kind: ListKind, continues: bool },
    /// How a task stands: `tasks/get`, `tasks/cancel`.
    TaskStatus,
    /// What a task came to: `tasks/result`.
    TaskResult,
    /// `tasks/update`: answers to what a task asked back.
    TaskUpdate,
    /// `subscriptions/listen`.
    Listen,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum ListKind {
    Tools,
    Prompts,
    Resources,
    ResourceTemplates,
}

/// An open request.
#[derive(Clone, Debug)]
pub(in crate::model) struct Open {
    pub(in crate::model) operation: OperationId,
    pub(in crate::model) slot: Slot,
    pub(in crate::model) asked: Asked,
    /// Under which key its progress is told.
    pub(in crate::model) progress: Option<Key>,
}

/// What became of a request that is no longer open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Past {
    /// It was answered.
    Answered { operation: OperationId, slot: Slot },
    /// It was taken back; an answer may still come.
    Cancelled { operation: OperationId, slot: Slot },
}

/// Open requests, and the most recent ones that no longer are.
#[derive(Debug, Default)]
pub(in crate::model) struct Pairing {
    open: HashMap<Key, Same>,
    open_count: usize,
    recent: HashMap<Key, (u64, Past)>,
    order: VecDeque<(u64, Key)>,
    sequence: u64,
}

/// Open requests with the same key: one, but for peers that break the rules.
#[derive(Debug)]
struct Same {
    oldest: Open,
    younger: VecDeque<Open>,
}

/// What [`Pairing::open`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// It is followed.
    Alone,
    /// It is followed, and there is an older one with the same key.
    SameId,
    /// There are too many; its answer will look like an orphan.
    TooMany,
}

impl Pairing {
    /// Takes a request.
    pub(super) fn open(&mut self, key: Key, request: Open) -> Opened {
        if self.open_count >= OPEN_MAX {
            return Opened::TooMany;
        }
        self.open_count += 1;
        // The id is used again: what comes now belongs to the new request.
        self.recent.remove(&key);
        match self.open.entry(key) {
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(Same { oldest: request, younger: VecDeque::new() });
                Opened::Alone
            }
            std::collections::hash_map::Entry::Occupied(mut taken) => {
                taken.get_mut().younger.push_back(request);
                Opened::SameId
            }
        }
    }

    /// Takes the oldest open request of a key out.
    pub(super) fn take(&mut self, key: &Key) -> Option<Open> {
        let same = self.open.get_mut(key)?;
        self.open_count -= 1;
        match same.younger.pop_front() {
            Some(next) => Some(std::mem::replace(&mut same.oldest, next)),
            None => self.open.remove(key).map(|same| same.oldest),
        }
    }

    /// The oldest open request of a key.
    pub(super) fn peek(&self, key: &Key) -> Option<&Open> {
        self.open.get(key).map(|same| &same.oldest)
    }

    /// The youngest open request of a key.
    pub(super) fn newest(&self, key: &Key) -> Option<&Open> {
        self.open.get(key).map(|same| same.younger.back().unwrap_or(&same.oldest))
    }

    /// Whether a request of a key is open, or was not long ago.
    pub(super) fn knows(&self, key: &Key) -> bool {
        self.open.contains_key(key) || self.recent.contains_key(key)
    }

    /// Remembers what became of a request.
    pub(super) fn remember(&mut self, key: Key, past: Past) {
        if self.open.contains_key(&key) {
            return; // a younger one with the same key is open: answers belong to it
        }
        self.sequence += 1;
        self.recent.insert(key.clone(), (self.sequence, past));
        self.order.push_back((self.sequence, key));
        if self.order.len() > RECENT_MAX
            && let Some((sequence, oldest)) = self.order.pop_front()
            && self.recent.get(&oldest).is_some_and(|(newest, _)| *newest == sequence)
        {
            self.recent.remove(&oldest);
        }
    }

    /// The operations of all requests that are remembered.
    pub(super) fn operations(&self) -> impl Iterator<Item = OperationId> {
        let open = self.open.values().flat_map(|same| std::iter::once(&same.oldest).chain(&same.younger));
        let past = self.recent.values().map(|(_, past)| match past {
            Past::Answered { operation, .. } | Past::Cancelled { operation, .. } => *operation,
        });
        open.map(|open| open.operation).chain(past)
    }

    /// What became of the last request of a key, if it is still remembered.
    pub(super) fn past(&self, key: &Key) -> Option<Past> {
        self.recent.get(key).map(|(_, past)| *past)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> Key {
        Key { from: Peer::Client, scope: Scope::Stdio, id: RawId::new(id) }
    }

    const ANSWERED: Past = Past::Answered { operation: OperationId(0), slot: Slot::First };

    fn request(n: u32) -> Open {
        Open { operation: OperationId(n), slot: Slot::First, asked: Asked::Plain, progress: None }
    }

    #[test]
    fn requests_with_one_id_are_answered_oldest_first() {
        let mut pairing = Pairing::default();
        assert_eq!(pairing.open(key("1"), request(0)), Opened::Alone);
        assert_eq!(pairing.open(key("1"), request(1)), Opened::SameId);
        assert_eq!(pairing.take(&key("1")).unwrap().operation, OperationId(0));
        assert_eq!(pairing.take(&key("1")).unwrap().operation, OperationId(1));
        assert!(pairing.take(&key("1")).is_none());
    }

    #[test]
    fn memory_of_the_past_is_bounded_and_prefers_the_newest() {
        let mut pairing = Pairing::default();
        for n in 0..3 * RECENT_MAX {
            pairing.remember(key(&n.to_string()), ANSWERED);
            pairing.remember(key("again"), ANSWERED);
        }
        assert!(pairing.recent.len() <= RECENT_MAX && pairing.order.len() <= RECENT_MAX);
        assert_eq!(pairing.past(&key("again")), Some(ANSWERED));
        assert_eq!(pairing.past(&key("0")), None);
    }
}
