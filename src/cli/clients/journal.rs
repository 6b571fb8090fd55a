//! Which servers mcptop was put in front of, so that it is noticed when a client has written its file anew without it.
//!
//! Only for that: what it takes to take mcptop away stands in the files themselves. Knows nothing of how entries are changed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::found::{Found, text_of};
use crate::cli::complain;
use crate::cli::rulesfile::replace;
use crate::clients::edit::Launch;
use crate::record::Folders;

/// The journal that is written; a newer one is left alone.
const VERSION: u32 = 1;
/// Servers that are remembered; the oldest are forgotten.
const NOTES_MAX: usize = 10_000;

/// The journal of this user.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Where it is kept; nowhere if the user has no folder, or it could not be read.
    path: Option<PathBuf>,
    notes: Vec<Note>,
}

/// A server that mcptop was put in front of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// The file it stands in.
    pub(super) path: PathBuf,
    /// The part of the file, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    /// Its name.
    pub(super) server: String,
    /// When mcptop was put there.
    since: Timestamp,
}

impl Note {
    pub(super) fn is_of(&self, path: &Path, group: Option<&str>, server: &str) -> bool {
        self.path == path && self.group.as_deref() == group && self.server == server
    }
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    wrapped: Vec<Note>,
}

impl Journal {
    /// The journal of this user. Says so if it cannot be read: nothing is noticed then, and nothing is written over it.
    pub(super) fn of_user() -> Self {
        let Some(path) = Folders::of_user().map(|folders| folders.clients()) else { return Self::default() };
        match read(&path) {
            Ok(notes) => Self { path: Some(path), notes },
            Err(why) => {
                complain(&format!("{} cannot be read: {why}", path.display()));
                Self::default()
            }
        }
    }

    /// Whether mcptop was put in front of this server.
    pub(super) fn knows(&self, path: &Path, group: Option<&str>, server: &str) -> bool {
        self.notes.iter().any(|note| note.is_of(path, group, server))
    }

    /// Mcptop is in front of this server from now on.
    pub(super) fn put(&mut self, path: &Path, group: Option<&str>, server: &str) {
        self.forget(path, group, server);
        let (path, group, server) = (path.to_owned(), group.map(str::to_owned), server.to_owned());
        self.notes.push(Note { path, group, server, since: Timestamp::now() });
        let surplus = self.notes.len().saturating_sub(NOTES_MAX);
        self.notes.drain(..surplus);
    }

    /// Mcptop need not be in front of this server any more. Whether it was to be.
    pub(super) fn forget(&mut self, path: &Path, group: Option<&str>, server: &str) -> bool {
        let before = self.notes.len();
        self.notes.retain(|note| !note.is_of(path, group, server));
        self.notes.len() < before
    }

    /// The servers that mcptop was put in front of and that are started without it now. One that is not there any more is none.
    pub(super) fn dropped(&self) -> Vec<Note> {
        let is_dropped = |note: &&Note| {
            let found = Found::at(&note.path);
            let servers = text_of(&note.path).ok().and_then(|text| {
                found.iter().map(|found| found.servers(&text)).collect::<Result<Vec<_>, _>>().ok()
            });
            servers.into_iter().flatten().flatten().any(|server| {
                note.is_of(&note.path, server.group.as_deref(), &server.name)
                    && matches!(server.launch, Launch::Command(_) | Launch::Address(_))
            })
        };
        self.notes.iter().filter(is_dropped).cloned().collect()
    }

    /// Keeps it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn keep(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let file = File { version: VERSION, wrapped: self.notes.clone() };
        let text = serde_json::to_string_pretty(&file).map_err(io::Error::other)?;
        replace(path, &(text + "\n"))
    }
}

fn read(path: &Path) -> Result<Vec<Note>, String> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|error| error.to_string())?,
    };
    let file: File = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if file.version > VERSION {
        return Err(format!("it was written by a newer mcptop (version {})", file.version));
    }
    Ok(file.wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRAPPED: &str = r#"{"command": "/x/mcptop", "args": ["wrap", "--label", "a", "--", "npx"]}"#;

    fn noted() -> (tempfile::TempDir, PathBuf, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mcp.json");
        let mut journal = Journal { path: Some(folder.path().join("data/clients.json")), notes: Vec::new() };
        journal.put(&path, None, "a");
        (folder, path, journal)
    }

    #[test]
    fn only_a_server_that_is_started_without_mcptop_is_dropped() {
        let (_folder, path, journal) = noted();
        for (entry, is_dropped) in [
            (WRAPPED, false),
            (r#"{"command": "npx"}"#, true),
            (r#"{"url": "https://h"}"#, true),
            (r#"{"command": "mcptop", "args": ["wrap", "npx"]}"#, false),
            ("{}", false),
        ] {
            fs::write(&path, format!("{{\"mcpServers\": {{\"a\": {entry}}}}}")).unwrap();
            assert_eq!(journal.dropped().len(), usize::from(is_dropped), "{entry}");
        }
        for text in ["{\"mcpServers\": {\"b\": {\"command\": \"npx\"}}}", "{", ""] {
            fs::write(&path, text).unwrap();
            assert!(journal.dropped().is_empty(), "{text}");
        }
        fs::remove_file(&path).unwrap();
        assert!(journal.dropped().is_empty());
    }

    #[test]
    fn what_is_noted_is_read_back_once_and_forgotten() {
        let (_folder, path, mut journal) = noted();
        journal.put(&path, None, "a");
        journal.put(&path, Some("/p"), "a");
        journal.keep().unwrap();
        assert_eq!(read(journal.path.as_ref().unwrap()).unwrap(), journal.notes);
        assert_eq!(journal.notes.len(), 2);
        assert!(journal.knows(&path, Some("/p"), "a") && !journal.knows(&path, Some("/q"), "a"));
        assert!(journal.forget(&path, Some("/p"), "a") && !journal.forget(&path, Some("/p"), "a"));
    }

    #[test]
    fn a_journal_of_a_newer_mcptop_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clients.json");
        for text in ["{\"version\": 2, \"wrapped\": []}", "{", "[]"] {
            fs::write(&path, text).unwrap();
            assert!(read(&path).is_err(), "{text}");
        }
    }
}
