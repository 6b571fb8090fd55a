//! `mcptop doctor` on a machine that is well, and on one where everything is wrong.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn doctor(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.arg("doctor").args(arguments).stdin(Stdio::null()).env_clear();
    command.env("HOME", home).env("PATH", "/usr/bin:/bin").env("MCPTOP_HOME", home.join("own"));
    command.env("LANG", "C.UTF-8").env("TERM", "xterm-256color").env("COLORTERM", "truecolor");
    command.current_dir(home).output().unwrap()
}

fn findings(output: &Output) -> Vec<Value> {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// What was found of a kind, as (state, what, remedy).
fn of(found: &[Value], about: &str) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = found.iter().filter(|one| one["about"] == about);
    of.map(|one| (text(&one["state"]), text(&one["what"]), text(&one["remedy"]))).collect()
}

#[test]
fn a_machine_that_is_well_is_told_so_and_left_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let output = doctor(home.path(), &[]);
    let told = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("Nothing is wrong; ") && !told.contains('✗'), "{told}");
    for about in ["program", "configuration", "recordings", "runtime", "config.toml", "sessions", "colours"] {
        assert!(told.lines().any(|line| line.split_whitespace().nth(1) == Some(about)), "{about}: {told}");
    }
    assert!(!home.path().join("own/recordings").exists() && !home.path().join("own/config").exists());
}

#[test]
fn each_thing_that_is_wrong_is_found_with_what_to_do_about_it() {
    let home = tempfile::tempdir().unwrap();
    let own = home.path().join("own");
    for folder in ["recordings", "config/rules", "config/themes", "run"] {
        fs::create_dir_all(own.join(folder)).unwrap();
    }
    fs::set_permissions(own.join("run"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(own.join("recordings"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(own.join("config/config.toml"), "[view]\nwindw = 3\n").unwrap();
    fs::write(own.join("config/rules/shop.toml"), "[[rule]]\nname = \"a\"\ntrimm = 1\n").unwrap();
    fs::write(own.join("config/themes/mine.toml"), "inherits = \"drak\"\n").unwrap();
    // A proxy that was killed has left its entry; no process has this id.
    let entry = json!({ "header": { "mcptop": 1, "session": "s", "started": "2026-11-21T00:00:00Z", "version": "0",
        "label": "x", "front": { "kind": "stdio" }, "back": { "kind": "command", "argv": ["x"] }, "platform": "x" },
        "pid": 999_999_999, "recording": null, "control": own.join("run/s.sock") });
    fs::write(own.join("run/s.json"), entry.to_string()).unwrap();
    fs::create_dir_all(home.path().join(".cursor")).unwrap();
    fs::write(home.path().join(".cursor/mcp.json"), "{ \"mcpServers\": { ").unwrap();

    let output = doctor(home.path(), &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let found = findings(&output);
    let only = |about: &str| match &of(&found, about)[..] {
        [one] => one.clone(),
        other => panic!("{about}: {other:?}"),
    };
    let (state, what, _) = only("recordings");
    assert!(state == "problem" && what.contains("others can write to it"), "{what}");
    let (state, what, remedy) = only("config.toml");
    assert!(state == "problem" && what.contains("line 2, column 1"), "{what}");
    assert_eq!(remedy, "mcptop config edit");
    let (state, what, _) = only("rules");
    assert!(state == "problem" && what.contains("shop.toml: line 3, column 1"), "{what}");
    let (state, what, _) = only("themes");
    assert!(state == "problem" && what.contains("did you mean `dark`"), "{what}");
    let (state, what, _) = only("sessions");
    assert!(state == "note" && what.contains("1 leftover"), "{what}");
    let (state, what, _) = only("client");
    assert!(state == "problem" && what.starts_with("Cursor, "), "{what}");

    // A mcptop that was there when it was put in front, and is not any more: the client can start none of its servers.
    let gone = json!({ "mcpServers": { "a": { "command": home.path().join("mcptop"), "args": ["wrap", "--label", "a", "--", "x"] } } });
    fs::write(home.path().join(".cursor/mcp.json"), gone.to_string()).unwrap();
    let found = findings(&doctor(home.path(), &["--json"]));
    let (state, what, _) = of(&found, "client")[0].clone();
    assert!(state == "problem" && what.contains("1 server cannot start"), "{what}");

    // What it took away is gone, and what only its owner can mend is still there.
    let again = findings(&doctor(home.path(), &["--json"]));
    assert_eq!(of(&again, "sessions")[0].0, "fine");
    assert_eq!(of(&again, "recordings")[0].0, "problem");
}
