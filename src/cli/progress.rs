//! How far a long reading is, as a bar on standard error: only in a terminal, and only when it takes more than a second.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// Nothing is shown before this.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is drawn.
const TICK: Duration = Duration::from_millis(100);
/// Cells of the bar.
const CELLS: u64 = 30;

/// A bar. What it drew is gone when it is dropped.
pub(super) struct Progress {
    what: &'static str,
    is_terminal: bool,
    next: Instant,
    is_drawn: bool,
}

impl Progress {
    /// Of a piece of work.
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, is_terminal: stderr().is_terminal(), next: Instant::now() + PATIENCE, is_drawn: false }
    }

    /// So much of the whole is done.
    pub(super) fn at(&mut self, done: u64, whole: u64) {
        let now = Instant::now();
        if !self.is_terminal || now < self.next {
            return;
        }
        self.next = now + TICK;
        self.is_drawn = true;
        let _ = write!(stderr(), "\r\x1b[K{}", line(self.what, done, whole));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_drawn {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

fn line(what: &str, done: u64, whole: u64) -> String {
    let whole = whole.max(1);
    let done = done.min(whole);
    let filled = done.saturating_mul(CELLS) / whole;
    let bar: String = (0..CELLS).map(|cell| if cell < filled { '#' } else { '-' }).collect();
    format!("{what} [{bar}] {:>3} %", done.saturating_mul(100) / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_work_is_done() {
        assert_eq!(line("reading", 0, 10), "reading [------------------------------]   0 %");
        assert_eq!(line("reading", 5, 10), "reading [###############---------------]  50 %");
        assert_eq!(line("reading", 11, 10), "reading [##############################] 100 %");
        assert!(line("reading", 0, 0).ends_with("  0 %"));
    }
}
