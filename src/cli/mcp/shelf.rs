//! The sessions that can be asked about: those that mcptop has recorded for this user, and no other file.
//!
//! Keeps the one that was asked about last, because questions come in a row.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::passes;
use crate::model::Session;
use crate::record::{Bodies, Catalogue, Folders, Listed};
use crate::tokens::Profile;

/// Characters of a session's id that are enough to name it.
const ID_MIN: usize = 8;

/// What has been recorded.
pub(super) struct Shelf {
    folders: Folders,
    catalogue: Catalogue,
    pub(super) profile: Profile,
    opened: Option<Arc<Opened>>,
}

/// A session that has been read, and its tokens counted.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    size_bytes: u64,
    pub(super) is_live: bool,
    pub(super) session: Session,
    pub(super) bodies: Bodies,
}

impl Shelf {
    pub(super) fn new(folders: Folders, profile: Profile) -> Self {
        Self { folders, catalogue: Catalogue::default(), profile, opened: None }
    }

    /// Every recorded session, live ones first, then the newest.
    pub(super) fn list(&mut self) -> Vec<Listed> {
        let mut all = self.catalogue.list(&self.folders);
        all.retain(|listed| listed.path.is_some());
        all
    }

    /// The session of this id (or its beginning) or of a server of this name; the newest of all without a name.
    ///
    /// # Errors
    /// If there is none, in words for whoever asked.
    pub(super) fn open(&mut self, name: Option<&str>) -> Result<Arc<Opened>, String> {
        let all = self.list();
        let is_meant = |listed: &&Listed| {
            name.is_none_or(|name| {
                listed.header.label == name || name.len() >= ID_MIN && listed.header.session.starts_with(name)
            })
        };
        let Some((listed, path)) =
            all.iter().find(is_meant).and_then(|listed| Some((listed, listed.path.clone()?)))
        else {
            return Err(match name {
                Some(name) => {
                    format!("there is no session of the name or id {name:?}; list_sessions lists them")
                }
                None => "nothing has been recorded yet".to_owned(),
            });
        };
        let known = self.opened.as_ref();
        if let Some(known) = known.filter(|known| known.path == path && known.size_bytes == listed.size_bytes)
        {
            return Ok(known.clone());
        }
        let (session, bodies) = passes::session_and_bodies(&path, Some(&self.profile))?;
        let is_live = listed.live.is_some();
        let opened = Arc::new(Opened { path, size_bytes: listed.size_bytes, is_live, session, bodies });
        self.opened = Some(opened.clone());
        Ok(opened)
    }
}
