//! `mcptop print`: the tables of the viewer on standard output.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn mcptop(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.env("MCPTOP_HOME", home).args(arguments).output().unwrap()
}

fn printed(home: &Path, arguments: &[&str]) -> String {
    let output = mcptop(home, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(home: &Path, what: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&printed(home, &["print", what, "--json"])).unwrap();
    document[what].as_array().unwrap().clone()
}

#[test]
fn every_table_is_plain_text_with_a_twin_in_json() {
    let home = tempfile::tempdir().unwrap();
    for what in ["keys", "themes", "filters", "columns"] {
        let text = printed(home.path(), &["print", what]);
        insta::assert_snapshot!(format!("print_{what}"), text);
        assert!(!text.contains('\x1b'), "colours without a terminal");
        assert_eq!(text.lines().count(), json(home.path(), what).len() + 1, "{what}");
    }
}

#[test]
fn keys_are_printed_as_the_configuration_has_them() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("config")).unwrap();
    let file = home.path().join("config/config.toml");
    fs::write(&file, "[keys]\nquit = [\"Q\", \"ctrl-q\"]\nmark = []\n[keys.calls]\nmark = \"f9\"\n").unwrap();
    let text = printed(home.path(), &["print", "keys"]);
    let has = |words: &[&str]| {
        text.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().starts_with(words))
    };
    assert!(has(&["Q", "ctrl-q", "quit"]) && has(&["none", "mark"]) && has(&["f9", "mark"]), "{text}");
    let quit = json(home.path(), "keys").into_iter().find(|row| row["action"] == "quit").unwrap();
    assert_eq!(quit["keys"], serde_json::json!(["Q", "ctrl-q"]));
    assert_eq!(quit["built_in"], serde_json::json!(["q", "ctrl-c"]));
    let told = printed(home.path(), &["config", "print"]);
    let line = |key: &str| told.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    assert!(
        line("keys.quit ").contains("Q, ctrl-q") && line("keys.quit ").ends_with("config.toml"),
        "{told}"
    );
    assert!(line("keys.calls.mark ").contains("f9"), "{told}");
    // What is wrong is told, and the names that are needed to mend it are printed all the same.
    fs::write(&file, "[keys]\nqiut = \"Q\"\n").unwrap();
    let output = mcptop(home.path(), &["print", "keys"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("config.toml: line 2, column 1: there is no action `qiut`. Did you mean `quit`?"),
        "{told}"
    );
    assert!(output.status.success() && !output.stdout.is_empty());
    assert_eq!(mcptop(home.path(), &["report", "x"]).status.code(), Some(2));
}

#[test]
fn a_theme_of_the_user_is_printed_with_its_file_and_its_colours() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("config/themes")).unwrap();
    let file = home.path().join("config/themes/mine.toml");
    fs::write(&file, "inherits = \"light\"\n[roles]\nbad = \"#010203 bold\"\n").unwrap();
    let mine = json(home.path(), "themes").into_iter().find(|theme| theme["name"] == "mine").unwrap();
    assert_eq!(mine["made_for"], "light");
    assert_eq!(mine["file"], file.to_str().unwrap());
    assert_eq!(
        mine["roles"]["bad"],
        serde_json::json!({ "text": "#010203", "ground": null, "modifiers": ["bold"] })
    );
    assert!(printed(home.path(), &["print", "themes"]).contains("mine.toml"));
}
