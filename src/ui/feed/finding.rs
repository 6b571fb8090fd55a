//! The thread that looks for sessions: live ones every second or two, all recordings when something changed.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use super::{Herald, News, reading, spawn};
use crate::record::{self, Catalogue, Entry, Folders};
use crate::ui::panels::Listed;

/// How often the registry of live sessions is read while there is none, and while there is one.
const EVERY_WHILE_EMPTY: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_secs(2);

pub(super) enum Order {
    /// Search everything now.
    Search,
}

pub(super) fn start(
    herald: &Herald,
    folders: Folders,
    reading: SyncSender<reading::Order>,
) -> SyncSender<Order> {
    let (orders, taken) = sync_channel(4);
    let speaker = herald.clone();
    spawn("mcptop-find", herald, move || {
        let mut catalogue = Catalogue::default();
        let mut known: Option<BTreeMap<String, Option<PathBuf>>> = None;
        loop {
            let live: BTreeMap<_, _> = sessions(record::live(&folders)).collect();
            if known.as_ref() != Some(&live) {
                let before = known.replace(live.clone()).unwrap_or_default();
                let _ = reading.send(reading::Order::Living(live.values().flatten().cloned().collect()));
                let new = live.iter().filter(|(session, _)| !before.contains_key(*session));
                for path in new.filter_map(|(_, path)| path.as_ref()) {
                    speaker.tell(News::Appeared(path.clone()));
                }
                speaker.tell(News::Found(search(&mut catalogue, &folders)));
            }
            let wait = if live.is_empty() { EVERY_WHILE_EMPTY } else { EVERY };
            match taken.recv_timeout(wait) {
                Ok(Order::Search) => speaker.tell(News::Found(search(&mut catalogue, &folders))),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
    orders
}

/// The recordings of all live sessions.
pub(super) fn living(folders: &Folders) -> HashSet<PathBuf> {
    sessions(record::live(folders)).filter_map(|(_, path)| path).collect()
}

/// The ids of sessions, each with its recording if there is one.
fn sessions(entries: Vec<Entry>) -> impl Iterator<Item = (String, Option<PathBuf>)> {
    entries.into_iter().map(|entry| (entry.header.session, entry.recording))
}

fn search(catalogue: &mut Catalogue, folders: &Folders) -> Vec<Listed> {
    let found = catalogue.list(folders).into_iter().map(|listed| Listed {
        path: listed.path,
        header: listed.header,
        size_bytes: listed.size_bytes,
        is_live: listed.live.is_some(),
    });
    found.collect()
}
