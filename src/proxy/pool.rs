//! A bounded number of things that are expensive to open, lent to one user at a time.
//!
//! What is lent fits its user: it has the user's key. Who finds none waits in line, and the line is served in its order.
//! Knows nothing of what is lent; whatever is dropped ends itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::trace::PoolState;

/// What has to fit: users with equal keys may use the same thing.
pub(crate) type Key = u128;

/// Things of type `T`: at most `size` exist at a time, lent or idle.
pub(crate) struct Pool<T> {
    state: Mutex<State<T>>,
    size: usize,
}

struct State<T> {
    /// Those that exist or are being opened.
    open: usize,
    /// Those that nobody uses, the one used last at the back.
    idle: VecDeque<Idle<T>>,
    /// Who waits, the first at the front.
    line: VecDeque<Waiter<T>>,
}

struct Idle<T> {
    key: Key,
    thing: T,
    since: Instant,
}

struct Waiter<T> {
    key: Key,
    hand: oneshot::Sender<Grant<T>>,
}

/// What somebody gets who asks.
pub(crate) enum Grant<T> {
    /// One that has been used before.
    Used(Lease<T>),
    /// The right to open one.
    Fresh(Place<T>),
    /// Nothing: too many wait already.
    Nothing,
}

/// Those who may wait. What they asked waits in memory with them.
const LINE_MAX: usize = 1_024;

/// The right to open one. Dropped without [`Place::fill`], it is free for others.
pub(crate) struct Place<T> {
    pool: Arc<Pool<T>>,
    key: Key,
    /// Whether an idle thing has it.
    is_kept: bool,
}

/// One of them, lent. Dropped without [`Lease::give_back`], it is not used again.
pub(crate) struct Lease<T> {
    thing: T,
    place: Place<T>,
}

impl<T> Pool<T> {
    /// An empty pool for at most `size` things, at least one.
    pub(crate) fn new(size: usize) -> Arc<Self> {
        let state = State { open: 0, idle: VecDeque::new(), line: VecDeque::new() };
        Arc::new(Self { state: Mutex::new(state), size: size.max(1) })
    }

    /// Gets a thing with this key, or the right to open one, for which an idle one of another key may have to go. Waits
    /// in line where neither is to be had.
    pub(crate) async fn take(self: &Arc<Self>, key: Key) -> Grant<T> {
        let handed = {
            let mut state = self.lock();
            if let Some(at) = state.idle.iter().rposition(|idle| idle.key == key) {
                let idle = state.idle.remove(at).expect("it was found there");
                return Grant::Used(self.place(key).fill(idle.thing));
            }
            let in_its_place = (state.open >= self.size).then(|| state.idle.pop_front());
            match in_its_place {
                None => {
                    state.open += 1;
                    return Grant::Fresh(self.place(key));
                }
                Some(Some(idle)) => {
                    drop(state);
                    drop(idle);
                    return Grant::Fresh(self.place(key));
                }
                Some(None) => {}
            }
            state.line.retain(|waiter| !waiter.hand.is_closed());
            if state.line.len() >= LINE_MAX {
                return Grant::Nothing;
            }
            let (hand, handed) = oneshot::channel();
            state.line.push_back(Waiter { key, hand });
            handed
        };
        handed.await.expect("who stands in line keeps the pool, and is let go only with something in hand")
    }

    /// Lets those go that nobody has used for so long; says how many.
    pub(crate) fn expire(&self, now: Instant, idle_for: Duration) -> usize {
        let mut state = self.lock();
        let is_fresh = |idle: &Idle<T>| now.saturating_duration_since(idle.since) < idle_for;
        let fresh_at = state.idle.iter().position(is_fresh).unwrap_or(state.idle.len());
        let expired: Vec<Idle<T>> = state.idle.drain(..fresh_at).collect();
        state.open -= expired.len();
        // They may ask how the pool stands while they end.
        drop(state);
        expired.len()
    }

    /// How it stands.
    pub(crate) fn state(&self) -> PoolState {
        let state = self.lock();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        PoolState {
            size: count(self.size),
            open: count(state.open),
            busy: count(state.open - state.idle.len()),
            waiting: count(state.line.iter().filter(|waiter| !waiter.hand.is_closed()).count()),
        }
    }

    fn place(self: &Arc<Self>, key: Key) -> Place<T> {
        Place { pool: self.clone(), key, is_kept: false }
    }

    /// What a panic elsewhere left behind counts right: every change is made whole under the lock.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// The first in line who has not given up waiting.
    fn next_in_line(&mut self) -> Option<Waiter<T>> {
        std::iter::from_fn(|| self.line.pop_front()).find(|waiter| !waiter.hand.is_closed())
    }
}

impl<T> Place<T> {
    /// It has been opened.
    pub(crate) fn fill(self, thing: T) -> Lease<T> {
        Lease { thing, place: self }
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        let mut state = self.pool.lock();
        let next = state.next_in_line();
        if next.is_none() {
            state.open -= 1;
        }
        drop(state);
        if let Some(Waiter { key, hand }) = next {
            // If nobody takes it any more, it comes by here again.
            let _ = hand.send(Grant::Fresh(self.pool.place(key)));
        }
    }
}

impl<T> Lease<T> {
    /// The thing itself.
    pub(crate) fn get(&self) -> &T {
        &self.thing
    }

    /// Returns it: to the first in line if it fits, else to the pool. Where somebody in line needs another, it ends.
    pub(crate) fn give_back(self) {
        let Self { thing, mut place } = self;
        let pool = place.pool.clone();
        let mut state = pool.lock();
        match state.next_in_line() {
            None => {
                place.is_kept = true;
                state.idle.push_back(Idle { key: place.key, thing, since: Instant::now() });
            }
            Some(Waiter { key, hand }) => {
                drop(state);
                let fits = key == place.key;
                place.key = key;
                let _ = hand.send(if fits { Grant::Used(place.fill(thing)) } else { Grant::Fresh(place) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};

    /// Counts how many of it there are.
    struct Thing {
        key: Key,
        alive: Arc<AtomicUsize>,
    }

    impl Drop for Thing {
        fn drop(&mut self) {
            self.alive.fetch_sub(1, Ordering::Relaxed);
        }
    }

    type Taking = Pin<Box<dyn Future<Output = Grant<Thing>>>>;

    struct Play {
        pool: Arc<Pool<Thing>>,
        alive: Arc<AtomicUsize>,
    }

    impl Play {
        fn new(size: usize) -> Self {
            Self { pool: Pool::new(size), alive: Arc::default() }
        }

        fn take(&self, key: Key) -> Taking {
            let pool = self.pool.clone();
            Box::pin(async move { pool.take(key).await })
        }

        fn poll(&self, taking: &mut Taking) -> Option<Lease<Thing>> {
            match taking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Grant::Used(lease)) => Some(lease),
                Poll::Ready(Grant::Fresh(place)) => {
                    self.alive.fetch_add(1, Ordering::Relaxed);
                    let key = place.key;
                    Some(place.fill(Thing { key, alive: self.alive.clone() }))
                }
                Poll::Ready(Grant::Nothing) => panic!("there is room in line"),
                Poll::Pending => None,
            }
        }

        fn taken(&self, key: Key) -> Lease<Thing> {
            self.poll(&mut self.take(key)).unwrap()
        }

        fn standing(&self) -> (u32, u32, u32) {
            let PoolState { open, busy, waiting, .. } = self.pool.state();
            (open, busy, waiting)
        }
    }

    #[test]
    fn what_fits_is_used_again() {
        let play = Play::new(2);
        play.taken(1).give_back();
        assert_eq!(play.standing(), (1, 0, 0));
        let (_one, two) = (play.taken(1), play.taken(1));
        assert_eq!((play.standing(), play.alive.load(Ordering::Relaxed)), ((2, 2, 0), 2));
        two.give_back();
        let other = play.taken(2);
        assert_eq!(other.get().key, 2);
        assert_eq!(
            (play.standing(), play.alive.load(Ordering::Relaxed)),
            ((2, 2, 0), 2),
            "in the other's place"
        );
    }

    #[test]
    fn the_line_is_served_in_its_order() {
        let play = Play::new(1);
        let held = play.taken(1);
        let [mut first, mut gone, mut second, mut third] = [1, 1, 2, 1].map(|key| play.take(key));
        for taking in [&mut first, &mut gone, &mut second, &mut third] {
            assert!(play.poll(taking).is_none());
        }
        drop(gone);
        assert_eq!(play.standing(), (1, 1, 3));
        held.give_back();
        assert!(play.poll(&mut third).is_none() && play.poll(&mut second).is_none());
        let used = play.poll(&mut first).unwrap();
        used.give_back();
        let fresh = play.poll(&mut second).unwrap();
        assert_eq!((fresh.get().key, play.alive.load(Ordering::Relaxed)), (2, 1));
        drop(fresh);
        assert_eq!(play.poll(&mut third).unwrap().get().key, 1);
    }

    #[test]
    fn the_line_has_an_end_and_keeps_nobody_who_has_left() {
        let play = Play::new(1);
        let _held = play.taken(1);
        let cx = &mut Context::from_waker(Waker::noop());
        let mut line: Vec<Taking> = (0..LINE_MAX).map(|_| play.take(1)).collect();
        assert!(line.iter_mut().all(|taking| taking.as_mut().poll(cx).is_pending()));
        assert!(matches!(play.take(1).as_mut().poll(cx), Poll::Ready(Grant::Nothing)));
        line.pop();
        assert!(play.take(1).as_mut().poll(cx).is_pending());
    }

    #[test]
    fn what_was_handed_to_somebody_who_has_left_is_free_again() {
        let play = Play::new(1);
        let held = play.taken(1);
        let mut waiting = play.take(1);
        assert!(play.poll(&mut waiting).is_none());
        held.give_back();
        drop(waiting);
        assert_eq!((play.standing(), play.alive.load(Ordering::Relaxed)), ((0, 0, 0), 0));
    }

    #[test]
    fn what_is_idle_for_too_long_goes() {
        let play = Play::new(3);
        let (one, two) = (play.taken(1), play.taken(1));
        one.give_back();
        assert_eq!(play.pool.expire(Instant::now(), Duration::from_secs(9)), 0);
        assert_eq!(play.pool.expire(Instant::now() + Duration::from_secs(10), Duration::from_secs(9)), 1);
        assert_eq!((play.standing(), play.alive.load(Ordering::Relaxed)), ((1, 1, 0), 1));
        drop(two);
    }

    proptest! {
        #[test]
        fn never_more_than_its_size_exist_and_everybody_is_served_in_the_end(
            size in 1_usize..4,
            steps in proptest::collection::vec((0_u8..4, 0_usize..8, 0_u128..3), 0..80),
        ) {
            let play = Play::new(size);
            let (mut takings, mut leases): (Vec<Taking>, Vec<Lease<Thing>>) = (Vec::new(), Vec::new());
            for (step, at, key) in steps {
                match step {
                    0 => takings.push(play.take(key)),
                    1 if !leases.is_empty() => leases.swap_remove(at % leases.len()).give_back(),
                    2 if !leases.is_empty() => drop(leases.swap_remove(at % leases.len())),
                    3 if !takings.is_empty() => drop(takings.swap_remove(at % takings.len())),
                    _ => assert!(play.pool.expire(Instant::now(), Duration::ZERO) <= size),
                }
                takings.retain_mut(|taking| play.poll(taking).map(|lease| leases.push(lease)).is_none());
                prop_assert!(play.alive.load(Ordering::Relaxed) <= size);
                prop_assert!(takings.is_empty() || leases.len() == size, "who waits waits for somebody");
            }
            while let Some(lease) = leases.pop() {
                lease.give_back();
                takings.retain_mut(|taking| play.poll(taking).map(|lease| leases.push(lease)).is_none());
            }
            prop_assert!(takings.is_empty());
            let _ = play.pool.expire(Instant::now(), Duration::ZERO);
            prop_assert_eq!((play.standing(), play.alive.load(Ordering::Relaxed)), ((0, 0, 0), 0));
        }
    }
}
