//! The texts of calls, read again from the recording when they are written, and what they cost.

use crate::insight::calls::{Call, Side};
use crate::insight::export::CallTokens;
use crate::record::Bodies;
use crate::tokens::{Counter, Effort, Profile, message, wire};
use crate::wire::messages;

/// Reads and counts.
pub(super) struct Texts {
    bodies: Bodies,
    scale: Option<(Counter, Profile)>,
}

impl Texts {
    /// Of a recording; counts for a family of models, if for any.
    pub(super) fn new(bodies: Bodies, profile: Option<Profile>) -> Self {
        Self { bodies, scale: profile.map(|profile| (Counter::new(Effort::Worker), profile)) }
    }

    /// A message as it was written; `None` if it is no text or cannot be read any more.
    pub(super) fn of(&self, side: &Side) -> Option<String> {
        let text = String::from_utf8(self.bodies.load(side.place).ok()?).ok()?;
        match side.index {
            None => Some(text),
            Some(index) => messages(&text).get(usize::from(index)).map(|one| (*one).to_owned()),
        }
    }

    /// What a call costs; `None` if that is not counted.
    pub(super) fn tokens(
        &mut self,
        call: &Call,
        request: Option<&str>,
        answer: Option<&str>,
    ) -> Option<CallTokens> {
        let (counter, profile) = self.scale.as_mut()?;
        let request = wire(counter, profile, request?).tokens;
        let Some(answer) = answer else {
            return call.answer.is_none().then_some(CallTokens { request, wire: 0, model: 0 });
        };
        let answer = message(counter, profile, answer);
        Some(CallTokens { request, wire: answer.wire.tokens, model: answer.model.tokens })
    }
}
