//! Recordings made for a test, message by message.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Between two exchanges.
const PAUSE_US: u64 = 1_000;

/// A recording in the making.
pub(crate) struct Made {
    text: String,
    at_us: u64,
}

impl Made {
    /// Of a session over standard streams with a server of this name.
    pub(crate) fn new(server: &str) -> Self {
        let header = json!({
            "mcptop": 1, "session": "s", "started": "2026-11-21T03:50:39Z", "version": "0.1.0", "label": server,
            "front": { "kind": "stdio" }, "back": { "kind": "command", "argv": [server] }, "platform": "any",
        });
        Self { text: format!("{header}\n"), at_us: 1_000 }
    }

    /// A message for the `server` or the `client`, so long after what came before.
    pub(crate) fn message(&mut self, after_us: u64, to: &str, body: &Value) {
        self.at_us += after_us;
        self.event(&json!({ "t": self.at_us, "kind": "message", "to": to, "own_ns": 1, "body": body }));
    }

    /// Any event, at the time of the last message.
    pub(crate) fn event(&mut self, event: &Value) {
        let mut event = event.clone();
        event["t"] = self.at_us.into();
        writeln!(self.text, "{event}").unwrap();
    }

    /// A request and its result.
    pub(crate) fn exchange(&mut self, id: u64, method: &str, params: &Value, took_us: u64, result: &Value) {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.message(PAUSE_US, "server", &request);
        self.message(took_us, "client", &json!({ "jsonrpc": "2.0", "id": id, "result": result }));
    }

    /// The recording, in a folder.
    pub(crate) fn write(self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(format!("{name}.mcp.jsonl"));
        fs::write(&path, self.text).unwrap();
        path
    }
}

/// A result that is this text.
pub(crate) fn said(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}
