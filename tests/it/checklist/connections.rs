//! What a proxy can break in the life of connections: who waits for whom, whose answer is whose, and who has left.

use std::io::{ErrorKind, Read};

use mcptop::model::{Outcome, State};

use crate::serve::{CALL, RESULT, Served, Wire, answer, call};

/// How far an exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Connecting,
    Asking,
    Asked,
    Answered,
    Streaming,
}

const PHASES: [Phase; 5] =
    [Phase::Connecting, Phase::Asking, Phase::Asked, Phase::Answered, Phase::Streaming];

/// An exchange that has come as far as this, from both ends.
fn exchange(proxy: &Served, phase: Phase) -> (Wire, Wire) {
    let mut client = proxy.client();
    let (whole, is_asking) = (call(proxy), phase <= Phase::Asking);
    client.send(&whole[..whole.len() - usize::from(is_asking)]);
    let mut server = proxy.accept();
    if phase != Phase::Connecting {
        server.head();
        server.take(CALL.len() - usize::from(is_asking));
    }
    if phase >= Phase::Answered {
        server
            .send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.head();
    }
    if phase == Phase::Streaming {
        server.send("9\r\ndata: {}\n\r\n");
        client.expect("9\r\ndata: {}\n\r\n");
    }
    (client, server)
}

#[test]
fn a_disconnect_of_the_client_is_propagated_at_every_phase() {
    let proxy = Served::start(&[]);
    for phase in PHASES {
        let (client, mut server) = exchange(&proxy, phase);
        drop(client);
        assert!(server.is_gone(), "{phase:?}");
    }
}

#[test]
fn a_disconnect_of_the_server_is_propagated_at_every_phase() {
    let proxy = Served::start(&[]);
    for phase in PHASES {
        let (mut client, server) = exchange(&proxy, phase);
        drop(server);
        let mut rest = String::new();
        let read = client.0.read_to_string(&mut rest);
        if phase < Phase::Answered {
            // Nothing was answered yet: we can say what happened.
            assert!(rest.starts_with("HTTP/1.1 502 "), "{phase:?}: {read:?} {rest}");
        } else {
            // An answer that was cut must not look whole.
            assert_eq!(
                read.map_err(|error| error.kind()),
                Err(ErrorKind::ConnectionReset),
                "{phase:?}: {rest}"
            );
        }
    }
}

#[test]
fn concurrent_posts_are_not_serialised() {
    let proxy = Served::start(&[]);
    let mut stream = proxy.client();
    stream.send(proxy.request("GET /mcp HTTP/1.1\nHost: {us}\nMcp-Session-Id: s\n\n"));
    let mut stream_end = proxy.accept();
    stream_end.head();
    // All of one session, beside its stream, and the last is answered first.
    let mut posts: Vec<(Wire, Wire)> = (0..50)
        .map(|_| {
            let mut client = proxy.client();
            client.send(call(&proxy).replacen("\r\n", "\r\nMcp-Session-Id: s\r\n", 1));
            let mut server = proxy.accept();
            server.head();
            server.expect(CALL);
            (client, server)
        })
        .collect();
    for (client, server) in posts.iter_mut().rev() {
        server.send(answer("200 OK", "", RESULT));
        client.expect(&answer("200 OK", "", RESULT));
    }
    stream_end.send(answer("200 OK", "", ""));
    stream.expect(&answer("200 OK", "", ""));
}

#[test]
fn ids_do_not_collide_when_clients_are_multiplexed() {
    let proxy = Served::start(&[]);
    let sessions = ["a", "b", "a", ""];
    let mut asked = Vec::new();
    for (number, session) in sessions.iter().enumerate() {
        let mut client = proxy.client();
        let body =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{number}"}}}}"#);
        let field = if session.is_empty() { String::new() } else { format!("Mcp-Session-Id: {session}\n") };
        let len = body.len();
        client.send(
            proxy.request(&format!("POST /mcp HTTP/1.1\nHost: {{us}}\n{field}Content-Length: {len}\n\n"))
                + &body,
        );
        let mut server = proxy.accept();
        server.head();
        server.expect(&body);
        asked.push((client, server));
    }
    // The server answers in another order, each with what it was asked, all with the same id.
    let bodies =
        [0, 1, 2, 3].map(|number| format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"for":{number}}}}}"#));
    for number in [2, 0, 3, 1] {
        asked[number].1.send(answer("200 OK", "", &bodies[number]));
    }
    for ((client, _), body) in asked.iter_mut().zip(&bodies) {
        client.expect(&answer("200 OK", "", body));
    }
    let recorded = proxy.end();
    let states: Vec<State> = recorded.operations().iter().map(|operation| operation.state).collect();
    assert_eq!(states, [State::Done(Outcome::Ok); 4]);
}
