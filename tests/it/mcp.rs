//! `mcptop mcp` from outside: an agent asks about sessions that were recorded, and is answered in few tokens.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mcptop::tokens::{Counter, Effort, Encoding};
use serde_json::{Value, json};

/// What all definitions together may cost.
const DEFINITIONS_MAX: u64 = 600;
/// What one answer may cost.
const ANSWER_MAX: u64 = 1_500;

struct Agent {
    child: Child,
    asks: Option<ChildStdin>,
    hears: BufReader<ChildStdout>,
    last: u64,
}

impl Agent {
    /// In a home where these sessions were recorded.
    fn among(home: &Path, recordings: &[&str]) -> Self {
        let folder = home.join("recordings/2026-11-21");
        fs::create_dir_all(&folder).unwrap();
        for name in recordings {
            let from = format!("{}/recordings/{name}.mcp.jsonl", env!("CARGO_MANIFEST_DIR"));
            fs::copy(from, folder.join(format!("{name}.mcp.jsonl"))).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_mcptop"))
            .arg("mcp")
            .env("MCPTOP_HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (asks, hears) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut agent = Self { child, asks, hears, last: 0 };
        let client = json!({"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"agent","version":"1"}});
        assert_eq!(agent.ask("initialize", &client)["serverInfo"]["name"], "mcptop");
        agent.say(&json!({"jsonrpc":"2.0","method":"notifications/initialized"}));
        agent
    }

    fn say(&mut self, message: &Value) {
        writeln!(self.asks.as_ref().unwrap(), "{message}").unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        self.say(&json!({"jsonrpc":"2.0","id":self.last,"method":method,"params":params}));
        let mut line = String::new();
        self.hears.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(answer["id"], self.last);
        answer.get("result").or(answer.get("error")).unwrap().clone()
    }

    /// What a tool answers, and whether it says that it failed.
    fn call(&mut self, tool: &str, arguments: &Value) -> (String, bool) {
        let result = self.ask("tools/call", &json!({"name":tool,"arguments":arguments}));
        let text = result.pointer("/content/0/text").unwrap_or_else(|| panic!("{result}"));
        (text.as_str().unwrap().to_owned(), result["isError"] == true)
    }

    fn leave(mut self) {
        self.asks = None;
        assert!(self.child.wait().unwrap().success());
    }
}

fn tokens(text: &str) -> u64 {
    Counter::new(Effort::OnRequest).count(Encoding::O200kBase, text).tokens
}

#[test]
fn an_agent_learns_in_few_tokens_what_its_tools_cost_and_why() {
    let home = tempfile::tempdir().unwrap();
    let mut agent = Agent::among(home.path(), &["memory", "everything", "time"]);
    let listed = agent.ask("tools/list", &json!({}));
    assert!(tokens(&listed.to_string()) <= DEFINITIONS_MAX, "{} tokens", tokens(&listed.to_string()));
    for tool in listed["tools"].as_array().unwrap() {
        assert_eq!(tool["annotations"]["readOnlyHint"], true);
    }
    let (sessions, _) = agent.call("list_sessions", &json!({}));
    assert_eq!(sessions.lines().count(), 3, "{sessions}");
    let (summary, _) = agent.call("session_summary", &json!({"session": "memory", "limit": 3}));
    insta::assert_snapshot!("mcp_summary_of_memory", summary);
    let (slow, _) = agent.call("slow_calls", &json!({"session": "everything", "limit": 2}));
    insta::assert_snapshot!("mcp_slow_calls_of_everything", slow);
    let number: u64 = slow.lines().nth(2).unwrap().split(':').next().unwrap().parse().unwrap();
    let (explained, _) = agent.call("explain_call", &json!({"session": "everything", "call": number}));
    assert!(
        explained.contains("trigger-long-running-operation, ok")
            && explained.contains("\"method\":\"tools/call\""),
        "{explained}"
    );
    let (only, _) = agent.call("slow_calls", &json!({"session": "everything", "tool": "echo"}));
    assert_eq!(only.lines().filter(|line| line.contains(": echo, ")).count(), 8, "{only}");
    for session in ["memory", "everything", "time"] {
        for tool in ["session_summary", "token_bill", "slow_calls", "advice"] {
            let (answer, is_error) = agent.call(tool, &json!({ "session": session }));
            assert!(
                !is_error && tokens(&answer) <= ANSWER_MAX,
                "{tool} of {session}: {} tokens\n{answer}",
                tokens(&answer)
            );
        }
    }
    agent.leave();
}

#[test]
fn what_is_asked_wrongly_is_said_to_the_model_and_nothing_else_is_read() {
    let home = tempfile::tempdir().unwrap();
    let mut agent = Agent::among(home.path(), &["time"]);
    for (tool, arguments, word) in [
        ("session_summary", json!({"session": "/etc/passwd"}), "list_sessions"),
        ("session_summary", json!({"sesion": "time"}), "session, limit"),
        ("slow_calls", json!({"limit": "many"}), "limit"),
        ("explain_call", json!({}), "\"call\" is missing"),
        ("explain_call", json!({"call": 1_000_000}), "this session has 0 to"),
    ] {
        let (answer, is_error) = agent.call(tool, &arguments);
        assert!(is_error && answer.contains(word), "{answer}");
    }
    assert_eq!(agent.ask("tools/call", &json!({"name": "no_such_tool"}))["code"], -32602);
    agent.leave();
    let home = tempfile::tempdir().unwrap();
    let mut agent = Agent::among(home.path(), &[]);
    assert_eq!(agent.call("list_sessions", &json!({})), ("nothing has been recorded yet".to_owned(), false));
    assert!(agent.call("advice", &json!({})).1);
    agent.leave();
}
