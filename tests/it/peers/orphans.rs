//! Whoever dies, nothing of a real server's chain of processes (`mcptop → npx → sh → node`) is left.
//!
//! Knows no SDK beyond starting one.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::install::{peers, repository};
use super::run::{MCPTOP, nothing_runs_in, processes_of};
use super::scenario::{Scenario, path_text};

const SERVER: [&str; 3] = ["npx", "-y", "@modelcontextprotocol/server-everything"];
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"orphans","version":"1"}}}"#;

/// Starts a program in the folder of the peers, where `npx` finds the server without the network, and waits for its
/// first line: then the whole chain runs.
fn start(program: &str, arguments: &[&str], home: &Path, first_words: &str) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(peers()).env("HOME", home).env("MCPTOP_PEERS", peers());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(first_words.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("result"), "{line}");
    child
}

/// The proxy, the launcher, a shell it may use, and the server.
fn assert_the_chain_runs(home: &Path) {
    let chain = processes_of(home);
    assert!(chain.iter().any(|process| process.contains("mcptop")), "{chain:?}");
    assert!(chain.iter().filter(|process| process.contains("server-everything")).count() >= 2, "{chain:?}");
}

#[test]
fn a_client_that_is_killed_leaves_nothing_of_an_npx_chain() {
    let home = tempfile::tempdir().unwrap();
    let scenario = Scenario::file("everything");
    let client = repository().join("tests/peers/clients/typescript1.mjs");
    let folder = path_text(home.path());
    let arguments = [
        path_text(&client),
        path_text(&scenario),
        folder,
        "legacy",
        "--",
        MCPTOP,
        "wrap",
        "--no-record",
        "--",
    ];
    let mut client = start("node", &[&arguments[..], &SERVER].concat(), home.path(), "");
    assert_the_chain_runs(home.path());
    client.kill().unwrap();
    client.wait().unwrap();
    nothing_runs_in(home.path());
}

#[test]
fn a_proxy_that_is_killed_leaves_nothing_of_an_npx_chain() {
    let home = tempfile::tempdir().unwrap();
    let arguments = [&["wrap", "--no-record", "--"][..], &SERVER].concat();
    let mut proxy = start(MCPTOP, &arguments, home.path(), &format!("{INITIALIZE}\n"));
    assert_the_chain_runs(home.path());
    proxy.kill().unwrap();
    proxy.wait().unwrap();
    nothing_runs_in(home.path());
}
