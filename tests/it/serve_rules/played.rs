//! A server with two tools that counts what it is asked, behind a URL, behind a pool of sessions or as a process; and a
//! client of it, with mcptop and its rules between them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use mcptop::wire::{Contents, Message, contents, member};

use crate::bridge::rig::Bridge;
use crate::pooled::server::{field, request};
use crate::serve::Served;

/// Nothing here takes a tenth of this; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// What stands behind mcptop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    Url,
    Pool,
    Command,
}

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Message,
    Events,
}

/// Every back in every form.
pub(crate) fn all() -> impl Iterator<Item = (Back, How)> {
    let backs = [Back::Url, Back::Pool, Back::Command];
    backs.into_iter().flat_map(|back| [(back, How::Message), (back, How::Events)])
}

/// The server. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Played {
    how: How,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

/// What it has seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// The tools that were called, in order.
    pub(crate) calls: Vec<String>,
    pub(crate) cancelled: Vec<String>,
    /// Calls whose client left before there was an answer.
    pub(crate) gone: usize,
    /// Streams that are listened to.
    pub(crate) streams: usize,
    /// Fields of the last call.
    pub(crate) head: String,
    /// What else the server says on each stream, ahead of an answer.
    pub(crate) ahead: String,
    /// Said on streams that are listened to.
    pub(crate) news: String,
    /// Bytes that fill the results of calls.
    pub(crate) filling: usize,
    /// Sessions that were opened.
    sessions: usize,
    /// Arrays of messages that came as such.
    pub(crate) batches: usize,
    /// Calls are answered on a stream that is taken up again: theirs only says where.
    pub(crate) polls: bool,
    /// What is said there.
    later: Vec<String>,
    /// Said in one array with each answer, before it.
    pub(crate) wraps: Option<String>,
}

const LIST: &str = r#"{"tools":[{"name":"get","description":"Gets. All of it.","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}},{"name":"hold","inputSchema":{"type":"object"}},{"name":"delete_all","inputSchema":{"type":"object"}}]}"#;
const WELCOME: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"s","version":"1"}}"#;

impl Played {
    fn new(how: How) -> Self {
        Self { how, seen: Arc::default() }
    }

    /// Looks at what has been seen, or changes it.
    pub(crate) fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        let result = look(&mut self.seen.0.lock().unwrap());
        self.seen.1.notify_all();
        result
    }

    /// Waits until this is so.
    pub(crate) fn until(&self, mut is_so: impl FnMut(&Seen) -> bool) {
        let seen = self.seen.0.lock().unwrap();
        let waited = self.seen.1.wait_timeout_while(seen, PATIENCE, |seen| !is_so(seen)).unwrap();
        assert!(!waited.1.timed_out(), "waited in vain");
    }

    pub(crate) fn calls(&self) -> usize {
        self.seen(|seen| seen.calls.len())
    }

    /// What the server answers to a message; `None` to one that has no answer, or to a call that it never answers.
    fn said(&self, text: &str) -> Option<String> {
        let Contents::One(message) = contents(text.as_bytes()) else { return None };
        let (id, result) = match message {
            Message::Request { id, method, .. } if method == "initialize" => (id, WELCOME.to_owned()),
            Message::Request { id, method, .. } if method == "tools/list" => (id, LIST.to_owned()),
            Message::Request { id, method, params } if method == "tools/call" => {
                let name = member(params.unwrap(), "name").unwrap().trim_matches('"').to_owned();
                let count = self.seen(|seen| {
                    seen.calls.push(name.clone());
                    seen.calls.len()
                });
                if name == "hold" {
                    return None;
                }
                let filling = " ".repeat(self.seen(|seen| seen.filling));
                let text = format!(r#"{{\"a\":1,\"b\":2.0,{filling}\"n\":{count}}}"#);
                (id, format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]}}"#))
            }
            Message::Request { id, .. } => (id, "{}".to_owned()),
            Message::Notification { method, params } if method == "notifications/cancelled" => {
                self.seen(|seen| seen.cancelled.push(params.unwrap().to_owned()));
                return None;
            }
            Message::Notification { .. } | Message::Result { .. } | Message::Error { .. } => return None,
        };
        Some(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
    }

    /// The same, to an array of messages as well.
    fn said_to_all(&self, text: &str) -> Option<String> {
        if !text.starts_with('[') {
            return self.said(text);
        }
        let all: Vec<String> =
            mcptop::wire::messages(text).into_iter().filter_map(|part| self.said(part)).collect();
        (!all.is_empty()).then(|| format!("[{}]", all.join(",")))
    }

    /// One at an address.
    pub(crate) fn start(how: How) -> (Self, String) {
        let played = Self::new(how);
        let url = played.listen();
        (played, url)
    }

    fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let serving = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&stream.unwrap()));
            }
        });
        url
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some((head, body)) = request(&mut reader) {
            let mut out = stream;
            if head.starts_with("GET ") {
                let resumes = field(&head, "last-event-id").is_some();
                let news = self.seen(|seen| {
                    seen.streams += 1;
                    if resumes { std::mem::take(&mut seen.later).concat() } else { seen.news.clone() }
                });
                let begin = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: here\n\n";
                let _ = out.write_all(format!("{begin}{news}").as_bytes());
                let _ = reader.read_to_end(&mut Vec::new());
                self.seen(|seen| seen.streams -= 1);
                return;
            }
            if body.contains("tools/call") {
                self.seen(|seen| seen.head.clone_from(&head));
            }
            if body.starts_with('[') {
                self.seen(|seen| seen.batches += 1);
            }
            let answer = match self.said_to_all(&body) {
                _ if head.starts_with("DELETE ") => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
                Some(said) if body.contains("tools/call") && self.seen(|seen| seen.polls) => {
                    self.seen(|seen| seen.later.push(format!("id: 6\ndata: {said}\n\n")));
                    let head =
                        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
                    let _ = out.write_all(format!("{head}id: 5\nretry: 1\ndata: \n\n").as_bytes());
                    return;
                }
                Some(said) => self.answer(&said, body.contains(r#""initialize""#)),
                None if body.contains(r#""id""#) => {
                    let _ = reader.read_to_end(&mut Vec::new());
                    return self.seen(|seen| seen.gone += 1);
                }
                None => "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned(),
            };
            if out.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, said: &str, opens: bool) -> String {
        let (ahead, wraps) = self.seen(|seen| (seen.ahead.clone(), seen.wraps.clone()));
        let array = wraps.map(|news| format!("[{news}, {said}]"));
        let said = array.as_deref().unwrap_or(said);
        let (media, body) = match self.how {
            How::Message => ("application/json", said.to_owned()),
            How::Events => ("text/event-stream", format!("{ahead}event: message\nid: 5\ndata: {said}\n\n")),
        };
        let session = || {
            self.seen(|seen| {
                seen.sessions += 1;
                format!("Mcp-Session-Id: upstream-{:010}\r\n", seen.sessions)
            })
        };
        let named = if opens { session() } else { String::new() };
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\nContent-Type: {media}\r\n{named}Content-Length: {length}\r\n\r\n{body}")
    }
}

/// Everything together.
pub(crate) struct Rig {
    pub(crate) played: Played,
    pub(crate) rules: PathBuf,
    how: How,
    url: String,
    proxy: Proxy,
    _folder: tempfile::TempDir,
}

enum Proxy {
    Served(Box<Served>),
    Bridge(Box<Bridge>),
}

impl Rig {
    pub(crate) fn start(back: Back, how: How, rules: &str) -> Self {
        Self::with(back, how, rules, &[])
    }

    pub(crate) fn with(back: Back, how: How, rules: &str, flags: &[&str]) -> Self {
        let (played, url) = Played::start(how);
        Self::before(played, url, back, rules, flags)
    }

    /// Another mcptop in front of the same server.
    pub(crate) fn beside(&self, back: Back, rules: &str) -> Self {
        Self::before(self.played.clone(), self.url.clone(), back, rules, &[])
    }

    fn before(played: Played, url: String, back: Back, rules: &str, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("these.toml");
        std::fs::write(&path, rules).unwrap();
        let mut all = vec!["--label", "s", "--rules", path.to_str().unwrap()];
        all.extend(flags);
        let proxy = match back {
            Back::Url => Proxy::Served(Box::new(Served::in_front_of(&url, &all))),
            Back::Pool => {
                all.extend(["--pool", "8"]);
                Proxy::Served(Box::new(Served::in_front_of(&url, &all)))
            }
            Back::Command => Proxy::Bridge(Box::new(Bridge::start(&all))),
        };
        Self { how: played.how, played, rules: path, url, proxy, _folder: folder }
    }

    fn address(&self) -> SocketAddr {
        match &self.proxy {
            Proxy::Served(served) => served.address,
            Proxy::Bridge(bridge) => bridge.address(),
        }
    }

    /// A client that has said nothing.
    pub(crate) fn stranger(&self) -> Client {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let accept = match (&self.proxy, self.how) {
            // It answers with events who takes nothing else.
            (Proxy::Bridge(_), How::Events) => "text/event-stream",
            (Proxy::Bridge(_), How::Message) => "application/json",
            (Proxy::Served(_), _) => "application/json, text/event-stream",
        };
        let fields = format!("Accept: {accept}\r\n");
        Client { stream: BufReader::new(stream), host: self.address().to_string(), fields, last: 0 }
    }

    /// A client with a session; `fields` are lines.
    pub(crate) fn client_with(&self, fields: &str) -> Client {
        let mut client = self.stranger();
        client.fields.push_str(fields);
        client.send(
            "POST",
            r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#,
        );
        if let Proxy::Bridge(bridge) = &self.proxy {
            let (mut process, played) = (bridge.process(), self.played.clone());
            std::thread::spawn(move || {
                loop {
                    let line = process.receive();
                    if line.is_empty() {
                        return;
                    }
                    if let Some(said) = played.said(&line) {
                        process.send(&said);
                    }
                }
            });
        }
        let opened = client.reply();
        let session = field(&opened.head, "mcp-session-id").unwrap();
        write!(client.fields, "Mcp-Session-Id: {session}\r\n").unwrap();
        let told = client.ask(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert!(told.head.starts_with("HTTP/1.1 202 "), "{told:?}");
        client
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with("")
    }

    /// Puts other rules into the file, whole.
    pub(crate) fn rule(&self, rules: &str) {
        let new = self.rules.with_extension("new");
        std::fs::write(&new, rules).unwrap();
        std::fs::rename(new, &self.rules).unwrap();
    }

    /// Waits until the recording says all of this, in one line.
    pub(crate) fn until_recorded(&self, words: &[&str]) {
        let Proxy::Served(served) = &self.proxy else { panic!("it is a bridge") };
        let begin = std::time::Instant::now();
        loop {
            let text = std::fs::read_to_string(&served.recording).unwrap_or_default();
            if text.lines().any(|line| words.iter().all(|word| line.contains(word))) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "waited in vain: {text}");
            std::thread::yield_now();
        }
    }

    /// Where it is recorded.
    pub(crate) fn served(self) -> Served {
        match self.proxy {
            Proxy::Served(served) => *served,
            Proxy::Bridge(_) => panic!("it is a bridge"),
        }
    }

    /// Ends it; gives what it recorded.
    pub(crate) fn end(self) -> Vec<mcptop::trace::Fact<'static>> {
        match self.proxy {
            Proxy::Bridge(bridge) => bridge.end(),
            Proxy::Served(mut served) => {
                served.stop();
                let events = crate::rig::read_all(&served.recording).1;
                events.into_iter().map(|event| event.fact).collect()
            }
        }
    }
}

/// A client's connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    host: String,
    pub(crate) fields: String,
    last: u32,
}

/// What it was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// The last message in it.
    pub(crate) fn message(&self) -> &str {
        if !field(&self.head, "content-type").unwrap_or_default().contains("event-stream") {
            return &self.body;
        }
        self.body.lines().rev().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn send(&mut self, method: &str, body: &str) {
        let Self { host, fields, .. } = self;
        let length = body.len();
        let head = format!(
            "{method} /mcp HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{fields}Content-Length: {length}\r\n\r\n"
        );
        self.stream.get_mut().write_all((head + body).as_bytes()).unwrap();
    }

    pub(crate) fn ask(&mut self, body: &str) -> Reply {
        self.send("POST", body);
        self.reply()
    }

    /// A request with the next id, and the message that answers it, without its beginning up to the id.
    pub(crate) fn request(&mut self, method: &str, params: &str) -> String {
        self.last += 1;
        let id = self.last;
        let reply =
            self.ask(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#));
        assert!(reply.head.starts_with("HTTP/1.1 200 "), "{reply:?}");
        let message = reply.message();
        let rest = message.strip_prefix(&format!(r#"{{"jsonrpc":"2.0","id":{id},"#));
        rest.unwrap_or_else(|| panic!("{reply:?}")).to_owned()
    }

    pub(crate) fn call(&mut self, tool: &str) -> String {
        self.request("tools/call", &format!(r#"{{"name":"{tool}","arguments":{{}}}}"#))
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.stream.read_line(&mut line).unwrap() > 0, "the connection has ended");
        line
    }

    pub(crate) fn head(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push_str(&self.line());
        }
        head
    }

    /// The next chunk; empty at the end of the body.
    pub(crate) fn chunk(&mut self) -> String {
        let size = usize::from_str_radix(self.line().trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk).unwrap();
        chunk.truncate(size);
        String::from_utf8(chunk).unwrap()
    }

    /// An answer with its whole body.
    pub(crate) fn reply(&mut self) -> Reply {
        let head = self.head();
        let body = if let Some(length) = field(&head, "content-length") {
            let mut body = vec![0; length.parse().unwrap()];
            self.stream.read_exact(&mut body).unwrap();
            String::from_utf8(body).unwrap()
        } else {
            let chunks = std::iter::from_fn(|| Some(self.chunk()).filter(|chunk| !chunk.is_empty()));
            chunks.collect()
        };
        Reply { head, body }
    }
}
