//! What one rule alone would make of a result or a list, without a gate: for previews, advice and benches.

use super::{Catalog, Room, Subject, relist, reshapers};
use crate::rules::{Mode, Rule};

/// What a rule makes of the result of a request, as if the client had read the list that goes with the rule; `None` if it
/// stays as it is. The rule's match is not asked.
#[must_use]
pub fn preview(rule: &Rule, method: &str, tool: Option<&str>, result: &str) -> Option<String> {
    let rule = Rule { mode: Mode::Observe, ..rule.clone() };
    let subject = Subject {
        method,
        tool,
        arguments: None,
        is_modern: false,
        definition: None,
        is_told_to_read_on: true,
        is_read_more_taken: false,
    };
    let mut room = Room::new(std::path::PathBuf::new());
    let mut text = None;
    for (_, mut reshape) in reshapers(&rule) {
        let reshaped = reshape.reshape(text.as_deref().unwrap_or(result), &subject, &mut room);
        text = reshaped.result.or(text);
    }
    text
}

/// What a rule makes of a page of the tool list; `None` if it stays as it is.
#[must_use]
pub fn preview_list(rule: &Rule, list_result: &str) -> Option<String> {
    let mut catalog = Catalog::default();
    catalog.learn(list_result, true);
    let steps = relist(&[(0, rule)], list_result, &mut catalog);
    steps.into_iter().filter_map(|(_, _, reshaped)| reshaped.result).next_back()
}
