//! The calls of a session as something derived from them sees them: each is judged once when it is new, and again
//! only while it may change.
//!
//! Knows nothing of what the judgement is.

use crate::model::{Operation, State};

/// How far the calls of a session have been looked at, and which of them must be looked at again.
#[derive(Debug)]
pub struct Watch<T> {
    seen: usize,
    /// Calls that may still change, each with its last judgement.
    open: Vec<(u32, T)>,
}

/// New calls looked at for one drawing; the rest follows at the next ones.
pub const NEW_MAX: usize = 250_000;
/// Open calls looked at again for one drawing, in turn if there are more.
const AGAIN_MAX: usize = 20_000;

impl<T> Default for Watch<T> {
    fn default() -> Self {
        Self { seen: 0, open: Vec::new() }
    }
}

impl<T: Copy + PartialEq> Watch<T> {
    /// How many calls have been looked at.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// The last judgement of a call that may still change.
    #[must_use]
    pub fn open(&self, operation: u32) -> Option<T> {
        self.open.iter().find(|(open, _)| *open == operation).map(|(_, judged)| *judged)
    }

    /// Judges what is new, at most so many calls as `budget` still has, and what may have changed; `by_tokens` says
    /// whether a judgement depends on a call's tokens. `changed` gets the judgement before, if there was one, and the
    /// one now, if they differ.
    pub fn look(
        &mut self,
        operations: &[Operation],
        by_tokens: bool,
        budget: &mut usize,
        judge: impl Fn(u32, &Operation) -> T,
        mut changed: impl FnMut(Option<T>, T),
    ) {
        let again: Vec<_> = self.open.drain(..self.open.len().min(AGAIN_MAX)).collect();
        for (id, before) in again {
            let Some(operation) = operations.get(id as usize) else { continue };
            let now = judge(id, operation);
            if before != now {
                changed(Some(before), now);
            }
            if may_change(operation, by_tokens) {
                self.open.push((id, now));
            }
        }
        let until = operations.len().min(self.seen + *budget);
        for (index, operation) in operations.iter().enumerate().take(until).skip(self.seen) {
            let Ok(id) = u32::try_from(index) else { break };
            let now = judge(id, operation);
            changed(None, now);
            if may_change(operation, by_tokens) {
                self.open.push((id, now));
            }
        }
        *budget -= until.saturating_sub(self.seen);
        self.seen = until.max(self.seen);
    }
}

/// Whether a call's state may still become something else, or its costs where the judgement depends on them.
#[must_use]
pub fn may_change(operation: &Operation, by_tokens: bool) -> bool {
    match operation.state {
        State::Pending => true,
        State::Done(_) | State::Cancelled { .. } | State::Abandoned | State::Unknown => {
            by_tokens && operation.tokens.is_none() && operation.answer().is_some()
        }
    }
}
