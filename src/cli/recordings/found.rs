//! Which recordings there are: those of mcptop's own folder, or those named.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::cli::complain;
use crate::record::{Folders, Live, list, live, peek};
use crate::trace::Header;

/// What recordings are called.
const EXTENSION: &str = ".mcp.jsonl";
/// Folders below the one named that are looked into: recordings stand in one per day.
const DEPTH_MAX: usize = 3;

/// A recording.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) header: Header,
    pub(super) size_bytes: u64,
    /// When it last grew.
    pub(super) modified: SystemTime,
    /// Whether its session is live.
    pub(super) is_live: bool,
}

/// The recordings, newest first.
///
/// # Errors
/// If there is no folder to look in, or something named cannot be read.
pub(super) fn recordings(paths: &[PathBuf]) -> Result<Vec<Found>, String> {
    let folders = Folders::of_user();
    if !paths.is_empty() {
        return named(paths, folders.as_ref());
    }
    let folders =
        folders.ok_or("there is no home folder; set MCPTOP_HOME to where mcptop keeps its things")?;
    let all = list(&folders).into_iter().filter_map(|listed| {
        Some(Found {
            path: listed.path?,
            header: listed.header,
            size_bytes: listed.size_bytes,
            modified: listed.modified,
            is_live: listed.live.is_some(),
        })
    });
    Ok(sorted(all.collect()))
}

fn named(paths: &[PathBuf], folders: Option<&Folders>) -> Result<Vec<Found>, String> {
    let live = live_files(folders);
    let mut found = Vec::new();
    for path in paths {
        let failed = |error| format!("cannot read {}: {error}", path.display());
        if !fs::metadata(path).map_err(failed)?.is_dir() {
            // What is named as a recording has to be one.
            found.push(of(path, &live)?);
            continue;
        }
        for file in files_below(path, DEPTH_MAX).map_err(failed)? {
            match of(&file, &live) {
                Ok(recording) => found.push(recording),
                Err(why) => complain(&format!("passed over: {why}")),
            }
        }
    }
    Ok(sorted(found))
}

/// The recordings that live sessions are being written to.
pub(super) fn live_files(folders: Option<&Folders>) -> HashMap<PathBuf, Live> {
    let entries = folders.map(live).unwrap_or_default().into_iter();
    let file = entries.filter_map(|entry| {
        let path = entry.recording?;
        Some((fs::canonicalize(&path).unwrap_or(path), Live { pid: entry.pid, control: entry.control }))
    });
    file.collect()
}

fn of(path: &Path, live: &HashMap<PathBuf, Live>) -> Result<Found, String> {
    let header = peek(path).map_err(|error| error.to_string())?;
    let failed = |error| format!("cannot read {}: {error}", path.display());
    let metadata = fs::metadata(path).map_err(failed)?;
    let whole = fs::canonicalize(path).map_err(failed)?;
    Ok(Found {
        path: path.to_owned(),
        header,
        size_bytes: metadata.len(),
        modified: metadata.modified().map_err(failed)?,
        is_live: live.contains_key(&whole),
    })
}

fn sorted(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|a, b| (b.header.started, &a.path).cmp(&(a.header.started, &b.path)));
    found
}

fn files_below(folder: &Path, depth: usize) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // A link may lead round in a circle, or out of what was named.
        let is_folder = fs::symlink_metadata(&path)?.is_dir();
        if is_folder && depth > 0 {
            files.extend(files_below(&path, depth - 1)?);
        } else if !is_folder && path.to_string_lossy().contains(EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
