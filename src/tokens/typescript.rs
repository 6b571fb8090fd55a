//! Writes a tool as OpenAI's models are shown functions: a member of a TypeScript namespace. It does not know
//! tokens.
//!
//! The form is that of OpenAI's published renderer for its open models, `openai/harmony` (`src/encoding.rs`, 2025-11):
//! descriptions, titles, examples and defaults become comments; `?` marks optional members; `anyOf`, `$ref` and
//! everything else without a `type` become `any`. It has been reported to be the form of the hosted models, too.

use std::fmt::Write as _;

use super::text::{Members, compact, elements, unescape};

/// What stands around all functions of a namespace, once.
pub(super) const FRAME: &str = "# Tools\n\n## functions\n\nnamespace functions {\n\n} // namespace functions";

/// Schemas nested deeper than this are written as `any`: each level is parsed again.
const DEPTH_MAX: usize = 32;

/// A tool's lines within the namespace. Schemas that cannot be read are written as `any`.
pub(super) fn function(name: &str, description: &str, input_schema: Option<&str>) -> String {
    let mut out = String::new();
    for line in description.lines() {
        push(&mut out, format_args!("// {line}\n"));
    }
    match input_schema {
        Some(schema) => {
            let parameters =
                object(schema).map_or_else(|| String::from("any"), |schema| type_of(&schema, "", 0));
            push(&mut out, format_args!("type {name} = (_: {parameters}) => any;\n\n"));
        }
        None => push(&mut out, format_args!("type {name} = () => any;\n\n")),
    }
    out
}

fn push(out: &mut String, piece: std::fmt::Arguments<'_>) {
    out.write_fmt(piece).expect("writing to a String cannot fail");
}

fn object(json: &str) -> Option<Members<'_>> {
    Members::of(json).ok().flatten()
}

fn array(json: &str) -> Vec<&str> {
    elements(json).ok().flatten().unwrap_or_default()
}

/// The strings among the elements of an array.
fn strings(json: &str) -> impl Iterator<Item = String> {
    array(json)
        .into_iter()
        .filter(|element| element.starts_with('"'))
        .map(|element| unescape(element).into_owned())
}

/// The type a schema describes; lines after the first begin with `indent`.
fn type_of(schema: &Members<'_>, indent: &str, depth: usize) -> String {
    if depth > DEPTH_MAX {
        return String::from("any");
    }
    if let Some(variants) = schema.get("oneOf") {
        return variant_lines(variants, indent, depth, None)
            .fold(String::new(), |out, line| out + "\n" + &line);
    }
    if let Some(types) = schema.get("type").filter(|types| types.starts_with('[')) {
        let names: Vec<String> = strings(types).map(|name| name.replace("integer", "number")).collect();
        return names.join(" | ");
    }
    match schema.text("type").as_deref() {
        Some("object") => object_type(schema, indent, depth),
        Some("string") => enumerated(schema).unwrap_or_else(|| String::from("string")),
        Some("number" | "integer") => String::from("number"),
        Some("boolean") => String::from("boolean"),
        Some("array") => match schema.get("items").and_then(object) {
            Some(items) => type_of(&items, indent, depth + 1) + "[]",
            None => String::from("Array<any>"),
        },
        _ => String::from("any"),
    }
}

/// The same for a member or a variant, which may be `nullable` besides.
fn nullable_type_of(schema: &Members<'_>, indent: &str, depth: usize) -> String {
    let plain = type_of(schema, indent, depth);
    let nullable = schema.get("nullable") == Some("true") && !plain.contains("null");
    if nullable { plain + " | null" } else { plain }
}

/// `"a" | "b"` for a string with an enumeration.
fn enumerated(schema: &Members<'_>) -> Option<String> {
    let values: Vec<String> = strings(schema.get("enum")?).map(|value| format!("\"{value}\"")).collect();
    (!values.is_empty()).then(|| values.join(" | "))
}

/// A line for each variant, with its description and default behind it. `said` is the description of the whole: a
/// variant does not repeat it, and the first one says nothing if the whole was described above it.
fn variant_lines(
    variants: &str,
    indent: &str,
    depth: usize,
    said: Option<&Said>,
) -> impl Iterator<Item = String> {
    array(variants).into_iter().filter_map(object).enumerate().map(move |(index, variant)| {
        let description = variant.text("description").filter(|description| {
            said.is_none_or(|said| *description != said.description && !(index == 0 && said.above))
        });
        let notes: Vec<String> =
            description.map(String::from).into_iter().chain(default_note(&variant)).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" // {}", notes.join(" ")) };
        let kind = nullable_type_of(&variant, &format!("{indent}   "), depth + 1);
        format!("{indent} | {kind}{notes}")
    })
}

/// The description of a member whose variants follow, and whether it stands above them.
struct Said {
    description: String,
    above: bool,
}

/// `default: …`, strings in quotes unless they name a value of an enumeration.
fn default_note(schema: &Members<'_>) -> Option<String> {
    let default = schema.get("default")?;
    let bare = schema.get("enum").is_some() && default.starts_with('"');
    let default = if bare { unescape(default).into_owned() } else { compact(default) };
    Some(format!("default: {default}"))
}

fn object_type(schema: &Members<'_>, indent: &str, depth: usize) -> String {
    let mut out = String::new();
    if let Some(description) = schema.text("description") {
        push(&mut out, format_args!("{indent}// {description}\n"));
    }
    out.push_str("{\n");
    let required: Vec<String> =
        schema.get("required").map(|names| strings(names).collect()).unwrap_or_default();
    if let Some(properties) = schema.get("properties").and_then(object) {
        for (name, property) in properties.iter() {
            let mark = if required.iter().any(|required| required == name) { "" } else { "?" };
            member(&mut out, name, mark, property, indent, depth);
        }
    }
    push(&mut out, format_args!("{indent}}}"));
    out
}

fn member(out: &mut String, name: &str, mark: &str, property: &str, indent: &str, depth: usize) {
    let Some(schema) = object(property) else {
        push(out, format_args!("{indent}{name}{mark}: any,\n"));
        return;
    };
    if let Some(title) = schema.text("title") {
        push(out, format_args!("{indent}// {title}\n{indent}//\n"));
    }
    let variants = schema.get("oneOf");
    let description = schema.text("description");
    if let Some(description) = description.as_ref().filter(|_| variants.is_none()) {
        push(out, format_args!("{indent}// {description}\n"));
    }
    let examples: Vec<String> =
        schema.get("examples").map(|values| strings(values).collect()).unwrap_or_default();
    if !examples.is_empty() {
        push(out, format_args!("{indent}// Examples:\n"));
        for example in examples {
            push(out, format_args!("{indent}// - \"{example}\"\n"));
        }
    }
    let default = default_note(&schema);
    let Some(variants) = variants else {
        let kind = nullable_type_of(&schema, &format!("{indent}    "), depth + 1);
        let default = default.map(|note| format!(" // {note}")).unwrap_or_default();
        push(out, format_args!("{indent}{name}{mark}: {kind},{default}\n"));
        return;
    };
    let first = array(variants).first().and_then(|first| object(first)?.text("description"));
    let above = description.is_some() && description != first;
    let said = description.map(|description| Said { description: description.into_owned(), above });
    for line in said.iter().filter(|said| said.above).map(|said| &said.description).chain(&default) {
        push(out, format_args!("{indent}// {line}\n"));
    }
    push(out, format_args!("{indent}{name}{mark}:\n"));
    for line in variant_lines(variants, indent, depth + 1, said.as_ref()) {
        push(out, format_args!("{line}\n"));
    }
    push(out, format_args!("{indent},\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_written_as_the_published_renderer_writes_it() {
        let schema = r#"{"type": "object", "required": ["location"], "properties": {
            "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
            "format": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
            "days": {"type": ["integer", "null"]},
            "at": {"type": "array", "items": {"type": "object", "properties": {"hour": {"type": "integer"}}}},
            "either": {"oneOf": [{"type": "string", "description": "a name"}, {"type": "number", "default": 5}]},
            "said": {"description": "all", "oneOf": [{"type": "string", "description": "one"}, {"type": "null", "description": "two"}]},
            "list": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "boolean"}]}},
            "maybe": {"type": "string", "nullable": true, "examples": ["x"], "title": "Maybe"},
            "other": {"anyOf": [{"type": "string"}], "default": { "a": 1 }}
        }}"#;
        let expected = r#"// Gets the current weather
// in the provided location.
type get_current_weather = (_: {
// The city and state, e.g. San Francisco, CA
location: string,
format?: "celsius" | "fahrenheit", // default: celsius
days?: number | null,
at?: {
    hour?: number,
    }[],
either?:
 | string // a name
 | number // default: 5
,
// all
said?:
 | string
 | any // two
,
list?: 
     | string
     | boolean[],
// Maybe
//
// Examples:
// - "x"
maybe?: string | null,
other?: any, // default: {"a":1}
}) => any;

"#;
        let description = "Gets the current weather\nin the provided location.";
        assert_eq!(function("get_current_weather", description, Some(schema)), expected);
    }

    #[test]
    fn a_tool_without_a_schema_takes_nothing() {
        assert_eq!(function("now", "", None), "type now = () => any;\n\n");
        assert_eq!(function("now", "", Some("{\"type\":\"object\"}")), "type now = (_: {\n}) => any;\n\n");
        assert_eq!(function("now", "", Some("7")), "type now = (_: any) => any;\n\n");
    }

    #[test]
    fn a_bottomless_schema_ends() {
        let depth = 2_000;
        let schema = r#"{"type":"object","properties":{"a":"#.repeat(depth) + "1" + &"}}".repeat(depth);
        assert!(function("deep", "", Some(&schema)).contains("a?: any"));
    }
}
