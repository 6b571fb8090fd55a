//! What `RULES.md` promises about results and tool lists, sentence by sentence.

mod figures;
mod limits;
mod lists;
mod shapes;
mod trimming;
mod twins;

use serde_json::Value;

use super::*;
use crate::rules::Ruleset;

/// The rule of a file that has one.
fn rule(text: &str) -> Rule {
    let text = format!("[[rule]]\nname = \"r\"\n{text}");
    Ruleset::parse(&text).unwrap_or_else(|problem| panic!("{text}\n{problem}")).rules.remove(0)
}

fn room() -> Room {
    Room::new("/spill".into())
}

/// A session that has read these tools through these rules.
fn session(rules: &[&Rule], list: &str) -> (Catalog, String) {
    let mut catalog = Catalog::default();
    catalog.learn(list, true);
    let numbered: Vec<_> = rules.iter().copied().enumerate().collect();
    let steps = relist(&numbered, list, &mut catalog);
    let seen = steps.into_iter().filter_map(|(_, _, reshaped)| reshaped.result).next_back();
    (catalog, seen.unwrap_or_else(|| list.to_owned()))
}

const LIST: &str = r#"{"tools":[{"name":"get","inputSchema":{"type":"object"}},
    {"name":"typed","inputSchema":{"type":"object"},"outputSchema":{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}}]}"#;

fn subject<'a>(tool: &'a str, catalog: &'a Catalog) -> Subject<'a> {
    let definition = catalog.get(tool);
    Subject {
        method: "tools/call",
        tool: Some(tool),
        arguments: None,
        is_modern: false,
        definition,
        is_told_to_read_on: true,
        is_read_more_taken: false,
    }
}

/// What a rule makes of the result of a tool, for a client that has read the list through it; with what it says.
fn made(rule: &Rule, tool: &str, result: &str, room: &mut Room) -> (String, Vec<String>) {
    let (catalog, _) = session(&[rule], LIST);
    made_of(rule, &subject(tool, &catalog), result, room)
}

fn made_of(rule: &Rule, subject: &Subject<'_>, result: &str, room: &mut Room) -> (String, Vec<String>) {
    let (mut text, mut said) = (result.to_owned(), Vec::new());
    for (_, mut reshape) in reshapers(rule) {
        let reshaped = reshape.reshape(&text, subject, room);
        said.extend(reshaped.why);
        text = reshaped.result.unwrap_or(text);
    }
    (text, said)
}

/// A result with one text block.
fn text_result(text: &str) -> String {
    format!(r#"{{"content":[{{"type":"text","text":{}}}]}}"#, quoted(text))
}

/// The text of a block of a result.
fn text_of(result: &str, block: usize) -> String {
    let result: Value = serde_json::from_str(result).unwrap();
    result["content"][block]["text"].as_str().unwrap().to_owned()
}
