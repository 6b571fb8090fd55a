//! What the viewer remembers until its next start: panel, sorting, filter, theme.
//!
//! A small TOML file in the folder of the user's configuration. A file that cannot be read or written costs the memory, nothing
//! else; two viewers at once leave the file of the one that ended last.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The panel that was open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panel: Option<String>,
    /// The theme, if the user chose one by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// Whether the terminal's background was dark or light when it was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<String>,
    /// The filter.
    pub filter: String,
    /// Filters used before, the newest last.
    pub filters: Vec<String>,
    /// Whether tokens are shown as they went over the wire.
    pub wire: bool,
    /// The family of models tokens are counted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The context window, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_tokens: Option<u64>,
    /// What each panel remembers, by its title.
    pub panels: BTreeMap<String, toml::Table>,
}

/// Filters remembered.
const FILTERS_MAX: usize = 50;
/// A file larger than this was not written by us.
const FILE_BYTES_MAX: u64 = 256 * 1024;

impl Memory {
    /// Reads the file; nothing is remembered if there is none or it is not ours.
    #[must_use]
    pub fn load(file: &Path) -> Self {
        let fits = std::fs::metadata(file).is_ok_and(|found| found.len() <= FILE_BYTES_MAX);
        let text = if fits { std::fs::read_to_string(file).unwrap_or_default() } else { String::new() };
        toml::from_str(&text).unwrap_or_default()
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    /// If the folder cannot be made or the file not be written.
    pub fn save(&self, file: &Path) -> io::Result<()> {
        let text = toml::to_string(self).map_err(io::Error::other)?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let fresh = file.with_extension(format!("{}.new", std::process::id()));
        std::fs::write(&fresh, text)?;
        std::fs::rename(&fresh, file)
    }

    /// Adds a filter to those used before; one used again becomes the newest.
    pub fn add_filter(&mut self, filter: &str) {
        if filter.trim().is_empty() {
            return;
        }
        self.filters.retain(|known| known != filter);
        self.filters.push(filter.to_owned());
        let excess = self.filters.len().saturating_sub(FILTERS_MAX);
        self.filters.drain(..excess);
    }
}

/// The user's theme files as (name, path, text); files that cannot be read are passed over.
#[must_use]
pub fn user_themes(folder: &Path) -> Vec<(String, String, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files.truncate(USER_THEMES_MAX);
    files
        .into_iter()
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let fits = std::fs::metadata(&path).is_ok_and(|found| found.len() <= FILE_BYTES_MAX);
            let text = if fits { std::fs::read_to_string(&path).ok()? } else { return None };
            Some((name, path.display().to_string(), text))
        })
        .collect()
}

/// Theme files that are read.
const USER_THEMES_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/viewer.toml");
        let mut memory = Memory { panel: Some("Calls".into()), wire: true, ..Memory::default() };
        memory.add_filter("status:error");
        memory.panels.insert("Top".into(), toml::toml! { sort = "p99" });
        memory.save(&file).unwrap();
        assert_eq!(Memory::load(&file), memory);
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_or_foreign_file_costs_only_the_memory() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("viewer.toml");
        assert_eq!(Memory::load(&file), Memory::default());
        std::fs::write(&file, "panel = [").unwrap();
        assert_eq!(Memory::load(&file), Memory::default());
    }

    #[test]
    fn filters_are_kept_once_and_bounded() {
        let mut memory = Memory::default();
        for n in 0..200 {
            memory.add_filter(&format!("word{n}"));
        }
        memory.add_filter("word199");
        memory.add_filter(" ");
        assert_eq!(memory.filters.len(), FILTERS_MAX);
        assert_eq!(memory.filters.last().unwrap(), "word199");
    }

    #[test]
    fn theme_files_are_found_by_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), "x").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
        let found = user_themes(folder.path());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.as_str(), found[0].2.as_str()), ("mine", "x"));
        assert!(user_themes(&folder.path().join("none")).is_empty());
    }
}
