//! A session opened in this viewer: its model, shared between the thread that reads and the one that draws.
//!
//! Knows nothing of threads or files; it is only where they meet.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;

use super::deck::{Deck, Motion, Playback};
use super::panels::OpenId;
use crate::model::Session;
use crate::trace::Micros;

/// An opened session.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// Which.
    pub id: OpenId,
    /// Its recording.
    pub path: PathBuf,
    /// What the reading and the drawing thread share.
    pub shared: Arc<Shared>,
}

/// What the threads share of a session.
#[derive(Debug)]
pub struct Shared {
    session: Mutex<Session>,
    /// The time cursor, if it is played.
    pub deck: Deck,
    wanted: AtomicBool,
    is_live: AtomicBool,
    read_bytes: AtomicU64,
    len_bytes: AtomicU64,
    counted_calls: AtomicU32,
    damage: OnceLock<String>,
}

impl Shared {
    /// A session nothing has been read of yet.
    #[must_use]
    pub fn new(session: Session, is_live: bool) -> Self {
        Self {
            session: Mutex::new(session),
            deck: Deck::default(),
            wanted: AtomicBool::new(false),
            is_live: AtomicBool::new(is_live),
            read_bytes: AtomicU64::new(0),
            len_bytes: AtomicU64::new(0),
            counted_calls: AtomicU32::new(0),
            damage: OnceLock::new(),
        }
    }

    /// The session, for the drawing thread, which goes first.
    pub fn see(&self) -> MutexGuard<'_, Session> {
        self.wanted.store(true, Ordering::Relaxed);
        let guard = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.store(false, Ordering::Relaxed);
        guard
    }

    /// The session, for threads that work on it in batches.
    pub fn work(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the drawing thread waits for the session, so that a working thread should give it up soon.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Whether its proxy is running.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.is_live.load(Ordering::Relaxed)
    }

    /// Says whether its proxy is running.
    pub fn set_live(&self, is_live: bool) {
        self.is_live.store(is_live, Ordering::Relaxed);
    }

    /// Says how far the recording has been read.
    pub fn set_progress(&self, read_bytes: u64, len_bytes: u64) {
        self.read_bytes.store(read_bytes, Ordering::Relaxed);
        self.len_bytes.store(len_bytes, Ordering::Relaxed);
    }

    /// How long the recording is, in bytes; 0 before its first reading.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.len_bytes.load(Ordering::Relaxed)
    }

    /// How much of the recording has been read, between 0 and 1.
    #[must_use]
    pub fn loaded(&self) -> f64 {
        let len = self.len_bytes.load(Ordering::Relaxed);
        if len == 0 {
            return 0.0;
        }
        (self.read_bytes.load(Ordering::Relaxed) as f64 / len as f64).min(1.0)
    }

    /// Says that the tokens of all calls before this one have been counted, or cannot be; returns whether that is
    /// news.
    pub fn set_counted(&self, calls: u32) -> bool {
        self.counted_calls.swap(calls, Ordering::Relaxed) != calls
    }

    /// How many calls, from the first one on, have their tokens or never will.
    #[must_use]
    pub fn counted_calls(&self) -> u32 {
        self.counted_calls.load(Ordering::Relaxed)
    }

    /// Says what of the recording could not be read.
    pub fn set_damage(&self, damage: String) {
        // Said once, when the recording has been read to its end.
        let _ = self.damage.set(damage);
    }

    /// What of the recording could not be read, if anything.
    #[must_use]
    pub fn damage(&self) -> Option<&str> {
        self.damage.get().map(String::as_str)
    }
}

impl OpenSession {
    /// Where its time cursor is, if it is played.
    #[must_use]
    pub fn playback(&self) -> Option<Playback> {
        self.shared.deck.playback()
    }

    /// The session's own time: where the time cursor is, if it is played; else as [`session_now`] says.
    #[must_use]
    pub fn now(&self, session: &Session, wall: Timestamp) -> Micros {
        match self.playback() {
            // That is what is shown while the cursor is on its way.
            Some(Playback { motion: Motion::Seeks(_), .. }) => session.last_event(),
            Some(playback) => session.last_event().max(playback.at),
            None => session_now(session, self.shared.is_live(), wall),
        }
    }
}

/// The session's own time: what has passed since its start for a live one, never before its last event; the last
/// event's for an ended one.
#[must_use]
pub fn session_now(session: &Session, is_live: bool, wall: Timestamp) -> Micros {
    let last = session.last_event();
    if !is_live || session.end().is_some() {
        return last;
    }
    let passed_us = wall.as_microsecond() - session.header.started.as_microsecond();
    last.max(Micros(u64::try_from(passed_us).unwrap_or(0)))
}
