//! Which placeholder stands for which secret: the same one for the same secret, wherever it stands.
//!
//! Holds digests, not secrets. Knows nothing of where they were found.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128;

use super::kind::Kind;

/// Secrets that are told apart; what is found beyond them shares a placeholder.
const SECRETS_MAX: usize = 1_000_000;
/// How every placeholder begins.
const BEGINS: &[u8] = b"[secret";

/// The secrets met so far.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    numbers: HashMap<u128, (Kind, u32)>,
    counts: [Count; Kind::ALL.len()],
}

/// How many secrets of a kind were replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Places.
    pub places: u64,
    /// Different secrets; those that share a placeholder count as one.
    pub secrets: u32,
}

impl Ledger {
    /// What stands in the place of a secret, counted as replaced once more.
    pub(super) fn placeholder(&mut self, kind: Kind, secret: &[u8]) -> String {
        let digest = xxh3_128(secret);
        let is_full = self.numbers.len() >= SECRETS_MAX;
        let (kind, number) = match self.numbers.get(&digest) {
            Some(known) => *known,
            None if is_full => (kind, 0),
            None => {
                let count = &mut self.counts[kind as usize];
                count.secrets += 1;
                self.numbers.insert(digest, (kind, count.secrets));
                (kind, count.secrets)
            }
        };
        self.counts[kind as usize].places += 1;
        match number {
            0 => format!("[secret:{kind}:more]"),
            number => format!("[secret:{kind}:{number}]"),
        }
    }

    /// How many of each kind, those that there are.
    pub(super) fn counts(&self) -> Vec<(Kind, Count)> {
        let all = Kind::ALL.into_iter().map(|kind| (kind, self.counts[kind as usize]));
        all.filter(|(_, count)| count.places > 0).collect()
    }
}

/// Whether a text is what stands in the place of a secret already.
pub(super) fn is_placeholder(text: &[u8]) -> bool {
    text.starts_with(BEGINS) && text.ends_with(b"]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_secret_has_the_same_placeholder_however_it_was_found() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.placeholder(Kind::ApiKey, b"a"), "[secret:api-key:1]");
        assert_eq!(ledger.placeholder(Kind::ApiKey, b"b"), "[secret:api-key:2]");
        assert_eq!(ledger.placeholder(Kind::Jwt, b"c"), "[secret:jwt:1]");
        assert_eq!(ledger.placeholder(Kind::Named, b"a"), "[secret:api-key:1]");
        let counts = ledger.counts();
        assert_eq!(counts[0], (Kind::ApiKey, Count { places: 3, secrets: 2 }));
        assert!(is_placeholder(b"[secret:jwt:1]") && is_placeholder(b"[secret]") && !is_placeholder(b"[1]"));
    }
}
