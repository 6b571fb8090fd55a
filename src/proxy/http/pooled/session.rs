//! A session at the server, opened by one client's handshake and lent to those whose handshakes are equal.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::Full;
use tokio::sync::mpsc;

use crate::proxy::http::client::Client;

/// The field that names a session.
pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// The field that names the protocol's revision.
pub(super) const REVISION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// The field that names the last event a client has seen of a stream.
pub(super) const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// An open session. It is ended at the server when it is dropped, if not before.
pub(super) struct Session {
    /// At which instance of the server.
    pub(super) at: usize,
    pub(super) client: Client,
    pub(super) uri: Uri,
    pub(super) id: HeaderValue,
    /// What its requests carry besides the session: the credentials of who opened it, and the revision agreed upon.
    pub(super) fields: HeaderMap,
    /// The server's answer to the handshake: one JSON-RPC message.
    pub(super) answer: Bytes,
    /// Held for as long as it takes to end the session.
    pub(super) ending: mpsc::Sender<()>,
    pub(super) fate: Fate,
}

/// What has become of a session.
#[derive(Default)]
pub(super) struct Fate {
    has_been_lent: AtomicBool,
    is_spoilt: AtomicBool,
    is_lost: AtomicBool,
}

impl Session {
    /// A client has changed it, or left something under way in it: nobody else may have it.
    pub(super) fn spoil(&self) {
        self.fate.is_spoilt.store(true, Ordering::Relaxed);
    }

    /// Its first user has given it back.
    pub(super) fn has_been_lent(&self) {
        self.fate.has_been_lent.store(true, Ordering::Relaxed);
    }

    /// Whether it was opened for the one who has it.
    pub(super) fn is_fresh(&self) -> bool {
        !self.fate.has_been_lent.load(Ordering::Relaxed)
    }

    /// The server does not know it any more, or will not.
    pub(super) fn lose(&self) {
        self.fate.is_lost.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_lost(&self) -> bool {
        self.fate.is_lost.load(Ordering::Relaxed)
    }

    /// Ends it at the server, whatever is under way in it, without waiting for that.
    pub(super) fn end(&self) {
        // Without a runtime there is nobody left to send it; the server ends sessions that nobody uses.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.fate.is_lost.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut request = Request::new(Full::default());
        *request.method_mut() = Method::DELETE;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.fields.clone();
        request.headers_mut().remove(http::header::CONTENT_TYPE);
        request.headers_mut().insert(SESSION, self.id.clone());
        let (client, ending) = (self.client.clone(), self.ending.clone());
        runtime.spawn(async move {
            let _ = client.send(request).await;
            drop(ending);
        });
    }

    /// Whether the next client finds it as the handshake left it.
    pub(super) fn is_as_new(&self) -> bool {
        !self.is_lost() && !self.fate.is_spoilt.load(Ordering::Relaxed)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}
