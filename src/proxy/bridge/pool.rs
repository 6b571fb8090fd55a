//! Processes of the server: some started ahead, so that nobody waits for one to start, and all of them counted.
//!
//! A process that has been used by one client is not given to another: it may remember. Knows nothing of what is said to
//! them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use thiserror::Error;

use super::child::{Child, Launcher, Lines};
use crate::proxy::session::{Observer, StartError};
use crate::trace::{Fact, PoolReturn, PoolState, PoolTake};

/// Processes that may be alive at once.
const OPEN_MAX: u32 = 256;

/// The processes of the server.
#[derive(Debug)]
pub(super) struct Pool {
    launcher: Launcher,
    /// How many are kept ready.
    size: usize,
    observer: Observer,
    ready: Mutex<Ready>,
}

#[derive(Debug, Default)]
struct Ready {
    waiting: VecDeque<(Child, Lines)>,
    is_filling: bool,
    is_closed: bool,
}

/// Why there is no process.
#[derive(Debug, Error)]
pub(super) enum NoChild {
    /// It cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There are too many already.
    #[error("{OPEN_MAX} processes of the server run already")]
    Full,
}

impl Pool {
    pub(super) fn new(launcher: Launcher, size: usize, observer: Observer) -> Arc<Self> {
        let size = size.min(OPEN_MAX as usize / 2);
        Arc::new(Self { launcher, size, observer, ready: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server is called in messages.
    pub(super) fn name(&self) -> String {
        self.launcher.name()
    }

    /// Takes a process that nobody has used, for a client's session of this name.
    pub(super) fn take(self: &Arc<Self>, session: &str) -> Result<(Child, Lines), NoChild> {
        let asked = Instant::now();
        let prepared = loop {
            match self.lock().waiting.pop_front() {
                // It ended while it waited.
                Some((child, _)) if child.has_ended() => {}
                other => break other,
            }
        };
        let (taken, how) = match prepared {
            Some(prepared) => (prepared, PoolTake::Prepared),
            None if self.launcher.open() >= OPEN_MAX => return Err(NoChild::Full),
            None => (self.launcher.start()?, PoolTake::Started),
        };
        self.note_taken(session, how, asked);
        self.refill();
        Ok(taken)
    }

    /// A client uses a process with others.
    pub(super) fn note_shared(&self, session: &str) {
        self.note_taken(session, PoolTake::Shared, Instant::now());
    }

    /// A client uses a process that another had used before.
    pub(super) fn note_reused(&self, session: &str) {
        self.note_taken(session, PoolTake::Reused, Instant::now());
    }

    fn note_taken(&self, session: &str, how: PoolTake, asked: Instant) {
        let waited_us = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.observer.tell(Fact::PoolTaken {
            session: session.to_owned().into(),
            how,
            waited_us,
            pool: self.state(),
        });
    }

    /// A client is done with a process.
    pub(super) fn note_returned(&self, how: PoolReturn) {
        self.observer.tell(Fact::PoolReturned { how, pool: self.state() });
    }

    fn state(&self) -> PoolState {
        let open = self.launcher.open();
        let waiting = u32::try_from(self.lock().waiting.len()).unwrap_or(u32::MAX);
        PoolState { size: OPEN_MAX, open, busy: open.saturating_sub(waiting), waiting: 0 }
    }

    /// Starts ahead what is missing; the first time, whether the server can be started shows here.
    pub(super) fn fill(&self) -> Result<(), StartError> {
        while self.lacks() {
            let started = self.launcher.start()?;
            let mut ready = self.lock();
            if !ready.is_closed {
                ready.waiting.push_back(started);
            }
        }
        Ok(())
    }

    fn lacks(&self) -> bool {
        let ready = self.lock();
        !ready.is_closed && ready.waiting.len() < self.size && self.launcher.open() < OPEN_MAX
    }

    /// The same later, after those who wait now.
    fn refill(self: &Arc<Self>) {
        if std::mem::replace(&mut self.lock().is_filling, true) {
            return;
        }
        let pool = self.clone();
        tokio::spawn(async move {
            super::child::pause().await;
            pool.lock().is_filling = false;
            // Who asks next is told what is wrong.
            let _ = pool.fill();
        });
    }

    /// Ends what waits.
    pub(super) fn close(&self) {
        let mut ready = self.lock();
        ready.is_closed = true;
        let waiting = std::mem::take(&mut ready.waiting);
        drop(ready);
        for (child, _) in &waiting {
            child.end();
        }
    }
}
