//! What the forms say of a comparison; the words are those of the viewer.

use super::Side;
use crate::ui::side_by_side::words::session;
use crate::ui::widgets::clip;

pub(super) use crate::ui::side_by_side::words::{cells, difference, drifted, verdict};

/// One of the recordings in a line.
pub(super) fn side(side: &Side<'_>) -> String {
    let label = clip::visible(&side.figures.session.header.label);
    format!("{} ({label}): {}", side.file.display(), session(side.figures))
}
