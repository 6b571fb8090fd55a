//! The session as it would have been: written like any recording, read by the model on the way, its tokens counted.
//!
//! What it comes to is asked and not its calls: the model lets go of them, so that a session of any length takes the same
//! memory. Knows nothing of rules: it takes events.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Instant;

use super::counting::CountOne;
use crate::model::Session;
use crate::record::{Bodies, fresh_named};
use crate::tokens::Profile;
use crate::trace::{Event, Header, Place, write_event, write_header};

/// Bytes written at a time.
const BUFFER_BYTES: usize = 1024 * 1024;

/// A recording that comes out of a simulation.
#[derive(Debug)]
pub struct Played {
    out: BufWriter<File>,
    at_bytes: u64,
    line: Vec<u8>,
    session: Session,
    counting: CountOne,
    /// Why writing stopped, if it did.
    failed: Option<io::Error>,
}

impl Played {
    /// In a file of this name, or in one without a name that is gone afterwards; counted for a family of models.
    ///
    /// # Errors
    /// If there is one of this name already, or it cannot be written.
    pub fn new(header: &Header, path: Option<&Path>, profile: Profile) -> Result<Self, String> {
        let file = match path {
            None => {
                tempfile::tempfile().map_err(|error| format!("cannot write a temporary file: {error}"))?
            }
            Some(path) => fresh_named(path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    format!("{} is there already; name another file, or remove it first", path.display())
                }
                _ => format!("cannot write {}: {error}", path.display()),
            })?,
        };
        let read = file.try_clone().map_err(|error| format!("cannot read a temporary file: {error}"))?;
        let counting = CountOne::new(Bodies::of(read), profile);
        let mut line = Vec::new();
        write_header(&mut line, header);
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
        let failed = out.write_all(&line).err();
        let at_bytes = line.len() as u64;
        Ok(Self { out, at_bytes, line, session: Session::new(header.clone()), counting, failed })
    }

    /// Takes the next event.
    pub fn take(&mut self, event: &Event<'_>) {
        self.line.clear();
        write_event(&mut self.line, event);
        let len_bytes = u32::try_from(self.line.trim_ascii_end().len()).unwrap_or(u32::MAX);
        self.session.apply(event, Place { offset_bytes: self.at_bytes, len_bytes });
        if self.failed.is_none() {
            self.failed = self.out.write_all(&self.line).err();
        }
        self.at_bytes += self.line.len() as u64;
        let Self { out, session, counting, failed, .. } = self;
        session.let_go(|session, id| {
            // What is counted is read from the file. It is in it at once for all that go together.
            if failed.is_none() {
                *failed = out.flush().err();
            }
            counting.call(session, id);
        });
    }

    /// The session, without its calls.
    ///
    /// # Errors
    /// If it could not be written.
    pub fn finish(self) -> Result<Session, String> {
        let Self { mut out, mut session, mut counting, failed, .. } = self;
        if let Some(error) = failed.or_else(|| out.flush().err()) {
            return Err(format!("cannot write the session under the rules: {error}"));
        }
        session.end_of_recording();
        session.let_go_of_all(|session, id| counting.call(session, id));
        counting.definitions(&mut session);
        Ok(session)
    }
}

/// A monotonic clock in nanoseconds, for what rules take.
#[must_use]
pub fn stopwatch() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
