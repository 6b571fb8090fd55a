//! The file as it was before mcptop changed it for the first time: kept beside it, and never written again.
//!
//! Knows nothing of what the file says.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where the backup of a file is.
pub(super) fn path_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".mcptop-backup");
    path.with_file_name(name)
}

/// Keeps a text as the backup of a file, unless there is one.
///
/// # Errors
/// If it cannot be written.
pub(super) fn keep(path: &Path, text: &str) -> io::Result<()> {
    let backup = path_of(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // Configurations hold keys: nobody reads them in the moment before it has the rights of the file.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(&backup) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        opened => opened?,
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half a backup would be kept for ever.
        drop(file);
        let _ = fs::remove_file(&backup);
        return Err(error);
    }
    file.set_permissions(fs::metadata(path)?.permissions())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_backup_is_kept_and_never_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp.json");
        fs::write(&path, "first").unwrap();
        keep(&path, "first").unwrap();
        keep(&path, "second").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("mcp.json.mcptop-backup")).unwrap(), "first");
    }

    #[cfg(unix)]
    #[test]
    fn a_backup_can_be_read_by_those_who_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp.json");
        fs::write(&path, "x").unwrap();
        for mode in [0o600, 0o640] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            keep(&path, "x").unwrap();
            assert_eq!(fs::metadata(path_of(&path)).unwrap().permissions().mode() & 0o777, mode);
            fs::remove_file(path_of(&path)).unwrap();
        }
    }
}
