//! First calls that are slow against the later ones, and servers that take long to open. Told: what helps is a start ahead.

use super::Draft;
use crate::insight::advise::evidence::Evidence;
use crate::insight::advise::words::time;

/// A first call is slow if it took so many times what later ones took, and so much longer.
const TIMES_MIN: u64 = 5;
const LONGER_US_MIN: u64 = 300_000;
/// An opening is slow from here on.
const OPENING_US_MIN: u64 = 1_000_000;

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if let Some(opening_us) = evidence.opening_us.filter(|us| *us >= OPENING_US_MIN) {
        drafts.push(Draft::told(
            "The server starts slowly".to_owned(),
            format!("From its start to its first answer it took {}.", time(opening_us)),
            "`npx` and `uvx` look for the package at every start: install it, and let the client start its program. For \
             clients that speak HTTP, `mcptop serve --pool 1 -- COMMAND` has a process ready before one asks.",
        ));
    }
    for (tool, seen) in evidence.tools() {
        let (Some((_, first_us)), Some(later_us)) = (seen.first, seen.later_us()) else { continue };
        if first_us < later_us.saturating_mul(TIMES_MIN) || first_us < later_us + LONGER_US_MIN {
            continue;
        }
        drafts.push(Draft::told(
            format!("The first call of {tool} is slow"),
            format!("It took {}, later ones {} (median).", time(first_us), time(later_us)),
            format!(
                "Where the answer may be kept, a cache can make the call ahead: cache = {{ warm = [{{ tool = \"{tool}\" \
                 }}] }}. Else let the server load what it needs when it starts."
            ),
        ));
    }
    drafts
}
