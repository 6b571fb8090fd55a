//! When two JSON values count as the same.
//!
//! Knows nothing of differences: it says what is not looked at, and gives values that are the same the same digest.

use std::collections::HashSet;

use serde_json::{Number, Value};
use xxhash_rust::xxh3::Xxh3;

use super::Terms;

/// The parts of two values that are not looked at, by their addresses, and whether order counts.
pub(super) struct Skipped {
    addresses: HashSet<usize>,
    pub(super) unordered: bool,
}

impl Skipped {
    pub(super) fn of(sides: [&Value; 2], terms: &Terms) -> Self {
        let found = sides
            .into_iter()
            .flat_map(|side| terms.ignore.iter().flat_map(move |path| path.query().query(side).all()));
        Self { addresses: found.map(address).collect(), unordered: terms.unordered }
    }

    pub(super) fn has(&self, value: &Value) -> bool {
        !self.addresses.is_empty() && self.addresses.contains(&address(value))
    }

    /// The items of an array that are looked at, with their indexes.
    pub(super) fn items<'v>(&self, items: &'v [Value]) -> Vec<(usize, &'v Value)> {
        items.iter().enumerate().filter(|(_, item)| !self.has(item)).collect()
    }

    /// Values that are the same have the same digest. Others have not, but for a chance of 2⁻¹²⁸.
    pub(super) fn digest(&self, value: &Value) -> u128 {
        let mut hash = Xxh3::new();
        match value {
            Value::Null => hash.update(b"n"),
            Value::Bool(is_true) => hash.update(if *is_true { b"t" } else { b"f" }),
            Value::Number(number) => match Numeral::of(number) {
                Numeral::Whole(whole) => {
                    hash.update(b"i");
                    hash.update(&whole.to_le_bytes());
                }
                Numeral::Other(bits) => {
                    hash.update(b"d");
                    hash.update(&bits.to_le_bytes());
                }
            },
            Value::String(text) => {
                hash.update(b"s");
                hash.update(text.as_bytes());
            }
            Value::Array(items) => {
                let kept = items.iter().filter(|item| !self.has(item));
                let mut digests: Vec<u128> = kept.map(|item| self.digest(item)).collect();
                if self.unordered {
                    digests.sort_unstable();
                }
                hash.update(b"a");
                for digest in digests {
                    hash.update(&digest.to_le_bytes());
                }
            }
            Value::Object(members) => {
                hash.update(b"o");
                for (name, member) in members.iter().filter(|(_, member)| !self.has(member)) {
                    hash.update(&(name.len() as u64).to_le_bytes());
                    hash.update(name.as_bytes());
                    hash.update(&self.digest(member).to_le_bytes());
                }
            }
        }
        hash.digest128()
    }
}

/// A number by its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Numeral {
    Whole(i128),
    /// The bits of a floating point number that is not whole, or too large to be told.
    Other(u64),
}

/// The largest whole number below which every whole number is a floating point number too.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Numeral {
    pub(super) fn of(number: &Number) -> Self {
        if let Some(whole) = number.as_i64() {
            return Self::Whole(whole.into());
        }
        if let Some(whole) = number.as_u64() {
            return Self::Whole(whole.into());
        }
        let value = number.as_f64().unwrap_or(f64::NAN);
        if value.fract() == 0.0 && value.abs() <= EXACT_MAX {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
            return Self::Whole(value as i128);
        }
        Self::Other(value.to_bits())
    }
}

fn address(value: &Value) -> usize {
    std::ptr::from_ref(value).addr()
}
