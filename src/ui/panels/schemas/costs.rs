//! What each tool definition costs, part by part: asked for once, kept until the definitions change.
//!
//! Knows nothing of how costs are shown.

use std::collections::HashMap;

use crate::tokens::{Count, ToolParts};
use crate::ui::fetched::Answer;
use crate::ui::panels::{Cx, OpenId, Opened};

/// The parts of a definition in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartOf {
    /// The description.
    Description,
    /// The input schema.
    Input,
    /// The output schema.
    Output,
    /// The annotations.
    Hints,
    /// The name and everything else.
    Rest,
}

impl PartOf {
    /// Its tokens; those of all parts sum to the tokens of the definition's JSON.
    pub(super) fn of(self, parts: &ToolParts) -> Count {
        match self {
            Self::Description => parts.description,
            Self::Input => parts.input_schema,
            Self::Output => parts.output_schema,
            Self::Hints => parts.annotations,
            Self::Rest => parts.name + parts.other,
        }
    }
}

/// Definitions asked for at one drawing.
const ASK_MAX: usize = 64;
/// Definitions whose parts are kept.
const KEPT_MAX: usize = 8_192;

/// The parts of the definitions seen so far.
#[derive(Debug, Default)]
pub(super) struct Costs {
    known: HashMap<Key, Option<ToolParts>>,
    asked: usize,
}

/// Session, profile, revision of its definitions, position among them.
type Key = (OpenId, &'static str, u64, u32);

impl Costs {
    /// To be called once for each drawing.
    pub(super) fn begin(&mut self) {
        self.asked = 0;
        if self.known.len() > KEPT_MAX {
            self.known.clear();
        }
    }

    /// The parts of a definition, if they are there.
    pub(super) fn known(&self, opened: &Opened<'_>, position: usize, cx: &Cx<'_>) -> Option<ToolParts> {
        let revision = opened.session.definitions().revision;
        let key = (opened.id, cx.profile.id, revision, u32::try_from(position).ok()?);
        *self.known.get(&key)?
    }

    /// The parts of a definition, as the profile counts them; asked for where they are not there.
    pub(super) fn parts(&mut self, opened: &Opened<'_>, position: usize, cx: &Cx<'_>) -> Option<ToolParts> {
        let revision = opened.session.definitions().revision;
        let position = u32::try_from(position).ok()?;
        let key = (opened.id, cx.profile.id, revision, position);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        if self.asked == ASK_MAX {
            return None;
        }
        self.asked += 1;
        let parts = match cx.tool_costs.get((opened.id, position, revision)) {
            Answer::Ready(tokens) => Some(tokens.parts),
            Answer::Waiting => return None,
            Answer::Failed(_) => None,
        };
        self.known.insert(key, parts);
        parts
    }
}
