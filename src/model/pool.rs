//! How a pool of sessions or processes stands, and how it did.
//!
//! Knows nothing of who takes what.

use super::{Absorb, Latency, Series};
use crate::trace::{Micros, PoolReturn, PoolState, PoolTake};

/// A pool over a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolBucket {
    /// The most that were taken.
    pub busy_max: u32,
    /// The most that were open.
    pub open_max: u32,
    /// The most clients that waited.
    pub waiting_max: u32,
    /// How often something was taken.
    pub takes: u32,
    /// How the pool stood at the end; `None` if nothing happened in this time.
    last: Option<PoolState>,
}

impl PoolBucket {
    fn see(&mut self, pool: PoolState) {
        self.busy_max = self.busy_max.max(pool.busy);
        self.open_max = self.open_max.max(pool.open);
        self.waiting_max = self.waiting_max.max(pool.waiting);
    }
}

impl Absorb for PoolBucket {
    fn absorb(&mut self, later: &Self) {
        self.busy_max = self.busy_max.max(later.busy_max);
        self.open_max = self.open_max.max(later.open_max);
        self.waiting_max = self.waiting_max.max(later.waiting_max);
        self.takes = self.takes.saturating_add(later.takes);
        self.last = later.last.or(self.last);
    }
}

/// A pool, from the first to the last thing that happened to it.
#[derive(Clone, Debug)]
pub struct Pool {
    state: PoolState,
    since: Micros,
    takes: [u64; PoolTake::ALL.len()],
    returns: [u64; PoolReturn::ALL.len()],
    waits_us: Latency,
    /// Places times the microseconds they were taken, and open.
    busy_us: u64,
    open_us: u64,
    series: Series<PoolBucket>,
}

impl Pool {
    /// The pool before anything happened to it.
    pub(super) fn new(at: Micros) -> Self {
        Self {
            state: PoolState::default(),
            since: at,
            takes: [0; PoolTake::ALL.len()],
            returns: [0; PoolReturn::ALL.len()],
            waits_us: Latency::default(),
            busy_us: 0,
            open_us: 0,
            series: Series::default(),
        }
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> PoolState {
        self.state
    }

    /// How many are open and not taken.
    #[must_use]
    pub fn idle(&self) -> u32 {
        self.state.open.saturating_sub(self.state.busy)
    }

    /// How often something was taken that came from there.
    #[must_use]
    pub fn takes(&self, how: PoolTake) -> u64 {
        self.takes[place(&PoolTake::ALL, how)]
    }

    /// How often something was taken. Who gave up waiting took nothing.
    #[must_use]
    pub fn takes_all(&self) -> u64 {
        self.takes.iter().sum::<u64>() - self.takes(PoolTake::GaveUp)
    }

    /// The share of takes for which nothing had to be started; `None` before the first.
    #[must_use]
    pub fn ready_share(&self) -> Option<f64> {
        let all = self.takes_all();
        (all > 0).then(|| (all - self.takes(PoolTake::Started)) as f64 / all as f64)
    }

    /// How often something came back with this outcome.
    #[must_use]
    pub fn returns(&self, how: PoolReturn) -> u64 {
        self.returns[place(&PoolReturn::ALL, how)]
    }

    /// How long clients waited, in microseconds.
    #[must_use]
    pub fn waits_us(&self) -> &Latency {
        &self.waits_us
    }

    /// The share of the time of all that were open in which they were taken, until `now`; `None` if none was open yet.
    #[must_use]
    pub fn utilisation(&self, now: Micros) -> Option<f64> {
        let since_us = (now - self.since).0;
        let until = |sum: u64, count: u32| sum.saturating_add(since_us.saturating_mul(u64::from(count)));
        let (busy, open) = (until(self.busy_us, self.state.busy), until(self.open_us, self.state.open));
        (open > 0).then(|| busy as f64 / open as f64)
    }

    /// The time until `now` in so many columns. Where nothing happened the pool stood as before.
    #[must_use]
    pub fn columns(&self, now: Micros, columns: usize) -> Vec<PoolBucket> {
        let mut columns = self.series.columns(now, columns);
        let mut before = PoolState::default();
        for column in &mut columns {
            column.see(before);
            before = column.last.unwrap_or(before);
        }
        columns
    }

    pub(super) fn taken(&mut self, at: Micros, how: PoolTake, waited_us: u32, state: PoolState) {
        self.takes[place(&PoolTake::ALL, how)] += 1;
        self.waits_us.record(u64::from(waited_us));
        let takes = &mut self.put(at, state).takes;
        *takes = takes.saturating_add(1);
    }

    pub(super) fn returned(&mut self, at: Micros, how: PoolReturn, state: PoolState) {
        self.returns[place(&PoolReturn::ALL, how)] += 1;
        self.put(at, state);
    }

    fn put(&mut self, at: Micros, state: PoolState) -> &mut PoolBucket {
        let since_us = (at - self.since).0;
        let grown = |sum: u64, count: u32| sum.saturating_add(since_us.saturating_mul(u64::from(count)));
        self.busy_us = grown(self.busy_us, self.state.busy);
        self.open_us = grown(self.open_us, self.state.open);
        self.since = self.since.max(at);
        self.state = state;
        let bucket = self.series.at(at);
        bucket.see(state);
        bucket.last = Some(state);
        bucket
    }
}

fn place<T: Copy + PartialEq>(all: &[T], one: T) -> usize {
    all.iter().position(|known| *known == one).expect("ALL has every one of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(open: u32, busy: u32, waiting: u32) -> PoolState {
        PoolState { size: 4, open, busy, waiting }
    }

    #[test]
    fn utilisation_is_the_share_of_the_open_time_that_was_taken() {
        let mut pool = Pool::new(Micros(0));
        assert_eq!(pool.utilisation(Micros(9)), None);
        pool.taken(Micros(0), PoolTake::Started, 400, state(2, 1, 0));
        assert_eq!(pool.utilisation(Micros(100)), Some(0.5));
        pool.taken(Micros(100), PoolTake::Prepared, 3, state(2, 2, 0));
        assert_eq!(pool.utilisation(Micros(200)), Some(0.75));
        pool.returned(Micros(200), PoolReturn::Kept, state(2, 0, 0));
        assert_eq!(pool.utilisation(Micros(300)), Some(0.5));
        assert_eq!((pool.idle(), pool.takes_all(), pool.ready_share()), (2, 2, Some(0.5)));
        assert_eq!((pool.waits_us().p50(), pool.waits_us().max()), (Some(3), Some(400)));
    }

    #[test]
    fn where_nothing_happens_the_pool_stands_as_before() {
        let mut pool = Pool::new(Micros(0));
        pool.taken(Micros(0), PoolTake::Started, 0, state(1, 1, 0));
        pool.taken(Micros(4_000_000), PoolTake::Started, 0, state(3, 3, 2));
        pool.returned(Micros(4_000_001), PoolReturn::Lost, state(2, 2, 0));
        let columns = pool.columns(Micros(8_000_000), 8);
        let busy: Vec<u32> = columns.iter().map(|column| column.busy_max).collect();
        assert_eq!(busy, [1, 1, 1, 3, 2, 2, 2, 2]);
        assert_eq!(columns.iter().map(|column| column.waiting_max).max(), Some(2));
        assert_eq!(columns.iter().map(|column| column.takes).sum::<u32>(), 2);
    }
}
