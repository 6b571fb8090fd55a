//! The columns of a row per call, for CSV and for JSON lines: one table for both, and for their documentation.
//!
//! Times are whole microseconds, sizes bytes. What is not known is empty in CSV and `null` in JSON.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Written, moment_text};
use crate::insight::calls::Fate;
use crate::trace::Front;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Real,
    /// A moment (RFC 3339, UTC, microseconds).
    Timestamp,
}

/// A column.
#[derive(Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is written only where bodies are asked for.
    pub is_body: bool,
    get: for<'a> fn(&Written<'a>) -> Cell<'a>,
}

/// A value of a row.
enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Real(f64),
}

impl std::fmt::Debug for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Column").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

const fn column(name: &'static str, kind: Kind, get: for<'a> fn(&Written<'a>) -> Cell<'a>) -> Column {
    Column { name, kind, is_body: false, get }
}

const fn body(name: &'static str, get: for<'a> fn(&Written<'a>) -> Cell<'a>) -> Column {
    Column { name, kind: Kind::Text, is_body: true, get }
}

/// All columns, in order. `docs/export.md` says what each means.
pub const COLUMNS: [Column; 36] = [
    column("session", Kind::Text, |one| text(&one.header.session)),
    column("label", Kind::Text, |one| text(&one.header.label)),
    column("call", Kind::Integer, |one| integer(Some(one.call.number))),
    column("asked_by", Kind::Text, |one| text(one.call.from.as_str())),
    column("method", Kind::Text, |one| text(&one.call.method)),
    column("name", Kind::Text, |one| maybe(one.call.target.as_deref())),
    column("id", Kind::Text, |one| text(&one.call.id)),
    column("started", Kind::Timestamp, |one| Cell::Text(moment_text(one.header, one.call.request.at).into())),
    column("started_us", Kind::Integer, |one| integer(Some(one.call.request.at.0))),
    column("ended_us", Kind::Integer, |one| integer(Some(one.call.ended.0))),
    column("latency_us", Kind::Integer, |one| integer(one.call.latency_us())),
    column("server_us", Kind::Integer, |one| integer(one.call.responder_us())),
    column("own_us", Kind::Real, |one| Cell::Real(one.call.own_us())),
    column("outcome", Kind::Text, |one| text(one.call.fate.as_str())),
    column("error_code", Kind::Integer, |one| match one.call.fate {
        Fate::Error { code } => Cell::Integer(code),
        Fate::Ok
        | Fate::ToolError
        | Fate::HttpError { .. }
        | Fate::Cancelled
        | Fate::Unanswered
        | Fate::Unknown => Cell::Null,
    }),
    column("error", Kind::Text, |one| one.error().map_or(Cell::Null, Cell::Text)),
    column("request_bytes", Kind::Integer, |one| integer(Some(one.call.request.bytes))),
    column("answer_bytes", Kind::Integer, |one| integer(one.call.answer.map(|answer| answer.bytes))),
    column("request_tokens", Kind::Integer, |one| integer(one.tokens.map(|tokens| tokens.request))),
    column("wire_tokens", Kind::Integer, |one| integer(answered(one).map(|tokens| tokens.wire))),
    column("model_tokens", Kind::Integer, |one| integer(answered(one).map(|tokens| tokens.model))),
    column("rule", Kind::Text, |one| maybe(one.call.rule.as_ref().map(|rule| &*rule.rule))),
    column("rule_by", Kind::Text, |one| maybe(one.call.rule.as_ref().map(|rule| &*rule.by))),
    column("rule_effect", Kind::Text, |one| {
        maybe(one.call.rule.as_ref().map(|rule| if rule.answered { "answered" } else { "changed" }))
    }),
    column("transport", Kind::Text, |one| text(transport(one))),
    column("http_exchange", Kind::Integer, |one| {
        integer(one.call.http.as_ref().map(|http| u64::from(http.exchange.0)))
    }),
    column("http_connection", Kind::Integer, |one| {
        integer(one.call.http.as_ref().map(|http| u64::from(http.connection)))
    }),
    column("http_status", Kind::Integer, |one| {
        integer(one.call.http.as_ref().and_then(|http| http.status).map(u64::from))
    }),
    column("http_session", Kind::Text, |one| {
        maybe(one.call.http.as_ref().and_then(|http| http.session.as_deref()))
    }),
    column("protocol", Kind::Text, |one| maybe(one.call.revision.as_deref())),
    column("trace_id", Kind::Text, |one| {
        one.context().map_or(Cell::Null, |context| Cell::Text(context.trace_id.into()))
    }),
    column("parent_span_id", Kind::Text, |one| {
        one.context().map_or(Cell::Null, |context| Cell::Text(context.span_id.into()))
    }),
    column("platform", Kind::Text, |one| text(&one.header.platform)),
    column("server", Kind::Text, |one| Cell::Text(one.header.back.display().into())),
    body("params", |one| maybe(one.params())),
    body("result", |one| maybe(one.result())),
];

fn text(text: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(text))
}

fn maybe(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Null, |text| Cell::Text(Cow::Borrowed(text)))
}

fn integer<'a>(value: Option<u64>) -> Cell<'a> {
    value.and_then(|value| i64::try_from(value).ok()).map_or(Cell::Null, Cell::Integer)
}

fn answered(one: &Written<'_>) -> Option<super::CallTokens> {
    one.tokens.filter(|_| one.answer.is_some())
}

fn transport(one: &Written<'_>) -> &'static str {
    match one.header.front {
        Front::Stdio => "stdio",
        Front::Http { .. } => "http",
    }
}

fn columns(with_bodies: bool) -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(move |column| with_bodies || !column.is_body)
}

/// The line of names that CSV begins with.
#[must_use]
pub fn csv_head(with_bodies: bool) -> String {
    csv_line(columns(with_bodies).map(|column| Cow::Borrowed(column.name)))
}

/// A call as a line of CSV (RFC 4180, but with `\n`).
#[must_use]
pub fn csv_row(one: &Written<'_>) -> String {
    csv_line(columns(one.with_bodies).map(|column| match (column.get)(one) {
        Cell::Null => Cow::Borrowed(""),
        Cell::Text(text) => text,
        Cell::Integer(value) => Cow::Owned(value.to_string()),
        Cell::Real(value) => Cow::Owned(value.to_string()),
    }))
}

fn csv_line<'a>(cells: impl Iterator<Item = Cow<'a, str>>) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    for cell in cells {
        writer.write_field(&*cell).expect(MEMORY);
    }
    writer.write_record(None::<&[u8]>).expect(MEMORY);
    String::from_utf8(writer.into_inner().expect(MEMORY)).expect("all cells are text")
}

const MEMORY: &str = "writing to memory does not fail";

/// A call as a line of JSON: an object of all columns, none nested.
#[must_use]
pub fn json_row(one: &Written<'_>) -> String {
    let mut line = String::from("{");
    for column in columns(one.with_bodies) {
        let value = match (column.get)(one) {
            Cell::Null => Value::Null,
            Cell::Text(text) => Value::from(text),
            Cell::Integer(value) => Value::from(value),
            Cell::Real(value) => Value::from(value),
        };
        if line.len() > 1 {
            line.push(',');
        }
        // In the order of the table, which a map would not keep.
        line.push_str(&format_args!("\"{}\":{value}", column.name).to_string());
    }
    line.push_str("}\n");
    line
}

/// The columns as a table of `DuckDB` has them: so that an empty column has its type, too.
#[must_use]
pub fn duckdb_columns(with_bodies: bool) -> Value {
    let types = columns(with_bodies).map(|column| {
        let kind = match column.kind {
            Kind::Text => "VARCHAR",
            Kind::Integer => "BIGINT",
            Kind::Real => "DOUBLE",
            Kind::Timestamp => "TIMESTAMP",
        };
        (column.name.to_owned(), Value::from(kind))
    });
    Value::Object(types.collect::<Map<_, _>>())
}
