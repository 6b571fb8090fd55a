//! Rules about the schemas of what goes in and what comes out.

use serde_json::Value;

use super::super::schema::Facts;
use super::subject::Tool;

/// Levels of values within each other. OpenAI's strict mode began with five.
const DEPTH_MAX: usize = 5;
/// Values of one enumeration.
const VALUES_MAX: usize = 100;

/// The first of some places, and how many more there are.
pub(super) fn some_of<T: AsRef<str>>(places: &[T]) -> Option<String> {
    let first = places.first()?.as_ref();
    Some(match places.len() {
        1 => first.to_owned(),
        many => format!("{first} and {} more", many - 1),
    })
}

/// The same for both schemas.
fn either(tool: &Tool<'_>, places: impl Fn(&Facts) -> &Vec<String>) -> Option<String> {
    some_of(&[places(&tool.input).as_slice(), places(&tool.output).as_slice()].concat())
}

pub(super) fn missing(tool: &Tool<'_>) -> Option<String> {
    match &tool.definition["inputSchema"] {
        Value::Object(_) => None,
        Value::Null => Some("it has none".to_owned()),
        other => Some(format!("it is {}", kind(other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn root_type(schema: &Value) -> Option<String> {
    let root = schema.as_object()?.get("type");
    match root {
        Some(Value::String(name)) if name == "object" => None,
        Some(other) => Some(format!("`type` is {other}")),
        None => Some("it has no `type`".to_owned()),
    }
}

pub(super) fn input_root_type(tool: &Tool<'_>) -> Option<String> {
    root_type(&tool.definition["inputSchema"])
}

pub(super) fn output_root_type(tool: &Tool<'_>) -> Option<String> {
    let schema = &tool.definition["outputSchema"];
    match schema {
        Value::Null => None,
        _ if !tool.is_legacy => None,
        Value::Object(_) => root_type(schema),
        other => Some(format!("it is {}", kind(other))),
    }
}

pub(super) fn root_union(tool: &Tool<'_>) -> Option<String> {
    let root = tool.definition["inputSchema"].as_object()?;
    let found: Vec<&str> =
        ["oneOf", "anyOf", "allOf"].into_iter().filter(|name| root.contains_key(*name)).collect();
    (!found.is_empty()).then(|| found.join(", "))
}

pub(super) fn conditions(tool: &Tool<'_>) -> Option<String> {
    some_of(&tool.input.conditions)
}

pub(super) fn references(tool: &Tool<'_>) -> Option<String> {
    let paths: Vec<&String> = tool.input.refs.iter().map(|(path, _)| path).collect();
    some_of(&paths)
}

pub(super) fn recursive(tool: &Tool<'_>) -> Option<String> {
    either(tool, |facts| &facts.recursive)
}

pub(super) fn dangling(tool: &Tool<'_>) -> Option<String> {
    let targets: Vec<String> = [&tool.input, &tool.output]
        .into_iter()
        .flat_map(|facts| &facts.dangling)
        .map(|(path, target)| format!("{target} at {path}"))
        .collect();
    some_of(&targets)
}

pub(super) fn type_lists(tool: &Tool<'_>) -> Option<String> {
    some_of(&tool.input.type_lists)
}

pub(super) fn patterns(tool: &Tool<'_>) -> Option<String> {
    some_of(&tool.input.patterns)
}

pub(super) fn bare_arrays(tool: &Tool<'_>) -> Option<String> {
    some_of(&tool.input.bare_arrays)
}

pub(super) fn unions(tool: &Tool<'_>) -> Option<String> {
    some_of(&tool.input.unions)
}

pub(super) fn deep(tool: &Tool<'_>) -> Option<String> {
    let (levels, path) = &tool.input.depth;
    (*levels > DEPTH_MAX).then(|| format!("{levels} levels at {path}"))
}

pub(super) fn many_values(tool: &Tool<'_>) -> Option<String> {
    let (values, path) = &tool.input.values;
    (*values > VALUES_MAX).then(|| format!("{values} values at {path}"))
}
