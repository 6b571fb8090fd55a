//! Recordings of a server that is what a test wants it to be.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// How often each of the two tools is called.
pub(crate) const CALLS: u64 = 60;

/// What is different about the tool `far`, and about the session.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    pub(crate) calls: u64,
    pub(crate) delay_us: u64,
    /// The last so many calls take a second more.
    pub(crate) stalls: u64,
    /// How often its result says the same.
    pub(crate) words: usize,
    /// Of the calls, the first so many fail, and the next so many have no answer.
    pub(crate) errors: u64,
    pub(crate) silent: u64,
    pub(crate) description: &'static str,
    /// A line that is no message.
    pub(crate) prints: bool,
    /// Whether there is a third tool that is never called.
    pub(crate) deletes: bool,
    /// Whether it lists `far` at all.
    pub(crate) lists_far: bool,
}

pub(crate) const USUAL: Server = Server {
    calls: CALLS,
    delay_us: 0,
    stalls: 0,
    words: 20,
    errors: 0,
    silent: 0,
    description: "Looks at what is far away.",
    prints: false,
    deletes: false,
    lists_far: true,
};

/// Writes the recording of a session, with a little noise that is another one for each seed.
pub(crate) fn record(folder: &Path, name: &str, seed: u64, server: Server) -> PathBuf {
    let header = json!({
        "mcptop": 1, "session": name, "started": "2026-11-21T03:50:39Z", "version": "0.1.0", "label": "two",
        "front": { "kind": "stdio" }, "back": { "kind": "command", "argv": ["two"] }, "platform": "any",
    });
    let mut making = Making { text: header.to_string(), now: 1_000, id: 0 };
    let open = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } });
    let opened = json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": { "name": "two", "version": "1" } });
    making.exchange("initialize", &open, 20_000, Some(&json!({ "result": opened })));
    let tool = |name: &str, description: &str| json!({ "name": name, "description": description, "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": true } });
    let mut tools = vec![tool("near", "Looks at what is near.")];
    tools.extend(server.lists_far.then(|| tool("far", server.description)));
    tools.extend(server.deletes.then(|| tool("delete_all", "Deletes everything.")));
    making.exchange("tools/list", &json!({}), 20_000, Some(&json!({ "result": { "tools": tools } })));
    let content =
        |words: usize| json!({ "content": [{ "type": "text", "text": "the same again ".repeat(words) }] });
    for call in 0..server.calls {
        // A number from 0 to 40 that looks random, so that two recordings differ as two runs do.
        let noise = |of: u64| (call * 7_919 + seed * 104_729 + of * 31) % 41;
        let asked = |name: &str| json!({ "name": name, "arguments": { "n": call % 4 } });
        let words = 20 + usize::try_from(noise(1) % 3).unwrap();
        making.exchange(
            "tools/call",
            &asked("near"),
            8_000 + noise(2) * 50,
            Some(&json!({ "result": content(words) })),
        );
        let stall_us = if call + server.stalls >= server.calls { 1_000_000 } else { 0 };
        let answer = if call < server.errors {
            Some(json!({ "result": { "content": [], "isError": true } }))
        } else if call < server.errors + server.silent {
            None
        } else {
            Some(json!({ "result": content(server.words + usize::try_from(noise(3) % 3).unwrap()) }))
        };
        making.exchange(
            "tools/call",
            &asked("far"),
            60_000 + noise(4) * 400 + server.delay_us + stall_us,
            answer.as_ref(),
        );
    }
    if server.prints {
        let line =
            json!({ "t": making.now, "kind": "message", "to": "client", "own_ns": 1, "text": "ready" });
        write!(making.text, "\n{line}").unwrap();
    }
    let path = folder.join(format!("{name}.mcp.jsonl"));
    fs::write(&path, making.text + "\n").unwrap();
    path
}

struct Making {
    text: String,
    now: u64,
    id: u64,
}

impl Making {
    fn exchange(&mut self, method: &str, params: &Value, took_us: u64, answer: Option<&Value>) {
        let request = json!({ "jsonrpc": "2.0", "id": self.id, "method": method, "params": params });
        self.line("server", &request);
        self.now += took_us;
        if let Some(answer) = answer {
            let mut message = json!({ "jsonrpc": "2.0", "id": self.id });
            message.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
            self.line("client", &message);
        }
        self.id += 1;
        self.now += 1_000;
    }

    fn line(&mut self, to: &str, body: &Value) {
        let line = json!({ "t": self.now, "kind": "message", "to": to, "own_ns": 1, "body": body });
        write!(self.text, "\n{line}").unwrap();
    }
}

/// Runs the program in a folder.
pub(crate) fn mcptop(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.env("MCPTOP_HOME", folder.join("home")).current_dir(folder).args(arguments);
    command.stdin(Stdio::null()).output().unwrap()
}

/// What it printed, if it ended with this status.
pub(crate) fn printed(folder: &Path, arguments: &[&str], status: i32) -> String {
    let output = mcptop(folder, arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {complaint}{text}");
    text
}
