//! The rows of the list of sessions, and their order. Knows nothing of how they are drawn.

use std::path::{Path, PathBuf};

use crate::trace::Header;
use crate::ui::panels::{Cx, Listed, Opened};

/// What the list is sorted by. Live sessions always come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Started,
    Label,
    Size,
}

impl Sort {
    pub(super) const ALL: [Self; 3] = [Self::Started, Self::Label, Self::Size];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Label => "session",
            Self::Size => "size",
        }
    }
}

/// A row: a session found on this machine, or one opened from elsewhere.
pub(super) struct Row<'a> {
    /// What was found of it.
    pub(super) listed: Option<&'a Listed>,
    /// What has been read of it.
    pub(super) open: Option<&'a Opened<'a>>,
}

/// What tells rows apart, whatever the order and whoever else comes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowKey {
    /// The recording.
    Recording(PathBuf),
    /// The id of a session that is not recorded.
    Unrecorded(String),
}

impl<'a> Row<'a> {
    /// Its recording; `None` where there is none.
    pub(super) fn path(&self) -> Option<&'a Path> {
        let listed = self.listed.and_then(|listed| listed.path.as_deref());
        listed.or(self.open.map(|open| open.path))
    }

    pub(super) fn key(&self) -> RowKey {
        match self.path() {
            Some(path) => RowKey::Recording(path.to_owned()),
            None => RowKey::Unrecorded(self.header().session.clone()),
        }
    }

    pub(super) fn header(&self) -> &'a Header {
        match (self.open, self.listed) {
            (Some(open), _) => &open.session.header,
            (None, Some(listed)) => &listed.header,
            (None, None) => unreachable!("a row is made of one or the other"),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.open.map_or_else(|| self.listed.is_some_and(|listed| listed.is_live), |open| open.is_live)
    }

    /// Bytes of its recording, where they are known.
    pub(super) fn size_bytes(&self) -> Option<u64> {
        let listed = self.listed.filter(|listed| listed.path.is_some()).map(|listed| listed.size_bytes);
        // One that was opened from elsewhere is not listed, and a live one has grown since it was.
        let open = self.open.map(|open| open.size_bytes).filter(|size_bytes| *size_bytes > 0);
        listed.max(open)
    }
}

/// Every session found or opened: live ones first, the rest in this order.
pub(super) fn sorted<'a>(cx: &'a Cx<'a>, sort: Sort, is_reversed: bool) -> Vec<Row<'a>> {
    let is_of = |open: &Opened<'_>, listed: &Listed| listed.path.as_deref() == Some(open.path);
    let listed = cx.listed.iter();
    let mut rows: Vec<Row<'a>> = listed
        .map(|listed| Row { listed: Some(listed), open: cx.sessions.iter().find(|open| is_of(open, listed)) })
        .collect();
    let elsewhere = cx.sessions.iter().filter(|open| !cx.listed.iter().any(|listed| is_of(open, listed)));
    rows.extend(elsewhere.map(|open| Row { listed: None, open: Some(open) }));
    rows.sort_by(|a, b| {
        let order = match sort {
            Sort::Started => b.header().started.cmp(&a.header().started),
            Sort::Label => a.header().label.to_lowercase().cmp(&b.header().label.to_lowercase()),
            Sort::Size => b.size_bytes().cmp(&a.size_bytes()),
        };
        let order = if is_reversed { order.reverse() } else { order };
        b.is_live().cmp(&a.is_live()).then(order)
    });
    rows
}
