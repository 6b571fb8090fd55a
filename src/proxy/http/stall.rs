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
/// So many although they were acknowledged at once say that this does not help: the server just takes its time.
const TOO_MANY: u32 = 6;

/// What has been seen of a server's answers.
#[derive(Debug, Default)]
pub(super) struct Stalls {
    seen: AtomicU32,
    /// Those in answers to requests after which everything was acknowledged at once.
    in_vain: AtomicU32,
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
        self.seen.load(Ordering::Relaxed) >= ENOUGH && self.in_vain.load(Ordering::Relaxed) < TOO_MANY
    }

    /// A piece of an answer came so long after another of so many bytes; `at_once` says whether everything was
    /// acknowledged at once since the request.
    pub(super) fn see(&self, gap: Duration, before_bytes: usize, at_once: bool) -> Option<Finding> {
        if before_bytes >= SMALL_BYTES || !GAP.contains(&gap) {
            return None;
        }
        let (count, limit, finding) = if at_once {
            (&self.in_vain, TOO_MANY, Finding::IsSlow)
        } else {
            (&self.seen, ENOUGH, Finding::Stalls)
        };
        // Beyond its limit a count stands still, so that it says nothing twice and never starts anew.
        let counted =
            count.try_update(Ordering::Relaxed, Ordering::Relaxed, |seen| (seen < limit).then_some(seen + 1));
        (counted == Ok(limit - 1)).then_some(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL: Duration = Duration::from_millis(41);

    #[test]
    fn a_server_that_stalls_again_and_again_is_acknowledged_at_once() {
        let stalls = Stalls::default();
        assert_eq!(stalls.see(Duration::from_millis(5), 100, false), None);
        assert_eq!(stalls.see(Duration::from_millis(200), 100, false), None);
        assert_eq!(stalls.see(STALL, 1_448, false), None, "a full packet waits for nothing");
        // Many connections may stall before any of them is acknowledged at once.
        let found: Vec<_> = (0..50).filter_map(|_| stalls.see(STALL, 100, false)).collect();
        assert_eq!(found, [Finding::Stalls]);
        assert!(stalls.acknowledges_at_once());
    }

    #[test]
    fn what_does_not_help_is_given_up() {
        let stalls = Stalls::default();
        (0..ENOUGH).for_each(|_| assert!(stalls.see(STALL, 100, false) != Some(Finding::IsSlow)));
        let found: Vec<_> = (0..50).filter_map(|_| stalls.see(STALL, 100, true)).collect();
        assert_eq!(found, [Finding::IsSlow]);
        assert!(!stalls.acknowledges_at_once());
    }
}
