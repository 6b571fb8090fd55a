//! One scenario played twice by the same client: straight to the server, and through `mcptop wrap`.
//!
//! Knows nothing of particular servers.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::clients::{Client, Era};
use super::recordings;
use super::scenario::{Scenario, path_text};

/// The built program.
pub(super) const MCPTOP: &str = env!("CARGO_BIN_EXE_mcptop");

/// How long the processes of a session may take to be gone after the client has left.
const GONE_MAX: Duration = Duration::from_secs(15);

/// Between two looks at the processes.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Plays the scenario direct and wrapped; the client must have got the same, nothing may be left running, and the
/// recording must be whole.
pub(super) fn compare(scenario: &Scenario, client: Client, era: Era) {
    let (mut today, mut got) = (day(), play_both(scenario, client, era));
    // Some answers hold the date; at midnight one more turn decides.
    while got.0 != got.1 && today != day() {
        (today, got) = (day(), play_both(scenario, client, era));
    }
    let (direct, wrapped) = got;
    let what = format!("{} with {client:?} in the {era:?} era", scenario.name);
    assert!(direct.contains(r#""inputSchema""#), "{what}: the client got no tools:\n{direct}");
    for (at, (direct, wrapped)) in direct.lines().zip(wrapped.lines()).enumerate() {
        assert!(direct == wrapped, "{what}, line {}:\n  direct  {direct}\n  wrapped {wrapped}", at + 1);
    }
    assert_eq!(direct, wrapped, "{what}");
}

fn play_both(scenario: &Scenario, client: Client, era: Era) -> (String, String) {
    let root = tempfile::Builder::new().prefix("mcptop-peers-").tempdir().unwrap();
    let [dir, home, home_wrapped, recordings] =
        ["project", "home", "home-wrapped", "recordings"].map(|name| root.path().join(name));
    for folder in [&home, &home_wrapped, &recordings] {
        std::fs::create_dir(folder).unwrap();
    }
    let server = scenario.command(&dir);
    let play = |home: &Path, command: &[String]| {
        scenario.make_folder(&dir);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.play(era, scenario, &dir, home, command))
    };

    let direct = play(&home, &server);
    let wrapped = play(&home_wrapped, &wrap(&recordings, &server));
    nothing_runs_in(&home_wrapped);
    let recorded = recordings::of_folder(&recordings);
    assert_eq!(recorded.len(), client.sessions(era), "{recorded:?}");
    let (session, probes) = recorded.split_last().unwrap();
    recordings::bytes_to_client(session);
    // A probe is killed one second after it was told to end, which a busy machine may not manage.
    for probe in probes {
        recordings::opens(probe);
    }
    (direct, wrapped)
}

/// The server's command with the proxy in front, recording into a folder.
pub(super) fn wrap(recordings: &Path, server: &[String]) -> Vec<String> {
    let front = [MCPTOP, "wrap", "--record", path_text(recordings), "--"];
    front.into_iter().map(str::to_owned).chain(server.iter().cloned()).collect()
}

/// Waits until no process is left whose home folder is this one; every process of a session inherits it.
pub(super) fn nothing_runs_in(home: &Path) {
    let start = Instant::now();
    loop {
        let left = processes_of(home);
        if left.is_empty() {
            return;
        }
        assert!(start.elapsed() < GONE_MAX, "still running after {GONE_MAX:?}: {left:?}");
        // Nobody tells when a process that is not our child ends: look again soon.
        std::thread::park_timeout(LOOK_AGAIN);
    }
}

/// The processes whose home folder is this one.
pub(super) fn processes_of(home: &Path) -> Vec<String> {
    processes_with(&format!("HOME={}", path_text(home)))
}

/// The processes whose environment holds a variable, as the operating system shows them.
#[cfg(target_os = "linux")]
fn processes_with(variable: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let has = |path: &Path| {
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
    };
    let name = |path: &Path| {
        let words = std::fs::read(path.join("cmdline")).unwrap_or_default();
        format!("{} {}", path.display(), String::from_utf8_lossy(&words).replace('\0', " "))
    };
    entries.filter(|path| has(path)).map(|path| name(&path)).collect()
}

/// The processes whose environment holds a variable, as the operating system shows them.
#[cfg(not(target_os = "linux"))]
fn processes_with(variable: &str) -> Vec<String> {
    let shown = std::process::Command::new("ps").args(["axeww", "-o", "pid=,command="]).output().unwrap();
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    text.lines().filter(|line| line.contains(variable)).map(str::to_owned).collect()
}

fn day() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 86_400
}
