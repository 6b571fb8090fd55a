//! The rules of a session: which were in force when, and what each of them did and saved.
//!
//! Knows nothing of how rules decide. What a rule is worth is derived from pairs of messages (what arrived and what
//! left) and from times, never taken from its own word.
//!
//! # How savings are counted
//! - **Tokens and bytes**: of every answer that was changed, the original's less the delivered one's. Where several
//!   rules had an effect on one message, what it saved is divided among them by the bytes that the text had before and after
//!   each of them, which the gate measures: one that adds something is charged for it. They are shares (evenly where no
//!   length is told), because the recording holds what arrived and what left and not what was between; `before` and
//!   `after` of each of them are the whole message's.
//!   An answer that a rule turned into a failure (a limit that refuses) saved nothing: the client did not get it.
//!   So the savings of all rules add up to those of the session, and `before − after` of one rule is what it saved
//!   where it acted alone.
//! - **Definitions** stand in the context once, however often they are listed: what the newest list saves is the
//!   tokens of the list as the server wrote it less those of the list the client saw.
//! - **Time**: for an answer out of a cache, and for one shared with an equal request, what the server had taken for
//!   that answer less what this client waited. It may be negative. For an answer by a guard (an error) there is none.
//! - **Time held** (rate, concurrency, delay) is the rule's and not the server's.
//! - Rules that only **observe** are counted by the same formulas into [`RuleStats::observed`], and never into sums.

mod effects;
mod stats;
mod texts;

pub use effects::{Effects, Saved};
pub use stats::{CacheUse, RuleStats, Why};
pub use texts::{RulesRefused, RulesText};

use super::{OperationId, Session, Symbol};

/// How many rules are kept apart; what comes later shares one.
const RULES_MAX: usize = 256;

/// The rules of a session.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub(super) texts: texts::Texts,
    stats: Vec<RuleStats>,
    pub(super) results_saved: Saved,
    pub(super) ruled: Vec<OperationId>,
}

impl Rules {
    /// The rules in force at the end of what has been read; `None` if none were ever told of.
    #[must_use]
    pub fn in_force(&self) -> Option<&RulesText> {
        self.texts.in_force()
    }

    /// The texts that were put in force, newest last; at most [`RulesText::KEPT_MAX`] of them.
    #[must_use]
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &RulesText> + ExactSizeIterator {
        self.texts.history()
    }

    /// Texts that were not taken, newest last.
    #[must_use]
    pub fn refused(&self) -> impl DoubleEndedIterator<Item = &RulesRefused> + ExactSizeIterator {
        self.texts.refused()
    }

    /// Every rule that had to do with a message, in the order in which they first did.
    #[must_use]
    pub fn all(&self) -> &[RuleStats] {
        &self.stats
    }

    /// What a rule did.
    #[must_use]
    pub fn get(&self, rule: Symbol) -> Option<&RuleStats> {
        self.stats.iter().find(|stats| stats.rule == rule)
    }

    /// Whether there are rules, or were.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stats.is_empty() && self.texts.is_empty()
    }

    /// The operations of which a ruling changed what is to be counted, in the order of the rulings, from this position
    /// on. For whoever counts tokens: an operation may have been counted before its ruling was read.
    #[must_use]
    pub fn ruled_since(&self, position: usize) -> &[OperationId] {
        self.ruled.get(position..).unwrap_or_default()
    }

    /// The same without the operations that were ruled on.
    pub(super) fn abridged(&self) -> Self {
        Self {
            texts: self.texts.clone(),
            stats: self.stats.clone(),
            results_saved: self.results_saved,
            ruled: Vec::new(),
        }
    }

    /// The statistics of a rule, new if need be.
    pub(super) fn of(&mut self, rule: Symbol) -> &mut RuleStats {
        let position = self.stats.iter().position(|stats| stats.rule == rule).or_else(|| {
            // The last one is shared by all that come later.
            (self.stats.len() == RULES_MAX).then_some(RULES_MAX - 1)
        });
        let position = position.unwrap_or_else(|| {
            let rule = if self.stats.len() + 1 == RULES_MAX { Symbol::OTHER } else { rule };
            self.stats.push(RuleStats::new(rule));
            self.stats.len() - 1
        });
        &mut self.stats[position]
    }

    pub(super) fn forget_tokens(&mut self) {
        self.results_saved.forget_tokens();
        self.stats.iter_mut().for_each(RuleStats::forget_tokens);
    }
}

impl Session {
    /// The rules and what they did.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What all rules saved since the start: of results, of time, and of the tool definitions as they are now.
    #[must_use]
    pub fn saved(&self) -> Saved {
        self.rules.results_saved + self.definitions.saved()
    }

    /// What one rule saved since the start, its part of the definitions included.
    #[must_use]
    pub fn saved_by(&self, rule: Symbol) -> Saved {
        let own = self.rules.get(rule).map_or_else(Saved::default, |stats| stats.active.saved);
        own + self.definitions.saved_by(rule)
    }
}
