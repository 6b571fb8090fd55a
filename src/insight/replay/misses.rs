//! Requests that the recording has no answer for: what becomes of them, and who decides.
//!
//! Knows nothing of how an answer is looked for.

use super::Level;
use super::dress;
use super::matcher::Missing;
use super::replayer::{Ask, Replayer};
use super::told::{Answered, Miss, Output, Settled};
use crate::trace::Micros;

/// The error code for a request that the recording has no answer for: outside of what JSON-RPC and MCP reserve, a hundred
/// times the HTTP status that says the same, as all of ours.
const NOT_RECORDED: i32 = 40_400;

/// A request that waits for a decision.
pub(super) struct Waiting {
    method: Box<str>,
    name: Option<Box<str>>,
    token: Option<Box<str>>,
    why: String,
    nearest: Option<u32>,
}

impl Replayer {
    /// Decides about a miss.
    pub fn settle(&mut self, now: Micros, id: &str, settled: Settled) {
        let Some(waiting) = self.waiting.remove(id) else { return };
        let level = match settled {
            Settled::Elsewhere => Some(Level::Live),
            Settled::Result(result) => {
                let adapted = dress::adapted(&result, &waiting.method, self.caller.era, false);
                self.say(dress::result(id, adapted.as_deref().unwrap_or(&result)));
                Some(Level::Person)
            }
            Settled::Nearest if let Some(scene) = waiting.nearest => {
                self.matcher.play(scene);
                self.begin(now, (id, waiting.token.as_deref()), scene, true);
                Some(Level::Person)
            }
            Settled::Nearest | Settled::Error => {
                self.say(dress::error(id, NOT_RECORDED, &waiting.why));
                None
            }
        };
        self.report(Answered {
            id: id.into(),
            method: waiting.method,
            name: waiting.name,
            level,
            recorded: None,
            is_again: false,
            is_unanswered: false,
        });
    }

    /// Nothing was found.
    pub(super) fn missing(&mut self, now: Micros, ask: &Ask<'_>, name: Option<Box<str>>, missing: Missing) {
        if let Some(result) = without_recording(ask) {
            self.say(result);
            return self.own(ask, name);
        }
        let what = match &name {
            Some(name) => format!("{} of {name}", ask.method),
            None => ask.method.to_owned(),
        };
        let why = match missing {
            Missing::UsedUp => format!("every recorded answer to this {what} has been given once"),
            Missing::Unknown => format!("the recording has no answer to this {what}"),
        };
        let nearest = self.matcher.nearest(ask.method, name.as_deref());
        let waiting = Waiting {
            method: ask.method.into(),
            name: name.clone(),
            token: ask.token.map(Into::into),
            why,
            nearest,
        };
        self.waiting.insert(ask.id.into(), waiting);
        if self.wishes.hands_over {
            let (id, method) = (ask.id.into(), ask.method.into());
            let frame = crate::wire::one_line(ask.text).into_owned();
            self.out.push_back(Output::Miss(Miss {
                id,
                method,
                name,
                frame,
                has_nearest: nearest.is_some(),
            }));
        } else {
            self.settle(now, ask.id, Settled::Error);
        }
    }

    /// A request was answered whatever was recorded.
    pub(super) fn own(&mut self, ask: &Ask<'_>, name: Option<Box<str>>) {
        self.report(Answered {
            id: ask.id.into(),
            method: ask.method.into(),
            name,
            level: Some(Level::Session),
            recorded: None,
            is_again: false,
            is_unanswered: false,
        });
    }
}

/// The answer to what keeps a session, which needs no recording.
fn without_recording(ask: &Ask<'_>) -> Option<String> {
    match ask.method {
        "ping" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe" => {
            Some(dress::result(ask.id, "{}"))
        }
        _ => None,
    }
}
