//! `mcptop clients`: configurations of a home folder of its own, changed and restored.

mod files;
mod journal;
mod listed;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use crate::terminal::Terminal;

fn mcptop(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.env_clear().env("HOME", home).env("XDG_CONFIG_HOME", home.join(".config"));
    command.current_dir(home).args(["clients"]).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

const TEXT: &str = "{\n  // mine\n  \"mcpServers\": {\n    \"files\": { \"command\": \"npx\", \"args\": [\"-y\", \"x\"] },\n    \"far\": { \"url\": \"https://h/mcp\" },\n    \"clock\": { \"command\": \"uvx\" }\n  }\n}\n";

fn home_of_cursor() -> (tempfile::TempDir, std::path::PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".cursor/mcp.json");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, TEXT).unwrap();
    (home, path)
}

#[test]
fn all_servers_of_a_client_are_wrapped_listed_and_given_back() {
    let (home, path) = home_of_cursor();
    let wrapped = mcptop(home.path(), &["wrap", "cursor", "--all", "--yes"]);
    assert!(wrapped.status.success(), "{}", said(&wrapped));
    let text = fs::read_to_string(&path).unwrap();
    let program = env!("CARGO_BIN_EXE_mcptop");
    assert!(text.contains(&format!(
        "\"files\": {{ \"command\": \"{program}\", \"args\": [\"wrap\", \"--label\", \"files\", \"--\", \"npx\", \"-y\", \"x\"] }},"
    )));
    assert!(text.contains(&format!(
        "\"far\": {{ \"command\": \"{program}\", \"args\": [\"wrap\", \"--label\", \"far\", \"--was=url\", \"https://h/mcp\"] }},\n"
    )));
    let backup = path.with_file_name("mcp.json.mcptop-backup");
    assert_eq!(fs::read_to_string(&backup).unwrap(), TEXT);

    let listed = mcptop(home.path(), &["list", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let states: Vec<_> =
        listed[0]["servers"].as_array().unwrap().iter().map(|server| &server["state"]).collect();
    assert_eq!(states, ["wrapped", "wrapped", "wrapped"]);
    assert_eq!(listed[0]["client"], "cursor");

    let unwrapped = mcptop(home.path(), &["unwrap", "cursor", "--all", "--yes"]);
    assert!(unwrapped.status.success(), "{}", said(&unwrapped));
    assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
    // What is changed later does not touch what is kept.
    fs::write(&path, TEXT.replace("npx", "bunx")).unwrap();
    assert!(mcptop(home.path(), &["wrap", "cursor", "files", "--yes"]).status.success());
    assert_eq!(fs::read_to_string(&backup).unwrap(), TEXT);
}

#[test]
fn nothing_is_written_on_trial_or_unasked() {
    let (home, path) = home_of_cursor();
    let tried = mcptop(home.path(), &["wrap", "cursor", "clock", "--dry-run"]);
    assert!(tried.status.success());
    assert!(
        said(&tried).contains("-    \"clock\": { \"command\": \"uvx\" }\n+    \"clock\": { \"command\":"),
        "{}",
        said(&tried)
    );
    let unasked = mcptop(home.path(), &["wrap", "cursor", "clock"]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(said(&unasked).contains("say --yes, or --dry-run"), "{}", said(&unasked));
    assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no backup either");
}

#[test]
fn a_server_that_cannot_be_wrapped_leaves_everything_as_it_is_and_says_why() {
    let (home, path) = home_of_cursor();
    let login = TEXT.replace("\"https://h/mcp\"", "\"https://h/mcp\", \"oauth\": {}");
    fs::write(&path, &login).unwrap();
    for (words, why) in [
        (&["wrap", "cursor", "files", "far", "--yes"][..], "far: its `oauth` says how to log in"),
        (&["wrap", "cursor", "none", "--yes"], "there is no server \"none\""),
        (&["unwrap", "cursor", "files", "--yes"], "mcptop was not put in front of it"),
        (&["wrap", "cursor"], "say which servers, or --all"),
        (&["wrap"], "say which client"),
        (&["wrap", "netscape", "--all"], "unknown client `netscape`"),
        (&["wrap", "zed", "--all"], "zed has no configuration file of a user here"),
        (&["wrap", "--config", "none.json", "--all"], "none.json"),
    ] {
        let refused = mcptop(home.path(), words);
        assert_eq!(refused.status.code(), Some(2), "{words:?}");
        assert!(said(&refused).contains(why), "{words:?}: {}", said(&refused));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), login);
    // Among all servers it is no reason to leave the others alone.
    let all = mcptop(home.path(), &["wrap", "cursor", "--all", "--yes"]);
    assert!(
        all.status.success() && said(&all).contains("far is left as it is: its `oauth`"),
        "{}",
        said(&all)
    );
    assert_eq!(fs::read_to_string(&path).unwrap().matches("\"wrap\"").count(), 2);
    fs::write(&path, TEXT.replace("}\n}", "}\n")).unwrap();
    assert!(said(&mcptop(home.path(), &["wrap", "cursor", "--all", "--yes"])).contains("line "));
}

#[test]
fn the_file_of_a_project_is_given_the_name_of_mcptop_and_no_path() {
    let (home, users) = home_of_cursor();
    let folder = home.path().join(".vscode");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("mcp.json");
    let text = "{\"servers\": {\"a\": {\"type\": \"stdio\", \"command\": \"x\"}},}";
    fs::write(&path, text).unwrap();
    let wrapped = mcptop(home.path(), &["wrap", "vscode", "--project", "--all", "--yes"]);
    assert!(wrapped.status.success(), "{}", said(&wrapped));
    let found = fs::read_to_string(&path).unwrap();
    assert!(
        found.contains("\"command\": \"mcptop\", \"args\": [\"wrap\", \"--label=a\", \"--\", \"x\"]"),
        "{found}"
    );
    assert!(mcptop(home.path(), &["unwrap", "--config", ".vscode/mcp.json", "a", "--yes"]).status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::read_to_string(&users).unwrap(), TEXT);
}

#[test]
fn servers_of_one_file_in_several_places_change_together() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".claude.json");
    let text = "{\"mcpServers\": {\"a\": {\"command\": \"x\"}}, \"projects\": {\"/p\": {\"mcpServers\": {\"b\": {\"command\": \"y\", \"args\": []}}}}}";
    fs::write(&path, text).unwrap();
    assert!(mcptop(home.path(), &["wrap", "claude-code", "--all", "--yes"]).status.success());
    let found = fs::read_to_string(&path).unwrap();
    assert_eq!(found.matches("\"wrap\"").count(), 2, "{found}");
    let listed = said(&mcptop(home.path(), &[]));
    assert!(listed.contains("Claude Code, user") && listed.contains("in /p"), "{listed}");
    assert_eq!(listed.matches("wrapped").count(), 2, "{listed}");
    assert!(mcptop(home.path(), &["unwrap", "claude-code", "--all", "--yes"]).status.success());
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_link_stays_a_link_and_the_rights_of_a_file_stay_what_they_are() {
    let (home, path) = home_of_cursor();
    let kept = home.path().join("dotfiles/mcp.json");
    fs::create_dir_all(kept.parent().unwrap()).unwrap();
    fs::rename(&path, &kept).unwrap();
    symlink("../dotfiles/mcp.json", &path).unwrap();
    for mode in [0o600, 0o664] {
        fs::set_permissions(&kept, fs::Permissions::from_mode(mode)).unwrap();
        assert!(mcptop(home.path(), &["wrap", "cursor", "--all", "--yes"]).status.success());
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, mode);
        assert_eq!(fs::read_to_string(&kept).unwrap().matches("\"wrap\"").count(), 3);
        assert!(mcptop(home.path(), &["unwrap", "cursor", "--all", "--yes"]).status.success());
    }
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&kept).unwrap(), TEXT);
    assert_eq!(fs::read_dir(kept.parent().unwrap()).unwrap().count(), 1, "nothing half written is left");
}

#[test]
fn a_file_that_does_not_parse_is_refused_with_its_line_and_column() {
    let home = tempfile::tempdir().unwrap();
    for (name, text, at) in [
        ("a.json", "{\n  \"mcpServers\": {,}\n}", "line 2, column 18"),
        ("a.toml", "[mcp_servers.a]\ncommand = x\n", "line 2, column 11"),
        ("a.yaml", "extensions:\n  a: [\n", "line 3, column 1"),
    ] {
        let path = home.path().join(name);
        fs::write(&path, text).unwrap();
        for way in ["wrap", "unwrap"] {
            let refused = mcptop(home.path(), &[way, "--config", name, "--all", "--yes"]);
            assert_eq!(refused.status.code(), Some(2));
            assert!(said(&refused).contains(name) && said(&refused).contains(at), "{}", said(&refused));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 3);
}

#[test]
fn the_question_is_asked_in_a_terminal_and_only_yes_is_yes() {
    let (home, path) = home_of_cursor();
    for (answer, is_changed) in [("n", false), ("", false), ("y", true)] {
        let script = format!(
            "HOME='{0}' '{1}' clients wrap cursor --all; echo \"done $?\"",
            home.path().display(),
            env!("CARGO_BIN_EXE_mcptop")
        );
        let mut terminal = Terminal::shell(&script, home.path(), (120, 40));
        terminal.wait_for(&["Change this file? [y/N]"]);
        terminal.press(&format!("{answer}\r"));
        terminal.wait_for(&[if is_changed { "done 0" } else { "done 1" }]);
        assert_eq!(fs::read_to_string(&path).unwrap() != TEXT, is_changed, "{answer}");
    }
}
