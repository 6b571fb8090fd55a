//! What each tool definition costs, part by part: asked for once, kept until the definitions change.
//!
//! Knows nothing of how costs are shown.

use std::collections::HashMap;

use crate::model::Definition;
use crate::tokens::{Attribution, ContentKind, Count, Encoding, Profile};
use crate::ui::fetched::{Answer, Subject};
use crate::ui::panels::{Cx, OpenId, Opened};

/// The parts of a definition in the order in which they are shown.
pub(super) const PARTS: [&str; 5] = ["name", "description", "inputSchema", "outputSchema", "annotations"];
/// How many parts there are; the last one is everything else.
pub(super) const COUNT: usize = PARTS.len() + 1;

/// Tokens by part; they sum to the tokens of the definition's JSON.
pub(super) type Parts = [Count; COUNT];

/// Definitions asked for at one drawing.
const ASK_MAX: usize = 64;
/// Definitions whose parts are kept.
const KEPT_MAX: usize = 8_192;

/// The parts of the definitions seen so far, in tokens of the encoding.
#[derive(Debug, Default)]
pub(super) struct Costs {
    known: HashMap<(OpenId, Encoding, u64, u32), Option<Parts>>,
    asked: usize,
}

impl Costs {
    /// To be called once for each drawing.
    pub(super) fn begin(&mut self) {
        self.asked = 0;
        if self.known.len() > KEPT_MAX {
            self.known.clear();
        }
    }

    /// The parts of a definition, as the profile counts them; `None` until they are there.
    pub(super) fn parts(&mut self, opened: &Opened<'_>, position: usize, cx: &Cx<'_>) -> Option<Parts> {
        let definitions = opened.session.definitions();
        let definition = definitions.tools().get(position)?;
        let position = u32::try_from(position).ok()?;
        let key = (opened.id, cx.profile.encoding, definitions.revision, position);
        if let Some(known) = self.known.get(&key) {
            return known.map(|parts| calibrated(cx.profile, parts));
        }
        if self.asked == ASK_MAX {
            return None;
        }
        self.asked += 1;
        let subject = Subject::Definition { position, revision: definitions.revision };
        let parts = match cx.attributions.get((opened.id, subject)) {
            Answer::Ready(costs) => Some(parts_of(definition, &costs)),
            Answer::Waiting => return None,
            Answer::Failed(_) => None,
        };
        self.known.insert(key, parts);
        parts.map(|parts| calibrated(cx.profile, parts))
    }
}

fn calibrated(profile: &Profile, parts: Parts) -> Parts {
    profile.calibrate_parts(ContentKind::Schemas, parts)
}

fn parts_of(definition: &Definition, costs: &Attribution) -> Parts {
    let mut parts = [Count::ZERO; COUNT];
    let root = crate::tokens::NodeId::ROOT;
    let mut rest = costs.total;
    for child in costs.children(root) {
        let name = costs.name(child, &definition.json);
        if let Some(at) = PARTS.iter().position(|part| name.as_deref() == Some(part)) {
            parts[at] += costs.count(child);
            rest -= costs.count(child).tokens.min(rest);
        }
    }
    parts[COUNT - 1] = Count { tokens: rest, accuracy: costs.accuracy };
    parts
}
