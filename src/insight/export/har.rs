//! Calls as entries of an HTTP archive (HAR 1.2), which the developer tools of browsers open.
//!
//! Every call is an entry, those over stdio as well: as a request to an address that names the server, with what was said as
//! its body. What HAR has no word for stands in `_mcp`.

use serde_json::{Value, json};
use url::Url;

use super::{Written, moment_text};
use crate::insight::calls::{Call, Exchange, Fate, HttpFacts};
use crate::trace::{Back, Front, Header, Micros};

/// What an archive begins with, up to its first entry.
#[must_use]
pub fn head(header: &Header) -> String {
    let creator = json!({ "name": "mcptop", "version": env!("CARGO_PKG_VERSION") });
    let page = json!({
        "startedDateTime": moment_text(header, Micros(0)),
        "id": "session",
        "title": format!("{}: {}", header.label, header.back.display()),
        "pageTimings": {},
    });
    format!("{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"pages\":[{page}],\"entries\":[")
}

/// What an archive ends with.
#[must_use]
pub fn tail() -> &'static str {
    "\n]}}\n"
}

/// A call.
#[must_use]
pub fn entry(one: &Written<'_>) -> Value {
    let Written { header, call, request, answer, tokens, .. } = *one;
    let waited_us = call.latency_us().unwrap_or_else(|| (call.ended - call.request.at).0);
    let wait_us = call.responder_us().unwrap_or(waited_us);
    let own_us = [Some(call.request), call.answer]
        .map(|side| side.map_or(0.0, |side| f64::from(side.own.0) / 1_000.0));
    let mut entry = json!({
        "pageref": "session",
        "startedDateTime": moment_text(header, call.request.at),
        "time": millis(wait_us) + (own_us[0] + own_us[1]) / 1_000.0,
        "request": sent(header, call.http.as_ref(), &address(header, call), call.revision.as_deref(), request),
        "response": received(call, answer),
        "cache": {},
        "timings": {
            "blocked": -1, "dns": -1, "connect": -1, "ssl": -1,
            "send": own_us[0] / 1_000.0, "wait": millis(wait_us), "receive": own_us[1] / 1_000.0,
        },
        "_resourceType": "fetch",
        "_mcp": {
            "call": call.number,
            "from": call.from.as_str(),
            "method": call.method,
            "name": call.target,
            "id": call.id,
            "outcome": call.fate.as_str(),
            "error": one.error(),
            "latency_us": call.latency_us(),
            "revision": call.revision,
            "tokens": tokens.map(|tokens| json!({
                "request": tokens.request, "wire": tokens.wire, "model": tokens.model,
            })),
            "rule": call.rule.as_ref().map(|rule| json!({
                "name": rule.rule, "by": rule.by, "answered": rule.answered,
            })),
        },
    });
    if let Some(http) = &call.http {
        entry["connection"] = http.connection.to_string().into();
    }
    if let (None, Some(why)) = (call.answer, why_not(call.fate)) {
        // As Chrome writes a request that came to nothing.
        entry["response"]["_error"] = why.into();
    }
    entry
}

/// An HTTP exchange in which nothing was asked; `sent` is the message that the client sent in it.
#[must_use]
pub fn exchange_entry(header: &Header, exchange: &Exchange, sent_text: Option<&str>) -> Value {
    let http = &exchange.http;
    let ended_us = (exchange.ended - exchange.at).0;
    let wait_us = exchange.answered.map_or(ended_us, |answered| (answered - exchange.at).0);
    let address = http_address(header, &http.target);
    json!({
        "pageref": "session",
        "startedDateTime": moment_text(header, exchange.at),
        "time": millis(wait_us) + millis(ended_us.saturating_sub(wait_us)),
        "request": sent(header, Some(http), &address, exchange.revision.as_deref(), sent_text),
        "response": response(http.status.unwrap_or(0), "", "HTTP/1.1", &http.media, None),
        "cache": {},
        "timings": {
            "blocked": -1, "dns": -1, "connect": -1, "ssl": -1,
            "send": 0, "wait": millis(wait_us), "receive": millis(ended_us.saturating_sub(wait_us)),
        },
        "connection": http.connection.to_string(),
        "_resourceType": "fetch",
        "_mcp": { "exchange": http.exchange.0 },
    })
}

fn sent(
    header: &Header,
    http: Option<&HttpFacts>,
    address: &str,
    revision: Option<&str>,
    text: Option<&str>,
) -> Value {
    let mut headers: Vec<(&str, &str)> = Vec::new();
    if let (Some(http), true) = (http, matches!(header.front, Front::Http { .. })) {
        headers.extend(text.map(|_| ("Content-Type", "application/json")));
        headers.extend(http.session.as_deref().map(|session| ("Mcp-Session-Id", session)));
        headers.extend(revision.map(|revision| ("MCP-Protocol-Version", revision)));
    }
    let query: Vec<Value> = Url::parse(address)
        .map(|url| url.query_pairs().map(|(name, value)| json!({ "name": name, "value": value })).collect())
        .unwrap_or_default();
    let mut request = json!({
        "method": http.map_or("POST", |http| &*http.method),
        "url": address,
        "httpVersion": version(http),
        "cookies": [],
        "headers": fields(&headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": text.map_or(0, str::len),
    });
    if let Some(text) = text {
        request["postData"] = json!({ "mimeType": "application/json", "text": text, "params": [] });
    }
    request
}

fn received(call: &Call, answer: Option<&str>) -> Value {
    let (status, words) = match (&call.http, call.fate) {
        (Some(http), _) => (http.status.unwrap_or(0), String::new()),
        (None, Fate::Ok) => (200, "OK".to_owned()),
        (None, Fate::ToolError) => (200, "tool failed".to_owned()),
        (None, Fate::Error { code }) => (200, format!("JSON-RPC error {code}")),
        // No answer: what a browser shows as failed.
        (None, Fate::HttpError { .. } | Fate::Cancelled | Fate::Unanswered | Fate::Unknown) => {
            (0, String::new())
        }
    };
    // Of a stream the message is shown, not the events around it.
    let media = if answer.is_some() {
        "application/json"
    } else {
        call.http.as_ref().map_or("", |http| &*http.media)
    };
    response(status, &words, version(call.http.as_ref()), media, answer)
}

fn response(status: u16, words: &str, version: &str, media: &str, text: Option<&str>) -> Value {
    let words = if words.is_empty() {
        http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("")
    } else {
        words
    };
    let headers: Vec<(&str, &str)> =
        (!media.is_empty()).then_some(("Content-Type", media)).into_iter().collect();
    let mut content = json!({ "size": text.map_or(0, str::len), "mimeType": if media.is_empty() { "x-unknown" } else { media } });
    if let Some(text) = text {
        content["text"] = text.into();
    }
    json!({
        "status": status,
        "statusText": words,
        "httpVersion": version,
        "cookies": [],
        "headers": fields(&headers),
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": text.map_or(-1, |text| i64::try_from(text.len()).unwrap_or(i64::MAX)),
    })
}

fn fields(headers: &[(&str, &str)]) -> Value {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn version(http: Option<&HttpFacts>) -> &'static str {
    if http.is_some() { "HTTP/1.1" } else { "stdio" }
}

/// Where a call went. Over stdio an address that names server, method and name: `mcp://git/tools/call/git_status`.
fn address(header: &Header, call: &Call) -> String {
    if let Some(http) = &call.http {
        return http_address(header, &http.target);
    }
    let mut address = Url::parse("mcp://server").expect("an address of ours");
    // A label that is no host's name stays out of it.
    let _ = address.set_host(Some(&host(&header.label)));
    if let Ok(mut segments) = address.path_segments_mut() {
        segments.extend(call.method.split('/'));
        segments.extend(call.target.as_deref());
    }
    address.into()
}

fn host(label: &str) -> String {
    label.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
}

fn http_address(header: &Header, target: &str) -> String {
    match (&header.front, &header.back) {
        (Front::Http { .. }, Back::Url { url, .. }) => {
            let joined = Url::parse(url).and_then(|base| base.join(target));
            joined.map_or_else(|_| url.clone(), Into::into)
        }
        (Front::Http { listen }, Back::Command { .. }) => format!("http://{listen}{target}"),
        (Front::Stdio, Back::Url { url, .. }) => url.clone(),
        (Front::Stdio, Back::Command { .. }) => format!("http://localhost{target}"),
    }
}

fn why_not(fate: Fate) -> Option<&'static str> {
    match fate {
        Fate::Cancelled => Some("cancelled"),
        Fate::Unanswered => Some("unanswered"),
        Fate::Unknown => Some("not observed"),
        Fate::Ok | Fate::ToolError | Fate::Error { .. } | Fate::HttpError { .. } => None,
    }
}

fn millis(span_us: u64) -> f64 {
    span_us as f64 / 1_000.0
}
