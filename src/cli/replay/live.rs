//! The server behind a recording: started when it is first asked something, through `mcptop wrap`, which knows how to
//! reach it and how to end it.
//!
//! Knows nothing of what was recorded.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::SyncSender;

use super::drive::{Event, frames};
use crate::wire::{Contents, Message, contents, member};

/// The id of our own handshake.
const OPEN_ID: &str = r#""mcptop-open""#;
/// What a client says that is asked nothing.
const OPEN_PARAMS: &str =
    r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"mcptop","version":"replay"}}"#;
const INITIALIZED: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
/// Requests that wait for the handshake.
const QUEUE_MAX: usize = 1_024;

/// The command that reaches a server: by its URL, or by its own command.
pub(super) fn command(url: Option<&str>, command: &[OsString]) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["wrap", "--no-record", "--no-rules"].map(OsString::from).to_vec();
    if let Some(url) = url {
        words.push(url.into());
    } else {
        words.push("--".into());
        words.extend_from_slice(command);
    }
    words
}

/// A server that is asked what was not recorded.
pub(super) struct Live {
    command: Vec<OsString>,
    /// The parameters with which the client opened its session with us.
    opening: Option<Box<str>>,
    state: State,
}

enum State {
    Resting,
    /// The handshake is under way; these wait for it.
    Opening(Running, Vec<Vec<u8>>),
    Open(Running),
    /// It was there, and is no more.
    Ended,
}

struct Running {
    child: Child,
    stdin: ChildStdin,
}

impl Running {
    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.stdin.write_all(frame)?;
        self.stdin.write_all(b"\n")?;
        self.stdin.flush()
    }
}

impl Live {
    pub(super) fn new(command: Vec<OsString>) -> Self {
        Self { command, opening: None, state: State::Resting }
    }

    /// The client said something: its handshake is repeated with the server.
    pub(super) fn listen(&mut self, frame: &[u8]) {
        if let Contents::One(Message::Request { method, params: Some(params), .. }) = contents(frame)
            && method == "initialize"
        {
            self.opening = Some(params.into());
        }
    }

    /// Asks the server. Returns what it was sent now; more may go with the handshake's end.
    pub(super) fn ask(&mut self, frame: &str, tell: &SyncSender<Event>) -> io::Result<Vec<Vec<u8>>> {
        if matches!(self.state, State::Resting) {
            let mut running = self.start(tell)?;
            self.state = if is_modern(frame) {
                State::Open(running)
            } else {
                let params = self.opening.as_deref().unwrap_or(OPEN_PARAMS);
                let open =
                    format!(r#"{{"jsonrpc":"2.0","id":{OPEN_ID},"method":"initialize","params":{params}}}"#);
                running.send(open.as_bytes())?;
                State::Opening(running, Vec::new())
            };
        }
        match &mut self.state {
            State::Opening(_, queue) if queue.len() < QUEUE_MAX => {
                queue.push(frame.as_bytes().to_vec());
                Ok(Vec::new())
            }
            State::Open(running) => {
                running.send(frame.as_bytes())?;
                Ok(vec![frame.as_bytes().to_vec()])
            }
            State::Opening(..) | State::Resting => Err(io::Error::other("too many requests wait for it")),
            State::Ended => Err(io::Error::other("it has ended")),
        }
    }

    /// Passes on what the client says to nobody in particular. Returns whether it was.
    pub(super) fn pass(&mut self, frame: &str) -> bool {
        let State::Open(running) = &mut self.state else { return false };
        if let Contents::One(Message::Notification { method, .. }) = contents(frame.as_bytes())
            && method == "notifications/initialized"
        {
            return false;
        }
        running.send(frame.as_bytes()).is_ok()
    }

    /// The server said something. Returns what it was sent because of that; `None` if it is not there.
    pub(super) fn said(&mut self, frame: &[u8]) -> Option<Vec<Vec<u8>>> {
        if !Self::is_own(frame) {
            return Some(Vec::new());
        }
        match std::mem::replace(&mut self.state, State::Resting) {
            State::Opening(mut running, queue) => {
                let mut sent = Vec::with_capacity(queue.len());
                // One that cannot be written to ends soon, and then its requests are refused.
                let _ = running.send(INITIALIZED.as_bytes());
                for frame in queue {
                    let _ = running.send(&frame);
                    sent.push(frame);
                }
                self.state = State::Open(running);
                Some(sent)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    /// Whether a frame of the server answers our own handshake.
    pub(super) fn is_own(frame: &[u8]) -> bool {
        matches!(
            contents(frame),
            Contents::One(Message::Result { id: OPEN_ID, .. } | Message::Error { id: Some(OPEN_ID), .. })
        )
    }

    /// It has closed its output: it answers nothing any more.
    pub(super) fn ended(&mut self) {
        std::mem::replace(self, Self { state: State::Ended, command: Vec::new(), opening: None }).end();
    }

    /// Ends it: `wrap` follows the end of its input, and ends the server in its own time.
    pub(super) fn end(self) {
        if let State::Opening(mut running, _) | State::Open(mut running) = self.state {
            drop(running.stdin);
            let _ = running.child.wait();
        }
    }

    fn start(&self, tell: &SyncSender<Event>) -> io::Result<Running> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(&self.command).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let piped = || io::Error::other("it has no pipes");
        let stdin = child.stdin.take().ok_or_else(piped)?;
        let stdout = child.stdout.take().ok_or_else(piped)?;
        let tell = tell.clone();
        std::thread::Builder::new().name("server".to_owned()).spawn(move || {
            frames(stdout, &tell, Event::Live);
            let _ = tell.send(Event::LiveEnd);
        })?;
        Ok(Running { child, stdin })
    }
}

fn is_modern(frame: &str) -> bool {
    let Contents::One(Message::Request { params: Some(params), .. }) = contents(frame.as_bytes()) else {
        return false;
    };
    let meta = member(params, "_meta");
    meta.is_some_and(|meta| member(meta, "io.modelcontextprotocol/protocolVersion").is_some())
}
