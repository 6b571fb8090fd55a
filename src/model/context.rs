//! What a session has put into the model's context window: one sum, whoever shows it.
//!
//! Knows nothing of how large the window is.

use std::ops::AddAssign;

use super::{Row, Session};
use crate::tokens::Count;
use crate::wire::Peer;

/// Requests of the client whose results it hands to its model. What lists hold counts as definitions; a handshake,
/// a completion or a ping reaches no model.
const SHOWN_METHODS: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];

/// What is in the context window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContextTokens {
    /// The tool definitions.
    pub definitions: Count,
    /// The results so far.
    pub results: Count,
}

impl ContextTokens {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Count {
        self.definitions + self.results
    }
}

impl AddAssign for ContextTokens {
    fn add_assign(&mut self, other: Self) {
        self.definitions += other.definitions;
        self.results += other.results;
    }
}

impl Session {
    /// What the session has put into the context window: as the model gets it, or all JSON that travelled for it.
    #[must_use]
    pub fn context(&self, wire: bool) -> ContextTokens {
        let definitions = self.definitions.tokens();
        let tokens = u64::from(if wire { definitions.wire } else { definitions.model });
        let shown = self.rows.iter().filter(|row| self.is_shown_to_model(row));
        ContextTokens {
            definitions: Count { tokens, accuracy: definitions.accuracy },
            results: shown.map(|row| row.results(wire)).sum(),
        }
    }

    /// Whether the results of a row reach the model.
    #[must_use]
    pub fn is_shown_to_model(&self, row: &Row) -> bool {
        row.key.from == Peer::Client && SHOWN_METHODS.contains(&self.name(row.key.method))
    }
}
