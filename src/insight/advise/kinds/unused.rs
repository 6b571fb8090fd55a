//! Tools that are listed and never called.

use super::Draft;
use crate::insight::advise::draft::globs;
use crate::insight::advise::evidence::{Definition, Evidence};
use crate::insight::advise::words::{agreeing, counted, list};
use crate::rules::{Mode, Tools};

/// Calls without which "never" means nothing.
const CALLS_MIN: u64 = 10;
/// Tools from which on a list of names pays for asking for the rest.
const LAZY_TOOLS_MIN: usize = 20;
/// Names in a sentence.
const NAMES_TOLD: usize = 6;

pub(super) fn propose(evidence: &Evidence) -> Vec<Draft> {
    if evidence.calls < CALLS_MIN {
        return Vec::new();
    }
    hidden(evidence).into_iter().chain(lazy(evidence)).collect()
}

fn is_unused(evidence: &Evidence, tool: &Definition) -> bool {
    !evidence.is_called(&tool.name)
}

fn told(evidence: &Evidence, unused: &[&str]) -> String {
    let tools = evidence.definitions.tools.len() as u64;
    format!(
        "{} of {} {} not called in {}: {}.",
        unused.len(),
        counted(tools, "tool"),
        agreeing(unused.len() as u64, "was", "were"),
        counted(evidence.calls, "call"),
        list(unused, NAMES_TOLD)
    )
}

fn unused(evidence: &Evidence) -> Vec<&str> {
    let tools = evidence.definitions.tools.iter();
    tools.filter(|tool| is_unused(evidence, tool)).map(|tool| &*tool.name).collect()
}

fn hidden(evidence: &Evidence) -> Option<Draft> {
    let hide = globs(evidence, |tool| is_unused(evidence, tool))?;
    let mut draft = Draft::of_list(evidence, "hide tools nobody calls", Mode::Observe, |rule| {
        rule.tools = Some(Tools { hide: Some(hide), ..Tools::default() });
    });
    // It also refuses calls of tools that are on no list, which may be what empties a cache: it is tried without others.
    draft.touches.extend(evidence.tools().map(|(tool, _)| format!("tool {tool}")));
    let risk = "The model may need one of them in another session, and does not know that it is there.";
    let title = match *unused(evidence) {
        [one] => format!("Hide {one}, which was never called"),
        _ => "Hide the tools that were never called".to_owned(),
    };
    Some(draft.saying(title, told(evidence, &unused(evidence)), risk))
}

fn lazy(evidence: &Evidence) -> Option<Draft> {
    let unused = unused(evidence);
    if evidence.definitions.tools.len() < LAZY_TOOLS_MIN || unused.is_empty() {
        return None;
    }
    let draft = Draft::of_list(evidence, "list names first", Mode::Observe, |rule| {
        rule.tools = Some(Tools { lazy: true, ..Tools::default() });
    });
    let risk = "The model has to ask for the definition of a tool (mcptop_tool_schema) before it calls it: a call more \
                for each tool it uses, and its answer costs tokens again.";
    Some(draft.saying(
        "List only names, and definitions when asked".to_owned(),
        told(evidence, &unused),
        risk,
    ))
}
