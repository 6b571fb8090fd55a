//! What the shell does with advice: opens the board, asks for advice, and makes rules of what is selected.
//!
//! Knows nothing of how advice is found.

use super::advice::{Board, BoardReply};
use super::app::{App, Moment, Overlay};
use super::editor::Editor;
use super::panels::{CopyWhat, Copyable};
use super::update::Effect;
use crate::insight::Proposal;
use crate::rules::edit;

impl App {
    /// Opens the board for the session that is selected.
    pub(super) fn advise(&mut self, at: Moment) {
        let Some(session) = self.ruled_session(at) else {
            return self.say("No session is open to give advice on", at);
        };
        self.overlay = Some(Overlay::Advice(Box::new(Board::new(session))));
        self.ask_for_advice(at);
    }

    /// Asks for advice on the session of the board that is open, if one is.
    pub(super) fn ask_for_advice(&mut self, at: Moment) {
        let Some(Overlay::Advice(board)) = &self.overlay else { return };
        let session = board.session;
        let seen = self.state.with_cx(at, true, |cx| {
            let opened = cx.sessions.iter().find(|opened| opened.id == session)?;
            Some((opened.session.last_event(), opened.session.totals().calls))
        });
        if let Some((until, calls)) = seen {
            self.state.advices.ask(session, until, calls);
        }
    }

    /// Does what a key on the board asks for.
    pub(super) fn board_reply(&mut self, reply: BoardReply, at: Moment) -> Vec<Effect> {
        match reply {
            BoardReply::Stays => {}
            BoardReply::Left => {
                self.overlay = None;
                self.state.advices.give_up();
            }
            BoardReply::Again => self.ask_for_advice(at),
            BoardReply::Undo => return self.undo_rules(at),
            BoardReply::Copy => return self.copy_proposal(at),
            BoardReply::CopyAll => return self.copy_proposals(at),
            BoardReply::Put(put) => {
                let Some(Overlay::Advice(board)) = &self.overlay else { return Vec::new() };
                let proposals = self.state.advices.proposals(board.session);
                match self.state.with_cx(at, true, |cx| board.change(put, proposals, cx)) {
                    Ok(change) => return self.change_rules(change, at),
                    Err(why) => self.say(why, at),
                }
            }
            BoardReply::Write => self.write_proposal(at),
        }
        Vec::new()
    }

    /// Opens the rules with the selected proposal among them as text.
    fn write_proposal(&mut self, at: Moment) {
        let Some(Overlay::Advice(board)) = &self.overlay else { return };
        let proposals = self.state.advices.proposals(board.session);
        let seen = self.state.with_cx(at, true, |cx| {
            let change = board.written(proposals, cx)?;
            let opened = cx.sessions.iter().find(|opened| opened.id == board.session);
            let opened = opened.ok_or("This session has been closed")?;
            let label = &opened.session.header.label;
            let mut editor = Editor::new(opened.id, label, &cx.rulings.text(opened), opened.is_live);
            editor.propose(&change.text);
            Ok::<_, String>(editor)
        });
        match seen {
            Ok(editor) => self.overlay = Some(Overlay::Editor(Box::new(editor))),
            Err(why) => self.say(why, at),
        }
    }

    /// Copies the selected rule, or what is told where there is none.
    fn copy_proposal(&mut self, at: Moment) -> Vec<Effect> {
        let Some(Overlay::Advice(board)) = &self.overlay else { return Vec::new() };
        let Some(proposal) = board.selected(self.state.advices.proposals(board.session)) else {
            return Vec::new();
        };
        let (name, text) = match proposal.rule_text() {
            Some(rule) => ("rule", rule),
            None => ("advice", format!("{}.\n{}\n{}\n", proposal.title, proposal.evidence, proposal.risk)),
        };
        self.copy(Copyable { name, what: CopyWhat::Text(text) }, at)
    }

    /// Copies all rules that are proposed, as a rules file.
    fn copy_proposals(&mut self, at: Moment) -> Vec<Effect> {
        let Some(Overlay::Advice(board)) = &self.overlay else { return Vec::new() };
        let rules = Proposal::rules(self.state.advices.proposals(board.session));
        let text = rules.into_iter().try_fold(String::new(), |text, rule| edit::upsert(&text, rule));
        match text {
            Ok(text) if !text.is_empty() => {
                self.copy(Copyable { name: "proposed rules", what: CopyWhat::Text(text) }, at)
            }
            Ok(_) => {
                self.say("There is no rule to copy", at);
                Vec::new()
            }
            Err(problem) => {
                self.say(problem.to_string(), at);
                Vec::new()
            }
        }
    }
}
