//! Identifiers, addresses and points in time by their share of tokens: listed, never dropped unasked.

use super::Draft;
use crate::insight::advise::evidence::{Evidence, Field, Opaque};
use crate::insight::advise::words::{list, number, share};

/// A share below this is not worth a word: one part of so many.
const SHARE_MIN: u64 = 10;
/// Tokens in the sample below which it is not either.
const TOKENS_MIN: u64 = 200;
/// Paths in a sentence.
const PATHS_TOLD: usize = 6;

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    const KINDS: [(Opaque, &str); 3] = [
        (Opaque::Identifier, "identifiers"),
        (Opaque::Url, "addresses"),
        (Opaque::Timestamp, "points in time"),
    ];
    let mut drafts = Vec::new();
    for (tool, seen) in evidence.tools() {
        let all = seen.fields.all();
        for (kind, plural) in KINDS {
            let mut found: Vec<&(&str, &Field)> =
                all.iter().filter(|(_, field)| field.opaque() == Some(kind)).collect();
            found.sort_by_key(|(_, field)| std::cmp::Reverse(field.sampled_tokens));
            let tokens: u64 = found.iter().map(|(_, field)| field.sampled_tokens).sum();
            let whole = seen.fields.sampled_tokens;
            if tokens < TOKENS_MIN || tokens * SHARE_MIN < whole {
                continue;
            }
            let paths: Vec<String> = found
                .iter()
                .map(|(path, field)| format!("{path} ({})", share(field.sampled_tokens, whole)))
                .collect();
            drafts.push(Draft::told(
                format!("{} of the results of {tool} are {plural}", share(tokens, whole)),
                format!(
                    "{} of {} tokens looked at: {}.",
                    number(tokens),
                    number(whole),
                    list(&paths, PATHS_TOLD)
                ),
                "Drop those the model does not need to name in a later call: trim = { drop = [\"…\"] }.",
            ));
        }
    }
    drafts
}
