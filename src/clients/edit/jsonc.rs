//! JSON with comments and trailing commas, as VS Code, Zed and others write it, read with places.
//!
//! Knows nothing of what the values mean.

use jsonc_parser::ast::{Object, Value as Ast};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};
use serde_json::Value;

use super::Problem;
use super::tree::{Kind, Layout, Member, Node};

/// What goes beyond JSON in the files of clients: comments and commas at the end, and nothing else.
const TAKEN: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The tree of a text.
///
/// # Errors
/// If it is no JSON, or empty.
pub(super) fn read(text: &str) -> Result<Node, Problem> {
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let parsed = parse_to_ast(text, &collect, &TAKEN)
        .map_err(|error| Problem::syntax(text, error.range().start, &error.kind().to_string()))?;
    parsed.value.as_ref().map(node).ok_or_else(|| Problem::syntax(text, 0, "it is empty"))
}

fn node(value: &Ast<'_>) -> Node {
    let range = value.range();
    let kind = match value {
        Ast::StringLit(text) => Kind::Text(text.value.clone().into_owned()),
        Ast::NumberLit(number) => Kind::Plain(plain_number(number.value)),
        Ast::BooleanLit(switch) => Kind::Plain(Value::Bool(switch.value)),
        Ast::NullKeyword(_) => Kind::Plain(Value::Null),
        Ast::Array(array) => Kind::List(array.elements.iter().map(node).collect(), Layout::Flow),
        Ast::Object(object) => Kind::Map(members(object), Layout::Flow),
    };
    Node { span: range.start..range.end, kind }
}

/// A number too large for the program stays what is written.
fn plain_number(text: &str) -> Value {
    text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Number)
}

fn members(object: &Object<'_>) -> Vec<Member> {
    let member = |property: &jsonc_parser::ast::ObjectProp<'_>| {
        let range = property.name.range();
        Member {
            key: property.name.as_str().to_owned(),
            key_span: range.start..range.end,
            value: node(&property.value),
        }
    };
    object.properties.iter().map(member).collect()
}
