//! `mcptop serve -- COMMAND` between HTTP clients and a stdio server that are scripts.

mod modern;
pub(crate) mod rig;
mod streams;

use mcptop::trace::{Fact, HttpEnd, PoolTake, SessionEnd};

use rig::{BOTH, Bridge, CLIENT, opened};

const CALL: &str = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x","n":1.0}}"#;
const RESULT: &str = r#"{"jsonrpc":"2.0","id":"a","result":{"content":[],"n":1e2}}"#;

fn initialize(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{CLIENT}}}"#)
}

#[test]
fn a_session_is_one_process_that_is_told_the_clients_own_words() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    client.post("", &initialize(7));
    let mut process = bridge.process();
    assert_eq!(process.receive(), initialize(7));
    process.send(&opened(7, "2025-11-25"));
    let answer = client.answer();
    assert_eq!(
        (answer.status, answer.media(), &*answer.body),
        (200, "application/json", &*opened(7, "2025-11-25"))
    );
    let session = format!("Mcp-Session-Id: {}\n", answer.field("mcp-session-id").unwrap());
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let answer = client.call(&session, initialized);
    assert_eq!((answer.status, &*answer.body), (202, ""));
    assert_eq!(process.receive(), initialized);
    client.post(&session, &CALL.replace(',', ",\n "));
    assert_eq!(process.receive(), CALL.replace(',', ",  "), "a message is one line");
    process.send(RESULT);
    let answer = client.answer();
    assert_eq!((answer.status, answer.media(), &*answer.body), (200, "application/json", RESULT));

    let (_other, _, mut other_process) = bridge.session();
    other_process.send("hello");
    client.post(&session, CALL);
    assert_eq!(process.receive(), CALL);
    process.send(RESULT);
    assert_eq!(client.answer().body, RESULT);
    let facts = bridge.end();
    let started =
        facts.iter().filter(|fact| matches!(fact, Fact::PoolTaken { how: PoolTake::Started, .. })).count();
    assert_eq!(started, 2);
    let complete = |fact: &&Fact<'_>| matches!(fact, Fact::HttpEnd { how: HttpEnd::Complete, .. });
    assert_eq!(facts.iter().filter(complete).count(), 5);
    let left = |fact: &&Fact<'_>| matches!(fact, Fact::SessionEnded { why: SessionEnd::ProxyLeft, .. });
    assert_eq!(facts.iter().filter(left).count(), 2);
}

#[test]
fn a_revision_that_nobody_knows_is_refused() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    let answer = client.call(&format!("{session}MCP-Protocol-Version: 1999-01-01\n"), CALL);
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("1999-01-01"), "{answer:?}");
    client.post(&format!("{session}MCP-Protocol-Version: 2025-06-18\n"), CALL);
    assert_eq!(process.receive(), CALL);
}

#[test]
fn a_process_is_ready_before_anybody_asks() {
    let bridge = Bridge::with_pool("1", &[]);
    let mut ready = bridge.process();
    let mut client = bridge.client();
    client.post("", &initialize(1));
    assert_eq!(ready.receive(), initialize(1), "nothing was said to it before");
    let _next = bridge.process();
    ready.send(&opened(1, "2025-06-18"));
    assert_eq!(client.answer().status, 200);
    let taken = bridge.end().into_iter().find_map(|fact| match fact {
        Fact::PoolTaken { how, .. } => Some(how),
        _ => None,
    });
    assert_eq!(taken, Some(PoolTake::Prepared));
}

#[test]
fn requests_without_a_session_that_is_known_are_told_so() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    assert_eq!(client.call("", CALL).status, 400);
    let answer = client.call("Mcp-Session-Id: elsewhere\n", CALL);
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains(r#""code":50404"#), "{answer:?}");
    client.ask("GET /mcp", BOTH, "");
    assert_eq!(client.answer().status, 400);
    client.ask("GET /mcp", "Accept: text/event-stream\nMcp-Session-Id: elsewhere\n", "");
    assert_eq!(client.answer().status, 404);
    client.ask("DELETE /mcp", "Mcp-Session-Id: elsewhere\n", "");
    assert_eq!(client.answer().status, 404);
    assert!(bridge.has_started_no_other());
}

#[test]
fn a_session_that_the_client_ends_takes_its_process_with_it() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    client.ask("DELETE /mcp", &session, "");
    assert_eq!(client.answer().status, 200);
    assert!(process.is_gone());
    assert_eq!(client.call(&session, CALL).status, 404);
    let deleted = |fact: &Fact<'_>| matches!(fact, Fact::SessionEnded { why: SessionEnd::Deleted, .. });
    assert!(bridge.end().iter().any(deleted));
}

#[test]
fn a_session_that_nobody_uses_ends_with_its_process() {
    let bridge = Bridge::start(&["--session-idle", "0.2"]);
    let (mut client, session, mut process) = bridge.session();
    assert!(process.is_gone());
    assert_eq!(client.call(&session, CALL).status, 404);
    let idle = |fact: &Fact<'_>| matches!(fact, Fact::SessionEnded { why: SessionEnd::TimedOut, .. });
    assert!(bridge.end().iter().any(idle));
}

#[test]
fn a_session_with_an_open_stream_or_request_is_used() {
    let bridge = Bridge::start(&["--session-idle", "0.2"]);
    let (mut client, session, mut process) = bridge.session();
    let (mut listener, mut other) = (bridge.client(), bridge.session());
    listener.ask("GET /mcp", &format!("Accept: text/event-stream\n{session}"), "");
    listener.stream();
    // The session that nobody uses is over first.
    assert!(other.2.is_gone());
    client.post(&session, CALL);
    assert_eq!(process.receive(), CALL);
    process.send(RESULT);
    assert_eq!(client.answer().body, RESULT);
}

#[test]
fn when_the_server_ends_whoever_waits_is_told_and_the_session_is_over() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    client.post(&session, CALL);
    process.receive();
    drop(process);
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains(r#""code":50200"#) && answer.body.contains(r#""id":"a""#), "{answer:?}");
    assert_eq!(client.call(&session, CALL).status, 404);
    let left = |fact: &Fact<'_>| matches!(fact, Fact::SessionEnded { why: SessionEnd::ServerLeft, .. });
    assert!(bridge.end().iter().any(left));
}

#[test]
fn a_client_that_leaves_before_its_session_is_open_leaves_no_process_behind() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    client.post("", &initialize(1));
    let mut process = bridge.process();
    process.receive();
    drop(client);
    assert!(process.is_gone());
    let left = |fact: &Fact<'_>| matches!(fact, Fact::HttpEnd { how: HttpEnd::ClientLeft, .. });
    assert!(bridge.end().iter().any(left));
}

#[test]
fn a_server_that_refuses_to_open_a_session_leaves_none() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    client.post("", &initialize(1));
    let mut process = bridge.process();
    process.receive();
    process.send(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}"#);
    let answer = client.answer();
    assert_eq!((answer.status, answer.field("mcp-session-id")), (200, None));
    assert!(answer.body.contains("-32602") && process.is_gone());
}

#[test]
fn all_processes_end_with_the_bridge_even_one_that_does_not_listen() {
    let mut bridge = Bridge::with_pool("2", &["--grace", "0.1"]);
    let (mut ready, mut other) = (bridge.process(), bridge.process());
    assert!(bridge.terminate().success());
    assert!(ready.is_gone() && other.is_gone());
}

#[test]
fn a_server_that_cannot_be_started_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"))
        .args(["serve", "--listen", "127.0.0.1:0", "--no-record", "--", "no-such-program-anywhere"])
        .env("MCPTOP_HOME", folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot start `no-such-program-anywhere`"), "{said}");
}

#[test]
fn what_is_no_message_or_not_for_this_server_is_refused_in_words() {
    let bridge = Bridge::start(&["--auth-token", "s3cret"]);
    let token = "Authorization: Bearer s3cret\n";
    let json = format!("{token}Content-Type: application/json\n");
    let mut client = bridge.client();
    for (line, fields, body, status, words) in [
        ("POST /mcp", "", CALL, 401, "token"),
        ("POST /mcp", "Authorization: Bearer other\n", CALL, 401, "token"),
        ("POST /mcp", "Host: evil.example\n", CALL, 403, "Host"),
        ("POST /mcp", "Origin: http://evil.example\n", CALL, 403, "Origin"),
        ("POST /elsewhere", token, CALL, 404, "/mcp"),
        ("GET /.well-known/oauth-protected-resource", token, "", 404, "/mcp"),
        ("POST /mcp", &format!("{token}Content-Type: text/plain\n"), CALL, 415, "application/json"),
        ("PUT /mcp", token, CALL, 405, "POST"),
        ("POST /mcp", &json, "{", 400, "-32700"),
        ("POST /mcp", &json, "{}", 400, "-32600"),
        ("POST /mcp", &json, "[]", 400, "-32600"),
        ("POST /mcp", &format!("{json}Accept: text/html\n"), CALL, 406, "Accept"),
    ] {
        client.ask(line, fields, body);
        let answer = client.answer();
        assert_eq!(answer.status, status, "{line} {fields} {body}: {answer:?}");
        assert!(answer.body.contains(words), "{answer:?}");
    }
    let mut client = bridge.client();
    client.ask("POST /mcp", &format!("{json}X-Long: {}\n", "x".repeat(100_000)), "");
    assert_eq!(client.answer().status, 431);
    assert!(bridge.has_started_no_other());
}

#[test]
fn a_body_that_is_too_long_is_refused_before_it_is_sent() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    client.announce(65 * 1024 * 1024);
    let answer = client.answer();
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("64 MiB"), "{answer:?}");
}

#[test]
fn sessions_that_keep_nothing_share_a_process_where_that_is_asked_for() {
    let bridge = Bridge::start(&["--share"]);
    let plain = CLIENT.replace(r#""roots":{}"#, "");
    let open = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{plain}}}"#);
    let mut first = bridge.client();
    first.post("", &open("0"));
    let mut process = bridge.process();
    process.receive();
    process.send(&opened(0, "2025-06-18"));
    let session_of =
        |answer: &rig::Answer| format!("Mcp-Session-Id: {}\n", answer.field("mcp-session-id").unwrap());
    let first_session = session_of(&first.answer());
    let mut second = bridge.client();
    let answer = second.call("", &open("\"x\""));
    assert_eq!(answer.body, opened(0, "2025-06-18").replace(r#""id":0"#, r#""id":"x""#));
    let second_session = session_of(&answer);
    assert_ne!(first_session, second_session);
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    for (client, session) in [(&mut first, &first_session), (&mut second, &second_session)] {
        assert_eq!(client.call(session, initialized).status, 202);
    }
    assert_eq!(process.receive(), initialized);
    first.post(&first_session, CALL);
    let asked_first = process.receive();
    second.post(&second_session, CALL);
    let asked_second = process.receive();
    assert_ne!(asked_first, asked_second, "the same id of two clients");
    let mut third = bridge.client();
    let cancelled = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}"#;
    assert_eq!(third.call(&first_session, cancelled).status, 202);
    let id_of = |line: &str| line.split(r#""id":"#).nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(process.receive(), cancelled.replace("\"a\"", &id_of(&asked_first)));
    process.send(&RESULT.replace("\"a\"", &id_of(&asked_second)).replace("1e2", "2"));
    process.send(&RESULT.replace("\"a\"", &id_of(&asked_first)));
    assert_eq!(first.answer().body, RESULT);
    assert_eq!(second.answer().body, RESULT.replace("1e2", "2"));

    // A client that can be asked has a process of its own, and the shared one ends with its last session.
    let (_own, _, mut own_process) = bridge.session();
    own_process.send("noise");
    for (client, session) in [(&mut first, &first_session), (&mut second, &second_session)] {
        client.ask("DELETE /mcp", session, "");
        assert_eq!(client.answer().status, 200);
    }
    assert!(process.is_gone());
}

#[test]
fn a_batch_is_answered_message_by_message() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    let ping = |id: u32| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
    let reply = |id: u32| format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
    client.post(&session, &format!("[{},{}]", ping(1), ping(2)));
    assert_eq!((process.receive(), process.receive()), (ping(1), ping(2)));
    process.send(&reply(2));
    client.stream();
    assert_eq!(client.message(), reply(2));
    process.send(&reply(1));
    assert_eq!((client.message(), client.event()), (reply(1), None));
    client.post(&format!("{session}Accept: application/json\n"), &format!("[{},{}]", ping(1), ping(2)));
    process.receive();
    process.receive();
    process.send(&reply(1));
    process.send(&reply(2));
    assert_eq!(client.answer().body, format!("[{},{}]", reply(1), reply(2)));
    let long = |id: u32| reply(id).replace("{}", &format!("{{\"x\":\"{}\"}}", "x".repeat(2_000_000)));
    client.post(&format!("{session}Accept: application/json\n"), &format!("[{},{}]", ping(1), ping(2)));
    process.receive();
    process.receive();
    process.send(&long(1));
    process.send(&long(2));
    assert!(client.answer().body == format!("[{},{}]", long(1), long(2)));
}
