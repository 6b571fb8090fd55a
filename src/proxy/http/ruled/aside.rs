//! What mcptop itself has to say to the server in the name of a client's request: that it is taken back, or questions of
//! its own.
//!
//! It goes with the fields of the client's request, so in its session and with its rights. Calls that nobody made are
//! made for nobody who has credentials. Knows nothing of why something is said.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method};
use tokio::time::timeout;

use super::desk::{Desk, is_own};
use super::events::SHOWN_BYTES_MAX;
use super::fact::trimmed;
use super::{Media, media};
use crate::proxy::http::gear::{Answer, Asked, Back, Body, SESSION, Source};
use crate::rules::{Lane, Output};
use crate::wire::sse::SseSplitter;
use crate::wire::{Contents, Message, contents, member, string_value};

/// How long an answer to a question of ours is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
/// Fields that describe one message, and are wrong for another.
const OF_MESSAGE: [&str; 4] = ["content-length", "last-event-id", METHOD, NAME];

type Asking = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Says something to the server in the name of a request. Clones do so for the same one.
#[derive(Clone)]
pub(super) struct Aside(Arc<InTheNameOf>);

struct InTheNameOf {
    ask: Box<dyn Fn(Asked) -> Asking + Send + Sync>,
    asked: Asked,
    has_credentials: bool,
}

impl Aside {
    /// In the name of this request.
    pub(super) fn of<B: Back>(back: &Arc<B>, asked: &Asked, has_credentials: bool) -> Self {
        let back = back.clone();
        let ask = Box::new(move |asked| -> Asking {
            let back = back.clone();
            Box::pin(async move { back.answer(asked).await })
        });
        let asked = Asked { body: Bytes::new(), ..asked.clone() };
        Self(Arc::new(InTheNameOf { ask, asked, has_credentials }))
    }

    /// Says what the gate wants said.
    pub(super) fn send(&self, desk: &Arc<Desk>, output: &Output, frame: &[u8]) {
        let text = Bytes::copy_from_slice(trimmed(frame));
        let (aside, desk, lane, id) = (self.clone(), desk.clone(), output.lane, output.id.clone());
        tokio::spawn(async move {
            if let Some(asked) = aside.asked(&text) {
                let _ = timeout(PATIENCE, aside.carry(asked, &desk, lane)).await;
            }
            if let Some(id) = id.filter(|id| is_own(id)) {
                desk.stop_asking(lane, &id);
            }
        });
    }

    /// The request that says this; `None` if it is not to be said.
    fn asked(&self, text: &Bytes) -> Option<Asked> {
        let InTheNameOf { asked, has_credentials, .. } = &*self.0;
        let Contents::One(message) = contents(text) else { return None };
        let (method, params) = match &message {
            // A request that is not answered is taken back by closing its stream where there are no sessions.
            Message::Notification { .. } if !asked.fields.contains_key(SESSION) => return None,
            Message::Request { method, .. } if *has_credentials && method == "tools/call" => return None,
            // Its proof is for the client's own request.
            Message::Request { .. } if asked.fields.contains_key("dpop") => return None,
            Message::Request { method, params, .. } | Message::Notification { method, params } => {
                (method, params)
            }
            Message::Result { .. } | Message::Error { .. } => return None,
        };
        let mut fields: HeaderMap = asked.fields.clone();
        let is_mirrored = fields.contains_key(METHOD);
        for name in OF_MESSAGE {
            fields.remove(name);
        }
        let with_parameters = |name: &str| name.starts_with("mcp-param-");
        for name in fields.keys().filter(|name| with_parameters(name.as_str())).cloned().collect::<Vec<_>>() {
            fields.remove(name);
        }
        if is_mirrored {
            fields.insert(METHOD, coded(method)?);
            let name = params.and_then(|params| member(params, "name")).and_then(string_value);
            if let Some(name) = name {
                fields.insert(NAME, coded(&name)?);
            }
        }
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        fields.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        Some(Asked { method: Method::POST, fields, body: text.clone(), ..asked.clone() })
    }

    /// Asks, and shows the gate what is answered.
    async fn carry(&self, asked: Asked, desk: &Arc<Desk>, lane: Lane) {
        let mut answer = (self.0.ask)(asked).await;
        let is_stream = match media(&answer) {
            Media::Json => false,
            Media::Events => true,
            Media::Other => return,
        };
        let (mut held, mut events) = (Vec::new(), SseSplitter::up_to(SHOWN_BYTES_MAX));
        let show = |text: &[u8]| desk.show_own(lane, text);
        loop {
            let piece = match &mut answer.body {
                Body::Whole(piece) => piece.take().map(|piece| piece.bytes),
                Body::Streamed(source) => next(source.as_mut()).await,
            };
            let Some(bytes) = piece else { break };
            if is_stream {
                events.feed(&bytes, |event| {
                    if let Some(data) = event.data.filter(|data| !data.is_empty()) {
                        show(&data);
                    }
                });
            } else if held.len() + bytes.len() <= SHOWN_BYTES_MAX {
                held.extend_from_slice(&bytes);
            } else {
                return;
            }
        }
        if !held.is_empty() {
            show(&held);
        }
    }
}

async fn next(source: &mut dyn Source) -> Option<Bytes> {
    let piece = std::future::poll_fn(|cx| source.poll_piece(cx)).await;
    piece?.ok().map(|piece| piece.bytes)
}

/// A text as the value of a field (2026-07-28, Streamable HTTP: other than visible ASCII stands in base64).
fn coded(text: &str) -> Option<HeaderValue> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic()) && !text.starts_with("=?base64?");
    let value = if is_plain { text.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(text)) };
    HeaderValue::from_str(&value).ok()
}
