//! What is to stand in the files of clients instead of what stands there.
//!
//! Reads files and writes none.

use std::path::PathBuf;

use similar::TextDiff;

use super::found::{Found, text_of};
use super::journal::Note;
use crate::clients::edit::{Document, Launch, Server, Which, unwrap, wrap};

/// Lines shown around a change: few, because what stands beside a command may be a secret.
const LINES_AROUND: usize = 1;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// mcptop is put in front.
    Wrap,
    /// mcptop is taken away.
    Unwrap,
}

/// The servers that are meant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'a> {
    /// All that can be.
    All,
    /// Those of these names, whatever they are, so that it is said why they cannot be.
    Named(&'a [String]),
    /// Those that mcptop was dropped from.
    Dropped(&'a [Note]),
}

/// A file and what is to stand in it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) path: PathBuf,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) restart: Option<&'static str>,
    /// The servers it touches, with their groups.
    pub(super) servers: Vec<(Option<String>, String)>,
}

/// All plans, and why some servers are left as they are.
#[derive(Debug, Default)]
pub(super) struct Plans {
    pub(super) plans: Vec<Plan>,
    pub(super) left: Vec<String>,
}

/// One plan for each file that is to change; `program` is how the client starts mcptop there.
///
/// # Errors
/// If a file cannot be read, or one of the servers named is not there or cannot be changed.
pub(super) fn plans(
    found: &[Found],
    wanted: Wanted<'_>,
    way: Way,
    program: impl Fn(&Found) -> Result<String, String>,
) -> Result<Plans, String> {
    let mut all = Plans::default();
    let mut missing: Vec<&String> = match wanted {
        Wanted::Named(names) => names.iter().collect(),
        Wanted::All | Wanted::Dropped(_) => Vec::new(),
    };
    for found in found {
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", found.path.display());
        let same = all.plans.iter().position(|plan| plan.path == found.path);
        let before = match same {
            Some(at) => all.plans[at].after.clone(),
            None => text_of(&found.path).map_err(|error| failed(&error))?,
        };
        let servers = found.servers(&before).map_err(|why| failed(&why))?;
        let program = program(found)?;
        let mut after = before.clone();
        let mut touched = Vec::new();
        for server in servers.iter().filter(|server| is_meant(found, server, wanted, way)) {
            missing.retain(|name| **name != server.name);
            match changed(found, &after, server, way, &program) {
                Ok(text) => after = text,
                Err(why) if matches!(wanted, Wanted::Named(_)) => {
                    return Err(failed(&format!("{}: {why}", server.name)));
                }
                Err(why) => {
                    all.left.push(failed(&format!("{} is left as it is: {why}", server.name)));
                    continue;
                }
            }
            touched.push((server.group.clone(), server.name.clone()));
        }
        all.add(found, same, before, after, touched);
    }
    match missing.first() {
        Some(name) => Err(format!("there is no server \"{name}\"; `mcptop clients list` shows them")),
        None => Ok(all),
    }
}

impl Plans {
    fn add(
        &mut self,
        found: &Found,
        same: Option<usize>,
        before: String,
        after: String,
        mut servers: Vec<(Option<String>, String)>,
    ) {
        if servers.is_empty() {
            return;
        }
        match same {
            Some(at) => {
                self.plans[at].after = after;
                self.plans[at].servers.append(&mut servers);
            }
            None => self.plans.push(Plan {
                path: found.path.clone(),
                before,
                after,
                restart: found.client.map(|client| client.restart),
                servers,
            }),
        }
    }
}

impl Plan {
    /// What would be different, as a unified diff.
    pub(super) fn difference(&self) -> String {
        let path = self.path.display().to_string();
        let diff = TextDiff::from_lines(&self.before, &self.after);
        diff.unified_diff().context_radius(LINES_AROUND).header(&path, &path).to_string()
    }
}

fn is_meant(found: &Found, server: &Server, wanted: Wanted<'_>, way: Way) -> bool {
    let can_be = match (way, &server.launch) {
        (Way::Wrap, Launch::Command(_) | Launch::Address(_))
        | (Way::Unwrap, Launch::Wrapped(_) | Launch::Fronted(_)) => true,
        (
            Way::Wrap | Way::Unwrap,
            Launch::Command(_)
            | Launch::Wrapped(_)
            | Launch::Fronted(_)
            | Launch::ByHand(_)
            | Launch::Address(_)
            | Launch::Nothing,
        ) => false,
    };
    match wanted {
        Wanted::All => can_be,
        Wanted::Named(names) => names.contains(&server.name),
        Wanted::Dropped(notes) => {
            can_be && notes.iter().any(|note| note.is_of(&found.path, server.group.as_deref(), &server.name))
        }
    }
}

fn changed(found: &Found, text: &str, server: &Server, way: Way, program: &str) -> Result<String, String> {
    let document = Document::parse(text, found.format).map_err(|problem| problem.to_string())?;
    let keys = found.keys(&document)?;
    let which = Which { keys, group: server.group.as_deref(), name: &server.name };
    match way {
        Way::Wrap => wrap(text, found.format, which, &found.shape(keys), program),
        Way::Unwrap => unwrap(text, found.format, which),
    }
    .map_err(|problem| problem.to_string())
}
