//! What the user is told at the foot of the screen, and when that goes away.

use std::time::Duration;

use super::app::{App, Moment};

/// How long the user is told something.
const SAID_FOR: Duration = Duration::from_secs(4);

/// A word to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What is said.
    pub text: String,
    /// Until when.
    pub until: Duration,
    /// Whether nothing has been pressed since.
    is_new: bool,
    /// Whether it answers a key: then the next one that does something takes it away. What comes from elsewhere stays
    /// its time, because nobody waited for it.
    is_answer: bool,
}

impl App {
    /// Tells the user something for some seconds.
    pub fn say(&mut self, text: impl Into<String>, at: Moment) {
        let until = at.up + SAID_FOR;
        self.said = Some(Said { text: text.into(), until, is_new: true, is_answer: false });
    }

    /// Takes back what the user was told: something else is open now that it is not about.
    pub(super) fn hush(&mut self) {
        self.said = None;
    }

    /// A key is about to do what it does; nothing of what is said by now is its answer.
    pub(super) fn before_key(&mut self) {
        self.was_idle = false;
        if let Some(said) = &mut self.said {
            said.is_new = false;
        }
    }

    /// A key has done what it does: what was said since is its answer, and what answered one before it goes, unless it
    /// did nothing.
    pub(super) fn after_key(&mut self) {
        match &mut self.said {
            Some(said) if said.is_new => said.is_answer = true,
            Some(said) if said.is_answer && !self.was_idle => self.said = None,
            Some(_) | None => {}
        }
    }
}
