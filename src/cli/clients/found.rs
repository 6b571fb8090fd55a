//! The configuration files of this machine, by client.
//!
//! Knows nothing of what is to become of them.

use std::path::{Path, PathBuf};
use std::{env, fs};

use directories::BaseDirs;
use wildmatch::WildMatch;

use crate::cli::reason;
use crate::clients::edit::{Document, Format, Launch, Server};
use crate::clients::{CLIENTS, Client, Platform, Scope, Shape, Surroundings, client, keys_of};
use crate::rules::meant;

/// The largest configuration that is read.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How many files one place of the table may stand for.
const FILES_MAX: usize = 100;
/// How many folders are looked into for them.
const ENTRIES_MAX: usize = 10_000;

/// A place in a file that may hold servers.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Found {
    /// Whose file it is; nobody's if it is not one of the table's.
    pub(in crate::cli) client: Option<&'static Client>,
    pub(in crate::cli) scope: Scope,
    pub(in crate::cli) path: PathBuf,
    pub(in crate::cli) format: Format,
    /// The names that lead to the servers; where they are not known the file has to tell.
    pub(super) keys: Option<&'static [&'static str]>,
}

impl Found {
    /// A file that somebody names.
    pub(in crate::cli) fn named(path: &Path, scope: Scope) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self { client: None, scope, path: path.to_owned(), format: Format::of_name(&name), keys: None }
    }

    fn is_same(&self, other: &Self) -> bool {
        let id = |found: &Self| found.client.map(|client| client.id);
        self.path == other.path && self.keys == other.keys && id(self) == id(other)
    }

    /// The places of the table that are in this file, by its absolute path; one of nobody's if there are none.
    pub(in crate::cli) fn at(path: &Path) -> Vec<Self> {
        let mut known = places(None).unwrap_or_default();
        known.retain(|found| found.path == path);
        if known.is_empty() { vec![Self::named(path, Scope::User)] } else { known }
    }

    /// The names that lead to the servers in this text.
    ///
    /// # Errors
    /// If there are none.
    pub(in crate::cli) fn keys(&self, document: &Document<'_>) -> Result<&'static [&'static str], String> {
        let unknown = "it has no member `mcpServers`, nor another that is known, with servers in it";
        self.keys.or_else(|| keys_of(document)).ok_or_else(|| unknown.to_owned())
    }

    /// What the client calls the parts of an entry.
    pub(in crate::cli) fn shape(&self, keys: &[&str]) -> Shape {
        self.client.map_or_else(|| Shape::below(keys), |client| client.shape)
    }

    /// The servers in this text.
    ///
    /// # Errors
    /// If it does not parse, or holds none where they are looked for.
    pub(in crate::cli) fn servers(&self, text: &str) -> Result<Vec<Server>, String> {
        let document = Document::parse(text, self.format).map_err(|problem| problem.to_string())?;
        Ok(document.servers(self.keys(&document)?))
    }
}

/// Whether a wrapped server's entry names a mcptop that is not there, so that its client cannot start it. A name without a
/// folder is looked for by the client.
pub(super) fn is_gone(server: &Server) -> bool {
    let is_wrapped = matches!(server.launch, Launch::Wrapped(_) | Launch::Fronted(_));
    let program = server.program().map(Path::new);
    is_wrapped && program.is_some_and(|program| program.is_absolute() && !program.exists())
}

/// The text of a configuration file.
///
/// # Errors
/// If it cannot be read, is no regular file, is too large, or is not UTF-8; for people.
pub(in crate::cli) fn text_of(path: &Path) -> Result<String, String> {
    reason::is_ordinary(path)
        .and_then(|()| reason::text_of(path, BYTES_MAX))
        .map_err(|error| reason::reason(&error))
}

/// The client of this name; else the one that was probably meant is named.
fn known(id: &str) -> Result<&'static Client, String> {
    client(id).map_err(|why| match meant(id, CLIENTS.iter().map(|client| client.id)) {
        Some(close) => format!("{why}. Did you mean `{close}`?"),
        None => why,
    })
}

/// The places of one client, or of all; those in the folder of a project as well.
///
/// # Errors
/// If there is no such client, or the user has no home folder.
pub(in crate::cli) fn places(id: Option<&str>) -> Result<Vec<Found>, String> {
    let only = id.map(known).transpose()?;
    let base = BaseDirs::new().ok_or("this user has no home folder")?;
    let project = env::current_dir().map_err(|error| format!("this folder cannot be named: {error}"))?;
    let surroundings = Surroundings {
        platform: Platform::own(),
        home: base.home_dir(),
        project: &project,
        variable: &|name| env::var(name).ok(),
    };
    let clients = CLIENTS.iter().filter(|client| only.is_none_or(|only| only.id == client.id));
    let places = clients.flat_map(|client| client.places.iter().map(move |place| (client, place)));
    let found = places.flat_map(|(client, place)| {
        let path = place.path_in(&surroundings);
        let found = move |path| Found {
            client: Some(client),
            scope: place.scope,
            path,
            format: place.format(),
            keys: Some(place.keys),
        };
        path.map(|path| every(&path)).unwrap_or_default().into_iter().map(found)
    });
    let mut all: Vec<Found> = Vec::new();
    for one in found {
        // In the home folder a project's file is the user's.
        if !all.iter().any(|other| other.is_same(&one)) {
            all.push(one);
        }
    }
    Ok(all)
}

/// Whether a client that has no configuration has left a folder of its own: only there for it, and not one that others keep
/// theirs in as well.
pub(super) fn is_installed(client: &Client) -> bool {
    let (Some(base), Ok(found)) = (BaseDirs::new(), places(Some(client.id))) else { return false };
    let shared = [base.home_dir(), base.config_dir(), base.config_local_dir(), base.data_local_dir()];
    let own = found.iter().filter(|found| found.scope == Scope::User).filter_map(|found| found.path.parent());
    own.into_iter().any(|folder| folder.is_dir() && !shared.contains(&folder))
}

/// The files there are that a path with `*` stands for, by name; a path without stands for itself, there or not.
fn every(pattern: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::new()];
    for part in pattern.components() {
        let name = part.as_os_str().to_string_lossy();
        if !name.contains('*') {
            for path in &mut paths {
                path.push(part);
            }
            continue;
        }
        let wanted = WildMatch::new(&name);
        let below = |folder: &PathBuf| -> Vec<PathBuf> {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let fits = entries.filter(|entry| wanted.matches(&entry.file_name().to_string_lossy()));
            fits.map(|entry| entry.path()).take(ENTRIES_MAX).collect()
        };
        paths = paths.iter().flat_map(below).take(ENTRIES_MAX).collect();
        paths.sort();
    }
    if pattern.to_string_lossy().contains('*') {
        paths.retain(|path| path.exists());
        paths.truncate(FILES_MAX);
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_every_folder_that_fits_and_a_plain_path_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Claude_b", "Claude_a", "Claude_empty", "Other"] {
            fs::create_dir_all(folder.path().join(name).join("in")).unwrap();
            if name != "Claude_empty" {
                fs::write(folder.path().join(name).join("in/file.json"), "{}").unwrap();
            }
        }
        let found = every(&folder.path().join("Claude_*/in/file.json"));
        assert_eq!(found, ["Claude_a", "Claude_b"].map(|name| folder.path().join(name).join("in/file.json")));
        assert_eq!(every(&folder.path().join("none.json")), [folder.path().join("none.json")]);
        assert!(every(&folder.path().join("nowhere/*/x")).is_empty());
    }
}
