//! What a recording of a session with a real peer must be: readable to the end, with its `ended` event.
//!
//! Knows nothing of the peers.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The recording opens, every line is an event, and the last one says how the session ended.
pub(super) fn is_whole(recording: &Path) {
    let text =
        fs::read_to_string(recording).unwrap_or_else(|error| panic!("{}: {error}", recording.display()));
    assert!(text.ends_with('\n'), "the last line of {} is torn", recording.display());
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 3, "{} holds next to nothing:\n{text}", recording.display());
    assert!(text.lines().last().unwrap().contains("ended"), "{} has no end:\n{text}", recording.display());
}

/// At least so many recordings are below the folder, all of them whole.
pub(super) fn are_whole_below(folder: &Path, at_least: usize) {
    let found = below(folder);
    assert!(
        found.len() >= at_least,
        "expected {at_least} recordings below {}, found {found:?}",
        folder.display()
    );
    for recording in found {
        is_whole(&recording);
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        } else if path.to_string_lossy().ends_with(".mcp.jsonl") {
            found.push(path);
        }
    }
    found
}
