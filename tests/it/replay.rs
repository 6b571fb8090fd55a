//! `mcptop replay` from outside: bytes of a client in, bytes of the recorded server out.

mod heard;
mod terminal;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::made::{Made, said};
use crate::rig::within_patience;

const MCPTOP: &str = env!("CARGO_BIN_EXE_mcptop");

/// A session with a server that echoes: two equal calls with different answers, and one of a slow tool.
fn recorded(folder: &Path) -> PathBuf {
    let mut made = Made::new("echoing");
    let opened = json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": { "name": "e", "version": "1" } });
    made.exchange(
        0,
        "initialize",
        &json!({ "protocolVersion": "2025-11-25", "capabilities": {} }),
        5,
        &opened,
    );
    let call = |n: u64, at: &str| json!({ "name": "echo", "arguments": { "n": n, "at": at } });
    made.exchange(1, "tools/call", &call(1, "now"), 5, &said("first"));
    made.exchange(2, "tools/call", &call(1, "now"), 5, &said("second"));
    made.exchange(3, "tools/call", &call(2, "now"), 5, &said("two"));
    made.exchange(4, "tools/call", &json!({ "name": "slow" }), 1_500_000, &said("slow"));
    let tools = json!([{ "name": "echo", "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": true } }]);
    made.exchange(5, "tools/list", &json!({}), 5, &json!({ "tools": tools }));
    made.write(folder, "echoing")
}

/// What a client sends to call the tool.
fn echo(id: &str, n: u64, at: &str) -> String {
    let arguments = json!({ "n": n, "at": at });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": "echo", "arguments": arguments } })
        .to_string()
}

/// What a replay said and how it ended.
struct Played {
    frames: Vec<Value>,
    told: String,
    status: Option<i32>,
}

impl Played {
    /// The text of each result, or the message of each error.
    fn texts(&self) -> Vec<&str> {
        let text = self
            .frames
            .iter()
            .map(|frame| frame.pointer("/result/content/0/text").or_else(|| frame.pointer("/error/message")));
        text.map(|text| text.and_then(Value::as_str).unwrap_or_default()).collect()
    }

    /// The levels that were told, one an answer.
    fn levels(&self) -> Vec<Value> {
        let lines = self.told.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter_map(|line| line.get("level").cloned()).collect()
    }
}

/// Plays a recording to a client that sends these lines and leaves.
fn replay(options: &[&str], recording: &Path, lines: &[&str], server: &[&str]) -> Played {
    let mut command = Command::new(MCPTOP);
    command.arg("replay").args(options).arg(recording).args(server);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that refuses its command line does not read.
    let _ = child.stdin.take().unwrap().write_all((lines.join("\n") + "\n").as_bytes());
    let output = within_patience("the end of the replay", move || child.wait_with_output().unwrap());
    let frames = String::from_utf8(output.stdout).unwrap();
    let frames = frames.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Played { frames, told: String::from_utf8(output.stderr).unwrap(), status: output.status.code() }
}

#[test]
fn equal_requests_get_their_answers_in_recorded_order_and_then_the_last_again() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let [a, b, c] = ["a", "b", "c"].map(|id| echo(id, 1, "now"));
    let played = replay(&[], &recording, &[&a, &b, &c], &[]);
    assert_eq!(played.texts(), ["first", "second", "second"]);
    assert_eq!(played.frames.iter().map(|frame| &frame["id"]).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(
        played.told.contains("3 requests, answered: 3 ") && played.told.contains("1 answer was given again"),
        "{}",
        played.told
    );
    let played = replay(&["--once"], &recording, &[&a, &b, &c], &[]);
    assert_eq!(played.texts()[..2], ["first", "second"]);
    assert!(played.texts()[2].contains("has been given once"), "{:?}", played.frames);
    assert_eq!(played.status, Some(0));
    assert_eq!(replay(&["--once", "--strict"], &recording, &[&a, &b, &c], &[]).status, Some(1));
}

#[test]
fn what_is_ignored_in_parameters_makes_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let lines = [echo("a", 2, "now"), echo("b", 2, "later"), echo("c", 3, "later")];
    let lines = lines.each_ref().map(String::as_str);
    let played = replay(&["--json", "--ignore", "$.arguments.at"], &recording, &lines, &[]);
    assert_eq!(played.texts(), ["two", "two", "first"]);
    assert_eq!(played.levels(), ["exact", "ignored", "tool"], "{}", played.told);
    let played = replay(&["--json", "--match", "canonical"], &recording, &lines, &[]);
    assert_eq!(played.levels(), [json!("exact"), Value::Null, Value::Null], "{}", played.told);
}

#[test]
fn a_miss_fails_a_strict_replay_and_is_an_error_for_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let played = replay(&["--strict"], &recording, &[&echo("a", 2, "now"), &echo("b", 9, "now")], &[]);
    assert_eq!(played.status, Some(1), "{}", played.told);
    assert_eq!(played.frames[1]["error"]["code"], 40_400);
    assert!(played.told.contains("no recorded answer to tools/call of echo"), "{}", played.told);
    assert!(played.told.contains("; 1 miss"), "{}", played.told);
    let played = replay(&["--strict"], &recording, &[&echo("a", 2, "now")], &[]);
    assert_eq!(played.status, Some(0), "{}", played.told);
}

#[test]
fn an_answer_takes_as_long_as_it_took_only_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let slow = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow"}}"#;
    let took = |speed: &str| {
        let begun = Instant::now();
        assert_eq!(replay(&["--speed", speed], &recording, &[slow], &[]).texts(), ["slow"]);
        begun.elapsed()
    };
    assert!(took("0") < Duration::from_millis(1_500));
    assert!(took("1") >= Duration::from_millis(1_500));
    let half = took("2");
    assert!(half >= Duration::from_millis(750), "{half:?}");
}

#[test]
fn what_rules_had_made_of_an_answer_is_given_only_if_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut made = Made::new("ruled");
    made.exchange(1, "tools/call", &json!({ "name": "echo" }), 5, &said("as the server said it"));
    let ruled = |observed: bool, text: &str| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "result": said(text) });
        json!({
            "t": 0, "kind": "ruled", "to": "client", "id": "1", "outcome": "changed", "body": body,
            "marks": [{ "rule": "lean", "by": "trim", "hit": true, "observed": observed }],
        })
    };
    made.event(&ruled(false, "less"));
    made.event(&ruled(true, "nothing"));
    let recording = made.write(folder.path(), "ruled");
    let call = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo"}}"#;
    assert_eq!(replay(&[], &recording, &[call], &[]).texts(), ["as the server said it"]);
    assert_eq!(replay(&["--delivered"], &recording, &[call], &[]).texts(), ["less"]);
}

#[test]
fn a_miss_that_is_forwarded_is_answered_by_the_server_and_added_to_a_new_recording() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let before = fs::read(&recording).unwrap();
    let mut other = Made::new("other");
    let opened = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "o", "version": "1" } });
    other.exchange(0, "initialize", &json!({}), 5, &opened);
    let new = json!({ "name": "echo", "arguments": { "n": 9, "at": "now" } });
    other.exchange(1, "tools/call", &new, 5, &said("live"));
    let other = other.write(folder.path(), "other");
    let out = folder.path().join("more.mcp.jsonl");
    let options = ["--on-miss", "forward", "--write", out.to_str().unwrap()];
    let server = ["--", MCPTOP, "replay", "--match", "canonical", other.to_str().unwrap()];
    let [known, new] = [echo("k", 2, "now"), echo("n", 9, "now")];
    let played = replay(&options, &recording, &[&known, &new], &server);
    assert_eq!((played.texts(), played.status), (vec!["two", "live"], Some(0)), "{}", played.told);
    assert_eq!(played.frames[1]["id"], "n");
    assert!(played.told.contains("1 by the server itself"), "{}", played.told);
    assert_eq!(fs::read(&recording).unwrap(), before, "what is played stays as it is");
    let played = replay(&["--strict", "--match", "canonical"], &out, &[&new, &known], &[]);
    assert_eq!((played.texts(), played.status), (vec!["live", "two"], Some(0)), "{}", played.told);
    let again = replay(&options, &recording, &[&new], &server);
    assert_eq!(again.status, Some(0));
    assert!(
        folder.path().join("more-2.mcp.jsonl").exists(),
        "a recording that is there is kept: {}",
        again.told
    );
}

#[test]
fn a_miss_gets_an_error_if_the_server_behind_the_recording_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let out = folder.path().join("more.mcp.jsonl");
    let options = ["--on-miss", "forward", "--write", out.to_str().unwrap()];
    for server in [["--", "/no/such/server"], ["--", "true"]] {
        let lines = [echo("a", 8, "now"), echo("b", 9, "now"), echo("c", 2, "now")];
        let played = replay(&options, &recording, &lines.each_ref().map(String::as_str), &server);
        let mut answers: Vec<_> =
            played.frames.iter().map(|frame| (frame["id"].as_str(), frame.get("error").is_some())).collect();
        answers.sort_unstable();
        assert_eq!(answers, [(Some("a"), true), (Some("b"), true), (Some("c"), false)], "{}", played.told);
    }
}

#[test]
fn wrong_usage_is_told_before_anything_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    for (options, why) in [
        (&["--on-miss", "forward"][..], "needs the server"),
        (&["--write", "x"], "--on-miss forward"),
        (&["--speed", "0.001"], "between 0.01 and 1000"),
        (&["--ignore", "n"], "--ignore"),
        (&["--listen", "127.0.0.1:0", "--on-miss", "ask"], "one client"),
    ] {
        let played = replay(options, &recording, &[], &[]);
        assert_eq!(played.status, Some(2), "{options:?}: {}", played.told);
        assert!(played.told.contains(why), "{options:?}: {}", played.told);
    }
    assert_eq!(replay(&[], Path::new("-"), &[], &[]).status, Some(2));
    assert_eq!(replay(&[], Path::new("/no/such/recording"), &[], &[]).status, Some(2));
}

#[test]
fn rules_and_the_recording_of_wrap_work_on_a_replay_as_on_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let rules = folder.path().join("rules.toml");
    fs::write(&rules, "[[rule]]\nname = \"kept\"\nmatch = { tool = \"echo\" }\ncache = { ttl = \"5m\" }\n")
        .unwrap();
    let again = folder.path().join("again.mcp.jsonl");
    let mut command = Command::new(MCPTOP);
    command.env("MCPTOP_HOME", folder.path().join("home")).args(["wrap", "--rules"]).arg(&rules);
    command.arg("--record").arg(&again).args(["--", MCPTOP, "replay"]).arg(&recording);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    let mut ask = |request: &str| {
        let mut line = String::new();
        writeln!(stdin, "{request}").unwrap();
        stdout.read_line(&mut line).unwrap();
        line
    };
    assert!(ask(r#"{"jsonrpc":"2.0","id":0,"method":"tools/list"}"#).contains("readOnlyHint"));
    for id in ["a", "b"] {
        let line = ask(&echo(id, 1, "now"));
        assert!(line.contains("first"), "the second out of the cache: {line}");
    }
    drop(stdin);
    assert!(within_patience("the end of wrap", move || child.wait().unwrap()).success());
    // What was recorded can be played as well.
    assert_eq!(replay(&[], &again, &[&echo("c", 1, "now")], &[]).texts(), ["first"]);
}

#[cfg(unix)]
#[test]
fn a_client_that_ends_the_replay_with_a_signal_gets_its_sums_too() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let mut command = Command::new(MCPTOP);
    command.arg("replay").arg(&recording);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}", echo("a", 1, "now")).unwrap();
    let mut answer = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert!(answer.contains("first"), "{answer}");
    crate::rig::signal(child.id(), "TERM");
    let output = within_patience("the end of the replay", move || child.wait_with_output().unwrap());
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("1 request, answered: "), "{told}");
    drop(stdin);
}

/// A replay that listens.
pub(crate) struct Listening {
    child: Child,
    address: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Listening {
    pub(crate) fn start(home: &Path, options: &[&str], recording: &Path) -> Self {
        let mut command = Command::new(MCPTOP);
        command.env("MCPTOP_HOME", home).args(["replay", "--headless", "--listen", "127.0.0.1:0"]);
        command
            .args(options)
            .arg(recording)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut said, mut stderr) = (String::new(), BufReader::new(child.stderr.take().unwrap()));
        while !said.contains(" at http://") {
            assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
        }
        let address = said.split(" at http://").nth(1).and_then(|rest| rest.split('/').next());
        Self { child, address: address.unwrap().to_owned(), stderr }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// Posts a message; gives the head and the body of the answer.
    fn post(&self, session: Option<&str>, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let session = session.map(|name| format!("Mcp-Session-Id: {name}\r\n")).unwrap_or_default();
        write!(
            stream,
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
             {session}Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let answer = within_patience("an answer over HTTP", move || {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// Opens a session and gives its name.
    fn open(&self) -> String {
        let open = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } } });
        let (head, body) = self.post(None, &open.to_string());
        assert!(body.contains(r#""protocolVersion":"2025-06-18""#), "{head}\n{body}");
        let name = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("mcp-session-id: ").map(str::to_owned));
        name.unwrap_or_else(|| panic!("{head}"))
    }

    /// Ends it; gives its status and what it said last.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        crate::rig::signal(self.child.id(), "TERM");
        within_patience("the end of the replay", move || {
            let mut rest = String::new();
            self.stderr.read_to_string(&mut rest).unwrap();
            (self.child.wait().unwrap().code(), rest)
        })
    }
}

#[test]
fn every_session_over_http_gets_the_recording_from_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let listening = Listening::start(folder.path(), &[], &recording);
    for _ in 0..2 {
        let session = listening.open();
        for (id, text) in [("a", "first"), ("b", "second")] {
            let (head, body) = listening.post(Some(&session), &echo(id, 1, "now"));
            assert!(body.contains(text) && body.contains(&format!(r#""id":"{id}""#)), "{head}\n{body}");
        }
    }
    let (status, told) = listening.end();
    assert_eq!(status, Some(0), "{told}");
    assert!(told.contains("6 requests, answered: "), "{told}");
}

#[test]
fn a_miss_over_http_fails_a_strict_replay_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let listening = Listening::start(folder.path(), &["--strict"], &recording);
    let session = listening.open();
    let (head, body) = listening.post(Some(&session), &echo("a", 9, "now"));
    assert!(body.contains(r#""code":40400"#), "{head}\n{body}");
    let (status, told) = listening.end();
    assert_eq!(status, Some(1), "{told}");
    assert!(told.contains("; 1 miss"), "{told}");
}
