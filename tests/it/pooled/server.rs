//! A server with sessions that counts what it is asked, on as many connections as there are.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use mcptop::wire::{Contents, Message, contents, member};

/// Nothing here takes a tenth of this; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

/// What the server has seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// What it says it can do.
    pub(crate) capabilities: String,
    /// Whether it opens sessions at all.
    pub(crate) has_sessions: bool,
    pub(crate) opened: usize,
    /// How it refuses what belongs to no session it knows.
    pub(crate) says_of_unknown: &'static str,
    pub(crate) alive: HashSet<String>,
    /// Sessions that were told that their client is ready.
    pub(crate) initialized: Vec<String>,
    pub(crate) deleted: Vec<String>,
    /// Calls under way, by their session.
    pub(crate) under_way: BTreeMap<String, usize>,
    pub(crate) most_under_way: usize,
    /// Calls that are held are answered when this is true.
    pub(crate) lets_go: bool,
    pub(crate) held: usize,
    /// What came in the last request besides the body.
    pub(crate) heads: Vec<String>,
    pub(crate) cancelled: Vec<String>,
    /// Streams that clients listen to.
    pub(crate) streams: usize,
}

impl Server {
    pub(crate) fn start(capabilities: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let seen = Seen {
            capabilities: capabilities.to_owned(),
            has_sessions: true,
            says_of_unknown: "404 Not Found",
            ..Seen::default()
        };
        let server = Self { url, seen: Arc::new((Mutex::new(seen), Condvar::new())) };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&stream.unwrap()));
            }
        });
        server
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

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some((head, body)) = request(&mut reader) {
            let session = field(&head, "mcp-session-id");
            self.seen(|seen| seen.heads.push(head.clone()));
            if head.starts_with("GET ") {
                self.seen(|seen| seen.streams += 1);
                let mut out = stream;
                let _ =
                    out.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: here\n\n");
                let _ = reader.read_to_end(&mut Vec::new());
                self.seen(|seen| seen.streams -= 1);
                return;
            }
            let answer = self.answer(&head, &body, session.as_deref());
            let mut out = stream;
            if out.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    fn answer(&self, head: &str, body: &str, session: Option<&str>) -> String {
        if head.starts_with("DELETE ") {
            let session = session.unwrap().to_owned();
            let was_there = self.seen(|seen| {
                seen.deleted.push(session.clone());
                seen.alive.remove(&session)
            });
            return status(if was_there { "200 OK" } else { "404 Not Found" });
        }
        let Contents::One(message) = contents(body.as_bytes()) else { return status("400 Bad Request") };
        let unknown = self.seen(|seen| {
            let knows = session.is_none_or(|session| seen.alive.contains(session));
            (!knows).then_some(seen.says_of_unknown)
        });
        if let Some(refusal) = unknown {
            return status(refusal);
        }
        match message {
            Message::Request { id, method, .. } if method == "initialize" => self.open(id),
            Message::Request { id, params, .. } => self.call(id, params.unwrap_or_default(), session),
            Message::Notification { method, params } => {
                self.seen(|seen| match &*method {
                    "notifications/initialized" => {
                        seen.initialized.push(session.unwrap_or_default().to_owned());
                    }
                    _ => seen.cancelled.push(params.unwrap_or_default().to_owned()),
                });
                status("202 Accepted")
            }
            Message::Result { .. } | Message::Error { .. } => status("202 Accepted"),
        }
    }

    fn open(&self, id: &str) -> String {
        let (session, capabilities) = self.seen(|seen| {
            seen.opened += 1;
            let session = format!("upstream-{}", seen.opened);
            if seen.has_sessions {
                seen.alive.insert(session.clone());
            }
            (seen.has_sessions.then_some(session), seen.capabilities.clone())
        });
        let result = format!(
            r#"{{"jsonrpc":"2.0","result":{{"protocolVersion":"2025-11-25","capabilities":{capabilities},"serverInfo":{{"name":"s","version":"1.0"}}}},"id":{id}}}"#
        );
        let named = session.map_or_else(String::new, |session| format!("Mcp-Session-Id: {session}\r\n"));
        let event = format!("id: 1\ndata: \n\nevent: message\ndata: {result}\n\n");
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{named}Content-Length: {}\r\n\r\n{event}",
            event.len()
        )
    }

    fn call(&self, id: &str, params: &str, session: Option<&str>) -> String {
        let session = session.unwrap_or_default().to_owned();
        self.seen(|seen| {
            *seen.under_way.entry(session.clone()).or_default() += 1;
            seen.most_under_way = seen.most_under_way.max(seen.under_way[&session]);
        });
        if member(params, "name") == Some("\"hold\"") {
            self.seen(|seen| seen.held += 1);
            self.until(|seen| seen.lets_go);
        }
        self.seen(|seen| *seen.under_way.get_mut(&session).unwrap() -= 1);
        let body =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[],"session":"{session}"}}}}"#);
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

/// A field of a head.
pub(crate) fn field(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// A head and its body; `None` at the end of the connection.
pub(crate) fn request(reader: &mut impl BufRead) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = field(&head, "content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

fn status(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
}
