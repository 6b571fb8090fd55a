//! One call for each item of an earlier result, where one call for all might do. Told, not ruled: only the server can.

use super::Draft;
use crate::insight::advise::evidence::Evidence;
use crate::insight::advise::words::counted;

/// Calls from which on it is a pattern.
const CALLS_MIN: u64 = 5;
/// The share of values that one earlier result has to have named, as a fraction.
const NAMED: (u64, u64) = (4, 5);

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut last = None;
    for family in evidence.chains.families() {
        let calls = family.different();
        let Some((source, named)) = family.source() else { continue };
        // Changes are made one by one for good reasons.
        if evidence.definitions.get(&family.tool).and_then(|tool| tool.read_only) == Some(false) {
            continue;
        }
        // The largest one of a tool and argument comes first.
        let is_told =
            last.replace((&family.tool, &family.argument)) == Some((&family.tool, &family.argument));
        if is_told || calls < CALLS_MIN || named * NAMED.1 < calls * NAMED.0 {
            continue;
        }
        drafts.push(Draft::told(
            format!("{} is called once for each item of {source}", family.tool),
            format!(
                "{} of {} differed in `{}` alone, and {named} of its values stood in one result of {source} before.",
                counted(calls, "call"),
                family.tool,
                family.argument,
            ),
            format!(
                "No rule can join them. Where the server is yours: let {} take a list, or let {source} say what \
                 is asked for afterwards.",
                family.tool
            ),
        ));
    }
    drafts
}
