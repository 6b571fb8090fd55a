//! What we answer ourselves, when a request cannot be passed on.
//!
//! For people, in plain text; only where a client asked the server something and it cannot be reached, the answer is
//! one its protocol understands. Error codes stay clear of those that JSON-RPC and MCP reserve.

use std::time::Duration;

use serde_json::json;

use crate::wire::http::HeadError;
use crate::wire::{Contents, Message, contents};

/// The JSON-RPC error code for a server that cannot be reached; outside of every reserved range.
pub(in crate::proxy) const UNREACHABLE: i64 = 50_200;

/// The JSON-RPC error code for a pool that has nothing free.
const NONE_FREE: i64 = 50_300;

/// The JSON-RPC error that answers what was asked.
fn error(code: i64, message: &str, asked: &[u8]) -> String {
    // The id as it was written: `1.0` is not `1`.
    let id = match contents(asked) {
        Contents::One(Message::Request { id, .. }) => id,
        Contents::One(_) | Contents::Batch(_) | Contents::Noise => "null",
    };
    let message = json!(message);
    format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":{message}}},"id":{id}}}"#)
}

/// An answer of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Its status.
    pub(super) status: u16,
    reason: &'static str,
    media: &'static str,
    text: String,
}

impl Refusal {
    fn plain(status: u16, reason: &'static str, text: String) -> Self {
        Self { status, reason, media: "text/plain; charset=utf-8", text }
    }

    /// The request is not from somebody who may ask.
    pub(super) fn forbidden(why: &str) -> Self {
        Self::plain(403, "Forbidden", format!("mcptop does not pass this request on: {why}\n"))
    }

    /// The request does not carry our token.
    pub(super) fn unauthorized() -> Self {
        let text = "mcptop asks for its own token: Authorization: Bearer …\n".to_owned();
        Self::plain(401, "Unauthorized", text)
    }

    /// The request cannot be read.
    pub(super) fn unreadable(error: HeadError) -> Self {
        let (status, reason) = match error {
            HeadError::TooLong | HeadError::TooManyHeaders => (431, "Request Header Fields Too Large"),
            HeadError::Malformed(_) => (400, "Bad Request"),
        };
        Self::plain(status, reason, format!("mcptop cannot read this request: {error}\n"))
    }

    /// The request asks for something that this proxy does not do.
    pub(super) fn not_done(what: &str) -> Self {
        Self::plain(501, "Not Implemented", format!("mcptop does not pass on {what}\n"))
    }

    /// The server cannot be reached, or has gone before it answered.
    /// `asked` is what of the request has been read, if that can be told: the answer names the request's id.
    pub(super) fn unreachable(url: &str, why: &str, asked: &[u8]) -> Self {
        let text = error(UNREACHABLE, &format!("mcptop cannot reach {url}: {why}"), asked);
        Self { status: 502, reason: "Bad Gateway", media: MEDIA_JSON, text }
    }

    /// All sessions of the pool are in use, and none has become free for a while.
    pub(super) fn none_free(size: usize, waited: Duration, asked: &[u8]) -> Self {
        let why = format!(
            "all {size} sessions of mcptop's pool have been in use for {} s; clients that leave without ending theirs \
             (DELETE) keep them for a while: see --session-idle, or take a larger --pool",
            waited.as_secs()
        );
        Self {
            status: 503,
            reason: "Service Unavailable",
            media: MEDIA_JSON,
            text: error(NONE_FREE, &why, asked),
        }
    }

    /// The media type of its body.
    pub(super) fn media(&self) -> &'static str {
        self.media.split(';').next().unwrap_or_default()
    }

    /// Its body.
    pub(super) fn body(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Writes its head. The connection ends with it.
    pub(super) fn write_head(&self, out: &mut Vec<u8>) {
        let Self { status, reason, media, text } = self;
        let len_bytes = text.len();
        let challenge = if *status == 401 { "WWW-Authenticate: Bearer\r\n" } else { "" };
        out.extend_from_slice(
            format!(
                "HTTP/1.1 {status} {reason}\r\nContent-Type: {media}\r\nContent-Length: {len_bytes}\r\n{challenge}Connection: close\r\n\r\n"
            )
            .as_bytes(),
        );
    }
}

const MEDIA_JSON: &str = "application/json";
