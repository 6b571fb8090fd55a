//! What a filter may say: the one table of its fields and forms, which the parser, help and `mcptop print filters` read.
//!
//! Knows nothing of how a form is read.

use super::Measure;

/// A form that a filter may have, or a field with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expression {
    /// How it is written: `tool:NAME`.
    pub form: &'static str,
    /// What passes.
    pub meaning: &'static str,
    /// One that can be typed.
    pub example: &'static str,
}

/// What stands before a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Tool,
    Server,
    Client,
    Method,
    Rule,
    Id,
    Status,
    Http,
    Dir,
    Amount(Measure),
}

/// A field with its name, and what it is for.
pub(super) struct FieldRow {
    pub(super) name: &'static str,
    pub(super) field: Field,
    pub(super) told: Expression,
}

const fn field(
    name: &'static str,
    field: Field,
    form: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> FieldRow {
    FieldRow { name, field, told: Expression { form, meaning, example } }
}

const fn form(form: &'static str, meaning: &'static str, example: &'static str) -> Expression {
    Expression { form, meaning, example }
}

/// Every field. Meanings are short: help shows them in half of 120 columns.
pub(super) const FIELDS: [FieldRow; 12] = [
    field("tool", Field::Tool, "tool:NAME", "the tool's name has it", "tool:read*"),
    field("server", Field::Server, "server:NAME", "what the server is called", "server:fs"),
    field("client", Field::Client, "client:NAME", "who asked, or its session", "client:cursor"),
    field("method", Field::Method, "method:NAME", "the method of the protocol", "method:tools/call"),
    field("rule", Field::Rule, "rule:NAME", "a rule had to do with it; * any", "rule:*"),
    field("id", Field::Id, "id:ID", "the request's whole id", "id:7"),
    field(
        "status",
        Field::Status,
        "status:ok|error|tool_error|protocol_error|pending|cancelled|abandoned|unknown",
        "how it stands; error is either",
        "status:error",
    ),
    field("http", Field::Http, "http:CODE|Nxx", "the status of HTTP, or its class", "http:4xx"),
    field("dir", Field::Dir, "dir:client|server|in|out", "who asked: in is the client", "dir:server"),
    field("dur", Field::Amount(Measure::Duration), "dur:AMOUNT", "time waited: us, ms, s, m", "dur:>500ms"),
    field("tok", Field::Amount(Measure::Tokens), "tok:AMOUNT", "tokens of the result: k, m", "tok:>=1k"),
    field(
        "size",
        Field::Amount(Measure::Size),
        "size:AMOUNT",
        "bytes of the result: kb, mb, kib",
        "size:10kb..2mb",
    ),
];

/// What else there is, in the order in which one needs it.
const FORMS: [Expression; 9] = [
    form("WORD", "in tool, method, id or server", "read_file"),
    form("WORD WORD, a and b", "both of them", "read error"),
    form("a or b", "one of them, or both", "read* or write*"),
    form("not a, -a", "not that", "-tool:list*"),
    form("( )", "what belongs together", "not (read* or get_*)"),
    form("*", "any letters; all must fit", "get_*"),
    form("\"WORDS\"", "as they are, blanks as well", "\"two words\""),
    form("FIELD:=NAME", "the whole name, letter by letter", "tool:=read_file"),
    form("> >= < <= = a..b", "an amount, compared; or a range", "dur:1s..5s"),
];

/// Everything a filter may say: forms, then fields.
pub(super) fn expressions() -> impl Iterator<Item = &'static Expression> {
    FORMS.iter().chain(FIELDS.iter().map(|row| &row.told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Filter;

    #[test]
    fn every_example_is_a_filter_and_every_field_shows_itself() {
        for Expression { form, example, meaning } in expressions() {
            Filter::parse(example).unwrap_or_else(|error| panic!("{form}: {example}: {error}"));
            // Two columns of help fit 120 columns.
            assert!(meaning.chars().count() <= 32 && example.chars().count() <= 23, "{example}: {meaning}");
        }
        for row in &FIELDS {
            assert!(row.told.example.starts_with(&format!("{}:", row.name)), "{}", row.name);
            assert!(row.told.form.starts_with(&format!("{}:", row.name)), "{}", row.name);
        }
    }

    #[test]
    fn every_state_is_told_of() {
        let status = FIELDS.iter().find(|row| row.field == Field::Status).unwrap();
        let told: Vec<&str> = status.told.form.trim_start_matches("status:").split('|').collect();
        assert_eq!(told, Filter::status_values().collect::<Vec<_>>());
    }
}
