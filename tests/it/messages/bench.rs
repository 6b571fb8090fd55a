//! A folder with things that are wrong in every way, in which one command is run.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::rig::within_patience;

/// What scripts may call.
const PRELUDE: &str = r#"
config() { printf "$1" > config/config.toml; }
ask() { printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}' "$@"; }
"#;

/// A server that claims a revision and has no list of tools.
const STRANGE: &str = r#"#!/bin/sh
answer() { id=${line#*\"id\":}; printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "${id%%,*}" "$1"; }
while read -r line; do case "$line" in
  *'"initialize"'*|*'server/discover'*) answer "{\"protocolVersion\":\"$1\",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}}" ;;
  *'"tools/list"'*) answer "${2:-{\}}" ;;
esac; done
"#;

/// A port that is in use as long as the tests run.
static TAKEN: LazyLock<(TcpListener, u16)> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
});

/// The folder.
pub(super) struct Bench(tempfile::TempDir);

impl Bench {
    pub(super) fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.put_recordings();
        bench.put_texts();
        for (name, script) in [
            ("spoil", "#!/bin/sh\nprintf '[veiw]\\n' > \"$1\"\n"),
            ("orphan", "#!/no/such/interpreter\n"),
            ("strange", STRANGE),
        ] {
            bench.put(name, script);
            fs::set_permissions(bench.0.path().join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        bench
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn put_recordings(&self) {
        static SESSION: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/memory.mcp.jsonl");
            fs::read(path).unwrap()
        });
        static PACKED: LazyLock<Vec<u8>> = LazyLock::new(|| zstd::encode_all(&**SESSION, 1).unwrap());
        self.put("session.mcp.jsonl", &*SESSION);
        self.put("torn.mcp.jsonl", &SESSION[..SESSION.len() - 20]);
        let mut lines: Vec<&[u8]> = SESSION.split(|byte| *byte == b'\n').collect();
        self.put("listless.mcp.jsonl", [lines[0], b"\n"].concat());
        lines[3] = br#"{"t":1,"kind":"#;
        self.put("damaged.mcp.jsonl", lines.join(&b'\n'));
        self.put("a.mcp.jsonl.zst", &*PACKED);
        self.put("empty.mcp.jsonl", "");
        self.put("newer.mcp.jsonl", "{\"mcptop\":99,\"version\":\"9.0.0\"}\n");
        self.put("newest.mcp.jsonl", "{\"mcptop\":99}\n");
        self.put("header.mcp.jsonl", "{\"mcptop\":1}\n");
    }

    fn put_texts(&self) {
        self.put("text.txt", "Not a recording.\n");
        self.put("binary", [0xff, 0xfe, 0, 1]);
        self.put("binary.toml", [0xff, 0xfe, 0, 1]);
        self.put("folder/file", "");
        self.put("config/rules/file", "");
        self.put(
            "rules.toml",
            "[[rule]]\nname = \"again\"\nmatch = { tool = \"read_*\" }\ncache = { ttl = \"1m\" }\n",
        );
        self.put("misspelt.toml", "[[rule]]\nname = \"again\"\nmach = { tool = \"read_*\" }\n");
        self.put("broken.toml", "[[rule]\n");
        self.put("budgets.toml", "[session]\np95 = \"1h\"\n");
        self.put("mcp.json", "{ \"mcpServers\": { \"files\": { \"command\": \"no-such-server\" } } }\n");
        self.put("broken.json", "{ \"mcpServers\": { \"files\": \n");
        self.put("none.json", "{}\n");
        self.put("off.json", r#"{ "mcpServers": { "a": { "command": "x", "disabled": true } } }"#);
        let asks = r#""asks": { "command": "x", "env": { "K": "${input:key}" } }"#;
        let half = r#""half": { "type": "stdio" }, "empty": { "command": "" }"#;
        self.put("half.json", format!("{{ \"mcpServers\": {{ {half}, {asks} }} }}"));
        self.put("login.json", r#"{ "mcpServers": { "far": { "url": "https://h/mcp", "oauth": {} } } }"#);
        self.put("twice.json", r#"{ "mcpServers": { "a": { "command": "x" }, "a": { "command": "y" } } }"#);
    }

    /// Runs a script; its status and what it says on standard error.
    pub(super) fn told(&self, script: &str) -> String {
        let folder = self.0.path();
        let program = Path::new(env!("CARGO_BIN_EXE_mcptop")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let port = TAKEN.1.to_string();
        let mut command = Command::new("setsid");
        command.args(["-w", "sh", "-c", &format!("{PRELUDE}{script}")]).env_clear().current_dir(folder);
        command.env("PATH", path).env("HOME", folder).env("MCPTOP_HOME", folder).env("LANG", "C.UTF-8");
        command.env("TAKEN", &port).stdin(Stdio::null());
        let output = within_patience(script, move || command.output().unwrap());
        let said = String::from_utf8(output.stderr).unwrap();
        let said = said.replace(folder.to_str().unwrap(), "…").replace(&port, "PORT");
        let said = said.replace(&format!("{}/mcptop", program.display()), "mcptop");
        // Without a network nobody is asked.
        let said = said.replace("Temporary failure in name resolution", "Name or service not known");
        let status = output.status.code().map_or("a signal".to_owned(), |code| code.to_string());
        let said: String = said.lines().fold(String::new(), |text, line| {
            if line.is_empty() { text + "\n" } else { text + "    " + line + "\n" }
        });
        if said.is_empty() { format!("  = {status}\n") } else { format!("  = {status}\n{said}") }
    }
}
