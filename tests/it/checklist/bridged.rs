//! `serve -- COMMAND`: the client has HTTP, the server pipes.
//!
//! Where one process serves several clients it is asked under ids and progress tokens of the bridge's own. That is the
//! one difference, and it is held to be no more than that: each has the type of the client's, no two are the same, every
//! other byte is the client's own, and what the client gets back is its own id byte for byte.

use std::collections::VecDeque;

use mcptop::wire::{Contents, Message, contents};

use super::pairing::{Answer, Pair};
use super::revision::{Era, Request, in_2026, place};
use super::ruled::rules;
use crate::bridge::rig::{Bridge, Client, Process, opened};

/// Whose process it is that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// That of one session.
    Session,
    /// That of several sessions; each request comes from another one.
    Sessions,
    /// Everybody's, in a revision without sessions.
    Everybody,
}

/// A client that posts each message on a connection of its own, and a server on pipes.
pub(super) struct Bridged {
    bridge: Bridge,
    whose: Whose,
    how: Answer,
    processes: Vec<Process>,
    /// The session, as a field, and its process.
    session: Option<(String, usize)>,
    /// The process of those without sessions.
    everybodys: Option<usize>,
    unanswered: VecDeque<Unanswered>,
}

struct Unanswered {
    client: Client,
    process: usize,
    /// The id that the client gave, and the one that the server was given.
    ids: [String; 2],
}

impl Bridged {
    pub(super) fn start(whose: Whose, how: Answer) -> Self {
        Self::with(whose, how, if whose == Whose::Sessions { &["--share"] } else { &[] })
    }

    /// The same with rules in force that concern nothing.
    pub(super) fn ruled(whose: Whose, how: Answer) -> Self {
        Self::with(whose, how, &["--rules", rules().to_str().unwrap()])
    }

    fn with(whose: Whose, how: Answer, flags: &[&str]) -> Self {
        let (processes, unanswered) = (Vec::new(), VecDeque::new());
        let bridge = Bridge::start(flags);
        Self { bridge, whose, how, processes, session: None, everybodys: None, unanswered }
    }

    fn new_process(&mut self) -> usize {
        self.processes.push(self.bridge.process());
        self.processes.len() - 1
    }

    /// A session for the next request.
    fn session(&mut self) -> (String, usize) {
        if let (Whose::Session | Whose::Everybody, Some(session)) = (self.whose, &self.session) {
            return session.clone();
        }
        let mut client = self.bridge.client();
        client.post("", r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#);
        let process = if let Some((_, process)) = self.session {
            process
        } else {
            let process = self.new_process();
            self.processes[process].receive();
            self.processes[process].send(&opened(0, "2025-06-18"));
            process
        };
        let name = client.answer().field("mcp-session-id").unwrap().to_owned();
        let session = (format!("Mcp-Session-Id: {name}\n"), process);
        self.session = Some(session.clone());
        session
    }
}

impl Pair for Bridged {
    fn spoken(&self, request: &str) -> String {
        match self.whose {
            Whose::Session | Whose::Sessions => request.to_owned(),
            Whose::Everybody => in_2026(request),
        }
    }

    fn ask(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        let text = String::from_utf8(pieces.concat()).unwrap();
        let request = Request::read(&text);
        let (fields, process, is_shared) = match request.era() {
            Era::Modern => (fields_of_2026(&request), self.everybodys, true),
            Era::Sessions if request.method == "initialize" => (String::new(), None, false),
            Era::Sessions => {
                let (field, process) = self.session();
                (field, Some(process), self.whose == Whose::Sessions)
            }
        };
        let accept = match self.how {
            Answer::Message => "application/json",
            Answer::Events => "text/event-stream",
        };
        let mut client = self.bridge.client();
        client.post_in_chunks(&format!("{fields}Accept: {accept}\n"), pieces);
        let process = process.unwrap_or_else(|| self.new_process());
        if request.era() == Era::Modern {
            self.everybodys = Some(process);
        }
        let received = self.processes[process].receive();
        let (received, under) =
            if is_shared { with_own_ids(&received, &text) } else { (received, request.id.to_owned()) };
        let is_same = |other: &Unanswered| other.process == process && other.ids[1] == under;
        assert!(!self.unanswered.iter().any(is_same), "{under} is asked twice");
        self.unanswered.push_back(Unanswered { client, process, ids: [request.id.to_owned(), under] });
        received.into_bytes()
    }

    fn answer(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        let Unanswered { mut client, process, ids: [own, under] } = self.unanswered.pop_front().unwrap();
        let text = String::from_utf8(pieces.concat()).unwrap();
        let Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) =
            contents(text.as_bytes())
        else {
            panic!("{text}")
        };
        assert_eq!(id, own, "the server answers what it was asked");
        let (before, after) = (&text[..place(id, &text)], &text[place(id, &text) + id.len()..]);
        let said = [before, &under, after].concat();
        self.processes[process].send_in_pieces(said.as_bytes().chunks(pieces[0].len()));
        let received = match self.how {
            Answer::Message => client.answer().body,
            Answer::Events => {
                client.stream();
                let message = client.message();
                assert_eq!(client.event(), None, "the stream ends with the answer");
                message
            }
        };
        assert!(self.bridge.has_started_no_other());
        received.into_bytes()
    }
}

fn fields_of_2026(request: &Request<'_>) -> String {
    use base64::Engine as _;
    let coded = |text: &str| {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let base64 = || format!("=?base64?{}?=", base64::engine::general_purpose::STANDARD.encode(text));
        if is_plain { text.to_owned() } else { base64() }
    };
    let name = request.name().map(|name| format!("Mcp-Name: {}\n", coded(&name))).unwrap_or_default();
    format!("MCP-Protocol-Version: 2026-07-28\nMcp-Method: {}\n{name}", coded(&request.method))
}

/// What a server that several clients share received, with the client's own id and progress token put back in the place
/// of the bridge's; and the id that the server was given.
fn with_own_ids(received: &str, asked: &str) -> (String, String) {
    let request = Request::read(asked);
    let mut own: Vec<&str> = [Some(request.id), request.progress_token()].into_iter().flatten().collect();
    own.sort_by_key(|value| place(value, asked));
    let (mut back, mut rest, mut under) = (String::new(), received, None);
    for own in own {
        let before = &asked[back.len()..place(own, asked)];
        let theirs = rest.strip_prefix(before).unwrap_or_else(|| panic!("{before} is not in {rest}"));
        let end = theirs.find([',', '}', ' ']).unwrap();
        let (theirs, behind) = theirs.split_at(end);
        assert_eq!(theirs.starts_with('"'), own.starts_with('"'), "{own} has become {theirs}");
        back.extend([before, own]);
        rest = behind;
        if place(own, asked) == place(request.id, asked) {
            under = Some(theirs.to_owned());
        }
    }
    back.push_str(rest);
    (back, under.unwrap())
}
