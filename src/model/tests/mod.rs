//! Playbooks: what passed, as text, and what it must mean. Everything goes through the line codec, as in a recording.

mod clients;
mod conservation;
mod endings;
mod exchanges;
mod facts;
mod handshake;
mod http;
mod let_go;
mod retries;
mod rulings;
mod tasks;

use super::*;
use crate::trace::{
    Back, Event, ExchangeId, FORMAT_VERSION, Fact, Front, Header, HttpEnd, Micros, Nanos, Payload, Place,
    read_event, write_event,
};
use crate::wire::{Direction, Peer};

/// The first line of a recording that was made up.
pub(crate) fn header() -> Header {
    Header {
        format: FORMAT_VERSION,
        session: "s".into(),
        started: "2026-11-21T10:00:00Z".parse().unwrap(),
        version: "1.2.3".into(),
        label: "files".into(),
        front: Front::Stdio,
        back: Back::Command { argv: vec!["server".into()] },
        platform: "linux-x86_64".into(),
    }
}

/// A session under play: events in, questions out.
pub(super) struct Play {
    pub(super) session: Session,
    now: u64,
    exchange: Option<ExchangeId>,
    own: u32,
    offset: u64,
}

impl Play {
    pub(super) fn new() -> Self {
        Self { session: Session::new(header()), now: 0, exchange: None, own: 0, offset: 0 }
    }

    /// Sets the clock, in milliseconds.
    pub(super) fn at_ms(&mut self, ms: u64) -> &mut Self {
        self.now = ms * 1_000;
        self
    }

    /// What mcptop itself takes for each message from here on.
    pub(super) fn own_ns(&mut self, own: u32) -> &mut Self {
        self.own = own;
        self
    }

    /// What passes from here on passes in the body of this HTTP exchange; 0 for none.
    pub(super) fn within(&mut self, exchange: u32) -> &mut Self {
        self.exchange = (exchange > 0).then_some(ExchangeId(exchange));
        self
    }

    /// An HTTP request passes, in a session and a revision if they are not empty.
    pub(super) fn post(&mut self, exchange: u32, session: &str, revision: &str) -> &mut Self {
        self.http(exchange, "POST", 1, session, revision)
    }

    /// A request of any method passes on any connection.
    pub(super) fn http(
        &mut self,
        exchange: u32,
        method: &str,
        connection: u32,
        session: &str,
        revision: &str,
    ) -> &mut Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned().into());
        self.within(exchange).fact(Fact::HttpRequest {
            exchange: ExchangeId(exchange),
            connection,
            method: method.to_owned().into(),
            target: "/mcp".into(),
            session: some(session),
            revision: some(revision),
            encoding: "".into(),
            resumes: method == "GET" && exchange > 100,
        })
    }

    /// The head of its response passes.
    pub(super) fn status(&mut self, exchange: u32, status: u16, session: &str) -> &mut Self {
        let session = (!session.is_empty()).then(|| session.to_owned().into());
        let media = "text/event-stream".into();
        self.within(exchange).fact(Fact::HttpResponse {
            exchange: ExchangeId(exchange),
            status,
            media,
            session,
            encoding: "".into(),
        })
    }

    /// An exchange ends.
    pub(super) fn end(&mut self, exchange: u32, how: HttpEnd) -> &mut Self {
        self.fact(Fact::HttpEnd { exchange: ExchangeId(exchange), how })
    }

    /// The client sends a line.
    pub(super) fn client(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.frame(Direction::ToServer, text.as_ref())
    }

    /// The server sends a line.
    pub(super) fn server(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.frame(Direction::ToClient, text.as_ref())
    }

    fn frame(&mut self, to: Direction, text: &str) -> &mut Self {
        let line = if self.exchange.is_some() { text.to_owned() } else { format!("{text}\n") };
        let payload = Payload::of_frame(line.as_bytes());
        let exchange = self.exchange;
        self.fact(Fact::Message { to, own: Nanos(self.own), payload, parts: 0, exchange })
    }

    /// The client asks.
    pub(super) fn ask(&mut self, id: &str, method: &str, params: &str) -> &mut Self {
        self.client(request(id, method, params))
    }

    /// The server answers.
    pub(super) fn answer(&mut self, id: &str, result: &str) -> &mut Self {
        self.server(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#))
    }

    /// Anything else happens.
    pub(super) fn fact(&mut self, fact: Fact<'_>) -> &mut Self {
        let mut line = Vec::new();
        write_event(&mut line, &Event { at: Micros(self.now), fact });
        let text = line.strip_suffix(b"\n").unwrap();
        let place = Place { offset_bytes: self.offset, len_bytes: u32::try_from(text.len()).unwrap() };
        self.offset += line.len() as u64;
        self.session.apply(&read_event(text).unwrap(), place);
        self
    }

    pub(super) fn op(&self, n: usize) -> &Operation {
        &self.session.operations()[n]
    }

    pub(super) fn states(&self) -> Vec<State> {
        self.session.operations().iter().map(|operation| operation.state).collect()
    }

    pub(super) fn row(&self, from: Peer, method: &str, target: &str) -> &Row {
        let symbols = self.session.symbols();
        let (method, target) = (symbols.get(method).unwrap(), symbols.get(target).unwrap());
        self.session.row(RowKey { from, method, target }).unwrap()
    }

    pub(super) fn kinds(&self) -> Vec<LogKind> {
        self.session.log().entries().map(|entry| entry.kind).collect()
    }
}

pub(super) fn request(id: &str, method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

pub(super) fn notification(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#)
}

pub(super) const OK: State = State::Done(Outcome::Ok);
