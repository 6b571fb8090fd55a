//! Requests that wait for their answers.
//!
//! Bounded: of too many, those that wait longest are given up. Knows nothing of events.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::Call;
use crate::trace::ExchangeId;
use crate::wire::Peer;

/// Requests that wait at once.
const OPEN_MAX: usize = 65_536;

/// The conversation in which an id means something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// All of a stdio session.
    Stdio,
    /// A session over HTTP.
    Session(Arc<str>),
    /// A single exchange.
    Exchange(ExchangeId),
}

/// What names a request on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) from: Peer,
    pub(super) scope: Scope,
    /// In the form that stands for all of its forms.
    pub(super) id: Box<str>,
}

/// The requests that wait, found by their keys and in their order.
#[derive(Debug, Default)]
pub(super) struct Open {
    calls: HashMap<Key, VecDeque<Call>>,
    order: BTreeMap<u64, Key>,
}

impl Open {
    /// Takes a request; gives back one that has waited too long, if there are too many.
    pub(super) fn push(&mut self, key: Key, call: Call) -> Option<Call> {
        let too_old = (self.order.len() >= OPEN_MAX).then(|| self.oldest()).flatten();
        self.order.insert(call.number, key.clone());
        self.calls.entry(key).or_default().push_back(call);
        too_old
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.calls.contains_key(key)
    }

    /// The oldest request of a key.
    pub(super) fn take(&mut self, key: &Key) -> Option<Call> {
        let same = self.calls.get_mut(key)?;
        let call = same.pop_front()?;
        if same.is_empty() {
            self.calls.remove(key);
        }
        self.order.remove(&call.number);
        Some(call)
    }

    /// The youngest request of a key, which stays.
    pub(super) fn newest(&mut self, key: &Key) -> Option<&mut Call> {
        self.calls.get_mut(key)?.back_mut()
    }

    /// The request that waits longest.
    pub(super) fn oldest(&mut self) -> Option<Call> {
        let (number, key) = self.order.pop_first()?;
        let same = self.calls.get_mut(&key)?;
        let position = same.iter().position(|call| call.number == number)?;
        let call = same.remove(position);
        if same.is_empty() {
            self.calls.remove(&key);
        }
        call
    }

    /// Every request that waits.
    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Call> {
        self.calls.values_mut().flatten()
    }
}
