//! How often equal requests were made, and for how long they had equal answers.
//!
//! Knows nothing of what is asked and answered but fingerprints.

use std::collections::HashMap;

use super::fingerprint::Fingerprint;
use crate::trace::Micros;

/// Different requests remembered of one tool or method: 128 bytes each. What is asked for the first time after these is
/// not compared, so what is found is less than there was, never more.
const REQUESTS_MAX: usize = 4_096;

/// Equal requests of one tool or method.
#[derive(Clone, Debug, Default)]
pub(in crate::insight::advise) struct Repeats {
    known: HashMap<Fingerprint, Known>,
    /// Requests that had an answer that may be kept.
    pub(in crate::insight::advise) answered: u64,
    /// Those whose equal had been answered before.
    pub(in crate::insight::advise) repeated: u64,
    /// Those of them that were answered as their equal was.
    pub(in crate::insight::advise) same: u64,
    /// Those that were answered otherwise although nothing had been written in between.
    pub(in crate::insight::advise) changed: u64,
    /// Those that were answered otherwise after something had been written.
    pub(in crate::insight::advise) changed_by_writes: u64,
    /// The longest time for which an answer is known to have stayed the same.
    pub(in crate::insight::advise) same_us_max: u64,
    /// The shortest time after which an answer was another, with nothing written in between.
    pub(in crate::insight::advise) changed_us_min: Option<u64>,
}

/// What is known of one request.
#[derive(Clone, Copy, Debug)]
struct Known {
    answer: Fingerprint,
    /// When this answer was given first, and last.
    since: Micros,
    last: Micros,
    /// How many writes there had been.
    writes: u64,
}

/// A request and its answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::insight::advise) struct Round {
    /// What was asked.
    pub(in crate::insight::advise) request: Fingerprint,
    /// What was answered.
    pub(in crate::insight::advise) answer: Fingerprint,
    /// When it was asked.
    pub(in crate::insight::advise) asked: Micros,
    /// When it was answered.
    pub(in crate::insight::advise) answered: Micros,
    /// How many calls that may write there had been when it was asked.
    pub(in crate::insight::advise) writes: u64,
}

impl Repeats {
    /// Takes note of a request and its answer.
    pub(in crate::insight::advise) fn note(&mut self, round: Round) {
        self.answered += 1;
        let Round { request, answer, asked, answered, writes } = round;
        let first = Known { answer, since: answered, last: answered, writes };
        let room = self.known.len() < REQUESTS_MAX;
        let Some(known) = self.known.get_mut(&request) else {
            if room {
                self.known.insert(request, first);
            }
            return;
        };
        self.repeated += 1;
        if known.answer == answer {
            self.same += 1;
            self.same_us_max = self.same_us_max.max((asked - known.since).0);
            (known.last, known.writes) = (answered, writes);
            return;
        }
        if known.writes == writes {
            self.changed += 1;
            let after_us = (asked - known.last).0;
            self.changed_us_min = Some(self.changed_us_min.map_or(after_us, |least| least.min(after_us)));
        } else {
            self.changed_by_writes += 1;
        }
        *known = first;
    }

    /// For how long an answer may be kept by this evidence, in microseconds: no longer than one is known to have stayed the
    /// same, and less than any is known to have been another after. `None` without evidence.
    pub(in crate::insight::advise) fn keep_us(&self) -> Option<u64> {
        let before_change = self.changed_us_min.map_or(u64::MAX, |least| least.saturating_sub(1));
        let keep_us = rounded_down(self.same_us_max.min(before_change));
        (self.same > 0 && keep_us > 0).then_some(keep_us)
    }
}

/// A time as people say it, and no longer than it was: `8s` for 8.7 seconds, `1m 20s` for 83.
fn rounded_down(us: u64) -> u64 {
    const STEPS_US: [(u64, u64); 6] = [
        (3_600_000_000, 600_000_000),
        (600_000_000, 60_000_000),
        (60_000_000, 10_000_000),
        (1_000_000, 1_000_000),
        (100_000, 10_000),
        (1_000, 1_000),
    ];
    let step_us = STEPS_US.iter().find(|(from_us, _)| us >= *from_us).map_or(u64::MAX, |(_, step)| *step);
    us / step_us * step_us
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(answer: u128, at_s: u64, writes: u64) -> Round {
        let asked = Micros(at_s * 1_000_000);
        Round { request: 1, answer, asked, answered: asked, writes }
    }

    #[test]
    fn an_answer_is_kept_no_longer_than_it_is_known_to_have_stayed_the_same() {
        let mut repeats = Repeats::default();
        for at_s in [0, 5, 83] {
            repeats.note(round(7, at_s, 0));
        }
        assert_eq!((repeats.repeated, repeats.same, repeats.same_us_max), (2, 2, 83_000_000));
        assert_eq!(repeats.keep_us(), Some(80_000_000));
    }

    #[test]
    fn an_answer_is_kept_for_less_than_any_took_to_change() {
        let mut repeats = Repeats::default();
        for (answer, at_s) in [(7, 0), (7, 60), (8, 72), (8, 200)] {
            repeats.note(round(answer, at_s, 0));
        }
        assert_eq!((repeats.changed, repeats.changed_us_min), (1, Some(12_000_000)));
        assert_eq!(repeats.keep_us(), Some(11_000_000));
    }

    #[test]
    fn a_change_after_a_write_says_nothing_of_time() {
        let mut repeats = Repeats::default();
        for (answer, at_s, w) in [(7, 0, 0), (7, 60, 0), (8, 61, 1)] {
            repeats.note(round(answer, at_s, w));
        }
        assert_eq!((repeats.changed, repeats.changed_by_writes, repeats.keep_us()), (0, 1, Some(60_000_000)));
    }

    #[test]
    fn without_equal_answers_there_is_no_evidence() {
        let mut repeats = Repeats::default();
        for answer in [1, 2, 3] {
            repeats.note(round(u128::from(answer), answer, 0));
        }
        assert_eq!((repeats.repeated, repeats.changed, repeats.keep_us()), (2, 2, None));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut repeats = Repeats::default();
        for request in 0..10_000 {
            repeats.note(Round { request, ..round(1, 1, 0) });
        }
        assert_eq!((repeats.answered, repeats.known.len()), (10_000, REQUESTS_MAX));
    }
}
