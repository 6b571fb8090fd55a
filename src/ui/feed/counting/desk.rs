//! What the counting thread is asked to do, by whoever asks.
//!
//! Knows nothing of how tokens are counted.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::OperationId;
use crate::tokens::Profile;
use crate::ui::fetched::Subject;
use crate::ui::open::Shared;
use crate::ui::panels::OpenId;

/// Things that can be asked for before everything else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ui::feed) enum Job {
    Call(OpenId, OperationId),
    Attribute((OpenId, Subject)),
    Tool((OpenId, u32, u64)),
}

/// Things asked for and not yet done; the oldest wish makes room.
const JOBS_MAX: usize = 512;
/// Where the counting thread takes its work.
#[derive(Debug, Default)]
pub(in crate::ui::feed) struct Desk {
    board: Mutex<Board>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Board {
    pub(super) jobs: VecDeque<Job>,
    pub(super) sessions: Vec<(OpenId, Arc<Shared>)>,
    /// The family of models for which everything is to be counted again.
    pub(super) profile: Option<Profile>,
    pub(super) has_news: bool,
}

impl Desk {
    pub(super) fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is put on the board.
    pub(super) fn wait<'b>(&self, board: MutexGuard<'b, Board>) -> MutexGuard<'b, Board> {
        self.changed.wait(board).unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::ui::feed) fn open(&self, session: OpenId, shared: Arc<Shared>) {
        self.board().sessions.push((session, shared));
    }

    pub(in crate::ui::feed) fn close(&self, session: OpenId) {
        self.board().sessions.retain(|(id, _)| *id != session);
    }

    /// Says that some session has changed.
    pub(in crate::ui::feed) fn look(&self) {
        self.board().has_news = true;
        self.changed.notify_one();
    }

    pub(in crate::ui::feed) fn ask(&self, jobs: impl Iterator<Item = Job>) {
        let mut board = self.board();
        for job in jobs {
            board.push(job);
        }
        drop(board);
        self.changed.notify_one();
    }

    pub(in crate::ui::feed) fn recount(&self, profile: Profile) {
        let mut board = self.board();
        board.profile = Some(profile);
        drop(board);
        self.changed.notify_one();
    }
}

impl Board {
    fn push(&mut self, job: Job) {
        if self.jobs.contains(&job) {
            return;
        }
        if self.jobs.len() == JOBS_MAX {
            self.jobs.pop_front();
        }
        self.jobs.push_back(job);
    }
}
