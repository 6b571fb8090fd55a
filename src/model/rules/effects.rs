//! What a rule did, in numbers that can be added and corrected.
//!
//! Knows nothing of messages.

use std::ops::{Add, AddAssign, Sub};

use crate::model::Sizes;

/// What was saved. Less than nothing where a rule made things longer or slower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Tokens of all JSON.
    pub wire: i64,
    /// Tokens as the model sees them.
    pub model: i64,
    /// Bytes on the wire.
    pub bytes: i64,
    /// What clients did not have to wait, in microseconds.
    pub time_us: i64,
}

impl Saved {
    /// What a change saved in tokens.
    #[must_use]
    pub fn tokens(before: Sizes, after: Sizes) -> Self {
        Self {
            wire: less(before.wire, after.wire),
            model: less(before.model, after.model),
            ..Self::default()
        }
    }

    /// What a change saved in bytes.
    #[must_use]
    pub fn bytes(before: u32, after: u32) -> Self {
        Self { bytes: i64::from(before) - i64::from(after), ..Self::default() }
    }

    /// What an answer saved in time, in microseconds: `took` is what the server would have taken.
    #[must_use]
    pub fn time(took_us: u64, waited_us: u64) -> Self {
        Self { time_us: less(took_us, waited_us), ..Self::default() }
    }

    pub(in crate::model) fn forget_tokens(&mut self) {
        (self.wire, self.model) = (0, 0);
    }

    /// What each of several rules has of it, by their weights: together they have all of it.
    #[must_use]
    pub(in crate::model) fn parts(self, weights: &[i64]) -> Vec<Self> {
        let [wire, model, bytes, time_us] =
            [self.wire, self.model, self.bytes, self.time_us].map(|number| parts(number, weights));
        let part = |index: usize| Self {
            wire: wire[index],
            model: model[index],
            bytes: bytes[index],
            time_us: time_us[index],
        };
        (0..weights.len()).map(part).collect()
    }
}

/// A number divided by weights, evenly if there is none: all parts together are the number, each is the exact part rounded
/// one way or the other. Of weights that nearly cancel each other out a part could be any number of times the whole: then
/// those that pull the way of the number have all of it.
fn parts(number: i64, weights: &[i64]) -> Vec<i64> {
    let all: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    // A token has a byte or more, and escapes make a byte two at most.
    let is_telling = (number < 0) == (all < 0) && all.abs() * 2 >= i128::from(number).abs();
    let wide = weights.iter().map(|weight| i128::from(*weight));
    let mut shares: Vec<i128> = if all != 0 && is_telling {
        wide.collect()
    } else {
        wide.map(|weight| if number < 0 { -weight } else { weight }.max(0)).collect()
    };
    if shares.iter().all(|share| *share == 0) {
        shares.fill(1);
    }
    let all: i128 = shares.iter().sum();
    let (mut before, mut given) = (0, 0);
    let part = |share: &i128| {
        before += share;
        // All parts up to this one, rounded together, so that nothing is lost or given twice.
        let so_far = (i128::from(number) * before).div_euclid(all);
        i64::try_from(so_far - std::mem::replace(&mut given, so_far)).unwrap_or(0)
    };
    shares.iter().map(part).collect()
}

fn less(before: u64, after: u64) -> i64 {
    let narrow = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    narrow(before) - narrow(after)
}

impl Add for Saved {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            wire: self.wire + other.wire,
            model: self.model + other.model,
            bytes: self.bytes + other.bytes,
            time_us: self.time_us + other.time_us,
        }
    }
}

impl Sub for Saved {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            wire: self.wire - other.wire,
            model: self.model - other.model,
            bytes: self.bytes - other.bytes,
            time_us: self.time_us - other.time_us,
        }
    }
}

impl AddAssign for Saved {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What a rule did, or would have done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Operations (and notifications) that its match hit, each once.
    pub matches: u64,
    /// Those on which it had an effect, each once.
    pub hits: u64,
    /// Messages it changed.
    pub changed: u64,
    /// Requests it answered.
    pub answered: u64,
    /// Messages it dropped.
    pub dropped: u64,
    /// Requests it held back for a while.
    pub held: u64,
    /// How long it held them back until they went on to the server, in microseconds.
    pub held_us: u64,
    /// Bytes of the messages it changed, as they arrived.
    pub bytes_before: u64,
    /// Bytes of the same messages as they left.
    pub bytes_after: u64,
    /// Tokens of the answers it changed, as they arrived; without tool lists, which count as definitions.
    pub before: Sizes,
    /// Tokens of the same answers as they were delivered.
    pub after: Sizes,
    /// Its part of what was saved; without definitions.
    pub saved: Saved,
}

impl Effects {
    pub(in crate::model) fn forget_tokens(&mut self) {
        (self.before, self.after) = (Sizes::default(), Sizes::default());
        self.saved.forget_tokens();
    }
}

impl AddAssign for Sizes {
    fn add_assign(&mut self, other: Self) {
        self.wire += other.wire;
        self.model += other.model;
    }
}

impl std::ops::SubAssign for Sizes {
    fn sub_assign(&mut self, other: Self) {
        self.wire -= other.wire;
        self.model -= other.model;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_parts_of_a_number_are_the_number_and_go_by_weight(
            number in -1_000_000..1_000_000_i64,
            weights in proptest::collection::vec(-5_000..5_000_i64, 1..9),
        ) {
            let parts = parts(number, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), number);
            let all: i64 = weights.iter().sum();
            let is_telling = all != 0 && (number < 0) == (all < 0) && all.abs() * 2 >= number.abs();
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = number as f64 * *weight as f64 / all as f64;
                prop_assert!(!is_telling || (*part as f64 - exact).abs() <= 1.0);
                prop_assert!(is_telling || part.abs() <= number.abs() + 1, "no part is more than the whole");
            }
        }
    }

    #[test]
    fn who_makes_a_message_longer_is_charged_for_it() {
        assert_eq!(parts(77, &[428, -120]), [107, -30]);
        assert_eq!(parts(-30, &[-120]), [-30]);
        assert_eq!(parts(9, &[0, 0]), [4, 5], "where nobody says, evenly");
        assert_eq!(parts(40, &[100, -99]), [40, 0], "nearly nothing is not multiplied");
    }
}
