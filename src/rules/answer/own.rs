//! The tools that mcptop itself adds: `mcptop_read_more` and `mcptop_tool_schema`.

use serde::Deserialize;

use super::{Catalog, Room, hides, quoted};
use crate::rules::{Mode, Over, Rule};

/// Hands out what a limit has cut off.
pub(super) const READ_MORE: &str = "mcptop_read_more";

/// Says what a lazy list leaves out.
pub(super) const TOOL_SCHEMA: &str = "mcptop_tool_schema";

/// How `mcptop_read_more` is listed. Short: it is paid for in every conversation.
pub(super) const READ_MORE_DEFINITION: &str = r#"{"name":"mcptop_read_more","description":"Returns the next part of a result that was cut.","inputSchema":{"type":"object","properties":{"cursor":{"type":"string"}},"required":["cursor"]},"annotations":{"readOnlyHint":true}}"#;

/// How `mcptop_tool_schema` is listed.
pub(super) const TOOL_SCHEMA_DEFINITION: &str = r#"{"name":"mcptop_tool_schema","description":"Returns the full definition of a tool, with its parameters. Call it before a tool whose parameters you do not know.","inputSchema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]},"annotations":{"readOnlyHint":true}}"#;

/// Whether a rule needs `mcptop_read_more`.
pub(super) fn pages(rule: &Rule) -> bool {
    rule.limit.is_some_and(|limit| limit.over == Over::Page)
}

/// Whether a rule needs `mcptop_tool_schema`.
pub(super) fn is_lazy(rule: &Rule) -> bool {
    rule.tools.as_ref().is_some_and(|tools| tools.lazy)
}

/// What comes of a call of one of our own tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) struct OwnAnswer {
    /// The result.
    pub(in crate::rules) result: String,
    /// The name of the rule for whose sake it is answered; empty if there is none any more.
    pub(in crate::rules) rule: String,
    /// That rule's key.
    pub(in crate::rules) by: &'static str,
}

/// The answer to a call of one of our own tools; `None` if the call is for the server. `rules` are those that act. What a
/// client was told to ask for it gets even when the rule is gone.
pub(in crate::rules) fn own_call(
    tool: &str,
    arguments: Option<&str>,
    room: &mut Room,
    catalog: &Catalog,
    rules: &[&Rule],
) -> Option<OwnAnswer> {
    let first = |needs: fn(&Rule) -> bool| rules.iter().find(|rule| rule.mode == Mode::On && needs(rule));
    let name = |rule: Option<&&Rule>| rule.map_or_else(String::new, |rule| rule.name.clone());
    let (mut rule, mut by) = (name(first(pages)), "limit");
    let answer = match tool {
        // What was cut before the server had a tool of that name is read on all the same.
        READ_MORE if catalog.has_read_more() && !is_cursor_of_ours(arguments, room) => return None,
        // A server's own tool of that name is the one that was listed.
        TOOL_SCHEMA if catalog.get(tool).is_some() => return None,
        READ_MORE
            if first(pages).is_some() || catalog.is_told_to_read_on || is_cursor_of_ours(arguments, room) =>
        {
            if let Some(cutter) =
                cursor_of(arguments).and_then(|cursor| room.rule_of(&cursor).map(str::to_owned))
            {
                rule = cutter;
            }
            read_more(arguments, room)
        }
        TOOL_SCHEMA if first(is_lazy).is_some() => {
            (rule, by) = (name(first(is_lazy)), "tools");
            tool_schema(arguments, catalog, rules)
        }
        _ => return None,
    };
    let (text, is_error) = match answer {
        Ok(text) => (text, ""),
        Err(text) => (text, r#","isError":true"#),
    };
    let result = format!(r#"{{"content":[{{"type":"text","text":{}}}]{is_error}}}"#, quoted(&text));
    Some(OwnAnswer { result, rule, by })
}

#[derive(Deserialize)]
struct ReadMore {
    cursor: String,
}

fn is_cursor_of_ours(arguments: Option<&str>, room: &Room) -> bool {
    cursor_of(arguments).is_some_and(|cursor| room.knows(&cursor))
}

fn cursor_of(arguments: Option<&str>) -> Option<String> {
    let read = serde_json::from_str::<ReadMore>(arguments.unwrap_or("{}"));
    read.ok().map(|ReadMore { cursor }| cursor)
}

fn read_more(arguments: Option<&str>, room: &mut Room) -> Result<String, String> {
    let cursor = cursor_of(arguments).ok_or_else(|| format!("{READ_MORE} wants {{\"cursor\":\"…\"}}"))?;
    room.page(&cursor).map_err(|error| error.to_string())
}

fn tool_schema(arguments: Option<&str>, catalog: &Catalog, rules: &[&Rule]) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Arguments {
        name: String,
    }
    let read = serde_json::from_str::<Arguments>(arguments.unwrap_or("{}"));
    let Arguments { name } = read.map_err(|_| format!("{TOOL_SCHEMA} wants {{\"name\":\"…\"}}"))?;
    let is_hidden = rules.iter().any(|rule| rule.mode == Mode::On && hides(rule, &name));
    let known = catalog.get(&name).filter(|_| !is_hidden);
    let known =
        known.ok_or_else(|| format!("Unknown tool: {}", name.chars().take(100).collect::<String>()))?;
    Ok(super::list::full(&known.text, &known.name, rules))
}
