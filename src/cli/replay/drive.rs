//! Connects a replay with our standard streams, with a clock and with whoever decides about misses.

use std::collections::HashSet;
use std::io::{self, Read, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::addition::Addition;
use super::live::Live;
use super::person::Person;
use super::summary::Summary;
use crate::cli::complain;
use crate::insight::replay::{Miss, Output, Replayer, Settled, Tally};
use crate::signals::when_told_to_end;
use crate::trace::Micros;
use crate::wire::{Contents, Direction, Message, Piece, Splitter, contents};

/// Frames that wait to be looked at.
const EVENTS_MAX: usize = 64;
/// A longer frame is none that any client sends.
const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long the server behind the recording may take for its answers once the client has left: they are recorded.
const LEFT_PATIENCE: Duration = Duration::from_secs(30);
/// How long the end may take once we are told to end; then it is at once, without the sums.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// What a shell says of a program that SIGTERM ended.
const EXIT_TERMINATED: i32 = 128 + 15;
/// Read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// What happens.
pub(super) enum Event {
    /// The client sent a frame.
    Client(Vec<u8>),
    /// It has closed its side.
    ClientEnd,
    /// The server behind the recording sent a frame.
    Live(Vec<u8>),
    /// It has ended.
    LiveEnd,
    /// We are told to end, as many clients do instead of closing their side.
    ToldToEnd,
    /// A person has decided about a miss.
    Decided(Box<str>, Settled),
}

/// Who decides about requests that the recording has no answer for.
pub(super) enum Elsewhere {
    Nobody,
    Live { live: Live, addition: Addition },
    Person(Option<Person>),
}

/// A replay and what it is connected with.
pub(super) struct Drive {
    replayer: Replayer,
    summary: Summary,
    elsewhere: Elsewhere,
    /// Misses that are being decided or answered.
    pending: HashSet<Box<str>>,
    begun: Instant,
    tell: SyncSender<Event>,
    told: Receiver<Event>,
    /// When the client closed its side.
    left: Option<Instant>,
}

impl Drive {
    pub(super) fn new(replayer: Replayer, summary: Summary, elsewhere: Elsewhere) -> Self {
        let (tell, told) = sync_channel(EVENTS_MAX);
        Self {
            replayer,
            summary,
            elsewhere,
            pending: HashSet::new(),
            begun: Instant::now(),
            tell,
            told,
            left: None,
        }
    }

    /// Plays until the client has left and everything is said that is to be said.
    pub(super) fn run(&mut self) -> io::Result<()> {
        let tell = self.tell.clone();
        std::thread::Builder::new().name("client".to_owned()).spawn(move || {
            frames(io::stdin(), &tell, Event::Client);
            let _ = tell.send(Event::ClientEnd);
        })?;
        let tell = self.tell.clone();
        when_told_to_end(move || {
            let _ = tell.try_send(Event::ToldToEnd);
            // Whoever told us may have stopped reading what we are just writing.
            std::thread::sleep(END_PATIENCE);
            std::process::exit(EXIT_TERMINATED);
        });
        loop {
            let now = self.now();
            self.replayer.time(now);
            if !self.say() {
                return Ok(());
            }
            let due = self.replayer.due();
            if self.left.is_some() && due.is_none() && self.pending.is_empty() {
                return Ok(());
            }
            let due = due.map(|due| Duration::from_micros((due - self.now()).0));
            let rest = self.left.map(|left| LEFT_PATIENCE.saturating_sub(left.elapsed()));
            if rest == Some(Duration::ZERO) && due.is_none() {
                complain("the server behind the recording has not answered everything");
                return Ok(());
            }
            let event = match due.or(rest) {
                Some(wait) => self.told.recv_timeout(wait),
                None => self.told.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(event) => {
                    if !self.happened(event) {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Ends whatever was started, and returns the counts.
    pub(super) fn end(self) -> Tally {
        match self.elsewhere {
            Elsewhere::Live { live, mut addition } => {
                live.end();
                addition.finish(Micros(u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)));
            }
            Elsewhere::Nobody | Elsewhere::Person(_) => {}
        }
        self.replayer.tally().clone()
    }

    fn now(&self) -> Micros {
        Micros(u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Returns whether to go on.
    fn happened(&mut self, event: Event) -> bool {
        let now = self.now();
        match event {
            Event::ToldToEnd => return false,
            Event::Client(frame) => {
                if let Elsewhere::Live { live, .. } = &mut self.elsewhere {
                    live.listen(&frame);
                }
                self.replayer.frame(now, &frame);
            }
            Event::ClientEnd => {
                self.left = Some(Instant::now());
                if !matches!(self.elsewhere, Elsewhere::Live { .. }) {
                    // Nobody would see what a person decides now.
                    self.pending.clear();
                }
            }
            Event::Live(frame) => self.live_said(now, &frame),
            Event::LiveEnd => {
                if let Elsewhere::Live { live, .. } = &mut self.elsewhere {
                    live.ended();
                }
                for id in std::mem::take(&mut self.pending) {
                    refuse(&id, "the server behind the recording has ended");
                }
            }
            Event::Decided(id, settled) => {
                self.pending.remove(&id);
                self.replayer.settle(now, &id, settled);
            }
        }
        true
    }

    fn live_said(&mut self, now: Micros, frame: &[u8]) {
        let Elsewhere::Live { live, addition } = &mut self.elsewhere else { return };
        let Some(sent) = live.said(frame) else { return };
        for frame in sent {
            addition.message(now, Direction::ToServer, &frame);
        }
        if Live::is_own(frame) {
            return;
        }
        addition.message(now, Direction::ToClient, frame);
        if let Contents::One(Message::Result { id, .. } | Message::Error { id: Some(id), .. }) =
            contents(frame)
        {
            self.pending.remove(id);
        }
        if let Ok(text) = std::str::from_utf8(frame) {
            write_line(text);
        }
    }

    /// Writes everything that is to be said. Returns whether anybody still reads it.
    fn say(&mut self) -> bool {
        let mut is_read = true;
        while let Some(output) = self.replayer.take() {
            match output {
                Output::Frame(frame) => is_read &= write_line(&frame),
                Output::Answered(answered) => self.summary.answered(&answered),
                Output::Left(left) => self.summary.left(&left),
                Output::Miss(miss) => self.missed(miss),
                Output::Stray(frame) => {
                    let now = self.now();
                    if let Elsewhere::Live { live, addition } = &mut self.elsewhere
                        && live.pass(&frame)
                    {
                        addition.message(now, Direction::ToServer, frame.as_bytes());
                    }
                }
            }
        }
        is_read
    }

    fn missed(&mut self, miss: Miss) {
        let now = self.now();
        match &mut self.elsewhere {
            Elsewhere::Live { live, addition } => match live.ask(&miss.frame, &self.tell) {
                Ok(sent) => {
                    for frame in sent {
                        addition.message(now, Direction::ToServer, &frame);
                    }
                    self.pending.insert(miss.id.clone());
                    self.replayer.settle(now, &miss.id, Settled::Elsewhere);
                }
                Err(error) => {
                    complain(&format!("the server behind the recording cannot be asked: {error}"));
                    self.replayer.settle(now, &miss.id, Settled::Error);
                }
            },
            Elsewhere::Person(Some(person)) if person.ask(&miss, &self.tell) => {
                self.pending.insert(miss.id);
            }
            Elsewhere::Nobody | Elsewhere::Person(_) => self.replayer.settle(now, &miss.id, Settled::Error),
        }
    }
}

fn refuse(id: &str, why: &str) {
    let message = serde_json::Value::from(why);
    write_line(&format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":50200,"message":{message}}}}}"#));
}

/// Writes one message. Returns whether there is still somebody to read it.
fn write_line(frame: &str) -> bool {
    let mut out = io::stdout().lock();
    let written = out.write_all(frame.as_bytes()).and_then(|()| out.write_all(b"\n"));
    written.and_then(|()| out.flush()).is_ok()
}

/// Hands over every line of a stream, to its end.
pub(super) fn frames(mut source: impl Read, tell: &SyncSender<Event>, event: fn(Vec<u8>) -> Event) {
    let mut splitter = Splitter::new(FRAME_BYTES_MAX);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut is_heard = true;
    let mut hand_over = |piece: Piece<'_>| {
        if let Piece::Frame { bytes, parts: 0 } = piece {
            let bytes = bytes.trim_ascii();
            is_heard &= bytes.is_empty() || tell.send(event(bytes.to_vec())).is_ok();
        }
        is_heard
    };
    let mut is_wanted = true;
    while is_wanted {
        let read = match source.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        splitter.push(&chunk[..read], |piece| is_wanted &= hand_over(piece));
    }
    // What stands behind the last newline is a message too.
    splitter.finish(|piece| {
        hand_over(piece);
    });
}
