//! What the shell does with a time cursor: plays a session, holds it, sends the cursor to calls and times, changes its pace.
//!
//! The cursor is a [`Deck`](super::deck::Deck); whoever reads the recording is told to follow it. Knows nothing of files or threads.

use std::path::PathBuf;

use super::app::{App, Moment, Overlay};
use super::cursor::pace;
use super::deck::{Goal, Motion, Playback};
use super::keys::{Action, Turn};
use super::open::OpenSession;
use super::panels::OpenId;
use super::prompt::{Prompt, PromptReply, Verdict};
use super::update::Effect;
use super::widgets::number::moment;
use crate::model::Operation;
use crate::trace::Micros;

mod whither;

use whither::whither;

impl App {
    /// Plays a recording from its beginning. A screen that is held would not show it.
    pub(super) fn play(&mut self, path: PathBuf) -> Vec<Effect> {
        let mut effects = vec![Effect::Play(path)];
        if self.state.paused.take().is_some() {
            effects.push(Effect::Hold(false));
        }
        effects
    }

    /// Steers the time cursor; without one, the selected session is played.
    pub(super) fn turn(&mut self, turn: Turn, at: Moment) -> Vec<Effect> {
        let Some((open, playback)) = self.state.played() else {
            if turn == Turn::Play {
                return self.play_selected(at);
            }
            let play = self.state.keys.label(Action::Playback(Turn::Play), self.panels.open);
            self.say(format!("Nothing is played: {play} plays the selected session"), at);
            return Vec::new();
        };
        let deck = &open.shared.deck;
        let said = match turn {
            Turn::Play => {
                deck.hold_or_go_on();
                None
            }
            Turn::Next if playback.motion == Motion::Over => Some("This is the end".to_owned()),
            Turn::Next => {
                deck.seek(Goal::Calls(next(open)), true);
                None
            }
            Turn::Previous => match before(open, playback) {
                Some(to) => {
                    deck.seek(Goal::Time(to), true);
                    None
                }
                None => Some("No call has begun before this".to_owned()),
            },
            Turn::Faster | Turn::Slower => deck
                .change_speed(turn == Turn::Faster)
                .map(|speed| format!("Played {} as fast as it was", pace(speed))),
            Turn::To => {
                let session = open.id;
                return self.open_time(session);
            }
            Turn::Leave => {
                deck.leave();
                Some("All of the session is shown again".to_owned())
            }
            // The panel says which call that is.
            Turn::Here => None,
        };
        if let Some(said) = said {
            self.say(said, at);
        }
        vec![Effect::Follow]
    }

    /// Sends the time cursor of a session to one of its times; it stands still there.
    pub(super) fn seek(&mut self, session: OpenId, to: Micros, at: Moment) -> Vec<Effect> {
        let Some(open) = self.state.open(session).filter(|open| open.playback().is_some()) else {
            let play = self.state.keys.label(Action::Playback(Turn::Play), self.panels.open);
            self.say(format!("This session is not played: {play} plays it"), at);
            return Vec::new();
        };
        open.shared.deck.seek(Goal::Time(to), true);
        vec![Effect::Follow]
    }

    fn play_selected(&mut self, at: Moment) -> Vec<Effect> {
        let selected = self.ruled_session(at).and_then(|id| self.state.open(id));
        let Some(path) = selected.map(|open| open.path.clone()) else {
            self.say("No session is open to be played", at);
            return Vec::new();
        };
        self.play(path)
    }

    fn open_time(&mut self, session: OpenId) -> Vec<Effect> {
        let prompt = Prompt::new("go to:", "", Vec::new());
        self.overlay = Some(Overlay::Time { prompt, session });
        self.judge_time();
        Vec::new()
    }

    /// Says under the prompt what its text means.
    fn judge_time(&mut self) {
        let Some(Overlay::Time { prompt, session }) = &self.overlay else { return };
        let playback = self.state.open(*session).and_then(OpenSession::playback);
        let verdict = match playback.map(|playback| whither(prompt.text(), playback)) {
            Some(Ok(goal)) => Verdict::Good(words(goal, playback.and_then(|playback| playback.until))),
            None => Verdict::Wrong { at: 0, problem: "this session is not played any more".to_owned() },
            Some(Err(_)) if prompt.text().trim().is_empty() => Verdict::Good(whither::EXAMPLES.to_owned()),
            Some(Err(problem)) => Verdict::Wrong { at: 0, problem: problem.to_owned() },
        };
        if let Some(Overlay::Time { prompt, .. }) = &mut self.overlay {
            prompt.verdict = verdict;
        }
    }

    /// Does what a key in the prompt for a time asks for.
    pub(super) fn time_reply(&mut self, reply: PromptReply) -> Vec<Effect> {
        let Some(Overlay::Time { session, .. }) = &self.overlay else { return Vec::new() };
        match reply {
            PromptReply::Stays => Vec::new(),
            PromptReply::Given => self.close_overlay(),
            PromptReply::Edited => {
                self.judge_time();
                Vec::new()
            }
            PromptReply::Accepted(text) => {
                let Some(open) = self.state.open(*session) else { return self.close_overlay() };
                let Some(Ok(goal)) = open.playback().map(|playback| whither(&text, playback)) else {
                    return if text.trim().is_empty() { self.close_overlay() } else { Vec::new() };
                };
                open.shared.deck.seek(goal, false);
                self.overlay = None;
                vec![Effect::Follow]
            }
        }
    }
}

fn words(goal: Goal, until: Option<Micros>) -> String {
    match (goal, until) {
        (Goal::Time(to), Some(until)) if to > until => {
            format!("to the end: the recording is over after {}", moment(until.0))
        }
        (Goal::Time(to), _) => format!("to {} after the start", moment(to.0)),
        (Goal::Calls(call), _) => format!("to where call {call} begins"),
    }
}

/// How many calls have begun when the next one has.
fn next(open: &OpenSession) -> usize {
    // Steps that are still to be taken add up.
    let begun = open.shared.see().operations().len();
    match open.shared.deck.order().and_then(|order| order.goal) {
        Some(Goal::Calls(calls)) => calls.max(begun) + 1,
        Some(Goal::Time(_)) | None => begun + 1,
    }
}

/// When the last call before the time cursor began.
fn before(open: &OpenSession, playback: Playback) -> Option<Micros> {
    // Steps that are still to be taken add up here as well.
    let from = match open.shared.deck.order().and_then(|order| order.goal) {
        Some(Goal::Time(to)) => to,
        Some(Goal::Calls(_)) | None => playback.at,
    };
    let session = open.shared.see();
    let begun = session.operations().iter().rev().map(Operation::started);
    begun.into_iter().find(|begun| *begun < from)
}
