//! In which order the recorded messages of a client are sent again, and what each of them waits for.
//!
//! A message waits for the answers that had come when it was sent: so what was side by side is side by side again, and
//! what followed from an answer follows. Knows nothing of messages' contents.

use std::collections::HashMap;

use crate::insight::replay::{CueKind, Script};
use crate::trace::Micros;

/// One thing to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) at: Micros,
    pub(super) act: Act,
}

/// What.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Send this scene's message.
    Send(u32),
    /// Take this scene's request back.
    Cancel(u32),
}

/// A reply of the client to a request of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Replied {
    pub(super) at: Micros,
    /// In which scene the server asked.
    pub(super) scene: u32,
    pub(super) session: u32,
    /// How many there are in this session up to this one.
    pub(super) count: usize,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Requests that were answered, in the order of their answers.
    pub(super) answers: Vec<(Micros, u32)>,
    /// The client's replies to requests of the server, in order.
    pub(super) replies: Vec<Replied>,
    /// The last step of each session.
    pub(super) last: HashMap<u32, usize>,
}

impl Plan {
    pub(super) fn of(script: &Script) -> Self {
        let mut plan = Self::default();
        for (number, scene) in (0..).zip(&script.scenes) {
            plan.steps.push(Step { at: scene.at, act: Act::Send(number) });
            let mut since = scene.at;
            for cue in &scene.cues {
                if let CueKind::Ask { reply: Some(_), took_us, .. } = &cue.kind {
                    since = Micros(since.0 + cue.gap_us + took_us);
                    plan.replies.push(Replied { at: since, scene: number, session: scene.session, count: 0 });
                }
            }
            let Some(ask) = &scene.ask else { continue };
            if let Some(at) = ask.cancelled_at {
                plan.steps.push(Step { at, act: Act::Cancel(number) });
            }
            if let Some(answer) = &ask.answer {
                plan.answers.push((answer.at, number));
            }
        }
        // A request stands before its cancellation, as sorting keeps the order of equals.
        plan.steps.sort_by_key(|step| step.at);
        plan.answers.sort_unstable();
        plan.replies.sort_unstable();
        let mut counts: HashMap<u32, usize> = HashMap::new();
        for reply in &mut plan.replies {
            let count = counts.entry(reply.session).or_default();
            *count += 1;
            reply.count = *count;
        }
        for (at, step) in plan.steps.iter().enumerate() {
            let (Act::Send(number) | Act::Cancel(number)) = step.act;
            plan.last.insert(script.scenes[number as usize].session, at);
        }
        plan
    }
}
