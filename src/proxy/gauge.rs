//! How a pool of sessions or processes does, for whoever asks a running proxy.
//!
//! Fed with what is told of the pool, whether that is recorded or not.

use std::sync::{Arc, Mutex, PoisonError};

use crate::trace::{Fact, PoolState, PoolTake};

/// A pool since its first client. Clones show the same one.
#[derive(Clone, Debug, Default)]
pub struct PoolGauge(Arc<Mutex<Option<PoolTotals>>>);

/// What has become of a pool so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolTotals {
    /// How it stands.
    pub state: PoolState,
    /// How often a client took something out of it.
    pub taken: u64,
    /// How often that was there already.
    pub ready: u64,
    /// How often one waited for nothing.
    pub gave_up: u64,
    /// How long clients waited, together, in microseconds.
    pub waited_us: u64,
    /// The longest wait, in microseconds.
    pub waited_us_max: u32,
}

impl PoolGauge {
    /// How the pool does; `None` if there is none, or nobody has taken anything yet.
    #[must_use]
    pub fn read(&self) -> Option<PoolTotals> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes notice of what is told.
    pub(super) fn see(&self, fact: &Fact<'_>) {
        let (Fact::PoolTaken { pool, .. } | Fact::PoolReturned { pool, .. }) = fact else { return };
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let totals = totals.get_or_insert_default();
        totals.state = *pool;
        if let Fact::PoolTaken { how, waited_us, .. } = fact {
            totals.taken += u64::from(*how != PoolTake::GaveUp);
            totals.ready += u64::from(!matches!(how, PoolTake::Started | PoolTake::GaveUp));
            totals.gave_up += u64::from(*how == PoolTake::GaveUp);
            totals.waited_us += u64::from(*waited_us);
            totals.waited_us_max = totals.waited_us_max.max(*waited_us);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::PoolReturn;

    #[test]
    fn takes_add_up_and_the_last_state_stands() {
        let gauge = PoolGauge::default();
        gauge.see(&Fact::Note { text: "x".into() });
        assert_eq!(gauge.read(), None);
        let pool = |busy| PoolState { size: 2, open: 2, busy, waiting: 0 };
        for (how, waited_us) in [(PoolTake::Started, 400), (PoolTake::Reused, 1)] {
            gauge.see(&Fact::PoolTaken { session: "s".into(), how, waited_us, pool: pool(2) });
        }
        gauge.see(&Fact::PoolReturned { how: PoolReturn::Kept, pool: pool(1) });
        let wanted =
            PoolTotals { state: pool(1), taken: 2, ready: 1, gave_up: 0, waited_us: 401, waited_us_max: 400 };
        assert_eq!(gauge.clone().read(), Some(wanted));
    }
}
