//! Why a file cannot be read, in words that say what to do about it.
//!
//! Knows nothing of what the file is for.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// What the system says, in our words where its own are about the inside of a program.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder, and not a file".to_owned(),
        io::ErrorKind::InvalidData => "it is no text (UTF-8)".to_owned(),
        io::ErrorKind::PermissionDenied => "you may not read it".to_owned(),
        _ => error.to_string(),
    }
}

/// Why a file cannot be written: that there is nothing of its name is none.
pub(super) fn unwritten(path: &Path, error: &io::Error) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let why = match (error.kind(), folder) {
        (io::ErrorKind::NotFound, Some(folder)) => format!("there is no folder {}", folder.display()),
        (io::ErrorKind::IsADirectory, _) => "it is a folder".to_owned(),
        _ => error.to_string(),
    };
    format!("cannot write {}: {why}", path.display())
}

/// The text of a file of at most so many bytes.
///
/// # Errors
/// Why there is none.
pub(super) fn text_of(path: &Path, bytes_max: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::other(format!("it has more than {} MiB", bytes_max >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Refuses what is neither a file nor a folder, for whom no one has pointed at it: a pipe would be waited for until somebody
/// writes to it.
///
/// # Errors
/// If it is something else, or not there.
pub(super) fn is_ordinary(path: &Path) -> io::Result<()> {
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_file() || kind.is_dir() { Ok(()) } else { Err(io::Error::other("it is no regular file")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told_in_plain_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let told = |path: &Path| reason(&text_of(path, 1 << 20).unwrap_err());
        assert_eq!(told(&path), "there is no such file");
        assert_eq!(told(folder.path()), "it is a folder, and not a file");
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(told(&path), "it is no text (UTF-8)");
        std::fs::write(&path, vec![b'x'; (1 << 20) + 1]).unwrap();
        assert_eq!(told(&path), "it has more than 1 MiB");
    }
}
