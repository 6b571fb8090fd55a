//! What the server offers: the newest definition of every tool, and how many prompts and resources.
//!
//! Knows nothing of what a definition costs beyond the number it is told.

use std::sync::Arc;

use crate::tokens::Accuracy;
use crate::trace::{Micros, Place};

/// What one tool definition costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DefinitionTokens {
    /// All of its JSON.
    pub wire: u32,
    /// What the client hands to the model.
    pub model: u32,
    /// How far the two may be trusted.
    pub accuracy: Accuracy,
}

/// One tool definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The tool's name.
    pub name: Box<str>,
    /// The definition as JSON text, exactly as it travelled.
    pub json: Arc<str>,
    /// When it was listed.
    pub at: Micros,
    /// The event that holds it.
    pub place: Place,
    /// What it costs, once counted.
    pub tokens: Option<DefinitionTokens>,
}

/// What a server offers.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    pub(super) tools: Vec<Definition>,
    /// Grows with every change of the tools, so that a reader can see that there was one.
    pub revision: u64,
    /// Definitions not kept because all together would exceed [`Definitions::BYTES_MAX`].
    pub not_kept: u32,
    /// Whether the last page of the newest list has been seen (no `nextCursor`).
    pub complete: bool,
    /// How many prompts were listed; `None` if they never were.
    pub prompts: Option<u32>,
    /// How many resources were listed.
    pub resources: Option<u32>,
    /// How many resource templates were listed.
    pub resource_templates: Option<u32>,
    /// When the server last said that its tools had changed, if no list followed.
    pub tools_stale_since: Option<Micros>,
    pub(super) bytes: usize,
}

impl Definitions {
    /// How many bytes of definitions are kept.
    pub const BYTES_MAX: usize = 16 * 1024 * 1024;

    /// The tools in the order in which the server listed them.
    #[must_use]
    pub fn tools(&self) -> &[Definition] {
        &self.tools
    }

    /// The definition of the tool `name`.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&Definition> {
        self.tools.iter().find(|tool| &*tool.name == name)
    }

    /// The sum of the definitions' tokens as (wire, model), of those counted so far.
    #[must_use]
    pub fn tokens(&self) -> DefinitionTokens {
        let mut sum = DefinitionTokens::default();
        for tokens in self.tools.iter().filter_map(|tool| tool.tokens) {
            sum.wire = sum.wire.saturating_add(tokens.wire);
            sum.model = sum.model.saturating_add(tokens.model);
            sum.accuracy = sum.accuracy.max(tokens.accuracy);
        }
        sum
    }
}
