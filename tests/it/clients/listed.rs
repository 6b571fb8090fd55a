//! What the list says of clients, servers and what their schemas cost.

use std::fs;
use std::path::Path;

use super::{home_of_cursor, mcptop, said};
use crate::audit::{listing, tool};

/// Puts a recording of this project's into the user's folder.
fn recorded(home: &Path, name: &str) {
    let folder = home.join(".local/share/mcptop/recordings/2026-11-21");
    fs::create_dir_all(&folder).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let file = format!("{name}.mcp.jsonl");
    fs::copy(own.join(&file), folder.join(&file)).unwrap();
}

#[test]
fn what_schemas_cost_is_known_from_recordings_of_the_same_command_or_name() {
    let (home, path) = home_of_cursor();
    recorded(home.path(), "filesystem");
    recorded(home.path(), "memory");
    let text = r#"{"mcpServers": {
        "docs": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/home/demo/project"]},
        "memory": {"command": "docker", "args": ["run", "mcp/memory"]},
        "unknown": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/elsewhere"]}
    }}"#;
    fs::write(&path, text).unwrap();
    let costs = || {
        let json = mcptop(home.path(), &["list", "cursor", "--json"]);
        let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        let servers = json[0]["servers"].as_array().unwrap().clone();
        servers.iter().map(|row| (row["tokens"].clone(), row["tools"].clone())).collect::<Vec<_>>()
    };
    let before = costs();
    assert!(before[0].0.as_u64().unwrap() > 1000 && before[0].1 == 14, "{before:?}");
    assert!(before[1].0.as_u64().unwrap() > 400 && before[1].1 == 9, "{before:?}");
    assert!(before[2].0.is_null() && before[2].1.is_null());
    assert!(mcptop(home.path(), &["wrap", "cursor", "--all", "--yes"]).status.success());
    assert_eq!(costs(), before, "mcptop in front changes nothing of what a server costs");
    let listed = said(&mcptop(home.path(), &["list", "cursor"]));
    assert!(listed.contains("  1,177 tokens  14 tools  npx"), "{listed}");
}

#[test]
fn clients_that_are_not_here_are_told_from_those_without_servers() {
    let (home, _) = home_of_cursor();
    fs::create_dir_all(home.path().join(".codex")).unwrap();
    let listed = said(&mcptop(home.path(), &["list"]));
    assert!(listed.starts_with("Cursor, user: "), "{listed}");
    assert!(listed.contains("\nWithout a configuration of servers: Codex CLI\n"), "{listed}");
    assert!(listed.contains("\nNot found here: Claude Desktop, Claude Code, VS Code"), "{listed}");
    let json = mcptop(home.path(), &["list", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let of = |id: &str| json.as_array().unwrap().iter().find(|row| row["client"] == id).unwrap().clone();
    assert_eq!((&of("cursor")["installed"], &of("codex")["installed"]), (&true.into(), &true.into()));
    assert_eq!(of("zed")["installed"], false);
    assert!(of("zed")["path"].as_str().unwrap().ends_with(".config/zed/settings.json"));
}

#[test]
fn what_an_audit_has_found_is_shown_until_it_is_audited_again() {
    let (home, path) = home_of_cursor();
    let script = home.path().join("server.sh");
    fs::write(&script, listing(&serde_json::json!([tool("one", "Does one thing.")]))).unwrap();
    let entry = serde_json::json!({ "command": "/bin/sh", "args": [script] });
    fs::write(&path, format!("{:#}", serde_json::json!({ "mcpServers": { "one": entry } }))).unwrap();
    assert!(mcptop(home.path(), &["wrap", "cursor", "--all", "--yes"]).status.success());
    let mut audit = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"));
    audit.args(["audit", "--client", "cursor"]).env_clear().env("HOME", home.path()).current_dir(home.path());
    let audit = audit.output().unwrap();
    assert!(audit.status.success(), "{}", said(&audit));
    let listed = mcptop(home.path(), &["list", "cursor", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let row = &listed[0]["servers"][0];
    assert!(row["tokens"].as_u64().unwrap() > 5 && row["tools"] == 1, "{row}");
    assert!(row["tokens_from"]["audit"].is_string() && row["state"] == "wrapped", "{row}");
}
