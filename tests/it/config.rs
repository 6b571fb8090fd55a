//! The configuration as people meet it: a file, variables before it, flags before both.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const MCPTOP: &str = env!("CARGO_BIN_EXE_mcptop");

/// Runs mcptop with this configuration file and these variables.
fn mcptop(home: &Path, file: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    fs::create_dir_all(home.join("config")).unwrap();
    fs::write(home.join("config/config.toml"), file).unwrap();
    let mut command = Command::new(MCPTOP);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("MCPTOP_HOME", home).stdin(Stdio::null());
    command.envs(variables.iter().copied()).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const REPORT: [&str; 2] = ["report", "recordings/time.mcp.jsonl"];

#[test]
fn a_flag_comes_before_a_variable_and_that_before_the_file() {
    let home = tempfile::tempdir().unwrap();
    let file = "[view]\nwindow = 1000000\n[prices]\ninput = 3\n[tokens]\nprofile = \"claude-4.7+\"\n";
    let told = said(&mcptop(home.path(), file, &[], &REPORT));
    assert!(
        told.contains("of 1.00M") && told.contains("claude-4.7+") && told.contains("at $3.00 a million"),
        "{told}"
    );
    let variables = [("MCPTOP_VIEW_WINDOW", "400000"), ("MCPTOP_PRICES_CURRENCY", "€")];
    let told = said(&mcptop(home.path(), file, &variables, &REPORT));
    assert!(told.contains("of 400k") && told.contains("at €3.00 a million"), "{told}");
    let flags = [&REPORT[..], &["--window", "500000", "--profile", "2.0"]].concat();
    let told = said(&mcptop(home.path(), file, &variables, &flags));
    assert!(told.contains("of 500k") && !told.contains("claude"), "{told}");
}

#[test]
fn a_mistake_in_the_file_ends_a_command_with_its_place_and_leaves_a_client_its_server() {
    let home = tempfile::tempdir().unwrap();
    let file = "[view]\nwindw = 1000000\n";
    let output = mcptop(home.path(), file, &[], &REPORT);
    assert_eq!(output.status.code(), Some(2));
    let told = said(&output);
    assert!(
        told.contains("config.toml: line 2, column 1: there is no key `windw` here. Did you mean `window`?"),
        "{told}"
    );
    let output = mcptop(home.path(), file, &[], &["wrap", "--", "echo", "served"]);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"served\n"[..]));
    assert!(said(&output).contains("line 2, column 1"));
    let output = mcptop(home.path(), "", &[("MCPTOP_VIEW_WINDOW", "big")], &REPORT);
    assert!(
        said(&output).contains("MCPTOP_VIEW_WINDOW: view.window takes a whole number"),
        "{}",
        said(&output)
    );
}

#[test]
fn what_holds_is_printed_with_where_it_comes_from() {
    let home = tempfile::tempdir().unwrap();
    let file = "[targets]\np50 = \"20ms\"\n[redact]\nfields = [\"ssn\", \"iban\"]\n";
    let output = mcptop(home.path(), file, &[("MCPTOP_VIEW_THEME", "nord")], &["config", "print"]);
    insta::assert_snapshot!("config_print", said(&output));
    let output = mcptop(home.path(), file, &[], &["config", "print", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["keys"]["redact.fields"]["value"], serde_json::json!(["ssn", "iban"]));
    assert_eq!(told["keys"]["view.theme"]["from"], "built in");
    let output = mcptop(home.path(), file, &[], &["config", "path"]);
    assert_eq!(said(&output).trim(), home.path().join("config/config.toml").to_str().unwrap());
}

#[cfg(unix)]
#[test]
fn an_editor_gets_a_file_that_explains_every_key_and_is_told_of_mistakes() {
    let home = tempfile::tempdir().unwrap();
    let edit = |editor: &str| {
        let mut command = Command::new(MCPTOP);
        command.env("MCPTOP_HOME", home.path()).env_remove("VISUAL").env("EDITOR", editor);
        command.args(["config", "edit"]).stdin(Stdio::null()).output().unwrap()
    };
    let output = edit("sed -i 's/^#window = .*/window = 5/'");
    assert!(output.status.success(), "{}", said(&output));
    let file = fs::read_to_string(home.path().join("config/config.toml")).unwrap();
    assert!(file.contains("\nwindow = 5\n") && file.contains("\n#theme = "), "{file}");
    let output = edit("sed -i 's/^window = 5/window = 0/'");
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("view.window: a window of no tokens holds nothing"), "{}", said(&output));
    let output = edit("false");
    assert!(said(&output).contains("set EDITOR to another one"), "{}", said(&output));
}

#[test]
fn the_page_on_the_configuration_has_every_key() {
    let home = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md")).unwrap();
    let output = mcptop(home.path(), "", &[], &["config", "print", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (key, row) in told["keys"].as_object().unwrap() {
        let line = page.lines().find(|line| line.starts_with(&format!("| `{key}` |")));
        let line = line.unwrap_or_else(|| panic!("docs/configuration.md has no {key}"));
        assert!(line.contains(row["built_in"].as_str().unwrap()), "{line}");
    }
    let examples = page.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let taken = examples.map(|example| {
        let output = mcptop(home.path(), example, &[], &["config", "print"]);
        assert!(output.status.success(), "{}", said(&output));
    });
    assert_eq!(taken.count(), 2);
}
