//! What the gate knows of each session: its tools, its revision, what the server can say of changes.
//!
//! Bounded. Knows nothing of rules.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Caller, Lane};
use crate::rules::answer::{Catalog, Definition};

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
    /// It has asked for more than its beginning: the server takes requests.
    pub(super) is_open: bool,
    /// Calls ahead have been made, or are about to be.
    pub(super) is_warmed: bool,
    /// The conversation in which it was heard of last.
    pub(super) lane: Lane,
    last_used: u64,
}

/// What is known of a tool when somebody calls it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) definition: Option<&'a Definition>,
    /// Nothing known is because no list names it, not because none was read.
    pub(super) is_listed: bool,
    /// The revision that the session speaks, as it was written.
    pub(super) protocol: &'a str,
}

/// What a call does to what is kept.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effect {
    /// Nothing: its tool says that it only reads, to all who have read the list.
    pub(super) reads: bool,
    /// Nothing more if it is made again.
    pub(super) is_idempotent: bool,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// What the server has said of its tools to anybody: they are the same ones.
    said: Catalog,
    all: HashMap<Arc<Caller>, Session>,
    /// Who asks in which conversation, where that was said.
    lanes: HashMap<Lane, Arc<Caller>>,
    nobody: Arc<Caller>,
    used: u64,
    last: u64,
}

impl Sessions {
    pub(super) fn open(&mut self, lane: Lane, caller: Caller) {
        let caller = Arc::new(caller);
        // Over stdio there is one session, whoever its requests speak for: it goes on under another name.
        let before = self.caller(lane);
        if lane == Lane::default()
            && before != caller
            && let Some(session) = self.all.remove(&before)
        {
            self.all.entry(caller.clone()).or_insert(session);
        }
        self.lanes.insert(lane, caller);
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

    /// Takes note of a page of the tool list that a session was given.
    pub(super) fn learn(&mut self, caller: &Arc<Caller>, list_result: &str, is_first_page: bool) {
        // Others may have been given another part of what there is.
        self.said.learn(list_result, false);
        self.get(caller).catalog.learn(list_result, is_first_page);
    }

    /// The tools have changed: nothing is known of them any more.
    pub(super) fn unlearn(&mut self, caller: &Arc<Caller>) {
        self.said.clear();
        let session = self.get(caller);
        session.catalog.clear();
        session.list += 1;
        session.is_listed = false;
    }

    /// What is known of a tool by a session; one that has not read the list believes what others were told.
    pub(super) fn known(&mut self, caller: &Arc<Caller>, tool: Option<&str>) -> Known<'_> {
        self.get(caller);
        let session = self.all.get(caller).expect("it was there, or is from now on");
        let own = tool.and_then(|tool| session.catalog.get(tool));
        let others = || tool.and_then(|tool| self.said.get(tool)).filter(|_| !session.is_listed);
        let definition = own.or_else(others);
        let is_listed = session.is_listed || definition.is_some();
        Known { definition, is_listed, protocol: &session.protocol }
    }

    /// What a call of a tool does, as far as the server has said so to anybody.
    pub(super) fn effect(&mut self, caller: &Arc<Caller>, tool: &str) -> Effect {
        let own = self.get(caller).catalog.get(tool).map(|known| (known.read_only, known.idempotent));
        let said = self.said.get(tool).map(|known| (known.read_only, known.idempotent));
        let mut all = own.into_iter().chain(said).peekable();
        if all.peek().is_none() {
            return Effect::default();
        }
        let both = |a: (bool, bool), b: (bool, bool)| (a.0 && b.0, a.1 && b.1);
        let (reads, is_idempotent) = all.fold((true, true), both);
        Effect { reads, is_idempotent }
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
