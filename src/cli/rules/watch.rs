//! Tells when files may have changed, appeared or gone, without looking at them in between.
//!
//! Their folders are watched, because editors replace files. Knows nothing of what is in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    let told = news.clone();
    let see = move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| is_change(event.kind)) {
            told.notify_one();
        }
    };
    let Ok(mut eye) = notify::recommended_watcher(see) else { return };
    let mut watched = BTreeSet::new();
    loop {
        // What has come about since the folders were chosen is not missed: it is looked at once more after that.
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
