//! Rules files that a command reads or writes: their text, and what is wrong with it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::reason::{reason, text_of};
use super::rules::is_name;
use crate::record::{Folders, fresh};
use crate::rules::Ruleset;

/// Longer files are no rules files.
const BYTES_MAX: u64 = 1 << 20;

/// The file that is meant: a path, or a name for `rules/NAME.toml` in the configuration folder.
pub(super) fn named(wanted: &Path) -> PathBuf {
    let name = wanted.to_str().filter(|name| is_name(name));
    match (name, Folders::of_user()) {
        (Some(name), Some(folders)) => folders.config().join("rules").join(format!("{name}.toml")),
        _ => std::path::absolute(wanted).unwrap_or_else(|_| wanted.to_owned()),
    }
}

/// A file's rules and its text.
///
/// # Errors
/// Why there are none: with file, line and column where it is the text's fault.
pub(super) fn read(path: &Path) -> Result<(Ruleset, String), String> {
    let text = text_of(path, BYTES_MAX)
        .map_err(|error| format!("cannot read the rules in {}: {}", path.display(), reason(&error)))?;
    let rules = Ruleset::parse(&text).map_err(|problem| format!("{}: {problem}", path.display()))?;
    Ok((rules, text))
}

/// The text of a file that may not be there yet.
///
/// # Errors
/// If it is there and cannot be read, or holds something that is no rules file.
pub(super) fn read_or_new(path: &Path) -> Result<String, String> {
    if path.exists() { read(path).map(|(_, text)| text) } else { Ok(String::new()) }
}

/// Puts a text in the place of a file, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(path: &Path, text: &str) -> Result<(), String> {
    replace(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Puts a text in a file's place at once, so that nobody reads half of it; where the file is a link, in the place of what
/// it leads to.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    if folder.is_file() {
        let why = format!("{} is no folder", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotADirectory, why));
    }
    fs::create_dir_all(folder)?;
    let mut file = fresh(&path)?;
    file.write_all(text.as_bytes())?;
    if let Ok(before) = fs::metadata(&path) {
        file.as_file().set_permissions(before.permissions())?;
    }
    // A machine that fails in the next moment has one of the two texts, and not an empty file.
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}
