//! A client of our own that looks at bytes only: what a server writes on its standard output for `tools/list`, with
//! and without `mcptop wrap`.
//!
//! Knows no SDK: SDKs parse what they get, and would not see a changed escape or key order.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::clients::Era;
use super::recordings;
use super::run::{nothing_runs_in, wrap};
use super::scenario::{Scenario, path_text};

const LEGACY: [&str; 3] = [
    r#"{"jsonrpc":"2.0","id":"open","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bytes","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    r#"{"jsonrpc":"2.0","id":"the tools","method":"tools/list","params":{}}"#,
];

const MODERN: [&str; 2] = [
    r#"{"jsonrpc":"2.0","id":"open","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
    r#"{"jsonrpc":"2.0","id":"the tools","method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
];

/// The lines a server writes are the same bytes without and with the proxy.
pub(super) fn compare(scenario: &Scenario, era: Era) {
    let root = tempfile::Builder::new().prefix("mcptop-bytes-").tempdir().unwrap();
    let (dir, home) = (root.path().join("project"), root.path().join("home"));
    let recording = root.path().join("session.mcp.jsonl");
    std::fs::create_dir_all(&home).unwrap();
    let server = scenario.command(&dir);

    let direct = list_tools(scenario, era, &dir, &home, &server);
    nothing_runs_in(&home);
    let wrapped =
        list_tools(scenario, era, &dir, &home, &wrap(&["--record", path_text(&recording)], &server));
    nothing_runs_in(&home);

    // Lines that the server sends of its own accord may come before or after an answer.
    let what = format!("{} in the {era:?} era", scenario.name);
    assert!(direct.iter().any(|line| is_answer(line)), "{what}: the server lists no tools");
    assert_eq!(direct.len(), wrapped.len(), "{what}: not as many lines");
    for (direct, wrapped) in direct.iter().zip(&wrapped) {
        let [direct_text, wrapped_text] = [direct, wrapped].map(|line| String::from_utf8_lossy(line));
        assert!(direct == wrapped, "{what}:\n  direct  {direct_text}\n  wrapped {wrapped_text}");
    }
    recordings::is_whole(&recording);
}

/// Opens a session, lists the tools, closes it; returns all lines of the server's standard output, sorted.
fn list_tools(scenario: &Scenario, era: Era, dir: &Path, home: &Path, command: &[String]) -> Vec<Vec<u8>> {
    scenario.make_folder(dir);
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .env("HOME", home)
        .envs(scenario.env(dir))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut to_server = child.stdin.take().unwrap();
    let mut from_server = BufReader::new(child.stdout.take().unwrap());
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let requests = match era {
        Era::Legacy => &LEGACY[..],
        Era::Modern => &MODERN[..],
    };
    for request in requests {
        to_server.write_all(format!("{request}\n").as_bytes()).unwrap();
        let answer: &[u8] = match () {
            () if request.contains(r#""id":"open""#) => br#""id":"open""#,
            () if request.contains(r#""id":"the tools""#) => br#""id":"the tools""#,
            () => continue,
        };
        loop {
            let mut line = Vec::new();
            assert!(
                from_server.read_until(b'\n', &mut line).unwrap() > 0,
                "{}: the server left",
                scenario.name
            );
            let is_it = contains(&line, answer);
            lines.push(line);
            if is_it {
                break;
            }
        }
    }
    drop(to_server);
    let mut rest = Vec::new();
    from_server.read_to_end(&mut rest).unwrap();
    lines.extend(rest.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec));
    child.wait().unwrap();
    lines.sort();
    lines
}

fn is_answer(line: &[u8]) -> bool {
    contains(line, br#""id":"the tools""#) && contains(line, br#""inputSchema""#)
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}
