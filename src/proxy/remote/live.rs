//! The client's questions that have no answer yet, by their ids: what a cancellation finds, and what the end of a session
//! waits for.
//!
//! Knows nothing of HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::said::{Question, Said};
use crate::wire::same_id;

/// Questions followed at once. A client that asks more is told so; waiting instead could keep back the very answer that
/// the server waits for.
pub(super) const QUESTIONS_MAX: usize = 4_096;

/// All open questions.
#[derive(Debug, Default, Clone)]
pub(super) struct Live(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// By their ids, each in the form that stands for all of its forms.
    questions: Mutex<HashMap<String, One>>,
    /// Told when a question is answered or given up.
    fewer: Notify,
}

#[derive(Debug)]
struct One {
    /// Which line asked it: ids may be used again.
    line: u64,
    is_listen: bool,
    /// Closes its stream, where that is how it is taken back.
    cancel: Option<oneshot::Sender<()>>,
    is_cancelled: bool,
}

/// What became of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancelled {
    /// The stream is closed: nothing else needs to be said.
    Closed,
    /// The server must be told.
    Marked,
    /// There is no such question.
    Unknown,
}

/// The questions of one line.
#[derive(Debug)]
pub(super) struct Asked {
    live: Live,
    line: u64,
    left: Vec<Question>,
    /// Those whose answers are being written.
    answered: Vec<String>,
    /// We ask it ourselves: the answer is not for the client.
    pub(super) is_ours: bool,
    /// The answer to `initialize` named a revision.
    pub(super) is_agreed: bool,
    /// Ends when the client takes the question back and its revision says so by closing the stream.
    cancelled: Option<oneshot::Receiver<()>>,
    /// Dropped when everything is answered, for somebody who waits for that.
    pub(super) until_answered: Option<oneshot::Sender<()>>,
}

impl Live {
    /// Follows the questions of the line with this number. `None` if there are too many.
    pub(super) fn follow(&self, line: u64, said: &Said) -> Option<Asked> {
        let mut questions = self.lock();
        if questions.len() + said.asked.len() > QUESTIONS_MAX {
            return None;
        }
        let mut cancelled = None;
        for question in &said.asked {
            // A revision without sessions has no other way to take a request back.
            let cancel = said.revision.as_ref().map(|_| {
                let (cancel, waits) = oneshot::channel();
                cancelled = Some(waits);
                cancel
            });
            let one = One { line, is_listen: said.is_listen(), cancel, is_cancelled: false };
            questions.insert(same_id(&question.id).into_owned(), one);
        }
        drop(questions);
        let left = said.asked.clone();
        Some(Asked {
            live: self.clone(),
            line,
            left,
            answered: Vec::new(),
            is_ours: false,
            is_agreed: false,
            cancelled,
            until_answered: None,
        })
    }

    /// Questions of our own, which nobody else knows of.
    pub(super) fn ours(said: &Said) -> Asked {
        let (live, left) = (Self::default(), said.asked.clone());
        Asked {
            live,
            line: 0,
            left,
            answered: Vec::new(),
            is_ours: true,
            is_agreed: false,
            cancelled: None,
            until_answered: None,
        }
    }

    /// The client takes a question back.
    pub(super) fn cancel(&self, id: &str) -> Cancelled {
        let mut questions = self.lock();
        let Some(one) = questions.get_mut(&*same_id(id)) else { return Cancelled::Unknown };
        one.is_cancelled = true;
        match one.cancel.take() {
            Some(cancel) => {
                // One that has just been answered is gone by itself.
                let _ = cancel.send(());
                Cancelled::Closed
            }
            None => Cancelled::Marked,
        }
    }

    /// Waits until every question that is no subscription is answered or given up.
    pub(super) async fn all_answered(&self) {
        loop {
            let fewer = self.0.fewer.notified();
            if self.lock().values().all(|one| one.is_listen) {
                return;
            }
            fewer.await;
        }
    }

    /// A panic while holding the lock leaves plain values behind.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, One>> {
        self.0.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asked {
    /// Those without an answer.
    pub(super) fn left(&self) -> &[Question] {
        &self.left
    }

    /// When the client takes it back by closing its stream; never for others.
    pub(super) fn taken_back(&mut self) -> impl Future<Output = ()> + use<> {
        let cancelled = self.cancelled.take();
        async move {
            let is_taken_back = match cancelled {
                Some(cancelled) => cancelled.await.is_ok(),
                None => false,
            };
            if !is_taken_back {
                std::future::pending::<()>().await;
            }
        }
    }

    /// An answer has come; says to what. One without an id answers the only question there is. The question is open until
    /// its answer [has been written](Self::written).
    pub(super) fn answer(&mut self, id: Option<&str>) -> Option<Question> {
        let position = match (id, self.left.len()) {
            (Some(id), _) => self.left.iter().position(|question| same_id(&question.id) == same_id(id))?,
            (None, 1) => 0,
            (None, _) => return None,
        };
        let question = self.left.remove(position);
        if self.left.is_empty() {
            self.until_answered = None;
        }
        self.answered.push(question.id.clone());
        Some(question)
    }

    /// The questions that still want an answer: those that the client has taken back do not. They are open until it has
    /// been written.
    pub(super) fn give_up(&mut self) -> Vec<Question> {
        let left = std::mem::take(&mut self.left);
        self.answered.extend(left.iter().map(|question| question.id.clone()));
        let questions = self.live.lock();
        let is_wanted = |question: &Question| {
            questions
                .get(&*same_id(&question.id))
                .is_none_or(|one| one.line == self.line && !one.is_cancelled)
        };
        left.into_iter().filter(is_wanted).collect()
    }

    /// What answers have come for has been written.
    pub(super) fn written(&mut self) {
        let mut questions = self.live.lock();
        for id in self.answered.drain(..) {
            // The id may be another question's by now.
            let id = same_id(&id);
            if questions.get(&*id).is_some_and(|one| one.line == self.line) {
                questions.remove(&*id);
            }
        }
        drop(questions);
        self.live.0.fewer.notify_waiters();
    }

    /// Whether anybody still waits.
    pub(super) fn is_wanted(&self) -> bool {
        let questions = self.live.lock();
        let is_open = |id: &str| {
            questions.get(&*same_id(id)).is_some_and(|one| one.line == self.line && !one.is_cancelled)
        };
        self.is_ours || self.left.iter().any(|question| is_open(&question.id))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.give_up();
        self.written();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Said {
        Said::read(line.as_bytes())
    }

    const MODERN: &str = r#"{"id":1,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;

    #[test]
    fn a_question_is_open_until_its_answer() {
        let live = Live::default();
        let mut asked = live.follow(1, &said(r#"{"id":1,"method":"a"}"#)).unwrap();
        assert_eq!(asked.answer(Some("2")), None);
        assert!(asked.is_wanted());
        assert_eq!(asked.answer(Some("1")).unwrap().method, "a");
        assert!(!asked.is_wanted() && !live.lock().is_empty(), "the answer is still to be written");
        asked.written();
        assert!(live.lock().is_empty());
    }

    #[test]
    fn an_answer_may_write_the_number_in_another_form() {
        let live = Live::default();
        let mut asked = live.follow(1, &said(r#"{"id":1e3,"method":"a"}"#)).unwrap();
        assert_eq!(asked.answer(Some("1000.5")), None);
        assert_eq!(asked.answer(Some("1000.0")).unwrap().id, "1e3", "it is called as the client wrote it");
        asked.written();
        assert!(live.lock().is_empty());
    }

    #[test]
    fn an_answer_without_an_id_answers_the_only_question() {
        let live = Live::default();
        let mut asked = live.follow(1, &said(r#"[{"id":1,"method":"a"},{"id":2,"method":"b"}]"#)).unwrap();
        assert_eq!(asked.answer(None), None);
        assert_eq!(asked.answer(Some("1")).unwrap().method, "a");
        assert_eq!(asked.answer(None).unwrap().method, "b");
    }

    #[test]
    fn what_was_taken_back_wants_no_answer() {
        let live = Live::default();
        let mut asked = live.follow(1, &said(r#"{"id":1,"method":"a"}"#)).unwrap();
        assert_eq!(live.cancel("1"), Cancelled::Marked);
        assert!(!asked.is_wanted() && asked.give_up().is_empty());
        asked.written();
        assert_eq!(live.cancel("1"), Cancelled::Unknown);
        let _modern = live.follow(2, &said(MODERN)).unwrap();
        assert_eq!(live.cancel("1"), Cancelled::Closed);
    }

    #[test]
    fn an_id_that_is_used_again_is_another_question() {
        let live = Live::default();
        let first = live.follow(1, &said(r#"{"id":1,"method":"a"}"#)).unwrap();
        let second = live.follow(2, &said(r#"{"id":1,"method":"b"}"#)).unwrap();
        drop(first);
        assert!(second.is_wanted());
    }

    #[test]
    fn there_is_an_end_to_what_is_followed() {
        let live = Live::default();
        let all: Vec<_> = (0..QUESTIONS_MAX)
            .map(|id| live.follow(1, &said(&format!(r#"{{"id":{id},"method":"a"}}"#))).unwrap())
            .collect();
        assert!(live.follow(1, &said(r#"{"id":"more","method":"a"}"#)).is_none());
        drop(all);
        assert!(live.follow(1, &said(r#"{"id":"more","method":"a"}"#)).is_some());
    }
}
