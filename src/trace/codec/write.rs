//! An event becomes a line.
//!
//! Knows nothing of how lines are read.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::IgnoredAny;

use super::line_end;
use crate::trace::{Event, ExchangeId, Exit, Fact, Micros, Payload, PoolState, Ruling};
use crate::wire::LineEnd;

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
        Fact::HttpRequest { exchange, connection, method, target, session, revision, encoding, resumes } => {
            line.kind("http_request");
            line.exchange(Some(*exchange));
            line.number("connection", u64::from(*connection));
            line.text("method", method);
            line.text("target", target);
            line.optional("session", session.as_deref());
            line.optional("revision", revision.as_deref());
            line.unless_empty("encoding", encoding);
            if *resumes {
                line.number("resumes", 1);
            }
        }
        Fact::HttpResponse { exchange, status, media, session, encoding } => {
            line.kind("http_response");
            line.exchange(Some(*exchange));
            line.number("status", u64::from(*status));
            line.text("media", media);
            line.optional("session", session.as_deref());
            line.unless_empty("encoding", encoding);
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
        Fact::PoolTaken { session, how, waited_us, pool } => {
            line.kind("pool_taken");
            line.unless_empty("session", session);
            line.word("how", how.as_str());
            line.number("waited_us", u64::from(*waited_us));
            line.pool(*pool);
        }
        Fact::PoolReturned { how, pool } => {
            line.kind("pool_returned");
            line.word("how", how.as_str());
            line.pool(*pool);
        }
        Fact::SessionEnded { session, why } => {
            line.kind("session_ended");
            line.text("session", session);
            line.word("why", why.as_str());
        }
        Fact::Ruled(ruling) => line.ruling(ruling),
        Fact::Rules { text, source } => {
            line.kind("rules");
            line.text("source", source);
            line.text("text", text);
        }
        Fact::RulesRefused { source, why } => {
            line.kind("rules_refused");
            line.text("source", source);
            line.text("why", why);
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

    fn unless_empty(&mut self, name: &str, value: &str) {
        self.optional(name, Some(value).filter(|value| !value.is_empty()));
    }

    fn pool(&mut self, pool: PoolState) {
        let PoolState { size, open, busy, waiting } = pool;
        for (name, count) in [("size", size), ("open", open), ("busy", busy), ("waiting", waiting)] {
            self.number(name, u64::from(count));
        }
    }

    fn ruling(&mut self, ruling: &Ruling<'_>) {
        self.kind("ruled");
        self.word("to", ruling.to.as_str());
        self.exchange(ruling.exchange);
        // As text: `1`, `"1"` and `1.0` are three ids.
        self.optional("id", ruling.id.as_deref());
        self.word("outcome", ruling.outcome.as_str());
        self.out.extend_from_slice(b",\"marks\":");
        serde_json::to_writer(&mut *self.out, &ruling.marks).expect(MEMORY);
        if let Some(payload) = &ruling.payload {
            self.payload(payload, true, line_end(ruling.exchange));
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

const MEMORY: &str = "writing to memory does not fail";

/// Whether a text may be put into a line as it is: one JSON object or array, no white space around it (a JSON reader
/// would not give that back), no newline in it.
fn can_stand_verbatim(text: &str) -> bool {
    let bytes = text.as_bytes();
    let framed = matches!((bytes.first(), bytes.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')));
    framed && memchr::memchr(b'\n', bytes).is_none() && serde_json::from_str::<IgnoredAny>(text).is_ok()
}
