//! What the gate knows of each session: its tools, its revision, what the server can say of changes.
//!
//! Bounded. Knows nothing of rules.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Caller, Lane};
use crate::rules::answer::Catalog;

/// Sessions remembered; the one that was silent longest is forgotten first. What is forgotten is learnt again with the
/// next list.
const SESSIONS_MAX: usize = 256;

/// A session: who asks, or in revisions without sessions everybody with the same credentials.
#[expect(clippy::struct_excessive_bools, reason = "what has happened in it, in no order")]
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) number: u64,
    pub(super) catalog: Catalog,
    /// Counts what has been learnt of the tools.
    pub(super) list: u64,
    /// The list has been read at least once, by the client or by us.
    pub(super) is_listed: bool,
    /// The client has been given the list through the gate.
    pub(super) is_told: bool,
    /// We have asked for the list.
    pub(super) has_asked: bool,
    /// Pages of the list that we have read.
    pub(super) pages: u8,
    /// The gate has seen it begin: its client will read the list itself.
    pub(super) is_from_start: bool,
    /// The server says when its tool list changes.
    pub(super) says_changes: bool,
    /// The revision that both agreed upon, as it was written.
    pub(super) protocol: Box<str>,
    /// The `_meta` of our own requests, in the newest revision.
    pub(super) meta: Option<Box<str>>,
    /// Calls ahead have been made, or are about to be.
    pub(super) is_warmed: bool,
    /// The conversation in which it was heard of last.
    pub(super) lane: Lane,
    last_used: u64,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    all: HashMap<Arc<Caller>, Session>,
    /// Who asks in which conversation, where that was said.
    lanes: HashMap<Lane, Arc<Caller>>,
    nobody: Arc<Caller>,
    used: u64,
    last: u64,
}

impl Sessions {
    pub(super) fn open(&mut self, lane: Lane, caller: Caller) {
        self.lanes.insert(lane, Arc::new(caller));
    }

    pub(super) fn close(&mut self, lane: Lane) {
        self.lanes.remove(&lane);
    }

    pub(super) fn caller(&self, lane: Lane) -> Arc<Caller> {
        self.lanes.get(&lane).unwrap_or(&self.nobody).clone()
    }

    pub(super) fn get(&mut self, caller: &Arc<Caller>) -> &mut Session {
        self.used += 1;
        if !self.all.contains_key(caller) {
            if self.all.len() >= SESSIONS_MAX
                && let Some(oldest) = self
                    .all
                    .iter()
                    .min_by_key(|(_, session)| session.last_used)
                    .map(|(caller, _)| caller.clone())
            {
                self.all.remove(&oldest);
            }
            self.last += 1;
        }
        let (number, used) = (self.last, self.used);
        let session =
            self.all.entry(caller.clone()).or_insert_with(|| Session { number, ..Session::default() });
        session.last_used = used;
        session
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Arc<Caller>, &mut Session)> {
        self.all.iter_mut()
    }

    /// A conversation of a session that is open: the one in which it was heard of last, or any.
    pub(super) fn lane_of(&self, caller: &Arc<Caller>) -> Option<Lane> {
        if **caller == Caller::default() {
            // Over stdio conversations are not opened.
            return Some(Lane::default());
        }
        self.lanes.iter().filter(|(_, who)| *who == caller).map(|(lane, _)| *lane).min()
    }

    /// Whether something is known that a notification may make void.
    pub(super) fn knows_tools(&self) -> bool {
        self.all.values().any(|session| session.is_listed)
    }
}
