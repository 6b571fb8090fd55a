//! The clients of MCP servers: where each keeps its configuration, how it is written, and how mcptop is put in front there.
//!
//! Knows no files: paths are said, texts are given.

pub mod edit;
mod shape;
mod table;

use std::path::{Path, PathBuf};

use edit::{Document, Format};

pub use shape::{Program, Shape};
pub use table::CLIENTS;

/// An operating system, as far as folders differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux and everything that has its folders.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl Platform {
    /// The one this program was built for.
    #[must_use]
    pub fn own() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::MacOs
        } else {
            Self::Linux
        }
    }
}

/// A client: one row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// What it is called on the command line.
    pub id: &'static str,
    /// What its maker calls it.
    pub title: &'static str,
    /// What it calls the parts of an entry.
    pub shape: Shape,
    /// Where it keeps its servers.
    pub places: &'static [Place],
    /// What makes it read its configuration again.
    pub restart: &'static str,
    /// The document all this is from.
    pub source: &'static str,
}

/// Whose servers a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A user's, on this machine: mcptop is started by its path.
    User,
    /// A project's, for everybody who works on it: mcptop is started by its name.
    Project,
}

impl Scope {
    /// In one word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
        }
    }
}

/// A file in which a client keeps servers.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Whose servers these are.
    pub scope: Scope,
    /// Where there is such a file.
    pub on: &'static [Platform],
    /// The folder the path begins in.
    pub root: Root,
    /// The path, with `/` on all platforms. A `*` stands for any letters within one name.
    pub path: &'static str,
    /// The names that lead to the servers; `*` for any.
    pub keys: &'static [&'static str],
}

/// A folder that paths begin in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// The user's home.
    Home,
    /// Where a user's configuration is: `$XDG_CONFIG_HOME`, `~/Library/Application Support`, `%APPDATA%`.
    Config,
    /// The same as people of the command line have it, on macOS as well: `$XDG_CONFIG_HOME` or `~/.config`; `%APPDATA%`.
    Dots,
    /// `%LOCALAPPDATA%`.
    Local,
    /// The folder of the project.
    Project,
    /// The folder that a variable of the environment names, or one of this name in the user's home.
    Variable(&'static str, &'static str),
}

/// What paths are made with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The system whose folders are meant.
    pub platform: Platform,
    /// The user's home.
    pub home: &'a Path,
    /// The folder of the project.
    pub project: &'a Path,
    /// The variables of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Surroundings<'_> {
    fn root(&self, root: Root) -> PathBuf {
        let named = |name: &str| (self.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let or_below_home = |name: &str, path: &str| named(name).unwrap_or_else(|| self.home.join(path));
        match (root, self.platform) {
            (Root::Home, _) => self.home.to_owned(),
            (Root::Project, _) => self.project.to_owned(),
            (Root::Variable(name, path), _) => or_below_home(name, path),
            (Root::Config | Root::Dots, Platform::Windows) => or_below_home("APPDATA", "AppData/Roaming"),
            (Root::Config, Platform::MacOs) => self.home.join("Library/Application Support"),
            (Root::Config, Platform::Linux) | (Root::Dots, Platform::Linux | Platform::MacOs) => {
                or_below_home("XDG_CONFIG_HOME", ".config")
            }
            (Root::Local, _) => or_below_home("LOCALAPPDATA", "AppData/Local"),
        }
    }
}

impl Place {
    /// The path of the file, still with its `*`; `None` where there is no such file.
    #[must_use]
    pub fn path_in(&self, surroundings: &Surroundings<'_>) -> Option<PathBuf> {
        let is_here = self.on.contains(&surroundings.platform);
        is_here.then(|| {
            let root = surroundings.root(self.root);
            self.path.split('/').fold(root, |path, name| path.join(name))
        })
    }

    /// How the file is written.
    #[must_use]
    pub fn format(&self) -> Format {
        Format::of_name(self.path)
    }
}

/// The client of this name.
///
/// # Errors
/// If there is none: says which there are.
pub fn client(id: &str) -> Result<&'static Client, String> {
    CLIENTS.iter().find(|client| client.id == id).ok_or_else(|| {
        let names: Vec<&str> = CLIENTS.iter().map(|client| client.id).collect();
        format!(
            "unknown client `{id}`; known are {}. For others give the file with --config",
            names.join(", ")
        )
    })
}

/// The names under which the known clients keep servers at the top of a file, each once.
const TOPS: [&[&str]; 7] = [
    &["mcpServers"],
    &["servers"],
    &["context_servers"],
    &["mcp_servers"],
    &["extensions"],
    &["mcp", "servers"],
    &["mcp"],
];

/// The names that lead to the servers in a file of an unknown client: the first known ones that lead anywhere.
#[must_use]
pub fn keys_of(document: &Document<'_>) -> Option<&'static [&'static str]> {
    TOPS.into_iter().find(|keys| document.has(keys))
}

#[cfg(test)]
mod tests;
