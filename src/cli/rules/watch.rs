//! Tells when files may have changed, appeared or gone, without looking at them in between.
//!
//! Their folders are watched, because editors replace files. Knows nothing of what is in them.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Changes come in bursts; this long after the last of one it is over.
const CALM: Duration = Duration::from_millis(20);
/// A burst without end is looked at all the same.
const BURST_MAX: Duration = Duration::from_millis(60);

/// Calls `changed` whenever one of these files may have changed, for as long as it is polled. Where the system offers no
/// way to watch, it never does.
pub(super) async fn files(places: &[PathBuf], mut changed: impl FnMut()) {
    let news = Arc::new(Notify::new());
    let names = Arc::new(Mutex::new(names(places)));
    let (told, meant) = (news.clone(), names.clone());
    let see = move |event: notify::Result<Event>| {
        let meant = meant.lock().unwrap_or_else(PoisonError::into_inner);
        if event.is_ok_and(|event| is_change(event.kind) && is_about(&event, meant.as_ref())) {
            told.notify_one();
        }
    };
    let Ok(mut eye) = notify::recommended_watcher(see) else { return };
    let mut watched = BTreeSet::new();
    loop {
        // What has come about since the folders were chosen is not missed: it is looked at once more after that.
        *names.lock().unwrap_or_else(PoisonError::into_inner) = self::names(places);
        if watch(&mut eye, &mut watched, places) {
            changed();
        }
        news.notified().await;
        let (latest, mut calm) = (Instant::now() + BURST_MAX, Instant::now() + CALM);
        while timeout_at(calm.min(latest), news.notified()).await.is_ok() {
            calm = Instant::now() + CALM;
            if calm >= latest {
                sleep_until(latest).await;
                break;
            }
        }
        changed();
    }
}

/// Reading a file is no change to it.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// What the files, and the folders on the way to them, are called: their folders may be full of what else happens. `None` if
/// one is a link, behind which anything may be replaced.
fn names(places: &[PathBuf]) -> Option<BTreeSet<OsString>> {
    let is_link = |place: &PathBuf| place.symlink_metadata().is_ok_and(|file| file.is_symlink());
    let named = |place: &PathBuf| place.iter().map(OsStr::to_owned).collect::<Vec<_>>();
    (!places.iter().any(is_link)).then(|| places.iter().flat_map(named).collect())
}

/// Whether something happened to what has one of these names. Where the system does not say to what, it may have.
fn is_about(event: &Event, names: Option<&BTreeSet<OsString>>) -> bool {
    let is_one =
        |path: &PathBuf, names: &BTreeSet<OsString>| path.file_name().is_none_or(|name| names.contains(name));
    names.is_none_or(|names| {
        event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(|path| is_one(path, names))
    })
}

/// Watches the folders of the files as they stand now; whether they are other ones than before.
fn watch(eye: &mut impl Watcher, watched: &mut BTreeSet<PathBuf>, places: &[PathBuf]) -> bool {
    let wanted: BTreeSet<PathBuf> = places.iter().flat_map(|place| folders(place)).collect();
    let mut is_new = false;
    for gone in watched.difference(&wanted) {
        // One that no longer exists is watched no more.
        let _ = eye.unwatch(gone);
    }
    watched.retain(|folder| wanted.contains(folder));
    for folder in wanted {
        if !watched.contains(&folder) && eye.watch(&folder, RecursiveMode::NonRecursive).is_ok() {
            is_new |= watched.insert(folder);
        }
    }
    is_new
}

/// The folder of a file, or the nearest above it that there is; where the file is a link, also that of what it leads to.
fn folders(place: &Path) -> impl Iterator<Item = PathBuf> {
    let near = place.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_owned);
    let real = std::fs::canonicalize(place).ok().and_then(|real| real.parent().map(Path::to_owned));
    near.into_iter().chain(real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use notify::event::{CreateKind, Flag};

    fn event(path: &str) -> Event {
        Event::new(EventKind::Create(CreateKind::File)).add_path(path.into())
    }

    #[test]
    fn what_else_happens_in_the_folder_of_a_file_is_no_news() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("rules/mine.toml");
        let names = names(std::slice::from_ref(&place));
        let is_news = |path: &Path| is_about(&event(path.to_str().unwrap()), names.as_ref());
        assert!(is_news(&place) && is_news(&folder.path().join("rules")));
        assert!(!is_news(&folder.path().join("rules/other.log")));
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(is_about(&lost, names.as_ref()) && is_about(&Event::new(EventKind::Any), names.as_ref()));
    }

    #[cfg(unix)]
    #[test]
    fn anything_may_be_news_behind_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("rules.toml");
        std::os::unix::fs::symlink("now/rules.toml", &place).unwrap();
        assert_eq!(names(&[place]), None);
        assert!(is_about(&event("/somewhere/now"), None));
    }
}
