//! What became of one recorded request.
//!
//! Knows nothing of how it is shown.

use regex::Regex;

use super::mask::mask;
use crate::insight::difference::{Difference, Terms};
use crate::insight::rerun::{After, Compared, compare, unreached};
use crate::trace::Micros;

/// A recorded request, and what is to be said of it.
pub(super) struct Verdict {
    /// When it was sent then.
    pub(super) at: Micros,
    /// Its id then.
    pub(super) id: Box<str>,
    pub(super) method: Box<str>,
    pub(super) name: Option<Box<str>>,
    pub(super) what: What,
}

/// What.
#[derive(Debug, PartialEq)]
pub(super) enum What {
    /// The answers are equal.
    Same,
    /// They are not.
    Differs(Vec<Difference>),
    /// It was answered then, and not now, within the time.
    Silence,
    /// The connection was lost before it was answered.
    Lost,
    /// The server was not reached; why, for people.
    Unreached(Box<str>),
    /// The server does not mark the tool as only reading.
    Skipped,
    /// It was not answered then either.
    NotCompared,
}

impl Verdict {
    /// Whether it is a reason to fail.
    pub(super) fn is_finding(&self) -> bool {
        matches!(self.what, What::Differs(_) | What::Silence | What::Lost | What::Unreached(_))
    }

    /// Whether the server answered.
    pub(super) fn is_heard(&self) -> bool {
        matches!(self.what, What::Same | What::Differs(_))
    }

    /// Whether there was no server.
    pub(super) fn is_missed(&self) -> bool {
        matches!(self.what, What::Lost | What::Unreached(_))
    }
}

/// How answers are compared.
pub(super) struct Measure {
    pub(super) terms: Terms,
    /// What these find in a text makes no difference.
    pub(super) masks: Vec<Regex>,
}

/// Compares.
pub(super) fn of(compared: Compared, measure: &Measure) -> Verdict {
    let Compared { at, id, method, name, before, after, scene: _ } = compared;
    let what = match (before, after) {
        (_, After::Skipped) => What::Skipped,
        (_, After::Cancelled) | (None, _) => What::NotCompared,
        (Some(_), After::Silence) => What::Silence,
        (Some(_), After::Lost) => What::Lost,
        (Some(before), After::Answer(after)) => {
            let same = || {
                let found = compare(&before, &after, &measure.terms, |value| mask(value, &measure.masks));
                if found.is_empty() { What::Same } else { What::Differs(found) }
            };
            unreached(&after).map_or_else(same, |why| What::Unreached(why.into()))
        }
    };
    Verdict { at, id, method, name, what }
}
