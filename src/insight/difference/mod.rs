//! What differs between two JSON values: where, and how.
//!
//! Knows nothing of what the values mean. Members of objects have no order; numbers count by value (`1` is `1.0`; integers
//! to the last of 64 bits, others as 64-bit floating point). Items of arrays are paired by what identifies them (`name`,
//! `id`, …) where they have that, else by the shortest edit, so that one item more is one difference.

mod alike;
mod lists;
mod render;
mod walk;

use std::fmt;

use serde_json::Value;

pub use render::{Line, Role, lines, printable};

use crate::rules::Path;
use alike::Skipped;

/// How two values are compared.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What these paths find on either side is not looked at.
    pub ignore: Vec<Path>,
    /// Whether the order of an array's items makes no difference, at any depth.
    pub unordered: bool,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where: a `JSONPath`. Indexes of arrays are those of the first value; of added items, those of the second.
    pub at: Box<str>,
    /// How.
    pub change: Change,
}

/// How two values differ in one place.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Only the second value has it.
    Added(Value),
    /// Only the first value has it.
    Removed(Value),
    /// Both have a value of the same type, and not the same value.
    Changed {
        /// The first.
        before: Value,
        /// The second.
        after: Value,
    },
    /// The values are of different types.
    Type {
        /// The first.
        before: Value,
        /// The second.
        after: Value,
    },
    /// An array has the same items in another order.
    Order,
}

impl Change {
    /// A word for it, as machines read it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Removed(_) => "removed",
            Self::Changed { .. } => "changed",
            Self::Type { .. } => "type",
            Self::Order => "order",
        }
    }

    /// What the first value has there.
    #[must_use]
    pub fn before(&self) -> Option<&Value> {
        match self {
            Self::Removed(before) | Self::Changed { before, .. } | Self::Type { before, .. } => Some(before),
            Self::Added(_) | Self::Order => None,
        }
    }

    /// What the second value has there.
    #[must_use]
    pub fn after(&self) -> Option<&Value> {
        match self {
            Self::Added(after) | Self::Changed { after, .. } | Self::Type { after, .. } => Some(after),
            Self::Removed(_) | Self::Order => None,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.change.kind())
    }
}

/// All differences, in the order in which the first value has them. None if the values are equal under these terms.
#[must_use]
pub fn differences(before: &Value, after: &Value, terms: &Terms) -> Vec<Difference> {
    let skipped = Skipped::of([before, after], terms);
    walk::compare(before, after, &skipped)
}

/// A digest that values have in common which do not differ under these terms. Others have not, but for a chance of 2⁻¹²⁸.
#[must_use]
pub fn digest(value: &Value, terms: &Terms) -> u128 {
    Skipped::of([value, value], terms).digest(value)
}

#[cfg(test)]
mod tests;
