//! `mcptop serve` in front of several instances of a server that the test plays.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use mcptop::model::{Outcome, State};

use crate::serve::{CALL, RESULT, Served, Wire, alone, answer, call};

/// A proxy before two instances: the one it plays itself, and this one.
fn before_two() -> (Served, TcpListener) {
    let other = alone();
    let proxy = Served::start(&[&url(other.local_addr().unwrap())]);
    (proxy, other)
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/mcp")
}

/// A call that names a session.
fn call_of(proxy: &Served, session: &str) -> String {
    call(proxy).replacen("\r\n", &format!("\r\nMcp-Session-Id: {session}\r\n"), 1)
}

/// Takes a call at one end and answers it at the other, opening a session if one is named.
fn serve(server: &mut Wire, client: &mut Wire, session: Option<&str>) -> String {
    let head = server.head();
    server.expect(CALL);
    let fields = session.map_or_else(String::new, |session| format!("Mcp-Session-Id: {session}\r\n"));
    let answer = answer("200 OK", &fields, RESULT);
    server.send(&answer);
    client.expect(&answer);
    head
}

#[test]
fn requests_without_a_session_take_turns_and_each_instance_is_called_by_its_own_name() {
    let (proxy, other) = before_two();
    let mut client = proxy.client();
    let mut ends: Vec<Wire> = Vec::new();
    let addresses = [other.local_addr().unwrap(), proxy.server.local_addr().unwrap()];
    for turn in 0..6 {
        client.send(call(&proxy));
        if turn < 2 {
            ends.push(if turn == 0 { Wire::accepted_by(&other) } else { proxy.accept() });
        }
        let head = serve(&mut ends[turn % 2], &mut client, None);
        assert!(head.contains(&format!("Host: {}\r\n", addresses[turn % 2])), "{head}");
    }
}

#[test]
fn a_session_stays_with_the_instance_that_opened_it_on_every_connection() {
    let (proxy, other) = before_two();
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut home = Wire::accepted_by(&other);
    serve(&mut home, &mut client, Some("s1"));
    for _ in 0..3 {
        client.send(call_of(&proxy, "s1"));
        serve(&mut home, &mut client, None);
    }
    let mut second = proxy.client();
    second.send(call_of(&proxy, "s1"));
    serve(&mut Wire::accepted_by(&other), &mut second, None);
    assert!(proxy.is_left_alone());
}

#[test]
fn what_is_under_way_counts_against_an_instance() {
    let (proxy, other) = before_two();
    let mut waiting = proxy.client();
    waiting.send(call(&proxy));
    let mut busy = Wire::accepted_by(&other);
    busy.head();
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut free = proxy.accept();
    serve(&mut free, &mut client, None);
    for _ in 0..3 {
        client.send(call(&proxy));
        serve(&mut free, &mut client, None);
    }
}

#[test]
fn an_instance_that_is_away_is_not_noticed_by_clients() {
    let (proxy, other) = before_two();
    let away = other.local_addr().unwrap();
    drop(other);
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut here = proxy.accept();
    let head = serve(&mut here, &mut client, None);
    assert!(head.contains(&format!("Host: {}\r\n", proxy.server.local_addr().unwrap())), "{head}");
    assert!(!head.contains(&away.to_string()));
    // It rests, so the next ones are not even tried there.
    for _ in 0..3 {
        client.send(call(&proxy));
        serve(&mut here, &mut client, None);
    }
    let session = proxy.end();
    assert_eq!(session.operations().len(), 4);
    assert!(session.operations().iter().all(|operation| operation.state == State::Done(Outcome::Ok)));
}

#[test]
fn a_session_whose_instance_is_away_is_not_given_to_another() {
    let (proxy, other) = before_two();
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut home = Wire::accepted_by(&other);
    serve(&mut home, &mut client, Some("s1"));
    let away = other.local_addr().unwrap();
    drop((home, other));
    client.send(call_of(&proxy, "s1"));
    let told = client.rest();
    assert!(told.starts_with("HTTP/1.1 502 ") && told.contains(&url(away)), "{told}");
    assert!(proxy.is_left_alone());
}

#[test]
fn with_all_instances_away_the_last_one_tried_is_named() {
    let (proxy, other) = before_two();
    let away = [proxy.server.local_addr().unwrap(), other.local_addr().unwrap()];
    drop(other);
    let proxy = proxy.without_server();
    let mut client = proxy.client();
    client.send(call(&proxy));
    let told = client.rest();
    assert!(told.starts_with("HTTP/1.1 502 ") && told.contains(r#""id":1}"#), "{told}");
    assert!(away.iter().any(|address| told.contains(&url(*address))), "{told}");
}

#[test]
fn addresses_of_different_servers_are_refused() {
    let refused = Command::new(env!("CARGO_BIN_EXE_mcptop"))
        .args(["serve", "--listen", "127.0.0.1:0", "http://localhost:1/mcp", "http://localhost:2/other"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("http://localhost:1/mcp") && told.contains("their paths differ"), "{told}");
}
