//! What of the messages matters to a pool: handshakes, their answers, and what changes a session.

use bytes::{Bytes, BytesMut};
use http::{Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::handshake::Hello;
use crate::wire::sse::SseSplitter;
use crate::wire::{Contents, Message, contents};

/// The longest answer to a handshake.
const HANDSHAKE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The handshake in a request, and the id of that.
pub(super) fn opening(body: &[u8]) -> Option<(Hello, String)> {
    match contents(body) {
        Contents::One(Message::Request { id, method, params }) if method == "initialize" => {
            Some((Hello::new(params)?, id.to_owned()))
        }
        _ => None,
    }
}

/// Whether what a client sends changes its session for whoever has it next.
pub(super) fn changes(message: &Contents<'_>) -> bool {
    const CHANGING: [&str; 3] =
        ["logging/setLevel", "resources/subscribe", "notifications/roots/list_changed"];
    let one = |message: &Message<'_>| match message {
        Message::Request { method, .. } | Message::Notification { method, .. } => {
            CHANGING.contains(&method.as_ref())
        }
        Message::Result { .. } | Message::Error { .. } => false,
    };
    match message {
        Contents::One(message) => one(message),
        Contents::Batch(messages) => messages.iter().any(one),
        Contents::Noise => false,
    }
}

/// The first answer in a response, which may be a body or an event stream.
pub(super) async fn answer_of(response: Response<Incoming>) -> Option<Bytes> {
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    let is_stream = media.is_some_and(|media| media.to_ascii_lowercase().starts_with("text/event-stream"));
    let (mut body, mut whole, mut events) = (response.into_body(), BytesMut::new(), SseSplitter::default());
    let mut found = None;
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.ok()?.into_data() else { continue };
        if is_stream {
            events.feed(&piece, |event| {
                let data = event.data.filter(|data| {
                    matches!(contents(data), Contents::One(Message::Result { .. } | Message::Error { .. }))
                });
                found = found.take().or(data.map(|data| Bytes::from(data.into_owned())));
            });
        }
        whole.extend_from_slice(if is_stream { &[] } else { &piece });
        if found.is_some() || whole.len() > HANDSHAKE_BYTES_MAX {
            break;
        }
    }
    found.or((!is_stream && !whole.is_empty()).then(|| whole.freeze()))
}

/// An answer to another request: everything but the id is as it was written.
pub(super) fn with_id(answer: &Bytes, id: &str) -> Bytes {
    let Contents::One(Message::Result { id: before, .. }) = contents(answer) else { return answer.clone() };
    // The id is a piece of the answer.
    let at = before.as_ptr().addr() - answer.as_ptr().addr();
    [&answer[..at], id.as_bytes(), &answer[at + before.len()..]].concat().into()
}
