//! Each recording of this repository, played to the client that is recorded in it: byte for byte, what the server said.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use mcptop::trace::Fact;
use mcptop::wire::{Contents, Direction, Message, contents};
use serde_json::{Value, json};

use super::MCPTOP;
use crate::rig::{read_all, within_patience};

/// A line as a client reads it.
enum Line {
    Answer(String),
    Ask { id: Value, method: String },
    Notification,
}

fn read(line: &str) -> Line {
    match contents(line.as_bytes()) {
        Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) => {
            Line::Answer(id.to_owned())
        }
        Contents::One(Message::Request { id, method, .. }) => {
            Line::Ask { id: serde_json::from_str(id).unwrap(), method: method.into_owned() }
        }
        Contents::One(Message::Notification { .. }) => Line::Notification,
        _ => panic!("no message: {line}"),
    }
}

/// What the client of a recording knows.
#[derive(Default)]
struct Script {
    /// What it sent, in order, without its replies; a request with its id if that was answered.
    sent: Vec<(String, Option<String>)>,
    /// Its replies to the server's requests, by method.
    replies: HashMap<String, VecDeque<Value>>,
    /// What the server said to it, without requests of its own.
    heard: Vec<String>,
    requests: u64,
}

fn script(recording: &Path) -> Script {
    let (mut script, mut asks) = (Script::default(), HashMap::new());
    for event in read_all(recording).1 {
        let Fact::Message { to, payload, .. } = event.fact else { continue };
        let text = String::from_utf8(payload.text.into_owned()).unwrap();
        let is_message = matches!(contents(text.as_bytes()), Contents::One(_));
        match (to, is_message.then(|| read(&text))) {
            // Noise between the messages.
            (_, None) => {}
            (Direction::ToServer, Some(Line::Ask { id, .. })) => {
                script.requests += 1;
                script.sent.push((text, Some(id.to_string())));
            }
            (Direction::ToServer, Some(Line::Notification)) => script.sent.push((text, None)),
            (Direction::ToServer, Some(Line::Answer(id))) => {
                let method = asks.remove(&id).unwrap();
                script.replies.entry(method).or_default().push_back(serde_json::from_str(&text).unwrap());
            }
            (Direction::ToClient, Some(Line::Ask { id, method })) => {
                asks.insert(id.to_string(), method);
            }
            (Direction::ToClient, Some(Line::Answer(_) | Line::Notification)) => script.heard.push(text),
        }
    }
    let answered: BTreeSet<String> = script
        .heard
        .iter()
        .filter_map(|text| if let Line::Answer(id) = read(text) { Some(id) } else { None })
        .collect();
    for (_, id) in &mut script.sent {
        *id = id.take().filter(|id| answered.contains(id));
    }
    script
}

/// Sends it all, waiting for each answer as a patient client does, and answering what is asked; then leaves.
fn play(script: &mut Script, mut stdin: ChildStdin, stdout: BufReader<ChildStdout>) -> Vec<String> {
    let (mut heard, mut answered) = (Vec::new(), BTreeSet::new());
    let mut lines = stdout.lines();
    for (text, id) in std::mem::take(&mut script.sent) {
        writeln!(stdin, "{text}").unwrap();
        while id.as_ref().is_some_and(|id| !answered.contains(id)) {
            let line = lines.next().unwrap().unwrap();
            match read(&line) {
                Line::Answer(id) => {
                    answered.insert(id);
                    heard.push(line);
                }
                Line::Notification => heard.push(line),
                Line::Ask { id, method } => {
                    let mut reply = script.replies.get_mut(&method).and_then(VecDeque::pop_front).unwrap();
                    reply["id"] = id;
                    writeln!(stdin, "{reply}").unwrap();
                }
            }
        }
    }
    drop(stdin);
    heard.extend(lines.map(Result::unwrap));
    heard
}

#[test]
fn a_recorded_client_hears_byte_for_byte_what_it_heard() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let recording = entry.unwrap().path();
        if !recording.to_string_lossy().ends_with(".mcp.jsonl") {
            continue;
        }
        let mut script = script(&recording);
        let mut command = Command::new(MCPTOP);
        command.args(["replay", "--strict", "--json", "--match", "exact"]).arg(&recording);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let name = recording.display().to_string();
        let (mut script, mut heard, output) = within_patience(&format!("the end of {name}"), move || {
            let heard = play(&mut script, stdin, stdout);
            (script, heard, child.wait_with_output().unwrap())
        });
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {told}");
        let sums: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        assert_eq!(sums["summary"]["exact"], json!(script.requests), "{name}: {told}");
        assert!(script.replies.values().all(VecDeque::is_empty), "{name}: the server asked less than it had");
        // What runs side by side comes in any order.
        script.heard.sort();
        heard.sort();
        for (recorded, heard) in script.heard.iter().zip(&heard) {
            assert_eq!(recorded, heard, "{name}");
        }
        assert_eq!(script.heard.len(), heard.len(), "{name}");
        played += 1;
    }
    assert!(played >= 8, "{played}");
}
