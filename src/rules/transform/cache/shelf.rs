//! Where answers are kept: bounded by number and bytes, least recently used out first.
//!
//! Entries are found by the whole text of their key, never by its hash alone. Knows nothing of frames or rules.

use std::sync::Arc;

use lru::LruCache;

use super::Cache;
use crate::rules::Caller;
use crate::trace::{Micros, StoreState};

/// What an entry costs beside its texts: the structures around them.
const ENTRY_BYTES: u64 = 256;

/// What an answer is kept under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::rules) struct Key {
    /// Whom it may be told; `None`: everybody who may ask this cache.
    pub(in crate::rules) caller: Option<Caller>,
    /// What was asked, in canonical form.
    pub(in crate::rules) text: Arc<str>,
}

/// What an answer is about: what makes it void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) enum About {
    /// A call of a tool.
    Call,
    /// The contents of a resource.
    Resource(Box<str>),
    /// What another method says.
    Method(Box<str>),
}

/// Under which rules and for whom an answer was dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Stamp {
    /// The rules in force.
    pub(in crate::rules) rules: u64,
    /// The session.
    pub(in crate::rules) session: u64,
    /// What the session knew of the tools.
    pub(in crate::rules) list: u64,
}

/// An answer as it left.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Delivered {
    pub(in crate::rules) stamp: Stamp,
    pub(in crate::rules) result: Arc<str>,
}

/// An answer that is kept.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Entry {
    /// As the server gave it.
    pub(in crate::rules) result: Arc<str>,
    /// As rules made it of that, last time.
    pub(in crate::rules) delivered: Option<Delivered>,
    pub(in crate::rules) about: About,
    /// When it came.
    pub(in crate::rules) stored: Micros,
    /// How old it was then: nothing, unless it came from a second level.
    pub(in crate::rules) age_us: u64,
    /// From when on it is not served.
    pub(in crate::rules) expires: Micros,
    /// Until when the server says it is fresh, where it says so.
    pub(in crate::rules) fresh_until: Option<Micros>,
    /// How long the server took for it.
    pub(in crate::rules) took_us: u64,
    /// The server says that anybody may have it.
    pub(in crate::rules) is_public: bool,
}

impl Entry {
    /// How old it is, in microseconds.
    pub(in crate::rules) fn age_us(&self, now: Micros) -> u64 {
        self.age_us.saturating_add((now - self.stored).0)
    }
}

/// Until when a shelf had forgotten nothing: no two shelves have an epoch in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Epoch {
    shelf: u64,
    forgotten: u64,
}

/// Answers that one rule keeps.
#[derive(Debug)]
pub(in crate::rules) struct Shelf {
    entries: LruCache<Key, Entry>,
    entries_max: usize,
    bytes: u64,
    bytes_max: u64,
    evicted: u64,
    /// Changes whenever something is forgotten: what was asked before and comes after is not kept.
    epoch: Epoch,
}

impl Shelf {
    /// An empty one. `number`: of all that there are and were beside it, no other has it.
    pub(in crate::rules) fn new(cache: &Cache, number: u64) -> Self {
        Self {
            entries: LruCache::unbounded(),
            entries_max: cache.entries,
            bytes: 0,
            bytes_max: cache.bytes.0,
            evicted: 0,
            epoch: Epoch { shelf: number, forgotten: 0 },
        }
    }

    /// What is kept under a key and still good.
    pub(in crate::rules) fn get(&mut self, now: Micros, key: &Key) -> Option<&mut Entry> {
        if self.entries.peek(key)?.expires <= now {
            self.take(key);
            return None;
        }
        self.entries.get_mut(key)
    }

    /// Keeps an answer, if it fits at all; what was least recently used makes room.
    pub(in crate::rules) fn put(&mut self, key: Key, entry: Entry) -> bool {
        self.take(&key);
        let bytes = size(&key, &entry);
        if bytes > self.bytes_max || self.entries_max == 0 {
            return false;
        }
        self.bytes += bytes;
        self.entries.put(key, entry);
        self.shrink();
        true
    }

    /// Notes how an answer left, so that it need not be made again. Its bytes count.
    pub(in crate::rules) fn note_delivered(&mut self, key: &Key, delivered: Delivered) {
        let Some(entry) = self.entries.peek_mut(key) else { return };
        self.bytes -= size(key, entry);
        entry.delivered = Some(delivered);
        self.bytes += size(key, entry);
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.entries.len() > self.entries_max || self.bytes > self.bytes_max {
            let Some((key, entry)) = self.entries.pop_lru() else { return };
            self.bytes -= size(&key, &entry);
            self.evicted += 1;
        }
    }

    fn take(&mut self, key: &Key) {
        if let Some(entry) = self.entries.pop(key) {
            self.bytes -= size(key, &entry);
        }
    }

    /// Forgets what is about something; and what is under way of it is not kept when it comes.
    pub(in crate::rules) fn forget(&mut self, is_meant: impl Fn(&About) -> bool) -> usize {
        self.epoch.forgotten += 1;
        let meant: Vec<Key> = self
            .entries
            .iter()
            .filter(|(_, entry)| is_meant(&entry.about))
            .map(|(key, _)| key.clone())
            .collect();
        for key in &meant {
            self.take(key);
        }
        meant.len()
    }

    pub(in crate::rules) fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(in crate::rules) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(in crate::rules) fn state(&self) -> StoreState {
        StoreState {
            entries: u32::try_from(self.entries.len()).unwrap_or(u32::MAX),
            bytes: self.bytes,
            evicted: self.evicted,
        }
    }
}

fn size(key: &Key, entry: &Entry) -> u64 {
    let caller = key.caller.as_ref().map_or(0, |caller| caller.session.len());
    let delivered = entry.delivered.as_ref().map_or(0, |delivered| delivered.result.len());
    (caller + key.text.len() + entry.result.len() + delivered) as u64 + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shelf(entries: usize, bytes: u64) -> Shelf {
        let cache = format!("ttl = \"1m\"\nentries = {entries}\nbytes = \"{bytes}B\"");
        Shelf::new(&toml::from_str(&cache).unwrap(), 0)
    }

    fn key(text: &str) -> Key {
        Key { caller: None, text: text.into() }
    }

    fn entry(result: &str, expires: u64) -> Entry {
        Entry {
            result: result.into(),
            delivered: None,
            about: About::Call,
            stored: Micros(0),
            age_us: 0,
            expires: Micros(expires),
            fresh_until: None,
            took_us: 1,
            is_public: false,
        }
    }

    #[test]
    fn the_least_recently_used_makes_room_when_there_are_too_many() {
        let mut shelf = shelf(2, 1 << 20);
        for text in ["a", "b"] {
            shelf.put(key(text), entry("1", 9));
        }
        assert!(shelf.get(Micros(1), &key("a")).is_some());
        shelf.put(key("c"), entry("1", 9));
        assert!(shelf.get(Micros(1), &key("b")).is_none() && shelf.get(Micros(1), &key("a")).is_some());
        assert_eq!((shelf.state().entries, shelf.state().evicted), (2, 1));
    }

    #[test]
    fn what_is_over_its_time_is_gone() {
        let mut shelf = shelf(2, 1 << 20);
        shelf.put(key("a"), entry("1", 9));
        assert!(shelf.get(Micros(8), &key("a")).is_some());
        assert!(shelf.get(Micros(9), &key("a")).is_none());
        assert_eq!(shelf.state(), StoreState::default());
    }

    #[test]
    fn what_does_not_fit_is_not_kept_and_nothing_goes_for_it() {
        let mut shelf = shelf(9, 1_000);
        assert!(shelf.put(key("a"), entry("1", 9)));
        assert!(!shelf.put(key("b"), entry(&"x".repeat(2_000), 9)));
        assert!(shelf.get(Micros(1), &key("a")).is_some());
    }

    proptest! {
        #[test]
        fn neither_bound_is_ever_passed_and_bytes_are_counted_right(
            acts in proptest::collection::vec((0_u8..8, 0_usize..400, 0_u8..5), 0..80)
        ) {
            let mut shelf = shelf(4, 2_000);
            for (n, (name, len, act)) in acts.into_iter().enumerate() {
                let (key, now) = (key(&name.to_string()), Micros(n as u64));
                match act {
                    0 => drop(shelf.forget(|_| name == 0)),
                    1 => drop(shelf.get(now, &key).cloned()),
                    2 => shelf.note_delivered(&key, Delivered {
                        stamp: Stamp { rules: 0, session: 0, list: 0 },
                        result: "y".repeat(len).into(),
                    }),
                    _ => drop(shelf.put(key, entry(&"x".repeat(len), n as u64 + 10))),
                }
                let held: u64 = shelf.entries.iter().map(|(key, entry)| size(key, entry)).sum();
                prop_assert_eq!(held, shelf.bytes);
                prop_assert!(shelf.bytes <= 2_000 && shelf.entries.len() <= 4);
            }
        }
    }
}
