//! Changes to rules, wherever on the screen they are made: one way for all of them.
//!
//! ```text
//! panel    let change = RuleChange::edit(cx, session, "weather: observe", |text| edit::set_mode(text, name, mode));
//!          Reply::Rule(change)                       the whole new text, checked; or why there is none
//! update   Rulings::make(change)                     remembers what was before, shows the new text at once
//!          Effect::Rule(Proposal)                    to be sent to the proxy, off the drawing thread
//! run      Order::SetRules over the control socket   its answer comes back as Input::Ruled
//! update   Rulings::answered(..)                     a refusal takes the new text back and tells why
//! ```
//! The proxy of a live session acknowledges in the recording: from then on what is shown is what the recording says is in
//! force. For a recording that has ended a change is a trial: it moves the preview (what the rules would have saved) and
//! nothing else. Knows nothing of sockets, files and threads.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::fetched::Answer;
use super::panels::{Cx, OpenId, Opened};
use super::preview::Preview;
use crate::rules::undo::take_back;
use crate::rules::{Problem, Ruleset};
use crate::trace::Micros;

/// A change that somebody wants to make to the rules of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// Whose rules.
    pub session: OpenId,
    /// All rules as they are to be: the text of a rules file that parses.
    pub text: Arc<str>,
    /// What changes, for the notice and for undo: `"weather cache: observe"`.
    pub what: String,
    /// Whether the rules file is to keep it; else it is for the session alone.
    pub keep: bool,
}

impl RuleChange {
    /// A change to the text that is shown for a session, for the session alone.
    ///
    /// # Errors
    /// If the text cannot be changed so, in words for the user.
    pub fn edit(
        cx: &Cx<'_>,
        session: OpenId,
        what: impl Into<String>,
        edit: impl FnOnce(&str) -> Result<String, Problem>,
    ) -> Result<Self, String> {
        let opened = cx.sessions.iter().find(|opened| opened.id == session);
        let opened = opened.ok_or_else(|| "This session has been closed".to_owned())?;
        let text = edit(&cx.rulings.text(opened)).map_err(|problem| problem.to_string())?;
        Ok(Self { session, text: text.into(), what: what.into(), keep: false })
    }
}

/// A change on its way to the proxy of a live session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Whose rules.
    pub session: OpenId,
    /// All rules.
    pub text: Arc<str>,
    /// Whether the rules file is to keep them.
    pub keep: bool,
    /// Which change of this session it is, so that its answer finds it.
    pub number: u64,
    /// What the user is told when it is done.
    pub done: String,
}

/// How the rules that are shown for a session stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are in force, or were when the recording ended.
    InForce,
    /// They are on their way to the proxy.
    Sent,
    /// They are tried on the recording of a session that has ended.
    Trial,
}

/// Changes that can be taken back, for each session.
const UNDO_MAX: usize = 64;

/// What this viewer has changed.
#[derive(Debug, Default)]
pub struct Rulings {
    desks: HashMap<OpenId, Desk>,
    previews: RefCell<HashMap<OpenId, Previewed>>,
    wanted: RefCell<HashMap<OpenId, Arc<str>>>,
}

/// A text, and what it would have saved.
type Previewed = (Arc<str>, Answer<Preview>);

/// The rules of one session as this viewer has changed them.
#[derive(Debug, Default)]
struct Desk {
    draft: Option<Draft>,
    /// What was changed, oldest first.
    undo: Vec<Step>,
    number: u64,
    /// Whether the last change has put a step on the stack of undo.
    has_step: bool,
    /// The text put in force last, and whether it is kept.
    last: Option<(Arc<str>, bool)>,
}

/// A change that was made here: the texts before and after it, and what it was.
#[derive(Clone, Debug)]
struct Step {
    before: Arc<str>,
    after: Arc<str>,
    what: String,
}

/// A text that is not in force yet, or never will be.
#[derive(Debug)]
struct Draft {
    text: Arc<str>,
    /// When the rules before it were put in force: it is over with any that came later, but for those of `earlier`.
    after: Option<Micros>,
    /// What was sent before it and may still be told of in the recording.
    earlier: Vec<Arc<str>>,
    /// The proxy has answered that it is in force. It records nothing if it was before.
    is_done: bool,
}

impl Rulings {
    /// All rules of a session as they are shown: changed here a moment ago, else as the recording says.
    #[must_use]
    pub fn text(&self, opened: &Opened<'_>) -> Arc<str> {
        let in_force = opened.session.rules().in_force();
        match self.draft(opened) {
            Some(draft) => draft.text.clone(),
            None => in_force.map_or_else(|| Arc::from(""), |rules| rules.text.clone()),
        }
    }

    /// How what is shown stands.
    #[must_use]
    pub fn standing(&self, opened: &Opened<'_>) -> Standing {
        match self.draft(opened) {
            None => Standing::InForce,
            Some(_) if opened.is_live => Standing::Sent,
            Some(_) => Standing::Trial,
        }
    }

    /// What `u` would take back in a session.
    #[must_use]
    pub fn undoable(&self, session: OpenId) -> Option<&str> {
        Some(&self.desks.get(&session)?.undo.last()?.what)
    }

    /// Whether what is in force is kept in the rules file, where this viewer has put it in force.
    #[must_use]
    pub fn is_kept(&self, opened: &Opened<'_>) -> Option<bool> {
        let (text, is_kept) = self.desks.get(&opened.id)?.last.as_ref()?;
        let in_force = opened.session.rules().in_force()?;
        (opened.is_live && *in_force.text == **text).then_some(*is_kept)
    }

    fn draft(&self, opened: &Opened<'_>) -> Option<&Draft> {
        let draft = self.desks.get(&opened.id)?.draft.as_ref()?;
        if draft.is_done && is_in_force(opened, &draft.text) {
            return None;
        }
        let later = opened.session.rules().history().rev().take_while(|rules| Some(rules.at) > draft.after);
        let is_earlier =
            |text: &str| text != &*draft.text && draft.earlier.iter().any(|sent| **sent == *text);
        later.map(|rules| &*rules.text).all(is_earlier).then_some(draft)
    }

    /// Makes a change: it is shown from now on. What has to be sent, for a live session.
    ///
    /// # Errors
    /// If the text is no rules file: then nothing has changed.
    pub fn make(&mut self, opened: &Opened<'_>, change: RuleChange) -> Result<Option<Proposal>, Problem> {
        Ruleset::parse(&change.text)?;
        let before = self.text(opened);
        let desk = self.desks.entry(change.session).or_default();
        desk.has_step = *before != *change.text;
        if desk.has_step {
            if desk.undo.len() == UNDO_MAX {
                desk.undo.remove(0);
            }
            desk.undo.push(Step { before, after: change.text.clone(), what: change.what.clone() });
        }
        let word = if change.keep { "Kept in the rules file" } else { "In force" };
        let done = format!("{word}: {}", change.what);
        Ok(self.put(opened, change.text, change.keep, done))
    }

    /// Takes the last change of a session back, and leaves what others have changed since. `None` if there is none. A
    /// change that cannot be taken back any more is forgotten, so that those before it can be.
    ///
    /// # Errors
    /// If what was changed has been changed again since, in words for the user: then nothing has changed.
    pub fn undo(&mut self, opened: &Opened<'_>) -> Option<Result<(String, Option<Proposal>), String>> {
        let now = self.text(opened);
        let desk = self.desks.get_mut(&opened.id)?;
        let step = desk.undo.pop()?;
        let text = match take_back(&now, &step.before, &step.after) {
            Ok(text) => text,
            Err(error) => return Some(Err(format!("Not taken back ({}): {error}", step.what))),
        };
        desk.has_step = false;
        let done = format!("Taken back: {}", step.what);
        Some(Ok((done.clone(), self.put(opened, text.into(), false, done))))
    }

    fn put(&mut self, opened: &Opened<'_>, text: Arc<str>, keep: bool, done: String) -> Option<Proposal> {
        let in_force = opened.session.rules().in_force();
        let mut earlier = match self.draft(opened) {
            Some(draft) => draft.earlier.iter().chain([&draft.text]).cloned().collect(),
            None => Vec::new(),
        };
        if earlier.len() > UNDO_MAX {
            earlier.remove(0);
        }
        let desk = self.desks.entry(opened.id).or_default();
        desk.number += 1;
        // While others are on their way, what is in force now is not what this comes after.
        let is_as_it_was = is_in_force(opened, &text) && (earlier.is_empty() || !opened.is_live);
        desk.last = Some((text.clone(), keep));
        let after = in_force.map(|rules| rules.at);
        desk.draft = (!is_as_it_was).then(|| Draft { text: text.clone(), after, earlier, is_done: false });
        opened.is_live.then_some(Proposal { session: opened.id, text, keep, number: desk.number, done })
    }

    /// The proxy has answered: a refusal takes the change back, unless it has been changed again since.
    pub fn answered(&mut self, session: OpenId, number: u64, is_done: bool) {
        let Some(desk) = self.desks.get_mut(&session).filter(|desk| desk.number == number) else { return };
        if is_done {
            desk.draft.iter_mut().for_each(|draft| draft.is_done = true);
        } else {
            desk.draft = None;
            desk.last = None;
            if std::mem::take(&mut desk.has_step) {
                desk.undo.pop();
            }
        }
    }

    /// Forgets a session that has been closed.
    pub fn forget(&mut self, session: OpenId) {
        self.desks.remove(&session);
        self.previews.borrow_mut().remove(&session);
        self.wanted.borrow_mut().remove(&session);
    }

    /// What these rules would have saved in what has been recorded of a session. What is not known is asked for; of
    /// each session only the newest text is.
    #[must_use]
    pub fn preview(&self, session: OpenId, text: &str) -> Answer<Preview> {
        if let Some((known, answer)) = self.previews.borrow().get(&session)
            && **known == *text
        {
            return answer.clone();
        }
        let text: Arc<str> = text.into();
        self.previews.borrow_mut().insert(session, (text.clone(), Answer::Waiting));
        self.wanted.borrow_mut().insert(session, text);
        Answer::Waiting
    }

    /// Asks again for what has been previewed before, because tokens count in another unit or the recording has grown.
    pub fn preview_again(&self) {
        self.previews.borrow_mut().clear();
    }

    /// What is asked for and not there.
    pub fn take_wanted(&self) -> Vec<(OpenId, Arc<str>)> {
        self.wanted.borrow_mut().drain().collect()
    }

    /// Takes what was asked for; an answer to an older text is of no use any more.
    pub fn put_preview(&self, session: OpenId, text: &str, answer: Answer<Preview>) {
        if let Some((known, kept)) = self.previews.borrow_mut().get_mut(&session)
            && **known == *text
        {
            *kept = answer;
        }
    }
}

fn is_in_force(opened: &Opened<'_>, text: &str) -> bool {
    match opened.session.rules().in_force() {
        Some(rules) => *rules.text == *text,
        None => text.is_empty(),
    }
}
