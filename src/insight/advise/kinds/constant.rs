//! Fields that never vary: what they say, the model knows after the first time.

use super::Draft;
use crate::insight::advise::evidence::{Evidence, Field};
use crate::insight::advise::words::{agreeing, counted, list, number, share};
use crate::rules::{Mode, Path, Trim};

/// How often a field has to be seen, and in how many different results, before "never" means something.
const SEEN_MIN: u64 = 8;
const RESULTS_MIN: u64 = 3;
/// Paths in one rule, and of them in a sentence.
const PATHS_MAX: usize = 24;
const PATHS_TOLD: usize = 4;

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (tool, seen) in evidence.tools() {
        let all = seen.fields.all();
        let mut constant = constants(&all);
        constant.sort_by_key(|(_, field)| std::cmp::Reverse(field.sampled_tokens));
        constant.truncate(PATHS_MAX);
        let paths: Vec<Path> = constant.iter().filter_map(|(path, _)| path.parse().ok()).collect();
        if paths.is_empty() || !all.iter().any(|(_, field)| field.varies) {
            continue;
        }
        let tokens: u64 = constant.iter().map(|(_, field)| field.sampled_tokens).sum();
        let draft = Draft::of_tool(evidence, tool, "drop what never varies in", Mode::Observe, |rule| {
            rule.trim = Some(Trim { keep: Vec::new(), drop: paths });
        });
        let examples: Vec<String> = constant.iter().map(|(path, field)| said(path, field)).collect();
        let told = format!(
            "In {} {} always had the same value: {}. {} {} of {} tokens looked at ({}).",
            counted(seen.fields.results, "different result"),
            counted(constant.len() as u64, "field"),
            list(&examples, PATHS_TOLD),
            agreeing(constant.len() as u64, "It is", "They are"),
            number(tokens),
            number(seen.fields.sampled_tokens),
            share(tokens, seen.fields.sampled_tokens),
        );
        let risk = format!(
            "The model no longer reads {} different.",
            agreeing(
                constant.len() as u64,
                "it, not even when one day it is",
                "them, not even when one day they are"
            )
        );
        drafts.push(draft.saying(format!("Drop what never varies in results of {tool}"), told, risk));
    }
    drafts
}

fn said(path: &str, field: &Field) -> String {
    if field.example.is_empty() { path.to_owned() } else { format!("{path} = {}", field.example) }
}

/// Members that never vary; where that is all of an object, the object.
fn constants<'e>(all: &[(&'e str, &'e Field)]) -> Vec<(&'e str, &'e Field)> {
    let mut found: Vec<(&str, &Field)> = Vec::new();
    for (position, &(path, field)) in all.iter().enumerate() {
        // Without all its parts an array would be another length, and items move.
        let is_member = !path.ends_with("[*]");
        let is_often = field.seen >= SEEN_MIN && field.results >= RESULTS_MIN;
        let is_within = found.iter().any(|(whole, _)| is_below(path, whole));
        // What is always empty goes with what is empty.
        let says_something = field.empty < field.seen;
        if !is_member || !is_often || is_within || !says_something {
            continue;
        }
        let is_constant = if field.has_parts {
            let parts = all[position + 1..].iter().filter(|(part, _)| is_below(part, path));
            parts.clone().count() > 0
                && parts.clone().all(|(_, part)| !part.varies && part.seen == field.seen)
                && field.empty == 0
        } else {
            !field.varies
        };
        if is_constant {
            found.push((path, field));
        }
    }
    found
}

fn is_below(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole).is_some_and(|rest| rest.starts_with(['.', '[']))
}
