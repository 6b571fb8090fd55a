//! The guard: a tiny process that ends the server's process group when mcptop dies without doing so itself.
//!
//! It waits on a pipe whose other end only mcptop holds. A byte says that all is well; the end of the pipe without
//! it says that mcptop is gone, by whatever signal.

use std::ffi::OsStr;
use std::io::Read;
use std::process::ExitCode;

/// The hidden first argument that makes the program a guard. The second one is the group's id.
pub const ARGUMENT: &str = "__guard";

/// What mcptop writes when the group has ended.
pub(super) const DISMISSED: &[u8] = b".";

/// Runs as the guard if the command line says so. Looked at before anything else, so that a guard stays tiny.
#[must_use]
pub fn run_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != OsStr::new(ARGUMENT) {
        return None;
    }
    let group = arguments.next()?.to_str()?.parse().ok()?;
    // Started as `/proc/self/exe`, it would be listed as `exe`.
    #[cfg(target_os = "linux")]
    let _ = std::fs::write("/proc/self/comm", env!("CARGO_PKG_NAME"));
    let mut word = [0; DISMISSED.len()];
    if std::io::stdin().read_exact(&mut word).is_err() {
        end(group);
    }
    Some(ExitCode::SUCCESS)
}

/// SIGTERM, a moment, SIGKILL. The moment is shorter than the two seconds after which SDK clients lose patience.
#[cfg(unix)]
fn end(group: i32) {
    use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
    use std::time::{Duration, Instant};

    let Some(group) = Pid::from_raw(group) else { return };
    let patience = Instant::now() + Duration::from_millis(1500);
    let _ = kill_process_group(group, Signal::TERM);
    while Instant::now() < patience {
        if test_kill_process_group(group).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = kill_process_group(group, Signal::KILL);
}

/// Job objects end with their last handle: Windows needs no guard.
#[cfg(windows)]
fn end(_group: i32) {}
