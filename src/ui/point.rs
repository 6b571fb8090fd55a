//! What the shell does with a rule that is being made by pointing: opens the question, makes the rule, or hands it to the
//! editor.
//!
//! Knows nothing of what a rule says.

use super::app::{App, Moment, Overlay};
use super::editor::Editor;
use super::pointed::{Dialog, DialogReply, Pointing};
use super::update::Effect;

impl App {
    /// Asks how a rule is meant that is made of what is pointed at.
    pub(super) fn point(&mut self, pointing: Pointing) {
        self.overlay = Some(Overlay::Point(Box::new(Dialog::new(pointing))));
    }

    /// Does what a key in the question asks for.
    pub(super) fn dialog_reply(&mut self, reply: DialogReply, at: Moment) -> Vec<Effect> {
        let keep = match reply {
            DialogReply::Stays => return Vec::new(),
            DialogReply::Given => {
                self.overlay = None;
                return Vec::new();
            }
            DialogReply::Write => None,
            DialogReply::Confirmed { keep } => Some(keep),
        };
        let Some(Overlay::Point(dialog)) = &self.overlay else { return Vec::new() };
        let change = self.state.with_cx(at, true, |cx| dialog.change(cx, keep.unwrap_or(false)));
        match (change, keep) {
            // What is wrong stands in the question, which stays open.
            (Err(why), _) => self.say(why, at),
            (Ok(change), Some(_)) => {
                self.overlay = None;
                return self.change_rules(change, at);
            }
            (Ok(change), None) => {
                let seen = self.state.with_cx(at, true, |cx| {
                    let opened = cx.sessions.iter().find(|opened| opened.id == change.session)?;
                    Some((cx.rulings.text(opened), opened.session.header.label.clone(), opened.is_live))
                });
                let Some((text, label, is_live)) = seen else { return Vec::new() };
                self.hush();
                let mut editor = Editor::new(change.session, &label, &text, is_live);
                editor.propose(&change.text);
                self.overlay = Some(Overlay::Editor(Box::new(editor)));
            }
        }
        Vec::new()
    }
}
