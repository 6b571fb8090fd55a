//! New files: those that get their names when they are whole, and those that have them from the beginning.
//!
//! Knows nothing of what is written.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file without a name of its own beside `path`, whose name it may get. The error speaks of the folder, and not of a name
/// that nobody has chosen.
///
/// # Errors
/// If there is no such folder, or nothing can be written there.
pub fn fresh(path: &Path) -> io::Result<NamedTempFile> {
    let folder = folder_of(path);
    NamedTempFile::new_in(folder).map_err(|error| of_folder(folder, error))
}

/// A new file under its name from the beginning, to write and to read, for its owner alone: what people ask their servers is
/// nobody else's business.
///
/// # Errors
/// If there is a file of that name, no such folder, or nothing can be written there.
pub fn fresh_named(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| of_folder(folder_of(path), error))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Of a file that is to be made, the system says that there is none of its name.
fn of_folder(folder: &Path, error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), format!("there is no folder {}", folder.display()))
        }
        io::ErrorKind::NotADirectory => {
            io::Error::new(error.kind(), format!("{} is no folder", folder.display()))
        }
        kind => match error.get_ref().and_then(|inner| inner.source()) {
            Some(source) => io::Error::new(kind, source.to_string()),
            None => error,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_told_without_a_name_that_nobody_has_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("none");
        let told = |path: &Path| {
            [fresh(path).unwrap_err(), fresh_named(path).unwrap_err()].map(|error| error.to_string())
        };
        let expected = format!("there is no folder {}", below.display());
        assert_eq!(told(&below.join("out.csv")), [&*expected; 2]);
        std::fs::write(&below, "").unwrap();
        let expected = format!("{} is no folder", below.display());
        assert_eq!(told(&below.join("out.csv")), [&*expected; 2]);
        let out = folder.path().join("out.csv");
        assert!(fresh(&out).is_ok() && fresh_named(&out).is_ok());
        assert_eq!(fresh_named(&out).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
