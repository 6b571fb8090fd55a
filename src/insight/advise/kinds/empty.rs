//! Members that hold nothing.

use super::Draft;
use crate::insight::advise::evidence::Evidence;
use crate::insight::advise::words::{counted, list};
use crate::rules::{Empty, Mode};

/// Paths in a sentence.
const PATHS_TOLD: usize = 4;

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (tool, seen) in evidence.tools() {
        let all = seen.fields.all();
        let mut empty: Vec<_> =
            all.iter().filter(|(path, field)| field.empty > 0 && !path.ends_with("[*]")).collect();
        if empty.is_empty() {
            continue;
        }
        empty.sort_by_key(|(_, field)| std::cmp::Reverse(field.empty));
        let times: u64 = empty.iter().map(|(_, field)| field.empty).sum();
        let paths: Vec<String> =
            empty.iter().map(|(path, field)| format!("{path} ({} of {})", field.empty, field.seen)).collect();
        let draft = Draft::of_tool(evidence, tool, "drop empty fields of", Mode::On, |rule| {
            rule.empty = Some(Empty::Drop);
        });
        let told = format!(
            "{} in {} held nothing: {}.",
            counted(times, "member"),
            counted(seen.fields.results, "different result"),
            list(&paths, PATHS_TOLD)
        );
        let risk = "A field that is missing and one that is empty look the same to the model.";
        drafts.push(draft.saying(format!("Drop empty fields of {tool}"), told, risk));
    }
    drafts
}
