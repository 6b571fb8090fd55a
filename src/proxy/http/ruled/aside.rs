//! What mcptop itself has to say to the server in the name of a client's request.

use std::sync::Arc;

use bytes::Bytes;
use hyper::{HeaderMap, Method};

use super::fact::trimmed;
use crate::proxy::http::gear::{Asked, Back, SESSION};

/// Says something to the server with the fields of a request: in the same session, with the same credentials. Without a
/// session nothing is said: from 2026-07-28 on a closed stream takes a request back.
pub(super) struct Aside(Option<Box<dyn Fn(Bytes) + Send + Sync>>);

/// Fields that describe one message, and are wrong for another.
const OF_MESSAGE: [&str; 4] = ["content-length", "last-event-id", "mcp-method", "mcp-name"];

impl Aside {
    /// In the name of this request.
    pub(super) fn of<B: Back>(back: &Arc<B>, asked: &Asked) -> Self {
        if !asked.fields.contains_key(SESSION) || asked.method != Method::POST {
            return Self(None);
        }
        let (back, asked) = (back.clone(), Asked { body: Bytes::new(), ..asked.clone() });
        Self(Some(Box::new(move |body| {
            let mut fields: HeaderMap = asked.fields.clone();
            for name in OF_MESSAGE {
                fields.remove(name);
            }
            let (back, asked) = (back.clone(), Asked { fields, body, ..asked.clone() });
            // The answer to a notification says nothing.
            tokio::spawn(async move { drop(back.answer(asked).await) });
        })))
    }

    /// Says this.
    pub(super) fn send(&self, frame: &[u8]) {
        if let Some(send) = &self.0 {
            send(Bytes::copy_from_slice(trimmed(frame)));
        }
    }
}
