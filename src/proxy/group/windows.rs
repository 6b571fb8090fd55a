//! A job object: Windows ends its members when the last handle to it closes, however we die.

use std::io;
use std::process::ExitStatus;

use tokio::process::{Child, Command};
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};
use win32job::{ExtendedLimitInfo, Job};

use crate::trace::Exit;

/// A child's job object.
pub(in crate::proxy) struct Group {
    job: Option<Job>,
}

impl Group {
    /// Starts a child in a new job object.
    pub(in crate::proxy) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let mut limits = ExtendedLimitInfo::new();
        limits.limit_kill_on_job_close();
        let job = Job::create_with_limit_info(&limits).map_err(io::Error::other)?;
        let child = command.kill_on_drop(true).spawn()?;
        let handle = child.raw_handle().ok_or_else(|| io::Error::other("the child ended at once"))?;
        job.assign_process(handle as isize).map_err(io::Error::other)?;
        Ok((child, Self { job: Some(job) }))
    }

    /// There is nothing to pass on: a console's signals reach every process attached to it.
    #[expect(clippy::unused_self, reason = "the same calls as on Unix")]
    pub(in crate::proxy) fn forward(&self, _signal: Caught) {}

    /// Windows has no polite way to end a process without a window; closing its input was it.
    #[expect(clippy::unused_self, reason = "the same calls as on Unix")]
    pub(in crate::proxy) fn terminate(&self) {}

    /// Ends the whole job.
    pub(in crate::proxy) fn kill(&mut self) {
        self.job = None;
    }

    /// Whether members are left.
    pub(in crate::proxy) fn has_members(&self) -> bool {
        self.job
            .as_ref()
            .and_then(|job| job.query_process_id_list().ok())
            .is_some_and(|list| !list.is_empty())
    }

    /// The group has ended.
    pub(in crate::proxy) fn release(&mut self) {
        self.job = None;
    }
}

/// How a process ended.
pub(in crate::proxy) fn exit_of(status: ExitStatus) -> Exit {
    status.code().map_or(Exit::Unknown, Exit::Code)
}

/// A console event that was sent to us.
#[derive(Clone, Copy)]
pub(in crate::proxy) struct Caught(&'static str);

impl Caught {
    /// Its name.
    pub(in crate::proxy) fn name(self) -> &'static str {
        self.0
    }
}

/// The console events a wrapper sees.
pub(in crate::proxy) struct Signals {
    interrupt: CtrlC,
    stop: CtrlBreak,
    close: CtrlClose,
}

impl Signals {
    /// Catches them from now on.
    pub(in crate::proxy) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()?, stop: ctrl_break()?, close: ctrl_close()? })
    }

    /// The next one.
    pub(in crate::proxy) async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.interrupt.recv() => Caught("Ctrl-C"),
            _ = self.stop.recv() => Caught("Ctrl-Break"),
            _ = self.close.recv() => Caught("the console was closed"),
        }
    }
}
