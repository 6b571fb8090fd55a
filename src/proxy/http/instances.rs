//! The instances of the server, and which of them a request goes to.
//!
//! A session stays with the instance that opened it; everything else goes where the fewest requests are under way.
//! One that cannot be reached rests for a while and is tried again. Knows nothing of requests' bytes.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use super::stall::Stalls;
use super::upstream::Dialer;

/// Sessions whose instance is remembered; beyond, the one not used for longest is forgotten.
const SESSIONS_MAX: NonZeroUsize = NonZeroUsize::new(65_536).expect("it is not zero");
/// How long an instance rests after its first failure; twice as long after each further one.
const REST: Duration = Duration::from_secs(1);
/// The longest rest.
const REST_MAX: Duration = Duration::from_secs(30);

/// All instances: at least one.
pub(super) struct Instances {
    all: Vec<Instance>,
    /// Where to begin to look, so that instances with as little to do take turns.
    turn: AtomicUsize,
    /// Which instance opened a session.
    sessions: Mutex<LruCache<Box<[u8]>, usize>>,
}

/// One instance.
pub(super) struct Instance {
    pub(super) dialer: Dialer,
    pub(super) stalls: Stalls,
    /// Requests under way.
    busy: AtomicU32,
    health: Mutex<Health>,
}

#[derive(Debug, Default)]
struct Health {
    /// Failures since it was last reached.
    failures: u32,
    rests_until: Option<Instant>,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) instance: usize,
    /// Its session is there and nowhere else.
    pub(super) is_bound: bool,
}

/// A request under way, for as long as this lives.
pub(super) struct Busy {
    instances: Arc<Instances>,
    instance: usize,
}

impl Instances {
    pub(super) fn new(dialers: Vec<Dialer>) -> Self {
        let instance = |dialer| Instance {
            dialer,
            stalls: Stalls::default(),
            busy: AtomicU32::new(0),
            health: Mutex::default(),
        };
        Self {
            all: dialers.into_iter().map(instance).collect(),
            turn: AtomicUsize::new(0),
            sessions: Mutex::new(LruCache::new(SESSIONS_MAX)),
        }
    }

    pub(super) fn get(&self, instance: usize) -> &Instance {
        &self.all[instance]
    }

    pub(super) fn dialers(&self) -> impl Iterator<Item = &Dialer> {
        self.all.iter().map(|instance| &instance.dialer)
    }

    /// Whether there is a choice at all.
    pub(super) fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    /// Where a request of this session goes, if it names one. `failed` says which instances it has been to in vain.
    pub(super) fn choose(&self, session: Option<&[u8]>, now: Instant, failed: &[usize]) -> Option<Choice> {
        if !self.are_several() {
            return failed.is_empty().then_some(Choice { instance: 0, is_bound: true });
        }
        if let Some(instance) = session.and_then(|session| lock(&self.sessions).get(session).copied()) {
            return failed.is_empty().then_some(Choice { instance, is_bound: true });
        }
        let count = self.all.len();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        (0..count)
            .map(|step| turn.wrapping_add(step) % count)
            .filter(|at| !failed.contains(at))
            // All that are left may rest: then the one that has rested longest.
            .min_by_key(|at| (self.all[*at].rest_left(now), self.all[*at].busy.load(Ordering::Relaxed)))
            .map(|instance| Choice { instance, is_bound: false })
    }

    /// An instance has a request more, until the answer is dropped.
    pub(super) fn busy(self: &Arc<Self>, instance: usize) -> Busy {
        self.all[instance].busy.fetch_add(1, Ordering::Relaxed);
        Busy { instances: self.clone(), instance }
    }

    /// An instance has opened a session.
    pub(super) fn bind(&self, session: &[u8], instance: usize) {
        if self.are_several() {
            lock(&self.sessions).put(session.into(), instance);
        }
    }
}

impl Instance {
    /// It was reached.
    pub(super) fn worked(&self) {
        *lock(&self.health) = Health::default();
    }

    /// It was not.
    pub(super) fn failed(&self, now: Instant) {
        let mut health = lock(&self.health);
        let rest = REST.saturating_mul(1 << health.failures.min(10)).min(REST_MAX);
        *health = Health { failures: health.failures.saturating_add(1), rests_until: Some(now + rest) };
    }

    fn rest_left(&self, now: Instant) -> Duration {
        lock(&self.health).rests_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.instances.all[self.instance].busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a panic elsewhere left behind is as good as before: every change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::target::Target;
    use super::super::tls::Trust;
    use super::*;

    fn instances(count: usize) -> Arc<Instances> {
        let dialer = |_| {
            let target = Target::parse("http://localhost:1/mcp").unwrap();
            Dialer::new(target, &Trust::Roots(None)).unwrap()
        };
        Arc::new(Instances::new((0..count).map(dialer).collect()))
    }

    fn chosen(instances: &Instances, now: Instant) -> usize {
        instances.choose(None, now, &[]).unwrap().instance
    }

    #[test]
    fn requests_go_where_the_fewest_are_under_way_in_turns() {
        let (instances, now) = (instances(3), Instant::now());
        assert_eq!([0; 6].map(|_| chosen(&instances, now)), [0, 1, 2, 0, 1, 2]);
        let under_way = [0, 1].map(|at| instances.busy(at));
        assert_eq!([0; 3].map(|_| chosen(&instances, now)), [2, 2, 2]);
        drop(under_way);
        assert_eq!([0; 3].map(|_| chosen(&instances, now)), [0, 1, 2]);
    }

    #[test]
    fn a_session_stays_where_it_was_opened() {
        let (instances, now) = (instances(3), Instant::now());
        instances.bind(b"s", 2);
        let choice = instances.choose(Some(b"s"), now, &[]);
        assert_eq!(choice, Some(Choice { instance: 2, is_bound: true }));
        instances.get(2).failed(now);
        assert_eq!(instances.choose(Some(b"s"), now, &[]), choice, "nobody else knows it");
        assert_eq!(instances.choose(Some(b"s"), now, &[2]), None);
    }

    #[test]
    fn one_that_fails_rests_longer_each_time_and_returns() {
        let (instances, now) = (instances(2), Instant::now());
        instances.get(0).failed(now);
        assert_eq!([0; 3].map(|_| chosen(&instances, now)), [1, 1, 1]);
        assert_eq!([0; 2].map(|_| chosen(&instances, now + REST)), [1, 0], "it has its turn again");
        instances.get(0).failed(now);
        assert_eq!([0; 2].map(|_| chosen(&instances, now + REST)), [1, 1]);
        for _ in 0..99 {
            instances.get(0).failed(now);
        }
        assert_eq!([0; 2].map(|_| chosen(&instances, now + REST_MAX)), [1, 0]);
        instances.get(0).worked();
        assert_eq!([0; 2].map(|_| chosen(&instances, now)), [1, 0]);
    }

    #[test]
    fn when_all_rest_the_one_that_returns_first_is_tried() {
        let (instances, now) = (instances(2), Instant::now());
        instances.get(1).failed(now);
        instances.get(0).failed(now);
        instances.get(0).failed(now);
        assert_eq!(chosen(&instances, now), 1);
        assert_eq!(instances.choose(None, now, &[1]).unwrap().instance, 0, "in vain, but not untried");
        assert_eq!(instances.choose(None, now, &[1, 0]), None);
    }
}
