//! One wrapped server from start to end: three relays, the signals, and the end of the process group.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use thiserror::Error;
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::clock::Clock;
use super::ends::{Ends, Reader, ServerEnds};
use super::gauge::PoolGauge;
use super::group::{Group, Signals, exit_of};
use super::relay::{Crossing, End, Pulse, Relay};
use super::rulebook::Rulebook;
use crate::tap::{Stream, Tap};
use crate::trace::{Exit, Fact};
use crate::wire::{Direction, Peer};

/// The command of a stdio server.
#[derive(Clone, Debug)]
pub struct Command {
    /// The program, found in `PATH` as a shell would.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// How long a server may take to end.
#[derive(Clone, Copy, Debug)]
pub struct Grace {
    /// After the client has closed its side and the server has said nothing more, until SIGTERM.
    pub after_eof: Duration,
    /// From SIGTERM until SIGKILL.
    pub after_term: Duration,
}

/// Who looks at the traffic.
#[derive(Clone, Debug)]
pub struct Observer {
    /// The session's clock.
    pub clock: Clock,
    /// The one-way door; `None` when nothing is recorded.
    pub tap: Option<Tap>,
    /// Shows how the pool does, if there is one.
    pub pool: PoolGauge,
}

/// The server could not be started.
#[derive(Debug, Error)]
#[error("cannot start `{}`: {}", program.display(), reason(program, source))]
pub struct StartError {
    /// What was to be started.
    pub program: OsString,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

fn reason(program: &OsStr, error: &io::Error) -> String {
    let is_path = Path::new(program).components().count() > 1 || Path::new(program).is_absolute();
    match error.kind() {
        // A script also counts as missing when the interpreter its first line names is.
        io::ErrorKind::NotFound if Path::new(program).exists() => "its interpreter does not exist".to_owned(),
        io::ErrorKind::NotFound if program.is_empty() => "no program is named".to_owned(),
        io::ErrorKind::NotFound if is_path => match address(program) {
            Some(url) => format!("there is no such file; if it is the address of a server, write {url}"),
            None => "there is no such file".to_owned(),
        },
        io::ErrorKind::NotFound => "there is no such program in PATH".to_owned(),
        io::ErrorKind::PermissionDenied => "it is not executable".to_owned(),
        _ => error.to_string(),
    }
}

/// The address that was probably meant by what is no program: a host with a path whose scheme was left out, or one with a
/// scheme that no server has.
fn address(program: &OsStr) -> Option<String> {
    let text = program.to_str()?;
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (authority, _) = rest.split_once('/')?;
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let is_local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
    let is_name = !host.starts_with('.') && host.contains('.');
    let scheme = if is_local || port.is_some() { "http" } else { "https" };
    (is_port && !host.is_empty() && (is_local || is_name || port.is_some()))
        .then(|| format!("{scheme}://{rest}"))
}

/// A server that has been started and is not connected yet.
pub struct Wrapped {
    child: Child,
    group: Group,
    server: ServerEnds,
    signals: Signals,
}

/// Starts the server with our environment and working folder, in a group of its own. Call inside a tokio runtime.
///
/// # Errors
/// If the program does not exist or may not be run.
pub fn start(command: &Command) -> Result<Wrapped, StartError> {
    let failed = |source| StartError { program: command.program.clone(), source };
    let signals = Signals::listen().map_err(failed)?;
    let (child, group, server) = spawn(command)?;
    Ok(Wrapped { child, group, server, signals })
}

/// Starts the command with pipes to all three of its standard streams.
pub(super) fn spawn(command: &Command) -> Result<(Child, Group, ServerEnds), StartError> {
    let failed = |source| StartError { program: command.program.clone(), source };
    let mut process = tokio::process::Command::new(&command.program);
    process.args(&command.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (mut child, group) = Group::spawn(&mut process).map_err(failed)?;
    let server = ServerEnds::take(&mut child).map_err(failed)?;
    Ok((child, group, server))
}

impl Wrapped {
    /// The server's process id.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Connects our standard streams to the server's and stays until the server has ended. The rules may act on what passes.
    ///
    /// # Errors
    /// If our own standard streams cannot be used at all.
    pub async fn run(self, observer: Observer, rules: &Rulebook, grace: Grace) -> io::Result<Exit> {
        let pid = self.pid();
        observer.tell(Fact::Started { pid });
        let mut session = Session::connect(self, observer, rules, grace)?;
        let exit = session.until_exit().await;
        session.after_exit().await;
        let Session { observer, why, .. } = session;
        observer.tell(Fact::Ended { exit, why: why.into() });
        Ok(exit)
    }
}

impl Observer {
    /// Something happened that is no traffic.
    pub(super) fn tell(&self, fact: Fact<'static>) {
        self.pool.see(&fact);
        if let Some(tap) = &self.tap {
            tap.tell(self.clock.now(), fact);
        }
    }

    fn relay(&self, stream: Stream) -> (Relay, Arc<Pulse>) {
        let pulse = Arc::new(Pulse::default());
        let relay = Relay { stream, tap: self.tap.clone(), clock: self.clock, pulse: pulse.clone() };
        (relay, pulse)
    }
}

/// A relay that runs as a task.
struct Running {
    task: JoinHandle<End>,
    pulse: Arc<Pulse>,
    open: bool,
}

struct Session {
    child: Child,
    group: Group,
    signals: Signals,
    observer: Observer,
    grace: Grace,
    ends: Ends,
    to_server: Running,
    to_client: Running,
    stderr: Running,
    /// Lets go on what rules hold back.
    timers: JoinHandle<()>,
    /// Tells of the client's end once its input no longer can.
    client_gone: Option<JoinHandle<()>>,
    deadline: Option<Deadline>,
    why: &'static str,
}

/// What comes next for a server that should have ended by itself.
enum Deadline {
    /// SIGTERM, unless it goes on talking: `chunks` is how much it had said.
    Terminate { at: Instant, chunks: u64 },
    /// SIGKILL.
    Kill { at: Instant },
}

/// How often a server that ends is looked at again: whether a slow client has read on, and whether the output of a
/// dead one has ended while something else holds its pipe open.
const DRAIN_TICK: Duration = Duration::from_millis(50);
/// What is left of a group after its leader has exited gets this long to follow.
const STRAGGLERS: Duration = Duration::from_secs(1);

impl Session {
    fn connect(wrapped: Wrapped, observer: Observer, rules: &Rulebook, grace: Grace) -> io::Result<Self> {
        let Wrapped { child, group, server, signals } = wrapped;
        let mut ends = Ends::take()?;
        let taken = "each end is taken once";
        let (mut client_in, mut server_in) = (ends.stdin.take().expect(taken), server.stdin);
        let (mut server_out, mut client_out) = (server.stdout, ends.stdout.take().expect(taken));
        let (mut server_err, mut our_err) = (server.stderr, ends.stderr.take().expect(taken));
        let (up, up_pulse) = observer.relay(Stream::Frames(Direction::ToServer));
        let (down, down_pulse) = observer.relay(Stream::Frames(Direction::ToClient));
        let (errors, errors_pulse) = observer.relay(Stream::Stderr);
        let crossing = Crossing::new(rules);
        let (above, below) = (crossing.clone(), crossing.clone());
        // Each task owns its two ends: they close the moment it is over.
        let to_server = tokio::spawn(async move {
            let end = up.run_ruled(&mut client_in, &mut server_in, Direction::ToServer, &above).await;
            drop(server_in);
            match end {
                // Nothing else would tell of the client's end: what it still writes is read in vain.
                End::Refused if Reader::of_stdout().is_none() => Relay::await_close(&mut client_in).await,
                End::Refused | End::Closed => end,
            }
        });
        let to_client = tokio::spawn(async move {
            down.run_ruled(&mut server_out, &mut client_out, Direction::ToClient, &below).await
        });
        let stderr = tokio::spawn(async move { errors.run(&mut server_err, &mut our_err).await });
        let running = |task, pulse| Running { task, pulse, open: true };
        Ok(Self {
            child,
            group,
            signals,
            observer,
            grace,
            ends,
            to_server: running(to_server, up_pulse),
            to_client: running(to_client, down_pulse),
            stderr: running(stderr, errors_pulse),
            timers: tokio::spawn(crossing.keep_time()),
            client_gone: None,
            deadline: None,
            why: "the server exited by itself",
        })
    }

    /// Runs until the server's process has exited.
    async fn until_exit(&mut self) -> Exit {
        loop {
            let due = self.deadline.as_ref().map(Deadline::at);
            tokio::select! {
                // In this order: a client's end that the server has already followed is why the session ends.
                biased;
                end = &mut self.to_server.task, if self.to_server.open => self.client_ended(end.ok()),
                status = self.child.wait() => return status.map_or(Exit::Unknown, exit_of),
                end = &mut self.to_client.task, if self.to_client.open => self.server_ended(end.ok()),
                _ = &mut self.stderr.task, if self.stderr.open => self.stderr.open = false,
                () = finished(&mut self.client_gone) => self.client_left(),
                signal = self.signals.next() => {
                    self.why = signal.name();
                    self.group.forward(signal);
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.escalate(),
            }
        }
    }

    fn client_ended(&mut self, end: Option<End>) {
        self.to_server.open = false;
        if end == Some(End::Refused) {
            // The server closed its input and may live on: the client must see that, as it would without us.
            self.ends.close_stdin();
            // Its input no longer tells us of its end, and a silent server would live on for nobody.
            self.client_gone = Reader::of_stdout().map(|reader| tokio::spawn(reader.gone()));
            return;
        }
        self.observer.tell(Fact::Closed { by: Peer::Client });
        self.why = "the client closed its side";
        self.expect_exit();
    }

    fn server_ended(&mut self, end: Option<End>) {
        self.to_client.open = false;
        if let Some(watch) = self.client_gone.take() {
            // It holds the client's pipe open, and the client has to see its end.
            watch.abort();
        }
        self.ends.close_stdout();
        if end == Some(End::Refused) {
            self.client_left();
        } else {
            self.observer.tell(Fact::Closed { by: Peer::Server });
        }
    }

    /// Nobody reads the answers any more, so nobody will ask anything either.
    fn client_left(&mut self) {
        self.client_gone = None;
        self.to_server.task.abort();
        self.to_server.open = false;
        self.why = "the client went away";
        if self.deadline.is_none() {
            self.observer.tell(Fact::Closed { by: Peer::Client });
        }
        self.expect_exit();
    }

    fn expect_exit(&mut self) {
        if self.deadline.is_none() {
            let chunks = self.to_client.chunks();
            self.deadline = Some(Deadline::Terminate { at: Instant::now() + self.grace.after_eof, chunks });
        }
    }

    fn escalate(&mut self) {
        self.deadline = match self.deadline.take() {
            // A client that is slow to read keeps the server from ending: that is no silence.
            Some(Deadline::Terminate { chunks, .. })
                if self.to_client.chunks() != chunks || !self.to_client.rests() =>
            {
                // Without a pause, a grace of nothing would ask again at once, and again.
                let pause = self.grace.after_eof.max(DRAIN_TICK);
                let (at, chunks) = (Instant::now() + pause, self.to_client.chunks());
                Some(Deadline::Terminate { at, chunks })
            }
            Some(Deadline::Terminate { .. }) => {
                self.why = "the server ignored the end of its input and was terminated";
                self.group.terminate();
                Some(Deadline::Kill { at: Instant::now() + self.grace.after_term })
            }
            Some(Deadline::Kill { .. }) => {
                self.why = "the server ignored the end of its input and SIGTERM and was killed";
                self.group.kill();
                None
            }
            None => None,
        };
    }

    /// The server's process is gone: delivers what it had written, and ends whatever it left behind.
    async fn after_exit(&mut self) {
        self.to_server.task.abort();
        let Self { group, signals, to_client, stderr, .. } = self;
        tokio::join!(end_stragglers(group), drain(signals, to_client, stderr));
        self.to_client.task.abort();
        self.stderr.task.abort();
        self.timers.abort();
    }
}

/// Ends what a dead server's group still holds, and then never names the group again: its id is free for others to
/// get, and a client may take hours to read what is left.
pub(super) async fn end_stragglers(group: &mut Group) {
    if group.has_members() {
        group.terminate();
        let kill_at = Instant::now() + STRAGGLERS;
        while group.has_members() {
            if Instant::now() >= kill_at {
                group.kill();
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }
    group.release();
}

/// Waits until the output of a dead server has been delivered: until its pipes end or, where a process that left the
/// group still holds them, until nothing more comes. A client that does not read is waited for.
async fn drain(signals: &mut Signals, to_client: &mut Running, stderr: &mut Running) {
    let mut seen = (0, 0);
    while to_client.open || stderr.open {
        tokio::select! {
            _ = &mut to_client.task, if to_client.open => to_client.open = false,
            _ = &mut stderr.task, if stderr.open => stderr.open = false,
            _ = signals.next() => return,
            () = sleep(DRAIN_TICK) => {
                let now = (to_client.chunks() + 1, stderr.chunks() + 1);
                if now == seen && to_client.rests() && stderr.rests() {
                    return;
                }
                seen = now;
            }
        }
    }
}

/// Waits for a task that may not have been started.
async fn finished(task: &mut Option<JoinHandle<()>>) {
    match task {
        Some(task) => {
            let _ = task.await;
        }
        None => std::future::pending().await,
    }
}

impl Deadline {
    fn at(&self) -> Instant {
        match self {
            Self::Terminate { at, .. } | Self::Kill { at } => *at,
        }
    }
}

impl Running {
    fn chunks(&self) -> u64 {
        self.pulse.chunks.load(Ordering::Relaxed)
    }

    fn rests(&self) -> bool {
        !self.open || self.pulse.at_rest.load(Ordering::Acquire)
    }
}
