//! `mcptop rerun` from outside: a recording drives a server that is a recording.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::made::{Made, said};

const MCPTOP: &str = env!("CARGO_BIN_EXE_mcptop");

/// How many times each tool is called.
const CALLS: u64 = 8;

/// What is different about a server.
#[derive(Clone, Copy, Default)]
struct Changed {
    result: bool,
    schema: bool,
    delay_us: u64,
}

/// The recording of a session with a server that has two tools that read and one that writes.
fn record(folder: &Path, name: &str, changed: Changed) -> PathBuf {
    let mut made = Made::new("two");
    let mut id = 0;
    let mut exchange = |method: &str, params: Value, took_us: u64, result: Value| {
        made.exchange(id, method, &params, took_us, &result);
        id += 1;
    };
    let open = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } });
    let opened = json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": { "name": "two", "version": "1" } });
    exchange("initialize", open, 20_000, opened);
    let kind = if changed.schema { "integer" } else { "string" };
    let tool = |name: &str, reads: bool, kind: &str| {
        json!({
            "name": name,
            "inputSchema": { "type": "object", "properties": { "n": { "type": kind } } },
            "annotations": { "readOnlyHint": reads },
        })
    };
    let tools = [tool("near", true, "string"), tool("far", true, kind), tool("write", false, "string")];
    exchange("tools/list", json!({}), 20_000, json!({ "tools": tools }));
    for call in 0..CALLS {
        let result = if changed.result && call == 3 { "another" } else { "the same" };
        exchange("tools/call", json!({ "name": "near", "arguments": { "n": call } }), 60_000, said(result));
        let took_us = 60_000 + changed.delay_us;
        exchange("tools/call", json!({ "name": "far", "arguments": { "n": call } }), took_us, said("far"));
    }
    exchange("tools/call", json!({ "name": "write", "arguments": {} }), 1_000, json!({ "content": [] }));
    made.write(folder, name)
}

fn rerun(folder: &Path, recording: &Path, options: &[&str], server: &Path) -> Output {
    let mut command = Command::new(MCPTOP);
    command.env("MCPTOP_HOME", folder.join("home")).arg("rerun").args(options).arg("--json").arg(recording);
    command.args(["--", MCPTOP, "replay", "--speed", "1", "--match", "canonical"]).arg(server);
    command.stdin(Stdio::null()).output().unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_rerun_against_the_same_server_finds_nothing_and_calls_only_what_reads() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    let out = folder.path().join("out.mcp.jsonl");
    let options = ["--write", out.to_str().unwrap(), "--latency"];
    let output = rerun(folder.path(), &recording, &options, &recording);
    let report = document(&output);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    assert_eq!((&report["same"], &report["different"]), (&json!(2 + 2 * CALLS), &json!(0)));
    assert_eq!(report["skipped_calls"][0]["name"], "write");
    let written = fs::read_to_string(&out).unwrap();
    assert!(written.contains(r#""label":"two""#) && !written.contains(r#""name":"write","arguments""#));
    let again = rerun(folder.path(), &recording, &options, &recording);
    assert_eq!(again.status.code(), Some(2), "a recording that is there is not overwritten");
}

#[test]
fn writes_are_sent_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    let output = rerun(folder.path(), &recording, &["--allow-writes"], &recording);
    let report = document(&output);
    assert_eq!((output.status.code(), &report["same"]), (Some(0), &json!(3 + 2 * CALLS)), "{report:#}");
}

#[test]
fn a_server_that_changed_in_three_ways_is_found_out_in_exactly_those() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    let now = record(folder.path(), "now", Changed { result: true, schema: true, delay_us: 150_000 });
    let output = rerun(folder.path(), &recording, &[], &now);
    let report = document(&output);
    assert_eq!(output.status.code(), Some(1));
    let found: Vec<(&Value, &Value)> = report["differences"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|finding| {
            finding["paths"].as_array().unwrap().iter().map(|path| (&finding["method"], &path["path"]))
        })
        .collect();
    assert_eq!(
        found,
        [
            (&json!("tools/list"), &json!("$.tools[1].inputSchema.properties.n.type")),
            (&json!("tools/call"), &json!("$.content[0].text")),
        ]
    );
    assert_eq!(report["slower"], json!(["far"]));
    let ignored = ["--ignore", "$..n.type", "--ignore", "$..text"];
    let output = rerun(folder.path(), &recording, &ignored, &now);
    assert_eq!(output.status.code(), Some(0), "a delay alone is told, and is no failure");
    let output = rerun(folder.path(), &recording, &[&ignored[..], &["--latency"]].concat(), &now);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_server_that_does_not_start_is_not_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    let mut command = Command::new(MCPTOP);
    command.env("MCPTOP_HOME", folder.path().join("home")).arg("rerun").arg(&recording);
    let output = command.args(["--", "/no/such/server"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A session of one call with this answer.
fn answering(folder: &Path, name: &str, result: &Value) -> PathBuf {
    let mut made = Made::new("one");
    let opened = json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": { "name": "one", "version": "1" } });
    made.exchange(
        0,
        "initialize",
        &json!({ "protocolVersion": "2025-11-25", "capabilities": {} }),
        5,
        &opened,
    );
    made.exchange(1, "tools/call", &json!({ "name": "one" }), 5, result);
    made.write(folder, name)
}

#[test]
fn what_changes_by_its_nature_is_left_out_of_the_comparison_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let answer = |name: &str, hash: &str, names: [&str; 2], took: u64| {
        let text = json!([{ "type": "text", "text": format!("commit {hash} by Mara") }]);
        answering(folder.path(), name, &json!({ "content": text, "names": names, "took": took }))
    };
    let recording = answer("then", "6ba0d1f", ["a", "b"], 31);
    let now = answer("now", "52e87ce", ["b", "a"], 47);
    let paths = |options: &[&str]| {
        let output = rerun(folder.path(), &recording, &[&["--allow-writes"], options].concat(), &now);
        let report = document(&output);
        assert_eq!(output.status.code(), Some(i32::from(report["different"] != 0)), "{report:#}");
        let paths = report["differences"][0]["paths"].as_array().cloned().unwrap_or_default();
        paths.iter().map(|path| path["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&[]), ["$.content[0].text", "$.names", "$.took"]);
    assert_eq!(paths(&["--unordered"]), ["$.content[0].text", "$.took"]);
    assert_eq!(paths(&["--unordered", "--mask", "[0-9a-f]{7}"]), ["$.took"]);
    assert_eq!(paths(&["--unordered", "--mask", "[0-9a-f]{7}", "--ignore", "$.took"]), [""; 0]);
}

#[test]
fn a_report_for_people_says_what_differs_and_what_was_not_called() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    let now = record(folder.path(), "now", Changed { result: true, schema: true, delay_us: 150_000 });
    let mut command = Command::new(MCPTOP);
    command.env("MCPTOP_HOME", folder.path().join("home")).arg("rerun").arg(&recording);
    command.args(["--", MCPTOP, "replay", "--speed", "1", "--match", "canonical"]).arg(&now);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stdout).unwrap();
    for line in [
        "19 requests, 16 answered as they were, 2 answered otherwise, 1 skipped.",
        "write (1×)",
        "tools/list, request 1 at ",
        "$.tools[1].inputSchema.properties.n.type",
        "- \"string\"",
        "+ \"integer\"",
        "tools/call of near, request 8 at ",
        "slower: far, median ",
        "What later requests find may differ because of that.",
    ] {
        assert!(told.replace('\n', " ").contains(line), "{line} is not in:\n{told}");
    }
}

#[test]
fn times_between_requests_are_kept_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut made = Made::new("patient");
    made.exchange(0, "ping", &json!({}), 5, &json!({}));
    made.message(1_200_000, "server", &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    made.exchange(1, "ping", &json!({}), 5, &json!({}));
    let recording = made.write(folder.path(), "patient");
    let took = |options: &[&str]| {
        let begun = Instant::now();
        let output = rerun(folder.path(), &recording, options, &recording);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        begun.elapsed()
    };
    assert!(took(&["--pace"]) >= Duration::from_millis(1_200));
}

#[test]
fn a_server_that_does_not_answer_in_time_is_told_and_the_rest_is_asked_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    // It answers everything but the first request.
    let script = format!("read first; exec {MCPTOP} replay {}", recording.display());
    let mut command = Command::new(MCPTOP);
    command.env("MCPTOP_HOME", folder.path().join("home")).args(["rerun", "--json", "--timeout", "0.5"]);
    command.arg(&recording).args(["--", "sh", "-c", &script]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let report = document(&output);
    assert_eq!((output.status.code(), &report["unanswered"]), (Some(1), &json!(1)), "{report:#}");
    assert_eq!(
        (&report["differences"][0]["what"], &report["differences"][0]["method"]),
        (&json!("silence"), &json!("initialize"))
    );
    assert_eq!(report["same"], json!(1 + 2 * CALLS), "{report:#}");
}

#[test]
fn a_server_that_ends_in_between_is_told_for_every_request_it_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    // It hears the handshake and the question for its tools.
    let hears = r#"for turn in 1 2; do read -r line; printf '%s\n' "$line"; done"#;
    let script = format!("{hears} | {MCPTOP} replay {}", recording.display());
    let mut command = Command::new(MCPTOP);
    command.env("MCPTOP_HOME", folder.path().join("home")).args(["rerun", "--json"]);
    command.arg(&recording).args(["--", "sh", "-c", &script]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let report = document(&output);
    assert_eq!((output.status.code(), &report["same"]), (Some(1), &json!(2)), "{report:#}");
    assert_eq!(report["differences"][0]["what"], "lost");
    assert_eq!(report["unanswered"], json!(1 + 2 * CALLS), "{report:#}");
}

#[test]
fn a_server_behind_an_address_is_driven_as_one_behind_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    let listening = crate::replay::Listening::start(folder.path(), &["--match", "canonical"], &recording);
    let mut command = Command::new(MCPTOP);
    command.env("MCPTOP_HOME", folder.path().join("home")).args(["rerun", "--json"]).arg(&recording);
    let output = command.arg(listening.url()).stdin(Stdio::null()).output().unwrap();
    let report = document(&output);
    assert_eq!((output.status.code(), &report["same"]), (Some(0), &json!(2 + 2 * CALLS)), "{report:#}");
    listening.end();
    let mut command = Command::new(MCPTOP);
    command.env("MCPTOP_HOME", folder.path().join("home")).arg("rerun").arg(&recording);
    let output = command.arg("http://127.0.0.1:1/mcp").stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("cannot reach http://127.0.0.1:1/mcp"), "{told}");
}

#[test]
fn wrong_usage_is_told_before_a_server_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let recording = record(folder.path(), "then", Changed::default());
    let started = folder.path().join("started");
    for options in [&["--ignore", "n"][..], &["--mask", "("], &["--profile", "gpt-9"], &["--timeout", "-1"]] {
        let mut command = Command::new(MCPTOP);
        command.env("MCPTOP_HOME", folder.path().join("home")).arg("rerun").args(options).arg(&recording);
        let output = command.args(["--", "touch"]).arg(&started).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!started.exists());
}
