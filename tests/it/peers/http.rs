//! One scenario played twice by the same client: straight to the server over HTTP, and through `mcptop serve` in front of
//! it or over the standard streams of `mcptop wrap URL`.
//!
//! Knows nothing of particular servers.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::clients::{Client, Era};
use super::recordings;
use super::run::MCPTOP;
use super::scenario::{Scenario, path_text};

/// No server takes this long to start.
const START_MAX: Duration = Duration::from_mins(1);
/// Between two tries to connect to it.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// Ends a process with the test, whatever becomes of it.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What stands between the client and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Through {
    /// `mcptop serve URL`: the client speaks HTTP.
    Serve,
    /// `mcptop wrap URL`: the client knows only standard streams.
    Wrap,
}

/// Where a server is that a scenario is played with.
#[derive(Clone, Copy)]
pub(super) enum Server {
    /// Started for it, by the scenario's command.
    Own,
    /// There already.
    At(&'static str),
}

/// Plays the scenario direct and through the proxy; the client must have got the same, and the recordings must be whole.
pub(super) fn compare(scenario: &Scenario, server: Server, client: Client, era: Era, through: Through) {
    let root = tempfile::Builder::new().prefix("mcptop-peers-").tempdir().unwrap();
    let [dir, home, recordings] = ["project", "home", "recordings"].map(|name| root.path().join(name));
    for folder in [&home, &recordings] {
        std::fs::create_dir(folder).unwrap();
    }
    scenario.make_folder(&dir);
    let (_server, direct) = match server {
        Server::Own => {
            let (running, url) = start(|port| scenario.over_http(port, &dir));
            (Some(running), url)
        }
        Server::At(url) => (None, url.to_owned()),
    };
    let play = |server: &[String]| {
        scenario.make_folder(&dir);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.play(era, scenario, &dir, &home, server))
    };
    let plain = play(std::slice::from_ref(&direct));
    let proxied = match through {
        Through::Serve => {
            let (proxy, address) = proxy(&direct, &home, &recordings);
            let proxied = play(&[address]);
            end(proxy);
            proxied
        }
        Through::Wrap => {
            let command = [MCPTOP, "wrap", "--record", path_text(&recordings), &direct];
            play(&command.map(str::to_owned))
        }
    };
    let what = format!("{} with {client:?} in the {era:?} era over HTTP through {through:?}", scenario.name);
    assert!(plain.contains(r#""inputSchema""#), "{what}: the client got no tools:\n{plain}");
    for (at, (plain, proxied)) in plain.lines().zip(proxied.lines()).enumerate() {
        assert!(plain == proxied, "{what}, line {}:\n  direct  {plain}\n  proxied {proxied}", at + 1);
    }
    assert_eq!(plain, proxied, "{what}");
    let found = recordings::of_folder(&recordings);
    let sessions = if through == Through::Wrap { client.sessions(era) } else { 1 };
    assert_eq!(found.len(), sessions, "{what}");
    // A sibling that only asks for the era has one call.
    let all = found.iter().map(|recording| recordings::read(recording));
    let session = all.max_by_key(|session| session.totals().calls).unwrap();
    assert!(
        session.totals().calls >= scenario.calls_at_least() && session.totals().orphans == 0,
        "{what}: {:?}",
        session.totals()
    );
    assert!(session.pending().next().is_none() && session.http().open() == 0, "{what}");
}

/// Plays the scenario over stdio, and over HTTP through a bridge to the very same command; the client must have got the
/// same, and the recording must be whole.
pub(super) fn compare_bridged(scenario: &Scenario, client: Client, era: Era) {
    let root = tempfile::Builder::new().prefix("mcptop-peers-").tempdir().unwrap();
    let [dir, home, home_bridged, recordings] =
        ["project", "home", "home-bridged", "recordings"].map(|name| root.path().join(name));
    for folder in [&home, &home_bridged, &recordings] {
        std::fs::create_dir(folder).unwrap();
    }
    let play = |words: &[String]| {
        scenario.make_folder(&dir);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.play(era, scenario, &dir, &home, words))
    };
    let server = scenario.command(&dir);
    let plain = play(&server);
    scenario.make_folder(&dir);
    let mut command = Command::new(MCPTOP);
    command
        .args(["serve", "--headless", "--listen", "127.0.0.1:0", "--record", path_text(&recordings), "--"])
        .args(&server);
    command.envs(scenario.env(&dir)).env("HOME", &home_bridged).current_dir(&home);
    let (bridge, url) = start_proxy(&mut command, &home_bridged);
    let bridged = play(&[url]);
    let what = format!("{} with {client:?} in the {era:?} era over a bridge", scenario.name);
    for (at, (plain, bridged)) in plain.lines().zip(bridged.lines()).enumerate() {
        assert!(plain == bridged, "{what}, line {}:\n  stdio   {plain}\n  bridged {bridged}", at + 1);
    }
    assert_eq!(plain, bridged, "{what}");
    end(bridge);
    super::run::nothing_runs_in(&home_bridged);
    let [recording] = &recordings::of_folder(&recordings)[..] else { panic!("one recording") };
    let session = recordings::read(recording);
    assert!(session.totals().calls >= 3 && session.totals().orphans == 0, "{what}: {:?}", session.totals());
    assert!(session.http().open() == 0, "{what}");
}

/// Starts a server at a port of this machine and waits until it listens; says at which address.
pub(crate) fn start(at_port: impl FnOnce(u16) -> Command) -> (Running, String) {
    // Free a moment ago: the server has to be told a port.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = at_port(port);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = Running(command.spawn().unwrap());
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(server.0.try_wait().unwrap().is_none(), "{command:?} has ended");
        assert!(start.elapsed() < START_MAX, "{command:?} does not listen");
        // A server does not tell when it is ready: look again soon.
        std::thread::park_timeout(TRY_AGAIN);
    }
    (server, format!("http://127.0.0.1:{port}/mcp"))
}

/// Starts the proxy; says at which address.
pub(super) fn proxy(url: &str, home: &Path, recordings: &Path) -> (Running, String) {
    let recordings = path_text(recordings);
    let arguments = ["serve", "--headless", "--listen", "127.0.0.1:0", "--record", recordings, url];
    start_proxy(Command::new(MCPTOP).args(arguments), home)
}

/// Starts what says where it serves; says at which address.
pub(super) fn start_proxy(command: &mut Command, home: &Path) -> (Running, String) {
    let mut process = command.env("MCPTOP_HOME", home).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split(" at ").nth(1).and_then(|rest| rest.split(": ").next());
    (Running(process), address.unwrap_or_else(|| panic!("{line}")).to_owned())
}

/// Tells the proxy to end and waits for its recording.
pub(super) fn end(mut proxy: Running) {
    let told = Command::new("kill").arg(proxy.0.id().to_string()).status().unwrap();
    assert!(told.success() && proxy.0.wait().unwrap().success());
}
