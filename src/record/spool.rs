//! Compressed recordings and streams on their way into an unnamed temporary file, and how far that is.
//!
//! Knows nothing of what is in them.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Something that is being unpacked into a temporary file.
#[derive(Debug, Default)]
pub(super) struct Spool {
    pub(super) done: AtomicBool,
    /// The length of the source, if known, and how much of it has been unpacked.
    pub(super) source_bytes: u64,
    pub(super) taken_bytes: AtomicU64,
}

/// Copies a source into an unnamed temporary file, on a thread of its own.
pub(super) fn spool_from(mut source: impl Read + Send + 'static, spool: Arc<Spool>) -> io::Result<File> {
    let file = tempfile::tempfile()?;
    let mut to = file.try_clone()?;
    std::thread::Builder::new().name("unpack".to_owned()).spawn(move || {
        // A broken source ends where it breaks; what came before is shown.
        let _ = io::copy(&mut source, &mut to);
        spool.done.store(true, Ordering::Release);
    })?;
    Ok(file)
}

/// Counts what is taken from a source.
pub(super) struct Counted {
    pub(super) source: File,
    pub(super) spool: Arc<Spool>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.spool.taken_bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
