//! What is done with a single call as a whole: it is kept in mind so that another one can be compared with it, or a playback goes
//! to where it began.
//!
//! Knows nothing of what a comparison shows.

use ratatui::text::{Line, Span};

use super::columns::Field;
use super::{CallId, Calls, Reply, columns};
use crate::model::Operation;
use crate::ui::keys::Action;
use crate::ui::panels::{Cx, Opened, PanelId};
use crate::ui::side_by_side::Pair;
use crate::ui::theme::Role;
use crate::ui::widgets::clip;

impl Calls {
    /// Keeps the selected call in mind; the picked one is let go.
    pub(super) fn pick(&mut self, cx: &Cx<'_>) -> Reply {
        let Some(call) = self.selected else { return Reply::Ignored };
        if self.picked == Some(call) {
            self.picked = None;
            return Reply::Say("No call is picked any more".to_owned());
        }
        self.picked = Some(call);
        // The newest call would take the selection away from the one that is compared.
        self.follow = false;
        let words = self.picked_words(cx).unwrap_or_default();
        let compare = cx.keys.label(Action::Compare, PanelId::Calls);
        Reply::Say(format!("Picked {words}: {compare} compares another call with it"))
    }

    /// Shows the selected call beside the picked one.
    pub(super) fn compare(&self, cx: &Cx<'_>) -> Reply {
        let say = |text: &str| Reply::Say(text.to_owned());
        let Some(selected) = self.selected else { return Reply::Ignored };
        match self.picked.filter(|call| Self::found(*call, cx).is_some()) {
            None => {
                let [pick, compare] =
                    [Action::Pick, Action::Compare].map(|action| cx.keys.label(action, PanelId::Calls));
                say(&format!("{pick} picks a call; then {compare} compares another one with it"))
            }
            Some(picked) if picked == selected => say("This is the picked call: select another one"),
            Some(picked) => {
                let of = |call: CallId| (call.session, call.operation);
                Reply::SideBySide(Pair::Calls([of(picked), of(selected)]))
            }
        }
    }

    /// Sends the time cursor to where the selected call began.
    pub(super) fn seek(&self, cx: &Cx<'_>) -> Reply {
        match self.selected.and_then(|call| Self::found(call, cx)) {
            Some((opened, operation)) => Reply::Seek(opened.id, operation.started()),
            None => Reply::Ignored,
        }
    }

    /// What the picked call is called, if one is.
    pub(super) fn picked_words(&self, cx: &Cx<'_>) -> Option<String> {
        let (opened, operation) = Self::found(self.picked?, cx)?;
        let name = columns::name(opened, operation, NAME_CELLS, cx).to_string();
        Some(format!("{} (id {})", name.trim_end(), clip::middle(operation.id().as_str(), ID_CELLS)))
    }
}

/// The name of the picked call in the list: with a mark that needs no colour.
pub(super) fn marked(opened: &Opened<'_>, operation: &Operation, width: u16, cx: &Cx<'_>) -> Line<'static> {
    let mark = format!("{} ", cx.theme.glyphs.note);
    let room = width.saturating_sub(u16::try_from(clip::width(&mark)).unwrap_or(0));
    let name = Field::Name.cell(opened, operation, room, cx);
    let mark = Span::styled(mark, cx.theme.style(Role::Accent));
    Line::from([vec![mark], name.spans].concat())
}

/// Cells of a call's name and of its id, at most.
const NAME_CELLS: usize = 24;
const ID_CELLS: usize = 12;
