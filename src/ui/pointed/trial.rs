//! A rule tried on recorded messages: asked for while drawing, made by the feed.
//!
//! Only one rule is being made at a time, so only the newest question is kept. Knows nothing of gates and files.

use std::cell::RefCell;
use std::sync::Arc;

use crate::insight::Preview;
use crate::model::Half;
use crate::rules::Rule;
use crate::trace::Place;
use crate::ui::fetched::Answer;
use crate::ui::panels::OpenId;

/// A rule, and the recorded messages that it is tried on.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Whose messages.
    pub session: OpenId,
    /// The server's label.
    pub label: Box<str>,
    /// The rule.
    pub rule: Rule,
    /// The pages of the tool list.
    pub lists: Vec<Place>,
    /// A request and its answer; `None` to try the rule on the list itself.
    pub call: Option<(Half, Half)>,
}

/// The newest trial and what came of it.
#[derive(Debug, Default)]
pub struct Trials {
    newest: RefCell<Option<(Arc<Trial>, Answer<Preview>)>>,
    wanted: RefCell<Option<Arc<Trial>>>,
}

impl Trials {
    /// What a rule makes of the messages; there at a later drawing if it is not known.
    #[must_use]
    pub fn get(&self, trial: &Trial) -> Answer<Preview> {
        let mut newest = self.newest.borrow_mut();
        if let Some((known, answer)) = &*newest
            && **known == *trial
        {
            return answer.clone();
        }
        let trial = Arc::new(trial.clone());
        *newest = Some((trial.clone(), Answer::Waiting));
        *self.wanted.borrow_mut() = Some(trial);
        Answer::Waiting
    }

    /// What is asked for and not there.
    #[must_use]
    pub fn take_wanted(&self) -> Option<Arc<Trial>> {
        self.wanted.borrow_mut().take()
    }

    /// Takes what was asked for; an answer to an older question is of no use any more.
    pub fn put(&self, trial: &Arc<Trial>, answer: Answer<Preview>) {
        if let Some((known, kept)) = &mut *self.newest.borrow_mut()
            && Arc::ptr_eq(known, trial)
        {
            *kept = answer;
        }
    }

    /// Forgets what came of it, because tokens count in another unit.
    pub fn forget(&self) {
        *self.newest.borrow_mut() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(name: &str) -> Trial {
        let rule = Rule { name: name.to_owned(), ..Rule::default() };
        Trial { session: OpenId(1), label: "crm".into(), rule, lists: Vec::new(), call: None }
    }

    #[test]
    fn only_the_newest_question_is_asked_and_only_its_answer_is_taken() {
        let trials = Trials::default();
        assert_eq!(trials.get(&trial("a")), Answer::Waiting);
        let first = trials.take_wanted().unwrap();
        assert_eq!(trials.get(&trial("b")), Answer::Waiting);
        assert_eq!(trials.get(&trial("b")), Answer::Waiting);
        let second = trials.take_wanted().unwrap();
        assert!(trials.take_wanted().is_none());
        let ready = Answer::Ready(Arc::new(Preview::default()));
        trials.put(&first, ready.clone());
        assert_eq!(trials.get(&trial("b")), Answer::Waiting);
        trials.put(&second, ready.clone());
        assert_eq!(trials.get(&trial("b")), ready);
    }
}
