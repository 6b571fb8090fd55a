//! New files that get their names when they are whole: whoever finds a file of such a name may rely on it.
//!
//! Knows nothing of what is written.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file without a name of its own beside `path`, whose name it may get. The error speaks of the folder, and not of a name
/// that nobody has chosen.
///
/// # Errors
/// If there is no such folder, or nothing can be written there.
pub fn fresh(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder).map_err(|error| match error.kind() {
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_told_without_a_name_that_nobody_has_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("none");
        let told = fresh(&below.join("out.csv")).unwrap_err().to_string();
        assert_eq!(told, format!("there is no folder {}", below.display()));
        std::fs::write(&below, "").unwrap();
        let told = fresh(&below.join("out.csv")).unwrap_err().to_string();
        assert_eq!(told, format!("{} is no folder", below.display()));
        assert!(fresh(&folder.path().join("out.csv")).is_ok());
    }
}
