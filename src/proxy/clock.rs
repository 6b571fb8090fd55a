//! The session's clock: monotonic time since its start.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use crate::trace::{Micros, Nanos};

/// A moment on the monotonic clock from which all of a session's times count.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that shows zero now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn now(self) -> Micros {
        self.at(Instant::now())
    }

    /// The session's time at `instant`.
    #[must_use]
    pub fn at(self, instant: Instant) -> Micros {
        Micros(u64::try_from(instant.saturating_duration_since(self.0).as_micros()).unwrap_or(u64::MAX))
    }

    /// What time it was in the world when the clock showed zero, in microseconds since 1970.
    #[must_use]
    pub(super) fn epoch_us(self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_micros()).unwrap_or(u64::MAX).saturating_sub(self.now().0)
    }

    /// The moment at which the clock shows this; a century from now for one that no clock will show.
    #[must_use]
    pub(super) fn when(self, at: Micros) -> Instant {
        self.0.checked_add(Duration::from_micros(at.0)).unwrap_or_else(|| self.0 + FAR)
    }
}

/// Longer than any session.
const FAR: Duration = Duration::from_hours(24 * 365 * 100);

/// Nanoseconds since the first call: what rules measure their own cost with.
#[must_use]
pub fn stopwatch() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// A span as the recording writes it.
#[must_use]
pub(super) fn nanos(span: Duration) -> Nanos {
    Nanos(u32::try_from(span.as_nanos()).unwrap_or(u32::MAX))
}
