//! Compressed bodies pass `mcptop serve` as they are and are recorded as what they say.

use std::io::Write as _;

use mcptop::model::{LogKind, Outcome, State};

use crate::serve::Served;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn message(head: &str, coding: &str, body: &[u8]) -> Vec<u8> {
    let fields = format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), fields.as_bytes(), body].concat()
}

#[test]
fn compressed_bodies_pass_as_they_are_and_are_recorded_as_what_they_say() {
    let proxy = Served::start(&[]);
    let (mut client, call) = (
        proxy.client(),
        gzip(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"lookup"}}"#),
    );
    client.send(message("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n", "gzip", &call));
    let mut server = proxy.accept();
    assert!(server.head().contains("Content-Encoding: gzip"));
    assert_eq!(server.bytes(call.len()), call);
    let stream = gzip("id: 1\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}\n\n");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
    server.send(message(head, "gzip", &stream));
    assert!(client.head().contains("Content-Encoding: gzip"));
    assert_eq!(client.bytes(stream.len()), stream);
    let session = proxy.end();
    let [operation] = session.operations() else { panic!("one call") };
    assert_eq!((operation.state, session.name(operation.target)), (State::Done(Outcome::Ok), "lookup"));
    assert_eq!((session.totals().noise, session.http().all()[0].events), (0, 1));
}

#[test]
fn a_compression_that_is_not_known_passes_and_the_recording_says_what_it_lacks() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let length = body.len();
    client.send(format!("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n{body}"));
    let mut server = proxy.accept();
    server.head();
    assert_eq!(server.bytes(length), body.as_bytes());
    server.send(message("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", "dcz", b"\x5e\x2a\x4d\x18"));
    client.head();
    assert_eq!(client.bytes(4), b"\x5e\x2a\x4d\x18");
    let session = proxy.end();
    let notes: Vec<&str> = session
        .log()
        .entries()
        .filter(|entry| entry.kind == LogKind::Note)
        .map(|entry| &*entry.text)
        .collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains("exchange 1: the answer's body is compressed with \"dcz\""), "{notes:?}");
    assert_eq!(session.totals().noise, 0);
}
