//! What servers cost when they were audited last, kept so that a list can say it without starting anything.
//!
//! Holds figures and no definitions: what is approved of is in baselines, which a person keeps. Knows nothing of clients.

use std::{fs, io};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::audited::Report;
use crate::cli::complain;
use crate::cli::rulesfile::replace;
use crate::record::Folders;
use crate::tokens::{Accuracy, Count};
use crate::trace::Back;

/// The file that is written; a newer one is left alone.
const VERSION: u32 = 1;
/// Servers that are remembered; those audited first are forgotten.
const SERVERS_MAX: usize = 1000;

/// One server as it was when it was audited last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Kept {
    /// What it was called.
    pub(in crate::cli) label: String,
    /// Where it was, without secrets.
    pub(in crate::cli) back: Back,
    /// The family of models it was counted for.
    pub(in crate::cli) profile: String,
    /// Tokens of its tools and instructions in every request.
    tokens: u64,
    /// How far they may be trusted, by its label.
    accuracy: String,
    /// How many tools it had.
    pub(in crate::cli) tools: usize,
    /// When that was.
    pub(in crate::cli) at: Timestamp,
}

impl Kept {
    /// Its tokens.
    pub(in crate::cli) fn count(&self) -> Count {
        let accuracy = Accuracy::ALL.into_iter().find(|accuracy| accuracy.label() == self.accuracy);
        Count { tokens: self.tokens, accuracy: accuracy.unwrap_or(Accuracy::Failed) }
    }
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    servers: Vec<Kept>,
}

/// What is known, the newest last; nothing if there is no file, or none that can be read.
pub(in crate::cli) fn all() -> Vec<Kept> {
    Folders::of_user().and_then(|folders| read(&folders).ok()).unwrap_or_default()
}

fn read(folders: &Folders) -> io::Result<Vec<Kept>> {
    let text = match fs::read_to_string(folders.audited()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let file: File = serde_json::from_str(&text)?;
    if file.version > VERSION {
        return Err(io::Error::other(format!("it was written by a newer mcptop (version {})", file.version)));
    }
    Ok(file.servers)
}

/// Keeps what was found out about servers that were asked themselves. An audit does not fail by that.
pub(super) fn keep(report: &Report) {
    let Some(folders) = Folders::of_user() else { return };
    let new: Vec<Kept> = found(report).collect();
    let kept = read(&folders).and_then(|mut all| {
        all.retain(|old| !new.iter().any(|new| new.back == old.back && new.label == old.label));
        all.extend(new);
        let surplus = all.len().saturating_sub(SERVERS_MAX);
        all.drain(..surplus);
        let text = serde_json::to_string_pretty(&File { version: VERSION, servers: all })?;
        replace(&folders.audited(), &(text + "\n"))
    });
    if let Err(error) = kept {
        complain(&format!("{}: what was found out is not kept: {error}", folders.audited().display()));
    }
}

fn found(report: &Report) -> impl Iterator<Item = Kept> {
    report.servers.iter().filter_map(|server| {
        let (known, back) = (server.outcome.as_ref().ok()?, server.back.clone()?);
        let total = known.bill.total().model;
        Some(Kept {
            label: server.label.clone(),
            back,
            profile: report.profile.id.to_owned(),
            tokens: total.tokens,
            accuracy: total.accuracy.label().to_owned(),
            tools: known.bill.tools.len(),
            at: Timestamp::now(),
        })
    })
}
