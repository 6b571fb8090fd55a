//! Tool definitions that say more than a model needs to choose a tool.

use super::Draft;
use crate::insight::advise::evidence::Evidence;
use crate::insight::advise::words::{agreeing, counted, list, number};
use crate::rules::{Describe, Mode, Tools};

/// Members of schemas that say nothing a model acts on.
const DECORATION: [&str; 3] = ["title", "$schema", "examples"];
/// Names in a sentence.
const NAMES_TOLD: usize = 4;

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    shorter(evidence).into_iter().chain(stripped(evidence)).collect()
}

fn shorter(evidence: &Evidence) -> Option<Draft> {
    let tools = &evidence.definitions.tools;
    let mut long: Vec<_> = tools.iter().filter(|tool| says_more(&tool.description)).collect();
    long.sort_by_key(|tool| std::cmp::Reverse(tool.description.len()));
    let longest = long.first()?;
    let told = format!(
        "{} of {} {} in more than a sentence; the longest is {} with {} characters.",
        number(long.len() as u64),
        counted(tools.len() as u64, "tool"),
        agreeing(long.len() as u64, "describes itself", "describe themselves"),
        longest.name,
        number(longest.description.chars().count() as u64),
    );
    let draft = Draft::of_list(evidence, "one sentence a tool", Mode::Observe, |rule| {
        rule.tools = Some(Tools { describe: Some(Describe::FirstSentence), ..Tools::default() });
    });
    let risk = "What the other sentences say (when not to use it, in which order, what to avoid) the model does not know.";
    Some(draft.saying("Describe each tool in its first sentence".to_owned(), told, risk))
}

fn stripped(evidence: &Evidence) -> Option<Draft> {
    let tools = &evidence.definitions.tools;
    let found: Vec<&str> = DECORATION
        .into_iter()
        .filter(|name| tools.iter().any(|tool| tool.json.contains(&format!("\"{name}\""))))
        .collect();
    if found.is_empty() {
        return None;
    }
    let with: Vec<&str> = tools
        .iter()
        .filter(|tool| found.iter().any(|name| tool.json.contains(&format!("\"{name}\""))))
        .map(|tool| &*tool.name)
        .collect();
    let told = format!(
        "{} of {} {} {} in {}: {}.",
        with.len(),
        counted(tools.len() as u64, "tool"),
        agreeing(with.len() as u64, "has", "have"),
        list(&found, DECORATION.len()),
        agreeing(with.len() as u64, "its definition", "their definitions"),
        list(&with, NAMES_TOLD)
    );
    let strip = found.iter().map(|name| (*name).to_owned()).collect();
    let draft = Draft::of_list(evidence, "no decoration in definitions", Mode::On, |rule| {
        rule.tools = Some(Tools { strip, ..Tools::default() });
    });
    let risk = "Clients that show titles show names instead; a model that learns from examples has none.";
    Some(draft.saying("Take decoration out of tool definitions".to_owned(), told, risk))
}

/// Whether a description goes on behind its first sentence.
fn says_more(description: &str) -> bool {
    let text = description.trim();
    text.contains('\n') || [". ", "! ", "? "].iter().any(|end| text.contains(end))
}
