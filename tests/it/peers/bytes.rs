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
use super::scenario::Scenario;

/// The ids of our two requests, as every server writes them back.
const OPEN: &str = r#""id":"open""#;
const TOOLS: &str = r#""id":"tools""#;

const LEGACY: [&str; 3] = [
    r#"{"jsonrpc":"2.0","id":"open","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bytes","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    r#"{"jsonrpc":"2.0","id":"tools","method":"tools/list","params":{}}"#,
];

const MODERN: [&str; 2] = [
    r#"{"jsonrpc":"2.0","id":"open","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
    r#"{"jsonrpc":"2.0","id":"tools","method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
];

/// The lines a server writes are the same bytes without and with the proxy.
pub(super) fn compare(scenario: &Scenario, era: Era) {
    let root = tempfile::Builder::new().prefix("mcptop-bytes-").tempdir().unwrap();
    let [dir, home, home_wrapped, recordings] =
        ["project", "home", "home-wrapped", "recordings"].map(|name| root.path().join(name));
    for folder in [&home, &home_wrapped, &recordings] {
        std::fs::create_dir(folder).unwrap();
    }
    let server = scenario.command(&dir);

    let direct = list_tools(scenario, era, &dir, &home, &server);
    let wrapped = list_tools(scenario, era, &dir, &home_wrapped, &wrap(&recordings, &server));
    nothing_runs_in(&home_wrapped);
    for recording in recordings::of_folder(&recordings) {
        assert!(
            recordings::bytes_to_client(&recording) == wrapped,
            "{}: not what was read",
            recording.display()
        );
    }

    // Lines that the server sends of its own accord may come before or after an answer.
    let [direct, wrapped] = [sorted_lines(&direct), sorted_lines(&wrapped)];
    let what = format!("{} in the {era:?} era", scenario.name);
    assert!(direct.iter().any(|line| is_answer(line)), "{what}: the server lists no tools");
    assert_eq!(direct.len(), wrapped.len(), "{what}: not as many lines");
    for (direct, wrapped) in direct.iter().zip(&wrapped) {
        let [direct_text, wrapped_text] = [direct, wrapped].map(|line| String::from_utf8_lossy(line));
        assert!(direct == wrapped, "{what}:\n  direct  {direct_text}\n  wrapped {wrapped_text}");
    }
}

/// Opens a session, lists the tools, closes it; returns all bytes of the server's standard output.
fn list_tools(scenario: &Scenario, era: Era, dir: &Path, home: &Path, command: &[String]) -> Vec<u8> {
    scenario.make_folder(dir);
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .current_dir(home)
        .env("HOME", home)
        .envs(scenario.env(dir))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut to_server = child.stdin.take().unwrap();
    let mut from_server = BufReader::new(child.stdout.take().unwrap());
    let mut got = Vec::new();
    let requests = match era {
        Era::Legacy => &LEGACY[..],
        Era::Modern => &MODERN[..],
    };
    for request in requests {
        to_server.write_all(format!("{request}\n").as_bytes()).unwrap();
        if let Some(id) = [OPEN, TOOLS].into_iter().find(|id| request.contains(id)) {
            loop {
                let start = got.len();
                assert!(
                    from_server.read_until(b'\n', &mut got).unwrap() > 0,
                    "{}: the server left",
                    scenario.name
                );
                if contains(&got[start..], id) {
                    break;
                }
            }
        }
    }
    drop(to_server);
    from_server.read_to_end(&mut got).unwrap();
    child.wait().unwrap();
    got
}

fn sorted_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines
}

fn is_answer(line: &[u8]) -> bool {
    contains(line, TOOLS) && contains(line, r#""inputSchema""#)
}

fn contains(line: &[u8], part: &str) -> bool {
    line.windows(part.len()).any(|window| window == part.as_bytes())
}
