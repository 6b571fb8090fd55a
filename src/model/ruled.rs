//! What rules did with one operation, and which of its messages they changed.
//!
//! Plain state with the questions one can ask of it; how rulings change it is the business of `apply`.

use super::{Half, Operation, Symbol};
use crate::trace::{Micros, Outcome, Place};
use crate::wire::Direction;

/// What one transformer of one rule did with one message of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct RuledMark {
    /// When it was told: for a message that went on, after that.
    pub at: Micros,
    /// Where its ruling stands in the recording.
    pub place: Place,
    /// Which way the message travelled.
    pub to: Direction,
    /// What became of the message.
    pub outcome: Outcome,
    /// The rule's name.
    pub rule: Symbol,
    /// The transformer, as it is called in the rules file.
    pub by: Symbol,
    /// Whether it had an effect; with `is_observed`, whether it would have had.
    pub hit: bool,
    /// Whether the rule only observes.
    pub is_observed: bool,
    /// Its own time, in nanoseconds.
    pub cost_ns: u32,
    /// How long the server took for the answer it gave, in microseconds.
    pub took_us: Option<u64>,
    /// How old the answer was that it gave, in microseconds.
    pub age_us: Option<u64>,
    /// Why it had no effect, or what it did.
    pub why: Option<Box<str>>,
    /// With which message it failed.
    pub failed: Option<Box<str>>,
}

/// Which rule answered an operation in the place of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnsweredBy {
    /// The rule's name.
    pub rule: Symbol,
    /// The transformer.
    pub by: Symbol,
    /// Whether the answer came out of a cache.
    pub is_cache: bool,
}

/// A message and what left in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// As it arrived.
    pub original: Half,
    /// As it left; for a rule that only observes, as it would have left.
    pub delivered: Half,
    /// Whether it left as a failure that it had not been: what the client does not get is no saving.
    pub is_refused: bool,
}

/// Tokens of one text, or the sum of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// All JSON.
    pub wire: u64,
    /// What the client hands to the model.
    pub model: u64,
}

/// What the changed answers of an operation cost before and after, as counted by whoever reads the bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuledTokens {
    /// Of the answers that were changed, as they arrived.
    pub before: Sizes,
    /// The same answers as they were delivered.
    pub after: Sizes,
    /// Of the answers that rules which only observe would have changed, as they arrived.
    pub would_before: Sizes,
    /// The same answers as they would have been delivered.
    pub would_after: Sizes,
}

/// A rule's claim to a part of what was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Credit {
    pub(super) rule: Symbol,
    /// The bytes it took away, less than none where it added some; 0 where nobody says.
    pub(super) weight: i64,
}

impl Credit {
    /// Adds it to those there are: each rule stands among them once.
    pub(super) fn add_to(self, credits: &mut Vec<Self>) {
        match credits.iter_mut().find(|credit| credit.rule == self.rule) {
            Some(credit) => credit.weight = credit.weight.saturating_add(self.weight),
            None => credits.push(self),
        }
    }
}

/// What rules did with one operation.
#[derive(Clone, Debug, Default)]
pub struct Ruled {
    pub(super) marks: Vec<RuledMark>,
    pub(super) marks_not_kept: u32,
    pub(super) answered: Option<AnsweredBy>,
    /// Answers that were changed, and answers that would have been.
    pub(super) changed: Vec<Changed>,
    pub(super) would: Vec<Changed>,
    /// The request as it left, where a rule changed it.
    pub(super) sent: Option<Half>,
    /// What the server said to a request that a rule had answered before.
    pub(super) late: Option<Half>,
    pub(super) held_since: Option<Micros>,
    /// The rule for which it waits.
    pub(super) held_by: Option<Symbol>,
    pub(super) held_us: u64,
    pub(super) tokens: Option<RuledTokens>,
    /// The rules among which the tokens saved are divided, active ones and those that only observe.
    pub(super) credits: [Vec<Credit>; 2],
}

impl Ruled {
    /// How many marks of one operation are kept.
    pub const MARKS_MAX: usize = 64;
    /// How many changed messages of one operation are kept.
    pub const CHANGED_MAX: usize = 64;

    /// What each transformer did, in the order in which they acted.
    #[must_use]
    pub fn marks(&self) -> &[RuledMark] {
        &self.marks
    }

    /// How many further marks there were.
    #[must_use]
    pub fn marks_not_kept(&self) -> u32 {
        self.marks_not_kept
    }

    /// The rule that answered in the place of the server, if one did.
    #[must_use]
    pub fn answered_by(&self) -> Option<AnsweredBy> {
        self.answered
    }

    /// The answers that rules changed.
    #[must_use]
    pub fn changed(&self) -> &[Changed] {
        &self.changed
    }

    /// The answers that rules which only observe would have changed.
    #[must_use]
    pub fn would_change(&self) -> &[Changed] {
        &self.would
    }

    /// Whether an answer of it was changed, or would have been.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.changed.is_empty() || !self.would.is_empty()
    }

    /// The request as it left, where a rule changed it.
    #[must_use]
    pub fn sent(&self) -> Option<&Half> {
        self.sent.as_ref()
    }

    /// What the server said when a rule had answered already; no client saw it.
    #[must_use]
    pub fn late(&self) -> Option<&Half> {
        self.late.as_ref()
    }

    /// How long rules held it back before it went on to the server, in microseconds.
    #[must_use]
    pub fn held_us(&self) -> u64 {
        self.held_us
    }

    /// What its changed answers cost before and after, once counted; `None` also where none was changed.
    #[must_use]
    pub fn tokens(&self) -> Option<&RuledTokens> {
        self.tokens.as_ref()
    }

    /// Whether a rule had an effect on it: changed, answered, held or dropped one of its messages.
    #[must_use]
    pub fn has_effect(&self) -> bool {
        self.marks.iter().any(|mark| mark.hit && !mark.is_observed)
    }

    /// The rules that had to do with it, each once, in the order in which they acted.
    #[must_use]
    pub fn rules(&self) -> Vec<Symbol> {
        let mut rules = Vec::new();
        for mark in &self.marks {
            if !rules.contains(&mark.rule) {
                rules.push(mark.rule);
            }
        }
        rules
    }
}

impl Operation {
    pub(super) fn ruled_mut(&mut self) -> &mut Ruled {
        self.extra_mut().ruled.get_or_insert_default()
    }

    pub(super) fn ruled_mut_if_any(&mut self) -> Option<&mut Ruled> {
        self.extra.as_mut()?.ruled.as_deref_mut()
    }

    /// What rules did with it; `None` if none had to do with it.
    #[must_use]
    pub fn ruled(&self) -> Option<&Ruled> {
        self.extra.as_ref()?.ruled.as_deref()
    }

    /// The same as the server wrote it; `None` also where a rule answered and the server never did.
    #[must_use]
    pub fn original_answer(&self) -> Option<&Half> {
        let arrived = self.arrived()?;
        if arrived.by_rule { self.ruled()?.late() } else { Some(arrived) }
    }

    /// What left in the place of one of its messages: the message itself unless a rule changed it.
    #[must_use]
    pub fn delivered<'a>(&'a self, half: &'a Half) -> &'a Half {
        let changed = self.ruled().map_or(&[][..], Ruled::changed).iter().rev();
        let same = |one: &&Changed| one.original.place == half.place && one.original.index == half.index;
        changed.clone().find(same).map_or(half, |changed| &changed.delivered)
    }
}
