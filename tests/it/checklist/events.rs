//! What a proxy can break in event streams.

use super::clock::Clock;
use crate::rig::read_all;
use crate::serve::{CALL, RESULT, Served, Wire, answer, call};

/// How a stream is asked for.
const ASKED: [&str; 2] = ["GET", "POST"];

/// A stream that has just begun, from both ends.
fn stream(proxy: &Served, method: &str) -> (Wire, Wire) {
    let mut client = proxy.client();
    client.send(match method {
        "GET" => proxy.request("GET /mcp HTTP/1.1\nHost: {us}\nAccept: text/event-stream\n\n"),
        _ => call(proxy),
    });
    let mut server = proxy.accept();
    server.head();
    server.take(if method == "GET" { 0 } else { CALL.len() });
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    server.send(head);
    client.expect(head);
    (client, server)
}

/// What the client gets of these events, each of which is there before the next is sent.
fn pass_one_by_one(events: &[&str]) {
    let proxy = Served::start(&[]);
    for method in ASKED {
        let (mut client, mut server) = stream(&proxy, method);
        for event in events {
            let chunk = format!("{:x}\r\n{event}\r\n", event.len());
            server.send(&chunk);
            client.expect(&chunk);
        }
        server.send("0\r\n\r\n");
        client.expect("0\r\n\r\n");
    }
}

#[test]
fn sse_is_not_buffered() {
    // The client has each piece before the server sends the next, be it an event, a few of them, or half a line.
    pass_one_by_one(&["data: {}\n\n", "data: {}\n\ndata: {}\n\n", "da", "ta: {", "}\n", "\n"]);
}

#[test]
fn sse_ids_retry_times_and_empty_events_are_not_lost() {
    pass_one_by_one(&[
        "id: 1\nretry: 3000\ndata: \n\n",
        "id: é-2\ndata:\n\n",
        "id\n\n",
        "retry: 0\n\n",
        "event: message\ndata: {}\nid: 3\n\n",
        "event: ping\n\n",
        "\n\n",
        "data: a\r\ndata: b\r\rdata\n\n",
        "unknown: x\n\n",
    ]);
}

#[test]
fn sse_comments_are_not_lost() {
    pass_one_by_one(&[": keep-alive\n\n", ":\n", ":\n\n", "data: {\n: between\ndata: }\n\n"]);
}

#[test]
fn a_get_stream_is_not_closed_by_an_idle_timeout() {
    // The proxy's clock is set forward by a week, which ends every wait of its own, and nobody has to wait for that.
    let mut clock = Clock::new();
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mcp", server.local_addr().unwrap());
    let mut proxy = Served::by(clock.command(env!("CARGO_BIN_EXE_mcptop")), &url, server, &[]);
    let (mut get, mut get_end) = stream(&proxy, "GET");
    let (mut post, mut post_end) = stream(&proxy, "POST");
    let mut unanswered = proxy.client();
    unanswered.send(call(&proxy));
    let mut unanswered_end = proxy.accept();
    unanswered_end.head();
    let mut uploading = proxy.client();
    uploading.send(call(&proxy).strip_suffix('}').unwrap());
    let mut uploading_end = proxy.accept();
    uploading_end.head();
    clock.forward(WEEK_S);
    // An exchange of another client lets it look at its clock. What would have run out by then has.
    let mut other = proxy.client();
    for _ in 0..2 {
        other.send(call(&proxy));
    }
    let mut other_end = proxy.accept();
    for _ in 0..2 {
        other_end.head();
        other_end.expect(CALL);
        other_end.send(answer("200 OK", "", RESULT));
        other.expect(&answer("200 OK", "", RESULT));
    }
    for (client, server) in [(&mut get, &mut get_end), (&mut post, &mut post_end)] {
        server.send("8\r\ndata: {}\r\n");
        client.expect("8\r\ndata: {}\r\n");
    }
    uploading.send("}");
    uploading_end.expect(CALL);
    for (client, server) in [(&mut unanswered, &mut unanswered_end), (&mut uploading, &mut uploading_end)] {
        server.send(answer("200 OK", "", RESULT));
        client.expect(&answer("200 OK", "", RESULT));
    }
    proxy.stop();
    let events = read_all(&proxy.recording).1;
    let lasted_us = events.last().unwrap().at.0 - events[0].at.0;
    assert!(lasted_us > WEEK_S * 1_000_000, "the proxy's clock was set: {lasted_us} us");
}

/// Longer than any session, and than any timeout one could mean well with.
const WEEK_S: u64 = 7 * 24 * 3600;
