//! `mcptop serve --pool`: sessions that are expensive to open are lent to one client after the other.

pub(crate) mod server;

use std::io::BufReader;
use std::process::Command;

use mcptop::model::Session;
use mcptop::trace::{HttpEnd, PoolTake};

use self::server::{Server, field, request};
use crate::serve::{Served, Wire};

/// A client with its session.
struct Client {
    wire: Wire,
    host: String,
    path: String,
    session: String,
    /// The answer to its handshake.
    welcome: String,
}

const NAME: &str = "a";

fn served(server: &Server, arguments: &[&str]) -> Served {
    Served::in_front_of(&server.url, arguments)
}

/// A handshake with this id, by a client of this name.
fn hello(id: &str, name: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"initialize","params":{{"protocolVersion":"2025-11-25","capabilities":{{}},"clientInfo":{{"name":"{name}","version":"1"}}}}}}"#
    )
}

fn call(id: u32, tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
}

impl Client {
    /// One that has not said anything yet.
    fn new(proxy: &Served) -> Self {
        let (host, path) = (proxy.request("{us}"), "/mcp".to_owned());
        Self { wire: proxy.client(), host, path, session: String::new(), welcome: String::new() }
    }

    /// The same one.
    fn on_another_connection(&self, proxy: &Served) -> Self {
        Self { session: self.session.clone(), path: self.path.clone(), ..Self::new(proxy) }
    }

    fn open(proxy: &Served, id: &str, name: &str, fields: &str) -> Self {
        let mut client = Self::new(proxy);
        let (head, body) = client.ask("POST", fields, &hello(id, name));
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}{body}");
        client.session = field(&head, "mcp-session-id").unwrap();
        client.welcome = body;
        let (head, _) =
            client.ask("POST", fields, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert!(head.starts_with("HTTP/1.1 202 "), "{head}");
        client
    }

    fn send(&mut self, method: &str, fields: &str, body: &str) {
        let session = if self.session.is_empty() {
            String::new()
        } else {
            format!("Mcp-Session-Id: {}\r\n", self.session)
        };
        self.wire.send(format!(
            "{method} {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{session}{fields}Content-Length: {}\r\n\r\n{body}",
            self.path,
            self.host,
            body.len()
        ));
    }

    fn ask(&mut self, method: &str, fields: &str, body: &str) -> (String, String) {
        self.send(method, fields, body);
        self.answer()
    }

    fn answer(&mut self) -> (String, String) {
        request(&mut BufReader::with_capacity(1, &self.wire.0)).unwrap()
    }

    /// Calls a tool; says in which session the server was asked.
    fn call(&mut self, id: u32, tool: &str) -> String {
        let (head, body) = self.ask("POST", "", &call(id, tool));
        assert!(
            head.starts_with("HTTP/1.1 200 ") && body.contains(&format!(r#""id":{id},"#)),
            "{head}{body}"
        );
        body.split("\"session\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
    }

    fn leave(mut self) {
        let (head, _) = self.ask("DELETE", "", "");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
}

#[test]
fn the_next_client_finds_the_session_that_the_last_one_left() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "4"]);
    let mut first = Client::open(&proxy, "1", NAME, "");
    assert!(!first.session.starts_with("upstream"), "the name of the server's session stays with us");
    assert_eq!(first.call(2, "t"), "upstream-1");
    let left = first.session.clone();
    first.leave();
    let mut second = Client::open(&proxy, r#""x-7""#, NAME, "");
    assert!(
        second.welcome.contains(r#""serverInfo":{"name":"s","version":"1.0"}},"id":"x-7"}"#),
        "{}",
        second.welcome
    );
    assert_eq!(second.call(2, "t"), "upstream-1");
    assert_ne!(second.session, left);
    assert_eq!(server.seen(|seen| (seen.opened, seen.initialized.len(), seen.deleted.len())), (1, 1, 0));
    // Who has left is not let in again.
    second.session = left;
    assert!(second.ask("POST", "", &call(3, "t")).0.starts_with("HTTP/1.1 404 "));
}

#[test]
fn clients_at_the_same_time_have_sessions_of_their_own_and_wait_if_there_is_none() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "2"]);
    let (mut one, mut two) = (Client::open(&proxy, "1", NAME, ""), Client::open(&proxy, "1", NAME, ""));
    assert_eq!((one.call(2, "t"), two.call(2, "t")), ("upstream-1".to_owned(), "upstream-2".to_owned()));
    let mut third = Client::new(&proxy);
    third.send("POST", "", &hello("5", NAME));
    // The third is in line before the second leaves: the proxy has taken up what was sent before.
    proxy.wait_for(|session| session.http().all().len() == 7);
    two.leave();
    let (head, body) = third.answer();
    third.session = field(&head, "mcp-session-id").unwrap();
    assert!(body.contains(r#""id":5"#), "{body}");
    assert_eq!(third.call(2, "t"), "upstream-2");
    assert_eq!(server.seen(|seen| seen.opened), 2);
}

#[test]
fn only_equal_handshakes_with_equal_credentials_meet_in_a_session() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "9"]);
    for (opened, (name, fields)) in
        [(NAME, ""), ("b", ""), (NAME, "Authorization: Bearer x\r\n"), (NAME, "X-Tenant: t\r\n"), (NAME, "")]
            .into_iter()
            .enumerate()
    {
        Client::open(&proxy, "1", name, fields).leave();
        assert_eq!(server.seen(|seen| seen.opened), (opened + 1).min(4), "{name} {fields}");
    }
}

#[test]
fn a_credential_in_the_address_keeps_clients_apart_as_well() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "9"]);
    for (opened, path) in ["/mcp?key=a", "/mcp?key=b", "/mcp?key=a"].into_iter().enumerate() {
        let mut client = Client::new(&proxy);
        client.path = path.to_owned();
        let (head, _) = client.ask("POST", "", &hello("1", NAME));
        client.session = field(&head, "mcp-session-id").unwrap();
        client.leave();
        assert_eq!(server.seen(|seen| seen.opened), (opened + 1).min(2), "{path}");
    }
}

#[test]
fn a_session_whose_request_was_given_up_is_nobody_elses() {
    for shared in [&["--pool", "1"][..], &["--pool", "1", "--share"]] {
        let server = Server::start("{}");
        let proxy = served(&server, shared);
        let mut client = Client::open(&proxy, "1", NAME, "");
        client.send("POST", "", &call(2, "hold"));
        server.until(|seen| seen.held == 1);
        let mut again = client.on_another_connection(&proxy);
        drop(client);
        // The proxy has seen it leave, and the session goes with the request.
        proxy.wait_for(|session| {
            session.http().all().iter().any(|it| matches!(it.ended, Some((_, HttpEnd::ClientLeft))))
        });
        if shared.len() == 2 {
            again.ask("DELETE", "", "");
        }
        server.until(|seen| seen.deleted == ["upstream-1"]);
        assert_eq!(Client::open(&proxy, "1", NAME, "").call(2, "t"), "upstream-2");
        server.seen(|seen| seen.lets_go = true);
    }
}

#[test]
fn a_session_that_is_gone_when_the_next_client_comes_is_not_lent() {
    for refusal in ["404 Not Found", "400 Bad Request"] {
        let server = Server::start("{}");
        server.seen(|seen| seen.says_of_unknown = refusal);
        let proxy = served(&server, &["--pool", "4"]);
        let (one, two) = (Client::open(&proxy, "1", NAME, ""), Client::open(&proxy, "1", NAME, ""));
        one.leave();
        two.leave();
        server.seen(|seen| seen.alive.clear());
        assert_eq!(Client::open(&proxy, "1", NAME, "").call(2, "t"), "upstream-3", "{refusal}");
    }
}

#[test]
fn who_waits_in_vain_is_told_and_recorded() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "1"]);
    let held = Client::open(&proxy, "1", NAME, "");
    let mut waiting = Client::new(&proxy);
    waiting.send("POST", "", &hello("5", NAME));
    proxy.wait_for(|session| session.http().all().len() == 3);
    drop(waiting);
    proxy.wait_for(|session| takes(session, PoolTake::GaveUp) == 1);
    let session = proxy.end();
    let pool = session.pool().unwrap();
    assert_eq!((pool.takes_all(), pool.state().waiting), (1, 0));
    drop(held);
}

#[test]
fn pools_that_make_no_sense_are_refused() {
    for (arguments, why) in
        [(&["--pool", "0"][..], "a pool of no sessions"), (&["--share"], "give its size with --pool")]
    {
        let refused = Command::new(env!("CARGO_BIN_EXE_mcptop"))
            .args(["serve", "--headless", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .arg("http://127.0.0.1:1/mcp")
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8(refused.stderr).unwrap().contains(why), "{why}");
    }
}

#[test]
fn a_session_that_a_client_has_changed_is_nobody_elses() {
    let server = Server::start(r#"{"logging":{}}"#);
    let proxy = served(&server, &["--pool", "1"]);
    let mut client = Client::open(&proxy, "1", NAME, "");
    client.ask(
        "POST",
        "",
        r#"{"jsonrpc":"2.0","id":2,"method":"logging/setLevel","params":{"level":"debug"}}"#,
    );
    client.leave();
    server.until(|seen| seen.deleted == ["upstream-1"]);
    assert_eq!(Client::open(&proxy, "1", NAME, "").call(2, "t"), "upstream-2");
}

#[test]
fn a_session_with_a_request_under_way_is_nobody_elses() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "1"]);
    let mut client = Client::open(&proxy, "1", NAME, "");
    client.send("POST", "", &call(2, "hold"));
    server.until(|seen| seen.held == 1);
    let mut again = client.on_another_connection(&proxy);
    let (head, _) = again.ask("DELETE", "", "");
    assert!(head.starts_with("HTTP/1.1 200 "));
    server.until(|seen| seen.deleted == ["upstream-1"]);
    assert_eq!(Client::open(&proxy, "1", NAME, "").call(2, "t"), "upstream-2");
    server.seen(|seen| seen.lets_go = true);
}

#[test]
fn what_a_client_listens_to_ends_with_its_session_and_not_before() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "1"]);
    let client = Client::open(&proxy, "1", NAME, "");
    let mut listening = client.on_another_connection(&proxy);
    listening.send("GET", "Accept: text/event-stream\r\nConnection: close\r\n", "");
    assert!(listening.wire.head().starts_with("HTTP/1.1 200 "));
    server.until(|seen| seen.streams == 1);
    client.leave();
    assert!(listening.wire.rest().contains(": here"));
    server.until(|seen| seen.streams == 0);
    assert_eq!(Client::open(&proxy, "1", NAME, "").call(2, "t"), "upstream-1", "it is as it was");
}

#[test]
fn a_session_that_the_server_has_lost_is_told_to_its_client_and_lent_to_nobody() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "1"]);
    let mut client = Client::open(&proxy, "1", NAME, "");
    server.seen(|seen| seen.alive.clear());
    assert!(client.ask("POST", "", &call(2, "t")).0.starts_with("HTTP/1.1 404 "));
    assert_eq!(Client::open(&proxy, "1", NAME, "").call(2, "t"), "upstream-2");
}

#[test]
fn clients_that_share_never_meet_in_a_session_and_need_few() {
    let server = Server::start(r#"{"tools":{"listChanged":true}}"#);
    let proxy = served(&server, &["--pool", "3", "--share"]);
    std::thread::scope(|scope| {
        for client in 0..10_u32 {
            let proxy = &proxy;
            scope.spawn(move || {
                let mut open = Client::open(proxy, "1", NAME, "");
                for call in 0..10 {
                    open.call(client * 100 + call, "t");
                }
            });
        }
    });
    let (opened, most) = server.seen(|seen| (seen.opened, seen.most_under_way));
    assert!(opened <= 3 && most == 1, "{opened} opened, {most} at once in one");
    let session = proxy.end();
    let takes: Vec<u64> = [PoolTake::Started, PoolTake::Reused].map(|how| takes(&session, how)).to_vec();
    assert_eq!(takes, [opened as u64, 110 - opened as u64]);
}

fn takes(session: &Session, how: PoolTake) -> u64 {
    session.pool().map_or(0, |pool| pool.takes(how))
}

#[test]
fn a_client_that_shares_is_answered_by_another_session_when_the_server_has_lost_one() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "3", "--share"]);
    let mut client = Client::open(&proxy, "1", NAME, "");
    assert_eq!(client.call(2, "t"), "upstream-1");
    server.seen(|seen| seen.alive.clear());
    assert_eq!(client.call(3, "t"), "upstream-2");
    assert!(client.ask("GET", "", "").0.starts_with("HTTP/1.1 405 "));
}

#[test]
fn a_cancellation_reaches_the_session_that_was_asked() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "3", "--share"]);
    let mut client = Client::open(&proxy, "1", NAME, "");
    client.send("POST", "", &call(2, "hold"));
    server.until(|seen| seen.held == 1);
    let mut again = client.on_another_connection(&proxy);
    let cancel = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}"#;
    assert!(again.ask("POST", "", cancel).0.starts_with("HTTP/1.1 202 "));
    server.until(|seen| seen.cancelled.len() == 1);
    assert_eq!(
        server.seen(|seen| field(seen.heads.last().unwrap(), "mcp-session-id")),
        Some("upstream-1".to_owned())
    );
    // One that nothing is known of goes nowhere.
    assert!(again.ask("POST", "", &cancel.replace('2', "3")).0.starts_with("HTTP/1.1 202 "));
    server.seen(|seen| seen.lets_go = true);
    assert!(client.answer().1.contains(r#""id":2"#));
    assert_eq!(server.seen(|seen| seen.cancelled.len()), 1);
}

#[test]
fn a_client_that_changes_what_others_would_meet_gets_a_session_to_itself() {
    let server = Server::start(r#"{"logging":{},"resources":{"subscribe":true}}"#);
    let proxy = served(&server, &["--pool", "3", "--share"]);
    let (mut one, mut two) = (Client::open(&proxy, "1", NAME, ""), Client::open(&proxy, "1", NAME, ""));
    assert_eq!([one.call(2, "t"), two.call(2, "t")], ["upstream-1", "upstream-1"]);
    let subscribe = r#"{"jsonrpc":"2.0","id":3,"method":"resources/subscribe","params":{"uri":"file:///a"}}"#;
    assert!(one.ask("POST", "", subscribe).0.starts_with("HTTP/1.1 200 "));
    assert_eq!(
        [one.call(4, "t"), two.call(4, "t"), one.call(5, "t")],
        ["upstream-1", "upstream-2", "upstream-1"]
    );
    one.leave();
    server.until(|seen| seen.deleted == ["upstream-1"]);
}

#[test]
fn a_client_that_may_be_asked_something_does_not_share() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "3", "--share"]);
    let asked = hello("1", NAME).replace(r#""capabilities":{}"#, r#""capabilities":{"sampling":{}}"#);
    let open = || {
        let mut client = Client::new(&proxy);
        let (head, _) = client.ask("POST", "", &asked);
        client.session = field(&head, "mcp-session-id").unwrap();
        client
    };
    let (mut one, mut two) = (open(), open());
    assert_eq!(
        [one.call(2, "t"), two.call(2, "t"), one.call(3, "t")],
        ["upstream-1", "upstream-2", "upstream-1"]
    );
}

#[test]
fn a_server_without_sessions_is_passed_on_to() {
    let server = Server::start("{}");
    server.seen(|seen| seen.has_sessions = false);
    let proxy = served(&server, &["--pool", "1"]);
    for id in 1..4 {
        let mut client = Client::new(&proxy);
        let (head, body) = client.ask("POST", "", &hello(&id.to_string(), NAME));
        assert!(
            head.contains("text/event-stream") && body.contains(&format!(r#""id":{id}}}"#)),
            "{head}{body}"
        );
        assert_eq!(client.call(9, "t"), "");
    }
    assert_eq!(server.seen(|seen| seen.opened), 3);
}

#[test]
fn fields_the_user_adds_replace_the_clients_own_and_our_token_stays_with_us() {
    let server = Server::start("{}");
    let proxy =
        served(&server, &["--pool", "1", "--header", "X-Team=bl\u{e4}u", "--auth-token", "s3cret-of-ours"]);
    let fields = "Authorization: Bearer s3cret-of-ours\r\nx-team: red\r\nKeep-Alive: 5\r\nX-Kept: AbC\r\n";
    Client::open(&proxy, "1", NAME, fields);
    let head = server.seen(|seen| seen.heads.last().unwrap().clone());
    assert!(head.contains("x-team: bl\u{e4}u\r\n") && head.contains("x-kept: AbC\r\n"), "{head}");
    assert!(!head.contains("s3cret") && !head.contains("red") && !head.contains("keep-alive"), "{head}");
}

#[test]
fn sessions_are_ended_with_the_proxy() {
    let server = Server::start("{}");
    let proxy = served(&server, &["--pool", "2"]);
    let kept = Client::open(&proxy, "1", NAME, "");
    Client::open(&proxy, "1", NAME, "").leave();
    proxy.end();
    server.until(|seen| seen.alive.is_empty() && seen.deleted.len() == 2);
    drop(kept);
}

#[test]
fn a_server_that_is_away_is_named() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mcp", unused.local_addr().unwrap());
    drop(unused);
    let proxy = Served::in_front_of(&url, &["--pool", "2"]);
    let mut client = Client::new(&proxy);
    let (head, body) = client.ask("POST", "", &hello("7", NAME));
    assert!(
        head.starts_with("HTTP/1.1 502 ") && body.contains(&url) && body.contains(r#""id":7}"#),
        "{head}{body}"
    );
}
