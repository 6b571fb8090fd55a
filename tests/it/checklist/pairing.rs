//! A client and a server that the test plays, with mcptop between them in each of the ways it can stand there.
//!
//! Knows nothing of what is tried with them. A new pairing is a row of `PAIRINGS`.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

use super::bridged::{Bridged, Whose};
use super::carried::Carried;
use super::revision::Era;
use super::ruled::Ruled;
use crate::rig::{Rig, within_patience};
use crate::serve::{Served, Wire};

/// How mcptop stands between a client and a server.
pub(super) struct Pairing {
    /// As one types it.
    pub(super) name: &'static str,
    /// Starts it and opens what the two sides need before they can talk.
    pub(super) start: fn() -> Box<dyn Pair>,
}

/// All of them.
pub(super) const PAIRINGS: [Pairing; 16] = [
    Pairing { name: "wrap -- COMMAND", start: || Box::new(Piped::start()) },
    Pairing { name: "serve URL, answered by a message", start: || Box::new(Posted::start(Answer::Message)) },
    Pairing { name: "serve URL, answered by events", start: || Box::new(Posted::start(Answer::Events)) },
    Pairing {
        name: "serve URL with rules, answered by a message",
        start: || Box::new(Ruled::start(Answer::Message)),
    },
    Pairing {
        name: "serve URL with rules, answered by events",
        start: || Box::new(Ruled::start(Answer::Events)),
    },
    Pairing {
        name: "serve -- COMMAND with rules, answered by a message",
        start: || Box::new(Bridged::ruled(Whose::Session, Answer::Message)),
    },
    Pairing {
        name: "serve -- COMMAND with rules, 2026-07-28, answered by events",
        start: || Box::new(Bridged::ruled(Whose::Everybody, Answer::Events)),
    },
    Pairing {
        name: "serve -- COMMAND, a session, answered by a message",
        start: || Box::new(Bridged::start(Whose::Session, Answer::Message)),
    },
    Pairing {
        name: "serve -- COMMAND, a session, answered by events",
        start: || Box::new(Bridged::start(Whose::Session, Answer::Events)),
    },
    Pairing {
        name: "serve --share -- COMMAND, answered by a message",
        start: || Box::new(Bridged::start(Whose::Sessions, Answer::Message)),
    },
    Pairing {
        name: "serve --share -- COMMAND, answered by events",
        start: || Box::new(Bridged::start(Whose::Sessions, Answer::Events)),
    },
    Pairing {
        name: "serve -- COMMAND, 2026-07-28, answered by a message",
        start: || Box::new(Bridged::start(Whose::Everybody, Answer::Message)),
    },
    Pairing {
        name: "serve -- COMMAND, 2026-07-28, answered by events",
        start: || Box::new(Bridged::start(Whose::Everybody, Answer::Events)),
    },
    Pairing {
        name: "wrap URL, answered by a message",
        start: || Box::new(Carried::start(Answer::Message, Era::Sessions)),
    },
    Pairing {
        name: "wrap URL, answered by events",
        start: || Box::new(Carried::start(Answer::Events, Era::Sessions)),
    },
    Pairing {
        name: "wrap URL, 2026-07-28, answered by events",
        start: || Box::new(Carried::start(Answer::Events, Era::Modern)),
    },
];

/// A client and a server with mcptop between them. Messages have no line breaks.
pub(super) trait Pair {
    /// A request as it is said here: a revision may want more of each.
    fn spoken(&self, request: &str) -> String {
        request.to_owned()
    }

    /// The client sends a message in these pieces, each when the one before has arrived where pieces pass singly.
    /// Gives what the server received.
    fn ask(&mut self, pieces: &[&[u8]]) -> Vec<u8>;

    /// The server answers the oldest message that it has not answered, in these pieces. Gives what the client received.
    fn answer(&mut self, pieces: &[&[u8]]) -> Vec<u8>;
}

/// Pipes on both sides.
struct Piped {
    client: [File; 2],
    server: [File; 2],
    _rig: Rig,
}

/// A server that says what is written to one named pipe, and writes what it hears to another.
const PUPPET: &str = r#"cat "$0/say" & exec cat > "$0/heard""#;

impl Piped {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pipes = ["say", "heard"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").args(&pipes).status().unwrap().success());
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"));
        command.args(["wrap", "--", "sh", "-c", PUPPET]).arg(folder.path());
        let mut rig = Rig::start(command, folder);
        let [say, heard] = pipes;
        // Opening a named pipe waits for its other end.
        let server = within_patience("the server's start", move || {
            [File::options().write(true).open(say).unwrap(), File::open(heard).unwrap()]
        });
        let client = [OwnedFd::from(rig.take_stdin()), OwnedFd::from(rig.take_stdout())].map(File::from);
        Self { client, server, _rig: rig }
    }
}

impl Pair for Piped {
    fn ask(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        without_newline(&carry_all(&self.client[0], &self.server[1], pieces, b"\n"))
    }

    fn answer(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        without_newline(&carry_all(&self.server[0], &self.client[1], pieces, b"\n"))
    }
}

/// How a server over HTTP answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Message,
    Events,
}

/// A client that posts each message on a connection of its own.
struct Posted {
    proxy: Served,
    how: Answer,
    unanswered: std::collections::VecDeque<[Wire; 2]>,
}

impl Posted {
    fn start(how: Answer) -> Self {
        Self { proxy: Served::start(&[]), how, unanswered: std::collections::VecDeque::new() }
    }
}

impl Pair for Posted {
    fn ask(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        let mut client = self.proxy.client();
        client.send(self.proxy.request(&format!(
            "POST /mcp HTTP/1.1\nHost: {{us}}\nContent-Type: application/json\nContent-Length: {len}\n\n"
        )));
        let mut server = self.proxy.accept();
        assert!(server.head().contains(&format!("Content-Length: {len}\r\n")));
        let received = carry_all(&file(&client), &file(&server), pieces, b"");
        self.unanswered.push_back([client, server]);
        received
    }

    fn answer(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        let [mut client, mut server] = self.unanswered.pop_front().unwrap();
        let len: usize = pieces.iter().map(|piece| piece.len()).sum();
        let framing = match self.how {
            Answer::Message => format!("Content-Type: application/json\r\nContent-Length: {len}\r\n"),
            Answer::Events => "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        };
        let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n");
        server.send(&head);
        client.expect(&head);
        let [from, to] = [&server, &client].map(file);
        if self.how == Answer::Message {
            return carry_all(&from, &to, pieces, b"");
        }
        let chunk = |piece: &[u8]| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        let begin = chunk(b"event: message\ndata: ");
        assert_eq!(carry(&from, &to, &begin), begin);
        let mut received = Vec::new();
        for piece in pieces {
            let sent = chunk(piece);
            let around = sent.len() - piece.len() - 2;
            received.extend_from_slice(&carry(&from, &to, &sent)[around..][..piece.len()]);
        }
        let end = [&chunk(b"\n\n")[..], b"0\r\n\r\n"].concat();
        assert_eq!(carry(&from, &to, &end), end);
        received
    }
}

fn file(wire: &Wire) -> File {
    File::from(OwnedFd::from(wire.0.try_clone().unwrap()))
}

fn without_newline(line: &[u8]) -> Vec<u8> {
    line.strip_suffix(b"\n").expect("a line ends where its sender ended it").to_vec()
}

/// Carries pieces over, one after the other, and what ends them.
fn carry_all(from: &File, to: &File, pieces: &[&[u8]], end: &[u8]) -> Vec<u8> {
    let pieces = pieces.iter().copied().chain((!end.is_empty()).then_some(end));
    pieces.flat_map(|piece| carry(from, to, piece)).collect()
}

/// Writes bytes on one side and gives as many that come out on the other, at the same time.
fn carry(from: &File, to: &File, bytes: &[u8]) -> Vec<u8> {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let (sent, mut received) = (bytes.to_vec(), vec![0; bytes.len()]);
    let writing = std::thread::spawn(move || from.write_all(&sent).unwrap());
    let received = within_patience("what was sent", move || {
        to.read_exact(&mut received).unwrap();
        received
    });
    writing.join().unwrap();
    received
}
