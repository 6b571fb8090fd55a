//! `wrap URL`: the client has pipes, the server HTTP.
//!
//! Knows nothing of what is tried. Each line is a request of its own with the very bytes of the line.

use std::collections::VecDeque;
use std::process::Command;

use super::pairing::{Answer, Pair};
use super::revision::{Era, in_2026};
use crate::remote::server::{Request, Server};
use crate::rig::Rig;

/// A client on pipes and a server on HTTP.
pub(super) struct Carried {
    rig: Rig,
    server: Server,
    how: Answer,
    era: Era,
    unanswered: VecDeque<Request>,
}

impl Carried {
    pub(super) fn start(how: Answer, era: Era) -> Self {
        let server = Server::start();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
        command.args(["wrap", &server.url()]);
        let rig = Rig::start(command, tempfile::tempdir().unwrap());
        Self { rig, server, how, era, unanswered: VecDeque::new() }
    }
}

impl Pair for Carried {
    fn spoken(&self, request: &str) -> String {
        match self.era {
            Era::Sessions => request.to_owned(),
            Era::Modern => in_2026(request),
        }
    }

    fn ask(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        for piece in pieces {
            self.rig.send(piece);
        }
        self.rig.send(b"\n");
        let request = self.server.next();
        assert_eq!((&*request.method, request.count("content-length")), ("POST", 1));
        let received = request.body.clone().into_bytes();
        self.unanswered.push_back(request);
        received
    }

    fn answer(&mut self, pieces: &[&[u8]]) -> Vec<u8> {
        let request = self.unanswered.pop_front().unwrap();
        let (media, before, after) = match self.how {
            Answer::Message => ("application/json", "", ""),
            Answer::Events => ("text/event-stream", "event: message\ndata: ", "\n\n"),
        };
        let mut body = request.chunks(media, "");
        let parts = [before.as_bytes()].into_iter().chain(pieces.iter().copied()).chain([after.as_bytes()]);
        // A chunk without bytes would be the last.
        for part in parts.filter(|part| !part.is_empty()) {
            body.send_bytes(part);
        }
        body.end();
        let line = self.rig.receive_line();
        line.strip_suffix('\n').expect("an answer is a line").as_bytes().to_vec()
    }
}
