//! Counts texts within an allowed effort and remembers the counts; it does not know what a text means.

use super::cache::{Cache, Key};
use super::count::{Accuracy, Count};
use super::encoding::Encoding;
use super::sample::{Effort, effort_needed, estimate};

/// Counts remembered by default: some 4 MB when full.
const ENTRIES_MAX: usize = 65_536;

/// Shorter texts are counted faster than they are hashed and looked up.
const CACHED_BYTES_MIN: usize = 64;

/// Counts tokens, with a cache by content. Cheap to make: the vocabularies are shared and loaded on first use.
#[derive(Debug)]
pub struct Counter {
    effort: Effort,
    cache: Cache,
}

impl Default for Counter {
    fn default() -> Self {
        Self::new(Effort::default())
    }
}

impl Counter {
    /// A counter that works as hard as `effort` allows.
    #[must_use]
    pub fn new(effort: Effort) -> Self {
        Self::with_capacity(effort, ENTRIES_MAX)
    }

    /// The same with room for about `entries_max` remembered counts.
    #[must_use]
    pub fn with_capacity(effort: Effort, entries_max: usize) -> Self {
        Self { effort, cache: Cache::new(entries_max) }
    }

    /// How hard it works.
    #[must_use]
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// Works as hard as `effort` allows from now on. Estimates in the cache are replaced when a text is counted
    /// again with enough effort.
    pub fn set_effort(&mut self, effort: Effort) {
        self.effort = effort;
    }

    /// The tokens of `text`: exact within the effort, else estimated, and [`Count::FAILED`] if the engine failed.
    pub fn count(&mut self, encoding: Encoding, text: &str) -> Count {
        if text.len() < CACHED_BYTES_MIN {
            return encoding.count_tokens(text).map_or(Count::FAILED, Count::exact);
        }
        let key = Key::of(encoding, text);
        let known = self.cache.get(key);
        if let Some(count) = known.filter(|count| count.accuracy != Accuracy::Estimated) {
            return count;
        }
        let within_effort = effort_needed(text) <= self.effort;
        if let Some(estimated) = known.filter(|_| !within_effort) {
            return estimated;
        }
        let counted = if within_effort {
            encoding.count_tokens(text).map(Count::exact)
        } else {
            estimate(encoding, text)
        };
        let count = counted.unwrap_or(Count::FAILED);
        self.cache.insert(key, count);
        count
    }

    /// Takes note of a count that was made elsewhere.
    pub(super) fn remember(&mut self, encoding: Encoding, text: &str, count: Count) {
        if text.len() >= CACHED_BYTES_MIN {
            self.cache.insert(Key::of(encoding, text), count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_count_is_the_count() {
        let mut counter = Counter::with_capacity(Effort::AtOnce, 8);
        let texts: Vec<String> =
            (0..50).map(|n| format!("{n} bottles of beer on the wall, ").repeat(n + 3)).collect();
        for text in texts.iter().chain(&texts).chain(texts.iter().rev()) {
            for encoding in Encoding::ALL {
                assert_eq!(counter.count(encoding, text), Count::exact(encoding.count_tokens(text).unwrap()));
            }
        }
    }

    #[test]
    fn an_estimate_gives_way_to_the_exact_count_once_the_effort_is_allowed() {
        let text = "{\"name\": \"value\", \"number\": 12345},\n".repeat(20_000);
        assert_eq!(effort_needed(&text), Effort::Worker);
        let mut counter = Counter::new(Effort::AtOnce);
        let estimate = counter.count(Encoding::O200kBase, &text);
        assert_eq!(estimate.accuracy, Accuracy::Estimated);
        assert_eq!(counter.count(Encoding::O200kBase, &text), estimate);
        counter.set_effort(Effort::Worker);
        let exact = counter.count(Encoding::O200kBase, &text);
        assert_eq!(exact.accuracy, Accuracy::Exact);
        counter.set_effort(Effort::AtOnce);
        assert_eq!(counter.count(Encoding::O200kBase, &text), exact, "the exact count is remembered");
    }
}
