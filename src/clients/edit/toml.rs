//! TOML, read with places.
//!
//! Knows nothing of what the values mean.

use serde_json::Value;
use toml_edit::{Document, Item, TableLike, TomlError, Value as Written};

use super::Problem;
use super::tree::{Kind, Layout, Member, Node};

/// The tree of a text.
///
/// # Errors
/// If it is no TOML.
pub(super) fn read(text: &str) -> Result<Node, Problem> {
    let document = Document::parse(text).map_err(|error: TomlError| {
        Problem::syntax(text, error.span().map_or(0, |span| span.start), error.message())
    })?;
    let kind = Kind::Map(members(document.as_table()), Layout::Block);
    Ok(Node { span: 0..text.len(), kind })
}

fn members(table: &dyn TableLike) -> Vec<Member> {
    let member = |(key, item): (&str, &Item)| {
        let key_span = table.key(key).and_then(toml_edit::Key::span).unwrap_or_default();
        Member { key: key.to_owned(), key_span, value: of_item(item) }
    };
    table.iter().map(member).collect()
}

fn of_item(item: &Item) -> Node {
    let kind = match item {
        Item::None => Kind::Plain(Value::Null),
        Item::Value(value) => return of_value(value),
        Item::Table(table) => Kind::Map(members(table), Layout::Block),
        Item::ArrayOfTables(tables) => {
            let table = |table: &toml_edit::Table| Node {
                span: table.span().unwrap_or_default(),
                kind: Kind::Map(members(table), Layout::Block),
            };
            Kind::List(tables.iter().map(table).collect(), Layout::Block)
        }
    };
    Node { span: item.span().unwrap_or_default(), kind }
}

fn of_value(value: &Written) -> Node {
    let kind = match value {
        Written::String(text) => Kind::Text(text.value().clone()),
        Written::Integer(number) => Kind::Plain((*number.value()).into()),
        Written::Float(number) => Kind::Plain((*number.value()).into()),
        Written::Boolean(switch) => Kind::Plain((*switch.value()).into()),
        Written::Datetime(moment) => Kind::Plain(moment.value().to_string().into()),
        Written::Array(array) => Kind::List(array.iter().map(of_value).collect(), Layout::Flow),
        // Of dotted keys: its members stand in lines of their own.
        Written::InlineTable(table) if table.is_dotted() => Kind::Map(members(table), Layout::Block),
        Written::InlineTable(table) => Kind::Map(members(table), Layout::Flow),
    };
    Node { span: value.span().unwrap_or_default(), kind }
}
