//! A process group, watched over by a guard process that outlives us.

use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::proxy::guard;
use crate::trace::Exit;

/// A child's process group.
pub(in crate::proxy) struct Group {
    id: Pid,
    guard: Option<(std::process::Child, ChildStdin)>,
}

impl Group {
    /// Starts a child as the leader of a new group.
    pub(in crate::proxy) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let child = command.process_group(0).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let id = id.ok_or_else(|| io::Error::other("the child ended before it could be watched"))?;
        Ok((child, Self { id, guard: start_guard(id).ok() }))
    }

    /// Passes a signal on to the whole group.
    pub(in crate::proxy) fn forward(&self, signal: Caught) {
        let _ = kill_process_group(self.id, signal.0);
    }

    /// Asks the whole group to end.
    pub(in crate::proxy) fn terminate(&self) {
        let _ = kill_process_group(self.id, Signal::TERM);
    }

    /// Ends the whole group.
    pub(in crate::proxy) fn kill(&mut self) {
        let _ = kill_process_group(self.id, Signal::KILL);
    }

    /// Whether members are left. Meaningful once the leader has been waited for.
    pub(in crate::proxy) fn has_members(&self) -> bool {
        test_kill_process_group(self.id).is_ok()
    }

    /// The group has ended: nothing is left to guard, and its id may soon be another's.
    pub(in crate::proxy) fn release(&mut self) {
        if let Some((mut guard, mut line)) = self.guard.take() {
            let _ = line.write_all(guard::DISMISSED);
            drop(line);
            let _ = guard.wait();
        }
    }
}

/// Without a guard the session works; only a SIGKILL of mcptop could then leave a server that ignores its closed input.
fn start_guard(group: Pid) -> io::Result<(std::process::Child, ChildStdin)> {
    let mut guard = std::process::Command::new(ourselves()?)
        .arg0(env!("CARGO_PKG_NAME"))
        .arg(guard::ARGUMENT)
        .arg(group.as_raw_nonzero().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let line = guard.stdin.take().ok_or_else(|| io::Error::other("the guard has no pipe"))?;
    Ok((guard, line))
}

/// The program that runs, under whatever name. On Linux that is the very file, even when an upgrade has removed it or
/// put another version in its place; elsewhere the path it was started from has to do.
fn ourselves() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe()
}

/// How a process ended.
pub(in crate::proxy) fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

/// A signal that was sent to us.
#[derive(Clone, Copy)]
pub(in crate::proxy) struct Caught(Signal);

impl Caught {
    /// Its name.
    pub(in crate::proxy) fn name(self) -> &'static str {
        match self.0 {
            Signal::HUP => "SIGHUP",
            Signal::INT => "SIGINT",
            _ => "SIGTERM",
        }
    }
}

/// The signals a wrapper passes on.
pub(in crate::proxy) struct Signals {
    terminate: Stream,
    interrupt: Stream,
    hang_up: Stream,
    /// Caught so that a file size limit (`ulimit -f`) ends a recording instead of us.
    _too_large: Stream,
}

impl Signals {
    /// Catches them from now on.
    pub(in crate::proxy) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            _too_large: signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?,
        })
    }

    /// The next one.
    pub(in crate::proxy) async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.terminate.recv() => Caught(Signal::TERM),
            _ = self.interrupt.recv() => Caught(Signal::INT),
            _ = self.hang_up.recv() => Caught(Signal::HUP),
        }
    }
}
