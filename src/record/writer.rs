//! The file behind a recording: created privately, appended to, watched for vanishing.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use thiserror::Error;

/// How often a growing file is checked for having been removed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a recording may grow to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest file, in bytes.
    pub file_bytes: u64,
}

/// Why a recording cannot go on (or begin).
#[derive(Debug, Error)]
pub enum RecordError {
    /// The file could not be created.
    #[error("cannot create the recording {}: {source}", path.display())]
    Create {
        /// Where it was to be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What stands there already is no file that could be appended to and read again.
    #[error("cannot record to {}: it is {what}, not a regular file; name a new file with --record", path.display())]
    Special {
        /// What was named.
        path: PathBuf,
        /// What it is, for people.
        what: &'static str,
    },
    /// The file could not be written.
    #[error("cannot write to the recording {}: {source}", path.display())]
    Write {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file was removed.
    #[error("the recording {} was removed while it was written", path.display())]
    Removed {
        /// Where it was.
        path: PathBuf,
    },
    /// The file reached its limit.
    #[error("the recording {} reached its limit of {limit_bytes} bytes", path.display())]
    Full {
        /// Where it is.
        path: PathBuf,
        /// The limit in bytes.
        limit_bytes: u64,
    },
}

/// An open recording.
pub(super) struct Writer {
    file: File,
    path: PathBuf,
    limits: Limits,
    written_bytes: u64,
    /// A write has failed, so the file may end within a line.
    torn: bool,
    looked: Instant,
}

impl Writer {
    /// Creates the file, readable by its owner alone, with its first line. An existing file is never touched: a number
    /// is added to the name instead, because some clients start the same command line twice.
    pub(super) fn create(wanted: &Path, first_line: &[u8], limits: Limits) -> Result<Self, RecordError> {
        // A number behind the name would put a file beside a device or a pipe that nobody asked for.
        if let Some(what) = special(wanted) {
            return Err(RecordError::Special { path: wanted.to_owned(), what });
        }
        let mut number = 1;
        let mut path = wanted.to_owned();
        loop {
            match create_whole(&path, first_line) {
                Ok(file) => {
                    return Ok(Self {
                        file,
                        path,
                        limits,
                        written_bytes: first_line.len() as u64,
                        torn: false,
                        looked: Instant::now(),
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 10_000 => {
                    number += 1;
                    path = numbered(wanted, number);
                }
                Err(source) => return Err(RecordError::Create { path, source }),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends whole lines and hands them to the system, so that a viewer sees them and a kill does not lose them.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), RecordError> {
        if self.written_bytes.saturating_add(lines.len() as u64) > self.limits.file_bytes {
            let limit_bytes = self.limits.file_bytes;
            return Err(RecordError::Full { path: self.path.clone(), limit_bytes });
        }
        self.append_beyond_limit(lines)?;
        self.look()
    }

    /// Appends the closing line, for which there is always room. After a torn line it stands on a line of its own.
    pub(super) fn append_beyond_limit(&mut self, lines: &[u8]) -> Result<(), RecordError> {
        let newline: &[u8] = if self.torn { b"\n" } else { b"" };
        let written = self.file.write_all(newline).and_then(|()| self.file.write_all(lines));
        self.torn = written.is_err();
        written.map_err(|source| RecordError::Write { path: self.path.clone(), source })?;
        self.written_bytes += lines.len() as u64;
        Ok(())
    }

    fn look(&mut self) -> Result<(), RecordError> {
        if self.looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked = Instant::now();
        if self.path.exists() { Ok(()) } else { Err(RecordError::Removed { path: self.path.clone() }) }
    }
}

/// What a path names if it is neither a regular file nor free.
fn special(path: &Path) -> Option<&'static str> {
    let kind = std::fs::metadata(path).ok()?.file_type();
    if kind.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a named pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    Some(if kind.is_dir() { "a folder" } else { "a device" })
}

/// Makes a file appear under its name with its first line in it, so that a recording opens even when we are killed
/// right now.
fn create_whole(path: &Path, first_line: &[u8]) -> io::Result<File> {
    let hidden = path.with_file_name(format!(".new-{}", uuid::Uuid::now_v7()));
    let mut file = create_new(&hidden)?;
    // Removed again unless it gets its name.
    let hidden = tempfile::TempPath::try_from_path(hidden)?;
    file.write_all(first_line)?;
    match hidden.persist_noclobber(path) {
        Ok(()) => Ok(file),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Err(refused.error),
        // Some file systems can neither link nor rename without overwriting.
        Err(_) => {
            let mut file = create_new(path)?;
            file.write_all(first_line)?;
            Ok(file)
        }
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// `a.mcp.jsonl` becomes `a-2.mcp.jsonl`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (stem, extension) = match name.find('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (&*name, ""),
    };
    path.with_file_name(format!("{stem}-{number}{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNLIMITED: Limits = Limits { file_bytes: u64::MAX };

    #[test]
    fn an_existing_recording_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = folder.path().join("a.mcp.jsonl");
        let mut first = Writer::create(&wanted, b"", UNLIMITED).unwrap();
        first.append(b"first\n").unwrap();
        let second = Writer::create(&wanted, b"", UNLIMITED).unwrap();
        assert_eq!(second.path(), folder.path().join("a-2.mcp.jsonl"));
        assert_eq!(std::fs::read(&wanted).unwrap(), b"first\n");
    }

    #[test]
    fn a_recording_appears_with_its_first_line_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer::create(&folder.path().join("a"), b"header\n", UNLIMITED).unwrap();
        assert_eq!(std::fs::read(writer.path()).unwrap(), b"header\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn after_a_torn_line_the_next_one_can_still_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(&folder.path().join("a"), b"tor", UNLIMITED).unwrap();
        let whole = std::mem::replace(&mut writer.file, File::open(folder.path().join("a")).unwrap());
        writer.append(b"refused: open for reading only").unwrap_err();
        writer.file = whole;
        writer.append(b"closing\n").unwrap();
        assert_eq!(std::fs::read(writer.path()).unwrap(), b"tor\nclosing\n");
    }

    #[test]
    fn a_recording_stops_at_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(&folder.path().join("a"), b"", Limits { file_bytes: 4 }).unwrap();
        writer.append(b"four").unwrap();
        let error = writer.append(b"!").unwrap_err();
        assert!(matches!(error, RecordError::Full { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_a_recording() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer::create(&folder.path().join("a"), b"", UNLIMITED).unwrap();
        assert_eq!(std::fs::metadata(writer.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
