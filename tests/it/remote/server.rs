//! An HTTP server that a test plays: it takes requests as they come, on any connection, and answers when it likes.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// Nothing here takes a tenth of this; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Receiver<Request>,
}

/// A request that waits for its answer.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    head: String,
    pub(crate) body: String,
    stream: TcpStream,
    /// Told when the client closes the connection.
    gone: Receiver<()>,
}

/// An event stream that goes on.
pub(crate) struct Events(Request);

impl Server {
    /// Listens on a port that the system chooses.
    pub(crate) fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let (sender, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || serve(&stream.unwrap(), &sender));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/mcp", self.origin())
    }

    /// The next request, on whatever connection.
    pub(crate) fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("waited in vain for a request")
    }

    /// The next request; `None` when the test is over.
    pub(crate) fn try_next(&self) -> Option<Request> {
        self.requests.recv().ok()
    }

    /// The next request, which must be this.
    pub(crate) fn expect(&self, method: &str, body: &str) -> Request {
        let request = self.next();
        assert_eq!((&*request.method, &*request.body), (method, body), "{}", request.head);
        request
    }
}

fn serve(stream: &TcpStream, requests: &Sender<Request>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut left: Option<Sender<()>> = None;
    while let Some((head, body)) = read(&mut reader) {
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
        let (sender, gone) = channel();
        left = Some(sender);
        let request = Request { method, target, head, body, stream: stream.try_clone().unwrap(), gone };
        if requests.send(request).is_err() {
            return;
        }
    }
    drop(left);
}

fn read(reader: &mut impl BufRead) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = field(&head, "content-length").map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

impl Request {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }

    /// How often a field is there.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.head
            .split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .count()
    }

    /// Answers with a body at once. `fields` end with a line end each.
    pub(crate) fn answer(mut self, status: &str, fields: &str, body: &str) {
        let len_bytes = body.len();
        let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {len_bytes}\r\n\r\n");
        self.stream.write_all((head + body).as_bytes()).unwrap();
    }

    pub(crate) fn json(self, body: &str) {
        self.answer("200 OK", "Content-Type: application/json\r\n", body);
    }

    pub(crate) fn accept(self) {
        self.answer("202 Accepted", "", "");
    }

    /// Begins an event stream.
    pub(crate) fn events(self) -> Events {
        self.events_with("")
    }

    pub(crate) fn events_with(self, fields: &str) -> Events {
        self.chunks("text/event-stream", fields)
    }

    /// Begins a body of any media type that comes in chunks.
    pub(crate) fn chunks(mut self, media: &str, fields: &str) -> Events {
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: {media}\r\nTransfer-Encoding: chunked\r\n{fields}\r\n");
        self.stream.write_all(head.as_bytes()).unwrap();
        Events(self)
    }

    /// Waits until the client has closed the connection.
    pub(crate) fn wait_gone(self) {
        let told = self.gone.recv_timeout(PATIENCE);
        assert_eq!(told, Err(std::sync::mpsc::RecvTimeoutError::Disconnected), "the connection stays open");
    }
}

impl Events {
    pub(crate) fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes());
    }

    /// The same for bytes that may be a part of a character.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let begin = format!("{:x}\r\n", bytes.len());
        self.0.stream.write_all(&[begin.as_bytes(), bytes, b"\r\n"].concat()).unwrap();
    }

    /// Ends the stream in order.
    pub(crate) fn end(mut self) {
        self.0.stream.write_all(b"0\r\n\r\n").unwrap();
    }

    /// Ends the connection in the middle of the stream.
    pub(crate) fn cut(self) {
        self.0.stream.shutdown(Shutdown::Both).unwrap();
    }

    pub(crate) fn wait_gone(self) {
        self.0.wait_gone();
    }
}
