//! A session that is read again from its beginning, and what is known already from the last time.
//!
//! Knows nothing of why it is read again.

use std::ops::Range;

use super::{Operation, Session, State};

impl Session {
    /// Says that this is another reading of the recording that `before` was read from: whoever remembers what it has seen of a
    /// session has to look anew.
    pub fn comes_after(&mut self, before: &Self) {
        self.recounts = before.recounts + 1;
    }

    /// Takes over what was counted of these calls, where they stand as they did. What else there is can be counted again.
    pub fn take_tokens(&mut self, before: &Self, calls: Range<usize>) {
        let same = |own: &Operation, other: &Operation| own.is_counted_once() && other.is_counted_once();
        for id in calls.filter_map(|at| u32::try_from(at).ok()).map(super::OperationId) {
            let known = self.operation(id).zip(before.operation(id));
            if let Some(tokens) =
                known.filter(|(own, other)| same(own, other)).and_then(|(_, other)| other.tokens)
            {
                self.set_tokens(id, tokens);
            }
        }
    }

    /// Takes over what the definitions cost that are as they were.
    pub fn take_definition_tokens(&mut self, before: &Self) {
        let pairs = self.definitions.tools.iter_mut().zip(&before.definitions.tools);
        let offered = self.definitions.offered.iter_mut().zip(&before.definitions.offered);
        for (own, other) in pairs.chain(offered).filter(|(own, other)| own.json == other.json) {
            own.tokens = other.tokens;
        }
    }
}

impl Operation {
    /// Whether its tokens, once they are counted, stay as they are: it has its only answer, and no rule changed that.
    #[must_use]
    pub fn is_counted_once(&self) -> bool {
        matches!(self.state, State::Done(_)) && self.exchanges().count() == 1 && self.ruled().is_none()
    }
}
