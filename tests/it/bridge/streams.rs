//! Streams until 2025-11-25: what goes where, what waits, and how one that broke off is taken up again.

use super::rig::Bridge;
use super::{CALL, RESULT};

const CALL_WITH_PROGRESS: &str =
    r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x","_meta":{"progressToken":7}}}"#;

fn progress(token: &str, progress: u32) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},"progress":{progress}}}}}"#
    )
}

const CHANGED: &str = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
const ROOTS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#;

#[test]
fn what_comes_before_the_answer_makes_it_a_stream_that_ends_with_the_answer() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    client.post(&session, CALL_WITH_PROGRESS);
    assert_eq!(process.receive(), CALL_WITH_PROGRESS);
    process.send(&progress("7", 1));
    client.stream();
    assert_eq!(client.message(), progress("7", 1));
    process.send(RESULT);
    assert_eq!((client.message(), client.event()), (RESULT.to_owned(), None));
}

#[test]
fn an_answer_that_takes_long_comes_on_a_stream_with_an_id_to_come_back_with() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session_of("2025-11-25");
    client.post(&session, CALL);
    process.receive();
    client.stream();
    let priming = client.event().unwrap();
    assert!(priming.starts_with("id: ") && priming.ends_with("\ndata: \n\n"), "{priming}");
    process.send(RESULT);
    assert_eq!((client.message(), client.event()), (RESULT.to_owned(), None));
}

#[test]
fn a_client_gets_what_it_takes() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    let mut ask = |accept: &str| {
        client.post(&format!("{session}Accept: {accept}\n"), CALL_WITH_PROGRESS);
        process.receive();
        process.send(&progress("7", 1));
        process.send(RESULT);
    };
    ask("application/json");
    let answer = client.answer();
    assert_eq!((answer.media(), &*answer.body), ("application/json", RESULT));
    let (mut client, session, mut process) = bridge.session();
    client.post(&format!("{session}Accept: text/event-stream\n"), CALL);
    process.receive();
    process.send(RESULT);
    client.stream();
    assert_eq!((client.message(), client.event()), (RESULT.to_owned(), None));
}

#[test]
fn what_the_server_says_on_its_own_waits_for_a_stream_and_goes_to_one() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    let mut listener = bridge.client();
    process.send(CHANGED);
    // What was said before has been taken when this is answered, and its own answer can hold nothing else.
    client.post(&format!("{session}Accept: application/json\n"), CALL);
    process.receive();
    process.send(RESULT);
    assert_eq!(client.answer().body, RESULT);
    let listen = format!("Accept: text/event-stream\n{session}");
    listener.ask("GET /mcp", &listen, "");
    listener.stream();
    assert_eq!(listener.message(), CHANGED);
    process.send(ROOTS);
    assert_eq!(listener.message(), ROOTS);
    let roots = r#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#;
    assert_eq!(client.call(&session, roots).status, 202);
    assert_eq!(process.receive(), roots);

    let mut second = bridge.client();
    second.ask("GET /mcp", &listen, "");
    second.stream();
    process.send(CHANGED);
    assert_eq!(listener.message(), CHANGED);
    client.ask("DELETE /mcp", &session, "");
    assert_eq!(client.answer().status, 200);
    assert_eq!((listener.event(), second.event()), (None, None), "they end, and none got it twice");
}

#[test]
fn what_the_server_asks_during_a_request_goes_to_its_stream_where_there_is_no_other() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    client.post(&session, CALL);
    process.receive();
    process.send(ROOTS);
    client.stream();
    assert_eq!(client.message(), ROOTS);
    process.send(RESULT);
    assert_eq!((client.message(), client.event()), (RESULT.to_owned(), None));
}

#[test]
fn a_stream_that_broke_off_is_taken_up_again_where_it_was() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    client.post(&session, CALL_WITH_PROGRESS);
    process.receive();
    for number in 1..=3 {
        process.send(&progress("7", number));
    }
    client.stream();
    let first = client.event().unwrap();
    assert!(first.contains(&progress("7", 1)));
    let id = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    drop(client);
    let mut client = bridge.client();
    client.ask("GET /mcp", &format!("Accept: text/event-stream\nLast-Event-ID: {id}\n{session}"), "");
    client.stream();
    assert_eq!((client.message(), client.message()), (progress("7", 2), progress("7", 3)));
    process.send(RESULT);
    assert_eq!((client.message(), client.event()), (RESULT.to_owned(), None));

    let mut again = bridge.client();
    again.ask("GET /mcp", &format!("Accept: text/event-stream\nLast-Event-ID: {id}\n{session}"), "");
    again.stream();
    assert_eq!(
        (again.message(), again.message(), again.message()),
        (progress("7", 2), progress("7", 3), RESULT.to_owned())
    );
    assert_eq!(again.event(), None);
    again.ask("GET /mcp", &format!("Accept: text/event-stream\nLast-Event-ID: 99-1\n{session}"), "");
    assert_eq!(again.answer().status, 400);
}

#[test]
fn a_disconnect_cancels_nothing_and_what_was_said_meanwhile_is_kept_for_the_next_stream() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    let mut listener = bridge.client();
    listener.ask("GET /mcp", &format!("Accept: text/event-stream\n{session}"), "");
    listener.stream();
    process.send(CHANGED);
    assert_eq!(listener.message(), CHANGED);
    drop(listener);
    let mut gone = bridge.client();
    gone.post(&session, CALL);
    process.receive();
    drop(gone);
    let ping = r#"{"jsonrpc":"2.0","id":5,"method":"ping"}"#;
    client.post(&session, ping);
    assert_eq!(process.receive(), ping, "not a word of the one that left");
    process.send(RESULT);
    process.send(r#"{"jsonrpc":"2.0","id":5,"result":{}}"#);
    assert_eq!(client.answer().status, 200);
}

#[test]
fn a_reader_that_is_slow_holds_up_its_own_process_and_loses_nothing() {
    let bridge = Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    client.post(&session, CALL_WITH_PROGRESS);
    process.receive();
    let line =
        progress("7", 1).replace("\"progress\":1", &format!("\"message\":\"{}\"", "x".repeat(100_000)));
    let (count, sent) = (200, line.clone());
    let server = std::thread::spawn(move || {
        for _ in 0..count {
            process.send(&sent);
        }
        process.send(RESULT);
    });
    client.stream();
    for _ in 0..count {
        assert_eq!(client.message(), line);
    }
    assert_eq!((client.message(), client.event()), (RESULT.to_owned(), None));
    server.join().unwrap();
}
