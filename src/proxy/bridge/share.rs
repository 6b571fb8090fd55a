//! Sessions that may share a process, because neither side keeps anything for one of them.
//!
//! That is so where the server does not push (no subscriptions, no logging, no changing lists) and cannot ask the client
//! (no sampling, elicitation or roots), and both sides open in the very same words. Even then a server may remember what
//! it was told, which nobody can see from outside: hence only for those who ask for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::hub::Hub;
use super::session::Session;
use crate::wire::member;

/// Ways to open that are remembered.
const WAYS_MAX: usize = 64;

/// Processes that are shared, by the parameters of `initialize` as they were written.
#[derive(Debug, Default)]
pub(super) struct Shares(Mutex<HashMap<Box<str>, Arc<Way>>>);

/// One way to open a session. Who opens so waits for the one before.
pub(super) type Way = tokio::sync::Mutex<Option<Shared>>;

/// A process that is shared.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// Held by every session that it serves: with the last of them it ends.
    in_use: Weak<InUse>,
    /// What it answered to `initialize`.
    pub(super) result: Box<str>,
}

impl Shared {
    /// This process, which opened with this result, is shared from now on: first by this session.
    pub(super) fn begin(hub: &Arc<Hub>, result: &str, session: &Session) -> Self {
        hub.share();
        let in_use = Arc::new(InUse(hub.clone()));
        let shared = Self { in_use: Arc::downgrade(&in_use), result: result.into() };
        session.uses(in_use);
        shared
    }

    /// The process, if it is still there.
    pub(super) fn in_use(&self) -> Option<Arc<InUse>> {
        self.in_use.upgrade().filter(|in_use| !in_use.0.is_over())
    }
}

/// Ends a process when nobody uses it any more.
#[derive(Debug)]
pub(super) struct InUse(pub(super) Arc<Hub>);

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Shares {
    /// The way that these parameters are; `None` if sessions that open so cannot share.
    pub(super) fn way(&self, params: &str) -> Option<Arc<Way>> {
        let capabilities = member(params, "capabilities").unwrap_or("{}");
        let asks =
            ["sampling", "elicitation", "roots"].iter().any(|name| member(capabilities, name).is_some());
        if asks {
            return None;
        }
        let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) = ways.get(params) {
            return Some(way.clone());
        }
        if ways.len() >= WAYS_MAX {
            ways.retain(|_, way| Arc::strong_count(way) > 1);
        }
        if ways.len() >= WAYS_MAX {
            return None;
        }
        let way = Arc::<Way>::default();
        ways.insert(params.into(), way.clone());
        Some(way)
    }
}

/// Whether a server that opens with this result keeps nothing for a session.
pub(super) fn allows(result: &str) -> bool {
    let capabilities = member(result, "capabilities").unwrap_or("{}");
    let is_on = |kind: &str, what: &str| {
        member(capabilities, kind).and_then(|kind| member(kind, what)).is_some_and(|value| value == "true")
    };
    let changes = ["tools", "prompts", "resources"].iter().any(|kind| is_on(kind, "listChanged"));
    let tasks = member(capabilities, "tasks").is_some();
    !changes && !tasks && !is_on("resources", "subscribe") && member(capabilities, "logging").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_keeps_nothing_for_a_session_is_shared() {
        for (capabilities, wanted) in [
            ("{}", true),
            (r#"{"tools":{},"prompts":{"listChanged":false}}"#, true),
            (r#"{"tools":{"listChanged":true}}"#, false),
            (r#"{"resources":{"subscribe":true}}"#, false),
            (r#"{"logging":{}}"#, false),
            (r#"{"tasks":{}}"#, false),
        ] {
            assert_eq!(allows(&format!(r#"{{"capabilities":{capabilities}}}"#)), wanted, "{capabilities}");
        }
        let shares = Shares::default();
        assert!(shares.way(r#"{"capabilities":{"experimental":{}}}"#).is_some());
        assert!(shares.way(r#"{"capabilities":{"roots":{}}}"#).is_none());
    }
}
