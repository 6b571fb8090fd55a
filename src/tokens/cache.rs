//! Remembers counts by content, within a bound; it does not know how they were made.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128;

use super::count::Count;
use super::encoding::Encoding;

/// A text as the cache knows it: 128 bits make an accidental collision less likely than a memory error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    hash: u128,
    encoding: Encoding,
}

impl Key {
    pub(super) fn of(encoding: Encoding, text: &str) -> Self {
        Self { hash: xxh3_128(text.as_bytes()), encoding }
    }
}

/// Two generations: what is used moves to the young one; when that is full, the old one is forgotten. Every
/// operation is O(1), and what was used within the last `generation_max` insertions is still there.
#[derive(Debug)]
pub(super) struct Cache {
    young: HashMap<Key, Count>,
    old: HashMap<Key, Count>,
    generation_max: usize,
}

impl Cache {
    /// Holds at most `entries_max` counts (64 bytes each, roughly), and at least two.
    pub(super) fn new(entries_max: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), generation_max: (entries_max / 2).max(1) }
    }

    pub(super) fn get(&mut self, key: Key) -> Option<Count> {
        if let Some(&count) = self.young.get(&key) {
            return Some(count);
        }
        let count = self.old.remove(&key)?;
        self.insert(key, count);
        Some(count)
    }

    pub(super) fn insert(&mut self, key: Key, count: Count) {
        if self.young.len() >= self.generation_max && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, count);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: usize) -> Key {
        Key::of(Encoding::O200kBase, &n.to_string())
    }

    #[test]
    fn the_cache_stays_within_its_bound_and_keeps_what_is_used() {
        let mut cache = Cache::new(100);
        cache.insert(key(0), Count::exact(7));
        for n in 1..10_000 {
            cache.insert(key(n), Count::exact(n as u64));
            assert!(cache.len() <= 100);
            assert_eq!(cache.get(key(0)), Some(Count::exact(7)), "after {n} insertions");
        }
        assert_eq!(cache.get(key(1)), None);
    }

    #[test]
    fn the_same_text_in_another_encoding_is_another_entry() {
        let mut cache = Cache::new(10);
        cache.insert(Key::of(Encoding::O200kBase, "text"), Count::exact(1));
        assert_eq!(cache.get(Key::of(Encoding::Cl100kBase, "text")), None);
    }
}
