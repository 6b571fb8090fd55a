//! A client that writes its file anew from what it remembers drops mcptop: it is noticed, and put right.

use std::fs;
use std::process::Command;

use super::{TEXT, home_of_cursor, mcptop, said};
use crate::terminal::Terminal;

/// As a client writes its file from what it has read before.
fn rewritten() -> String {
    let value: serde_json::Value = serde_json::from_str(&TEXT.replace("  // mine\n", "")).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

fn states(home: &std::path::Path) -> Vec<String> {
    let listed = mcptop(home, &["list", "cursor", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let servers = listed[0]["servers"].as_array().unwrap().iter();
    servers.map(|server| server["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_wrap_that_a_client_has_wiped_is_noticed_and_put_back() {
    let (home, path) = home_of_cursor();
    let home = home.path();
    assert!(mcptop(home, &["wrap", "cursor", "files", "far", "--yes"]).status.success());
    assert_eq!(states(home), ["wrapped", "wrapped", "direct"]);

    fs::write(&path, rewritten()).unwrap();
    let mut sorted = states(home);
    sorted.sort();
    assert_eq!(sorted, ["direct", "dropped", "dropped"]);
    let listed = said(&mcptop(home, &[]));
    assert!(listed.contains("dropped mcptop from 2 servers: `mcptop clients wrap --again`"), "{listed}");

    let tried = mcptop(home, &["wrap", "--again", "--dry-run"]);
    assert!(
        tried.status.success() && said(&tried).contains("+      \"args\": [\"wrap\""),
        "{}",
        said(&tried)
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), rewritten());
    let again = mcptop(home, &["wrap", "--again", "--yes"]);
    assert!(again.status.success() && said(&again).contains("in front of 2 servers"), "{}", said(&again));
    assert_eq!(states(home).iter().filter(|state| *state == "wrapped").count(), 2);
    let more = mcptop(home, &["wrap", "--again", "--yes"]);
    assert!(said(&more).contains("no client has dropped mcptop"), "{}", said(&more));
    assert!(mcptop(home, &["unwrap", "cursor", "--all", "--yes"]).status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), rewritten());
}

#[test]
fn who_has_taken_mcptop_away_by_hand_says_so_once() {
    let (home, path) = home_of_cursor();
    let home = home.path();
    assert!(mcptop(home, &["wrap", "cursor", "files", "--yes"]).status.success());
    fs::write(&path, TEXT).unwrap();
    assert_eq!(states(home), ["dropped", "address", "direct"]);
    let done = mcptop(home, &["unwrap", "cursor", "files", "--yes"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(states(home), ["direct", "address", "direct"]);
    // One that was taken out altogether is nobody's loss.
    assert!(mcptop(home, &["wrap", "cursor", "clock", "--yes"]).status.success());
    fs::write(&path, "{\"mcpServers\": {}}").unwrap();
    assert!(said(&mcptop(home, &["wrap", "--again", "--yes"])).contains("no client has dropped mcptop"));
}

#[test]
fn a_journal_that_cannot_be_read_is_said_and_kept_and_keeps_nobody_from_wrapping() {
    let (home, path) = home_of_cursor();
    let journal = home.path().join(".local/share/mcptop/clients.json");
    fs::create_dir_all(journal.parent().unwrap()).unwrap();
    fs::write(&journal, "{ mine").unwrap();
    let wrapped = mcptop(home.path(), &["wrap", "cursor", "files", "--yes"]);
    assert!(wrapped.status.success() && said(&wrapped).contains("clients.json cannot be read"));
    assert!(fs::read_to_string(&path).unwrap().contains("\"wrap\""));
    assert_eq!(fs::read_to_string(&journal).unwrap(), "{ mine");
}

#[test]
fn the_viewer_says_that_a_client_has_dropped_mcptop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcp.json");
    fs::write(&path, TEXT).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
        command.args(arguments).env("MCPTOP_HOME", folder.path().join("home")).current_dir(folder.path());
        said(&command.output().unwrap())
    };
    run(&["clients", "wrap", "--config", "mcp.json", "files", "clock", "--yes"]);
    assert!(!run(&[]).contains("written anew"), "{}", run(&[]));
    fs::write(&path, TEXT).unwrap();
    assert!(run(&[]).contains("was written anew without mcptop: files and 1 more"), "{}", run(&[]));
    let terminal = Terminal::mcptop(&[], &folder.path().join("home"), (160, 40));
    terminal.wait_for(&["was written anew without mcptop", "mcptop clients wrap --again"]);
}
