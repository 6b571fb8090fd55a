//! Rules files that a command reads or writes: their text, and what is wrong with it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::record::Folders;
use crate::rules::Ruleset;

/// The file that is meant: a path, or a name for `rules/NAME.toml` in the configuration folder.
pub(super) fn named(wanted: &Path) -> PathBuf {
    let is_path = |name: &&str| {
        name.contains(['/', '\\']) || Path::new(name).extension().is_some_and(|end| end == "toml")
    };
    let name = wanted.to_str().filter(|name| !is_path(name));
    match (name, Folders::of_user()) {
        (Some(name), Some(folders)) => folders.config().join("rules").join(format!("{name}.toml")),
        _ => wanted.to_owned(),
    }
}

/// A file's rules and its text.
///
/// # Errors
/// Why there are none: with file, line and column where it is the text's fault.
pub(super) fn read(path: &Path) -> Result<(Ruleset, String), String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read the rules in {}: {error}", path.display()))?;
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
    put(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    if let Ok(known) = fs::metadata(&path) {
        file.as_file().set_permissions(known.permissions())?;
    }
    file.persist(&path)?;
    Ok(())
}
