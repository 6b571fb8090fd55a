//! `mcptop serve` in a terminal: the viewer opens on the proxy, and leaving one ends the other.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use mcptop::trace::{Fact, HttpEnd};

use crate::terminal::Terminal;

/// A server that answers every request with a tool's result, in a session; returns its address.
fn answering() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || while answer(&stream).is_some() {});
        }
    });
    format!("http://{address}/mcp")
}

fn answer(stream: &TcpStream) -> Option<()> {
    let body = read(stream)?;
    let id = body.split("\"id\":").nth(1)?.split([',', '}']).next()?.to_owned();
    let result = if body.contains("\"initialize\"") {
        r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"crm","version":"3"}}"#
    } else {
        r#"{"content":[{"type":"text","text":"forty-two"}]}"#
    };
    let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: 0123456789abcdef";
    write!(&mut &*stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()
}

/// The body of the next message.
fn read(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut len_bytes = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            len_bytes = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; len_bytes];
    reader.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

/// Serves in a terminal; returns it with the port that clients reach.
fn serving(home: &std::path::Path, size: (u16, u16)) -> (Terminal, u16) {
    let url = answering();
    let arguments = ["serve", "--label", "crm", "--listen", "127.0.0.1:0", &url];
    let terminal = Terminal::mcptop(&arguments, home, size);
    let screen = terminal.wait_for(&["LIVE", "serving", "/mcp"]);
    let port = port_in(&screen);
    (terminal, port)
}

fn port_in(screen: &str) -> u16 {
    let address = screen.split("at http://127.0.0.1:").nth(1).unwrap();
    address.split('/').next().unwrap().parse().unwrap()
}

/// A client that keeps its connection.
struct Client(TcpStream);

impl Client {
    fn connect(port: u16) -> Self {
        Self(TcpStream::connect(("127.0.0.1", port)).unwrap())
    }

    fn ask(&mut self, fields: &str, body: &str) -> String {
        self.send(fields, body);
        read(&self.0).unwrap()
    }

    fn send(&mut self, fields: &str, body: &str) {
        let head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
        let length = body.len();
        write!(&mut &self.0, "{head}{fields}Content-Length: {length}\r\n\r\n{body}").unwrap();
    }

    fn work(&mut self, tool: &str) {
        let opening = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"the-client","version":"7"}}}"#;
        assert!(self.ask("", opening).contains("serverInfo"));
        let call =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}"}}}}"#);
        assert!(self.ask("Mcp-Session-Id: 0123456789abcdef\r\n", &call).contains("forty-two"));
    }
}

#[test]
fn serve_in_a_terminal_opens_the_viewer_on_itself_and_leaving_it_ends_the_proxy() {
    let home = tempfile::tempdir().unwrap();
    let (mut terminal, port) = serving(home.path(), (120, 40));
    let mut client = Client::connect(port);
    client.work("lookup");
    terminal.wait_for(&["crm", "lookup"]);
    terminal.press("6");
    terminal.wait_for(&["1 client, 1 here", "the-client 7", "connections"]);
    // Somebody is connected, so leaving is asked about; no means no.
    terminal.press("q");
    terminal.wait_for(&["A client is connected", "stop serving"]);
    terminal.press("n");
    terminal.wait_until("the question gone", |screen| !screen.contains("stop serving"));
    client.work("second_tool");
    terminal.press("q");
    terminal.wait_for(&["A client is connected"]);
    terminal.press("y");
    assert_eq!(terminal.wait(), 0);
    // What was said meanwhile stands below, on the screen that the user gets back.
    terminal.wait_for(&["mcptop: serving", &format!("http://127.0.0.1:{port}/mcp")]);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    let recordings = crate::rig::recordings_below(&home.path().join("recordings"));
    let (_, events) = crate::rig::read_all(&recordings[0]);
    let completed =
        events.iter().filter(|event| matches!(event.fact, Fact::HttpEnd { how: HttpEnd::Complete, .. }));
    assert_eq!(completed.count(), 4);
    assert!(matches!(&events.last().unwrap().fact, Fact::Ended { why, .. } if why == "the user left"));
}

#[test]
fn leaving_without_clients_asks_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (mut terminal, port) = serving(home.path(), (80, 24));
    terminal.press("q");
    assert_eq!(terminal.wait(), 0);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_signal_ends_the_proxy_and_the_viewer_and_gives_the_terminal_back() {
    let home = tempfile::tempdir().unwrap();
    for signal in ["TERM", "INT"] {
        let (mut terminal, port) = serving(home.path(), (120, 40));
        let mut client = Client::connect(port);
        client.work("lookup");
        terminal.wait_for(&["lookup"]);
        terminal.signal(signal);
        assert_eq!(terminal.wait(), 0, "{signal}");
        terminal.wait_until("the other screen left", |screen| {
            !screen.contains("lookup") && screen.contains("mcptop: serving")
        });
        assert!(!terminal.is_on_other_screen());
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}

#[test]
fn a_command_behind_serve_is_watched_as_well_and_what_it_says_does_not_tear_the_screen() {
    let home = tempfile::tempdir().unwrap();
    let server = r#"while read -r line; do echo "a l""oud server" >&2; id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p'); [ -n "$id" ] && echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"loud","version":"1"}}}'; done"#;
    let arguments = ["serve", "--label", "loud", "--listen", "127.0.0.1:0", "--", "sh", "-c", server];
    let mut terminal = Terminal::mcptop(&arguments, home.path(), (120, 40));
    let port = port_in(&terminal.wait_for(&["LIVE", "serving"]));
    let opening = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"the-client","version":"7"}}}"#;
    let accept = "Accept: application/json, text/event-stream\r\n";
    let mut client = Client::connect(port);
    client.send(accept, opening);
    let screen = terminal.wait_for(&["initialize"]);
    assert!(!screen.contains("a loud server"), "{screen}");
    terminal.press("6");
    terminal.wait_for(&["a loud server", "the-client 7", "Pool"]);
    terminal.press("q");
    terminal.wait_for(&["A client is connected"]);
    terminal.press("y");
    assert_eq!(terminal.wait(), 0);
    terminal.wait_until("the screen given back", |screen| !screen.contains("a loud server"));
}

#[test]
fn a_headless_proxy_leaves_the_terminal_alone() {
    let home = tempfile::tempdir().unwrap();
    for (flag, said) in [("--headless", "in another terminal"), ("--no-record", "nothing to watch")] {
        let url = answering();
        let arguments = ["serve", flag, "--listen", "127.0.0.1:0", &url];
        let mut terminal = Terminal::mcptop(&arguments, home.path(), (160, 24));
        let screen = terminal.wait_for(&["mcptop: serving", said]);
        assert!(!terminal.is_on_other_screen());
        Client::connect(port_in(&screen)).work("lookup");
        terminal.press("\x03");
        assert_eq!(terminal.wait(), 0);
    }
}

#[test]
fn what_keeps_a_proxy_from_beginning_is_said_without_a_viewer() {
    let home = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let mut terminal =
        Terminal::mcptop(&["serve", "--listen", &listen, "http://127.0.0.1:9/mcp"], home.path(), (120, 24));
    assert_eq!(terminal.wait(), 3);
    terminal.wait_for(&["mcptop: cannot listen on"]);
    assert!(!terminal.is_on_other_screen());
}
