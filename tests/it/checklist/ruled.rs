//! `serve URL` with rules in force that concern nothing of what is said: messages are understood, and none may change.

use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::path::PathBuf;

use super::pairing::{Answer, Pair};
use crate::pooled::server::{field, request};
use crate::rig::within_patience;
use crate::serve::{Served, Wire};

/// Rules that are looked up for every message, and concern none. None of them has to know the tools, for which mcptop would
/// ask the server.
const RULES: &str = r#"
[[rule]]
name = "nothing"
match = { tool = "a tool that nobody calls", method = ["tools/call", "prompts/get"] }
timeout = "1s"
rate = { per_minute = 1, burst = 1, over = "error" }
"#;

/// A file with these rules, for as long as the tests run.
pub(super) fn rules() -> PathBuf {
    static FILE: std::sync::OnceLock<tempfile::NamedTempFile> = std::sync::OnceLock::new();
    let file = FILE.get_or_init(|| {
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        file.write_all(RULES.as_bytes()).unwrap();
        file
    });
    file.path().to_owned()
}

/// A client that posts each message on a connection of its own; messages pass whole here.
pub(super) struct Ruled {
    proxy: Served,
    how: Answer,
    unanswered: VecDeque<[Wire; 2]>,
}

impl Ruled {
    pub(super) fn start(how: Answer) -> Self {
        let rules = rules();
        let proxy = Served::start(&["--rules", rules.to_str().unwrap()]);
        Self { proxy, how, unanswered: VecDeque::new() }
    }
}

impl Pair for Ruled {
    fn ask(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut client = self.proxy.client();
        // Whether a rule is about what comes in chunks is not known before its end: it is understood, not passed as bytes.
        client.send(self.proxy.request(
            "POST /mcp HTTP/1.1\nHost: {us}\nContent-Type: application/json\nTransfer-Encoding: chunked\n\n",
        ));
        let mut sending = client.0.try_clone().unwrap();
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        let writing = std::thread::spawn(move || {
            for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                sending.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).unwrap();
                sending.write_all(piece).unwrap();
                sending.write_all(b"\r\n").unwrap();
            }
            sending.write_all(b"0\r\n\r\n").unwrap();
        });
        let server = self.proxy.accept();
        let reading = server.0.try_clone().unwrap();
        let received = within_patience("a request", move || {
            request(&mut BufReader::with_capacity(1 << 16, reading)).unwrap().1.into_bytes()
        });
        writing.join().unwrap();
        self.unanswered.push_back([client, server]);
        received
    }

    fn answer(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        let [client, server] = self.unanswered.pop_front().unwrap();
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let how = self.how;
        let head = match how {
            Answer::Message => format!("Content-Type: application/json\r\nContent-Length: {length}"),
            Answer::Events => "Content-Type: text/event-stream\r\nConnection: close".to_owned(),
        };
        let mut said = vec![format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").into_bytes()];
        let is_stream = how == Answer::Events;
        said.extend(is_stream.then(|| b"event: message\ndata: ".to_vec()));
        said.extend(pieces.iter().map(|piece| piece.to_vec()));
        said.extend(is_stream.then(|| b"\n\n".to_vec()));
        let writing = std::thread::spawn(move || {
            let mut server = server;
            // Then it closes: that is where a stream without chunks ends.
            for piece in &said {
                server.send(piece);
            }
        });
        let body = within_patience("an answer", move || body(&mut BufReader::new(client.0)));
        writing.join().unwrap();
        match how {
            Answer::Message => body,
            Answer::Events => {
                let data = body.strip_prefix(&b"event: message\ndata: "[..]);
                data.and_then(|data| data.strip_suffix(b"\n\n")).unwrap().to_vec()
            }
        }
    }
}

/// The body of an answer with a length, or in chunks.
fn body(from: &mut BufReader<std::net::TcpStream>) -> Vec<u8> {
    use std::io::BufRead as _;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(from.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let mut body = Vec::new();
    if let Some(length) = field(&head, "content-length") {
        body.resize(length.parse().unwrap(), 0);
        from.read_exact(&mut body).unwrap();
        return body;
    }
    loop {
        let mut size = String::new();
        from.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        from.read_exact(&mut chunk).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
