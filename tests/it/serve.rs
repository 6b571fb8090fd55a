//! `mcptop serve` between a client and a server that are scripts: bytes in, bytes out, and ends seen on both sides.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::{Duration, Instant};

use mcptop::model::{OperationId, Outcome, Session, State};
use mcptop::record::Reader;
use mcptop::trace::HttpEnd;

/// Nothing here takes a tenth of this; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running `mcptop serve` in front of a server that the test plays.
pub(crate) struct Served {
    pub(crate) child: Child,
    /// What it said first on standard error, up to the line with its address.
    pub(crate) said: String,
    pub(crate) address: SocketAddr,
    /// Where the server is played.
    pub(crate) server: TcpListener,
    pub(crate) recording: PathBuf,
    _folder: tempfile::TempDir,
}

/// A listener at an address that no other test listens at, so that its port can be left and taken again: on Linux the whole of
/// 127.0.0.0/8 is this machine.
pub(crate) fn alone() -> TcpListener {
    static TAKEN: AtomicU8 = AtomicU8::new(1);
    if cfg!(target_os = "linux") {
        TcpListener::bind(("127.1.0.".to_owned() + &TAKEN.fetch_add(1, Relaxed).to_string(), 0)).unwrap()
    } else {
        TcpListener::bind("127.0.0.1:0").unwrap()
    }
}

/// Listens again at an address that was left. Whoever has taken its port on all addresses meanwhile is waited for.
pub(crate) fn again(address: SocketAddr) -> TcpListener {
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        match TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < until => {
                std::thread::yield_now();
            }
            bound => return bound.unwrap(),
        }
    }
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::before(TcpListener::bind("127.0.0.1:0").unwrap(), arguments)
    }

    pub(crate) fn before(server: TcpListener, arguments: &[&str]) -> Self {
        let url = format!("http://{}/mcp", server.local_addr().unwrap());
        Self::at(&url, server, arguments)
    }

    /// In front of a server at this address.
    pub(crate) fn at(url: &str, server: TcpListener, arguments: &[&str]) -> Self {
        Self::by(Command::new(env!("CARGO_BIN_EXE_mcptop")), url, server, arguments)
    }

    /// The same, started by a command that ends with `mcptop`.
    pub(crate) fn by(mut command: Command, url: &str, server: TcpListener, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("served.mcp.jsonl");
        let mut child = command
            .args(["serve", "--headless", "--listen", "127.0.0.1:0", "--record"])
            .arg(&recording)
            .args(arguments)
            .arg(url)
            .env("MCPTOP_HOME", folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut said, mut lines) = (String::new(), BufReader::new(child.stderr.take().unwrap()));
        while !said.contains(" at http://") {
            assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
        }
        let address = said.split(" at http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("{said}")).parse().unwrap();
        Self { child, said, address, server, recording, _folder: folder }
    }

    /// In front of a server that somebody else plays.
    pub(crate) fn in_front_of(url: &str, arguments: &[&str]) -> Self {
        Self::at(url, TcpListener::bind("127.0.0.1:0").unwrap(), arguments)
    }

    /// A client connects.
    pub(crate) fn client(&self) -> Wire {
        Wire(TcpStream::connect(self.address).unwrap()).patient()
    }

    /// The server is connected to.
    pub(crate) fn accept(&self) -> Wire {
        Wire::accepted_by(&self.server)
    }

    /// Nobody plays the server any more.
    pub(crate) fn without_server(mut self) -> Self {
        self.server = TcpListener::bind("127.0.0.1:0").unwrap();
        self
    }

    /// Whether nobody has connected to the server.
    pub(crate) fn is_left_alone(&self) -> bool {
        self.server.set_nonblocking(true).unwrap();
        let accepted = self.server.accept();
        self.server.set_nonblocking(false).unwrap();
        matches!(accepted, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// A request in our own name.
    pub(crate) fn request(&self, head: &str) -> String {
        head.replace("{us}", &self.address.to_string()).replace('\n', "\r\n")
    }

    /// Waits until what it has recorded is as it should be.
    pub(crate) fn wait_for(&self, is_so: impl Fn(&Session) -> bool) {
        let begin = Instant::now();
        while !is_so(&read(&self.recording)) {
            assert!(begin.elapsed() < PATIENCE);
            std::thread::yield_now();
        }
    }

    /// Ends it in order.
    pub(crate) fn stop(&mut self) {
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        assert!(self.child.wait().unwrap().success());
    }

    /// Ends it and reads what it recorded.
    pub(crate) fn end(mut self) -> Session {
        self.stop();
        let mut session = read(&self.recording);
        session.end_of_recording();
        session
    }
}

/// What a recording says so far.
fn read(recording: &Path) -> Session {
    let mut reader = Reader::open(recording).unwrap();
    let mut session = Session::new(reader.header().clone());
    while !reader.read(1 << 20, &mut |event, place| session.apply(event, place)).unwrap().at_end {}
    assert_eq!(reader.damaged().in_words(), None);
    session
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One end of a connection.
pub(crate) struct Wire(pub(crate) TcpStream);

impl Wire {
    /// The next one that connects there.
    pub(crate) fn accepted_by(listener: &TcpListener) -> Self {
        let patience = rustix::event::Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
        let mut connected = [rustix::event::PollFd::new(listener, rustix::event::PollFlags::IN)];
        assert_eq!(rustix::event::poll(&mut connected, Some(&patience)).unwrap(), 1, "nobody connects");
        Self(listener.accept().unwrap().0).patient()
    }

    pub(crate) fn patient(self) -> Self {
        self.0.set_read_timeout(Some(PATIENCE)).unwrap();
        self
    }

    pub(crate) fn send(&mut self, text: impl AsRef<[u8]>) {
        self.0.write_all(text.as_ref()).unwrap();
    }

    /// So many bytes.
    pub(crate) fn bytes(&mut self, len_bytes: usize) -> Vec<u8> {
        let mut bytes = vec![0; len_bytes];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// So many bytes of text.
    pub(crate) fn take(&mut self, len_bytes: usize) -> String {
        String::from_utf8(self.bytes(len_bytes)).unwrap()
    }

    /// Exactly this.
    pub(crate) fn expect(&mut self, text: &str) {
        assert_eq!(self.take(text.len()), text);
    }

    /// A head with its blank line.
    pub(crate) fn head(&mut self) -> String {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    }

    /// Everything until the other side closes in order.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Whether the other side is gone, in whatever way, rather than silent; what it sent before does not count.
    pub(crate) fn is_gone(&mut self) -> bool {
        match std::io::copy(&mut self.0, &mut std::io::sink()) {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }
}

/// An answer with a length.
pub(crate) fn answer(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

pub(crate) const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#;
pub(crate) const RESULT: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;

/// A `tools/call` as a client posts it.
pub(crate) fn call(proxy: &Served) -> String {
    proxy.request(&format!("POST /mcp HTTP/1.1\nHost: {{us}}\nContent-Length: {}\n\n", CALL.len())) + CALL
}

#[test]
fn a_request_and_its_answer_pass_unchanged_but_for_what_concerns_one_connection() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    let fields = "aCCept: a\nAccept: b, c\nMcp-Session-Id: AbC\nMCP-Protocol-Version: 2025-11-25\nMcp-Method: tools/call\n\
                  Mcp-Param-City: =?base64?w6k=?=\nAuthorization: Bearer x y\nX-Unknown:  spaced\tout\nLast-Event-ID: 7\n";
    let head = format!(
        "POST /mcp?a=%20b&a= HTTP/1.1\nhoST: {{us}}\nConnection: keep-alive, x-hop\nX-Hop: 1\n{fields}\
                        Content-Length: {}\n\n",
        CALL.len()
    );
    client.send(proxy.request(&head) + CALL);
    let mut server = proxy.accept();
    let authority = proxy.server.local_addr().unwrap().to_string();
    let wanted = proxy
        .request(&head.replace("{us}", &authority).replace("Connection: keep-alive, x-hop\nX-Hop: 1\n", ""));
    server.expect(&(wanted.replace("X-Unknown:  ", "X-Unknown: ") + CALL));
    let fields = "content-TYPE: application/json; charset=utf-8\r\nMcp-Session-Id: AbC\r\nWWW-Authenticate: Bearer a=\"b\"\r\n\
                  Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n";
    let passed = answer("200 As You Like", fields, RESULT);
    server.send(passed.replacen(
        "content-TYPE",
        "Keep-Alive: timeout=5\r\nConnection: keep-alive\r\ncontent-TYPE",
        1,
    ));
    client.expect(&passed);
}

#[test]
fn statuses_and_bodies_that_are_no_json_pass_as_they_are() {
    let proxy = Served::start(&[]);
    let (mut client, mut server) = (proxy.client(), None);
    for (status, fields, body) in [
        ("202 Accepted", "", ""),
        ("401 Unauthorized", "WWW-Authenticate: Bearer resource_metadata=\"x\"\r\n", ""),
        ("403 Forbidden", "", "no"),
        ("404 Not Found", "Content-Type: text/html\r\n", "<p>no"),
        ("405 Method Not Allowed", "Allow: POST\r\n", ""),
        ("415 Unsupported", "", "fail to deserialize request body"),
        ("429 Too Many", "Retry-After: 3\r\n", "{"),
        ("500 Oops", "", "\u{1F4A5}"),
    ] {
        client.send(call(&proxy));
        let server = server.get_or_insert_with(|| proxy.accept());
        server.head();
        server.take(CALL.len());
        let passed = answer(status, fields, body);
        server.send(&passed);
        client.expect(&passed);
    }
    assert!(proxy.is_left_alone(), "one connection served all");
}

#[test]
fn redirections_within_the_server_stay_with_us() {
    let proxy = Served::start(&[]);
    let origin = format!("http://{}", proxy.server.local_addr().unwrap());
    let (mut client, mut server) = (proxy.client(), None);
    for (status, sent, passed) in [
        ("307 Temporary Redirect", format!("{origin}/mcp/?a=b"), "/mcp/?a=b"),
        ("308 Permanent Redirect", "/mcp/".to_owned(), "/mcp/"),
        ("302 Found", "https://login.example/x".to_owned(), "https://login.example/x"),
        ("201 Created", format!("{origin}/new"), &format!("{origin}/new")),
    ] {
        client.send(call(&proxy));
        let server = server.get_or_insert_with(|| proxy.accept());
        server.head();
        server.expect(CALL);
        server.send(answer(status, &format!("lOcation: {sent}\r\n"), ""));
        client.expect(&answer(status, &format!("lOcation: {passed}\r\n"), ""));
    }
}

#[test]
fn events_arrive_one_by_one_with_everything_beside_their_data() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    client.send(
        proxy.request("GET /mcp HTTP/1.1\nHost: {us}\nAccept: text/event-stream\nLast-Event-ID: 3\n\n"),
    );
    let mut server = proxy.accept();
    assert!(server.head().contains("Last-Event-ID: 3\r\n"));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    server.send(head);
    client.expect(head);
    let message = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    for event in [
        "id: 7\ndata: \n\n",
        ": keep-alive\n\n",
        "retry: 3000\nid: 8\n\n",
        "event: message\r\n\r\n",
        &format!("data: {message}\n\n"),
    ] {
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        server.send(&chunk);
        client.expect(&chunk);
    }
    server.send("0\r\n\r\n");
    client.expect("0\r\n\r\n");
    let session = proxy.end();
    let exchange = session.http().all()[0];
    assert_eq!((exchange.status, exchange.events), (Some(200), 3));
    assert_eq!(session.notifications().len(), 1);
}

#[test]
fn bodies_of_any_framing_pass_in_any_pieces() {
    let proxy = Served::start(&[]);
    let (mut client, mut server) = (proxy.client(), None);
    for _ in 0..3 {
        client
            .send(proxy.request("POST /mcp HTTP/1.1\nHost: {us}\nTransfer-Encoding: chunked\n\n5\n{\"a\":"));
        let server = server.get_or_insert_with(|| proxy.accept());
        server.head();
        server.expect("5\r\n{\"a\":");
        client.send("\r\n1;x=y\r\n1");
        server.expect("\r\n1;x=y\r\n1");
        // The answer begins while the question goes on.
        server.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
        assert!(client.head().contains("Content-Length: 4"));
        client.expect("ab");
        client.send("\r\n1\r\n}\r\n0\r\nT: r\r\n\r\n");
        server.expect("\r\n1\r\n}\r\n0\r\nT: r\r\n\r\n");
        server.send("cd");
        client.expect("cd");
    }
}

#[test]
fn a_broken_connection_ends_no_body() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.head();
    server.send("HTTP/1.1 200 OK\r\n\r\nhalf");
    client.head();
    client.expect("half");
    // What the server has not read makes its end a reset.
    client.send(call(&proxy));
    drop(server);
    assert!(client.0.read(&mut [0]).is_err());
}

#[test]
fn answers_without_a_body_end_with_their_head() {
    let proxy = Served::start(&[]);
    let (mut client, mut server) = (proxy.client(), None);
    for (method, head) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
        ("DELETE", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"),
    ] {
        client.send(proxy.request(&format!("{method} /mcp HTTP/1.1\nHost: {{us}}\n\n")));
        let server = server.get_or_insert_with(|| proxy.accept());
        server.head();
        server.send(head);
        client.expect(head);
    }
}

#[test]
fn a_client_that_asks_first_whether_to_go_on_is_told() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    let head =
        format!("POST /mcp HTTP/1.1\nHost: {{us}}\nExpect: 100-continue\nContent-Length: {}\n\n", CALL.len());
    client.send(proxy.request(&head));
    let mut server = proxy.accept();
    assert!(server.head().contains("Expect: 100-continue"));
    server.send("HTTP/1.1 100 Continue\r\n\r\n");
    client.expect("HTTP/1.1 100 Continue\r\n\r\n");
    client.send(CALL);
    server.expect(CALL);
    server.send(answer("200 OK", "", RESULT));
    client.expect(&answer("200 OK", "", RESULT));
}

#[test]
fn requests_sent_ahead_are_answered_in_their_order() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    client.send(call(&proxy).repeat(3));
    let mut server = proxy.accept();
    for _ in 0..3 {
        server.head();
        server.expect(CALL);
        server.send(answer("200 OK", "", RESULT));
        client.expect(&answer("200 OK", "", RESULT));
    }
}

#[test]
fn nobody_waits_for_somebody_else() {
    let proxy = Served::start(&[]);
    let mut stream = proxy.client();
    stream.send(proxy.request("GET /mcp HTTP/1.1\nHost: {us}\n\n"));
    let mut stream_end = proxy.accept();
    stream_end.head();
    let mut slow = proxy.client();
    slow.send(call(&proxy));
    let mut slow_end = proxy.accept();
    slow_end.head();
    let mut quick = proxy.client();
    quick.send(call(&proxy));
    let mut quick_end = proxy.accept();
    quick_end.head();
    quick_end.send(answer("200 OK", "", RESULT));
    quick.expect(&answer("200 OK", "", RESULT));
}

#[test]
fn a_client_that_leaves_is_seen_by_the_server_at_every_phase() {
    let proxy = Served::start(&[]);
    for phase in 0..4 {
        let mut client = proxy.client();
        let whole = call(&proxy);
        client.send(if phase == 0 { &whole[..whole.len() - 1] } else { &whole });
        let mut server = proxy.accept();
        server.head();
        server.take(CALL.len() - usize::from(phase == 0));
        if phase > 1 {
            server.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
            client.head();
        }
        if phase > 2 {
            server.send("data: {}\n\n");
            client.expect("data: {}\n\n");
        }
        drop(client);
        assert!(server.is_gone(), "phase {phase}");
    }
}

#[test]
fn a_client_that_leaves_is_seen_even_behind_what_it_sent_ahead() {
    let proxy = Served::start(&[]);
    for ahead in [call(&proxy), "\r\n".to_owned()] {
        let mut client = proxy.client();
        client.send(call(&proxy) + &ahead);
        let mut server = proxy.accept();
        server.head();
        server.take(CALL.len());
        drop(client);
        assert!(server.is_gone(), "{ahead}");
    }
}

#[test]
fn a_client_that_leaves_within_an_upload_the_server_does_not_read_is_seen() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    client.send(proxy.request("POST /mcp HTTP/1.1\nHost: {us}\nContent-Length: 1000000000\n\n"));
    let server = proxy.accept();
    client.0.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    while client.0.write(&[b'x'; 8_192]).is_ok() {}
    rustix::net::sockopt::set_socket_linger(&client.0, Some(Duration::ZERO)).unwrap();
    drop(client);
    proxy.wait_for(|session| session.http().open() == 0 && !session.http().all().is_empty());
    let session = proxy.end();
    assert_eq!(session.http().all()[0].ended.map(|(_, how)| how), Some(HttpEnd::ClientLeft));
    drop(server);
}

#[test]
fn a_client_that_leaves_while_the_server_is_being_connected_to_is_seen() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/mcp", server.local_addr().unwrap());
    let proxy = Served::at(&url, server, &["--insecure"]);
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.take(1);
    drop(client);
    // It never answers the greeting.
    server.0.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_proxy_that_is_ended_cuts_what_is_under_way_and_says_so() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.head();
    server.take(CALL.len());
    // The end of the connection would be the end of this answer.
    server.send("HTTP/1.1 200 OK\r\n\r\nhalf");
    client.head();
    client.expect("half");
    let session = proxy.end();
    assert_eq!(client.0.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(server.is_gone());
    assert_eq!(session.http().all()[0].ended.map(|(_, how)| how), Some(HttpEnd::ProxyLeft));
    assert_eq!(session.operations()[0].state, State::Abandoned);
}

#[test]
fn a_server_that_leaves_before_it_answers_is_told_to_the_very_request() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.head();
    server.take(CALL.len());
    drop(server);
    let told = client.rest();
    assert!(told.starts_with("HTTP/1.1 502 ") && told.contains(r#""id":1}"#), "{told}");
}

#[test]
fn what_follows_chunks_that_are_none_is_no_request() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    client.send(proxy.request("POST /mcp HTTP/1.1\nHost: {us}\nTransfer-Encoding: chunked\n\n2\nab"));
    let mut server = proxy.accept();
    server.head();
    server.expect("2\r\nab");
    // The server refuses early and takes no more.
    server.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    drop(server);
    assert!(client.head().starts_with("HTTP/1.1 413 "));
    client.send("no chunk\r\n".to_owned() + &call(&proxy));
    client.rest();
    assert!(proxy.is_left_alone());
}

#[test]
fn an_offer_of_another_protocol_is_ignored() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    client.send(call(&proxy).replacen(
        "\r\n",
        "\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        1,
    ));
    let head = proxy.accept().head();
    assert!(head.starts_with("POST /mcp HTTP/1.1\r\nHost: ") && !head.contains("h2c"), "{head}");
}

#[test]
fn an_answer_that_is_cut_is_seen_to_be_cut() {
    let proxy = Served::start(&[]);
    for framing in ["Content-Length: 99\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut client = proxy.client();
        client.send(call(&proxy));
        let mut server = proxy.accept();
        server.head();
        server.send(format!("HTTP/1.1 200 OK\r\n{framing}\r\n"));
        client.head();
        drop(server);
        let error = client.0.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{framing}");
    }
    // Here the end of the connection is the end of the body.
    let mut client = proxy.client();
    client.send(call(&proxy));
    let mut server = proxy.accept();
    server.head();
    server.take(CALL.len());
    server.send("HTTP/1.1 200 OK\r\n\r\nwhole");
    drop(server);
    assert!(client.head().contains("Connection: close"));
    assert_eq!(client.rest(), "whole");
}

#[test]
fn a_server_that_is_away_is_named_and_found_again() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    drop(server);
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let away = Served::at(&format!("http://{address}/mcp"), unused, &[]);
    let mut client = away.client();
    client.send(call(&away));
    let told = client.rest();
    assert!(told.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{told}");
    assert!(told.contains(&format!("mcptop cannot reach http://{address}/mcp: ")), "{told}");
    assert!(told.contains(r#""id":1}"#), "the answer to the very request: {told}");
    let back = again(address);
    let mut client = away.client();
    client.send(call(&away));
    let mut server = Wire::accepted_by(&back);
    server.head();
    server.send(answer("200 OK", "", RESULT));
    client.expect(&answer("200 OK", "", RESULT));
}

#[test]
fn a_server_that_closed_an_idle_connection_is_connected_to_anew() {
    let proxy = Served::start(&[]);
    let mut client = proxy.client();
    for _ in 0..2 {
        client.send(call(&proxy));
        let mut server = proxy.accept();
        server.head();
        server.take(CALL.len());
        server.send(answer("200 OK", "Connection: close\r\n", RESULT));
        drop(server);
        client.expect(&answer("200 OK", "", RESULT));
    }
}

#[test]
fn what_should_not_reach_the_server_does_not() {
    let proxy = Served::start(&["--allow-host", "mcp.example.org"]);
    for (head, status) in [
        ("POST /mcp HTTP/1.1\nHost: evil.example\n\n", "403"),
        ("POST /mcp HTTP/1.1\nHost: {us}\nOrigin: http://evil.example\n\n", "403"),
        ("POST /mcp HTTP/1.1\nHost: {us}\nOrigin: null\n\n", "403"),
        ("POST /mcp HTTP/1.1\n\n", "403"),
        ("CONNECT a:1 HTTP/1.1\nHost: {us}\n\n", "501"),
        ("GET /mcp HTTP/1.1\nHost: {us}\nConnection: upgrade\nUpgrade: websocket\n\n", "501"),
        ("POST /mcp HTTP/1.1\nHost: {us}\nContent-Length: 1\nTransfer-Encoding: chunked\n\n", "400"),
        ("POST /mcp HTTP/1.1\nHost: {us}\nContent-Length: 1\nContent-Length: 2\n\n", "400"),
        ("POST /mcp HTTP/1.1\nHost: {us}\nTransfer-Encoding: xchunked\n\n", "400"),
        ("POST /mcp HTTP/1.1\nHost: {us}\nA: b\n c\n\n", "400"),
        ("hello\n\n", "400"),
    ] {
        let mut client = proxy.client();
        client.send(proxy.request(head));
        let told = client.rest();
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {told}");
        assert!(proxy.is_left_alone(), "{head}");
    }
    let mut client = proxy.client();
    client.send(format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(70_000)));
    assert!(client.rest().starts_with("HTTP/1.1 431 "));
    let mut client = proxy.client();
    client.send("GET /mcp HTTP/1.1\r\nHost: mcp.example.org\r\nOrigin: https://mcp.example.org\r\n\r\n");
    assert!(proxy.accept().head().starts_with("GET /mcp"));
}

#[test]
fn fields_the_user_adds_replace_the_clients_own_and_our_token_stays_with_us() {
    let proxy = Served::start(&[
        "--header",
        "X-Team=blue",
        "--header-env",
        "Authorization=CARGO_PKG_NAME",
        "--auth-token",
        "s3cret-of-ours",
    ]);
    let mut stranger = proxy.client();
    stranger.send(call(&proxy));
    let told = stranger.rest();
    assert!(told.starts_with("HTTP/1.1 401 ") && told.contains("\r\nWWW-Authenticate: Bearer\r\n"), "{told}");
    assert!(proxy.is_left_alone());
    let mut client = proxy.client();
    client.send(call(&proxy).replacen(
        "\r\n",
        "\r\nAuthorization: Bearer s3cret-of-ours\r\nx-team: red\r\n",
        1,
    ));
    let head = proxy.accept().head();
    assert!(head.ends_with("\r\nX-Team: blue\r\nAuthorization: mcptop\r\n\r\n"), "{head}");
    assert!(!head.contains("s3cret") && !head.contains("red"), "{head}");
    drop(client);
    let recording = std::fs::read_to_string(&proxy.recording).unwrap();
    assert!(!recording.contains("s3cret"), "{recording}");
}

#[test]
fn other_machines_are_let_in_only_when_that_is_meant() {
    let refused = Command::new(env!("CARGO_BIN_EXE_mcptop"))
        .args(["serve", "--listen", "0.0.0.0:0", "http://127.0.0.1:1/mcp"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("--allow-remote"));
}

#[test]
fn large_bodies_pass_both_ways_without_being_kept() {
    const LEN: usize = 50_000_000;
    let proxy = Served::start(&["--record-limit", "1M"]);
    let mut client = proxy.client();
    client.send(proxy.request(&format!("POST /mcp HTTP/1.1\nHost: {{us}}\nContent-Length: {LEN}\n\n")));
    let mut server = proxy.accept();
    server.head();
    let mut sending = client.0.try_clone().unwrap();
    let asked = std::thread::spawn(move || sending.write_all(&vec![b'q'; LEN]).unwrap());
    let mut body = vec![0; LEN];
    server.0.read_exact(&mut body).unwrap();
    asked.join().unwrap();
    assert!(body.iter().all(|byte| *byte == b'q'));
    server.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LEN}\r\n\r\n"));
    let mut sending = server.0.try_clone().unwrap();
    let answered = std::thread::spawn(move || sending.write_all(&vec![b'a'; LEN]).unwrap());
    client.head();
    client.0.read_exact(&mut body).unwrap();
    answered.join().unwrap();
    assert!(body.iter().all(|byte| *byte == b'a'));
    let status = std::fs::read_to_string(format!("/proc/{}/status", proxy.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kb: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kb < 100_000, "{peak_kb} KB");
}

#[test]
fn the_recording_tells_clients_and_sessions_apart() {
    let proxy = Served::start(&[]);
    let mut wires = Vec::new();
    for session in ["first-session-of-all", "second-session-of-all"] {
        let mut client = proxy.client();
        let head = format!(
            "POST /mcp HTTP/1.1\nHost: {{us}}\nMcp-Session-Id: {session}\nContent-Length: {}\n\n",
            CALL.len()
        );
        client.send(proxy.request(&head) + CALL);
        let mut server = proxy.accept();
        server.head();
        server.take(CALL.len());
        wires.push((client, server));
    }
    // The second is answered first, with an error; both used the id 1.
    for (index, body) in [(1, r#"{"jsonrpc":"2.0","id":1,"result":{"isError":true}}"#), (0, RESULT)] {
        let (client, server) = &mut wires[index];
        server.send(answer("200 OK", "Content-Type: application/json\r\n", body));
        client.expect(&answer("200 OK", "Content-Type: application/json\r\n", body));
    }
    let session = proxy.end();
    let states: Vec<State> = session.operations().iter().map(|operation| operation.state).collect();
    assert_eq!(states, [State::Done(Outcome::Ok), State::Done(Outcome::ToolError)]);
    let named =
        [0, 1].map(|call| session.name(session.http_of(OperationId(call)).unwrap().session).to_owned());
    assert!(named[0].starts_with("first-se~") && named[1].starts_with("second-s~"), "{named:?}");
    assert_eq!(session.http().open(), 0);
}
