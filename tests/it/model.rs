//! Every recording of a real session, followed: nothing is left over, and it agrees with a plain reading of the file.

use std::fs;
use std::path::{Path, PathBuf};

use mcptop::model::{Era, LogKind, Operation, Session, State};
use mcptop::trace::{Place, read_event, read_header};
use mcptop::wire::Peer;
use serde_json::Value;

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".mcp.jsonl"))
        .collect();
    found.sort();
    assert!(found.len() >= 6, "{found:?}");
    found
}

fn recording(name: &str) -> Session {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("recordings/{name}.mcp.jsonl"));
    session(&fs::read(path).unwrap())
}

/// Follows a whole recording. The places are the true ones.
fn session(bytes: &[u8]) -> Session {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap();
    let mut session = Session::new(read_header(first).unwrap());
    let mut offset = first.len() + 1;
    for line in lines.filter(|line| !line.is_empty()) {
        let place = Place { offset_bytes: offset as u64, len_bytes: u32::try_from(line.len()).unwrap() };
        session.apply(&read_event(line).unwrap(), place);
        offset += line.len() + 1;
    }
    session.end_of_recording();
    session
}

/// The messages of a recording as plain JSON, without the model.
fn messages(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.filter_map(|line| serde_json::from_slice::<Value>(line).unwrap().get("body").cloned()).collect()
}

#[test]
fn every_message_of_a_real_session_is_accounted_for() {
    for path in recordings() {
        let bytes = fs::read(&path).unwrap();
        let (session, messages) = (session(&bytes), messages(&bytes));
        let name = path.display();
        let count = |has: &dyn Fn(&Value) -> bool| messages.iter().filter(|message| has(message)).count();
        let requests = count(&|message| message.get("method").is_some() && message.get("id").is_some());
        let errors = count(&|message| message.get("error").is_some());
        let tool_errors = count(&|message| message["result"]["isError"] == Value::Bool(true));
        let exchanges: usize =
            session.operations().iter().map(|operation| operation.exchanges().count()).sum();
        assert_eq!(exchanges, requests, "{name}");
        let totals = session.totals();
        assert_eq!(totals.protocol_errors, errors as u64, "{name}");
        assert_eq!(totals.tool_errors, tool_errors as u64, "{name}");
        assert_eq!((totals.orphans, totals.duplicates, totals.unknown), (0, 0, 0), "{name}");
        assert_eq!(session.pending().len(), 0, "{name}");
        let notifications: u64 = session.notifications().iter().map(|one| one.count).sum();
        let notified = count(&|message| message.get("method").is_some() && message.get("id").is_none());
        assert_eq!(notifications, notified as u64, "{name}");
    }
}

#[test]
fn the_place_of_a_message_leads_back_to_it() {
    for path in recordings() {
        let bytes = fs::read(&path).unwrap();
        let session = session(&bytes);
        for exchange in session.operations().iter().flat_map(Operation::exchanges) {
            for half in [Some(exchange.request), exchange.response].into_iter().flatten() {
                let from = usize::try_from(half.place.offset_bytes).unwrap();
                let line = &bytes[from..from + half.place.len_bytes as usize];
                let line: Value = serde_json::from_slice(line).unwrap();
                let id: Value = serde_json::from_str(exchange.id.as_str()).unwrap();
                assert_eq!(line["body"]["id"], id, "{}", path.display());
            }
        }
    }
}

#[test]
fn both_eras_are_told_apart_and_both_sides_are_named() {
    for (name, era, server, tools) in [
        ("filesystem", Era::Legacy, "secure-filesystem-server", 14),
        ("azure", Era::Legacy, "Azure MCP Server", 235),
        ("git", Era::Modern, "mcp-git", 12),
        ("time", Era::Modern, "mcp-time", 2),
        ("time-probe", Era::Modern, "mcp-time", 0),
    ] {
        let session = recording(name);
        let seen = session.handshake();
        assert_eq!(seen.era, era, "{name}");
        assert_eq!(&*seen.server.as_ref().unwrap().name, server, "{name}");
        assert!(seen.client.is_some() && seen.negotiated.is_some(), "{name}");
        assert_eq!(session.definitions().tools().len(), tools, "{name}");
        assert!(session.cold_start_us().unwrap() > 100_000, "{name}: a real server takes its time to start");
    }
}

#[test]
fn what_the_reference_server_shows_off_is_understood() {
    let session = recording("everything");
    let of = |name: &str| {
        let symbol = session.symbols().get(name).unwrap();
        session.operations().iter().find(|one| one.target == symbol || one.method == symbol).unwrap()
    };
    let task = of("simulate-research-query");
    assert_eq!(session.name(task.task().unwrap().status), "completed");
    assert!(task.exchanges().count() > 2 && task.answer().unwrap().at > task.started());
    let (call, question) = (of("trigger-elicitation-request"), of("elicitation/create"));
    assert_eq!(question.from, Peer::Server);
    assert!(std::ptr::eq(session.operation(question.serves().unwrap()).unwrap(), call));
    assert!(
        call.client_wait_us() > call.latency_us(session.last_event()),
        "the human took longer than the server"
    );
    let long = session.operations().iter().filter_map(Operation::progress).map(|seen| seen.count).max();
    assert!(long > Some(5));
    assert!(session.operations().iter().any(|one| matches!(one.state, State::Cancelled { .. })));
}

#[test]
fn lines_that_are_no_messages_are_noted() {
    let session = recording("azure");
    let mut noise =
        session.log().entries().filter(|entry| entry.kind == LogKind::Noise { from: Peer::Server });
    assert!(noise.next().unwrap().text.starts_with("No X display available."));
}
