//! `mcptop status`: what goes on now, in a line.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::live::{call, initialize, wrapped};

/// A recorder writes behind the traffic, but never this long.
const PATIENCE: Duration = Duration::from_secs(30);

fn status(home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    let output = command.arg("status").args(arguments).env("MCPTOP_HOME", home).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Asks until the answer has a piece: what has passed is recorded a moment later.
fn status_with(home: &Path, arguments: &[&str], piece: &str) -> String {
    let until = Instant::now() + PATIENCE;
    loop {
        let line = status(home, arguments);
        if line.contains(piece) {
            return line;
        }
        assert!(Instant::now() < until, "{piece:?} is not in {line:?}");
    }
}

#[test]
fn where_nothing_is_live_that_is_said() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(status(home.path(), &[]), "no live session\n");
    let document: Value = serde_json::from_str(&status(home.path(), &["--json"])).unwrap();
    assert_eq!((&document["live"], &document["calls"]), (&0.into(), &0.into()));
    assert_eq!(document["sessions"], Value::Array(Vec::new()));
}

#[test]
fn live_sessions_are_summed_up_in_a_line_and_told_apart_in_json() {
    let home = tempfile::tempdir().unwrap();
    let mut rigs = [wrapped(&home), wrapped(&home)];
    for rig in &mut rigs {
        initialize(rig);
        call(rig, 1, "lookup");
    }
    call(&mut rigs[0], 2, "lookup");
    let line = status_with(home.path(), &["--price", "100"], "5 calls");
    let pieces: Vec<&str> = line.trim_end().split(" · ").collect();
    assert_eq!(pieces[..3], ["2 live", "5 calls", "0 in flight"], "{line}");
    assert!(pieces[3].starts_with("p95 "), "{line}");
    // "forty-two" is three tokens to a model, and was said three times.
    assert!(pieces[4] == "context 9 tok (<0.1 %, $0.00090)", "{line}");
    assert_eq!(pieces.len(), 5, "{line}");
    let document: Value =
        serde_json::from_str(&status_with(home.path(), &["--json"], "\"calls\":5")).unwrap();
    let calls: Vec<_> = document["sessions"].as_array().unwrap().iter().map(|one| &one["calls"]).collect();
    assert!(calls == [3, 2] || calls == [2, 3], "{document}");
    assert_eq!(document["context"]["accuracy"], "exact");
    let of = |one: &Value| one["context"]["tokens"].as_u64().unwrap();
    let parts: u64 = document["sessions"].as_array().unwrap().iter().map(of).sum();
    assert_eq!((of(&document), parts % 3), (parts, 0), "{document}");
    assert_eq!(document["context"]["share"], parts as f64 / 200_000.0);
}

#[test]
fn a_watch_prints_a_line_whenever_something_has_changed() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["status", "--watch", "--every", "0.1", "--json"]).env("MCPTOP_HOME", home.path());
    let mut watching = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut until = |is_it: &dyn Fn(&Value) -> bool| {
        let mut last = Value::Null;
        while !is_it(&last) {
            let next = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            assert_ne!(next, last, "a line that says nothing new");
            last = next;
        }
    };
    until(&|line| line["live"] == 0);
    let mut rig = wrapped(&home);
    initialize(&mut rig);
    until(&|line| line["live"] == 1 && line["calls"] == 1);
    call(&mut rig, 1, "lookup");
    until(&|line| line["calls"] == 2 && line["context"]["results"].as_u64() > Some(0));
    rig.close_stdin();
    assert!(rig.wait().success());
    until(&|line| line["live"] == 0);
    drop(lines);
    // It has nothing more to say, and would find out with the next line that nobody listens.
    watching.kill().unwrap();
    watching.wait().unwrap();
}
