//! The second level of caches: answers that several instances of mcptop share through a Redis (or Valkey) server.
//!
//! It may be slow, hang or be gone: that costs misses, and a lookup never waits longer than [`LOOKUP_MAX`]. No connection
//! is made before a rule asks for one. Knows nothing of what keys and values mean.

mod link;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::trace::url_without_secrets;
use link::Link;
use worker::Job;

/// How long a lookup may wait, connecting included. A server is asked for longer than this.
const LOOKUP_MAX: Duration = Duration::from_millis(10);
/// Longer values are neither stored nor taken.
const VALUE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Values that wait to be stored, together; what comes beyond is not stored.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Jobs that wait for the worker, and prefixes that wait to be forgotten.
const JOBS_MAX: usize = 1_024;
/// Servers that rules may name at once.
const STORES_MAX: usize = 16;

/// All second levels that the rules of this process name. Clones are the same ones. To be used inside a tokio runtime.
#[derive(Clone, Debug, Default)]
pub struct Stores(Arc<Mutex<BTreeMap<String, Arc<Store>>>>);

/// How a second level does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreTotals {
    /// Its address, without secrets.
    pub store: String,
    /// Whether it could be reached when it was last tried.
    pub is_reachable: bool,
    /// How often it was asked for an answer, or would have been, had it been reachable.
    pub lookups: u64,
    /// How often it had one.
    pub hits: u64,
    /// How often it did not answer in time, or with an error.
    pub errors: u64,
    /// Lookups that were not tried: it had just failed, or is still to forget what was asked for.
    pub skipped: u64,
    /// Answers that were stored.
    pub stored: u64,
    /// Answers that were not stored: too long, too many at once, or it could not be reached.
    pub not_stored: u64,
    /// What went wrong last.
    pub last_error: Option<String>,
}

#[derive(Debug)]
struct Store {
    link: Link,
    jobs: mpsc::Sender<Job>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    totals: StoreTotals,
    /// What begins so may still be there, and must not be taken any more.
    forgetting: Vec<String>,
    /// It could not be told what to forget: it is not asked any more.
    is_sealed: bool,
    waiting_bytes: usize,
}

impl Stores {
    /// What the store has under this key. `None` also if it does not answer in time.
    pub async fn lookup(&self, store: &str, key: &str) -> Option<Vec<u8>> {
        let deadline = Instant::now() + LOOKUP_MAX;
        self.get(store)?.lookup(key, deadline).await
    }

    /// Stores a value for as long as `ttl`, if that can be done; returns at once.
    pub fn put(&self, store: &str, key: String, value: Vec<u8>, ttl: Duration) {
        if let Some(store) = self.get(store) {
            store.put(key, value, ttl);
        }
    }

    /// Takes away everything whose key begins with `prefix`; returns at once. Until that is done, however long the store
    /// cannot be reached, lookups of these keys find nothing.
    pub fn forget(&self, store: &str, prefix: &str) {
        if let Some(store) = self.get(store) {
            store.forget(prefix);
        }
    }

    /// How they do.
    #[must_use]
    pub fn totals(&self) -> Vec<StoreTotals> {
        let stores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stores
            .values()
            .map(|store| {
                let (is_reachable, last_error) = store.link.standing();
                StoreTotals { is_reachable, last_error, ..store.lock().totals.clone() }
            })
            .collect()
    }

    fn get(&self, url: &str) -> Option<Arc<Store>> {
        let mut stores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(url) {
            return Some(store.clone());
        }
        if stores.len() >= STORES_MAX {
            return None;
        }
        let store = Store::open(url);
        stores.insert(url.to_owned(), store.clone());
        Some(store)
    }
}

impl Store {
    fn open(url: &str) -> Arc<Self> {
        let (jobs, waiting) = mpsc::channel(JOBS_MAX);
        let totals = StoreTotals { store: url_without_secrets(url), ..StoreTotals::default() };
        let state = Mutex::new(State { totals, ..State::default() });
        let store = Arc::new(Self { link: Link::to(url), jobs, state });
        tokio::spawn(worker::work(Arc::downgrade(&store), waiting));
        store
    }

    async fn lookup(&self, key: &str, deadline: Instant) -> Option<Vec<u8>> {
        {
            let mut state = self.lock();
            state.totals.lookups += 1;
            if state.is_sealed || state.forgetting.iter().any(|prefix| key.starts_with(&**prefix)) {
                state.totals.skipped += 1;
                return None;
            }
        }
        let Some(mut connection) = self.link.connection(LOOKUP_MAX).await else {
            self.lock().totals.skipped += 1;
            return None;
        };
        let mut get = redis::cmd("GETRANGE");
        // One byte more than is taken, so that a longer value shows.
        get.arg(key).arg(0).arg(VALUE_BYTES_MAX);
        let asked = get.query_async::<Vec<u8>>(&mut connection.connection);
        let found = match timeout_at(deadline, asked).await {
            Ok(Ok(value)) => value,
            Ok(Err(error)) => {
                self.link.failed(&connection, &error);
                self.lock().totals.errors += 1;
                return None;
            }
            Err(_) => {
                self.link.hangs(&connection);
                self.lock().totals.errors += 1;
                return None;
            }
        };
        let mut state = self.lock();
        // It may have been called outdated while it was on its way.
        let is_outdated = state.is_sealed || state.forgetting.iter().any(|prefix| key.starts_with(&**prefix));
        if found.is_empty() || found.len() > VALUE_BYTES_MAX || is_outdated {
            return None;
        }
        state.totals.hits += 1;
        Some(found)
    }

    fn put(&self, key: String, value: Vec<u8>, ttl: Duration) {
        let mut state = self.lock();
        let fits = value.len() <= VALUE_BYTES_MAX && state.waiting_bytes + value.len() <= WAITING_BYTES_MAX;
        let len_bytes = value.len();
        // Half of the room is for what has to be forgotten.
        let is_taken = fits
            && !state.is_sealed
            && self.jobs.capacity() > JOBS_MAX / 2
            && self.jobs.try_send(Job::Put { key, value, ttl }).is_ok();
        if is_taken {
            state.waiting_bytes += len_bytes;
        } else {
            state.totals.not_stored += 1;
        }
    }

    fn forget(&self, prefix: &str) {
        let mut state = self.lock();
        if state.is_sealed {
            return;
        }
        let is_taken = state.forgetting.len() < JOBS_MAX
            && self.jobs.try_send(Job::Forget { prefix: prefix.to_owned() }).is_ok();
        if is_taken {
            state.forgetting.push(prefix.to_owned());
        } else {
            state.is_sealed = true;
            state.forgetting = Vec::new();
        }
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
