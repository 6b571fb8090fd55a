//! What `mcptop wrap URL` does with much at once: long streams, many of them, and a client that takes its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::server::{Events, Server};
use super::{call, close, open, result, send, wrap};
use crate::rig::within_patience;

#[test]
fn lines_of_many_streams_are_each_whole_and_in_the_order_of_their_stream() {
    const STREAMS: u32 = 8;
    const EVENTS: usize = 100;
    let server = Server::start();
    let mut client = wrap(&[], &server.url());
    open(&mut client, &server);
    for id in 1..=STREAMS {
        send(&mut client, &call(id));
    }
    for _ in 0..STREAMS {
        let request = server.next();
        thread::spawn(move || {
            let asked: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            let id = asked["id"].as_u64().unwrap();
            let mut events = request.events();
            for number in 0..EVENTS {
                // Long enough to be written in several pieces, in both directions.
                let filler = "x".repeat(number * 997 % 40_000);
                let message = format!(
                    r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{id},"progress":{number},"message":"{filler}"}}}}"#
                );
                let (first, second) = message.split_at(message.len() / 3);
                events.send(&format!("data: {first}"));
                events.send(&format!("{second}\n\n"));
            }
            events.send(&format!("data: {}\n\n", result(u32::try_from(id).unwrap())));
            events.end();
        });
    }
    let mut next = vec![0; STREAMS as usize + 1];
    let mut answers = 0;
    while answers < STREAMS {
        let line: serde_json::Value = serde_json::from_str(&client.receive_line()).unwrap();
        if line.get("result").is_some() {
            answers += 1;
            continue;
        }
        let stream = usize::try_from(line["params"]["progressToken"].as_u64().unwrap()).unwrap();
        assert_eq!(line["params"]["progress"], next[stream]);
        next[stream] += 1;
    }
    assert!(next[1..].iter().all(|count| *count == EVENTS), "{next:?}");
    close(&mut client, &server);
}

#[test]
fn a_client_that_reads_slowly_slows_its_server_and_loses_nothing() {
    const EVENT_BYTES: usize = 64 * 1024;
    const EVENTS: usize = 1024;
    /// What the system keeps on the way: two sockets and a pipe.
    const AHEAD_MAX: usize = 24 * 1024 * 1024 / EVENT_BYTES;
    let server = Server::start();
    let mut client = wrap(&["--no-record"], &server.url());
    open(&mut client, &server);
    send(&mut client, &call(1));
    let events = server.expect("POST", &call(1)).events();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let writer = thread::spawn(move || -> Events {
        let mut events = events;
        for number in 0..EVENTS {
            let filler = "x".repeat(EVENT_BYTES);
            events.send(&format!("data: {{\"method\":\"n\",\"params\":[{number},\"{filler}\"]}}\n\n"));
            count.fetch_add(1, Ordering::Relaxed);
        }
        events
    });
    for number in 0..EVENTS {
        let line = client.receive_line();
        assert!(line.starts_with(&format!("{{\"method\":\"n\",\"params\":[{number},")), "line {number}");
        let ahead = sent.load(Ordering::Relaxed).saturating_sub(number);
        assert!(ahead <= AHEAD_MAX, "the server is {ahead} events ahead of its client");
    }
    let mut events = within_patience("the server's writing", || writer.join().unwrap());
    events.send(&format!("data: {}\n\n", result(1)));
    assert_eq!(client.receive_line(), format!("{}\n", result(1)));
    events.end();
    close(&mut client, &server);
}

#[test]
fn messages_of_many_megabytes_pass_both_ways() {
    let server = Server::start();
    let mut client = wrap(&["--no-record"], &server.url());
    open(&mut client, &server);
    let long = "y".repeat(20 * 1024 * 1024);
    let line = format!(r#"{{"id":1,"method":"x","params":{{"long":"{long}"}}}}"#);
    send(&mut client, &line);
    let request = server.next();
    assert!(request.body == line, "the body is not the line");
    let answer = format!(r#"{{"id":1,"result":{{"long":"{long}"}}}}"#);
    let told = answer.clone();
    let answering = thread::spawn(move || request.json(&told));
    assert!(client.receive_line().trim_end() == answer, "the line is not the answer");
    within_patience("the server's writing", || answering.join().unwrap());
    close(&mut client, &server);
}
