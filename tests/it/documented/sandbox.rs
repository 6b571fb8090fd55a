//! A home and a folder with what the documentation speaks of, in which its lines are typed.
//!
//! Knows nothing of pages. Nothing here reaches the network: what a line would start from there is a recording that is
//! replayed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use super::pages::Line;
use super::tables::{PROGRAMS, STANDS_FOR, STAYS};
use crate::rig::{signal, within_patience};
use crate::terminal::Terminal;

/// What a client says to a server of its own.
const CLIENT: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"typed","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":1,"method":"tools/list"}
"#;

/// How long ago the older recordings were made.
const LONG_AGO: Duration = Duration::from_hours(24 * 60);

/// A home, a working folder, and the programs that stand for others.
pub(super) struct Sandbox {
    folder: tempfile::TempDir,
    server: Option<Server>,
}

/// How a line ended.
pub(super) struct Ended {
    status: Option<i32>,
    said: String,
    /// What is wrong apart from the status.
    wrong: Option<String>,
}

impl Ended {
    /// Whether it did what it should. `Err` says what it did.
    pub(super) fn is_as(&self, status: i32) -> Result<(), String> {
        if let Some(wrong) = &self.wrong {
            return Err(format!("{wrong}\n{}", self.said));
        }
        if self.status == Some(status) {
            Ok(())
        } else {
            Err(format!("status {:?}\n{}", self.status, self.said))
        }
    }
}

/// A recording that is served over HTTP.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sandbox {
    pub(super) fn new() -> Self {
        let sandbox = Self { folder: tempfile::tempdir().unwrap(), server: None };
        sandbox.put_files();
        sandbox.put_programs();
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What the pages speak of as if it were there.
    fn put_files(&self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let recorded = |name: &str| fs::read(root.join(format!("recordings/{name}.mcp.jsonl"))).unwrap();
        let session = recorded("filesystem");
        for name in [
            "session.mcp.jsonl",
            "work/session.mcp.jsonl",
            "work/main.mcp.jsonl",
            "work/in.mcp.jsonl",
            "work/before.mcp.jsonl",
            "work/after.mcp.jsonl",
            "work/tests/session.mcp.jsonl",
            "home/traces/one.mcp.jsonl",
        ] {
            self.put(name, &session);
        }
        self.put("work/a.mcp.jsonl.zst", zstd::encode_all(&*session, 1).unwrap());
        self.put("work/recordings/git.mcp.jsonl", recorded("git"));
        for (age, name) in [LONG_AGO, LONG_AGO / 4, Duration::ZERO].iter().zip(["git", "memory", "time"]) {
            let kept = format!("data/mcptop/recordings/2026-01-01/{name}.mcp.jsonl");
            self.put(&kept, recorded(name));
            let file = File::options().write(true).open(self.path(&kept)).unwrap();
            file.set_modified(SystemTime::now() - *age).unwrap();
        }
        self.put("work/budgets.toml", fs::read(root.join("recordings/budgets.toml")).unwrap());
        self.put(
            "work/rules.toml",
            "[[rule]]\nname = \"again\"\nmatch = { tool = \"read_*\" }\ncache = { ttl = \"1m\" }\n",
        );
        self.put(
            "work/mcp.json",
            r#"{ "mcpServers": { "files": { "command": "npx", "args": ["-y", "files"] } } }"#,
        );
        self.put("work/.vscode/mcp.json", r#"{ "servers": { "files": { "command": "npx" } } }"#);
        let cursor = r#"{ "mcpServers": { "github": { "command": "npx" }, "time": { "command": "uvx" } } }"#;
        self.put("home/.cursor/mcp.json", cursor);
        let desktop =
            r#"{ "mcpServers": { "filesystem": { "command": "npx", "args": ["-y", "files", "~"] } } }"#;
        self.put("home/.config/Claude/claude_desktop_config.json", desktop);
        self.put("client.jsonl", CLIENT);
        self.put("work/.mcp.json", r#"{ "mcpServers": { "github": { "command": "npx" } } }"#);
        let completions = ["home/.local/share/bash-completion/completions", "home/.config/fish/completions"];
        for folder in ["home/Documents", "home/docs"].iter().chain(&completions) {
            fs::create_dir_all(self.path(folder)).unwrap();
        }
        fs::create_dir_all(self.path("run")).unwrap();
        fs::set_permissions(self.path("run"), fs::Permissions::from_mode(0o700)).unwrap();
    }

    fn put_programs(&self) {
        let server = [("../work/server", "exec mcptop replay \"$SESSION\"")];
        for (name, script) in PROGRAMS.iter().chain(&server) {
            self.put(&format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
            let path = self.path("bin").join(name);
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mcptop"), self.path("bin/mcptop")).unwrap();
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let at = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let path = format!("{}:{}", at("bin"), std::env::var("PATH").unwrap());
        let mut variables = vec![
            ("PATH", path),
            ("HOME", at("home")),
            ("XDG_CONFIG_HOME", at("home/.config")),
            ("XDG_DATA_HOME", at("data")),
            ("XDG_STATE_HOME", at("state")),
            ("XDG_CACHE_HOME", at("cache")),
            ("XDG_RUNTIME_DIR", at("run")),
            ("SESSION", at("session.mcp.jsonl")),
            ("EDITOR", "editor".to_owned()),
            ("GITHUB_STEP_SUMMARY", at("summary.md")),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ];
        variables.extend(self.server.as_ref().map(|server| ("SERVER", server.url.clone())));
        variables
    }

    /// What is typed here for a line of the documentation.
    fn typed(&mut self, line: &Line) -> String {
        let text = STANDS_FOR.iter().fold(line.text.clone(), |text, (told, here)| text.replace(told, here));
        if text.contains("$SERVER") && self.server.is_none() {
            self.server = Some(self.serve());
        }
        text
    }

    fn serve(&self) -> Server {
        let mut command = self.shell("exec mcptop replay --listen 127.0.0.1:0 \"$SESSION\"");
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains(" at http://") {
            assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
        }
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let rest = said.split(" at ").nth(1).unwrap();
        Server { child, url: rest.split([':', '\n', ' ']).take(3).collect::<Vec<_>>().join(":") }
    }

    /// A failing program fails its line wherever it stands in a pipe, so it is bash.
    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", script]).env_clear().envs(self.variables());
        command.current_dir(self.path("work")).stdin(Stdio::null());
        command
    }

    /// Types a line and waits for its end; where it stays, ends it as soon as it is ready.
    pub(super) fn run(&mut self, line: &Line) -> Ended {
        let script = self.typed(line);
        if let Some((_, ready, ends)) = STAYS.iter().find(|(told, ..)| script.contains(told)) {
            return self.run_until_ready(&script, ready, *ends);
        }
        let mut command = self.shell(&script);
        // These are servers for a client that starts them.
        let is_server = script.starts_with("mcptop wrap ") || script.starts_with("mcptop replay ");
        if is_server {
            command.stdin(File::open(self.path("client.jsonl")).unwrap());
        }
        let output = within_patience(&script, move || command.output().unwrap());
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_answered = told.contains(r#""id":1"#) && told.contains(r#""tools":[{"#);
        // Of what a server says, the beginning tells enough.
        let said =
            told.lines().map(|line| line.chars().take(200).collect::<String>() + "\n").collect::<String>()
                + &String::from_utf8_lossy(&output.stderr);
        let wrong = (is_server && !is_answered).then(|| "the client was not answered".to_owned());
        Ended { status: output.status.code(), said, wrong }
    }

    /// What it ends with counts as 0 if it is what it should be.
    fn run_until_ready(&self, script: &str, ready: &'static str, ends: Option<i32>) -> Ended {
        let mut command = self.shell(&format!("exec >&2; exec env {script}"));
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        within_patience(script, move || {
            let mut lines = BufReader::new(child.stderr.take().unwrap());
            let mut said = String::new();
            while !said.contains(ready) {
                if lines.read_line(&mut said).unwrap() == 0 {
                    break;
                }
            }
            let wrong = (!said.contains(ready)).then(|| "it ended before it was ready".to_owned());
            if wrong.is_none() {
                signal(pid, "TERM");
            }
            lines.read_to_string(&mut said).unwrap();
            let ended = child.wait().unwrap().code();
            Ended { status: if ended == ends { Some(0) } else { ended }, said, wrong }
        })
    }

    /// Types a line at a terminal, and yes to what it asks.
    pub(super) fn run_asked(&mut self, line: &Line) -> Ended {
        let script = self.typed(line);
        let quoted = |text: String| format!("'{}'", text.replace('\'', r"'\''"));
        let variables =
            self.variables().into_iter().map(|(name, value)| format!("export {name}={}; ", quoted(value)));
        let variables: String = variables.collect();
        let work = quoted(self.path("work").to_str().unwrap().to_owned());
        let script = format!("unset MCPTOP_HOME; cd {work}; {variables}\n{script}\n");
        let mut terminal = Terminal::shell(&script, self.folder.path(), (200, 60));
        terminal.press("y\n");
        let status = terminal.wait();
        Ended {
            status: i32::try_from(status).ok(),
            said: terminal.wait_until("a screen", |_| true),
            wrong: None,
        }
    }
}
