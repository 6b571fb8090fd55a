//! What the state asks for and cannot do itself: files, orders to proxies, the clipboard.
//!
//! Knows nothing of why it is asked for.

use std::path::PathBuf;
use std::sync::Arc;

use super::Viewer;
use super::terminal::copy;
use crate::control::Order;
use crate::trace::{Event, Fact, Place};
use crate::ui::app::Moment;
use crate::ui::feed::Source;
use crate::ui::panels::{Deed, OpenId};
use crate::ui::resend::Errand;
use crate::ui::ruling::Proposal;
use crate::ui::update::Effect;

/// Recordings of calls sent again that are remembered, so that they are not opened by themselves.
const ERRANDS_MAX: usize = 64;

impl Viewer {
    /// Does what the state cannot do itself; returns whether to leave.
    pub(super) fn perform(&mut self, effect: Effect, at: Moment) -> bool {
        match effect {
            Effect::Quit | Effect::Deed(Deed::Quit) => return true,
            Effect::Redraw => self.screen.redraw(),
            Effect::Suspend => {
                if !self.screen.suspend() {
                    self.app.say("There is no job control here: the program cannot be suspended", at);
                }
            }
            Effect::Copy(text) => {
                if !copy(&text) {
                    self.app.say("This is too long for the clipboard of a terminal", at);
                }
            }
            Effect::Open(path) => {
                if self.app.state.opens.iter().all(|open| open.path != path) {
                    self.feed.open(Source::File(path));
                }
            }
            Effect::Play(path) => self.play(path),
            Effect::Follow => self.feed.follow(),
            Effect::Close(id) => self.close(id),
            Effect::Hold(is_held) => self.feed.hold(is_held),
            Effect::Refresh => self.feed.refresh(),
            Effect::Mark(id, text) => self.mark(id, text, at),
            Effect::Deed(Deed::Delete(path)) => self.delete(&path, at),
            Effect::Deed(Deed::StopRecording(id)) => match self.control_of(id) {
                Some(control) => {
                    self.feed.order(control, Order::StopRecording, "It is not recorded any more".to_owned());
                }
                None => self.app.say("Its proxy takes no orders", at),
            },
            Effect::Rule(proposal) => self.rule(proposal, at),
            Effect::Send(errand) => self.send(errand, at),
            Effect::Recount => {
                self.app.state.rulings.preview_again();
                self.app.state.trials.forget();
                self.app.state.advices.forget();
                self.app.state.attributions.forget(|_| true);
                self.app.state.tool_costs.forget(|_| true);
                self.feed.recount(self.app.state.profile.clone());
            }
        }
        false
    }

    /// Plays a recording from its beginning; keys steer one time cursor, so any other goes.
    fn play(&mut self, path: PathBuf) {
        let opens = &self.app.state.opens;
        opens.iter().filter(|open| open.path != path).for_each(|open| open.shared.deck.leave());
        match opens.iter().find(|open| open.path == path) {
            Some(open) => open.shared.deck.start(1.0),
            None => self.feed.play(Source::File(path), 1.0),
        }
        self.feed.follow();
    }

    fn close(&mut self, id: OpenId) {
        self.app.state.opens.retain(|open| open.id != id);
        self.app.state.bodies.forget(|(session, _)| *session == id);
        self.app.state.attributions.forget(|(session, _)| *session == id);
        self.app.state.tool_costs.forget(|(session, ..)| *session == id);
        self.app.state.rulings.forget(id);
        self.app.state.advices.close(id);
        self.feed.close(id);
    }

    /// Sends rules to the proxy of a live session.
    fn rule(&mut self, proposal: Proposal, at: Moment) {
        if let Some(control) = self.control_of(proposal.session) {
            return self.feed.rule(control, proposal);
        }
        self.app.state.rulings.answered(proposal.session, proposal.number, false);
        self.app.say("Its proxy takes no orders: the rules have not changed", at);
    }

    /// Has a call sent again.
    fn send(&mut self, errand: Arc<Errand>, at: Moment) {
        let recording = match &self.folders {
            Some(folders) => {
                folders.recording_at(at.wall, &errand.label()).map_err(|error| error.to_string())
            }
            None => Err("There is no folder to record the new session in".to_owned()),
        };
        let state = &mut self.app.state;
        state.errands.extend(recording.clone().ok());
        let excess = state.errands.len().saturating_sub(ERRANDS_MAX);
        state.errands.drain(..excess);
        self.feed.send(errand, self.courier.clone(), recording, state.profile.clone());
    }

    fn control_of(&self, id: OpenId) -> Option<PathBuf> {
        let open = self.app.state.open(id)?;
        let session = open.shared.see().header.session.clone();
        self.feed.control_of(self.folders.as_ref()?, &session)
    }

    /// Puts a remark into a live session's recording; into this viewer's picture alone if it has ended.
    fn mark(&mut self, id: OpenId, text: String, at: Moment) {
        let is_live = self.app.state.open(id).is_some_and(|open| open.shared.is_live());
        if let Some(control) = self.control_of(id).filter(|_| is_live) {
            return self.feed.order(control, Order::Mark { text }, "Marked".to_owned());
        }
        let Some(open) = self.app.state.open(id) else { return };
        let mut session = open.shared.see();
        let event = Event { at: session.last_event(), fact: Fact::Note { text: text.into() } };
        session.apply(&event, Place::default());
        drop(session);
        self.app.say("Marked until this viewer is left: the recording is closed", at);
    }

    fn delete(&mut self, path: &PathBuf, at: Moment) {
        match std::fs::remove_file(path) {
            Ok(()) => {
                let open = self.app.state.opens.iter().find(|open| open.path == *path).map(|open| open.id);
                if let Some(id) = open {
                    self.close(id);
                }
                self.app.state.listed.retain(|listed| listed.path.as_ref() != Some(path));
                self.app.say("Deleted", at);
                self.feed.refresh();
            }
            Err(error) => self.app.say(format!("Not deleted: {error}"), at),
        }
    }
}
