//! Words that a server gives and wants back: cursors, the ids of tasks, the state of a request that asked back.
//!
//! They are others than they were, so later requests have to bring the new ones. Knows nothing of frames.

use std::collections::{HashMap, HashSet};

use crate::wire::{Edit, member};

/// Words that are remembered.
const ECHOES_MAX: usize = 65_536;

/// Members of results that a later request brings back.
const GIVEN: [&str; 3] = ["nextCursor", "taskId", "requestState"];
/// Members of parameters that bring them.
const BROUGHT: [&str; 3] = ["cursor", "taskId", "requestState"];

/// New words for those that were recorded, as JSON.
#[derive(Debug, Default)]
pub(super) struct Echoes {
    new: HashMap<Box<str>, Box<str>>,
    /// Words that the server has not given this time.
    missing: HashSet<Box<str>>,
}

impl Echoes {
    /// Learns from two results that answer the same request.
    pub(super) fn learn(&mut self, before: &str, after: &str) {
        for (before, after) in given(before).into_iter().zip(given(after)) {
            if let (Some(before), Some(after)) = (before, after)
                && before != after
                && self.new.len() < ECHOES_MAX
            {
                self.new.insert(before.into(), after.into());
            }
        }
    }

    /// Nothing came in the place of this result.
    pub(super) fn miss(&mut self, before: &str) {
        if self.missing.len() < ECHOES_MAX {
            self.missing.extend(given(before).into_iter().flatten().map(Into::into));
        }
    }

    /// Whether a request brings a word that the server has not given.
    pub(super) fn is_missing(&self, params: &str) -> bool {
        let is_missing = |name: &&str| member(params, name).is_some_and(|word| self.missing.contains(word));
        !self.missing.is_empty() && BROUGHT.iter().any(is_missing)
    }

    /// Puts the new words into a request.
    pub(super) fn edit<'t>(&self, edit: &mut Edit<'t>, params: &'t str) {
        if self.new.is_empty() {
            return;
        }
        for name in BROUGHT {
            if let Some(word) = member(params, name)
                && let Some(new) = self.new.get(word)
            {
                edit.replace(word, &**new);
            }
        }
    }
}

/// The words that a result gives, each at its place.
fn given(result: &str) -> [Option<&str>; 4] {
    let [cursor, task, state] = GIVEN.map(|name| member(result, name));
    [cursor, task, state, member(result, "task").and_then(|task| member(task, "taskId"))]
}
