//! When the next step may be taken.
//!
//! Knows nothing of messages' contents.

use super::plan::Act;
use super::rerunner::Rerunner;
use crate::trace::Micros;

/// How long a step waits for requests that the server had sent before it and may not send this time.
const ASK_PATIENCE_US: u64 = 1_000_000;

impl Rerunner {
    /// Takes every step whose time has come.
    pub(super) fn go_on(&mut self, now: Micros) {
        while let Some(step) = self.plan.steps.get(self.next).copied() {
            self.step_due = None;
            if !self.are_answered(step.at) || !self.are_asked(now, step.at) {
                return;
            }
            if let Some(due) = self.paced(step.at).filter(|due| *due > now) {
                self.step_due = Some(due);
                return;
            }
            let is_taken = match step.act {
                Act::Send(number) => self.send(now, number),
                Act::Cancel(number) => {
                    self.cancel(number);
                    true
                }
            };
            if !is_taken {
                // It is not known yet whether the tool only reads.
                return;
            }
            self.taken = Some((step.at, now));
            self.next += 1;
            self.close_idle();
        }
    }

    /// When a step is to be taken so that it comes no sooner after the one before, and after the answer before, than it did.
    fn paced(&self, at: Micros) -> Option<Micros> {
        if !self.wishes.pace {
            return None;
        }
        let answer = self.answered.checked_sub(1).map(|last| self.plan.answers[last]);
        let answer = answer.and_then(|(then, scene)| Some((then, self.settled[scene as usize]?)));
        let due = |(then, now): (Micros, Micros)| Micros(now.0 + (at - then).0);
        self.taken.into_iter().chain(answer).map(due).max()
    }

    /// Whether all has been answered that had been answered by `at`.
    fn are_answered(&mut self, at: Micros) -> bool {
        while let Some((answered, number)) = self.plan.answers.get(self.answered) {
            if *answered > at {
                return true;
            }
            if self.settled[*number as usize].is_none() {
                return false;
            }
            self.answered += 1;
        }
        true
    }

    /// Whether the server has asked all that it had asked by `at`; after a while it is not waited for.
    fn are_asked(&mut self, now: Micros, at: Micros) -> bool {
        while let Some(reply) = self.plan.replies.get(self.replied).copied() {
            if reply.at > at {
                return true;
            }
            let has_come = self.reply_counts.get(&reply.session).copied().unwrap_or_default();
            if has_come < reply.count && !self.is_lost(reply.session) && !self.is_over_for(reply.scene) {
                let since = *self.waiting_since.get_or_insert(now);
                let until = Micros(since.0 + ASK_PATIENCE_US);
                if now < until {
                    self.step_due = Some(until);
                    return false;
                }
            }
            self.waiting_since = None;
            self.replied += 1;
        }
        true
    }
}
