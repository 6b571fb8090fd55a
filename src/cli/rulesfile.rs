//! Rules files that a command reads or writes: their text, and what is wrong with it.

use std::fs;
use std::path::{Path, PathBuf};

use super::rules::{is_name, replace};
use crate::record::Folders;
use crate::rules::Ruleset;

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
    replace(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
