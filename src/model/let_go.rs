//! Letting go of what is settled, so that a session of any length can be followed in memory that does not grow with it.
//!
//! Whoever shows calls never asks for it and has them all. Knows nothing of what is done with a call before it goes.
//!
//! # What is settled
//! An event finds the operation that it is about by what is remembered of requests: those that are open, the most recent ones
//! that no longer are, those that wait for a retry, tasks, progress tokens; and by the call for which the server's request was
//! made. An operation that none of these leads to, and that is not pending, nothing can change any more: neither a late answer
//! nor a second one (which counts as an orphan by then, here as anywhere), no ruling, no poll. It is what it will be at the
//! end, so what is found in a session that lets go of such operations is what is found in one that keeps them all.
//!
//! # What stays
//! All of that is bounded, however long the session is: 262,144 open requests, 4,096 that are over, 1,024 that wait for a
//! retry, 16,384 tasks, and no operation is pending that is in none of them. Between two looks for what is settled there are
//! [`YOUNG_MIN`] operations more, or as many as had to stay. HTTP exchanges that have ended are let go of at the look after the
//! next; an event that names one later than that finds a conversation of its own. Of the rest of a [`Session`]:
//!
//! - names (65,536, 8 MB), rows (4,096), clients (65,536), connections (262,144), definitions (4,096, 16 MB), rules (256),
//!   kinds of notifications (256), the logs (1,000 entries each) and the texts of rules have bounds of their own;
//! - distributions and series have a fixed size; the spreads of token counts have an entry for each different count, of which
//!   a row cannot have more than the square root of twice its tokens;
//! - frames in parts are bounded one by one (64 MB), and go with their exchange.

use super::{OperationId, Session};

/// How many operations are taken before there is a look for what is settled: half of it is work that nothing comes of where
/// very many stay.
const YOUNG_MIN: usize = 8_192;

impl Session {
    /// Lets go of the operations that nothing can change any more, and of the HTTP exchanges that ended some time ago. Meant to
    /// be called after every event: mostly it does nothing, because it waits until there are enough of them. Each is shown to
    /// `see` before it goes, in the order in which they were asked; what it costs can still be entered then.
    ///
    /// What is let go of stays counted in every sum, and is in [`operations`](Self::operations) no more.
    pub fn let_go(&mut self, see: impl FnMut(&mut Self, OperationId)) {
        if self.operations.young().len() >= YOUNG_MIN.max(self.operations.old_count()) {
            self.let_go_of_settled(see);
        }
        self.http.let_go(self.last_event);
    }

    /// Lets go of all operations, after [`end_of_recording`](Self::end_of_recording).
    pub fn let_go_of_all(&mut self, mut see: impl FnMut(&mut Self, OperationId)) {
        let all: Vec<OperationId> = self.operations.ids().collect();
        for id in all {
            see(self, id);
        }
        self.operations.keep(|_| false);
        self.rules.ruled = Vec::new();
    }

    /// Lets go of what is settled now.
    pub(super) fn let_go_of_settled(&mut self, mut see: impl FnMut(&mut Self, OperationId)) {
        let stay = self.unsettled();
        let is_kept = |id: OperationId| stay.binary_search(&id).is_ok();
        let settled: Vec<OperationId> = self.operations.ids().filter(|id| !is_kept(*id)).collect();
        for id in settled {
            see(self, id);
        }
        self.operations.keep(is_kept);
        // Nobody counts those again that were counted when they went.
        self.rules.ruled.clear();
    }

    /// The operations that an event may still lead to, in the order in which they were asked.
    fn unsettled(&self) -> Vec<OperationId> {
        let mut found: Vec<OperationId> = self.following.operations().collect();
        // A call of the client's serves no other, so this is all of it.
        let served: Vec<OperationId> =
            found.iter().filter_map(|id| self.operations.get(*id)?.serves()).collect();
        found.extend(served);
        found.sort_unstable();
        found.dedup();
        found
    }
}
