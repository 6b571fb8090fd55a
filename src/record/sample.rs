//! What the server's process tree uses: resident memory and processor time.
//!
//! Read from `/proc` on Linux; other systems offer it only through calls this crate does not make.

use crate::trace::Fact;

/// Looks at a process and its descendants.
pub(super) struct Sampler {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only /proc is asked"))]
    pid: u32,
}

/// A tree of more processes than this is summed over the first of them.
#[cfg(target_os = "linux")]
const PROCESSES_MAX: usize = 256;

impl Sampler {
    /// A sampler for a process, where the system tells about it.
    pub(super) fn of(pid: u32) -> Option<Self> {
        cfg!(target_os = "linux").then_some(Self { pid })
    }

    /// What the tree uses now; `None` once it is gone.
    #[cfg(target_os = "linux")]
    pub(super) fn look(&mut self) -> Option<Fact<'static>> {
        let mut tree = vec![self.pid];
        let (mut rss_bytes, mut cpu_us, mut next) = (0, 0, 0);
        while let Some(pid) = tree.get(next).copied().filter(|_| next < PROCESSES_MAX) {
            if let Some((rss, cpu)) = usage(pid) {
                rss_bytes += rss;
                cpu_us += cpu;
            }
            tree.extend(children(pid));
            next += 1;
        }
        (rss_bytes > 0).then_some(Fact::Sample { rss_bytes, cpu_us })
    }

    /// Nothing is known here.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn look(&mut self) -> Option<Fact<'static>> {
        None
    }
}

/// Resident bytes and processor microseconds, from `/proc/PID/stat` (`proc_pid_stat(5)`: fields 14, 15 and 24).
#[cfg(target_os = "linux")]
fn usage(pid: u32) -> Option<(u64, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold spaces and brackets; fields are counted from behind its last bracket, at field 3.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let tick_us = 1_000_000 / rustix::param::clock_ticks_per_second();
    let page_bytes = rustix::param::page_size() as u64;
    Some((number(24)? * page_bytes, (number(14)? + number(15)?) * tick_us))
}

#[cfg(target_os = "linux")]
fn children(pid: u32) -> Vec<u32> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_uses_memory() {
        let Some(Fact::Sample { rss_bytes, .. }) = Sampler::of(std::process::id()).unwrap().look() else {
            panic!()
        };
        assert!(rss_bytes > 100_000);
    }

    #[test]
    fn a_process_that_is_gone_uses_nothing() {
        assert_eq!(Sampler::of(u32::MAX - 1).unwrap().look(), None);
    }
}
