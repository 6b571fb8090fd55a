//! `mcptop wrap URL` between a client that knows only pipes and a server that knows only HTTP; both are scripts.

mod authority;
mod oauth;
pub(crate) mod server;
mod streams;

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use mcptop::model::{OperationId, Outcome, Session, State};
use mcptop::record::Reader;
use mcptop::trace::{Fact, HttpEnd};

use crate::rig::Rig;
use crate::serve::again;
use server::Server;

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const OPENED: &str = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}"#;
const JSON: &str = "Content-Type: application/json\r\n";

/// `mcptop wrap` with these flags in front of the URL.
fn wrap(flags: &[&str], url: &str) -> Rig {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.arg("wrap").args(flags).arg(url);
    Rig::start(command, tempfile::tempdir().unwrap())
}

fn send(client: &mut Rig, line: &str) {
    client.send(format!("{line}\n").as_bytes());
}

fn call(id: u32) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"t{id}","arguments":{{}}}}}}"#
    )
}

fn result(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[]}}}}"#)
}

fn modern(id: &str, method: &str, params: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}}}}{params}}}}}"#
    )
}

/// Opens a conversation of a revision with sessions; the server has no stream of its own.
fn open(client: &mut Rig, server: &Server) {
    send(client, INITIALIZE);
    server.expect("POST", INITIALIZE).answer("200 OK", &format!("{JSON}Mcp-Session-Id: s1\r\n"), OPENED);
    assert_eq!(client.receive_line(), format!("{OPENED}\n"));
    send(client, INITIALIZED);
    server.expect("POST", INITIALIZED).accept();
    server.expect("GET", "").answer("405 Method Not Allowed", "", "");
}

/// Ends the conversation; what the server says of the session's end does not matter.
fn close(client: &mut Rig, server: &Server) {
    client.close_stdin();
    server.expect("DELETE", "").accept();
    assert!(client.wait().success());
}

fn recorded(client: &Rig) -> Session {
    read_recording(&client.recording())
}

fn read_recording(path: &Path) -> Session {
    let mut reader = Reader::open(path).unwrap();
    let mut session = Session::new(reader.header().clone());
    while !reader.read(1 << 20, &mut |event, place| session.apply(event, place)).unwrap().at_end {}
    assert_eq!(reader.damaged().in_words(), None);
    session.end_of_recording();
    session
}

/// The code and the message of an error line.
fn error(line: &str) -> (String, i64, String) {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    let error = &value["error"];
    (value["id"].to_string(), error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
}

#[test]
fn a_line_is_a_request_and_its_answer_is_a_line() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    let line =
        "{ \"id\" : 1.0, \"method\":\"x\",  \"params\":{\"n\":12345678901234567890, \"e\":\"\\u00e9é\"} } ";
    send(&mut client, line);
    let request = server.expect("POST", line);
    assert_eq!(request.target, "/mcp");
    assert_eq!(request.field("content-type"), Some("application/json"));
    assert_eq!(request.field("accept"), Some("application/json, text/event-stream"));
    assert_eq!((request.field("mcp-session-id"), request.field("mcp-protocol-version")), (None, None));
    assert_eq!((request.field("accept-encoding"), request.count("content-length")), (None, 1));
    request.json("{\n  \"id\": 1.0,\r\n  \"result\": {\"n\": 1e2}\n}\n");
    assert_eq!(client.receive_line(), "{   \"id\": 1.0,    \"result\": {\"n\": 1e2} }\n");
    client.close_stdin();
    assert!(client.wait().success());
}

#[test]
fn nothing_overtakes_the_handshake_and_everything_behind_it_names_the_session_and_the_revision() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    client.send(format!("{INITIALIZE}\n{INITIALIZED}\n{}\n", call(1)).as_bytes());
    let mut opening = server.expect("POST", INITIALIZE).events_with("Mcp-Session-Id: s1\r\n");
    opening.send(&format!("data: {OPENED}\n\n"));
    let named = |request: &server::Request| {
        let field = |name| request.field(name).map(str::to_owned);
        assert_eq!(
            (field("mcp-session-id").as_deref(), field("mcp-protocol-version").as_deref()),
            (Some("s1"), Some("2025-11-25"))
        );
    };
    // The stream of `initialize` may go on: its answer is what counts.
    let request = server.expect("POST", INITIALIZED);
    named(&request);
    request.accept();
    for _ in 0..2 {
        let request = server.next();
        named(&request);
        match &*request.method {
            "POST" => request.json(&result(1)),
            _ => request.answer("405 Method Not Allowed", "", ""),
        }
    }
    opening.end();
    assert_eq!(client.receive_line(), format!("{OPENED}\n"));
    assert_eq!(client.receive_line(), format!("{}\n", result(1)));
    close(&mut client, &server);
}

#[test]
fn many_calls_are_under_way_at_once_and_answered_as_they_come() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    for id in 1..=20 {
        send(&mut client, &call(id));
    }
    let mut requests: Vec<_> = (1..=20).map(|_| server.next()).collect();
    requests.reverse();
    for request in requests {
        let id: serde_json::Value = serde_json::from_str(&request.body).unwrap();
        let answer = result(u32::try_from(id["id"].as_u64().unwrap()).unwrap());
        request.json(&answer);
        assert_eq!(client.receive_line(), format!("{answer}\n"));
    }
    close(&mut client, &server);
    let session = recorded(&client);
    assert_eq!((session.totals().tool_calls, session.totals().ok, session.totals().orphans), (20, 21, 0));
    let last = session.operation(OperationId(20)).unwrap();
    assert_eq!(last.http_status(), Some(200));
}

#[test]
fn events_become_lines_as_they_come() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let mut events = server.expect("POST", &call(1)).events();
    events.send("id: 1\ndata: \n\n");
    events.send(": still here\n\nretry: 10\n\n");
    let progress =
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}"#;
    events.send(&format!("event: message\r\ndata: {progress}\r\n\r\n"));
    assert_eq!(client.receive_line(), format!("{progress}\n"));
    events.send("event: other\ndata: not for us\n\n");
    events.send("data: {\"jsonrpc\":\"2.0\",\ndata: \"id\":1,\"result\"");
    events.send(":{}}\n\n");
    assert_eq!(client.receive_line(), "{\"jsonrpc\":\"2.0\", \"id\":1,\"result\":{}}\n");
    events.end();
    close(&mut client, &server);
    let session = recorded(&client);
    assert_eq!(
        (session.totals().tool_calls, session.totals().noise),
        (1, 1),
        "what is no message is kept as noise"
    );
}

#[test]
fn requests_of_the_server_are_answered_with_requests_of_their_own() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let mut events = server.expect("POST", &call(1)).events();
    let question = r#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#;
    events.send(&format!("data: {question}\n\n"));
    assert_eq!(client.receive_line(), format!("{question}\n"));
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#;
    send(&mut client, answer);
    let request = server.expect("POST", answer);
    assert_eq!(request.field("mcp-session-id"), Some("s1"));
    request.accept();
    events.send(&format!("data: {}\n\n", result(1)));
    events.end();
    assert_eq!(client.receive_line(), format!("{}\n", result(1)));
    close(&mut client, &server);
    assert_eq!(recorded(&client).totals().orphans, 0);
}

#[test]
fn notifications_arrive_in_their_order() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    let notice = |n: u32| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":1,"progress":{n}}}}}"#
        )
    };
    for n in 0..10 {
        send(&mut client, &notice(n));
    }
    for n in 0..10 {
        server.expect("POST", &notice(n)).accept();
    }
    close(&mut client, &server);
}

#[test]
fn the_servers_own_stream_is_read_and_taken_up_where_it_ended() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    client.send(format!("{INITIALIZE}\n{INITIALIZED}\n").as_bytes());
    server.next().json(OPENED);
    server.next().accept();
    assert_eq!(client.receive_line(), format!("{OPENED}\n"));
    let request = server.expect("GET", "");
    assert_eq!((request.field("accept"), request.field("last-event-id")), (Some("text/event-stream"), None));
    assert_eq!(request.field("mcp-protocol-version"), Some("2025-11-25"));
    let change = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    let mut events = request.events();
    events.send(&format!("id: a\nretry: 1\ndata: {change}\n\n"));
    assert_eq!(client.receive_line(), format!("{change}\n"));
    events.cut();
    let request = server.expect("GET", "");
    assert_eq!(request.field("last-event-id"), Some("a"));
    let mut events = request.events();
    events.send(&format!("id: b\ndata: {change}\n\n"));
    assert_eq!(client.receive_line(), format!("{change}\n"));
    events.end();
    let request = server.expect("GET", "");
    assert_eq!(request.field("last-event-id"), Some("b"));
    let events = request.events();
    client.close_stdin();
    assert!(client.wait().success());
    events.wait_gone();
}

#[test]
fn an_answer_that_is_cut_off_is_fetched_where_its_stream_ended() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let mut events = server.expect("POST", &call(1)).events();
    events.send("id: 7\nretry: 1\ndata: \n\n");
    events.end();
    let request = server.expect("GET", "");
    assert_eq!((request.field("last-event-id"), request.field("mcp-session-id")), (Some("7"), Some("s1")));
    request.events().end();
    let request = server.expect("GET", "");
    assert_eq!(request.field("last-event-id"), Some("7"));
    let mut events = request.events();
    events.send(&format!("id: 8\ndata: {}\n\n", result(1)));
    assert_eq!(client.receive_line(), format!("{}\n", result(1)));
    events.end();
    close(&mut client, &server);
    let session = recorded(&client);
    assert_eq!((session.totals().tool_calls, session.totals().ok, session.totals().orphans), (1, 2, 0));
}

#[test]
fn an_answer_that_is_cut_off_for_good_is_an_error() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let mut events = server.expect("POST", &call(1)).events();
    events.send(": nothing to go on with\n\n");
    events.cut();
    let (id, code, message) = error(&client.receive_line());
    assert_eq!((&*id, code), ("1", 50_201));
    assert!(
        message.starts_with("the server closed the connection") && message.contains(&server.url()),
        "{message}"
    );
    send(&mut client, &call(2));
    let mut events = server.expect("POST", &call(2)).events();
    events.send("id: 1\nretry: 1\ndata:\n\n");
    events.end();
    server.expect("GET", "").answer("405 Method Not Allowed", "", "");
    let (id, code, message) = error(&client.receive_line());
    assert!(id == "2" && code == 50_201 && message.contains("405"), "{message}");
    close(&mut client, &server);
    let session = recorded(&client);
    assert_eq!((session.totals().protocol_errors, session.pending().count()), (2, 0));
}

#[test]
fn a_session_that_the_server_has_forgotten_is_opened_again() {
    forgotten("404 Not Found", "Session not found");
}

#[test]
fn a_session_that_the_server_calls_invalid_is_opened_again() {
    forgotten("400 Bad Request", "Bad Request: No valid session ID provided");
}

fn forgotten(status: &str, words: &str) {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    client.send(format!("{}\n{}\n", call(1), call(2)).as_bytes());
    let forgotten = format!(r#"{{"jsonrpc":"2.0","error":{{"code":-32000,"message":"{words}"}},"id":null}}"#);
    for request in [server.next(), server.next()] {
        request.answer(status, JSON, &forgotten);
    }
    let request = server.expect("POST", INITIALIZE);
    assert_eq!((request.field("mcp-session-id"), request.field("mcp-protocol-version")), (None, None));
    let mut events = request.events_with("Mcp-Session-Id: s2\r\n");
    events.send(&format!("data: {OPENED}\n\n"));
    let request = server.expect("POST", INITIALIZED);
    assert_eq!(request.field("mcp-session-id"), Some("s2"));
    request.accept();
    for _ in 0..2 {
        let request = server.next();
        assert_eq!((&*request.method, request.field("mcp-session-id")), ("POST", Some("s2")));
        let id = if request.body == call(1) { 1 } else { 2 };
        request.json(&result(id));
        assert_eq!(client.receive_line(), format!("{}\n", result(id)), "the client sees nothing of it");
    }
    client.close_stdin();
    let request = server.expect("DELETE", "");
    assert_eq!(request.field("mcp-session-id"), Some("s2"));
    request.accept();
    assert!(client.wait().success());
    let notes = client.events().into_iter().filter(|event| matches!(event.fact, Fact::Note { .. })).count();
    assert_eq!(notes, 1);
    let session = recorded(&client);
    assert_eq!((session.totals().tool_calls, session.totals().ok), (2, 3), "each call once");
}

#[test]
fn a_session_that_cannot_be_opened_again_is_an_error_and_tried_again_with_the_next_request() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    server.expect("POST", &call(1)).answer("404 Not Found", "", "");
    server.expect("POST", INITIALIZE).answer("503 Busy", "", "later");
    let (id, code, message) = error(&client.receive_line());
    assert!(id == "1" && code == 50_300 && message.contains("later"), "{message}");
    send(&mut client, &call(2));
    server.expect("POST", &call(2)).answer("404 Not Found", "", "");
    server.expect("POST", INITIALIZE).json(OPENED);
    server.expect("POST", INITIALIZED).accept();
    let request = server.expect("POST", &call(2));
    assert_eq!(request.field("mcp-session-id"), None, "the new one has no session");
    request.answer("404 Not Found", "", "");
    assert_eq!(error(&client.receive_line()).1, 40_400);
    client.close_stdin();
    assert!(client.wait().success());
}

#[test]
fn what_is_under_way_when_the_client_closes_its_side_is_still_answered() {
    let server = Server::start();
    let mut client = wrap(&["--grace", "60"], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let request = server.expect("POST", &call(1));
    client.close_stdin();
    request.json(&result(1));
    let end = server.expect("DELETE", "");
    assert_eq!(
        (end.field("mcp-session-id"), end.field("mcp-protocol-version")),
        (Some("s1"), Some("2025-11-25"))
    );
    end.answer("405 Method Not Allowed", "", "");
    assert!(client.wait().success());
    assert_eq!(client.receive_rest(), format!("{}\n", result(1)).into_bytes());
}

#[test]
fn a_server_that_stays_silent_is_waited_for_no_longer_than_asked() {
    let server = Server::start();
    let mut client = wrap(&["--grace", "0"], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let request = server.expect("POST", &call(1));
    client.close_stdin();
    server.expect("DELETE", "").accept();
    request.wait_gone();
    assert!(client.wait().success());
}

#[test]
fn a_signal_ends_everything_at_once_and_in_order() {
    let server = Server::start();
    let mut client = wrap(&["--grace", "60"], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let request = server.expect("POST", &call(1));
    client.signal("TERM");
    server.expect("DELETE", "").accept();
    request.wait_gone();
    assert!(client.wait().success());
    let ended = client.events().into_iter().filter(|event| matches!(event.fact, Fact::Ended { .. })).count();
    assert_eq!(ended, 1);
}

#[test]
fn modern_requests_repeat_in_their_head_what_the_body_says() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    let list = modern("1", "tools/list", "");
    send(&mut client, &list);
    let request = server.expect("POST", &list);
    let fields = |request: &server::Request| {
        ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-param-city", "mcp-session-id"]
            .map(|name| request.field(name).map(str::to_owned).unwrap_or_default())
    };
    assert_eq!(fields(&request), ["2026-07-28", "tools/list", "", "", ""]);
    let tools = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","ttlMs":0,"cacheScope":"private","tools":[{"name":"weather","inputSchema":{"type":"object","properties":{"city":{"type":"string","x-mcp-header":"City"}}}}]}}"#;
    request.json(tools);
    assert_eq!(client.receive_line(), format!("{tools}\n"));
    let weather = modern("2", "tools/call", r#","name":"weather","arguments":{"city":"Zürich"}"#);
    send(&mut client, &weather);
    let request = server.expect("POST", &weather);
    assert_eq!(fields(&request), ["2026-07-28", "tools/call", "weather", "=?base64?WsO8cmljaA==?=", ""]);
    assert_eq!((request.count("mcp-method"), request.count("mcp-name")), (1, 1));
    request.json(&result(2));
    assert_eq!(client.receive_line(), format!("{}\n", result(2)));
    client.close_stdin();
    assert!(client.wait().success(), "there is no session to end");
}

#[test]
fn a_modern_request_is_taken_back_by_closing_its_stream() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    let slow = modern("\"a\"", "tools/call", r#","name":"slow""#);
    send(&mut client, &slow);
    let request = server.expect("POST", &slow);
    send(&mut client, r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}"#);
    request.wait_gone();
    let next = modern("2", "tools/call", r#","name":"quick""#);
    send(&mut client, &next);
    // The next request is not the cancellation, and nobody answers what was taken back.
    server.expect("POST", &next).json(&result(2));
    assert_eq!(client.receive_line(), format!("{}\n", result(2)));
    client.close_stdin();
    assert!(client.wait().success());
    let session = recorded(&client);
    let first = session.operation(OperationId(0)).unwrap();
    assert_eq!(first.state, State::Cancelled { late_answer: false });
}

#[test]
fn a_cancellation_in_a_session_is_a_message_like_any_other() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let mut events = server.expect("POST", &call(1)).events();
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    send(&mut client, cancel);
    server.expect("POST", cancel).accept();
    events.send("id: 1\nretry: 1\ndata:\n\n");
    // A stream that ends without the answer nobody waits for is neither fetched nor an error.
    events.end();
    send(&mut client, &call(2));
    server.expect("POST", &call(2)).json(&result(2));
    assert_eq!(client.receive_line(), format!("{}\n", result(2)));
    close(&mut client, &server);
}

#[test]
fn a_subscription_that_breaks_off_is_told_as_its_revision_wants() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    let listen = modern("\"l\"", "subscriptions/listen", r#","notifications":{"toolsListChanged":true}"#);
    send(&mut client, &listen);
    let mut events = server.expect("POST", &listen).events();
    let begun = r#"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"l"}}}"#;
    events.send(&format!("data: {begun}\n\n"));
    assert_eq!(client.receive_line(), format!("{begun}\n"));
    events.cut();
    let told: serde_json::Value = serde_json::from_str(&client.receive_line()).unwrap();
    assert_eq!(
        (&told["method"], &told["params"]["requestId"]),
        (&"notifications/cancelled".into(), &"l".into())
    );
    // Before it had begun it is a request that failed, as any other.
    for (id, method) in [("\"m\"", "subscriptions/listen"), ("3", "tools/call")] {
        let line = modern(id, method, "");
        send(&mut client, &line);
        server.expect("POST", &line).events().cut();
        let (answered, code, message) = error(&client.receive_line());
        assert_eq!((&*answered, code), (id, 50_201));
        assert!(message.contains("the server closed the connection"), "{message}");
    }
    client.close_stdin();
    assert!(client.wait().success(), "a subscription keeps nobody");
}

#[test]
fn an_open_subscription_does_not_keep_the_client_waiting_at_the_end() {
    let server = Server::start();
    let mut client = wrap(&["--grace", "60"], &server.url());
    let listen = modern("\"l\"", "subscriptions/listen", "");
    send(&mut client, &listen);
    let events = server.expect("POST", &listen).events();
    client.close_stdin();
    events.wait_gone();
    assert!(client.wait().success());
}

#[test]
fn errors_of_the_server_reach_the_client_as_errors_of_its_protocol() {
    let server = Server::start();
    let mut client = wrap(&[], &format!("{}?api_key=hidden", server.url()));
    let unread =
        r#"{"jsonrpc":"2.0","error":{"code":-32020,"message":"Header mismatch","data":{"a":1}},"id":null}"#;
    send(&mut client, &call(1));
    server.expect("POST", &call(1)).answer("400 Bad Request", JSON, unread);
    let line = client.receive_line();
    assert_eq!(error(&line), ("1".into(), -32020, "Header mismatch".into()));
    assert!(line.contains(r#""data":{"a":1}"#), "{line}");
    for (status, fields, body, code, words) in [
        (
            "404 Not Found",
            "Content-Type: text/html\r\n",
            "<h1>Nothing\n here</h1>",
            40_400,
            "is the path of the address right?",
        ),
        ("403 Forbidden", "", "no", 40_300, "403: no"),
        ("500 Oops", "", "", 50_000, "HTTP status 500"),
        (
            "302 Found",
            "Location: https://elsewhere.example/login?token=x\r\n",
            "",
            30_200,
            "https://elsewhere.example/login?token=[secret]",
        ),
        (
            "200 OK",
            "Content-Type: text/html\r\n",
            "<p>hello",
            50_201,
            "text/html, which holds no answer: <p>hello",
        ),
        ("202 Accepted", "", "", 50_201, "202"),
    ] {
        send(&mut client, &call(2));
        server.expect("POST", &call(2)).answer(status, fields, body);
        let (id, got, message) = error(&client.receive_line());
        assert_eq!((&*id, got), ("2", code), "{message}");
        assert!(message.contains(words) && !message.contains("hidden"), "{message}");
    }
    client.close_stdin();
    assert!(client.wait().success());
    let session = recorded(&client);
    let outcome = session.operation(OperationId(1)).unwrap().state;
    assert_eq!(outcome, State::Done(Outcome::HttpError { status: 404 }));
    assert_eq!(session.pending().count(), 0);
    let text = std::fs::read_to_string(client.recording()).unwrap();
    assert!(!text.contains("hidden"), "secrets of the address are not recorded");
}

#[test]
fn a_server_that_does_not_know_the_question_for_its_era_is_taken_for_one_of_a_session() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    for status in ["400 Bad Request", "404 Not Found", "405 Method Not Allowed", "415 Unsupported"] {
        let probe = modern("1", "server/discover", "");
        send(&mut client, &probe);
        server.expect("POST", &probe).answer(status, "", "what?");
        assert_eq!(error(&client.receive_line()).1, -32_601, "{status}");
    }
    open(&mut client, &server);
    close(&mut client, &server);
}

#[test]
fn redirects_are_followed_within_the_server_only() {
    let server = Server::start();
    let mut client = wrap(&["--header", "Authorization=Bearer x"], &server.url());
    send(&mut client, &call(1));
    server.expect("POST", &call(1)).answer("307 Temporary Redirect", "Location: /v2/mcp\r\n", "");
    let request = server.expect("POST", &call(1));
    assert_eq!((&*request.target, request.field("authorization")), ("/v2/mcp", Some("Bearer x")));
    request.json(&result(1));
    assert_eq!(client.receive_line(), format!("{}\n", result(1)));
    let other = Server::start();
    send(&mut client, &call(2));
    let away = format!("Location: {}\r\n", other.url());
    server.expect("POST", &call(2)).answer("308 Permanent Redirect", &away, "");
    let (_, code, message) = error(&client.receive_line());
    assert!(code == 30_800 && message.contains(&other.url()), "{message}");
}

#[test]
fn a_server_that_is_not_there_is_an_error_until_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}/mcp");
    let mut client = wrap(&[], &url);
    for id in [1, 2] {
        send(&mut client, &call(id));
        let (answered, code, message) = error(&client.receive_line());
        assert_eq!((answered, code), (id.to_string(), 50_200));
        assert!(message.contains(&url) && message.contains("refused"), "{message}");
    }
    let server = Server::on(again(address));
    send(&mut client, &call(3));
    server.expect("POST", &call(3)).json(&result(3));
    assert_eq!(client.receive_line(), format!("{}\n", result(3)));
    client.close_stdin();
    assert!(client.wait().success());
    let session = recorded(&client);
    assert_eq!((session.totals().protocol_errors, session.totals().ok, session.pending().count()), (2, 1, 0));
    assert_eq!(session.http().all()[0].ended.unwrap().1, HttpEnd::Refused);
}

#[test]
fn a_batch_is_one_request_and_each_of_its_answers_a_line() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    let batch = format!("[{},{}]", call(1), call(2));
    send(&mut client, &batch);
    let mut events = server.expect("POST", &batch).events();
    events.send(&format!("data: {}\n\n", result(2)));
    assert_eq!(client.receive_line(), format!("{}\n", result(2)));
    events.cut();
    assert_eq!(error(&client.receive_line()).0, "1", "the other one is an error");
    send(&mut client, &batch);
    let both = format!("[{},{}]", result(1), result(2));
    server.expect("POST", &batch).json(&both);
    assert_eq!(client.receive_line(), format!("{both}\n"));
    close(&mut client, &server);
}

#[test]
fn fields_of_the_user_go_to_the_server_and_nowhere_else() {
    let server = Server::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--header-env", "Authorization=TOKEN", "--header", "X-Team=blue", &server.url()]);
    command.env("TOKEN", "Bearer hush-hush");
    let mut client = Rig::start(command, tempfile::tempdir().unwrap());
    send(&mut client, &call(1));
    let request = server.expect("POST", &call(1));
    assert_eq!(
        (request.field("authorization"), request.field("x-team")),
        (Some("Bearer hush-hush"), Some("blue"))
    );
    request.answer("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "who?");
    let (_, code, message) = error(&client.receive_line());
    assert!(code == 40_100 && message.contains("check the token"), "{message}");
    client.close_stdin();
    assert!(client.wait().success());
    let text = std::fs::read_to_string(client.recording()).unwrap();
    assert!(!text.contains("hush") && !client.stderr().contains("hush"), "{text}");
}

#[test]
fn a_client_that_reads_no_more_ends_the_session() {
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let request = server.expect("POST", &call(1));
    client.client_dies();
    request.json(&result(1));
    server.expect("DELETE", "").accept();
    assert!(client.wait().success());
}

#[test]
fn a_url_takes_no_arguments() {
    let mut client = wrap(&["http://127.0.0.1:1/mcp"], "extra");
    assert_eq!(client.wait().code(), Some(2));
    assert!(client.stderr().contains("where nothing may"), "{}", client.stderr());
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_over_https_must_prove_who_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let address = crate::serve_tls::server(folder.path());
    let url = format!("https://localhost:{}/mcp", address.port());
    let file = folder.path().join("ca.pem");
    let told = |flags: &[&str]| {
        let mut client = wrap(flags, &url);
        send(&mut client, crate::serve::CALL);
        let line = client.receive_line();
        client.close_stdin();
        assert!(client.wait().success());
        (line, client.stderr())
    };
    let (_, code, message) = error(&told(&[]).0);
    assert!(code == 50_200 && message.contains("certificate"), "{message}");
    assert_eq!(told(&["--ca-file", file.to_str().unwrap()]).0, format!("{}\n", crate::serve::RESULT));
    let (line, said) = told(&["--insecure"]);
    assert_eq!(line, format!("{}\n", crate::serve::RESULT));
    assert!(said.contains("--insecure: whoever is on the way"), "{said}");
}
