//! The state of a call that is being sent again, and what keys do to it.
//!
//! Knows nothing of how it is drawn.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::errand::{Errand, Report};
use crate::insight::resend::{Schema, Subject, Verdict as Judgement, edited, part_of, pretty};
use crate::ui::keys::{Action, Bindings, Press};
use crate::ui::panels::{OVER, OpenId};
use crate::ui::prompt::{Prompt, PromptReply, Verdict};
use crate::ui::widgets::scroll::Scroll;
use crate::ui::writing::Writing;

/// Lines the wheel moves.
const WHEEL_LINES: usize = 3;

/// Whether a key goes back.
fn is_left(key: KeyEvent, keys: &Bindings) -> bool {
    matches!(keys.action_over(Press::of(&key), OVER), Some(Action::Back | Action::Quit))
}

/// A folder as it is typed, where `~` is the user's own as in a shell.
fn from_home(typed: &str) -> PathBuf {
    let rest = typed.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (rest, std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')),
        _ => PathBuf::from(typed),
    }
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResendReply {
    /// It is still open.
    Stays,
    /// The user is done.
    Left,
    /// Send it.
    Send(Arc<Errand>),
    /// Show the recording of the new session.
    Open(PathBuf),
    /// Put this on the clipboard.
    Copy(String),
}

/// A call that is being sent again.
#[derive(Debug)]
pub struct Resend {
    /// The session it was recorded in.
    pub session: OpenId,
    pub(super) subject: Subject,
    pub(super) client: Option<String>,
    pub(super) schema: Schema,
    /// The request as it was recorded; empty until it has been read.
    request: String,
    /// What is edited of it, as it was.
    original: String,
    /// The same over lines, as it is opened.
    opened_as: String,
    pub(super) writing: Writing,
    pub(super) verdict: Judgement,
    /// The folder the server is started in; that of the viewer if there is none.
    pub(super) folder: Option<PathBuf>,
    pub(super) here: Option<PathBuf>,
    pub(super) stage: Stage,
    pub(super) scroll: Scroll,
    /// How many lines are scrolled through.
    pub(super) lines: usize,
}

/// How far it is.
#[derive(Debug)]
pub(super) enum Stage {
    /// The request is being read from the recording.
    Reading,
    /// It cannot be read; why, for people.
    Unreadable(String),
    /// It is being written in.
    Writing {
        /// Whether leaving it has to be confirmed: it was changed.
        asks_to_leave: bool,
    },
    /// What will run is shown.
    Asking {
        /// The folder, while it is typed.
        folder: Option<Box<Prompt>>,
    },
    /// It is under way.
    Running {
        /// What.
        errand: Arc<Errand>,
        /// Since when, in the viewer's time; known once it has been drawn.
        since: Option<Duration>,
    },
    /// It is over.
    Done(Box<Report>),
}

impl Resend {
    /// Of a recorded call. `client` is how the client called itself, `here` the folder this viewer was started in.
    #[must_use]
    pub fn new(session: OpenId, subject: Subject, client: Option<String>, here: Option<PathBuf>) -> Self {
        let schema = Schema::of(subject.schema.as_ref());
        Self {
            session,
            client,
            verdict: schema.judge("{}"),
            schema,
            subject,
            request: String::new(),
            original: String::new(),
            opened_as: String::new(),
            writing: Writing::new(""),
            folder: None,
            here,
            stage: Stage::Reading,
            scroll: Scroll::default(),
            lines: 0,
        }
    }

    /// The request has been read, or cannot be.
    pub(super) fn read(&mut self, request: Result<&str, String>) {
        let part = request.and_then(|request| {
            let part = part_of(request, self.subject.part);
            part.map(|part| (request, part))
                .ok_or_else(|| "its request is no message of the protocol".to_owned())
        });
        match part {
            Ok((request, part)) => {
                request.clone_into(&mut self.request);
                self.opened_as = pretty(&part);
                self.original = part;
                self.writing = Writing::new(&self.opened_as);
                self.stage = Stage::Writing { asks_to_leave: false };
                self.judge();
            }
            Err(why) => self.stage = Stage::Unreadable(why),
        }
    }

    /// Whether the screen changes although nothing happens.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running { .. })
    }

    /// What came of an errand. Says whether it was the one that is under way here.
    pub fn returned(&mut self, errand: &Errand, report: Report) -> bool {
        match &self.stage {
            Stage::Running { errand: own, .. } if **own == *errand => {
                self.scroll = Scroll::default();
                self.stage = Stage::Done(Box::new(report));
                true
            }
            _ => false,
        }
    }

    pub(super) fn is_changed(&self) -> bool {
        self.writing.text() != self.opened_as
    }

    fn judge(&mut self) {
        self.verdict = self.schema.judge(&self.writing.text());
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent, keys: &Bindings) -> ResendReply {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match &mut self.stage {
            Stage::Reading | Stage::Unreadable(_) if is_left(key, keys) => ResendReply::Left,
            Stage::Reading | Stage::Unreadable(_) => ResendReply::Stays,
            Stage::Writing { asks_to_leave } => {
                if std::mem::take(asks_to_leave) {
                    return match key.code {
                        KeyCode::Char('y' | 'Y') => ResendReply::Left,
                        _ => ResendReply::Stays,
                    };
                }
                self.writing_key(key, ctrl)
            }
            Stage::Asking { folder: Some(prompt) } => {
                let reply = prompt.key(key);
                self.folder_reply(reply)
            }
            Stage::Asking { folder: None } => self.asking_key(key, ctrl, keys),
            Stage::Running { errand, .. } => {
                match (is_left(key, keys), errand.is_given_up()) {
                    (true, false) => errand.give_up(),
                    // It ends by itself; nobody has to wait for that.
                    (true, true) => return ResendReply::Left,
                    (false, _) => {}
                }
                ResendReply::Stays
            }
            Stage::Done(_) => self.done_key(key, ctrl, keys),
        }
    }

    fn writing_key(&mut self, key: KeyEvent, ctrl: bool) -> ResendReply {
        match key.code {
            KeyCode::Esc => return self.leave(),
            KeyCode::Char('c' | 'q') if ctrl => return self.leave(),
            KeyCode::Char('s') if ctrl => self.go_on(),
            KeyCode::Char('e') if ctrl => self.jump_to_problem(),
            _ => {
                self.writing.key(key);
                self.judge();
            }
        }
        ResendReply::Stays
    }

    fn leave(&mut self) -> ResendReply {
        if !self.is_changed() {
            return ResendReply::Left;
        }
        self.stage = Stage::Writing { asks_to_leave: true };
        ResendReply::Stays
    }

    /// Shows what will run. A text that is no JSON cannot be sent; one that does not fit the schema can.
    fn go_on(&mut self) {
        match &self.verdict {
            Judgement::NotJson(_) => self.jump_to_problem(),
            Judgement::Object(_) => {
                self.scroll = Scroll::default();
                self.stage = Stage::Asking { folder: None };
            }
        }
    }

    /// To the next problem behind the cursor, or else to the first.
    fn jump_to_problem(&mut self) {
        let (line, column) = self.writing.cursor();
        let problems = self.verdict.problems();
        let mut places: Vec<(usize, usize)> =
            problems.iter().map(|problem| (problem.line, problem.column)).collect();
        places.sort_unstable();
        let next = places.iter().find(|place| **place > (line + 1, column + 1)).or(places.first());
        if let Some((line, column)) = next.copied() {
            self.writing.jump(line, column);
        }
    }

    fn asking_key(&mut self, key: KeyEvent, ctrl: bool, keys: &Bindings) -> ResendReply {
        match key.code {
            KeyCode::Char('f') if self.is_started() && !ctrl => {
                let folder = self.folder.clone().or_else(|| self.here.clone()).unwrap_or_default();
                let mut prompt = Prompt::new("folder", &folder.display().to_string(), Vec::new());
                prompt.verdict =
                    Verdict::Good("where the server is started; empty: where this viewer was".to_owned());
                self.stage = Stage::Asking { folder: Some(Box::new(prompt)) };
            }
            KeyCode::Char('q') if ctrl => self.write(),
            _ if is_left(key, keys) => self.write(),
            _ => match keys.action_over(Press::of(&key), OVER) {
                Some(Action::Open) => return self.send(),
                action => self.scroll_by(action),
            },
        }
        ResendReply::Stays
    }

    /// Whether a process is started for it.
    pub(super) fn is_started(&self) -> bool {
        matches!(self.subject.back, crate::trace::Back::Command { .. })
    }

    fn write(&mut self) {
        self.stage = Stage::Writing { asks_to_leave: false };
    }

    fn folder_reply(&mut self, reply: PromptReply) -> ResendReply {
        match reply {
            PromptReply::Stays | PromptReply::Edited => return ResendReply::Stays,
            PromptReply::Given => {}
            PromptReply::Accepted(text) => {
                let typed = from_home(text.trim());
                self.folder = match &self.here {
                    _ if typed.as_os_str().is_empty() => None,
                    Some(here) => Some(here.join(typed)),
                    None => Some(typed),
                };
            }
        }
        self.stage = Stage::Asking { folder: None };
        ResendReply::Stays
    }

    fn send(&mut self) -> ResendReply {
        let now = self.writing.text();
        let Some(request) = edited(&self.request, self.subject.part, &now) else { return ResendReply::Stays };
        let parts = [self.original.clone(), now];
        let folder = self.folder.clone();
        let errand = Arc::new(Errand::new(self.session, self.subject.clone(), request, parts, folder));
        self.stage = Stage::Running { errand: errand.clone(), since: None };
        ResendReply::Send(errand)
    }

    fn done_key(&mut self, key: KeyEvent, ctrl: bool, keys: &Bindings) -> ResendReply {
        let Stage::Done(report) = &self.stage else { return ResendReply::Stays };
        match key.code {
            KeyCode::Char('e') if !ctrl => self.write(),
            KeyCode::Char('o') if !ctrl => {
                if let Some(recording) = &report.recording {
                    return ResendReply::Open(recording.clone());
                }
            }
            _ if is_left(key, keys) => return ResendReply::Left,
            _ => match keys.action_over(Press::of(&key), OVER) {
                Some(Action::Copy) => {
                    if let Some(answer) = &report.answer {
                        return ResendReply::Copy(pretty(answer));
                    }
                }
                action => self.scroll_by(action),
            },
        }
        ResendReply::Stays
    }

    fn scroll_by(&mut self, action: Option<Action>) {
        if let Some(action) = action {
            self.scroll.act_at_top(action, self.lines);
        }
    }

    /// Turns the wheel.
    pub fn wheel(&mut self, lines: i16) {
        let action = if lines < 0 { Action::Up } else { Action::Down };
        if matches!(self.stage, Stage::Asking { folder: None } | Stage::Done(_)) {
            for _ in 0..WHEEL_LINES {
                self.scroll.act_at_top(action, self.lines);
            }
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        match &mut self.stage {
            Stage::Writing { asks_to_leave: false } => {
                self.writing.paste(text);
                self.judge();
            }
            Stage::Asking { folder: Some(prompt) } => {
                prompt.paste(text);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_users_own_folder() {
        let home = std::env::home_dir().unwrap();
        assert_eq!(from_home("~"), home);
        assert_eq!(from_home("~/work"), home.join("work"));
        for elsewhere in ["~other", "work/~", "/work", ""] {
            assert_eq!(from_home(elsewhere), PathBuf::from(elsewhere));
        }
    }
}
