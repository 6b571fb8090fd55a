//! What came of one check.
//!
//! Knows nothing of how it was made.

use super::Check;
use crate::rules::Step;

/// Something measured, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// Microseconds.
    Micros(f64),
    /// Tokens as the model sees them.
    Tokens(f64),
    /// A share, 0 to 1.
    Share(f64),
    /// A number of things.
    Count(u64),
}

impl Amount {
    /// The number alone.
    #[must_use]
    pub fn number(self) -> f64 {
        match self {
            Self::Micros(number) | Self::Tokens(number) | Self::Share(number) => number,
            Self::Count(number) => number as f64,
        }
    }

    /// Its unit, for programs.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Micros(_) => "us",
            Self::Tokens(_) => "tokens",
            Self::Share(_) => "share",
            Self::Count(_) => "count",
        }
    }
}

/// What a check is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The whole session; of calls, those of all tools.
    Session,
    /// A tool, or the glob that no tool answers to.
    Tool(Box<str>),
    /// Another method.
    Method(Box<str>),
}

impl Subject {
    /// The tool or the method; `None` for the session.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Session => None,
            Self::Tool(name) | Self::Method(name) => Some(name),
        }
    }
}

/// Which line of the budgets asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A key of `[session]`.
    Session(&'static str),
    /// A key of the `[[budget]]` at this position.
    Budget(usize, &'static str),
    /// A key of `[tools]`.
    Tools(&'static str),
    /// The baseline.
    Baseline,
}

impl Origin {
    /// The way to it in the file.
    #[must_use]
    pub fn path(self) -> Vec<Step<'static>> {
        match self {
            Self::Session(key) => vec![Step::Key("session"), Step::Key(key)],
            Self::Budget(position, key) => vec![Step::Key("budget"), Step::At(position), Step::Key(key)],
            Self::Tools(key) => vec![Step::Key("tools"), Step::Key(key)],
            Self::Baseline => vec![Step::Key("regression")],
        }
    }
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// There is nothing to measure, or too little to tell.
    Skipped,
}

/// What came of one check.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What was checked.
    pub check: Check,
    /// Of what.
    pub subject: Subject,
    /// The name of the budget, if it has one.
    pub budget: Option<Box<str>>,
    /// Which line of the budgets asks for it.
    pub origin: Origin,
    /// How it came out.
    pub status: Status,
    /// The bound; of a comparison, what it was in the baseline.
    pub limit: Option<Amount>,
    /// What was found.
    pub found: Option<Amount>,
    /// Of a comparison by a test: the probability of so large a difference by chance, corrected for all tests.
    pub p: Option<f64>,
    /// What numbers do not say, for people; empty if they say it all.
    pub why: String,
}
