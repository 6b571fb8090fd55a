//! `rate`: limits calls a time, by a token bucket.

use serde::{Deserialize, Serialize};

use super::Wait;
use crate::trace::Micros;

/// How many calls a time. One of the three is given.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// A second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<f64>,
    /// A minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<f64>,
    /// An hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_hour: Option<f64>,
    /// How many may come at once after a pause.
    #[serde(default = "one")]
    pub burst: u32,
    /// What happens to those beyond.
    #[serde(default)]
    pub over: Wait,
}

fn one() -> u32 {
    1
}

impl Rate {
    /// Microseconds from one call to the next.
    fn interval_us(&self) -> f64 {
        let (calls, seconds) = match (self.per_second, self.per_minute, self.per_hour) {
            (Some(calls), _, _) => (calls, 1.0),
            (None, Some(calls), _) => (calls, 60.0),
            (None, None, calls) => (calls.unwrap_or(f64::INFINITY), 3_600.0),
        };
        // A rate of nought lets the burst through and then one call a day.
        (seconds * 1e6 / calls.max(f64::MIN_POSITIVE)).clamp(0.0, DAY_US)
    }
}

const DAY_US: f64 = 86_400e6;

/// A token bucket. Time that has not come yet is owed, not counted: it never gains by rounding.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Bucket {
    interval_us: f64,
    burst: f64,
    tokens: f64,
    at: Micros,
}

impl Bucket {
    pub(in crate::rules) fn new(rate: &Rate, now: Micros) -> Self {
        let burst = f64::from(rate.burst.max(1));
        Self { interval_us: rate.interval_us(), burst, tokens: burst, at: now }
    }

    fn fill(&mut self, now: Micros) {
        let passed = (now - self.at).0 as f64;
        self.at = self.at.max(now);
        self.tokens = if self.interval_us > 0.0 {
            (self.tokens + passed / self.interval_us).min(self.burst)
        } else {
            self.burst
        };
    }

    /// Takes a token, if there is one.
    pub(in crate::rules) fn take(&mut self, now: Micros) -> bool {
        self.fill(now);
        // A millionth of a call early is what rounding a time to microseconds gives.
        let has_one = self.tokens >= 1.0 - 1e-6;
        if has_one {
            self.tokens = (self.tokens - 1.0).max(0.0);
        }
        has_one
    }

    /// When the next token is there.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most a day, and not negative"
    )]
    pub(in crate::rules) fn next(&self) -> Micros {
        let missing = (1.0 - self.tokens).max(0.0) * self.interval_us;
        Micros(self.at.0.saturating_add(missing.ceil() as u64))
    }

    /// When a call that comes now, behind `ahead` others that wait, would have its turn.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded, and not negative")]
    pub(in crate::rules) fn turn(&self, ahead: usize) -> Micros {
        Micros(self.next().0.saturating_add((ahead as f64 * self.interval_us) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bucket(text: &str) -> Bucket {
        Bucket::new(&toml::from_str(text).unwrap(), Micros(0))
    }

    #[test]
    fn a_burst_goes_at_once_and_then_one_an_interval() {
        let mut bucket = bucket("per_minute = 60\nburst = 3");
        assert!((0..3).all(|_| bucket.take(Micros(0))));
        assert!(!bucket.take(Micros(999_998)));
        assert_eq!(bucket.next(), Micros(1_000_000));
        assert!(bucket.take(Micros(1_000_000)) && !bucket.take(Micros(1_000_001)));
    }

    proptest! {
        #[test]
        fn never_more_than_the_burst_and_the_rate_allow(
            steps in proptest::collection::vec(0_u64..400_000, 1..200),
            per_second in 1_u32..50,
            burst in 1_u32..8,
        ) {
            let mut bucket = bucket(&format!("per_second = {per_second}.0\nburst = {burst}"));
            let (mut now, mut taken) = (0, 0_u32);
            for step in steps {
                now += step;
                taken += u32::from(bucket.take(Micros(now)));
                let allowed = f64::from(burst) + now as f64 / 1e6 * f64::from(per_second);
                prop_assert!(f64::from(taken) <= allowed + 1e-3);
            }
        }

        #[test]
        fn at_the_time_it_names_a_token_is_there(
            rate in 0.01_f64..1_000.0, start in 0_u64..1_000_000_000
        ) {
            let mut bucket = bucket(&format!("per_second = {rate}"));
            prop_assert!(bucket.take(Micros(start)));
            let next = bucket.next();
            prop_assert!(bucket.take(next));
        }
    }
}
