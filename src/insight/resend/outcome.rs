//! How a call went then and now, and what differs.
//!
//! Knows nothing of how either was measured.

use crate::insight::difference::{Line, Terms, differences, lines};
use crate::insight::rerun::compare;
use crate::model::State;
use crate::tokens::Count;

/// Lines of differences that are kept.
const LINES_MAX: usize = 4_000;

/// How a call went, once.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Where it stands.
    pub state: State,
    /// What the server took, in microseconds; `None` if it did not answer itself.
    pub took_us: Option<u64>,
    /// Whether that holds the server's start.
    pub is_cold: bool,
    /// Whether a rule gave the answer.
    pub is_by_rule: bool,
    /// Bytes of the answer.
    pub bytes: Option<u64>,
    /// Tokens of the answer, all of its JSON.
    pub wire: Option<Count>,
    /// Tokens of the answer, as a model gets it.
    pub model: Option<Count>,
}

/// What differs between two answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// There are no two answers.
    None,
    /// They say the same.
    Same,
    /// They do not.
    Differs {
        /// In so many places.
        count: usize,
        /// The places, with what was and what is there.
        lines: Vec<Line>,
    },
}

impl Comparison {
    /// Of two answers, each a whole message.
    #[must_use]
    pub fn of(then: Option<&str>, now: Option<&str>) -> Self {
        let (Some(then), Some(now)) = (then, now) else { return Self::None };
        Self::from(&compare(then, now, &Terms::default(), |_| ()))
    }

    fn from(found: &[crate::insight::difference::Difference]) -> Self {
        if found.is_empty() {
            return Self::Same;
        }
        let mut lines = lines(found);
        lines.truncate(LINES_MAX);
        Self::Differs { count: found.len(), lines }
    }
}

/// What was changed in what was asked, given as JSON.
#[must_use]
pub fn asked(then: &str, now: &str) -> Comparison {
    match (serde_json::from_str(then), serde_json::from_str(now)) {
        (Ok(then), Ok(now)) => Comparison::from(&differences(&then, &now, &Terms::default())),
        _ => Comparison::None,
    }
}
