//! Connects a rerun with servers, each behind `mcptop wrap`, which reaches it, ends it and records the session.
//!
//! Knows nothing of what the messages say.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::tail::Tail;
use crate::cli::args::Reach;
use crate::insight::rerun::{Compared, Output, Rerunner};
use crate::trace::Micros;
use crate::wire::{Piece, Splitter};

/// Frames of servers that wait to be looked at: as many as a server may send while a request is being written to it.
const FRAMES_MAX: usize = 65_536;
/// A longer frame is none that an SDK reads.
const FRAME_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Seconds that a server has to end in while somebody waits: it has answered all it was asked.
const GRACE_S: &str = "1";
/// Read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// How often whoever listens is asked whether to go on.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Who hears how it goes.
pub(in crate::cli) trait Audience {
    /// A request has been dealt with.
    fn compared(&mut self, compared: Compared);
    /// So many of so many steps have been taken.
    fn progress(&mut self, done: usize, all: usize);
    /// Something went wrong, in words for people.
    fn complain(&mut self, what: &str);
    /// Whether what is under way is to be taken back, and nothing more to be sent.
    fn gives_up(&self) -> bool;
}

/// How a server is reached, and where the session with it is recorded.
pub(in crate::cli) struct Target {
    words: Vec<OsString>,
    server: Vec<OsString>,
    out: PathBuf,
    folder: Option<PathBuf>,
    said: Option<Tail>,
}

impl Target {
    /// The server at a URL, or the one that a command starts.
    pub(in crate::cli) fn new(url: Option<&str>, command: &[OsString], label: &str, out: PathBuf) -> Self {
        let words = ["wrap", "--no-rules", "--label", label].map(OsString::from).to_vec();
        let server = match url {
            Some(url) => vec![url.into()],
            None => std::iter::once("--".into()).chain(command.iter().cloned()).collect(),
        };
        Self { words, server, out, folder: None, said: None }
    }

    /// With these options for a server behind a URL.
    pub(in crate::cli) fn reached(mut self, reach: &Reach) -> Self {
        if let Some(file) = &reach.ca_file {
            self.words.extend(["--ca-file".into(), file.into()]);
        }
        if reach.insecure {
            self.words.push("--insecure".into());
        }
        for field in &reach.header {
            self.words.extend(["--header".into(), field.into()]);
        }
        for field in &reach.header_env {
            self.words.extend(["--header-env".into(), field.into()]);
        }
        if let Some(variable) = &reach.bearer_env {
            self.words.extend(["--bearer-env".into(), variable.into()]);
        }
        self
    }

    /// For somebody who waits in front of a screen that is not ours: what the server says to people is kept, no browser is
    /// opened, and a server that does not end with its input is not waited for as long.
    pub(in crate::cli) fn quietly(mut self, said: Tail) -> Self {
        self.words.extend(["--grace".into(), GRACE_S.into()]);
        if self.server.first().is_some_and(|first| first != "--") {
            self.words.push("--no-browser".into());
        }
        self.said = Some(said);
        self
    }

    /// Started in this folder.
    pub(in crate::cli) fn started_in(mut self, folder: Option<PathBuf>) -> Self {
        self.folder = folder;
        self
    }

    /// The file of a session: the first has the name, further ones a number.
    fn recording(&self, number: usize) -> PathBuf {
        if number == 0 {
            return self.out.clone();
        }
        let name = self.out.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (stem, rest) = name.split_once('.').unwrap_or((&name, "mcp.jsonl"));
        self.out.with_file_name(format!("{stem}-{}.{rest}", number + 1))
    }
}

struct Connection {
    child: Child,
    /// `None` once it is closed.
    stdin: Option<ChildStdin>,
}

/// What a connection told.
enum Told {
    Frame(u32, Vec<u8>),
    End(u32),
}

/// Drives until everything is dealt with and every server has ended. Returns the new recordings.
pub(in crate::cli) fn run(
    rerunner: Rerunner,
    target: Target,
    audience: &mut impl Audience,
) -> io::Result<Vec<PathBuf>> {
    let (tell, told) = sync_channel(FRAMES_MAX);
    let mut drive = Drive {
        rerunner,
        target,
        connections: HashMap::new(),
        recordings: Vec::new(),
        audience,
        begun: Instant::now(),
        tell,
        told,
    };
    drive.run()?;
    Ok(drive.end())
}

struct Drive<'a, A> {
    rerunner: Rerunner,
    target: Target,
    connections: HashMap<u32, Connection>,
    recordings: Vec<PathBuf>,
    audience: &'a mut A,
    begun: Instant,
    tell: SyncSender<Told>,
    told: Receiver<Told>,
}

impl<A: Audience> Drive<'_, A> {
    fn run(&mut self) -> io::Result<()> {
        loop {
            if self.audience.gives_up() {
                self.rerunner.give_up();
            }
            self.rerunner.time(self.now());
            self.carry_out()?;
            let (done, all) = self.rerunner.progress();
            self.audience.progress(done, all);
            if self.rerunner.is_over() {
                return Ok(());
            }
            let due = self.rerunner.due().map(|due| Duration::from_micros((due - self.now()).0));
            let told = self.told.recv_timeout(due.map_or(LOOK_EVERY, |due| due.min(LOOK_EVERY)));
            let now = self.now();
            match told {
                Ok(Told::Frame(connection, frame)) => self.rerunner.frame(now, connection, &frame),
                Ok(Told::End(connection)) => self.rerunner.lost(now, connection),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    /// Closes what is open, and waits until the sessions are recorded to their ends.
    fn end(mut self) -> Vec<PathBuf> {
        for connection in self.connections.values_mut() {
            connection.stdin = None;
        }
        // Their readers must not wait for us while we wait for them.
        drop(self.told);
        for connection in self.connections.values_mut() {
            let _ = connection.child.wait();
        }
        self.recordings
    }

    fn now(&self) -> Micros {
        Micros(u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn carry_out(&mut self) -> io::Result<()> {
        while let Some(output) = self.rerunner.take() {
            match output {
                Output::Open(number) => self.open(number)?,
                Output::Send(number, frame) => self.send(number, &frame),
                Output::Close(number) => {
                    if let Some(connection) = self.connections.get_mut(&number) {
                        connection.stdin = None;
                    }
                }
                Output::Compared(compared) => {
                    self.audience.compared(compared);
                    // What would follow from it waits to be taken, and is not sent.
                    if self.audience.gives_up() {
                        self.rerunner.give_up();
                    }
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, number: u32) -> io::Result<()> {
        let recording = self.target.recording(self.connections.len());
        let mut command = Command::new(std::env::current_exe()?);
        command.args(&self.target.words).arg("--record").arg(&recording).args(&self.target.server);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(folder) = &self.target.folder {
            command.current_dir(folder);
        }
        if self.target.said.is_some() {
            command.stderr(Stdio::piped());
        }
        let mut child = command.spawn()?;
        if let (Some(said), Some(stderr)) = (&self.target.said, child.stderr.take()) {
            said.follow(stderr)?;
        }
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("it has no output"))?;
        let tell = self.tell.clone();
        std::thread::Builder::new().name("server".to_owned()).spawn(move || read(number, stdout, &tell))?;
        self.connections.insert(number, Connection { child, stdin });
        self.recordings.push(recording);
        Ok(())
    }

    fn send(&mut self, number: u32, frame: &str) {
        let Some(stdin) = self.connections.get_mut(&number).and_then(|connection| connection.stdin.as_mut())
        else {
            return;
        };
        let mut line = frame.as_bytes().to_vec();
        line.push(b'\n');
        if let Err(error) = stdin.write_all(&line).and_then(|()| stdin.flush())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            // One that has ended says so itself.
            self.audience.complain(&format!("cannot send to the server: {error}"));
        }
    }
}

/// Hands over every line that a server says, to its end.
fn read(number: u32, mut source: ChildStdout, tell: &SyncSender<Told>) {
    let mut splitter = Splitter::new(FRAME_BYTES_MAX);
    let hand_over = |piece: Piece<'_>| {
        if let Piece::Frame { bytes, parts: 0 } = piece {
            // Nobody to tell: what is said after the end is read in vain, so that the server is not held up.
            let _ = tell.send(Told::Frame(number, bytes.trim_ascii().to_vec()));
        }
    };
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = match source.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        splitter.push(&chunk[..read], hand_over);
    }
    // What stands behind the last newline is a message too.
    splitter.finish(hand_over);
    let _ = tell.send(Told::End(number));
}
