//! `mcptop advise` and `mcptop simulate` as people call them: the real binary on recordings and rules files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings").join(format!("{name}.mcp.jsonl"))
}

/// Runs the program, with a home of its own.
fn mcptop(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.env("MCPTOP_HOME", folder.join("home")).current_dir(folder).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = mcptop(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// What it says when it is used wrongly.
fn refuses(folder: &Path, arguments: &[&str]) -> String {
    let output = mcptop(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty());
    text(&output.stderr)
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&succeeds(folder, arguments)).unwrap()
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let time = recording("time");
    let time = time.to_str().unwrap();
    std::fs::write(folder.path().join("broken.toml"), "[[rule]]\nname = \"a\"\ntrimm = {}\n").unwrap();
    let said = refuses(folder.path(), &["simulate", time, "--rules", "broken.toml"]);
    assert!(
        said.contains("broken.toml: line 3, column 1: there is no key `trimm` here. Did you mean `trim`?"),
        "{said}"
    );
    let said = refuses(folder.path(), &["advise", time, "--write", "broken.toml"]);
    assert!(said.contains("line 3, column 1"), "{said}");
    let kept = std::fs::read_to_string(folder.path().join("broken.toml")).unwrap();
    assert_eq!(kept, "[[rule]]\nname = \"a\"\ntrimm = {}\n", "a broken file is not touched");
    assert!(refuses(folder.path(), &["advise", "nothing.jsonl"]).contains("nothing.jsonl"));
    assert!(refuses(folder.path(), &["advise", "broken.toml"]).contains("not an mcptop recording"));
    assert!(
        refuses(folder.path(), &["simulate", time, "--rules", "none.toml"])
            .contains("cannot read the rules in")
    );
    assert!(refuses(folder.path(), &["advise", time, "--profile", "gpt-9"]).contains("unknown profile"));
}

#[test]
fn a_name_stands_for_a_file_in_the_configuration_folder() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("home/config/rules");
    std::fs::create_dir_all(&rules).unwrap();
    std::fs::write(rules.join("strict.toml"), "").unwrap();
    let time = recording("time");
    let told = succeeds(folder.path(), &["simulate", time.to_str().unwrap(), "--rules", "strict"]);
    assert!(told.contains("37 calls") || told.contains("38 calls"), "{told}");
}

#[test]
fn advice_reads_from_a_pipe_and_from_a_compressed_file_as_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = recording("time");
    let plain = succeeds(folder.path(), &["advise", path.to_str().unwrap(), "--json"]);
    let packed = folder.path().join("time.zst");
    std::fs::write(&packed, zstd::encode_all(std::fs::File::open(&path).unwrap(), 1).unwrap()).unwrap();
    assert_eq!(succeeds(folder.path(), &["advise", "time.zst", "--json"]), plain);
    let piped = Command::new(env!("CARGO_BIN_EXE_mcptop"))
        .args(["advise", "-", "--json"])
        .stdin(std::fs::File::open(&path).unwrap())
        .output()
        .unwrap();
    assert_eq!(text(&piped.stdout), plain);
}

#[test]
fn a_simulation_is_a_recording_and_no_file_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let time = recording("time");
    let time = time.to_str().unwrap();
    std::fs::write(folder.path().join("none.toml"), "").unwrap();
    let simulate = ["simulate", time, "--rules", "none.toml", "--write", "out.mcp.jsonl"];
    succeeds(folder.path(), &simulate);
    assert_eq!(succeeds(folder.path(), &["open", "out.mcp.jsonl"]), succeeds(folder.path(), &["open", time]));
    assert!(refuses(folder.path(), &simulate).contains("is there already"));
}

#[test]
fn written_rules_leave_a_file_as_it_was_and_decisions_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let everything = recording("everything");
    let everything = everything.to_str().unwrap();
    let path = folder.path().join("rules.toml");
    let mine = "# mine\n[[rule]]\nname = \"guard\" # careful\ntimeout = \"30s\"\n";
    std::fs::write(&path, mine).unwrap();
    let advised = json(folder.path(), &["advise", everything, "--json", "--write", "rules.toml"]);
    let proposals = advised["proposals"].as_array().unwrap();
    let named: Vec<&str> = proposals.iter().filter_map(|proposal| proposal["name"].as_str()).collect();
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.starts_with(mine), "{written}");
    assert_eq!(written.matches("[[rule]]").count(), named.len() + 1, "{written}");
    let observing = "mode = \"observe\"\n";
    if written.contains(observing) {
        // A person switches one on.
        let decided = written.replacen(observing, "", 1);
        std::fs::write(&path, &decided).unwrap();
        succeeds(folder.path(), &["advise", everything, "--write", "rules.toml"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), decided);
    }
}

/// Without what differs from run to run.
fn steady(told: &str) -> String {
    told.lines().filter(|line| !line.trim_start().starts_with("own time")).collect::<Vec<_>>().join("\n")
}

#[test]
fn advice_on_the_recordings_reads_like_this() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["azure", "everything", "filesystem", "git", "memory", "playwright", "time", "time-probe"] {
        let told = succeeds(folder.path(), &["advise", recording(name).to_str().unwrap()]);
        assert!(told.lines().all(|line| line.chars().count() <= 80 || line.starts_with("      ")), "{told}");
        insta::assert_snapshot!(format!("advice_on_{name}"), steady(&told));
    }
}

#[test]
fn a_session_under_the_advised_rules_reads_like_this() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["git", "memory", "time"] {
        let path = recording(name);
        let path = path.to_str().unwrap();
        let rules = format!("{name}.toml");
        succeeds(folder.path(), &["advise", path, "--write", &rules]);
        let told = succeeds(folder.path(), &["simulate", path, "--rules", &rules]);
        let told = told.replace(&folder.path().display().to_string(), "/home/demo");
        insta::assert_snapshot!(format!("under_advice_{name}"), steady(&told));
        let json = json(folder.path(), &["simulate", path, "--rules", &rules, "--json"]);
        let sum = |what: &str| {
            let rules = json["rules"].as_array().unwrap().iter();
            rules.filter_map(|rule| rule["saved"][what].as_i64()).sum::<i64>()
        };
        for what in ["model", "wire", "bytes", "time_us"] {
            assert_eq!(json["saved"][what].as_i64(), Some(sum(what)), "{name}: rules add up to the whole");
        }
    }
}
