//! Packs the file of a recording (zstd): it opens as before, and is a tenth of the size.
//!
//! What was packed is unpacked again and compared before anybody may rely on it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

use super::raw::Raw;
use super::reader::OpenError;

/// Of what it gains beyond this, nobody has enough to wait so much longer for it.
const LEVEL: i32 = 9;
/// What is read at once.
const CHUNK_BYTES: usize = 256 * 1024;
/// Unpacking wants this much memory (two to the power of it), which every reader of zstd allows.
const WINDOW_LOG: u32 = 23;

/// Why a recording was not packed.
#[derive(Debug, Error)]
pub enum CompactError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is nothing to be gained.
    #[error("{} is compressed already", .0.display())]
    Already(PathBuf),
    /// Something stands where the packed file was to be.
    #[error("{} is there already and is not overwritten", .0.display())]
    Exists(PathBuf),
    /// Unpacked it is something else: a disk or a memory that loses bytes.
    #[error("what was written to {} is not what was read; the recording is kept as it was", .0.display())]
    Differs(PathBuf),
    /// Reading or writing failed.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The packed file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What packing a recording came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Size of the file before, in bytes.
    pub before_bytes: u64,
    /// And after.
    pub after_bytes: u64,
}

/// Writes the packed form of a recording to a new file, with the time at which the recording last grew.
///
/// # Errors
/// If the recording is packed already, or something cannot be read or written. Then there is no new file.
pub fn compact(path: &Path, out: &Path, far: &mut dyn FnMut(u64, u64)) -> Result<Compacted, CompactError> {
    let raw = Raw::open(path)?;
    if raw.is_compressed() {
        return Err(CompactError::Already(path.to_owned()));
    }
    super::peek(path)?;
    let failed = |source| CompactError::Write { path: out.to_owned(), source };
    let mut file = super::fresh(out).map_err(failed)?;
    let before_bytes = raw.len_bytes();
    let read = pack(&raw, file.as_file_mut(), &mut |done| far(done, before_bytes)).map_err(failed)?;
    let packed = Raw::open(file.path())?;
    if digest(&packed).map_err(failed)? != read {
        return Err(CompactError::Differs(out.to_owned()));
    }
    let grown = std::fs::metadata(path).and_then(|metadata| metadata.modified()).map_err(failed)?;
    file.as_file().set_modified(grown).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let after_bytes = packed.len_bytes();
    file.persist_noclobber(out).map_err(|refused| match refused.error.kind() {
        io::ErrorKind::AlreadyExists => CompactError::Exists(out.to_owned()),
        _ => failed(refused.error),
    })?;
    Ok(Compacted { before_bytes, after_bytes })
}

/// Packs all of it; returns a digest of what was read.
fn pack(raw: &Raw, file: &mut File, far: &mut dyn FnMut(u64)) -> io::Result<u128> {
    let mut encoder = zstd::Encoder::new(file, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.window_log(WINDOW_LOG)?;
    let mut lines = raw.lines()?;
    let (mut digest, mut buffer) = (Xxh3::new(), vec![0; CHUNK_BYTES]);
    loop {
        let read = lines.read(&mut buffer)?;
        if read == 0 {
            encoder.finish()?.flush()?;
            return Ok(digest.digest128());
        }
        digest.update(&buffer[..read]);
        encoder.write_all(&buffer[..read])?;
        far(lines.done_bytes());
    }
}

fn digest(raw: &Raw) -> io::Result<u128> {
    let mut lines = raw.lines()?;
    let (mut digest, mut buffer) = (Xxh3::new(), vec![0; CHUNK_BYTES]);
    loop {
        match lines.read(&mut buffer)? {
            0 => return Ok(digest.digest128()),
            read => digest.update(&buffer[..read]),
        }
    }
}
