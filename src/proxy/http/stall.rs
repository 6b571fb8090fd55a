//! Answers that arrive in two pieces 40 ms apart, because both kernels are polite: the server's (without
//! `TCP_NODELAY`, Nagle's algorithm) holds a second small piece back until the first is acknowledged, and ours holds
//! the acknowledgement back for 40 ms in the hope of something to send it with.
//!
//! Acknowledging at once (`TCP_QUICKACK`) removes that without touching the server. It costs a system call for each
//! read, so it is done only once the stall has been seen, and no more if it does not help. Pure but for its counters.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What a connection of a kernel with Linux's shortest delay of an acknowledgement (`TCP_DELACK_MIN`, 40 ms) shows, with
/// room for a busy machine.
const GAP: std::ops::Range<Duration> = Duration::from_millis(36)..Duration::from_millis(60);
/// A piece of this size fills a packet, and Nagle's algorithm does not wait after a full one.
const SMALL_BYTES: usize = 1_400;
/// So many stalls are no accident.
const ENOUGH: u32 = 3;
/// So many after that say that acknowledging at once does not help: the server just takes its time.
const TOO_MANY: u32 = 6;

/// What has been seen of a server's answers.
#[derive(Debug, Default)]
pub(super) struct Stalls {
    /// How many stalls there were.
    seen: AtomicU32,
}

/// What a stall means for the connections to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// The server stalls; from now on it is acknowledged at once.
    Stalls,
    /// That does not help, and is given up.
    IsSlow,
}

impl Stalls {
    /// Whether what the server sends is to be acknowledged at once.
    pub(super) fn acknowledges_at_once(&self) -> bool {
        (ENOUGH..ENOUGH + TOO_MANY).contains(&self.seen.load(Ordering::Relaxed))
    }

    /// A piece of an answer came so long after another of so many bytes.
    pub(super) fn see(&self, gap: Duration, before_bytes: usize) -> Option<Finding> {
        if before_bytes >= SMALL_BYTES
            || !GAP.contains(&gap)
            || self.seen.load(Ordering::Relaxed) > ENOUGH + TOO_MANY
        {
            return None;
        }
        match self.seen.fetch_add(1, Ordering::Relaxed) + 1 {
            ENOUGH => Some(Finding::Stalls),
            seen if seen == ENOUGH + TOO_MANY => Some(Finding::IsSlow),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_stalls_again_and_again_is_acknowledged_at_once() {
        let stalls = Stalls::default();
        let stall = Duration::from_millis(41);
        assert_eq!(stalls.see(Duration::from_millis(5), 100), None);
        assert_eq!(stalls.see(Duration::from_millis(200), 100), None);
        assert_eq!(stalls.see(stall, 1_448), None, "a full packet waits for nothing");
        let found: Vec<_> = (0..ENOUGH).map(|_| stalls.see(stall, 100)).collect();
        assert_eq!(found, [None, None, Some(Finding::Stalls)]);
        assert!(stalls.acknowledges_at_once());
        let found: Vec<_> = (0..TOO_MANY + 3).filter_map(|_| stalls.see(stall, 100)).collect();
        assert_eq!(found, [Finding::IsSlow]);
        assert!(!stalls.acknowledges_at_once());
    }
}
