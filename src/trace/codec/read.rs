//! A line becomes an event.
//!
//! Knows nothing of how lines are written.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{CowStrDeserializer, Error as WordError};
use serde_json::value::RawValue;

use super::{LineError, line_end};
use crate::trace::{Event, ExchangeId, Exit, Fact, Mark, Micros, Nanos, Payload, PoolState, Ruling};
use crate::wire::{Direction, LineEnd, Peer};

/// Reads an event line, without its newline.
///
/// # Errors
/// If the line is not JSON, lacks what its kind needs, or its payload does not decode.
pub fn read_event(line: &[u8]) -> Result<Event<'_>, LineError> {
    let mut fields: Fields<'_> = serde_json::from_slice(line)?;
    let at = fields.t;
    let to = fields.to.ok_or(LineError::Payload);
    let exchange = fields.exchange.ok_or(LineError::Payload);
    let fact = match &*fields.kind {
        "started" => Fact::Started { pid: fields.pid },
        "message" => Fact::Message {
            to: to?,
            own: Nanos(fields.own_ns),
            parts: fields.parts,
            payload: fields.payload(line_end(fields.exchange))?,
            exchange: fields.exchange,
        },
        "part" => Fact::Part {
            to: to?,
            payload: fields.payload(line_end(fields.exchange))?,
            exchange: fields.exchange,
        },
        "http_request" => Fact::HttpRequest {
            exchange: exchange?,
            connection: fields.connection,
            method: fields.method.unwrap_or_default(),
            target: fields.target.unwrap_or_default(),
            session: fields.session,
            revision: fields.revision,
            encoding: fields.encoding.unwrap_or_default(),
            resumes: fields.resumes > 0,
        },
        "http_response" => Fact::HttpResponse {
            exchange: exchange?,
            status: fields.status,
            media: fields.media.unwrap_or_default(),
            session: fields.session,
            encoding: fields.encoding.unwrap_or_default(),
        },
        "http_event" => Fact::HttpEvent { exchange: exchange?, text: fields.text.ok_or(LineError::Payload)? },
        "http_stall" => {
            Fact::HttpStall { exchange: exchange?, gap_us: fields.gap_us, is_removed: fields.removed > 0 }
        }
        "http_end" => Fact::HttpEnd { exchange: exchange?, how: word(fields.how)? },
        "pool_taken" => Fact::PoolTaken {
            how: word(fields.how.take())?,
            waited_us: fields.waited_us,
            pool: fields.pool(),
            session: fields.session.unwrap_or_default(),
        },
        "pool_returned" => Fact::PoolReturned { how: word(fields.how.take())?, pool: fields.pool() },
        "session_ended" => {
            Fact::SessionEnded { session: fields.session.unwrap_or_default(), why: word(fields.why)? }
        }
        "ruled" => Fact::Ruled(Box::new(Ruling {
            to: to?,
            exchange: fields.exchange,
            outcome: word(fields.outcome.take())?,
            payload: fields.payload_if_any(line_end(fields.exchange))?,
            id: fields.id,
            marks: fields.marks,
        })),
        "rules" => Fact::Rules {
            text: fields.text.ok_or(LineError::Payload)?,
            source: fields.source.unwrap_or_default(),
        },
        "rules_refused" => Fact::RulesRefused {
            source: fields.source.unwrap_or_default(),
            why: fields.why.unwrap_or_default(),
        },
        "stderr" => Fact::Stderr { payload: fields.payload(LineEnd::Lf)? },
        "closed" => Fact::Closed { by: fields.by.ok_or(LineError::Payload)? },
        "dropped" => Fact::Dropped { to: to?, messages: fields.messages, bytes: fields.bytes },
        "sample" => Fact::Sample { rss_bytes: fields.rss_bytes, cpu_us: fields.cpu_us },
        "note" => Fact::Note { text: fields.text.ok_or(LineError::Payload)? },
        "stopped" => Fact::Stopped { why: fields.why.unwrap_or_default() },
        "ended" => Fact::Ended {
            exit: match (fields.exit, fields.signal) {
                (Some(code), _) => Exit::Code(code),
                (None, Some(signal)) => Exit::Signal(signal),
                (None, None) => Exit::Unknown,
            },
            why: fields.why.unwrap_or_default(),
        },
        _ => Fact::Unknown { kind: fields.kind },
    };
    Ok(Event { at, fact })
}

/// One of the words that a kind of event knows for this field.
fn word<'a, T: Deserialize<'a>>(text: Option<Cow<'a, str>>) -> Result<T, LineError> {
    let text: CowStrDeserializer<'a, WordError> = text.ok_or(LineError::Word)?.into_deserializer();
    T::deserialize(text).map_err(|_| LineError::Word)
}

/// Every field that some kind of event has; what a kind does not use is ignored.
#[derive(Deserialize)]
struct Fields<'a> {
    t: Micros,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    to: Option<Direction>,
    #[serde(default)]
    own_ns: u32,
    #[serde(default)]
    parts: u32,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    base64: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    end: Option<Cow<'a, str>>,
    #[serde(default)]
    exchange: Option<ExchangeId>,
    #[serde(default)]
    connection: u32,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    target: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    session: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    revision: Option<Cow<'a, str>>,
    #[serde(default)]
    status: u16,
    #[serde(borrow, default)]
    media: Option<Cow<'a, str>>,
    #[serde(default)]
    gap_us: u32,
    #[serde(default)]
    removed: u8,
    #[serde(borrow, default)]
    encoding: Option<Cow<'a, str>>,
    #[serde(default)]
    resumes: u8,
    #[serde(borrow, default)]
    how: Option<Cow<'a, str>>,
    #[serde(default)]
    waited_us: u32,
    #[serde(default)]
    size: u32,
    #[serde(default)]
    open: u32,
    #[serde(default)]
    busy: u32,
    #[serde(default)]
    waiting: u32,
    #[serde(default)]
    pid: Option<u32>,
    #[serde(default)]
    by: Option<Peer>,
    #[serde(default)]
    messages: u64,
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    rss_bytes: u64,
    #[serde(default)]
    cpu_us: u64,
    #[serde(default)]
    exit: Option<i32>,
    #[serde(default)]
    signal: Option<i32>,
    #[serde(borrow, default)]
    why: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    outcome: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    marks: Vec<Mark<'a>>,
    #[serde(borrow, default)]
    source: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    fn pool(&self) -> PoolState {
        PoolState { size: self.size, open: self.open, busy: self.busy, waiting: self.waiting }
    }

    fn payload_if_any(&mut self, usual: LineEnd) -> Result<Option<Payload<'a>>, LineError> {
        let is_there = self.body.is_some() || self.text.is_some() || self.base64.is_some();
        is_there.then(|| self.payload(usual)).transpose()
    }

    fn payload(&mut self, usual: LineEnd) -> Result<Payload<'a>, LineError> {
        let end = match self.end.take() {
            None => usual,
            Some(end) => LineEnd::from_text(&end).ok_or(LineError::Payload)?,
        };
        let text = if let Some(body) = self.body.take() {
            Cow::Borrowed(body.get().as_bytes())
        } else if let Some(text) = self.text.take() {
            match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }
        } else {
            let coded = self.base64.take().ok_or(LineError::Payload)?;
            Cow::Owned(BASE64.decode(&*coded).map_err(|_| LineError::Payload)?)
        };
        Ok(Payload { text, end })
    }
}
