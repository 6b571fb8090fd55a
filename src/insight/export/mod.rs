//! Calls as other tools read them: one row each for tables, an entry of HAR, a span of OpenTelemetry.
//!
//! Text in, text out, one call at a time. Knows nothing of files, nor of how calls are found.

mod columns;
mod har;
mod otlp;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use jiff::Timestamp;

use super::calls::{Call, Fate};
use crate::trace::{Header, Micros};
use crate::wire::{member, string_value};

pub use columns::{COLUMNS, Column, Kind, csv_head, csv_row, duckdb_columns, json_row};
pub use har::{entry, exchange_entry, head, tail};
pub use otlp::{Spans, trace_id};

/// How much of an error's message is told in a column.
const ERROR_BYTES_MAX: usize = 300;

/// A call with all that is written of it.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The first line of its recording.
    pub header: &'a Header,
    /// The call.
    pub call: &'a Call,
    /// The request as it was written.
    pub request: Option<&'a str>,
    /// The answer as it was delivered.
    pub answer: Option<&'a str>,
    /// What it costs.
    pub tokens: Option<CallTokens>,
    /// Whether parameters and results are written, too, where a form can do without.
    pub with_bodies: bool,
}

/// What a call costs in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallTokens {
    /// The request, all of its JSON.
    pub request: u64,
    /// The answer, all JSON that travelled.
    pub wire: u64,
    /// The answer, what the client hands to the model.
    pub model: u64,
}

impl<'a> Written<'a> {
    /// The parameters, as they were written.
    fn params(&self) -> Option<&'a str> {
        member(self.request?, "params")
    }

    /// The result, or the error object, as it was written.
    fn result(&self) -> Option<&'a str> {
        let answer = self.answer?;
        member(answer, "result").or_else(|| member(answer, "error"))
    }

    /// What the error says: of JSON-RPC its message, of a tool the first text of its result.
    fn error(&self) -> Option<Cow<'a, str>> {
        let result = self.result()?;
        let text = match self.call.fate {
            Fate::Error { .. } => string_value(member(result, "message")?)?,
            Fate::ToolError => {
                let blocks: Vec<&serde_json::value::RawValue> =
                    serde_json::from_str(member(result, "content")?).ok()?;
                string_value(blocks.iter().find_map(|block| member(block.get(), "text"))?)?
            }
            Fate::Ok | Fate::HttpError { .. } | Fate::Cancelled | Fate::Unanswered | Fate::Unknown => {
                return None;
            }
        };
        if text.len() <= ERROR_BYTES_MAX {
            return Some(text);
        }
        Some(Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(ERROR_BYTES_MAX)])))
    }

    /// A value of the request's `params._meta`.
    fn meta(&self, name: &str) -> Option<Cow<'a, str>> {
        string_value(member(member(self.params()?, "_meta")?, name)?)
    }

    /// The trace that the request belongs to, if it says so.
    fn context(&self) -> Option<Context> {
        Context::parse(&self.meta("traceparent")?)
    }
}

/// A place in a trace (W3C Trace Context, `traceparent`).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Context {
    trace_id: String,
    span_id: String,
    flags: u8,
}

impl Context {
    /// `version-traceid-parentid-flags`, in lower case; later versions may have more behind it.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace_id, span_id, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, len: usize| {
            text.len() == len && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_nothing = |text: &str| text.bytes().all(|byte| byte == b'0');
        let is_known = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        let is_valid =
            is_hex(trace_id, 32) && is_hex(span_id, 16) && !is_nothing(trace_id) && !is_nothing(span_id);
        if !is_known || !is_valid || !is_hex(flags, 2) {
            return None;
        }
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self { trace_id: trace_id.to_owned(), span_id: span_id.to_owned(), flags })
    }
}

/// A moment of a session as wall-clock time.
fn moment(header: &Header, at: Micros) -> Timestamp {
    let span = jiff::SignedDuration::from_micros(i64::try_from(at.0).unwrap_or(i64::MAX));
    header.started.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// The same as text, to the microsecond.
fn moment_text(header: &Header, at: Micros) -> String {
    moment(header, at).strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
