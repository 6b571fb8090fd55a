//! A real nginx in front of two instances of `mcptop serve`, configured as `docs/http.md` says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use mcptop::model::Session;

use crate::peers::http::{Running, start};
use crate::serve::{CALL, RESULT, Served, Wire, answer};

/// The name that the configuration serves.
const NAME: &str = "mcp.example.org";

/// nginx, the two instances behind it, and a server behind both, which the test plays.
struct Site {
    nginx: Running,
    address: String,
    instances: [Served; 2],
    _folder: tempfile::TempDir,
}

impl Site {
    fn start() -> Self {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mcp", server.local_addr().unwrap());
        let other = server.try_clone().unwrap();
        let instances = [server, other].map(|server| Served::at(&url, server, &["--allow-host", NAME]));
        let folder = tempfile::tempdir().unwrap();
        let (nginx, url) = start(|port| {
            std::fs::write(folder.path().join("nginx.conf"), configuration(port, &instances)).unwrap();
            nginx(folder.path())
        });
        let address = url["http://".len()..].trim_end_matches("/mcp").to_owned();
        Self { nginx, address, instances, _folder: folder }
    }

    /// A client that sends a request with this method and these fields on a connection of its own.
    fn client(&self, method: &str, fields: &str, body: &str) -> Wire {
        let mut client = Wire(TcpStream::connect(&self.address).unwrap()).patient();
        let host = if fields.contains("Host: ") { String::new() } else { format!("Host: {NAME}\r\n") };
        let len = body.len();
        client.send(format!("{method} /mcp HTTP/1.1\r\n{host}{fields}Content-Length: {len}\r\n\r\n{body}"));
        client
    }

    /// The server answers by itself from now on, whatever it is asked.
    fn answer_all(&self) {
        let server = self.instances[0].server.try_clone().unwrap();
        std::thread::spawn(move || {
            for stream in server.incoming() {
                std::thread::spawn(move || answer_each(&stream.unwrap()));
            }
        });
    }

    /// Ends all and gives what each instance has recorded.
    fn end(self) -> [Session; 2] {
        drop(self.nginx);
        self.instances.map(Served::end)
    }
}

/// The documentation's own configuration, with the ports of this test and what nginx wants besides.
fn configuration(port: u16, instances: &[Served; 2]) -> String {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/http.md")).unwrap();
    let block = page.split("```nginx\n").nth(1).unwrap().split("```").next().unwrap();
    let mut block = block.to_owned();
    for (written, here) in [
        ("listen 8080;", format!("listen 127.0.0.1:{port};")),
        ("server 127.0.0.1:7081;", format!("server {};", instances[0].address)),
        ("server 127.0.0.1:7082;", format!("server {};", instances[1].address)),
    ] {
        assert_eq!(block.matches(written).count(), 1, "{written}");
        block = block.replace(written, &here);
    }
    let folders = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {what};\n"));
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;\nevents {{}}\n\
         http {{\naccess_log off;\n{}{block}}}\n",
        folders.concat()
    )
}

/// The program; administrators have its folder in their path, others need not.
fn nginx(folder: &Path) -> Command {
    let program =
        ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists());
    let mut command = Command::new(program.unwrap_or("nginx"));
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf"));
    command
}

/// Answers the requests of a connection.
fn answer_each(mut stream: &TcpStream) {
    let (mut asked, mut byte) = (Vec::new(), [0]);
    while stream.read(&mut byte).is_ok_and(|len| len == 1) {
        asked.push(byte[0]);
        if asked.ends_with(CALL.as_bytes()) {
            asked.clear();
            if stream.write_all(answer("200 OK", "", RESULT).as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Reads on until this has come.
fn wait_for(wire: &mut Wire, text: &str) {
    let mut read = String::new();
    while !read.contains(text) {
        let mut byte = [0];
        wire.0.read_exact(&mut byte).unwrap();
        read.push(char::from(byte[0]));
    }
}

const STREAM: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn streams_pass_through_nginx_and_mcptop_as_they_come_and_end_as_they_end() {
    let site = Site::start();
    for how in ["left", "cut", "ended"] {
        let mut client = site.client("GET", "Accept: text/event-stream\r\nLast-Event-ID: 7\r\n", "");
        let mut server = site.instances[0].accept();
        assert!(server.head().contains("Last-Event-ID: 7\r\n"));
        server.send(STREAM);
        // Each has arrived before the next is sent.
        for event in ["id: 1\ndata: \n\n", ": alive\n\n", "data: {}\n\n"] {
            server.send(format!("{:x}\r\n{event}\r\n", event.len()));
            wait_for(&mut client, event);
        }
        match how {
            "ended" => {
                server.send("0\r\n\r\n");
                wait_for(&mut client, "\r\n0\r\n\r\n");
            }
            "cut" => {
                drop(server);
                let mut rest = Vec::new();
                let _ = client.0.read_to_end(&mut rest);
                assert!(!rest.ends_with(b"0\r\n\r\n"), "the stream seems to be whole");
            }
            _ => {
                drop(client);
                assert!(server.is_gone());
            }
        }
    }
}

#[test]
fn sessions_stay_with_one_of_the_instances_behind_nginx_and_other_requests_take_any() {
    const EACH: usize = 20;
    let site = Site::start();
    site.answer_all();
    let sessions = ["", "one-of-the-sessions", "two-of-the-sessions", "six-of-the-sessions"];
    for _ in 0..EACH {
        for session in sessions {
            let field =
                if session.is_empty() { String::new() } else { format!("Mcp-Session-Id: {session}\r\n") };
            let mut client = site.client("POST", &format!("{field}Connection: close\r\n"), CALL);
            let told = client.rest();
            assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.ends_with(RESULT), "{told}");
        }
    }
    let recorded = site.end();
    for session in sessions {
        let of = |recorded: &Session| {
            let exchanges = recorded.http().all().iter();
            exchanges.filter(|exchange| is_named(recorded.name(exchange.session), session)).count()
        };
        let each = [0, 1].map(|instance| of(&recorded[instance]));
        assert_eq!(each.iter().sum::<usize>(), EACH, "{session}");
        assert_eq!(each.contains(&0), !session.is_empty(), "`{session}`: {each:?}");
    }
}

/// Whether the name that a recording gives a session is this one's: its beginning and a digest.
fn is_named(name: &str, session: &str) -> bool {
    let begin = &session[..session.len().min(8)];
    if session.is_empty() { name.is_empty() } else { name.starts_with(begin) }
}

#[test]
fn a_strangers_name_is_refused_behind_nginx_too() {
    let site = Site::start();
    for fields in ["Host: evil.example\r\n", "Origin: http://evil.example\r\n"] {
        let mut client = site.client("POST", fields, CALL);
        assert!(client.head().starts_with("HTTP/1.1 403 "), "{fields}");
    }
    assert!(site.instances[0].is_left_alone());
}
