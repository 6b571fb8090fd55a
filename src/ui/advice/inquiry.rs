//! Advice that was asked for: how far it is, what came of it, and whether anybody still wants it.
//!
//! Only one inquiry is made at a time and only its answer is kept. Knows nothing of threads and files.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::insight::{Pass, Proposal};
use crate::trace::Micros;
use crate::ui::fetched::Answer;
use crate::ui::panels::OpenId;

/// A question for advice; shared with the thread that looks for it.
#[derive(Debug)]
pub struct Inquiry {
    /// On which session.
    pub session: OpenId,
    /// How far its recording went when it was asked.
    pub until: Micros,
    /// How many calls it had then.
    pub calls: u64,
    /// Thousandths of both passes, the first one first.
    progress: AtomicU32,
    is_given_up: AtomicBool,
}

/// Thousandths of a pass.
const WHOLE: u32 = 1_000;

impl Inquiry {
    /// A question on a session as it is now.
    #[must_use]
    pub fn new(session: OpenId, until: Micros, calls: u64) -> Self {
        let (progress, is_given_up) = (AtomicU32::new(0), AtomicBool::new(false));
        Self { session, until, calls, progress, is_given_up }
    }

    /// Says that of a pass so much is done, between 0 and 1; returns whether anybody would see a difference.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1,000")]
    pub fn is_at(&self, pass: Pass, share: f64) -> bool {
        let done = (share.clamp(0.0, 1.0) * f64::from(WHOLE - 1)) as u32;
        let progress = match pass {
            Pass::Looking => done,
            Pass::Trying => WHOLE + done,
        };
        self.progress.swap(progress, Ordering::Relaxed) / 10 != progress / 10
    }

    /// In which pass it is, and how much of that is done, between 0 and 1.
    #[must_use]
    pub fn progress(&self) -> (Pass, f64) {
        let progress = self.progress.load(Ordering::Relaxed);
        let pass = if progress < WHOLE { Pass::Looking } else { Pass::Trying };
        (pass, f64::from(progress % WHOLE) / f64::from(WHOLE))
    }

    /// Says that nobody wants to know any more.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    /// Whether nobody wants to know any more.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }
}

/// What a session's recording advises: what saved something, most first, and then what is only told.
pub type Advice = Answer<Vec<Proposal>>;

/// The newest inquiry and what came of it.
#[derive(Debug, Default)]
pub struct Advices {
    newest: Option<(Arc<Inquiry>, Advice)>,
    wanted: Option<Arc<Inquiry>>,
}

impl Advices {
    /// Asks for advice, unless it is being looked for or the answer is known and would be the same. Whatever else was asked
    /// for is given up.
    pub fn ask(&mut self, session: OpenId, until: Micros, calls: u64) {
        let is_answered = self.newest.as_ref().is_some_and(|(inquiry, answer)| {
            inquiry.session == session
                && match answer {
                    Answer::Waiting => true,
                    Answer::Ready(_) => inquiry.until == until,
                    Answer::Failed(_) => false,
                }
        });
        if !is_answered {
            self.forget();
            let inquiry = Arc::new(Inquiry::new(session, until, calls));
            self.newest = Some((inquiry.clone(), Answer::Waiting));
            self.wanted = Some(inquiry);
        }
    }

    /// What came of the newest inquiry, if it is about this session.
    #[must_use]
    pub fn get(&self, session: OpenId) -> Option<(&Inquiry, &Advice)> {
        let (inquiry, answer) = self.newest.as_ref()?;
        (inquiry.session == session).then_some((inquiry, answer))
    }

    /// The proposals for a session; none as long as they are not known.
    #[must_use]
    pub fn proposals(&self, session: OpenId) -> &[Proposal] {
        match self.get(session) {
            Some((_, Answer::Ready(proposals))) => proposals,
            Some((_, Answer::Waiting | Answer::Failed(_))) | None => &[],
        }
    }

    /// Gives up what is being looked for; what is known stays.
    pub fn give_up(&mut self) {
        if self.newest.as_ref().is_some_and(|(_, answer)| matches!(answer, Answer::Waiting)) {
            self.forget();
        }
    }

    /// Forgets everything: tokens count in another unit, or the session is closed.
    pub fn forget(&mut self) {
        if let Some((inquiry, _)) = self.newest.take() {
            inquiry.give_up();
        }
        self.wanted = None;
    }

    /// Forgets what is about a session that has been closed.
    pub fn close(&mut self, session: OpenId) {
        if self.newest.as_ref().is_some_and(|(inquiry, _)| inquiry.session == session) {
            self.forget();
        }
    }

    /// What is asked for and not being looked for yet.
    pub fn take_wanted(&mut self) -> Option<Arc<Inquiry>> {
        self.wanted.take()
    }

    /// Takes what was asked for; an answer to an older inquiry is of no use any more.
    pub fn put(&mut self, inquiry: &Arc<Inquiry>, answer: Advice) {
        if let Some((known, kept)) = &mut self.newest
            && Arc::ptr_eq(known, inquiry)
        {
            *kept = answer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: OpenId = OpenId(1);

    #[test]
    fn what_is_known_is_not_looked_for_again_until_the_recording_grows() {
        let mut advices = Advices::default();
        advices.ask(SESSION, Micros(5), 2);
        let first = advices.take_wanted().unwrap();
        advices.ask(SESSION, Micros(6), 3);
        assert!(advices.take_wanted().is_none(), "it is being looked for");
        advices.put(&first, Answer::Ready(Arc::default()));
        advices.ask(SESSION, Micros(5), 2);
        assert!(advices.take_wanted().is_none(), "it is known");
        advices.ask(SESSION, Micros(6), 3);
        assert_eq!(advices.take_wanted().unwrap().calls, 3);
    }

    #[test]
    fn who_leaves_or_asks_of_another_session_gives_up() {
        let mut advices = Advices::default();
        advices.ask(SESSION, Micros(5), 2);
        let first = advices.take_wanted().unwrap();
        advices.give_up();
        assert!(first.is_given_up() && advices.get(SESSION).is_none());
        advices.ask(SESSION, Micros(5), 2);
        let second = advices.take_wanted().unwrap();
        advices.ask(OpenId(2), Micros(5), 2);
        assert!(second.is_given_up());
        advices.put(&second, Answer::Ready(Arc::default()));
        assert!(advices.get(SESSION).is_none(), "an answer that comes late is none");
    }

    #[test]
    fn what_failed_is_tried_again() {
        let mut advices = Advices::default();
        advices.ask(SESSION, Micros(5), 2);
        let first = advices.take_wanted().unwrap();
        advices.put(&first, Answer::Failed("no".into()));
        advices.ask(SESSION, Micros(5), 2);
        assert!(advices.take_wanted().is_some());
    }

    #[test]
    fn progress_is_that_of_two_passes() {
        let inquiry = Inquiry::new(SESSION, Micros(0), 0);
        assert!(inquiry.is_at(Pass::Looking, 0.5) && !inquiry.is_at(Pass::Looking, 0.5001));
        assert_eq!(inquiry.progress().0, Pass::Looking);
        inquiry.is_at(Pass::Trying, 1.0);
        let (pass, share) = inquiry.progress();
        assert!(pass == Pass::Trying && share > 0.99);
    }
}
