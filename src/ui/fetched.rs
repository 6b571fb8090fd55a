//! Things that panels show but cannot make themselves: asked for while drawing, made by the feed, kept within a bound.
//!
//! Memory holds the numbers of a session, never its messages: a message's text is read from the recording when it is
//! shown, and its tokens are divided among its parts on another thread. Knows nothing of files or threads itself: what
//! is missing is written down here, and whoever feeds the viewer takes it from here.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::panels::OpenId;
use crate::tokens::{Attribution, Node, ToolTokens};
use crate::trace::Place;

/// The exact bytes of messages, line endings excluded.
pub type Bodies = Fetched<(OpenId, Place), Vec<u8>>;

/// The tokens of texts by JSON value.
pub type Attributions = Fetched<(OpenId, Subject), Attribution>;

/// What the parts of a tool's definition cost, by session, position among its definitions and their revision.
pub type ToolCosts = Fetched<(OpenId, u32, u64), ToolTokens>;

/// A text whose tokens can be divided among its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The message that stands at a place; the text is the one of [`Bodies`].
    Message(Place),
    /// A tool's definition; the text is [`Definition::json`](crate::model::Definition::json).
    Definition {
        /// Its position among [`Definitions::tools`](crate::model::Definitions::tools).
        position: u32,
        /// The definitions' revision, so that a changed definition is a new subject.
        revision: u64,
    },
}

/// A thing asked for.
#[derive(Debug, PartialEq)]
pub enum Answer<V> {
    /// Here it is.
    Ready(Arc<V>),
    /// It is being made; the screen is drawn again when it is there.
    Waiting,
    /// It cannot be had, and why.
    Failed(Arc<str>),
}

impl<V> Clone for Answer<V> {
    fn clone(&self) -> Self {
        match self {
            Self::Ready(value) => Self::Ready(value.clone()),
            Self::Waiting => Self::Waiting,
            Self::Failed(why) => Self::Failed(why.clone()),
        }
    }
}

/// How much memory a thing takes.
pub trait Weight {
    /// About how many bytes.
    fn weight_bytes(&self) -> usize;
}

impl Weight for Vec<u8> {
    fn weight_bytes(&self) -> usize {
        self.len()
    }
}

impl Weight for Attribution {
    fn weight_bytes(&self) -> usize {
        self.nodes.len() * size_of::<Node>() + self.documents.iter().map(String::len).sum::<usize>()
    }
}

impl Weight for ToolTokens {
    fn weight_bytes(&self) -> usize {
        size_of::<Self>() + self.name.len()
    }
}

/// The things fetched lately.
#[derive(Debug)]
pub struct Fetched<K, V> {
    inner: RefCell<Inner<K, V>>,
}

#[derive(Debug)]
struct Inner<K, V> {
    known: HashMap<K, Entry<V>>,
    wanted: Vec<K>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    used: u64,
    bytes: usize,
    answer: Answer<V>,
}

/// Bytes kept of one sort of thing.
const BYTES_MAX: usize = 48 << 20;
/// Things kept of one sort.
const ENTRIES_MAX: usize = 4_096;

impl<K, V> Default for Fetched<K, V> {
    fn default() -> Self {
        let inner = Inner { known: HashMap::new(), wanted: Vec::new(), bytes: 0, clock: 0 };
        Self { inner: RefCell::new(inner) }
    }
}

impl<K: Copy + Eq + Hash, V: Weight> Fetched<K, V> {
    /// A thing. What is not in memory is asked for, and there at a later drawing.
    #[must_use]
    pub fn get(&self, key: K) -> Answer<V> {
        let mut inner = self.inner.borrow_mut();
        inner.clock += 1;
        let used = inner.clock;
        if let Some(entry) = inner.known.get_mut(&key) {
            entry.used = used;
            return entry.answer.clone();
        }
        inner.make_room(0);
        inner.known.insert(key, Entry { used, bytes: 0, answer: Answer::Waiting });
        inner.wanted.push(key);
        Answer::Waiting
    }

    /// What has been asked for since the last call.
    #[must_use]
    pub fn take_wanted(&self) -> Vec<K> {
        std::mem::take(&mut self.inner.borrow_mut().wanted)
    }

    /// Puts a thing that was asked for. One that was let go meanwhile is dropped.
    pub fn put(&self, key: K, answer: Answer<V>) {
        let mut inner = self.inner.borrow_mut();
        let bytes = match &answer {
            Answer::Ready(value) => value.weight_bytes(),
            Answer::Waiting | Answer::Failed(_) => 0,
        };
        inner.make_room(bytes);
        if let Some(entry) = inner.known.get_mut(&key) {
            let freed = std::mem::replace(&mut entry.bytes, bytes);
            entry.answer = answer;
            inner.bytes = inner.bytes + bytes - freed;
        }
    }

    /// Forgets the things whose key is so.
    pub fn forget(&self, is_so: impl Fn(&K) -> bool) {
        let mut inner = self.inner.borrow_mut();
        inner.known.retain(|key, _| !is_so(key));
        inner.wanted.retain(|key| !is_so(key));
        inner.bytes = inner.known.values().map(|entry| entry.bytes).sum();
    }
}

impl<K: Copy + Eq + Hash, V> Inner<K, V> {
    /// Lets go of what was not looked at for longest until `more` bytes and one entry fit. Of a thing larger than
    /// the bound nothing else remains beside it.
    fn make_room(&mut self, more: usize) {
        while self.known.len() >= ENTRIES_MAX || (self.bytes > 0 && self.bytes + more > BYTES_MAX) {
            let there = self.known.iter().filter(|(_, entry)| !matches!(entry.answer, Answer::Waiting));
            let Some(key) = there.min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key) else { return };
            if let Some(entry) = self.known.remove(&key) {
                self.bytes -= entry.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(offset_bytes: u64) -> (OpenId, Place) {
        (OpenId(1), Place { offset_bytes, len_bytes: 1 })
    }

    #[test]
    fn a_thing_is_asked_for_once_and_then_there() {
        let bodies = Bodies::default();
        assert_eq!(bodies.get(key(7)), Answer::Waiting);
        assert_eq!(bodies.get(key(7)), Answer::Waiting);
        assert_eq!(bodies.take_wanted(), [key(7)]);
        let body = Answer::Ready(Arc::new(b"{}".to_vec()));
        bodies.put(key(7), body.clone());
        assert_eq!(bodies.get(key(7)), body);
        assert!(bodies.take_wanted().is_empty());
    }

    #[test]
    fn memory_stays_bounded_and_what_was_just_seen_stays() {
        let bodies = Bodies::default();
        for offset in 0..200 {
            let _ = bodies.get(key(offset));
            bodies.put(key(offset), Answer::Ready(Arc::new(vec![0; 1 << 20])));
            let inner = bodies.inner.borrow();
            assert!(inner.bytes <= BYTES_MAX);
            assert_eq!(inner.bytes, inner.known.values().map(|entry| entry.bytes).sum::<usize>());
        }
        assert!(matches!(bodies.get(key(199)), Answer::Ready(_)));
        bodies.forget(|(session, _)| *session == OpenId(1));
        assert_eq!(bodies.inner.borrow().bytes, 0);
    }
}
