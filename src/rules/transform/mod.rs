//! What rules can do, one file each, and one row each here.

pub(in crate::rules) mod cache;
mod coalesce;
mod concurrency;
mod delay;
pub(in crate::rules) mod dice;
mod empty;
mod fault;
mod limit;
pub(in crate::rules) mod rate;
mod shape;
pub(in crate::rules) mod timeout;
mod tools;
mod trim;

pub use cache::{Cache, Scope, Warm};
pub use coalesce::Coalesce;
pub use concurrency::{Concurrency, Wait};
pub use delay::{Delay, Spread};
pub(in crate::rules) use empty::Emptier;
pub use empty::Empty;
pub use fault::{Fault, FaultKind};
pub(in crate::rules) use limit::Limiter;
pub use limit::{Limit, Over};
pub use rate::Rate;
pub use shape::Shape;
pub(in crate::rules) use shape::Shaper;
pub use tools::{Describe, Tools};
pub use trim::Trim;
pub(in crate::rules) use trim::Trimmer;

use super::{Rule, Twin};

/// One thing that a rule can do.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its key in the rules file.
    pub key: &'static str,
    /// What it does, in a line for people.
    pub what: &'static str,
    /// Whether a rule does it.
    pub is_in: fn(&Rule) -> bool,
}

/// All that rules can do, in the order in which they act on an answer.
pub const KINDS: [Kind; 13] = [
    Kind {
        key: "tools",
        what: "changes the tool list: hides, shortens, strips",
        is_in: |rule| rule.tools.is_some(),
    },
    Kind { key: "fault", what: "makes calls fail, to test agents", is_in: |rule| rule.fault.is_some() },
    Kind { key: "delay", what: "makes calls slower, to test agents", is_in: |rule| rule.delay.is_some() },
    Kind { key: "cache", what: "answers equal calls from memory", is_in: |rule| rule.cache.is_some() },
    Kind {
        key: "coalesce",
        what: "lets equal calls in flight share an answer",
        is_in: |rule| rule.coalesce.is_on(),
    },
    Kind { key: "rate", what: "limits calls a time", is_in: |rule| rule.rate.is_some() },
    Kind { key: "concurrency", what: "limits calls at once", is_in: |rule| rule.concurrency.is_some() },
    Kind { key: "timeout", what: "gives up on slow answers", is_in: |rule| rule.timeout.is_some() },
    Kind { key: "trim", what: "takes fields out of results", is_in: |rule| rule.trim.is_some() },
    Kind { key: "empty", what: "takes empty values out of results", is_in: |rule| rule.empty.is_some() },
    Kind {
        key: "twin",
        what: "sends what results say twice once",
        is_in: |rule| matches!(rule.twin, Twin::DropText | Twin::DropStructured),
    },
    Kind { key: "shape", what: "writes JSON in a shorter form", is_in: |rule| rule.shape.is_some() },
    Kind { key: "limit", what: "cuts long results", is_in: |rule| rule.limit.is_some() },
];
