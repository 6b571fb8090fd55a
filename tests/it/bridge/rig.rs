//! A bridge between HTTP clients and a stdio server that the test plays: every process that is started connects to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use mcptop::trace::{Event, Fact};

use crate::rig::read_all;

/// Nothing here takes a tenth of this; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server's process: standard input goes to the test, what the test says goes to standard output. It ends when either
/// side does. Its command line is the same in every bridge: where the test is stands in a variable of mcptop's own kind.
const SERVER: &str =
    r#"exec 3<>"/dev/tcp/127.0.0.1/$MCPTOP_TEST_PORT" 4<&0; (cat <&4 >&3; kill $$) & exec cat <&3"#;

pub(crate) const CLIENT: &str =
    r#"{"protocolVersion":"2025-06-18","capabilities":{"roots":{}},"clientInfo":{"name":"c","version":"1"}}"#;
pub(crate) const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
pub(crate) const BOTH: &str = "Accept: application/json, text/event-stream\n";

/// A running bridge.
pub(crate) struct Bridge {
    child: Child,
    address: SocketAddr,
    processes: TcpListener,
    recording: PathBuf,
    _folder: tempfile::TempDir,
}

impl Bridge {
    /// Without processes that are started ahead, so that each belongs to whoever made it start.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::with_pool("0", arguments)
    }

    pub(crate) fn with_pool(pool: &str, arguments: &[&str]) -> Self {
        let processes = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = processes.local_addr().unwrap().port().to_string();
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("bridge.mcp.jsonl");
        let mut child = Command::new(env!("CARGO_BIN_EXE_mcptop"))
            .args(["serve", "--headless", "--listen", "127.0.0.1:0", "--pool", pool, "--record"])
            .arg(&recording)
            .args(arguments)
            .args(["--", "bash", "-c", SERVER])
            .env("MCPTOP_TEST_PORT", &port)
            .env("MCPTOP_HOME", folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut said, mut lines) = (String::new(), BufReader::new(child.stderr.take().unwrap()));
        while !said.contains(" at http://") {
            assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
        }
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let address = said.split(" at http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("{said}")).parse().unwrap();
        Self { child, address, processes, recording, _folder: folder }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it records.
    pub(crate) fn recording(&self) -> &std::path::Path {
        &self.recording
    }

    /// The next process that was started.
    pub(crate) fn process(&self) -> Process {
        let stream = self.processes.accept().unwrap().0;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Process(BufReader::new(stream))
    }

    /// Whether no process has been started but those that were asked for.
    pub(crate) fn has_started_no_other(&self) -> bool {
        self.processes.set_nonblocking(true).unwrap();
        let accepted = self.processes.accept();
        self.processes.set_nonblocking(false).unwrap();
        accepted.is_err()
    }

    /// A client connects.
    pub(crate) fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream: BufReader::new(stream), address: self.address }
    }

    /// A client with a session, and the process behind it.
    pub(crate) fn session(&self) -> (Client, String, Process) {
        self.session_of("2025-06-18")
    }

    pub(crate) fn session_of(&self, revision: &str) -> (Client, String, Process) {
        let mut client = self.client();
        client.post("", &format!(r#"{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{CLIENT}}}"#));
        let mut process = self.process();
        process.receive();
        process.send(&opened(0, revision));
        let answer = client.answer();
        let id = answer.field("mcp-session-id").unwrap();
        (client, format!("Mcp-Session-Id: {id}\n"), process)
    }

    /// Tells it to end.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }

    /// Ends it; gives back what it recorded.
    pub(crate) fn end(mut self) -> Vec<Fact<'static>> {
        assert!(self.terminate().success());
        read_all(&self.recording).1.into_iter().map(|Event { fact, .. }| fact).collect()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a server answers to `initialize`.
pub(crate) fn opened(id: u32, revision: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"protocolVersion":"{revision}","capabilities":{{"tools":{{}}}},"serverInfo":{{"name":"s","version":"1"}}}}}}"#
    )
}

/// A process of the server.
pub(crate) struct Process(BufReader<TcpStream>);

impl Process {
    /// The next line it is told.
    pub(crate) fn receive(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn send(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The same in pieces, each written on its own.
    pub(crate) fn send_in_pieces<'a>(&mut self, pieces: impl IntoIterator<Item = &'a [u8]>) {
        self.0.get_ref().set_nodelay(true).unwrap();
        for piece in pieces.into_iter().chain([&b"\n"[..]]) {
            self.0.get_mut().write_all(piece).unwrap();
        }
    }

    /// Waits for its end.
    pub(crate) fn is_gone(&mut self) -> bool {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).is_ok() && rest.is_empty()
    }
}

/// A client's connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

/// An answer with its body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn media(&self) -> &str {
        self.field("content-type").unwrap_or_default()
    }
}

impl Client {
    /// Posts a message; `fields` are lines.
    pub(crate) fn post(&mut self, fields: &str, body: &str) {
        let accept = if fields.contains("Accept:") { "" } else { BOTH };
        self.ask("POST /mcp", &format!("Content-Type: application/json\n{accept}{fields}"), body);
    }

    pub(crate) fn ask(&mut self, line: &str, fields: &str, body: &str) {
        let Self { address, .. } = self;
        let host = if fields.contains("Host:") { String::new() } else { format!("Host: {address}\n") };
        let head = format!("{line} HTTP/1.1\n{host}{fields}Content-Length: {}\n\n", body.len());
        let request = head.replace('\n', "\r\n") + body;
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
    }

    /// Only says that it will post a body of this length.
    pub(crate) fn announce(&mut self, len_bytes: usize) {
        let head = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {len_bytes}\r\n\r\n",
            self.address
        );
        self.stream.get_mut().write_all(head.as_bytes()).unwrap();
    }

    /// Posts a message in chunks; `fields` are lines, `Accept` among them.
    pub(crate) fn post_in_chunks(&mut self, fields: &str, pieces: &[&[u8]]) {
        let fields = format!("Content-Type: application/json\nTransfer-Encoding: chunked\n{fields}");
        let head = format!("POST /mcp HTTP/1.1\nHost: {}\n{fields}\n", self.address).replace('\n', "\r\n");
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).unwrap();
        for piece in pieces {
            let begin = format!("{:x}\r\n", piece.len());
            stream.write_all(&[begin.as_bytes(), piece, b"\r\n"].concat()).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.stream.read_line(&mut line).unwrap() > 0, "the connection has ended");
        line.trim_end_matches(['\r', '\n']).to_owned()
    }

    /// The head of the answer, with its body where that has a length.
    pub(crate) fn answer(&mut self) -> Answer {
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let (mut head, mut line) = (String::new(), self.line());
        while !line.is_empty() {
            head.push_str(&line);
            head.push('\n');
            line = self.line();
        }
        let mut answer = Answer { status, head, body: String::new() };
        if let Some(length) = answer.field("content-length") {
            let mut body = vec![0; length.parse().unwrap()];
            self.stream.read_exact(&mut body).unwrap();
            answer.body = String::from_utf8(body).unwrap();
        }
        answer
    }

    /// An answer that is a stream.
    pub(crate) fn stream(&mut self) {
        let answer = self.answer();
        assert_eq!((answer.status, answer.media()), (200, "text/event-stream"), "{answer:?}");
    }

    /// The next event of a stream; `None` at its end.
    pub(crate) fn event(&mut self) -> Option<String> {
        let size = usize::from_str_radix(&self.line(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).unwrap();
        chunk.truncate(size);
        (size > 0).then(|| String::from_utf8(chunk).unwrap())
    }

    /// The message of the next event.
    pub(crate) fn message(&mut self) -> String {
        let event = self.event().unwrap();
        let data = event.lines().find_map(|line| line.strip_prefix("data: "));
        data.unwrap_or_else(|| panic!("{event}")).to_owned()
    }

    /// Posts a message and takes the answer to it.
    pub(crate) fn call(&mut self, fields: &str, body: &str) -> Answer {
        self.post(fields, body);
        self.answer()
    }
}
