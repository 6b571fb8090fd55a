//! The recordings of this repository, played to the official clients in the server's place: they get what was recorded.
//!
//! Knows nothing of the servers: none of them runs.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::http;
use super::install::{peers, repository};
use super::run::MCPTOP;
use super::scenario::path_text;

/// What a client's SDK reads, adds or drops by itself.
const OF_THE_SDK: [&str; 5] = ["_meta", "resultType", "ttlMs", "cacheScope", "execution"];

/// Plays a recorded session's scenario, without its pauses, against the recording of it. `clients` are scripts with
/// their eras.
fn answers_as_recorded(name: &str, clients: &[(&str, &str)]) {
    let recording = repository().join("recordings").join(format!("{name}.mcp.jsonl"));
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario_without_pauses(name, folder.path());
    for (client, era) in clients {
        let printed = play(client, era, &scenario, folder.path(), &stdio(&recording));
        let compared =
            compare(&recorded_answers(&recording), &printed, &format!("{name} with {client} ({era})"));
        assert!(compared > 30, "{name} with {client}: only {compared} results were compared");
    }
}

/// What a recorded client did, without its pauses, as a file in a folder.
fn scenario_without_pauses(name: &str, folder: &Path) -> PathBuf {
    let recorded = repository().join("tests/peers/scenarios/recorded").join(format!("{name}.json"));
    let mut steps: Value = serde_json::from_str(&fs::read_to_string(recorded).unwrap()).unwrap();
    without_pauses(&mut steps);
    let path = folder.join("scenario.json");
    fs::write(&path, steps.to_string()).unwrap();
    path
}

/// The command that plays a recording over standard streams.
fn stdio(recording: &Path) -> [String; 3] {
    [MCPTOP, "replay", path_text(recording)].map(str::to_owned)
}

fn play(client: &str, era: &str, scenario: &Path, home: &Path, server: &[String]) -> String {
    let script = repository().join("tests/peers/clients").join(client);
    let interpreter = if client == PYTHON.0 { peers().join("venv/bin/python") } else { "node".into() };
    let mut command = Command::new(interpreter);
    // The folder of the recorded session, which is only named: nothing looks into it.
    command.arg(script).arg(scenario).args(["/home/demo/project", era, "--"]).args(server);
    command.env("HOME", home).env("MCPTOP_PEERS", peers()).env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{client}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("miss"),
        "{client} asked what was not recorded"
    );
    String::from_utf8(output.stdout).unwrap()
}

fn without_pauses(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| name != "pace_ms" && name != "answer_after_ms");
            members.values_mut().for_each(without_pauses);
        }
        Value::Array(items) => {
            items.retain(|item| item.get("pause_ms").is_none());
            items.iter_mut().for_each(without_pauses);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The recorded answers by what was asked, in order.
fn recorded_answers(recording: &Path) -> BTreeMap<String, VecDeque<Value>> {
    let text = fs::read_to_string(recording).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let bodies =
        |to: &'static str| events.iter().filter(move |event| event["to"] == to).map(|event| &event["body"]);
    let mut found: BTreeMap<String, VecDeque<Value>> = BTreeMap::new();
    for request in bodies("server").filter(|body| body.get("method").is_some() && body.get("id").is_some()) {
        let answer =
            bodies("client").find(|body| body.get("method").is_none() && body["id"] == request["id"]);
        let key = key(&request["method"], &request["params"]);
        found.entry(key).or_default().push_back(answer.cloned().unwrap_or_default());
    }
    found
}

fn key(method: &Value, params: &Value) -> String {
    let mut params = params.clone();
    if let Some(members) = params.as_object_mut() {
        members.retain(|name, value| !["_meta", "task"].contains(&name.as_str()) && *value != json!({}));
    }
    if params.is_null() {
        params = json!({});
    }
    format!("{method} {params}")
}

/// Compares what a client printed with what was recorded; returns how many results were compared.
fn compare(recorded: &BTreeMap<String, VecDeque<Value>>, printed: &str, what: &str) -> usize {
    let mut recorded = recorded.clone();
    let mut compared = 0;
    for line in printed.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line.get("method").is_none() {
            continue;
        }
        let key = key(&line["method"], &line["params"]);
        let answer = recorded.get_mut(&key).and_then(VecDeque::pop_front);
        let answer = answer.unwrap_or_else(|| panic!("{what}: nothing like {key} was recorded"));
        // A task's result comes with a later request, and a call that was taken back has none.
        if answer["result"].get("task").is_some() || answer.is_null() {
            continue;
        }
        if let Some(result) = line.get("result") {
            assert_eq!(plain(result), plain(&answer["result"]), "{what}: {key}");
            compared += 1;
        } else if let Some(message) = answer["error"]["message"].as_str() {
            let error = line["error"]["message"].as_str().unwrap_or_default();
            assert!(error.ends_with(message), "{what}: {key}: {error} is not {message}");
        }
    }
    compared
}

/// Without what an SDK reads, adds or drops by itself.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !OF_THE_SDK.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        // An SDK may write 1 as 1.0.
        Value::Number(number) => number.as_f64().into(),
        other => other.clone(),
    }
}

const TYPESCRIPT_1: (&str, &str) = ("typescript1.mjs", "legacy");
const TYPESCRIPT_2: (&str, &str) = ("typescript2.mjs", "legacy");
const TYPESCRIPT_2_MODERN: (&str, &str) = ("typescript2.mjs", "modern");
const PYTHON: (&str, &str) = ("python.py", "legacy");
const PYTHON_MODERN: (&str, &str) = ("python.py", "modern");
const ALL: [(&str, &str); 5] = [TYPESCRIPT_1, TYPESCRIPT_2, TYPESCRIPT_2_MODERN, PYTHON, PYTHON_MODERN];

#[test]
fn a_replay_answers_every_client_as_the_git_server_did_in_both_eras() {
    answers_as_recorded("git", &ALL);
}

#[test]
fn a_replay_answers_every_client_as_the_memory_server_did_in_both_eras() {
    answers_as_recorded("memory", &ALL);
}

#[test]
fn a_replay_answers_every_client_as_the_everything_server_did_and_asks_it_what_that_asked() {
    answers_as_recorded("everything", &ALL);
}

#[test]
fn a_replay_answers_every_client_as_the_filesystem_server_did_in_both_eras() {
    answers_as_recorded("filesystem", &ALL);
}

#[test]
fn a_replay_answers_every_client_as_the_time_server_did_in_both_eras() {
    answers_as_recorded("time", &ALL);
}

#[test]
fn a_replay_answers_a_client_of_each_language_as_the_azure_server_did() {
    answers_as_recorded("azure", &[TYPESCRIPT_1, PYTHON]);
}

#[test]
fn a_replay_answers_a_client_of_each_language_as_playwright_did() {
    answers_as_recorded("playwright", &[TYPESCRIPT_2, PYTHON]);
}

#[test]
fn a_replay_answers_the_client_that_asked_for_the_era_in_a_throwaway_session() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("scenario.json");
    fs::write(&scenario, r#"{"steps":[]}"#).unwrap();
    let recording = repository().join("recordings/time-probe.mcp.jsonl");
    for (client, era) in ALL {
        // A client that connects without an error has its answer.
        play(client, era, &scenario, folder.path(), &stdio(&recording));
    }
}

#[test]
fn a_replay_over_http_answers_every_client_as_the_memory_server_did_over_stdio() {
    let folder = tempfile::tempdir().unwrap();
    let recording = repository().join("recordings/memory.mcp.jsonl");
    let scenario = scenario_without_pauses("memory", folder.path());
    for (client, era) in ALL {
        let mut command = Command::new(MCPTOP);
        command.args(["replay", "--strict", "--headless", "--listen", "127.0.0.1:0"]).arg(&recording);
        let (replay, url) = http::start_proxy(&mut command, folder.path());
        let printed = play(client, era, &scenario, folder.path(), &[url]);
        let what = format!("memory with {client} ({era}) over HTTP");
        assert!(compare(&recorded_answers(&recording), &printed, &what) > 30, "{what}");
        // A strict replay ends well if nothing was asked that is not in the recording.
        http::end(replay);
    }
}
