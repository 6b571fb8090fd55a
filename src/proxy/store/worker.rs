//! Stores and forgets beside the traffic, in the order in which it was told to.
//!
//! What is to be forgotten is looked for with SCAN, a thousand keys a time, and unlinked: keys need not be known, and
//! nothing has to be read besides the value at each lookup. Other instances may be given what is outdated until it has been
//! reached; this one is not, because its lookups of such keys find nothing until all of them are gone.

use std::sync::Weak;
use std::time::Duration;

use redis::RedisError;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::link::Connection;
use super::{JOBS_MAX, Store};

/// How long the worker waits for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long until it tries again to have something forgotten.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Keys looked at by one SCAN.
const SCAN_KEYS: usize = 1_000;

/// What is to be done.
#[derive(Debug)]
pub(super) enum Job {
    /// Store this.
    Put { key: String, value: Vec<u8>, ttl: Duration },
    /// Take away everything that begins so.
    Forget { prefix: String },
}

/// Works until the store is dropped.
pub(super) async fn work(store: Weak<Store>, mut jobs: mpsc::Receiver<Job>) {
    let mut failed: Vec<String> = Vec::new();
    loop {
        let job = tokio::select! {
            job = jobs.recv() => job,
            () = sleep(AGAIN_AFTER), if !failed.is_empty() => {
                let Some(store) = store.upgrade() else { return };
                failed = store.forget_all(failed).await;
                continue;
            }
        };
        let (Some(job), Some(store)) = (job, store.upgrade()) else { return };
        match job {
            Job::Put { key, value, ttl } => store.store(&key, value, ttl).await,
            Job::Forget { prefix } => failed.extend(store.forget_all(vec![prefix]).await),
        }
        if failed.len() > JOBS_MAX {
            store.lock().is_sealed = true;
            failed.clear();
        }
    }
}

impl Store {
    async fn store(&self, key: &str, value: Vec<u8>, ttl: Duration) {
        self.lock().waiting_bytes -= value.len();
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).clamp(1, i64::MAX as u64 / 2);
        let mut set = redis::cmd("SET");
        set.arg(key).arg(value).arg("PX").arg(ttl_ms);
        let is_stored = match self.link.connection(PATIENCE).await {
            Some(connection) => self.ask::<()>(&connection, &set).await.is_some(),
            None => false,
        };
        let totals = &mut self.lock().totals;
        if is_stored {
            totals.stored += 1;
        } else {
            totals.not_stored += 1;
        }
    }

    /// Has these forgotten; gives back those for which that failed.
    async fn forget_all(&self, prefixes: Vec<String>) -> Vec<String> {
        let mut failed = Vec::new();
        for prefix in prefixes {
            if self.forget_one(&prefix).await.is_none() {
                failed.push(prefix);
                continue;
            }
            let mut state = self.lock();
            if let Some(done) = state.forgetting.iter().position(|forgetting| *forgetting == prefix) {
                state.forgetting.swap_remove(done);
            }
        }
        failed
    }

    async fn forget_one(&self, prefix: &str) -> Option<()> {
        let connection = self.link.connection(PATIENCE).await?;
        let pattern = pattern(prefix);
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(SCAN_KEYS);
            let (next, keys): (u64, Vec<Vec<u8>>) = self.ask(&connection, &scan).await?;
            if !keys.is_empty() {
                let mut unlink = redis::cmd("UNLINK");
                unlink.arg(keys);
                self.ask::<u64>(&connection, &unlink).await?;
            }
            if next == 0 {
                return Some(());
            }
            cursor = next;
        }
    }

    /// One question. `None` if it was not answered.
    async fn ask<T: redis::FromRedisValue>(
        &self,
        connection: &Connection,
        command: &redis::Cmd,
    ) -> Option<T> {
        let mut way = connection.connection.clone();
        let answer: Result<Result<T, RedisError>, _> = timeout(PATIENCE, command.query_async(&mut way)).await;
        match answer {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => self.link.failed(connection, &error),
            Err(_) => self.link.hangs(connection),
        }
        self.lock().totals.errors += 1;
        None
    }
}

/// The glob that finds what begins so (Redis, "KEYS": `\` escapes).
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 8);
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\' | '^') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_finds_only_what_begins_so() {
        assert_eq!(pattern("mcptop:1:a*[b]\\"), r"mcptop:1:a\*\[b\]\\*");
    }
}
