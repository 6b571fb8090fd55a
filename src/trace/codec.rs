//! One event, one line of JSON, in both directions.
//!
//! A frame that is a JSON object or array stands in the line verbatim, so that `jq` and friends read it; any other
//! bytes stand in it as a string or, when they are not UTF-8, as base64. Either way the exact bytes come back.
//! `docs/recording.md` describes the format for readers in other languages.

use std::borrow::Cow;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use thiserror::Error;

use super::{Event, ExchangeId, Exit, FORMAT_VERSION, Fact, Header, HttpEnd, Micros, Nanos, Payload};
use crate::wire::{Direction, LineEnd, Peer};

/// Why a line could not be read.
#[derive(Debug, Error)]
pub enum LineError {
    /// There is nothing in the file.
    #[error("it is empty")]
    Empty,
    /// The file does not begin with a header line.
    #[error("this is not an mcptop recording: its first line has no \"mcptop\" format version")]
    NotARecording,
    /// The header is damaged.
    #[error("the recording's header cannot be read: {0}")]
    Header(#[source] serde_json::Error),
    /// The file is newer than this program.
    #[error(
        "this recording has format version {found}, written by mcptop {release}; \
         this release reads up to version {FORMAT_VERSION}: use mcptop {release} or later"
    )]
    Newer {
        /// The file's version.
        found: u32,
        /// The release that wrote it.
        release: String,
    },
    /// The line is not JSON of the expected shape.
    #[error("not an event: {0}")]
    Json(#[from] serde_json::Error),
    /// A message without its bytes, or with bytes that do not decode.
    #[error("the event's payload is missing or damaged")]
    Payload,
}

/// Appends the header as a line.
pub fn write_header(out: &mut Vec<u8>, header: &Header) {
    // A header is plain data and memory takes every write: there is no error to report.
    let _ = serde_json::to_writer(&mut *out, header);
    out.push(b'\n');
}

/// Reads the header line.
///
/// # Errors
/// If the line is no header, or one of a format newer than this release reads.
pub fn read_header(line: &[u8]) -> Result<Header, LineError> {
    #[derive(Deserialize)]
    struct Version {
        mcptop: u32,
        #[serde(default)]
        version: String,
    }
    if line.is_empty() {
        return Err(LineError::Empty);
    }
    let version: Version = serde_json::from_slice(line).map_err(|_| LineError::NotARecording)?;
    if version.mcptop > FORMAT_VERSION {
        return Err(LineError::Newer { found: version.mcptop, release: version.version });
    }
    serde_json::from_slice(line).map_err(LineError::Header)
}

/// Appends an event as a line.
pub fn write_event(out: &mut Vec<u8>, event: &Event<'_>) {
    let mut line = Line::begin(out, event.at);
    match &event.fact {
        Fact::Started { pid } => {
            line.kind("started");
            if let Some(pid) = pid {
                line.number("pid", u64::from(*pid));
            }
        }
        Fact::Message { to, own, payload, parts, exchange } => {
            line.kind("message");
            line.word("to", to.as_str());
            line.exchange(*exchange);
            line.number("own_ns", u64::from(own.0));
            if *parts > 0 {
                line.number("parts", u64::from(*parts));
            }
            line.payload(payload, *parts == 0, line_end(*exchange));
        }
        Fact::Part { to, payload, exchange } => {
            line.kind("part");
            line.word("to", to.as_str());
            line.exchange(*exchange);
            line.payload(payload, false, line_end(*exchange));
        }
        Fact::HttpRequest { exchange, connection, method, target, session, revision } => {
            line.kind("http_request");
            line.exchange(Some(*exchange));
            line.number("connection", u64::from(*connection));
            line.text("method", method);
            line.text("target", target);
            line.optional("session", session.as_deref());
            line.optional("revision", revision.as_deref());
        }
        Fact::HttpResponse { exchange, status, media, session } => {
            line.kind("http_response");
            line.exchange(Some(*exchange));
            line.number("status", u64::from(*status));
            line.text("media", media);
            line.optional("session", session.as_deref());
        }
        Fact::HttpEvent { exchange, text } => {
            line.kind("http_event");
            line.exchange(Some(*exchange));
            line.text("text", text);
        }
        Fact::HttpStall { exchange, gap_us, is_removed } => {
            line.kind("http_stall");
            line.exchange(Some(*exchange));
            line.number("gap_us", u64::from(*gap_us));
            line.number("removed", u64::from(*is_removed));
        }
        Fact::HttpEnd { exchange, how } => {
            line.kind("http_end");
            line.exchange(Some(*exchange));
            line.word("how", how.as_str());
        }
        Fact::Stderr { payload } => {
            line.kind("stderr");
            line.payload(payload, false, LineEnd::Lf);
        }
        Fact::Closed { by } => {
            line.kind("closed");
            line.word("by", by.as_str());
        }
        Fact::Dropped { to, messages, bytes } => {
            line.kind("dropped");
            line.word("to", to.as_str());
            line.number("messages", *messages);
            line.number("bytes", *bytes);
        }
        Fact::Sample { rss_bytes, cpu_us } => {
            line.kind("sample");
            line.number("rss_bytes", *rss_bytes);
            line.number("cpu_us", *cpu_us);
        }
        Fact::Note { text } => {
            line.kind("note");
            line.text("text", text);
        }
        Fact::Stopped { why } => {
            line.kind("stopped");
            line.text("why", why);
        }
        Fact::Ended { exit, why } => {
            line.kind("ended");
            match exit {
                Exit::Code(code) => line.signed("exit", *code),
                Exit::Signal(signal) => line.signed("signal", *signal),
                Exit::Unknown => {}
            }
            line.text("why", why);
        }
        Fact::Unknown { kind } => line.kind(kind),
    }
    line.end();
}

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
        },
        "http_response" => Fact::HttpResponse {
            exchange: exchange?,
            status: fields.status,
            media: fields.media.unwrap_or_default(),
            session: fields.session,
        },
        "http_event" => Fact::HttpEvent { exchange: exchange?, text: fields.text.ok_or(LineError::Payload)? },
        "http_stall" => {
            Fact::HttpStall { exchange: exchange?, gap_us: fields.gap_us, is_removed: fields.removed > 0 }
        }
        "http_end" => Fact::HttpEnd { exchange: exchange?, how: fields.how.ok_or(LineError::Payload)? },
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
    #[serde(default)]
    how: Option<HttpEnd>,
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
}

impl<'a> Fields<'a> {
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

/// A line under construction. Written by hand because a message's body must stand in it verbatim, and because this
/// is the recorder's inner loop.
struct Line<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Line<'o> {
    fn begin(out: &'o mut Vec<u8>, at: Micros) -> Self {
        write!(out, "{{\"t\":{}", at.0).expect(MEMORY);
        Self { out }
    }

    fn end(self) {
        self.out.extend_from_slice(b"}\n");
    }

    fn kind(&mut self, kind: &str) {
        self.text("kind", kind);
    }

    /// A value that needs no escaping.
    fn word(&mut self, name: &str, value: &str) {
        write!(self.out, ",\"{name}\":\"{value}\"").expect(MEMORY);
    }

    fn number(&mut self, name: &str, value: u64) {
        write!(self.out, ",\"{name}\":{value}").expect(MEMORY);
    }

    fn signed(&mut self, name: &str, value: i32) {
        write!(self.out, ",\"{name}\":{value}").expect(MEMORY);
    }

    fn text(&mut self, name: &str, value: &str) {
        write!(self.out, ",\"{name}\":").expect(MEMORY);
        serde_json::to_writer(&mut *self.out, value).expect(MEMORY);
    }

    fn exchange(&mut self, exchange: Option<ExchangeId>) {
        if let Some(ExchangeId(number)) = exchange {
            self.number("exchange", u64::from(number));
        }
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// The line ending is written only where it is not the `usual` one.
    fn payload(&mut self, payload: &Payload<'_>, may_be_verbatim: bool, usual: LineEnd) {
        if payload.end != usual {
            self.text("end", payload.end.as_str());
        }
        match std::str::from_utf8(&payload.text) {
            Ok(text) if may_be_verbatim && can_stand_verbatim(text) => {
                self.out.extend_from_slice(b",\"body\":");
                self.out.extend_from_slice(text.as_bytes());
            }
            Ok(text) => self.text("text", text),
            Err(_) => {
                self.out.extend_from_slice(b",\"base64\":\"");
                self.out.extend_from_slice(BASE64.encode(&payload.text).as_bytes());
                self.out.push(b'"');
            }
        }
    }
}

/// How messages usually end: over stdio with a newline, in the body of an HTTP exchange with the body.
fn line_end(exchange: Option<ExchangeId>) -> LineEnd {
    if exchange.is_some() { LineEnd::None } else { LineEnd::Lf }
}

const MEMORY: &str = "writing to memory does not fail";

/// Whether a text may be put into a line as it is: one JSON object or array, no white space around it (a JSON reader
/// would not give that back), no newline in it.
fn can_stand_verbatim(text: &str) -> bool {
    let bytes = text.as_bytes();
    let framed = matches!((bytes.first(), bytes.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')));
    framed && memchr::memchr(b'\n', bytes).is_none() && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Front;
    use proptest::prelude::*;

    fn line_of(fact: Fact<'_>) -> String {
        let mut out = Vec::new();
        write_event(&mut out, &Event { at: Micros(5), fact });
        String::from_utf8(out).unwrap()
    }

    fn message(frame: &[u8]) -> Fact<'_> {
        Fact::Message {
            to: Direction::ToClient,
            own: Nanos(7),
            payload: Payload::of_frame(frame),
            parts: 0,
            exchange: None,
        }
    }

    #[test]
    fn a_json_message_stands_in_the_line_verbatim() {
        assert_eq!(
            line_of(message(b"{\"id\":1.0, \"x\":\"\\u00e9\"}\n")),
            "{\"t\":5,\"kind\":\"message\",\"to\":\"client\",\"own_ns\":7,\"body\":{\"id\":1.0, \"x\":\"\\u00e9\"}}\n"
        );
    }

    #[test]
    fn every_fact_survives_the_line() {
        let facts = [
            Fact::Started { pid: Some(7) },
            Fact::Started { pid: None },
            Fact::Part { to: Direction::ToServer, payload: Payload::of_frame(b"{\"half"), exchange: None },
            Fact::Part {
                to: Direction::ToClient,
                payload: Payload::of_frame(b"{\"half\n"),
                exchange: Some(ExchangeId(7)),
            },
            Fact::HttpRequest {
                exchange: ExchangeId(1),
                connection: 2,
                method: "POST".into(),
                target: "/mcp?a=\"b\"".into(),
                session: Some("1868a90c~00c0ffee".into()),
                revision: None,
            },
            Fact::HttpResponse {
                exchange: ExchangeId(1),
                status: 200,
                media: "text/event-stream".into(),
                session: None,
            },
            Fact::HttpEvent { exchange: ExchangeId(1), text: "id: 5\nretry: 3000".into() },
            Fact::HttpStall { exchange: ExchangeId(1), gap_us: 41_000, is_removed: true },
            Fact::HttpEnd { exchange: ExchangeId(1), how: HttpEnd::ServerLeft },
            Fact::Stderr { payload: Payload::of_frame(b"warning \x1b[1m\n") },
            Fact::Closed { by: Peer::Client },
            Fact::Dropped { to: Direction::ToServer, messages: 2, bytes: 3 },
            Fact::Sample { rss_bytes: 1, cpu_us: 2 },
            Fact::Note { text: "a \"note\"".into() },
            Fact::Stopped { why: "asked".into() },
            Fact::Ended { exit: Exit::Code(-1), why: "done".into() },
            Fact::Ended { exit: Exit::Signal(9), why: "killed".into() },
            Fact::Ended { exit: Exit::Unknown, why: "".into() },
            Fact::Unknown { kind: "later".into() },
        ];
        for fact in facts {
            let line = line_of(fact.clone());
            assert_eq!(read_event(line.trim_end().as_bytes()).unwrap().fact, fact, "{line}");
        }
    }

    #[test]
    fn fields_of_later_versions_are_passed_over() {
        let event = read_event(br#"{"t":1,"kind":"note","text":"x","colour":{"r":1}}"#).unwrap();
        assert_eq!(event.fact, Fact::Note { text: "x".into() });
    }

    #[test]
    fn a_newer_format_is_refused_with_the_release_that_reads_it() {
        let error = read_header(br#"{"mcptop":99,"version":"8.0.0","anything":1}"#).unwrap_err();
        assert!(error.to_string().contains("use mcptop 8.0.0 or later"), "{error}");
        assert!(matches!(read_header(b"{\"a\":1}"), Err(LineError::NotARecording)));
    }

    #[test]
    fn a_header_survives_the_line() {
        let header = Header {
            format: FORMAT_VERSION,
            session: "s".into(),
            started: "2026-11-21T10:00:00Z".parse().unwrap(),
            version: "1.2.3".into(),
            label: "git".into(),
            front: Front::Stdio,
            back: super::super::Back::Command { argv: vec!["a".into()] },
            platform: "linux-x86_64".into(),
        };
        let mut out = Vec::new();
        write_header(&mut out, &header);
        assert_eq!(read_header(&out).unwrap(), header);
    }

    proptest! {
        #[test]
        fn any_frame_comes_back_byte_for_byte(frame in prop_oneof![
            proptest::collection::vec(any::<u8>().prop_filter("one frame", |b| *b != b'\n'), 0..60),
            "[{\\[]?[ \\r\"\\\\a-z0-9:,{}\\[\\]\u{e9}]{0,30}[}\\]]?".prop_map(String::into_bytes),
            r#"[{]"[a-z]{0,3}":("\\u[0-9a-f]{4}"|[0-9]{1,30}|null|\[\])[}] ?"#.prop_map(String::into_bytes),
        ], in_body in any::<bool>(), end in prop_oneof![Just(&b"\n"[..]), Just(&b"\r\n"[..]), Just(&b""[..])]) {
            let frame = [&frame, end].concat();
            let mut fact = message(&frame);
            if let Fact::Message { exchange, .. } = &mut fact {
                *exchange = in_body.then_some(ExchangeId(9));
            }
            let line = line_of(fact);
            prop_assert_eq!(memchr::memchr_iter(b'\n', line.as_bytes()).count(), 1);
            let event = read_event(line.strip_suffix('\n').unwrap().as_bytes()).unwrap();
            let Fact::Message { payload, .. } = event.fact else { panic!() };
            let mut back = Vec::new();
            payload.write_to(&mut back);
            prop_assert_eq!(back, frame);
        }
    }
}
