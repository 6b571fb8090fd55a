//! Calls as spans of OpenTelemetry: OTLP in JSON, with the conventions for MCP (`open-telemetry/semantic-conventions-genai`,
//! `docs/gen-ai/mcp.md`, November 2026).
//!
//! Lines of `ExportTraceServiceRequest`, as the file exporter of the collector writes them: each can be posted to
//! `/v1/traces` by itself. All spans are of kind CLIENT: what the requester saw.

use serde_json::{Value, json};
use url::Url;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::{Written, moment};
use crate::insight::calls::{Call, Fate};
use crate::trace::{Back, Front, Header, Micros};
use crate::wire::Peer;

/// Spans of one line. A collector takes 4 MiB at once.
const SPANS_MAX: usize = 512;
/// How long a line gets before it ends with its next span.
const LINE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// `SPAN_KIND_INTERNAL` and `SPAN_KIND_CLIENT`: OTLP in JSON has numbers for them.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;
/// From this revision on there are no sessions.
const MODERN: &str = "2026-07-28";
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// Spans that have not been written yet.
#[derive(Debug)]
pub struct Spans<'h> {
    header: &'h Header,
    waiting: Vec<Value>,
    bytes: usize,
}

impl<'h> Spans<'h> {
    /// Of this recording.
    #[must_use]
    pub fn new(header: &'h Header) -> Self {
        Self { header, waiting: Vec::new(), bytes: 0 }
    }

    /// Takes a call; gives back a line when there is enough for one.
    pub fn push(&mut self, one: &Written<'_>) -> Option<String> {
        let span = span(one);
        if one.with_bodies {
            self.bytes += one.request.map_or(0, str::len) + one.answer.map_or(0, str::len);
        }
        self.bytes += 2_048;
        self.waiting.push(span);
        (self.waiting.len() >= SPANS_MAX || self.bytes >= LINE_BYTES_MAX).then(|| self.line())
    }

    /// The session itself as the span that all others stand in, and the last line.
    pub fn finish(&mut self, revision: Option<&str>, ended: Micros) -> String {
        let header = self.header;
        let mut attributes = vec![text("network.transport", transport(header))];
        attributes.extend(revision.map(|revision| text("mcp.protocol.version", revision)));
        attributes.extend(network(header));
        self.waiting.push(json!({
            "traceId": trace_id(header),
            "spanId": session_span_id(header),
            "name": "mcp.session",
            "kind": INTERNAL,
            "startTimeUnixNano": nanos(header, Micros(0)),
            "endTimeUnixNano": nanos(header, ended),
            "attributes": attributes,
        }));
        self.line()
    }

    fn line(&mut self) -> String {
        let spans = std::mem::take(&mut self.waiting);
        self.bytes = 0;
        let header = self.header;
        let request = json!({ "resourceSpans": [{
            "resource": { "attributes": [
                text("service.name", &header.label),
                text("service.instance.id", &header.session),
                text("mcptop.server", &header.back.display()),
                text("mcptop.platform", &header.platform),
            ]},
            "scopeSpans": [{
                "scope": { "name": "mcptop", "version": header.version },
                "spans": spans,
            }],
        }]});
        format!("{request}\n")
    }
}

fn span(one: &Written<'_>) -> Value {
    let Written { header, call, .. } = *one;
    let context = one.context();
    let name =
        name_of(call).map_or_else(|| call.method.to_string(), |name| format!("{} {name}", call.method));
    let mut span = json!({
        "traceId": context.as_ref().map_or_else(|| trace_id(header), |context| context.trace_id.clone()),
        "spanId": span_id(header, call.number),
        "parentSpanId": context.as_ref().map_or_else(|| session_span_id(header), |context| context.span_id.clone()),
        "name": name,
        "kind": CLIENT,
        "startTimeUnixNano": nanos(header, call.request.at),
        "endTimeUnixNano": nanos(header, call.ended.max(call.request.at)),
        "attributes": attributes(one),
    });
    if let Some(context) = context {
        span["flags"] = context.flags.into();
        // It stands in the client's trace, and belongs to this session all the same.
        span["links"] = json!([{ "traceId": trace_id(header), "spanId": session_span_id(header) }]);
        if let Some(state) = one.meta("tracestate") {
            span["traceState"] = state.into();
        }
    }
    if error_type(call.fate).is_some() {
        span["status"] = json!({ "code": ERROR, "message": one.error().unwrap_or_default() });
    }
    span
}

fn attributes(one: &Written<'_>) -> Vec<Value> {
    let Written { header, call, tokens, with_bodies, .. } = *one;
    let mut all = vec![
        text("mcp.method.name", &call.method),
        text("jsonrpc.request.id", call.id.trim_matches('"')),
        text("network.transport", transport(header)),
        text("mcptop.outcome", call.fate.as_str()),
        text("mcptop.asked_by", call.from.as_str()),
    ];
    let mut add = |attribute: Option<Value>| all.extend(attribute);
    add(error_type(call.fate).map(|kind| text("error.type", &kind)));
    if let Fate::Error { code } = call.fate {
        add(Some(text("rpc.response.status_code", &code.to_string())));
    }
    let target = call.target.as_deref();
    match &*call.method {
        "tools/call" => {
            add(Some(text("gen_ai.operation.name", "execute_tool")));
            add(target.map(|name| text("gen_ai.tool.name", name)));
            if with_bodies {
                let arguments = one.params().and_then(|params| crate::wire::member(params, "arguments"));
                add(arguments.map(|arguments| text("gen_ai.tool.call.arguments", arguments)));
                add(one.result().map(|result| text("gen_ai.tool.call.result", result)));
            }
        }
        "prompts/get" => add(target.map(|name| text("gen_ai.prompt.name", name))),
        method if method.starts_with("resources/") => add(target.map(|uri| text("mcp.resource.uri", uri))),
        _ => {}
    }
    let revision = call.revision.as_deref();
    add(revision.map(|revision| text("mcp.protocol.version", revision)));
    let http = call.http.as_ref();
    let is_legacy = revision.is_none_or(|revision| revision < MODERN);
    add(http
        .and_then(|http| http.session.as_deref())
        .filter(|_| is_legacy)
        .map(|id| text("mcp.session.id", id)));
    add(http.and_then(|http| http.status).map(|status| int("http.response.status_code", u64::from(status))));
    add(tokens.map(|tokens| int("mcptop.request.tokens", tokens.request)));
    if call.answer.is_some() {
        add(tokens.map(|tokens| int("mcptop.answer.wire_tokens", tokens.wire)));
        add(tokens.map(|tokens| int("mcptop.answer.model_tokens", tokens.model)));
    }
    add(Some(int("mcptop.request.bytes", call.request.bytes)));
    add(call.answer.map(|answer| int("mcptop.answer.bytes", answer.bytes)));
    add(Some(json!({ "key": "mcptop.own_us", "value": { "doubleValue": call.own_us() } })));
    if let Some(rule) = &call.rule {
        add(Some(text("mcptop.rule.name", &rule.rule)));
        add(Some(text("mcptop.rule.effect", if rule.answered { "answered" } else { "changed" })));
    }
    all.extend(network(header));
    all
}

/// What a failure is called: the code of JSON-RPC, or why there was no answer. For the requester every code is one.
fn error_type(fate: Fate) -> Option<String> {
    Some(match fate {
        Fate::Ok | Fate::Unknown => return None,
        Fate::ToolError => "tool_error".to_owned(),
        Fate::Error { code } => code.to_string(),
        Fate::HttpError { status } => status.to_string(),
        Fate::Cancelled => "cancelled".to_owned(),
        Fate::Unanswered => "unanswered".to_owned(),
    })
}

/// What stands behind the method in a span's name: only names of which there are few.
fn name_of(call: &Call) -> Option<&str> {
    let is_named = call.from == Peer::Client && matches!(&*call.method, "tools/call" | "prompts/get");
    call.target.as_deref().filter(|_| is_named)
}

fn transport(header: &Header) -> &'static str {
    match (&header.front, &header.back) {
        (_, Back::Url { .. }) | (Front::Http { .. }, Back::Command { .. }) => "tcp",
        (Front::Stdio, Back::Command { .. }) => "pipe",
    }
}

/// The server behind the proxy.
fn network(header: &Header) -> Vec<Value> {
    let mut all = Vec::new();
    if transport(header) == "tcp" {
        all.push(text("network.protocol.name", "http"));
    }
    if let Back::Url { url, .. } = &header.back
        && let Ok(url) = Url::parse(url)
    {
        all.extend(url.host_str().map(|host| text("server.address", host)));
        all.extend(url.port_or_known_default().map(|port| int("server.port", u64::from(port))));
    }
    all
}

/// The trace of a session: its own id, which is 16 bytes already.
#[must_use]
pub fn trace_id(header: &Header) -> String {
    let digits: String =
        header.session.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    let is_id = digits.len() == 32
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        && digits.bytes().any(|byte| byte != b'0');
    if is_id { digits } else { format!("{:032x}", xxh3_128(header.session.as_bytes()).max(1)) }
}

fn session_span_id(header: &Header) -> String {
    span_id(header, 0)
}

/// Ids that are the same each time a recording is written.
fn span_id(header: &Header, number: u64) -> String {
    format!("{:016x}", xxh3_64(format!("{}/{number}", header.session).as_bytes()).max(1))
}

fn nanos(header: &Header, at: Micros) -> String {
    moment(header, at).as_nanosecond().to_string()
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn int(key: &str, value: u64) -> Value {
    // As text: numbers of JSON are exact to 53 bits only.
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}
