//! What a back is asked, and what it has to do.

use std::sync::{Arc, Weak};
use std::time::Instant;

use bytes::Bytes;
use hyper::{HeaderMap, Method, Uri};

use super::Answer;
use crate::proxy::http::links::Links;
use crate::trace::ExchangeId;

/// A request that may pass, with its whole body.
#[derive(Clone)]
pub(in crate::proxy) struct Asked {
    /// As the recording counts it.
    pub(in crate::proxy) exchange: ExchangeId,
    pub(in crate::proxy) method: Method,
    pub(in crate::proxy) uri: Uri,
    pub(in crate::proxy) fields: HeaderMap,
    pub(in crate::proxy) body: Bytes,
    /// When the last byte of it had been read.
    pub(in crate::proxy) read: Instant,
    pub(in crate::proxy) client: Presence,
}

/// Whatever answers requests. A future that is dropped, or the source of an answer that is dropped before its end, says
/// that the client has left.
pub(in crate::proxy) trait Back: Send + Sync + 'static {
    /// Answers a request.
    fn answer(&self, asked: Asked) -> impl Future<Output = Answer> + Send;
}

/// What tells whether a client's connection is still there.
pub(in crate::proxy) type Trace = Weak<Links>;

/// A client's connection, for as long as it is open, with those to the server that belong to it.
#[derive(Clone, Debug, Default)]
pub(in crate::proxy) struct Presence(Arc<Links>);

impl Presence {
    /// What tells later whether the connection is still there.
    pub(in crate::proxy) fn trace(&self) -> Trace {
        Arc::downgrade(&self.0)
    }

    /// The connections to the server that belong to it.
    pub(in crate::proxy) fn links(&self) -> &Arc<Links> {
        &self.0
    }
}

impl Asked {
    /// The value of a field as text; `None` also if it is no plain text.
    pub(in crate::proxy) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.to_str().ok()
    }
}
