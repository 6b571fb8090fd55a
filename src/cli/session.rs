//! What every proxy does besides forwarding: its recording, its entry in the registry, its control socket.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::time::timeout;

use super::args::Keep;
use super::complain;
use super::rules::{Origin, Rules};
use crate::control::{Listener, Order, PoolStatus, Reply, Status, StoreStatus};
use crate::proxy::{Bounds, Clock, Observer, PoolGauge, Rulebook, StoreTotals, stopwatch, sweep};
use crate::record::{self, Entry, Folders, Limits, Recorder, Recording, Registered, Report};
use crate::rules::Setting;
use crate::tap::{self, Tap};
use crate::trace::{Back, FORMAT_VERSION, Fact, Front, Header};

/// The first line of a recording that begins now.
pub(super) fn header(label: String, front: Front, back: Back) -> Header {
    Header {
        format: FORMAT_VERSION,
        session: uuid::Uuid::now_v7().to_string(),
        started: Timestamp::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        label,
        front,
        back,
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

/// A recording in progress.
pub(super) struct Running {
    pub(super) tap: Tap,
    recorder: Recorder,
    report: Report,
    /// Removed at the end.
    ephemeral: bool,
}

impl Running {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        self.report.path()
    }

    pub(super) fn finish(self) {
        self.tap.close();
        self.recorder.finish();
        if self.ephemeral {
            let _ = std::fs::remove_file(self.report.path());
        }
    }
}

/// A session with what goes on beside it: its recording, its entry in the registry, its control socket.
pub(super) struct Attended {
    clock: Clock,
    recorder: Option<Running>,
    public: Option<Public>,
    pool: PoolGauge,
    rules: Arc<Rules>,
    /// Reads the rules file again when it changes.
    watch: tokio::task::JoinHandle<()>,
}

impl Attended {
    /// Begins what is wanted and possible.
    /// `identity` is that of the server.
    pub(super) fn begin(
        args: &Keep,
        header: &Header,
        identity: u128,
        clock: Clock,
        server_pid: Option<u32>,
    ) -> Self {
        let folders = Folders::of_user();
        sweep_results(folders.as_ref());
        let recorder = record(args, header, folders.as_ref());
        let pool = PoolGauge::default();
        let tap = recorder.as_ref().map(|recorder| recorder.tap.clone());
        let book = Rulebook::new(setting(header, identity, folders.as_ref()), clock, tap);
        let rules = Arc::new(Rules::begin(book, Origin::of(args, &header.label, folders.as_ref())));
        let watch = tokio::spawn(rules.clone().watch());
        let sources = Sources {
            clock,
            server_pid,
            pool: pool.clone(),
            rules: rules.clone(),
            running: recorder.as_ref(),
        };
        let public = folders.and_then(|folders| publish(&folders, header, sources));
        Self { clock, recorder, public, pool, rules, watch }
    }

    /// The rules that may act on the traffic.
    pub(super) fn rules(&self) -> &Rulebook {
        self.rules.book()
    }

    /// Who looks at the traffic.
    pub(super) fn observer(&self) -> Observer {
        let tap = self.recorder.as_ref().map(|recorder| recorder.tap.clone());
        Observer { clock: self.clock, tap, pool: self.pool.clone() }
    }

    /// Where the session is recorded, if it is.
    pub(super) fn recording(&self) -> Option<&Path> {
        self.recorder.as_ref().map(Running::path)
    }

    /// Finishes the recording and takes everything back.
    pub(super) async fn end(self) {
        self.watch.abort();
        if let Some(sweeping) = sweep_results(Folders::of_user().as_ref()) {
            let _ = timeout(SWEEP_MAX, sweeping).await;
        }
        if let Some(running) = self.recorder {
            running.finish();
        }
        if let Some(public) = self.public {
            public.withdraw().await;
        }
    }
}

/// How long the end of a session waits for long results to go. What is left then goes another time.
const SWEEP_MAX: Duration = Duration::from_millis(100);

/// Takes away long results that are old or too much, beside everything else.
fn sweep_results(folders: Option<&Folders>) -> Option<tokio::task::JoinHandle<usize>> {
    // The folder of a session stands in the one of all.
    let root = folders?.results("any").parent()?.to_owned();
    let sweep = move || sweep(&root, SystemTime::now(), Bounds::default());
    Some(tokio::task::spawn_blocking(sweep))
}

/// What the gate is given besides rules.
fn setting(header: &Header, identity: u128, folders: Option<&Folders>) -> Setting {
    let spill = match folders {
        Some(folders) => folders.results(&header.session),
        None => std::env::temp_dir().join(format!("mcptop-{}", header.session)),
    };
    let seed = uuid::Uuid::new_v4().as_u64_pair().0;
    Setting { server: header.label.clone(), identity, spill, stopwatch, seed }
}

/// Starts the recording, if one is wanted. One that cannot be started is a warning: the traffic goes on.
pub(super) fn record(args: &Keep, header: &Header, folders: Option<&Folders>) -> Option<Running> {
    if args.no_record {
        return None;
    }
    let path = match recording_path(args, header, folders) {
        Ok(path) => path,
        Err(why) => {
            complain(&format!("this session is not recorded: {why}"));
            return None;
        }
    };
    let (tap, outlet) = tap::door();
    let limits = Limits { file_bytes: if args.record_limit == 0 { u64::MAX } else { args.record_limit } };
    let warn = |error: &record::RecordError| complain(&format!("the recording stops here: {error}"));
    match Recorder::start(&path, header, limits, outlet, warn) {
        Ok(recorder) => {
            let report = recorder.report();
            Some(Running { tap, recorder, report, ephemeral: args.ephemeral })
        }
        Err(error) => {
            complain(&format!("this session is not recorded: {error}"));
            None
        }
    }
}

fn recording_path(args: &Keep, header: &Header, folders: Option<&Folders>) -> Result<PathBuf, String> {
    let time = header.started.strftime("%H%M%S").to_string();
    let name = || format!("{time}-{}.mcp.jsonl", record::file_name(&header.label));
    if let Some(path) = &args.record {
        let is_folder = path.is_dir() || path.to_string_lossy().ends_with(std::path::MAIN_SEPARATOR);
        return absolute(&if is_folder { path.join(name()) } else { path.clone() });
    }
    let folders = folders.ok_or("there is no home folder; name a file with --record")?;
    if args.ephemeral {
        let runtime = folders.runtime().map_err(|error| error.to_string())?;
        return Ok(runtime.join(format!("{}.mcp.jsonl", header.session)));
    }
    let day = header.started.strftime("%Y-%m-%d").to_string();
    folders.new_recording(&day, &time, &header.label).map_err(|error| error.to_string())
}

/// A viewer elsewhere has to find the file.
fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// What lets viewers find a session.
pub(super) struct Public {
    orders: Option<tokio::task::JoinHandle<()>>,
    entry: Option<Registered>,
}

impl Public {
    /// Takes the entry and the socket back.
    pub(super) async fn withdraw(self) {
        drop(self.entry);
        if let Some(orders) = self.orders {
            orders.abort();
            // The socket is removed when the task is dropped, which happens when it is next looked at.
            let _ = orders.await;
        }
    }
}

/// Where a session's status comes from.
struct Sources<'a> {
    clock: Clock,
    server_pid: Option<u32>,
    pool: PoolGauge,
    rules: Arc<Rules>,
    running: Option<&'a Running>,
}

/// Opens the control socket and enters the session into the registry. A session that cannot be found by viewers is a
/// warning: the traffic goes on.
fn publish(folders: &Folders, header: &Header, sources: Sources<'_>) -> Option<Public> {
    let Sources { clock, server_pid, pool, rules, running } = sources;
    let warn =
        |error: &dyn std::error::Error| complain(&format!("viewers cannot reach this session: {error}"));
    let control = folders.control(&header.session).inspect_err(|error| warn(error)).ok()?;
    let listener = Listener::bind(&control).inspect_err(|error| warn(error)).ok();
    let entry = Entry {
        header: header.clone(),
        pid: std::process::id(),
        recording: running.map(|running| running.report.path().to_owned()),
        control: listener.as_ref().map(|listener| listener.path().to_owned()),
    };
    let registered = entry.register(folders).inspect_err(|error| warn(error)).ok();
    let desk = Desk {
        session: header.session.clone(),
        label: header.label.clone(),
        server_pid,
        clock,
        pool,
        rules,
        tap: running.map(|running| running.tap.clone()),
        report: running.map(|running| running.report.clone()),
    };
    let orders = listener.map(|listener| tokio::spawn(listener.serve(move |order| desk.answer(order))));
    Some(Public { orders, entry: registered })
}

/// Carries out orders.
struct Desk {
    session: String,
    label: String,
    server_pid: Option<u32>,
    clock: Clock,
    pool: PoolGauge,
    rules: Arc<Rules>,
    tap: Option<Tap>,
    report: Option<Report>,
}

impl Desk {
    fn answer(&self, order: Order) -> Reply {
        match order {
            Order::Status => Reply::Status(Box::new(self.status())),
            Order::StopRecording => self.tell(Fact::Stopped { why: "asked by the user".into() }),
            Order::Mark { text } => self.tell(Fact::Note { text: text.into() }),
            Order::Rules => self.rules.shown(),
            Order::SetRules { text, keep } => refused_or_done(self.rules.order(&text, keep)),
            Order::ClearCache { rule } => {
                let is_known = self.rules.book().clear(rule.as_deref());
                let why = || format!("there is no rule \"{}\"", rule.as_deref().unwrap_or_default());
                refused_or_done(if is_known { Ok(()) } else { Err(why()) })
            }
        }
    }

    fn tell(&self, fact: Fact<'static>) -> Reply {
        let stopped = self.report.as_ref().map(Report::state);
        match (&self.tap, stopped) {
            (Some(tap), Some(Recording::Running)) => {
                tap.tell(self.clock.now(), fact);
                Reply::Done
            }
            (_, Some(Recording::Stopped(why))) => {
                Reply::Refused { why: format!("the recording has stopped: {why}") }
            }
            _ => Reply::Refused { why: "this session is not recorded".to_owned() },
        }
    }

    fn status(&self) -> Status {
        let totals = self.tap.as_ref().map(Tap::totals).unwrap_or_default();
        let frames = self.report.as_ref().map(Report::frames).unwrap_or_default();
        let stopped = match self.report.as_ref().map(Report::state) {
            Some(Recording::Stopped(why)) => Some(why),
            Some(Recording::Running) | None => None,
        };
        Status {
            session: self.session.clone(),
            label: self.label.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            server_pid: self.server_pid,
            uptime_us: self.clock.now().0,
            bytes_to_server: totals.bytes[0],
            bytes_to_client: totals.bytes[1],
            frames_to_server: frames[0],
            frames_to_client: frames[1],
            dropped_bytes: totals.dropped_bytes,
            recording: self.report.as_ref().map(|report| report.path().to_owned()),
            recording_stopped: stopped,
            pool: self.pool.read().map(|pool| PoolStatus {
                size: pool.state.size,
                open: pool.state.open,
                busy: pool.state.busy,
                waiting: pool.state.waiting,
                taken: pool.taken,
                ready: pool.ready,
                gave_up: pool.gave_up,
                waited_us_mean: pool.waited_us / (pool.taken + pool.gave_up).max(1),
                waited_us_max: pool.waited_us_max,
            }),
            stores: self.rules.book().stores().totals().into_iter().map(store_status).collect(),
        }
    }
}

fn refused_or_done(result: Result<(), String>) -> Reply {
    match result {
        Ok(()) => Reply::Done,
        Err(why) => Reply::Refused { why },
    }
}

fn store_status(totals: StoreTotals) -> StoreStatus {
    StoreStatus {
        store: totals.store,
        is_reachable: totals.is_reachable,
        lookups: totals.lookups,
        hits: totals.hits,
        errors: totals.errors,
        skipped: totals.skipped,
        stored: totals.stored,
        not_stored: totals.not_stored,
        last_error: totals.last_error,
    }
}
