//! The lines of a recording as they stand in its file, compressed or not, from the beginning as often as one likes.
//!
//! Knows nothing of what lines say.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::path::Path;
use std::rc::Rc;

use super::reader::{OpenError, is_compressed};

/// How much is asked of the system at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The file of a recording.
#[derive(Debug)]
pub struct Raw {
    file: File,
    is_compressed: bool,
}

/// The lines of a recording from its beginning.
pub struct RawLines<'f> {
    source: Box<dyn BufRead + 'f>,
    done_bytes: Rc<Cell<u64>>,
}

impl Raw {
    /// Opens the file of a recording.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = File::open(path).and_then(Self::of);
        file.map_err(|source| OpenError::File { path: path.to_owned(), source })
    }

    /// Takes a stream, such as standard input, to its end.
    ///
    /// # Errors
    /// If it cannot be read, or not be put into a temporary file.
    pub fn from_stream(mut source: impl Read) -> Result<Self, OpenError> {
        let mut taken = || {
            let mut file = tempfile::tempfile()?;
            io::copy(&mut source, &mut file)?;
            Self::of(file)
        };
        taken().map_err(|source| OpenError::File { path: "standard input".into(), source })
    }

    fn of(file: File) -> io::Result<Self> {
        let is_compressed = is_compressed(&file)?;
        Ok(Self { file, is_compressed })
    }

    /// How long the file is.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |metadata| metadata.len())
    }

    /// Whether it is compressed.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// The lines from the beginning.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn lines(&self) -> io::Result<RawLines<'_>> {
        let done_bytes = Rc::new(Cell::new(0));
        let mut file = &self.file;
        file.rewind()?;
        let counted = Counted { file, done_bytes: done_bytes.clone() };
        let source: Box<dyn BufRead + '_> = if self.is_compressed {
            Box::new(BufReader::with_capacity(CHUNK_BYTES, zstd::Decoder::new(counted)?))
        } else {
            Box::new(BufReader::with_capacity(CHUNK_BYTES, counted))
        };
        Ok(RawLines { source, done_bytes })
    }
}

impl RawLines<'_> {
    /// How much of the file has been read, in bytes of the file.
    #[must_use]
    pub fn done_bytes(&self) -> u64 {
        self.done_bytes.get()
    }
}

impl Read for RawLines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer)
    }
}

impl BufRead for RawLines<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.source.consume(amount);
    }
}

/// Counts what is taken from a file.
struct Counted<'f> {
    file: &'f File,
    done_bytes: Rc<Cell<u64>>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.done_bytes.set(self.done_bytes.get() + read as u64);
        Ok(read)
    }
}
