//! What revisions since 2026-07-28 repeat of a message's body in the head of its request, so that what stands between can
//! route without reading bodies (SEP-2243): `Mcp-Method`, `Mcp-Name`, and `Mcp-Param-*` of annotated arguments.
//!
//! Knows nothing of connections.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::said::{Kind, Said};
use crate::wire::{member, string_value};

/// Tools whose annotations are kept, and annotated arguments of one tool: the largest server known has 235 tools.
const TOOLS_MAX: usize = 10_000;
const ARGUMENTS_MAX: usize = 64;
/// How deep annotations are looked for.
const DEPTH_MAX: usize = 16;

/// An argument that is repeated: the names that lead to it, and what its field is called.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Repeated {
    path: Vec<String>,
    header: HeaderName,
}

/// Which arguments of which tools are repeated, as the server's lists of tools say.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    tools: HashMap<String, Vec<Repeated>>,
}

impl Mirror {
    /// Learns from a page of `tools/list`.
    pub(super) fn learn(&mut self, result: &str) {
        let Ok(page) = serde_json::from_str::<Value>(result) else { return };
        for tool in page.get("tools").and_then(Value::as_array).into_iter().flatten() {
            let Some(name) = tool.get("name").and_then(Value::as_str) else { continue };
            let mut found = Vec::new();
            if let Some(schema) = tool.get("inputSchema") {
                annotated(schema, &mut Vec::new(), &mut found);
            }
            if found.is_empty() {
                self.tools.remove(name);
            } else if self.tools.len() < TOOLS_MAX || self.tools.contains_key(name) {
                self.tools.insert(name.to_owned(), found);
            }
        }
    }

    /// The fields that repeat this message, whose revision is `revision`.
    pub(super) fn fields(&self, revision: &str, said: &Said, line: &[u8]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        put(&mut fields, HeaderName::from_static("mcp-protocol-version"), revision);
        let Ok(text) = std::str::from_utf8(line) else { return fields };
        let method = match (&said.kind, &said.asked[..]) {
            (_, [question]) => question.method.clone(),
            (Kind::Notification, _) => match member(text, "method").and_then(string_value) {
                Some(method) => method.into_owned(),
                None => return fields,
            },
            _ => return fields,
        };
        put(&mut fields, HeaderName::from_static("mcp-method"), &method);
        let Some(params) = member(text, "params") else { return fields };
        let text_of = |name: &str| member(params, name).and_then(string_value);
        if let Some(name) = name_of(&method).and_then(text_of) {
            put(&mut fields, HeaderName::from_static("mcp-name"), &encoded(&name));
            if method == "tools/call" {
                self.arguments(&name, params, &mut fields);
            }
        }
        fields
    }

    fn arguments(&self, tool: &str, params: &str, fields: &mut HeaderMap) {
        let Some(repeated) = self.tools.get(tool) else { return };
        let arguments = member(params, "arguments").and_then(|raw| serde_json::from_str::<Value>(raw).ok());
        let Some(arguments) = arguments else { return };
        for Repeated { path, header } in repeated {
            let value = path.iter().try_fold(&arguments, |value, name| value.get(name));
            let text = match value {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Bool(value)) => value.to_string(),
                Some(Value::Number(number)) => number.to_string(),
                Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => continue,
            };
            put(fields, header.clone(), &encoded(&text));
        }
    }
}

/// Which parameter names what a method is about.
fn name_of(method: &str) -> Option<&'static str> {
    match method {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" => Some("uri"),
        "tasks/get" | "tasks/update" | "tasks/cancel" => Some("taskId"),
        _ => None,
    }
}

/// Annotations count where `properties` alone lead to them.
fn annotated(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Repeated>) {
    if path.len() >= DEPTH_MAX {
        return;
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        path.push(name.clone());
        let header = property.get("x-mcp-header").and_then(Value::as_str).filter(|header| !header.is_empty());
        let header = header.and_then(|header| format!("mcp-param-{header}").parse::<HeaderName>().ok());
        if let Some(header) = header.filter(|_| found.len() < ARGUMENTS_MAX) {
            found.push(Repeated { path: path.clone(), header });
        }
        annotated(property, path, found);
        path.pop();
    }
}

fn put(fields: &mut HeaderMap, name: HeaderName, value: &str) {
    // What cannot stand in a head is left out: the server says what it misses.
    if let Ok(value) = HeaderValue::from_str(value) {
        fields.insert(name, value);
    }
}

/// A value as it can stand in a head: what is not plain ASCII, has blanks around it or looks like an encoded value
/// already is encoded.
fn encoded(value: &str) -> String {
    let is_plain = value.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    let is_padded = value.starts_with(' ') || value.ends_with(' ');
    let is_lookalike = value.starts_with("=?base64?") && value.ends_with("?=");
    if is_plain && !is_padded && !is_lookalike {
        value.to_owned()
    } else {
        format!("=?base64?{}?=", BASE64_STANDARD.encode(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(mirror: &Mirror, line: &str) -> Vec<String> {
        let said = Said::read(line.as_bytes());
        let fields = mirror.fields("2026-07-28", &said, line.as_bytes());
        let mut lines: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    #[test]
    fn method_and_name_are_repeated() {
        let mirror = Mirror::default();
        assert_eq!(
            fields(&mirror, r#"{"id":1,"method":"tools/call","params":{"name":"é"}}"#),
            ["mcp-method: tools/call", "mcp-name: =?base64?w6k=?=", "mcp-protocol-version: 2026-07-28"]
        );
        assert_eq!(
            fields(&mirror, r#"{"id":1,"method":"resources/read","params":{"uri":"a:b"}}"#)[1],
            "mcp-name: a:b"
        );
        assert_eq!(fields(&mirror, r#"{"id":1,"method":"tools/list","params":{"name":"x"}}"#).len(), 2);
    }

    #[test]
    fn annotated_arguments_are_repeated_as_they_are_or_encoded() {
        let mut mirror = Mirror::default();
        mirror.learn(
            r#"{"tools":[{"name":"t","inputSchema":{"properties":{
                "region":{"type":"string","x-mcp-header":"Region"},
                "deep":{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}},
                "bad":{"x-mcp-header":"a b"}, "plain":{}}}}]}"#,
        );
        let call = |arguments: &str| {
            let line = format!(
                r#"{{"id":1,"method":"tools/call","params":{{"name":"t","arguments":{arguments}}}}}"#
            );
            fields(&mirror, &line)
                .into_iter()
                .filter(|line| line.starts_with("mcp-param"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            call(r#"{"region":"eu","deep":{"n":9007199254740993},"bad":"x"}"#),
            ["mcp-param-n: 9007199254740993", "mcp-param-region: eu"]
        );
        assert_eq!(call(r#"{"region":" eu"}"#), ["mcp-param-region: =?base64?IGV1?="]);
        assert_eq!(
            call(r#"{"region":"=?base64?eA==?="}"#),
            [format!("mcp-param-region: =?base64?{}?=", BASE64_STANDARD.encode("=?base64?eA==?="))]
        );
        assert!(call(r#"{"region":null}"#).is_empty());
    }
}
