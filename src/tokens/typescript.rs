//! Writes a tool as OpenAI's models are shown functions: a member of a TypeScript namespace. It does not know
//! tokens.
//!
//! The form is that of OpenAI's published renderer for its open models, `openai/harmony` (`src/encoding.rs`, 2025-11):
//! descriptions, titles, examples and defaults become comments; `?` marks optional members; `anyOf`, `$ref` and
//! everything else without a `type` become `any`. It has been reported to be the form of the hosted models, too.

use std::fmt::Write as _;

use super::text::{Members, elements, unescape};

/// What stands around all functions of a namespace, once.
pub(super) const FRAME: &str = "# Tools\n\n## functions\n\nnamespace functions {\n\n} // namespace functions";

/// Schemas nested deeper than this are written as `any`: each level is parsed again.
const DEPTH_MAX: usize = 32;

/// A tool's lines within the namespace. Schemas that cannot be read are written as `any`.
pub(super) fn function(name: &str, description: &str, input_schema: Option<&str>) -> String {
    let mut out = String::new();
    comment(&mut out, "", description);
    // Harmony writes no parameters for a schema without properties, as for no schema.
    match input_schema
        .and_then(object)
        .filter(|schema| schema.get("properties").is_some_and(|props| props != "{}"))
    {
        Some(schema) => {
            let parameters = type_of(&schema, "", 0);
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

fn comment(out: &mut String, indent: &str, text: &str) {
    for line in text.lines() {
        push(out, format_args!("{indent}// {line}\n"));
    }
}

/// The type a schema describes; lines after the first begin with `indent`.
fn type_of(schema: &Members<'_>, indent: &str, depth: usize) -> String {
    if depth > DEPTH_MAX {
        return String::from("any");
    }
    if let Some(variants) = schema.get("oneOf") {
        return one_of(variants, indent, depth);
    }
    if let Some(types) = schema.get("type").filter(|types| types.starts_with('[')) {
        let names: Vec<String> = strings(types).map(|name| name.replace("integer", "number")).collect();
        return names.join(" | ");
    }
    let nullable = if schema.get("nullable") == Some("true") { " | null" } else { "" };
    let plain = match schema.text("type").as_deref() {
        Some("object") => object_type(schema, indent, depth),
        Some("string") => enumerated(schema).unwrap_or_else(|| String::from("string")),
        Some("number" | "integer") => String::from("number"),
        Some("boolean") => String::from("boolean"),
        Some("array") => match schema.get("items").and_then(object) {
            Some(items) => type_of(&items, indent, depth + 1) + "[]",
            None => String::from("Array<any>"),
        },
        _ => String::from("any"),
    };
    plain + nullable
}

/// `"a" | "b"` for a string with an enumeration.
fn enumerated(schema: &Members<'_>) -> Option<String> {
    let values: Vec<String> = strings(schema.get("enum")?).map(|value| format!("\"{value}\"")).collect();
    (!values.is_empty()).then(|| values.join(" | "))
}

/// A variant a line, each with its description and default behind it.
fn one_of(variants: &str, indent: &str, depth: usize) -> String {
    let lines = array(variants).into_iter().filter_map(object).map(|variant| {
        let notes: Vec<String> =
            variant.text("description").map(String::from).into_iter().chain(default_note(&variant)).collect();
        let notes = if notes.is_empty() { String::new() } else { format!(" // {}", notes.join(" ")) };
        type_of(&variant, &format!("{indent}   "), depth + 1) + &notes
    });
    lines.collect::<Vec<_>>().join(&format!("\n{indent} | "))
}

/// `default: …`, strings in quotes unless they name a value of an enumeration.
fn default_note(schema: &Members<'_>) -> Option<String> {
    let default = schema.get("default")?;
    let bare = schema.get("enum").is_some() && default.starts_with('"');
    Some(if bare { format!("default: {}", unescape(default)) } else { format!("default: {default}") })
}

fn object_type(schema: &Members<'_>, indent: &str, depth: usize) -> String {
    let mut out = String::new();
    if let Some(description) = schema.text("description") {
        comment(&mut out, indent, &description);
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
    if let Some(description) = schema.text("description") {
        comment(out, indent, &description);
    }
    let examples: Vec<String> =
        schema.get("examples").map(|values| strings(values).collect()).unwrap_or_default();
    if !examples.is_empty() {
        push(out, format_args!("{indent}// Examples:\n"));
        for example in examples {
            push(out, format_args!("{indent}// - \"{example}\"\n"));
        }
    }
    if let Some(variants) = schema.get("oneOf") {
        if let Some(default) = default_note(&schema) {
            push(out, format_args!("{indent}// {default}\n"));
        }
        let variants = one_of(variants, indent, depth + 1);
        push(out, format_args!("{indent}{name}{mark}:\n{indent} | {variants}\n{indent},\n"));
        return;
    }
    let kind = type_of(&schema, &format!("{indent}    "), depth + 1);
    let default = default_note(&schema).map(|note| format!(" // {note}")).unwrap_or_default();
    push(out, format_args!("{indent}{name}{mark}: {kind},{default}\n"));
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
            "other": {"anyOf": [{"type": "string"}]}
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
other?: any,
}) => any;

"#;
        let description = "Gets the current weather\nin the provided location.";
        assert_eq!(function("get_current_weather", description, Some(schema)), expected);
    }

    #[test]
    fn a_tool_without_parameters_takes_none() {
        for schema in
            [None, Some("{\"type\":\"object\",\"properties\":{}}"), Some("{\"type\":\"object\"}"), Some("7")]
        {
            assert_eq!(function("now", "", schema), "type now = () => any;\n\n");
        }
    }

    #[test]
    fn a_bottomless_schema_ends() {
        let depth = 2_000;
        let schema = r#"{"type":"object","properties":{"a":"#.repeat(depth) + "1" + &"}}".repeat(depth);
        assert!(function("deep", "", Some(&schema)).contains("a?: any"));
    }
}
