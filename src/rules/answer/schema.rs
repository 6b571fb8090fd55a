//! JSON Schemas: which objects in one are schemas, and which of their keywords may go.
//!
//! A parameter that is called `title` is no keyword: schemas are walked by their keywords (2020-12 and draft 7), not
//! searched for names. Knows nothing of tools.

use super::{Id, Tree};
use crate::tokens::ValueKind;

/// Keywords whose value is a schema, or an array of schemas.
const SCHEMAS: [&str; 15] = [
    "items",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "prefixItems",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords whose value has a schema under each name.
const MAPS: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

/// Keywords that say what a value has to be: no rule takes them away. Without `x-mcp-header` clients leave out a header
/// that the server insists on.
const KEPT: [&str; 12] = [
    "type",
    "properties",
    "required",
    "items",
    "$ref",
    "$defs",
    "definitions",
    "allOf",
    "anyOf",
    "oneOf",
    "prefixItems",
    "x-mcp-header",
];

/// Keywords that a value may break once parts of it are gone. Of `anyOf` and `allOf` the schemas are loosened and the
/// keyword stays; of `oneOf` more than one schema could then fit.
const DEMANDS: [&str; 17] = [
    "required",
    "minProperties",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "minItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "additionalItems",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "unevaluatedItems",
];

/// The schemas in a schema, itself included.
fn schemas(tree: &Tree<'_>, root: Id) -> Vec<Id> {
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(id) = open.pop() {
        if tree.kind(id) != ValueKind::Object {
            continue;
        }
        found.push(id);
        for member in tree.children(id) {
            let name = tree.name(member);
            match tree.kind(member) {
                ValueKind::Object if SCHEMAS.contains(&&*name) => open.push(member),
                ValueKind::Array if SCHEMAS.contains(&&*name) => open.extend(tree.children(member)),
                ValueKind::Object if MAPS.contains(&&*name) => open.extend(tree.children(member)),
                _ => {}
            }
        }
    }
    found
}

/// Marks the keywords in a schema that have one of these names, unless they say what a value has to be.
pub(super) fn strip(tree: &Tree<'_>, root: Id, names: &[String], gone: &mut [bool]) {
    for schema in schemas(tree, root) {
        for member in tree.children(schema) {
            let name = tree.name(member);
            gone[member as usize] |= names.iter().any(|strip| *strip == name) && !KEPT.contains(&&*name);
        }
    }
}

/// Marks what must go from a schema so that a value that it admits is still admitted when any of its parts are gone.
pub(super) fn loosen(tree: &Tree<'_>, root: Id, gone: &mut [bool]) {
    for schema in schemas(tree, root) {
        let has_places = tree.member(schema, "prefixItems").is_some();
        for member in tree.children(schema) {
            gone[member as usize] |= match &*tree.name(member) {
                // Items that move meet the schema of another place.
                "prefixItems" | "unevaluatedProperties" => true,
                "items" => has_places || tree.kind(member) == ValueKind::Array,
                // Values with something in them are no longer equal to what they were.
                "enum" => tree.children(member).any(|value| tree.is_container(value)),
                "const" => tree.is_container(member),
                name => DEMANDS.contains(&name),
            };
        }
    }
}

/// Whether clients send a parameter of this schema as a header.
pub(super) fn has_headers(tree: &Tree<'_>, root: Id) -> bool {
    schemas(tree, root).into_iter().any(|schema| tree.member(schema, "x-mcp-header").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Edit;

    fn without(text: &str, mark: impl Fn(&Tree<'_>, &mut [bool])) -> String {
        let tree = Tree::of(text).unwrap();
        let mut gone = vec![false; tree.len()];
        mark(&tree, &mut gone);
        let mut edit = Edit::of(text);
        tree.cut(&mut edit, Tree::ROOT, &gone);
        edit.finish()
    }

    fn stripped(text: &str, names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        without(text, |tree, gone| strip(tree, Tree::ROOT, &names, gone))
    }

    #[test]
    fn keywords_go_wherever_a_schema_stands_and_parameters_of_that_name_stay() {
        let text = r#"{"title":"T","type":"object","properties":{"title":{"title":"x","type":"string"},
            "list":{"items":{"title":"y","anyOf":[{"title":"z"},{"const":{"title":1}}]}}},"required":["title"],
            "$defs":{"title":{"title":"d"}},"default":{"title":"kept"}}"#;
        assert_eq!(
            stripped(text, &["title"]),
            r#"{"type":"object","properties":{"title":{"type":"string"},
            "list":{"items":{"anyOf":[{},{"const":{"title":1}}]}}},"required":["title"],
            "$defs":{"title":{}},"default":{"title":"kept"}}"#
        );
    }

    #[test]
    fn what_a_value_has_to_be_is_never_stripped() {
        let text = r##"{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A","$ref":"#/$defs/a"}},"required":["a"],"$defs":{"a":{}}}"##;
        assert_eq!(
            stripped(text, &["type", "properties", "required", "x-mcp-header", "$ref", "$defs"]),
            text
        );
    }

    #[test]
    fn a_loosened_schema_demands_nothing_that_can_go() {
        let text = r#"{"type":"object","required":["a"],"minProperties":1,"properties":{"a":{"type":"array","minItems":1,
            "items":{"type":"object","required":["b"]}},"required":{"enum":["x"]},"c":{"enum":[{"d":1}]},
            "e":{"prefixItems":[{}],"items":{"type":"null"}}},"oneOf":[{"required":["a"]}],
            "anyOf":[{"type":"object","required":["z"]}],"additionalProperties":false}"#;
        assert_eq!(
            without(text, |tree, gone| loosen(tree, Tree::ROOT, gone)),
            r#"{"type":"object","properties":{"a":{"type":"array",
            "items":{"type":"object"}},"required":{"enum":["x"]},"c":{},
            "e":{}},
            "anyOf":[{"type":"object"}],"additionalProperties":false}"#
        );
    }

    #[test]
    fn a_header_is_found_however_deep() {
        let has = |text| has_headers(&Tree::of(text).unwrap(), Tree::ROOT);
        assert!(has(r#"{"properties":{"a":{"properties":{"b":{"x-mcp-header":"B"}}}}}"#));
        assert!(!has(r#"{"properties":{"x-mcp-header":{"type":"string"}}}"#));
    }
}
