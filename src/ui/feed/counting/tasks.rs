//! What is to be counted, and where the counts go.
//!
//! Knows nothing of how tokens are counted.

use std::sync::Arc;

use crate::model::{
    Changed, DefinitionTokens, Half, Operation, OperationId, OperationTokens, RuledTokens, Session,
};

/// A call to be counted: the messages of its exchanges, as they were delivered.
pub(super) struct Task {
    pub(super) call: OperationId,
    pub(super) exchanges: Vec<(Half, Option<Half>)>,
    /// Answers that rules changed, and those that rules which only observe would have changed.
    pub(super) ruled: Option<[Vec<Changed>; 2]>,
}

/// What a call costs, and what its changed answers cost before and after.
pub(super) struct Counted {
    pub(super) tokens: OperationTokens,
    pub(super) ruled: Option<RuledTokens>,
}

/// A definition to be counted.
pub(super) struct Definition {
    position: usize,
    pub(super) json: Arc<str>,
    /// Whether it is one that the server wrote and a rule changed or hid.
    is_offered: bool,
}

impl Counted {
    pub(super) fn enter(self, session: &mut Session, call: OperationId) {
        session.set_tokens(call, self.tokens);
        session.set_ruled_tokens(call, self.ruled);
    }
}

impl Definition {
    /// All definitions of a session: those the client saw, and where they differ those of the server.
    pub(super) fn all(session: &Session) -> Vec<Self> {
        let of = |(position, tool): (usize, &crate::model::Definition), is_offered| Self {
            position,
            json: tool.json.clone(),
            is_offered,
        };
        let definitions = session.definitions();
        let seen = definitions.tools().iter().enumerate().map(|one| of(one, false));
        seen.chain(definitions.offered().iter().enumerate().map(|one| of(one, true))).collect()
    }

    pub(super) fn enter(&self, session: &mut Session, cost: DefinitionTokens) {
        if self.is_offered {
            session.set_offered_tokens(self.position, &self.json, cost);
        } else {
            session.set_definition_tokens(self.position, &self.json, cost);
        }
    }
}

impl Task {
    /// The messages of a call; `None` while it has no answer.
    pub(super) fn of(call: OperationId, operation: &Operation) -> Option<Self> {
        let delivered = |half: &Half| *operation.delivered(half);
        let exchanges: Vec<_> = operation
            .exchanges()
            .map(|exchange| (exchange.request, exchange.response.as_ref().map(delivered)))
            .collect();
        let ruled = operation.ruled().filter(|ruled| ruled.is_changed());
        let ruled = ruled.map(|ruled| [ruled.changed().to_vec(), ruled.would_change().to_vec()]);
        exchanges.iter().any(|(_, response)| response.is_some()).then_some(Self { call, exchanges, ruled })
    }
}
