//! `delay`: makes calls slower, to test agents.

use serde::{Deserialize, Serialize};

use super::dice::Dice;
use crate::rules::Span;

/// How long calls are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "a time as in \"200ms\", or two as { min = \"100ms\", max = \"1s\" } with min and max"
)]
pub enum Delay {
    /// Always so long.
    Fixed(Span),
    /// Evenly spread between two times.
    Between(Spread),
}

/// Two times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The shortest.
    pub min: Span,
    /// The longest.
    pub max: Span,
}

impl Delay {
    /// How long the next call is held back, in microseconds.
    pub(in crate::rules) fn pick_us(&self, dice: &mut Dice) -> u64 {
        match self {
            Self::Fixed(span) => span.micros(),
            Self::Between(Spread { min, max }) => {
                let (min, max) = (min.micros(), max.micros().max(min.micros()));
                min + dice.below(max - min + 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_lie_between_the_two_and_are_the_same_for_the_same_seed() {
        let delay: Delay = toml::from_str::<std::collections::BTreeMap<String, Delay>>(
            "delay = { min = \"10ms\", max = \"20ms\" }",
        )
        .unwrap()["delay"];
        let picks = |seed| {
            let mut dice = Dice::new(seed);
            (0..200).map(|_| delay.pick_us(&mut dice)).collect::<Vec<_>>()
        };
        let all = picks(7);
        assert!(all.iter().all(|us| (10_000..=20_000).contains(us)));
        assert!(all.iter().max().unwrap() - all.iter().min().unwrap() > 8_000);
        assert_eq!(all, picks(7));
        assert_ne!(all, picks(8));
    }
}
