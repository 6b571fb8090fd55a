//! What the shell does with changes to rules: makes them, takes them back, keeps them, and says what came of them.
//!
//! The way of a change is told in `ruling`. Knows nothing of the panels where changes are made.

use super::app::{App, Moment, Overlay};
use super::editor::Editor;
use super::keys::Action;
use super::panels::{Cx, OpenId, Opened, PanelId};
use super::ruling::RuleChange;
use super::update::Effect;

impl App {
    /// Makes a change to the rules of a session.
    pub(super) fn change_rules(&mut self, change: RuleChange, at: Moment) -> Vec<Effect> {
        let (session, what, keep) = (change.session, change.what.clone(), change.keep);
        match self.with_rulings(session, at, |rulings, opened| rulings.make(opened, change)) {
            None => self.say("This session has been closed", at),
            Some(Err(problem)) => self.say(problem.to_string(), at),
            Some(Ok(None)) => {
                let text = if keep {
                    let copy = self.state.keys.label(Action::Copy, PanelId::Rules);
                    format!("This session has ended: its rules can be tried, not kept. {copy} copies them")
                } else {
                    format!("Tried on this recording: {what}")
                };
                self.say(text, at);
            }
            Some(Ok(Some(proposal))) => return vec![Effect::Rule(proposal)],
        }
        Vec::new()
    }

    /// Takes the last change back that was made in this viewer, to the rules of the session that is selected.
    pub(super) fn undo_rules(&mut self, at: Moment) -> Vec<Effect> {
        let session = self.ruled_session(at);
        let undone = session
            .and_then(|session| self.with_rulings(session, at, super::ruling::Rulings::undo).flatten());
        match undone {
            None => self.say("Nothing has been changed here that could be taken back", at),
            Some(Err(why)) => self.say(why, at),
            Some(Ok((what, None))) => self.say(what, at),
            Some(Ok((_, Some(proposal)))) => return vec![Effect::Rule(proposal)],
        }
        Vec::new()
    }

    /// Tells the proxy to keep the rules that are shown in its rules file.
    pub(super) fn keep_rules(&mut self, at: Moment) -> Vec<Effect> {
        let Some(session) = self.ruled_session(at) else { return Vec::new() };
        let text = self.with_rulings(session, at, |rulings, opened| rulings.text(opened));
        let Some(text) = text else { return Vec::new() };
        let what = "all rules as shown".to_owned();
        self.change_rules(RuleChange { session, text, what, keep: true }, at)
    }

    /// Opens the rules of the session that is selected for writing.
    pub(super) fn edit_rules(&mut self, at: Moment) {
        let Some(session) = self.ruled_session(at) else {
            return self.say("No session is open whose rules could be written", at);
        };
        let seen = self.with_cx(at, |cx| {
            let opened = cx.sessions.iter().find(|opened| opened.id == session)?;
            Some((cx.rulings.text(opened), opened.session.header.label.clone(), opened.is_live))
        });
        if let Some((text, label, is_live)) = seen {
            self.hush();
            self.overlay = Some(Overlay::Editor(Box::new(Editor::new(session, &label, &text, is_live))));
        }
    }

    /// Takes the proxy's answer to a change.
    pub(super) fn rules_answered(
        &mut self,
        session: OpenId,
        number: u64,
        answer: Result<String, String>,
        at: Moment,
    ) {
        self.state.rulings.answered(session, number, answer.is_ok());
        let text = answer.unwrap_or_else(|why| format!("The rules have not changed: {why}"));
        self.say(text, at);
    }

    /// The session whose rules a key is about: that of the selection, else the first live one, else the first.
    pub(super) fn ruled_session(&mut self, at: Moment) -> Option<OpenId> {
        let Self { state, panels, .. } = self;
        state.with_cx(at, true, |cx| cx.ruled(panels.current().session(cx)))
    }

    fn with_cx<R>(&self, at: Moment, ask: impl FnOnce(&Cx<'_>) -> R) -> R {
        self.state.with_cx(at, true, ask)
    }

    fn with_rulings<R>(
        &mut self,
        session: OpenId,
        at: Moment,
        change: impl FnOnce(&mut super::ruling::Rulings, &Opened<'_>) -> R,
    ) -> Option<R> {
        // Taken out, because the context is made of the state that it is part of.
        let mut rulings = std::mem::take(&mut self.state.rulings);
        let done = self.state.with_cx(at, true, |cx| {
            let opened = cx.sessions.iter().find(|opened| opened.id == session)?;
            Some(change(&mut rulings, opened))
        });
        self.state.rulings = rulings;
        done
    }
}
