//! The folder of long results that rules have written to files: what is old goes, and the oldest of what is too much.
//!
//! Touches nothing but files whose names are of our making. Knows nothing of what is in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// For how long a file may stay after it was written.
    pub age: Duration,
    /// How many bytes of files may stay, of all sessions together.
    pub total_bytes: u64,
}

impl Default for Bounds {
    /// Seven days, and 1 GiB.
    fn default() -> Self {
        Self { age: Duration::from_hours(7 * 24), total_bytes: 1024 * 1024 * 1024 }
    }
}

/// A file that may go.
struct Found {
    path: PathBuf,
    written: SystemTime,
    len_bytes: u64,
}

/// Takes away the files in the folders of sessions below `root` that are beyond the bounds, and folders that are empty
/// then. What cannot be read or taken away stays: the next session tries again. Returns how many files went.
#[must_use = "says how many are gone"]
pub fn sweep(root: &Path, now: SystemTime, bounds: Bounds) -> usize {
    let folders: Vec<PathBuf> =
        entries(root).filter(|(_, kind)| kind.is_dir()).map(|(path, _)| path).collect();
    let mut all: Vec<Found> = folders.iter().flat_map(|folder| files(folder)).collect();
    // The newest first: what is beyond the total is older than all that stays.
    all.sort_by_key(|found| std::cmp::Reverse(found.written));
    let mut kept_bytes = 0_u64;
    let goes = |found: &&Found| {
        kept_bytes = kept_bytes.saturating_add(found.len_bytes);
        let age = now.duration_since(found.written).unwrap_or_default();
        age > bounds.age || kept_bytes > bounds.total_bytes
    };
    let gone = all.iter().filter(goes).filter(|found| fs::remove_file(&found.path).is_ok()).count();
    for folder in folders {
        // One with something in it stays.
        let _ = fs::remove_dir(folder);
    }
    gone
}

/// What is in a folder. Links are not followed.
fn entries(folder: &Path) -> impl Iterator<Item = (PathBuf, fs::FileType)> {
    let all = fs::read_dir(folder).into_iter().flatten().flatten();
    all.filter_map(|entry| Some((entry.path(), entry.file_type().ok()?)))
}

fn files(folder: &Path) -> Vec<Found> {
    let ours = entries(folder).filter(|(path, kind)| kind.is_file() && is_ours(path));
    let found = |(path, _): (PathBuf, _)| {
        let known = fs::symlink_metadata(&path).ok()?;
        Some(Found { written: known.modified().ok()?, len_bytes: known.len(), path })
    };
    ours.filter_map(found).collect()
}

/// Whether a file is named as long results are: after a tool, and after what is in it.
fn is_ours(path: &Path) -> bool {
    let is_kind = path.extension().is_some_and(|kind| kind == "json" || kind == "txt");
    let digest = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.rsplit_once('-'));
    let is_digest = |digest: &str| {
        digest.len() == 32 && digest.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    };
    is_kind && digest.is_some_and(|(_, digest)| is_digest(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    /// A file of so many bytes that was written so many days ago.
    fn file(root: &Path, name: &str, len_bytes: usize, days: u32) -> PathBuf {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, vec![b'x'; len_bytes]).unwrap();
        let written = SystemTime::now() - DAY * days;
        fs::File::options().append(true).open(&path).unwrap().set_modified(written).unwrap();
        path
    }

    fn result(session: &str, number: u32, kind: &str) -> String {
        format!("{session}/get_user-{number:032x}.{kind}")
    }

    #[test]
    fn old_results_go_and_then_the_oldest_of_what_is_too_much() {
        let root = tempfile::tempdir().unwrap();
        let old = file(root.path(), &result("a", 1, "json"), 10, 8);
        let older = file(root.path(), &result("b", 2, "txt"), 60, 3);
        let newer = file(root.path(), &result("b", 3, "json"), 60, 2);
        let newest = file(root.path(), &result("c", 4, "json"), 30, 0);
        let bounds = Bounds { age: 7 * DAY, total_bytes: 100 };
        assert_eq!(sweep(root.path(), SystemTime::now(), bounds), 2);
        assert_eq!([&old, &older, &newer, &newest].map(|path| path.exists()), [false, false, true, true]);
        assert!(!root.path().join("a").exists() && root.path().join("b").exists());
        assert_eq!(sweep(root.path(), SystemTime::now(), bounds), 0);
    }

    #[test]
    fn nothing_goes_that_is_not_of_our_making() {
        let root = tempfile::tempdir().unwrap();
        let theirs =
            ["a/notes.txt", "a/get-123.json", "a/deep/get_user-00000000000000000000000000000001.json"];
        let above = format!("get_user-{:032x}.json", 1);
        let all: Vec<PathBuf> =
            theirs.into_iter().chain([&*above]).map(|name| file(root.path(), name, 10, 100)).collect();
        let bounds = Bounds { age: DAY, total_bytes: 0 };
        assert_eq!(sweep(root.path(), SystemTime::now(), bounds), 0);
        assert!(all.iter().all(|path| path.exists()));
        assert_eq!(sweep(&root.path().join("nowhere"), SystemTime::now(), bounds), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_nowhere() {
        let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let far = file(other.path(), &result("a", 1, "json"), 10, 100);
        std::os::unix::fs::symlink(other.path().join("a"), root.path().join("a")).unwrap();
        fs::create_dir(root.path().join("b")).unwrap();
        std::os::unix::fs::symlink(&far, root.path().join(result("b", 1, "json"))).unwrap();
        assert_eq!(sweep(root.path(), SystemTime::now(), Bounds { age: DAY, total_bytes: 0 }), 0);
        assert!(far.exists());
    }
}
