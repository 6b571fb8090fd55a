//! The session's clock: monotonic time since its start.

use std::time::{Duration, Instant};

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
}

/// A span as the recording writes it.
#[must_use]
pub(super) fn nanos(span: Duration) -> Nanos {
    Nanos(u32::try_from(span.as_nanos()).unwrap_or(u32::MAX))
}
