//! The recordings of this repository driving the real servers they were made with: those answer as they did, and what is
//! changed in one is found out.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::install::{peers, repository};
use super::run::MCPTOP;
use super::scenario::{Scenario, path_text};

/// A server made anew, with everything that stands below `/home/demo` in a recording.
struct Place {
    root: tempfile::TempDir,
    scenario: Scenario,
}

impl Place {
    fn of(name: &str) -> Self {
        let root = tempfile::Builder::new().prefix("mcptop-rerun-").tempdir().unwrap();
        Self { root, scenario: Scenario::recorded(name) }
    }

    /// The recording with this place in it instead of the one where it was made.
    fn recording(&self) -> PathBuf {
        let name = format!("{}.mcp.jsonl", self.scenario.name);
        let text = fs::read_to_string(repository().join("recordings").join(&name)).unwrap();
        let path = self.root.path().join(name);
        let text = text.replace("/home/demo/node_modules", path_text(&peers().join("node_modules")));
        fs::write(&path, text.replace("/home/demo", path_text(self.root.path()))).unwrap();
        path
    }

    fn server(&self) -> Vec<String> {
        self.scenario.command(&self.root.path().join("project"))
    }

    /// Drives a server with a recording; the folder is made anew for it.
    fn rerun(&self, recording: &Path, options: &[&str], server: &[String]) -> (Option<i32>, Value) {
        let dir = self.root.path().join("project");
        self.scenario.make_folder(&dir);
        let mut command = Command::new(MCPTOP);
        command
            .args(["rerun", "--json", "--allow-writes"])
            .args(options)
            .arg(recording)
            .arg("--")
            .args(server);
        command.envs(self.scenario.env(&dir)).env("HOME", self.root.path());
        // To git, a day without a time is the time of day that it is now.
        command.env("GIT_TEST_DATE_NOW", "1795233295");
        // Playwright colours errors for a terminal, and there was none when it was recorded.
        command.env_remove("TERM").env_remove("COLORTERM").env("NO_COLOR", "1");
        command.env("MCPTOP_HOME", self.root.path().join("own")).current_dir(self.root.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
        (output.status.code(), report)
    }
}

/// Times as most programs write them.
const ISO_TIME: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+([+-][0-9:]+|Z)";
/// When a file was made, as Node writes it.
const FILE_TIMES: [&str; 2] =
    ["--mask", r"[A-Z][a-z]{2} [A-Z][a-z]{2} [0-9]{2} [0-9]{4} [0-9:]{8} GMT[^\n]*"];

/// What is found where, of each difference.
fn paths(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["differences"].as_array().unwrap().iter();
    findings
        .flat_map(|finding| {
            let paths = finding["paths"].as_array().unwrap_or_else(|| panic!("{finding:#}")).iter();
            paths.map(|path| (text(&finding["name"]), text(&path["path"]), text(&path["kind"])))
        })
        .collect()
}

/// Drives the real server again with the recording of it: nothing differs but what options say.
fn a_rerun_finds_nothing(name: &str, options: &[&str]) {
    let place = Place::of(name);
    finds_nothing(&place, &place.recording(), options, &place.server());
}

fn finds_nothing(place: &Place, recording: &Path, options: &[&str], server: &[String]) {
    let name = &place.scenario.name;
    let (status, report) = place.rerun(recording, options, server);
    assert_eq!(status, Some(0), "{name}: {:#}\n{:#}", report["differences"], report["skipped_calls"]);
    let count = |what: &str| report[what].as_u64().unwrap();
    assert!(count("same") > 30 && count("skipped") == 0 && count("unanswered") == 0, "{name}: {report:#}");
    assert_eq!(count("same") + count("not_compared"), count("requests"), "{name}");
}

#[test]
fn a_rerun_against_the_real_memory_server_finds_no_difference() {
    a_rerun_finds_nothing("memory", &[]);
}

#[test]
fn a_rerun_against_the_real_filesystem_server_finds_no_difference() {
    a_rerun_finds_nothing("filesystem", &FILE_TIMES);
}

#[test]
fn a_rerun_against_the_real_everything_server_finds_no_difference() {
    // A task is polled: its state is a matter of time.
    a_rerun_finds_nothing(
        "everything",
        &[
            "--pace",
            "--mask",
            ISO_TIME,
            "--mask",
            r"[0-9]+:[0-9]+:[0-9]+ [AP]M",
            "--mask",
            "[0-9a-f]{32}",
            "--ignore",
            "$..blob",
        ],
    );
}

#[test]
fn a_rerun_against_the_real_git_server_finds_no_difference_but_for_the_hashes_of_new_commits() {
    let git_time = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} ?[+-][0-9:]+";
    a_rerun_finds_nothing("git", &["--mask", "[0-9a-f]{7,40}", "--mask", git_time]);
}

#[test]
fn a_rerun_against_the_real_time_server_finds_no_difference_but_for_the_time() {
    let masks = [ISO_TIME, "[A-Z][a-z]+day", r#""is_dst": (true|false)"#, r"[+-][0-9]+\.[0-9]+h"];
    let masks = masks.map(|mask| ["--mask", mask]);
    a_rerun_finds_nothing("time", &[masks.as_flattened(), &["--ignore", "$..is_dst"]].concat());
}

#[test]
fn a_rerun_against_the_real_azure_server_finds_no_difference() {
    a_rerun_finds_nothing("azure", &[]);
}

/// Pages for a browser, at a port of this machine, while this lives.
struct Pages {
    process: Child,
    port: String,
}

impl Pages {
    fn of(folder: &Path) -> Self {
        let mut process = Command::new("python3")
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", path_text(folder), "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let port = said.split_once(" port ").and_then(|(_, after)| after.split_once(' '));
        let port = port.unwrap_or_else(|| panic!("{said}")).0.to_owned();
        Self { process, port }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_rerun_against_the_real_playwright_server_finds_no_difference() {
    let place = Place::of("playwright");
    let pages = Pages::of(&place.root.path().join("project"));
    let recording = place.recording();
    let text = fs::read_to_string(&recording).unwrap();
    fs::write(&recording, text.replace("localhost:8123", &format!("localhost:{}", pages.port))).unwrap();
    let chromium =
        std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium-headless-shell".to_owned());
    let server = path_text(&peers().join("node_modules/.bin/playwright-mcp")).to_owned();
    let options = ["--headless", "--isolated", "--no-sandbox", "--executable-path", &chromium];
    // Files are named by the time.
    let masks = ["--mask", "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9-]+Z"];
    let server =
        [&[server.as_str()], &options[..]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    finds_nothing(&place, &recording, &masks, &server);
}

#[test]
fn a_real_server_that_changed_in_three_ways_is_found_out_in_exactly_those() {
    let place = Place::of("filesystem");
    let changes = json!({
        "result": "list_allowed_directories", "schema": "search_files", "slow": "read_text_file", "delay_ms": 100,
    });
    let script = repository().join("tests/peers/servers/changed.mjs");
    let with = |changes: &Value| {
        let mut server = vec!["node".to_owned(), path_text(&script).to_owned(), changes.to_string()];
        server.extend(place.server());
        server
    };
    let (as_before, otherwise) = (with(&json!({})), with(&changes));
    let mut slower = Value::Null;
    // On a machine that becomes busy in between, other tools are slower as well, and rightly found out: look again then.
    for round in 0..5 {
        // First the server as it is, in the same way: what it takes here and now is what counts.
        let as_it_is = place.root.path().join(format!("as-it-is-{round}.mcp.jsonl"));
        let write = ["--write", path_text(&as_it_is)];
        let (status, report) =
            place.rerun(&place.recording(), &[&FILE_TIMES[..], &write].concat(), &as_before);
        assert_eq!(status, Some(0), "{report:#}");
        let (status, report) = place.rerun(&as_it_is, &FILE_TIMES, &otherwise);
        assert_eq!(status, Some(1));
        let found = paths(&report);
        let found: Vec<[&str; 3]> =
            found.iter().map(|(name, path, kind)| [name.as_str(), path, kind]).collect();
        assert_eq!(
            found,
            [
                ["", "$.tools[11].inputSchema.properties.added", "added"],
                ["list_allowed_directories", "$.content[0].text", "changed"],
            ]
        );
        slower = report["slower"].clone();
        assert!(slower.as_array().unwrap().contains(&json!("read_text_file")), "{report:#}");
        if slower == json!(["read_text_file"]) {
            break;
        }
    }
    assert_eq!(slower, json!(["read_text_file"]));
}
