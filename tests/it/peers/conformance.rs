//! The official conformance suite finds the same, check by check, with `mcptop serve` between it and a server.
//!
//! Knows nothing of what the suite checks. The server is the Python SDK's own fixture for the suite. What it gets wrong
//! by itself it may get wrong through the proxy, but nothing else, and no warning more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::http::{end, proxy, start};
use super::install::peers;

/// A check: its scenario, name and outcome with what was said about it.
type Checks = BTreeMap<String, Vec<[String; 5]>>;

/// The suite and the fixture, direct and through the proxy.
fn the_suite_finds_the_same(revision: &str, checks_at_least: usize) {
    let root = tempfile::Builder::new().prefix("mcptop-conformance-").tempdir().unwrap();
    let (_server, direct) = start(fixture);
    let found = run_suite(&direct, revision, &root.path().join("direct"));
    let count: usize = found.values().map(Vec::len).sum();
    assert!(count >= checks_at_least, "the suite made {count} checks only");
    let (proxy, through) = proxy(&direct, root.path(), &root.path().join("recordings"));
    assert_same(&found, &run_suite(&through, revision, &root.path().join("serve")), revision);
    end(proxy);
}

#[test]
fn the_conformance_suite_finds_the_same_of_a_legacy_server_through_serve() {
    the_suite_finds_the_same("2025-11-25", 90);
}

#[test]
fn the_conformance_suite_finds_the_same_of_a_modern_server_through_serve() {
    the_suite_finds_the_same("2026-07-28", 190);
}

/// The Python SDK's server for the suite.
fn fixture(port: u16) -> Command {
    let mut command = Command::new(peers().join("venv/bin/python"));
    command.args(["-m", "mcp_everything_server", "--port", &port.to_string(), "--log-level", "ERROR"]);
    command.env("PYTHONPATH", peers().join("everything-server")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// The suite wants node 22; where the system's is older, the peers have one.
fn node() -> PathBuf {
    let cpu = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let brought = peers().join(format!("node_modules/node-linux-{cpu}/bin/node"));
    if cfg!(target_os = "linux") && brought.exists() { brought } else { "node".into() }
}

/// How often the suite is run that breaks off.
const RUNS_MAX: u32 = 3;

/// Runs the suite against a server and reads what it found. On a machine that does much else the suite itself may give a
/// scenario up and leave nothing behind: then it is run again.
fn run_suite(url: &str, revision: &str, folder: &Path) -> Checks {
    let mut runs = 1..=RUNS_MAX;
    loop {
        let run = runs.next().expect("the suite gives scenarios up again and again");
        if let Some(checks) = run_suite_once(url, revision, &folder.join(run.to_string())) {
            return checks;
        }
    }
}

/// What the suite found; `None` if it gave a scenario up.
fn run_suite_once(url: &str, revision: &str, folder: &Path) -> Option<Checks> {
    let suite = peers().join("node_modules/@modelcontextprotocol/conformance");
    let package: Value =
        serde_json::from_str(&fs::read_to_string(suite.join("package.json")).unwrap()).unwrap();
    let program = package["bin"]["conformance"].as_str().or(package["bin"].as_str()).unwrap();
    // The suite's own checks against rebinding ask for a server named localhost.
    let url = url.replace("127.0.0.1", "localhost");
    let output = Command::new(node())
        .arg(suite.join(program))
        .args(["server", "--url", &url, "--requirements", revision, "--output-dir"])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said =
        || format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(folder.is_dir(), "the suite has not run: {}", said());
    let scenarios = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    scenarios.map(|scenario| Some((name_of(&scenario), checks_of(&scenario)?))).collect()
}

/// A scenario's name: its folder's without the time.
fn name_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap();
    let end = name.match_indices("-20").map(|(at, _)| at).find(|at| name[*at..].contains('T'));
    name[..end.unwrap_or(name.len())].to_owned()
}

/// What was checked in a scenario. Numbers that count events or name a port are not compared.
fn checks_of(scenario: &Path) -> Option<Vec<[String; 5]>> {
    let text = fs::read_to_string(scenario.join("checks.json")).ok()?;
    let checks: Vec<Value> = serde_json::from_str(&text).unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let checked = |check: &Value| {
        let [id, name, status] = ["id", "name", "status"].map(|field| text(check, field));
        let [about, why] = ["description", "errorMessage"].map(|field| without_numbers(&text(check, field)));
        [id, name, status, about, why]
    };
    Some(checks.iter().map(checked).collect())
}

fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if !character.is_ascii_digit() {
            out.push(character);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}

fn assert_same(direct: &Checks, through: &Checks, revision: &str) {
    let names = |checks: &Checks| checks.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(direct), names(through), "the scenarios of {revision}");
    for (scenario, direct) in direct {
        let through = &through[scenario];
        for (direct, through) in direct.iter().zip(through) {
            assert_eq!(direct, through, "{scenario} of {revision}: direct, and through the proxy");
        }
        assert_eq!(direct.len(), through.len(), "{scenario} of {revision}");
    }
}
