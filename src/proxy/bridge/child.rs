//! One process of the server: lines in, lines out, and its end in three steps.
//!
//! Knows nothing of what the lines say, nor of whose they are.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use crate::proxy::clock::nanos;
use crate::proxy::ends::{Input, Output};
use crate::proxy::group::{Group, exit_of};
use crate::proxy::session::{Command, Grace, Observer, StartError, end_stragglers, spawn};
use crate::tap::Stream;
use crate::trace::Exit;
use crate::wire::{LineEnd, Piece, Splitter};

/// The longest line that is taken from a server. No SDK's client accepts one of 16 MiB.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Lines of standard error are for reading; longer ones come in parts.
const STDERR_LINE_BYTES_MAX: usize = 64 * 1024;
/// Lines on their way to the server; who has more to say waits.
const LINES_MAX: usize = 64;
/// What is read at once: as much as a pipe holds on Linux.
const READ_BYTES: usize = 64 * 1024;
/// How long a dead server's pipes, held open by somebody else, may stay silent before nothing more is expected.
const DRAIN: std::time::Duration = std::time::Duration::from_millis(50);

/// What starts the server's processes, and waits for the last of them.
#[derive(Debug)]
pub(super) struct Launcher {
    command: Command,
    grace: Grace,
    is_heard: bool,
    observer: Observer,
    /// Held by every process that is alive.
    alive: mpsc::Sender<()>,
    open: Arc<AtomicU32>,
}

/// The server's process from the outside. Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Child {
    lines: mpsc::Sender<Bytes>,
    ending: watch::Sender<bool>,
    exit: watch::Receiver<Option<Exit>>,
}

/// What the process writes.
pub(super) struct Lines {
    input: Input,
    splitter: Splitter,
    buffer: Box<[u8]>,
    exit: watch::Receiver<Option<Exit>>,
}

/// Why a process says no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// It has ended.
    Exited(Exit),
    /// It has closed its output.
    Closed,
    /// It wrote a line without an end.
    TooLong,
}

impl Launcher {
    /// The launcher, and what ends when the last process has.
    pub(super) fn new(
        command: Command,
        grace: Grace,
        is_heard: bool,
        observer: Observer,
    ) -> (Self, mpsc::Receiver<()>) {
        let (alive, all_gone) = mpsc::channel(1);
        (Self { command, grace, is_heard, observer, alive, open: Arc::default() }, all_gone)
    }

    /// The server as it is called in messages.
    pub(super) fn name(&self) -> String {
        self.command.program.to_string_lossy().into_owned()
    }

    /// How many processes are alive.
    pub(super) fn open(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// Starts a process.
    pub(super) fn start(&self) -> Result<(Child, Lines), StartError> {
        let (process, group, ends) = spawn(&self.command)?;
        let (lines, to_write) = mpsc::channel(LINES_MAX);
        let (ending, end) = watch::channel(false);
        let (exited, exit) = watch::channel(None);
        tokio::spawn(write(ends.stdin, to_write, end.clone()));
        let stderr = tokio::spawn(pass_stderr(ends.stderr, self.is_heard, self.observer.clone()));
        let (grace, alive, open) = (self.grace, self.alive.clone(), self.open.clone());
        open.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let code = keep(process, group, end, grace).await;
            open.fetch_sub(1, Ordering::Relaxed);
            // What it said last is often why it ended.
            let _ = timeout(DRAIN, stderr).await;
            exited.send_replace(Some(code));
            drop(alive);
        });
        let child = Child { lines, ending, exit: exit.clone() };
        let splitter = Splitter::new(LINE_BYTES_MAX);
        Ok((child, Lines { input: ends.stdout, splitter, buffer: vec![0; READ_BYTES].into(), exit }))
    }
}

impl Child {
    /// Writes a line, once there is room for it. `false`: the process takes no more.
    pub(super) async fn write(&self, line: Bytes) -> bool {
        self.lines.send(line).await.is_ok()
    }

    /// Writes a line later if there is no room for it now.
    pub(super) fn write_soon(&self, line: Bytes) {
        if let Err(mpsc::error::TrySendError::Full(line)) = self.lines.try_send(line) {
            let lines = self.lines.clone();
            tokio::spawn(async move {
                let _ = lines.send(line).await;
            });
        }
    }

    /// Ends the process: closes its input, then SIGTERM, then SIGKILL.
    pub(super) fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.exit.borrow().is_some() || self.lines.is_closed()
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}

impl Lines {
    /// The next lines, without their ends, and when they were about to be read.
    pub(super) async fn next(&mut self) -> Result<(Vec<Bytes>, Instant), Over> {
        loop {
            let read = tokio::select! {
                biased;
                read = self.input.read(&mut self.buffer) => read.ok(),
                // Somebody else may hold its output open: what comes at once is still its own.
                exit = exited(&self.exit) => match timeout(DRAIN, self.input.read(&mut self.buffer)).await {
                    Ok(read) => read.ok(),
                    Err(_) => return Err(Over::Exited(exit)),
                },
            };
            let Some((len_bytes @ 1.., woke)) = read else { return Err(self.over().await) };
            let (mut lines, mut is_too_long) = (Vec::new(), false);
            self.splitter.push(&self.buffer[..len_bytes], |piece| match piece {
                Piece::Frame { bytes, .. } => lines.push(Bytes::copy_from_slice(LineEnd::split(bytes).0)),
                Piece::Part(_) => is_too_long = true,
            });
            if is_too_long {
                return Err(Over::TooLong);
            }
            if !lines.is_empty() {
                return Ok((lines, woke));
            }
        }
    }

    /// Its output is at its end; most often because it has ended itself, which is soon known.
    async fn over(&self) -> Over {
        timeout(DRAIN * 10, exited(&self.exit)).await.map_or(Over::Closed, Over::Exited)
    }
}

async fn exited(exit: &watch::Receiver<Option<Exit>>) -> Exit {
    let mut exit = exit.clone();
    match exit.wait_for(Option::is_some).await {
        Ok(exit) => exit.unwrap_or(Exit::Unknown),
        Err(_) => Exit::Unknown,
    }
}

async fn write(mut stdin: Output, mut lines: mpsc::Receiver<Bytes>, mut end: watch::Receiver<bool>) {
    let mut buffer = Vec::new();
    loop {
        let line = tokio::select! {
            // What was asked before the end is still delivered.
            biased;
            line = lines.recv() => line,
            () = asked_to_end(&mut end) => None,
        };
        let Some(line) = line else { return };
        buffer.clear();
        buffer.extend_from_slice(&line);
        buffer.push(b'\n');
        // What waits goes with it: one write for many clients.
        while buffer.len() < READ_BYTES
            && let Ok(line) = lines.try_recv()
        {
            buffer.extend_from_slice(&line);
            buffer.push(b'\n');
        }
        let written = tokio::select! {
            written = stdin.write_all(&buffer) => written,
            // One that does not read would never be ended otherwise.
            () = asked_to_end(&mut end) => return,
        };
        if written.is_err() {
            return;
        }
        buffer.shrink_to(READ_BYTES);
    }
}

/// Waits for the end of a process, or brings it about. Its input is closed by then or soon.
async fn keep(
    mut process: tokio::process::Child,
    mut group: Group,
    mut end: watch::Receiver<bool>,
    grace: Grace,
) -> Exit {
    let status = tokio::select! {
        status = process.wait() => Ok(status),
        // Also when nobody is left who could ask for it.
        () = asked_to_end(&mut end) => Err(()),
    };
    let status = match status {
        Ok(status) => Ok(status),
        Err(()) => timeout(grace.after_eof, process.wait()).await,
    };
    let status = if let Ok(status) = status {
        status
    } else {
        group.terminate();
        let terminated = timeout(grace.after_term, process.wait()).await;
        if terminated.is_err() {
            group.kill();
        }
        // Known by now, or soon.
        process.wait().await
    };
    end_stragglers(&mut group).await;
    status.map_or(Exit::Unknown, exit_of)
}

/// Waits until a process is to end: somebody says so, or nobody is left who could.
async fn asked_to_end(end: &mut watch::Receiver<bool>) {
    let _ = end.wait_for(|is_ending| *is_ending).await;
}

/// Passes on what a process says to people, as it comes; shows it by whole lines, because others speak as well.
async fn pass_stderr(mut from: Input, is_heard: bool, observer: Observer) {
    let mut ours = if is_heard { Output::stderr().ok() } else { None };
    let mut buffer = vec![0; 4096];
    let mut splitter = Splitter::new(STDERR_LINE_BYTES_MAX);
    while let Ok((len_bytes @ 1.., woke)) = from.read(&mut buffer).await {
        // Nobody may be there to read it.
        if let Some(ours) = &mut ours {
            let _ = ours.write_all(&buffer[..len_bytes]).await;
        }
        let Observer { clock, tap: Some(tap), .. } = &observer else { continue };
        splitter.push(&buffer[..len_bytes], |piece| {
            let (Piece::Frame { bytes, .. } | Piece::Part(bytes)) = piece;
            tap.see(Stream::Stderr, clock.at(woke), nanos(woke.elapsed()), bytes);
        });
    }
}

impl Over {
    /// Why, for people.
    pub(super) fn in_words(self) -> Arc<str> {
        match self {
            Self::Exited(Exit::Code(code)) => format!("it ended with status {code}").into(),
            Self::Exited(Exit::Signal(signal)) => format!("it was ended by signal {signal}").into(),
            Self::Exited(Exit::Unknown) => "it ended".into(),
            Self::Closed => "it closed its output".into(),
            Self::TooLong => format!("it wrote a line of more than {} MiB", LINE_BYTES_MAX >> 20).into(),
        }
    }
}

/// Lets what was started for nothing end before it is asked for again.
pub(super) async fn pause() {
    sleep(DRAIN).await;
}
