//! `mcptop serve` under what wears a proxy out: many streams, peers that vanish, restart, or are slow. Nothing leaks,
//! nothing is stuck, and every end is seen on the other side as what it was.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mcptop::trace::HttpEnd;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::serve::{CALL, RESULT, Served, Wire, again, alone, answer, call};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const EVENT: &str = "9\r\ndata: {}\n\r\n";
const LAST: &str = "0\r\n\r\n";

/// Nothing here takes a tenth of this.
const PATIENCE: Duration = Duration::from_mins(1);

/// A stream over connections that may be old or new, from its request to its first event.
fn begin(proxy: &Served, client: &mut Wire, server: Option<Wire>) -> Wire {
    client.send(proxy.request("GET /mcp HTTP/1.1\nHost: {us}\nAccept: text/event-stream\n\n"));
    let mut server = server.unwrap_or_else(|| proxy.accept());
    server.head();
    server.send([HEAD, EVENT].concat());
    client.expect(HEAD);
    client.expect(EVENT);
    server
}

/// What the proxy has open and holds in memory.
#[derive(Debug)]
struct Use {
    descriptors: usize,
    /// Of these.
    sockets: usize,
    rss_kb: u64,
}

impl Use {
    fn of(proxy: &Served) -> Self {
        let process = format!("/proc/{}", proxy.child.id());
        let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let rss_kb = rss.trim().trim_end_matches(" kB").parse().unwrap();
        let open = std::fs::read_dir(format!("{process}/fd")).unwrap();
        // One that has been closed meanwhile is none.
        let open: Vec<_> = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()).collect();
        let is_socket = |path: &&PathBuf| path.to_string_lossy().starts_with("socket:");
        Self { descriptors: open.len(), sockets: open.iter().filter(is_socket).count(), rss_kb }
    }

    /// Once everything is allocated that one needs once, and all connections are closed.
    fn at_rest(proxy: &Served, streams: usize) -> Self {
        let sockets = Self::of(proxy).sockets;
        open_and_close(proxy, streams);
        wait_for_sockets(proxy, sockets);
        Self::of(proxy)
    }
}

/// Waits until the proxy has this many sockets open.
fn wait_for_sockets(proxy: &Served, wanted: usize) {
    let begin = Instant::now();
    loop {
        let open = Use::of(proxy);
        if open.sockets == wanted {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "not {wanted} sockets: {open:?}");
        std::thread::yield_now();
    }
}

/// A connection that will break rather than end.
fn reset(wire: &Wire) {
    rustix::net::sockopt::set_socket_linger(&wire.0, Some(Duration::ZERO)).unwrap();
}

/// Opens and closes so many streams, ended in turn by each side and in each way.
fn open_and_close(proxy: &Served, streams: usize) {
    let mut kept: Option<(Wire, Wire)> = None;
    for number in 0..streams {
        let (mut client, server) =
            kept.take().map_or_else(|| (proxy.client(), None), |(client, server)| (client, Some(server)));
        let mut server = begin(proxy, &mut client, server);
        match number % 4 {
            // The client closes.
            0 => {
                drop(client);
                assert!(server.is_gone(), "stream {number}");
            }
            // The client vanishes.
            1 => {
                reset(&client);
                drop(client);
                assert!(server.is_gone(), "stream {number}");
            }
            // The server ends the stream, and both connections go on.
            2 => {
                server.send(LAST);
                client.expect(LAST);
                kept = Some((client, server));
            }
            // The server vanishes.
            _ => {
                reset(&server);
                drop(server);
                let error = client.0.read(&mut [0]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ConnectionReset, "stream {number}");
            }
        }
    }
}

#[test]
fn ten_thousand_streams_opened_and_closed_leave_nothing_behind() {
    const GROWTH_KB: u64 = 4_096;
    let proxy = Served::start(&[]);
    let before = Use::at_rest(&proxy, 1_000);
    let after = Use::at_rest(&proxy, 9_000);
    assert_eq!(after.descriptors, before.descriptors);
    assert!(after.rss_kb < before.rss_kb + GROWTH_KB, "{before:?} became {after:?}");
    let session = proxy.end();
    assert_eq!((session.http().all().len(), session.http().open()), (10_000, 0));
}

#[test]
fn a_thousand_streams_at_once_take_two_descriptors_and_little_memory_each() {
    const STREAMS: usize = 1_000;
    const EACH_KB: u64 = 16;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let proxy = Served::start(&[]);
    let before = Use::at_rest(&proxy, 4);
    let mut streams: Vec<(Wire, Wire)> = (0..STREAMS)
        .map(|_| {
            let mut client = proxy.client();
            let server = begin(&proxy, &mut client, None);
            (client, server)
        })
        .collect();
    let open = Use::of(&proxy);
    assert_eq!(open.descriptors - before.descriptors, 2 * STREAMS);
    let each_kb = (open.rss_kb - before.rss_kb) / STREAMS as u64;
    assert!(each_kb < EACH_KB, "{each_kb} KB for each of {STREAMS} streams");
    // All of them live.
    for (client, server) in streams.iter_mut().rev() {
        server.send(EVENT);
        client.expect(EVENT);
    }
    drop(streams);
    wait_for_sockets(&proxy, before.sockets);
}

#[test]
fn a_client_that_vanishes_while_the_server_goes_on_is_seen_by_the_server() {
    for is_reset in [false, true] {
        let proxy = Served::start(&[]);
        let mut client = proxy.client();
        let mut server = begin(&proxy, &mut client, None);
        if is_reset {
            reset(&client);
        }
        drop(client);
        // It never stops talking by itself.
        let mut poured = 0_u64;
        while server.0.write_all(EVENT.as_bytes()).is_ok() {
            poured += 1;
            assert!(poured < 100_000_000, "nobody tells the server");
        }
        let session = proxy.end();
        assert_eq!(session.http().all()[0].ended.unwrap().1, HttpEnd::ClientLeft, "reset: {is_reset}");
    }
}

#[test]
fn a_server_that_restarts_between_requests_is_found_again_by_the_same_connection() {
    let mut proxy = Served::before(alone(), &[]);
    let mut client = proxy.client();
    // Whether or not the proxy has had time to see that the old one is gone.
    for _ in 0..200 {
        client.send(call(&proxy));
        let mut server = proxy.accept();
        server.head();
        server.expect(CALL);
        server.send(answer("200 OK", "", RESULT));
        client.expect(&answer("200 OK", "", RESULT));
        drop(server);
        restart_server(&mut proxy);
    }
}

/// The server's process ends, and another begins at the same address.
fn restart_server(proxy: &mut Served) {
    let address = proxy.server.local_addr().unwrap();
    proxy.server = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.server = again(address);
}

#[test]
fn a_server_that_restarts_within_an_answer_cuts_it_visibly_and_the_next_request_reaches_the_new_one() {
    let mut proxy = Served::before(alone(), &[]);
    for _ in 0..20 {
        let mut client = proxy.client();
        let server = begin(&proxy, &mut client, None);
        drop(server);
        restart_server(&mut proxy);
        assert_eq!(client.0.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        let mut client = proxy.client();
        client.send(call(&proxy));
        let mut server = proxy.accept();
        server.head();
        server.send(answer("200 OK", "", RESULT));
        client.expect(&answer("200 OK", "", RESULT));
    }
    let session = proxy.end();
    let ends: Vec<HttpEnd> = session.http().all().iter().map(|exchange| exchange.ended.unwrap().1).collect();
    assert_eq!(ends, [HttpEnd::ServerLeft, HttpEnd::Complete].repeat(20));
}

#[test]
fn a_server_that_is_away_while_it_restarts_is_answered_for() {
    let mut proxy = Served::before(alone(), &[]);
    let address = proxy.server.local_addr().unwrap();
    proxy.server = TcpListener::bind("127.0.0.1:0").unwrap();
    for _ in 0..3 {
        let mut client = proxy.client();
        client.send(call(&proxy));
        let told = client.rest();
        assert!(told.starts_with("HTTP/1.1 502 ") && told.contains(r#""id":1"#), "{told}");
    }
    proxy.server = again(address);
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.head();
    server.send(answer("200 OK", "", RESULT));
    client.expect(&answer("200 OK", "", RESULT));
}

/// More than all buffers on the way hold together.
const POURED_BYTES: usize = 128 << 20;
/// What the systems of both sides may hold: `tcp_wmem` and `tcp_rmem` of four sockets.
const IN_SOCKETS_BYTES: usize = 80 << 20;

/// What the recorder may hold of it: a frame of 16 MiB, and its queue. Forwarding itself keeps a few buffers.
const KEPT_KB: u64 = 40 << 10;

/// Who has taken nothing for this long does not take any. On a slower machine less goes, which is fine.
const QUIET: Duration = Duration::from_millis(300);

/// Pours bytes until nobody takes more, or all are taken; says how many went.
fn pour(wire: &Wire) -> usize {
    let (mut stream, bytes) = (&wire.0, vec![b'x'; 1 << 16]);
    stream.set_write_timeout(Some(QUIET)).unwrap();
    let mut gone = 0;
    while gone < POURED_BYTES {
        match stream.write(&bytes[..bytes.len().min(POURED_BYTES - gone)]) {
            Ok(written) => gone += written,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    stream.set_write_timeout(None).unwrap();
    gone
}

/// Pours from one side while the other does not read, and lets it read then.
fn pour_through(proxy: &Served, before: &Use, from: &Wire, to: &mut TcpStream) {
    let gone = pour(from);
    assert!(gone < IN_SOCKETS_BYTES, "{gone} bytes went to somebody who reads none");
    let grown_kb = Use::of(proxy).rss_kb.saturating_sub(before.rss_kb);
    assert!(grown_kb < KEPT_KB, "{grown_kb} KB are kept for somebody who reads none");
    let mut rest = from.0.try_clone().unwrap();
    let rest = std::thread::spawn(move || rest.write_all(&vec![b'x'; POURED_BYTES - gone]).unwrap());
    let mut taken = to.take(POURED_BYTES as u64);
    assert_eq!(std::io::copy(&mut taken, &mut std::io::sink()).unwrap(), POURED_BYTES as u64);
    rest.join().unwrap();
}

#[test]
fn a_client_that_reads_slowly_slows_the_server_down_and_takes_no_memory() {
    let proxy = Served::start(&["--record-limit", "1M"]);
    let before = Use::at_rest(&proxy, 4);
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.head();
    server.expect(CALL);
    server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {POURED_BYTES}\r\n\r\n"));
    client.head();
    pour_through(&proxy, &before, &server, &mut client.0);
}

#[test]
fn a_server_that_reads_slowly_slows_the_client_down_and_takes_no_memory() {
    let proxy = Served::start(&["--record-limit", "1M"]);
    let before = Use::at_rest(&proxy, 4);
    let mut client = proxy.client();
    let head = format!("POST /mcp HTTP/1.1\nHost: {{us}}\nContent-Length: {POURED_BYTES}\n\n");
    client.send(proxy.request(&head));
    let mut server = proxy.accept();
    server.head();
    pour_through(&proxy, &before, &client, &mut server.0);
    server.send(answer("200 OK", "", RESULT));
    client.expect(&answer("200 OK", "", RESULT));
}

#[test]
fn who_leaves_while_the_other_side_does_not_read_is_seen_to_leave() {
    // A client, before a server that takes nothing.
    let proxy = Served::start(&["--record-limit", "1M"]);
    let before = Use::of(&proxy).sockets;
    let mut client = proxy.client();
    let head = format!("POST /mcp HTTP/1.1\nHost: {{us}}\nContent-Length: {POURED_BYTES}\n\n");
    client.send(proxy.request(&head));
    let mut server = proxy.accept();
    server.head();
    pour(&client);
    reset(&client);
    drop(client);
    wait_for_sockets(&proxy, before);
    drop(server);
    // A server, before a client that takes nothing.
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.head();
    server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {POURED_BYTES}\r\n\r\n"));
    client.head();
    pour(&server);
    reset(&server);
    drop(server);
    let error = std::io::copy(&mut client.0, &mut std::io::sink()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    wait_for_sockets(&proxy, before);
    // A client, with an answer on its way that it does not take.
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.head();
    server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {POURED_BYTES}\r\n\r\n"));
    client.head();
    pour(&server);
    drop(client);
    assert!(server.0.write_all(&vec![b'x'; POURED_BYTES]).is_err());
    wait_for_sockets(&proxy, before);
}

#[test]
fn cancelling_by_disconnect_reaches_a_modern_server() {
    let proxy = Served::start(&[]);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let head = format!(
        "POST /mcp HTTP/1.1\nHost: {{us}}\nMCP-Protocol-Version: 2026-07-28\nMcp-Method: tools/call\nMcp-Name: a\n\
         Content-Length: {}\n\n",
        body.len()
    );
    // Before the answer, and within its stream; with the whole connection, and with the client's half of it.
    for (has_begun, is_half) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut client = proxy.client();
        client.send(proxy.request(&head) + body);
        let mut server = proxy.accept();
        server.head();
        server.expect(body);
        if has_begun {
            server.send([HEAD, EVENT].concat());
            client.expect(&[HEAD, EVENT].concat());
        }
        if is_half {
            client.0.shutdown(Shutdown::Write).unwrap();
        } else {
            drop(client);
        }
        assert!(server.is_gone(), "begun: {has_begun}, half: {is_half}");
    }
    let session = proxy.end();
    assert!(session.http().all().iter().all(|exchange| exchange.ended.unwrap().1 == HttpEnd::ClientLeft));
    assert_eq!(session.pending().count(), 0);
}
