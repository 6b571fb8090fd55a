//! What the fields of a request say about its message: the era, and whether both say the same.
//!
//! Pure: fields and JSON text in, a verdict out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;

use crate::proxy::http::gear::{REVISION, code};
use crate::wire::{Message, member, string_value};

/// The first revision without sessions.
const MODERN: &str = "2026-07-28";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
const META_REVISION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const META_LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// Which media a client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepts {
    pub(super) json: bool,
    pub(super) events: bool,
}

impl Accepts {
    /// Who does not say takes everything (RFC 9110 section 12.5.1).
    pub(super) fn of(fields: &HeaderMap) -> Self {
        let mut accepts = Self { json: false, events: false };
        let mut is_said = false;
        for value in fields.get_all("accept") {
            is_said = true;
            for range in value.to_str().unwrap_or_default().split(',') {
                let mut words = range.split(';').map(str::trim);
                let media = words.next().unwrap_or_default().to_ascii_lowercase();
                let is_refused = words.any(|word| matches!(word, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
                if !is_refused {
                    accepts.json |= matches!(&*media, "*/*" | "application/*" | "application/json");
                    accepts.events |= matches!(&*media, "*/*" | "text/*" | "text/event-stream");
                }
            }
        }
        if is_said { accepts } else { Self { json: true, events: true } }
    }
}

/// Whether a field names a revision without sessions.
pub(super) fn is_modern(fields: &HeaderMap) -> bool {
    // Dates written so are in the order of time.
    fields.get_all(REVISION).iter().any(|value| value.to_str().is_ok_and(|revision| revision >= MODERN))
}

/// Whether a message names a revision without sessions.
pub(super) fn names_modern(message: &Message<'_>) -> bool {
    meta(message).and_then(|meta| member(meta, META_REVISION)).is_some()
}

/// Whether a request asks for log messages, which nothing but their process ties to it.
pub(super) fn wants_log(message: &Message<'_>) -> bool {
    meta(message).and_then(|meta| member(meta, META_LOG_LEVEL)).is_some_and(|level| level != "null")
}

/// What is wrong between the fields of a request and its message: a code and words (2026-07-28, Streamable HTTP).
pub(super) fn check(fields: &HeaderMap, message: &Message<'_>) -> Result<(), (i64, String)> {
    let mismatch = |why: String| (code::HEADER_MISMATCH, why);
    let revision = single(fields, REVISION).map_err(mismatch)?;
    let method_field = single(fields, METHOD).map_err(mismatch)?;
    let name_field = single(fields, NAME).map_err(mismatch)?;
    let (method, params) = match message {
        Message::Request { method, params, .. } => {
            let meta = meta(message).unwrap_or("{}");
            let missing =
                [META_REVISION, META_CAPABILITIES].into_iter().find(|name| member(meta, name).is_none());
            if let Some(missing) = missing {
                return Err((code::INVALID_PARAMS, format!("the request's _meta has no `{missing}`")));
            }
            (method, params.unwrap_or_default())
        }
        Message::Notification { method, params } => (method, params.unwrap_or_default()),
        Message::Result { .. } | Message::Error { .. } => {
            return Err((
                code::INVALID_REQUEST,
                "there is nothing that a client answers in this revision".to_owned(),
            ));
        }
    };
    let named = meta(message).and_then(|meta| member(meta, META_REVISION)).and_then(string_value);
    match (&revision, &named) {
        (None, _) => return Err(mismatch("there is no MCP-Protocol-Version field".to_owned())),
        (Some(field), Some(body)) if field != body => {
            return Err(mismatch(format!("MCP-Protocol-Version is `{field}`, the message says `{body}`")));
        }
        _ => {}
    }
    expect("Mcp-Method", method_field.as_deref(), Some(method))?;
    let name = match &**method {
        "tools/call" | "prompts/get" => member(params, "name"),
        "resources/read" => member(params, "uri"),
        method if method.starts_with("tasks/") => member(params, "taskId"),
        // What it names is not said there.
        _ => return Ok(()),
    };
    // Parameters without the name are the server's to refuse.
    let Some(name) = name.and_then(string_value) else { return Ok(()) };
    expect("Mcp-Name", name_field.as_deref(), Some(&name))
}

fn expect(field: &str, said: Option<&str>, wanted: Option<&str>) -> Result<(), (i64, String)> {
    let wanted = wanted.unwrap_or_default();
    let why = match said {
        Some(said) if said == wanted => return Ok(()),
        Some(said) => format!("{field} is `{said}`, the message says `{wanted}`"),
        None => format!("there is no {field} field"),
    };
    Err((code::HEADER_MISMATCH, why))
}

/// The value of a field that may stand there once only, out of its base64 form where it has that.
fn single(fields: &HeaderMap, name: &str) -> Result<Option<String>, String> {
    let mut values = fields.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(format!("there are several {name} fields"));
    }
    let unreadable = || format!("the {name} field is not readable");
    let text = value.to_str().map_err(|_| unreadable())?;
    let Some(coded) = text.strip_prefix("=?base64?").and_then(|text| text.strip_suffix("?=")) else {
        return Ok(Some(text.to_owned()));
    };
    let bytes = STANDARD.decode(coded).map_err(|_| unreadable())?;
    String::from_utf8(bytes).map(Some).map_err(|_| unreadable())
}

fn meta<'a>(message: &Message<'a>) -> Option<&'a str> {
    match message {
        Message::Request { params, .. } | Message::Notification { params, .. } => member((*params)?, "_meta"),
        Message::Result { .. } | Message::Error { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Contents, contents};
    use hyper::header::{HeaderName, HeaderValue};

    const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

    fn fields(lines: &[(&str, &str)]) -> HeaderMap {
        let mut fields = HeaderMap::new();
        for (name, value) in lines {
            fields.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        fields
    }

    fn verdict(lines: &[(&str, &str)], params: &str) -> Option<i64> {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{params}}}}}"#);
        let Contents::One(message) = contents(text.as_bytes()) else { panic!("{text}") };
        check(&fields(lines), &message).err().map(|(code, _)| code)
    }

    #[test]
    fn fields_and_message_must_say_the_same() {
        let version = ("mcp-protocol-version", "2026-07-28");
        let method = ("mcp-method", "tools/call");
        let called = |name: &str| format!(r#""name":"{name}",{META}"#);
        for (lines, params, wanted) in [
            (vec![version, method, ("mcp-name", "echo")], called("echo"), None),
            (vec![version, method, ("mcp-name", "=?base64?w6k=?=")], called("é"), None),
            (vec![version, method, ("mcp-name", "Echo")], called("echo"), Some(-32_020)),
            (vec![version, method], called("echo"), Some(-32_020)),
            (vec![version, ("mcp-name", "echo")], called("echo"), Some(-32_020)),
            (vec![method, ("mcp-name", "echo")], called("echo"), Some(-32_020)),
            (vec![version, method, method, ("mcp-name", "echo")], called("echo"), Some(-32_020)),
            (vec![version, method, ("mcp-name", "=?base64?!?=")], called("echo"), Some(-32_020)),
            (
                vec![("mcp-protocol-version", "2027-01-01"), method, ("mcp-name", "echo")],
                called("echo"),
                Some(-32_020),
            ),
            (vec![version, method, ("mcp-name", "echo")], r#""name":"echo""#.to_owned(), Some(-32_602)),
            (vec![version, method], META.to_owned(), None),
        ] {
            assert_eq!(verdict(&lines, &params), wanted, "{lines:?} {params}");
        }
    }

    #[test]
    fn what_a_client_takes_is_what_it_says() {
        let accepts = |value: &[&str]| {
            let lines: Vec<_> = value.iter().map(|value| ("accept", *value)).collect();
            let accepts = Accepts::of(&fields(&lines));
            (accepts.json, accepts.events)
        };
        assert_eq!(accepts(&[]), (true, true));
        assert_eq!(accepts(&["application/json, text/event-stream"]), (true, true));
        assert_eq!(accepts(&["application/json", "text/event-stream"]), (true, true));
        assert_eq!(accepts(&["*/*"]), (true, true));
        assert_eq!(accepts(&["application/json;q=0.5"]), (true, false));
        assert_eq!(accepts(&["text/event-stream, application/json;q=0"]), (false, true));
        assert_eq!(accepts(&["text/html"]), (false, false));
    }
}
