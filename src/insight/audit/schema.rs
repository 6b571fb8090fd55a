//! Walks a JSON Schema as a schema: knows which members hold schemas, which hold names, and which hold plain values.
//!
//! Collects what stands where; what of it is bad is for the rules to say.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::tokens::push_name;

/// Members that hold one schema.
const ONE: [&str; 9] = [
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "contains",
    "unevaluatedProperties",
    "unevaluatedItems",
];
/// Members that hold schemas by name.
const NAMED: [&str; 5] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// Members that hold schemas in a row.
const ROW: [&str; 4] = ["oneOf", "anyOf", "allOf", "prefixItems"];
/// Places of one kind that are kept.
const PLACES_MAX: usize = 64;

/// Where something stands in a schema, as a path within the tool's definition.
pub(super) type Places = Vec<String>;

/// What stands in a schema.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Every `$ref` with what it names.
    pub(super) refs: Vec<(String, String)>,
    /// Those that lead to a schema around themselves.
    pub(super) recursive: Places,
    /// Those that lead nowhere within the schema, with what they name.
    pub(super) dangling: Vec<(String, String)>,
    /// `type` with a list of types.
    pub(super) type_lists: Places,
    /// `patternProperties` and `propertyNames`.
    pub(super) patterns: Places,
    /// Arrays without `items`.
    pub(super) bare_arrays: Places,
    /// `if`, `then`, `else`, `not`, `dependentSchemas`, `dependentRequired`.
    pub(super) conditions: Places,
    /// `oneOf`, `anyOf`, `allOf` below the root.
    pub(super) unions: Places,
    /// Properties that say nothing of what they take.
    pub(super) untyped: Places,
    /// Parameters without a description, and how many parameters there are.
    pub(super) undescribed: Places,
    pub(super) parameters: usize,
    /// How many objects and arrays are around the innermost value, and where that is.
    pub(super) depth: (usize, String),
    /// The longest enumeration, and where it is.
    pub(super) values: (usize, String),
}

impl Facts {
    /// Reads a schema that stands in the member `member` of a tool.
    pub(super) fn of(schema: &Value, member: &str) -> Self {
        let mut walk = Walk { root: schema, facts: Self::default(), root_path: format!("$.{member}") };
        let path = walk.root_path.clone();
        walk.schema(schema, &path, 0);
        if let Some(properties) = schema["properties"].as_object() {
            walk.parameters(properties, &path);
        }
        walk.references();
        walk.facts
    }
}

struct Walk<'a> {
    root: &'a Value,
    facts: Facts,
    root_path: String,
}

impl Walk<'_> {
    /// A schema at `path`, with as many levels of values around it.
    fn schema(&mut self, schema: &Value, path: &str, depth: usize) {
        let Some(members) = schema.as_object() else { return };
        if depth > self.facts.depth.0 {
            self.facts.depth = (depth, path.to_owned());
        }
        self.note(members, path);
        for (name, value) in members {
            let path = || member(path, name);
            match name.as_str() {
                "items" if value.is_array() => self.row(value, &path(), depth + 1),
                "items" => self.schema(value, &path(), depth + 1),
                "prefixItems" => self.row(value, &path(), depth + 1),
                name if ROW.contains(&name) => self.row(value, &path(), depth),
                name if NAMED.contains(&name) => {
                    // What is defined for later stands nowhere yet.
                    let is_within = matches!(name, "properties" | "patternProperties");
                    self.named(value, &path(), depth + usize::from(is_within));
                }
                name if ONE.contains(&name) => {
                    let is_within = matches!(name, "additionalProperties" | "unevaluatedProperties");
                    self.schema(value, &path(), depth + usize::from(is_within));
                }
                _ => {}
            }
        }
    }

    fn named(&mut self, schemas: &Value, path: &str, depth: usize) {
        for (name, schema) in schemas.as_object().into_iter().flatten() {
            self.schema(schema, &member(path, name), depth);
        }
    }

    fn row(&mut self, schemas: &Value, path: &str, depth: usize) {
        for (index, schema) in schemas.as_array().into_iter().flatten().enumerate() {
            self.schema(schema, &format!("{path}[{index}]"), depth);
        }
    }

    /// Takes note of the members of one schema.
    fn note(&mut self, members: &Map<String, Value>, path: &str) {
        let is_root = path == self.root_path;
        let facts = &mut self.facts;
        let at = |name: &str| member(path, name);
        if let Some(target) = members.get("$ref").and_then(Value::as_str) {
            keep(&mut facts.refs, || (at("$ref"), target.to_owned()));
        }
        if members.get("type").is_some_and(Value::is_array) {
            keep(&mut facts.type_lists, || at("type"));
        }
        for name in ["patternProperties", "propertyNames"] {
            if members.contains_key(name) {
                keep(&mut facts.patterns, || at(name));
            }
        }
        for name in ["if", "not", "dependentSchemas", "dependentRequired"] {
            if members.contains_key(name) {
                keep(&mut facts.conditions, || at(name));
            }
        }
        for name in ["oneOf", "anyOf", "allOf"] {
            if !is_root && members.contains_key(name) {
                keep(&mut facts.unions, || at(name));
            }
        }
        let is_array = members.get("type").is_some_and(|kind| {
            kind == "array" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "array"))
        });
        if is_array && !members.contains_key("items") && !members.contains_key("prefixItems") {
            keep(&mut facts.bare_arrays, || path.to_owned());
        }
        let values = members.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
        if values > facts.values.0 {
            facts.values = (values, at("enum"));
        }
    }

    /// The parameters of the tool itself.
    fn parameters(&mut self, properties: &Map<String, Value>, path: &str) {
        self.facts.parameters = properties.len();
        for (name, schema) in properties {
            let at = || member(&member(path, "properties"), name);
            let is_said = |name: &str| schema.get(name).is_some();
            // What a reference leads to may be described there, and a reference with a description is described here.
            let target = schema["$ref"].as_str().and_then(|target| resolve(self.root, target));
            let text =
                |schema: &Value| schema["description"].as_str().is_some_and(|text| !text.trim().is_empty());
            if !text(schema) && !target.is_some_and(text) {
                keep(&mut self.facts.undescribed, at);
            }
            let says = ["type", "$ref", "enum", "const", "anyOf", "oneOf", "allOf", "not", "if"];
            if !says.into_iter().any(is_said) {
                keep(&mut self.facts.untyped, at);
            }
        }
    }

    /// Follows every reference.
    fn references(&mut self) {
        let facts = &mut self.facts;
        for (path, target) in &facts.refs {
            match resolve(self.root, target) {
                None => keep(&mut facts.dangling, || (path.clone(), target.clone())),
                Some(_) if comes_back(self.root, target) => keep(&mut facts.recursive, || path.clone()),
                Some(_) => {}
            }
        }
    }
}

fn keep<T>(places: &mut Vec<T>, place: impl FnOnce() -> T) {
    if places.len() < PLACES_MAX {
        places.push(place());
    }
}

fn member(path: &str, name: &str) -> String {
    let mut path = path.to_owned();
    push_name(&mut path, name);
    path
}

/// What a reference within the schema names (RFC 6901); `None` for one that leads elsewhere or nowhere.
fn resolve<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    let pointer = target.strip_prefix('#')?;
    if pointer.is_empty() || pointer.starts_with('/') {
        return root.pointer(&percent_decoded(pointer)?);
    }
    anchored(root, pointer)
}

/// The schema with this `$anchor`.
fn anchored<'a>(value: &'a Value, anchor: &str) -> Option<&'a Value> {
    let is_it = value["$anchor"] == anchor || value["$dynamicAnchor"] == anchor;
    if is_it {
        return Some(value);
    }
    match value {
        Value::Object(members) => members.values().find_map(|value| anchored(value, anchor)),
        Value::Array(elements) => elements.iter().find_map(|value| anchored(value, anchor)),
        _ => None,
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).ok()
}

/// Whether `target` is reached again from what it names.
fn comes_back(root: &Value, target: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![target.to_owned()];
    while let Some(next) = open.pop() {
        let mut targets = Vec::new();
        if let Some(named) = resolve(root, &next) {
            targets_within(named, &mut targets);
        }
        if targets.iter().any(|found| found == target) {
            return true;
        }
        open.extend(targets.into_iter().filter(|found| seen.len() < SEEN_MAX && seen.insert(found.clone())));
    }
    false
}

/// References followed from one.
const SEEN_MAX: usize = 1_024;

fn targets_within(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(target) if name == "$ref" => keep(found, || target.clone()),
                    value => targets_within(value, found),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|value| targets_within(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts(schema: &Value) -> Facts {
        Facts::of(schema, "inputSchema")
    }

    #[test]
    fn names_of_properties_are_no_keywords() {
        let facts = facts(&json!({
            "type": "object",
            "properties": {
                "patternProperties": {"type": "string"}, "$ref": {"type": "string"}, "enum": {"enum": [1, 2]},
                "anyOf": {"type": "object", "properties": {"not": {"const": {"$ref": "#/x", "type": ["a"]}}}}
            },
            "default": {"$ref": "#/nowhere"}
        }));
        assert_eq!((facts.refs.len(), facts.patterns.len(), facts.unions.len()), (0, 0, 0));
        assert_eq!((facts.conditions.len(), facts.type_lists.len()), (0, 0));
        assert_eq!(facts.values, (2, "$.inputSchema.properties.enum.enum".to_owned()));
        assert_eq!(facts.parameters, 4);
        assert_eq!(facts.undescribed.len(), 4);
    }

    #[test]
    fn a_reference_leads_somewhere_nowhere_or_back() {
        let facts = facts(&json!({
            "type": "object",
            "properties": {
                "plain": {"$ref": "#/$defs/plain"},
                "tree": {"$ref": "#/$defs/tree"},
                "gone": {"$ref": "#/$defs/gone"},
                "far": {"$ref": "https://example.org/schema.json"},
                "spaced": {"$ref": "#/$defs/a%20b~1c"},
                "named": {"$ref": "#here"},
                "self": {"type": "object", "properties": {"again": {"$ref": "#"}}}
            },
            "$defs": {
                "plain": {"type": "string", "description": "Described there."},
                "tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/branch"}}}},
                "branch": {"anyOf": [{"$ref": "#/$defs/tree"}, {"$ref": "#/$defs/plain"}]},
                "a b/c": {"$anchor": "here", "type": "integer"}
            }
        }));
        let dangling: Vec<&str> = facts.dangling.iter().map(|(_, target)| &**target).collect();
        assert_eq!(dangling, ["https://example.org/schema.json", "#/$defs/gone"]);
        let recursive: Vec<&str> = facts.recursive.iter().map(String::as_str).collect();
        assert_eq!(
            recursive,
            [
                "$.inputSchema['$defs'].branch.anyOf[0]['$ref']",
                "$.inputSchema['$defs'].tree.properties.children.items['$ref']",
                "$.inputSchema.properties.self.properties.again['$ref']",
                "$.inputSchema.properties.tree['$ref']",
            ]
        );
        assert!(!facts.undescribed.contains(&"$.inputSchema.properties.plain".to_owned()));
        assert!(facts.untyped.is_empty());
    }

    #[test]
    fn depth_is_that_of_the_values_and_not_of_the_keywords() {
        let flat =
            json!({"type": "object", "properties": {"a": {"anyOf": [{"oneOf": [{"type": "string"}]}]}}});
        assert_eq!(facts(&flat).depth.0, 1);
        let deep =
            json!({"properties": {"a": {"items": {"properties": {"b": {"type": ["string", "null"]}}}}}});
        let found = facts(&deep);
        assert_eq!(found.depth, (3, "$.inputSchema.properties.a.items.properties.b".to_owned()));
        assert_eq!(found.type_lists, ["$.inputSchema.properties.a.items.properties.b.type"]);
    }

    #[test]
    fn an_array_says_what_it_holds_or_is_noted() {
        let found = facts(&json!({"properties": {
            "bare": {"type": "array"}, "listed": {"type": ["array", "null"]}, "good": {"type": "array", "items": {}},
            "tuple": {"type": "array", "prefixItems": [{"type": "string"}]}, "open": {"description": "Anything."}
        }}));
        assert_eq!(found.bare_arrays, ["$.inputSchema.properties.bare", "$.inputSchema.properties.listed"]);
        assert_eq!(found.untyped, ["$.inputSchema.properties.open"]);
    }

    #[test]
    fn ten_thousand_references_in_a_circle_are_followed_in_bounded_time() {
        let next = |at: usize| json!({"allOf": [{"$ref": format!("#/$defs/n{}", (at + 1) % 10_000)}, {"$ref": "#/$defs/n0"}]});
        let defs: Map<String, Value> = (0..10_000).map(|at| (format!("n{at}"), next(at))).collect();
        let found = facts(&json!({"type": "object", "$defs": defs}));
        assert_eq!(found.refs.len(), PLACES_MAX);
    }
}
