//! The configurations that the pages show: each is given to what would read it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::pages::{Block, blocks, every_page};

fn mcptop(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.env("MCPTOP_HOME", home).current_dir(home).args(arguments).output().unwrap()
}

/// Its status is one of these, and it has nothing to complain of.
fn is_quiet(output: &Output, statuses: &[i32], place: &str) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.is_empty(), "{place}: {complaint}");
    assert!(statuses.contains(&output.status.code().unwrap()), "{place}: {:?}", output.status);
}

#[test]
fn every_configuration_that_is_shown_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let session = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/filesystem.mcp.jsonl");
    let session = session.to_str().unwrap();
    let config = home.join("config/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let mut taken = 0;
    for page in every_page() {
        for block in blocks(&page).iter().filter(|block| block.kind.starts_with("toml")) {
            let place = format!("{page}:{}", block.number);
            let text = block.lines.join("\n") + "\n";
            match (page.as_str(), block.kind.as_str()) {
                ("docs/configuration.md", "toml") => {
                    fs::write(&config, text).unwrap();
                    is_quiet(&mcptop(home, &["config", "print"]), &[0], &place);
                    fs::remove_file(&config).unwrap();
                }
                ("docs/ci.md", "toml") => {
                    fs::write(home.join("budgets.toml"), text).unwrap();
                    let checked = mcptop(home, &["check", session, "--budget", "budgets.toml"]);
                    is_quiet(&checked, &[0, 1], &place);
                }
                ("docs/viewer.md", "toml") => {
                    let themes = config.with_file_name("themes");
                    fs::create_dir_all(&themes).unwrap();
                    fs::write(themes.join("mine.toml"), text).unwrap();
                    is_quiet(&mcptop(home, &["open", session, "--theme", "mine"]), &[0], &place);
                }
                ("docs/rules.md", "toml rules") => {
                    fs::write(home.join("rules.toml"), text).unwrap();
                    let simulated = mcptop(home, &["simulate", session, "--rules", "rules.toml"]);
                    is_quiet(&simulated, &[0], &place);
                }
                _ => panic!("{place}: nobody has said what reads this"),
            }
            taken += 1;
        }
    }
    assert!(taken > 15, "{taken}");
}

/// A file of a client with what the block shows: a whole file, or an entry of one.
fn file(block: &Block) -> String {
    let text = block.lines.join("\n");
    if text.starts_with('{') { text } else { format!("{{ \"mcpServers\": {{ {text} }} }}") }
}

#[test]
fn every_entry_of_a_client_that_is_shown_is_understood_and_goes_back_to_the_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let path = home.join("client.json");
    let (mut understood, mut given_back) = (0, 0);
    for page in every_page() {
        let mut before = None;
        for block in blocks(&page).iter().filter(|block| block.kind.starts_with("json")) {
            let place = format!("{page}:{}", block.number);
            let text = file(block);
            fs::write(&path, &text).unwrap();
            let listed = mcptop(home, &["clients", "list", "--config", "client.json", "--json"]);
            is_quiet(&listed, &[0], &place);
            let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
            assert_eq!(listed[0]["problem"], serde_json::Value::Null, "{place}");
            let state =
                listed[0]["servers"][0]["state"].as_str().unwrap_or_else(|| panic!("{place}: {listed}"));
            if state == "wrapped" || state == "mcptop gone" {
                let unwrap = ["clients", "unwrap", "--config", "client.json", "--all", "--yes"];
                assert!(mcptop(home, &unwrap).status.success(), "{place}");
                assert_eq!(fs::read_to_string(&path).unwrap(), before.unwrap(), "{place}");
                given_back += 1;
            }
            understood += 1;
            before = Some(text);
        }
    }
    assert!(understood >= 5 && given_back >= 2, "{understood} {given_back}");
}
