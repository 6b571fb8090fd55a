//! The rules in force over time, and those that were refused.
//!
//! Bounded: the oldest make room. Knows nothing of what a text says.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::trace::Micros;

/// Rules that were put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesText {
    /// When.
    pub at: Micros,
    /// The whole text; empty if there are no rules.
    pub text: Arc<str>,
    /// Where they come from: a file's path, or who asked.
    pub source: Box<str>,
}

/// Rules that were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesRefused {
    /// When.
    pub at: Micros,
    /// Where they come from.
    pub source: Box<str>,
    /// Why, with line and column.
    pub why: Box<str>,
}

impl RulesText {
    /// How many texts are kept.
    pub const KEPT_MAX: usize = 64;
    /// How many bytes of texts are kept, beyond the one in force.
    pub const BYTES_MAX: usize = 1024 * 1024;
}

/// What was said about rules.
#[derive(Clone, Debug, Default)]
pub(in crate::model) struct Texts {
    history: VecDeque<RulesText>,
    refused: VecDeque<RulesRefused>,
}

impl Texts {
    pub(super) fn in_force(&self) -> Option<&RulesText> {
        self.history.back()
    }

    pub(super) fn history(&self) -> impl DoubleEndedIterator<Item = &RulesText> + ExactSizeIterator {
        self.history.iter()
    }

    pub(super) fn refused(&self) -> impl DoubleEndedIterator<Item = &RulesRefused> + ExactSizeIterator {
        self.refused.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.history.is_empty()
    }

    pub(in crate::model) fn put(&mut self, at: Micros, text: &str, source: &str) {
        self.history.push_back(RulesText { at, text: Arc::from(text), source: Box::from(source) });
        let bytes = |texts: &VecDeque<RulesText>| texts.iter().map(|one| one.text.len()).sum::<usize>();
        while self.history.len() > RulesText::KEPT_MAX
            || (self.history.len() > 1 && bytes(&self.history) > RulesText::BYTES_MAX)
        {
            self.history.pop_front();
        }
    }

    pub(in crate::model) fn refuse(&mut self, at: Micros, source: &str, why: &str) {
        if self.refused.len() == RulesText::KEPT_MAX {
            self.refused.pop_front();
        }
        self.refused.push_back(RulesRefused { at, source: Box::from(source), why: Box::from(why) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_texts_make_room_and_the_one_in_force_stays() {
        let mut texts = Texts::default();
        for n in 0..3 * RulesText::KEPT_MAX {
            texts.put(Micros(n as u64), &"x".repeat(n), "file");
            texts.refuse(Micros(n as u64), "file", "why");
        }
        assert_eq!(
            (texts.history().len(), texts.refused().len()),
            (RulesText::KEPT_MAX, RulesText::KEPT_MAX)
        );
        texts.put(Micros(9_999), &"y".repeat(2 * RulesText::BYTES_MAX), "file");
        assert_eq!((texts.history().len(), texts.in_force().unwrap().at), (1, Micros(9_999)));
    }
}
