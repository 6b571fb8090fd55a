//! A new recording: all of the one that is played, and what the server itself said to the rest.
//!
//! Nothing is written before there is something to add. Knows nothing of what the messages say.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::{complain, passes};
use crate::trace::{Event, Exit, Fact, Micros, Nanos, Payload, write_event, write_header};
use crate::wire::Direction;

/// Names tried for a recording whose own is taken.
const NAMES_MAX: u32 = 1_000;

/// The recording that is added to.
pub(super) struct Addition {
    input: PathBuf,
    out: PathBuf,
    /// When the played recording ends.
    after: Micros,
    state: State,
}

enum State {
    Nothing,
    Writing(BufWriter<File>),
    Failed,
}

impl Addition {
    pub(super) fn new(input: &Path, out: &Path, after: Micros) -> Self {
        Self { input: input.to_owned(), out: out.to_owned(), after, state: State::Nothing }
    }

    /// Adds a message.
    pub(super) fn message(&mut self, now: Micros, to: Direction, frame: &[u8]) {
        let mut line = frame.to_vec();
        line.push(b'\n');
        let payload = Payload::of_frame(&line);
        self.add(now, Fact::Message { to, own: Nanos(0), payload, parts: 0, exchange: None });
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, now: Micros) {
        if matches!(self.state, State::Writing(_)) {
            self.add(now, Fact::Ended { exit: Exit::Code(0), why: "the replay has ended".into() });
        }
    }

    fn add(&mut self, now: Micros, fact: Fact<'_>) {
        if matches!(self.state, State::Nothing) {
            self.state = match self.copy() {
                Ok(file) => State::Writing(file),
                Err(error) => failed(&error),
            };
        }
        let State::Writing(file) = &mut self.state else { return };
        let mut line = Vec::new();
        write_event(&mut line, &Event { at: Micros(self.after.0 + now.0), fact });
        // Whoever looks at it meanwhile, or ends us, finds all of it.
        if let Err(error) = file.write_all(&line).and_then(|()| file.flush()) {
            self.state = failed(&error);
        }
    }

    fn copy(&self) -> io::Result<BufWriter<File>> {
        let mut reader = passes::open(&self.input).map_err(io::Error::other)?;
        let (path, file) = create(&self.out)?;
        complain(&format!("what the server says is added in {}", path.display()));
        let mut out = BufWriter::new(file);
        let mut line = Vec::new();
        write_header(&mut line, reader.header());
        out.write_all(&line)?;
        let mut written = Ok(());
        passes::through(&mut reader, "copying", |event| {
            let is_end = matches!(event.fact, Fact::Ended { .. } | Fact::Closed { .. });
            if written.is_ok() && !is_end {
                line.clear();
                write_event(&mut line, event);
                written = out.write_all(&line);
            }
        })?;
        written?;
        out.flush()?;
        Ok(out)
    }
}

fn failed(error: &io::Error) -> State {
    complain(&format!("what the server says is not added to a recording: {error}"));
    State::Failed
}

/// A file of this name, or of one like it that is not taken: nothing is overwritten.
fn create(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // What people ask their servers is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (stem, rest) = name
        .split_once('.')
        .map_or((name.as_str(), String::new()), |(stem, rest)| (stem, format!(".{rest}")));
    for number in 1..NAMES_MAX {
        let path =
            if number == 1 { path.to_owned() } else { path.with_file_name(format!("{stem}-{number}{rest}")) };
        match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|file| (path, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
