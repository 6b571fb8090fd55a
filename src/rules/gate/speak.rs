//! The messages that mcptop itself says, as frames.
//!
//! Ids and tokens are written as they came. Knows nothing of when they are said.

use super::ask::Ask;

/// Codes of our own errors: positive, because the negative ones are the protocol's and the servers'. They are those that
/// HTTP has for the same.
pub(super) const RATE: u16 = 429;
pub(super) const FAULT: u16 = 500;
pub(super) const BUSY: u16 = 503;
pub(super) const TIMEOUT: u16 = 504;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// A result's JSON.
    Result(std::sync::Arc<str>),
    /// An error's JSON.
    Error(std::sync::Arc<str>),
}

/// JSON text of a string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is always JSON")
}

/// An answer as a frame.
pub(super) fn answer(id: &str, reply: &Reply) -> Vec<u8> {
    let (name, text) = match reply {
        Reply::Result(text) => ("result", text),
        Reply::Error(text) => ("error", text),
    };
    let text = crate::wire::one_line(text);
    let mut frame = Vec::with_capacity(text.len() + id.len() + 48);
    for part in ["{\"jsonrpc\":\"2.0\",\"id\":", id, ",\"", name, "\":", &text, "}\n"] {
        frame.extend_from_slice(part.as_bytes());
    }
    frame
}

/// That something was refused: as the failed result of a tool, which a model can read, or as an error.
pub(super) fn refusal(ask: &Ask, code: u16, text: &str) -> Reply {
    if !ask.is_call() {
        return error(i32::from(code), text);
    }
    let kind = if ask.is_modern() { "\"resultType\":\"complete\"," } else { "" };
    let result =
        format!("{{{kind}\"content\":[{{\"type\":\"text\",\"text\":{}}}],\"isError\":true}}", quoted(text));
    Reply::Result(result.into())
}

/// An error.
pub(super) fn error(code: i32, text: &str) -> Reply {
    Reply::Error(format!("{{\"code\":{code},\"message\":{}}}", quoted(text)).into())
}

/// A result of ours as the newest revision wants it, if it is asked for in that.
pub(super) fn in_revision(ask: &Ask, result: String) -> Reply {
    let lacks_kind = ask.is_modern() && crate::wire::member(&result, "resultType").is_none();
    match result.strip_prefix('{').filter(|_| lacks_kind) {
        Some(rest) => Reply::Result(format!("{{\"resultType\":\"complete\",{rest}").into()),
        None => Reply::Result(result.into()),
    }
}

/// That nobody waits for an answer any more.
pub(super) fn cancelled(ask: &Ask, id: &str, reason: &str) -> Vec<u8> {
    let meta = ask.own_meta().map(|meta| format!("\"_meta\":{meta},")).unwrap_or_default();
    format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{{{meta}\"requestId\":{id},\"reason\":{}}}}}\n",
        quoted(reason)
    )
    .into_bytes()
}

/// A request of ours. `params` are the members without braces.
pub(super) fn request(id: &str, method: &str, params: &str, meta: Option<&str>) -> Vec<u8> {
    let meta = meta.map(|meta| format!("\"_meta\":{meta}"));
    let params: Vec<&str> =
        [Some(params).filter(|params| !params.is_empty()), meta.as_deref()].into_iter().flatten().collect();
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{{{}}}}}\n",
        params.join(",")
    )
    .into_bytes()
}

/// That the tool list is another one.
pub(super) const LIST_CHANGED: &str =
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n";
