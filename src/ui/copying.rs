//! What the shell does when something is copied: asks what, waits for the message to be read, says that it is done.
//!
//! The clipboard itself is `run`'s business.

use super::app::{App, Moment, Overlay};
use super::copy;
use super::fetched::Answer;
use super::panels::{CopyWhat, Copyable, welcome};
use super::update::Effect;
use super::widgets::number::grouped;

impl App {
    pub(super) fn open_copy_menu(&mut self, at: Moment) -> Vec<Effect> {
        let Self { state, panels, .. } = self;
        let mut choices = state.with_cx(at, true, |cx| panels.current().copyables(cx));
        let shows_welcome = state.opens.is_empty() && state.listed.is_empty();
        if choices.is_empty() && shows_welcome && panels.open.shows_sessions() {
            choices.push(welcome::copyable());
        }
        match choices.len() {
            0 => self.say("Nothing is selected that could be copied", at),
            1 => return self.copy(choices.remove(0), at),
            _ => self.overlay = Some(Overlay::CopyMenu { choices, selected: 0 }),
        }
        Vec::new()
    }

    /// Copies, or waits for the message to be read and copies then.
    pub(super) fn copy(&mut self, wanted: Copyable, at: Moment) -> Vec<Effect> {
        let (session, place) = match &wanted.what {
            CopyWhat::Text(text) => {
                let text = text.clone();
                self.say(copied(wanted.name, &text), at);
                return vec![Effect::Copy(text)];
            }
            CopyWhat::Message { session, place, .. } | CopyWhat::CommandLine { session, place } => {
                (*session, *place)
            }
        };
        let message = match self.state.bodies.get((session, place)) {
            Answer::Ready(message) => message,
            Answer::Waiting => {
                self.copying = Some(wanted);
                return Vec::new();
            }
            Answer::Failed(why) => {
                self.say(format!("Not copied: {why}"), at);
                return Vec::new();
            }
        };
        let text = match &wanted.what {
            CopyWhat::Text(text) => Some(text.clone()),
            CopyWhat::Message { pointer, .. } => copy::part_of(&message, pointer),
            CopyWhat::CommandLine { .. } => self.state.open(session).and_then(|open| {
                let model = open.shared.see();
                copy::command_line(&model.header, model.handshake().negotiated.as_deref(), &message)
            }),
        };
        let Some(text) = text else {
            self.say(format!("This message has no {}", wanted.name), at);
            return Vec::new();
        };
        self.say(copied(wanted.name, &text), at);
        vec![Effect::Copy(text)]
    }
}

/// What the user is told after a copy.
fn copied(name: &str, text: &str) -> String {
    let lines = text.lines().count();
    if lines > 1 {
        format!("Copied the {name}: {} lines", grouped(lines as u64))
    } else {
        format!("Copied the {name}: {} characters", grouped(text.chars().count() as u64))
    }
}
