//! The kinds of advice, one file each, and one row each here.

mod cold;
mod constant;
mod descriptions;
mod empty;
mod long;
mod opaque;
mod per_item;
mod repeated;
mod rows;
mod twin;
mod unused;

#[cfg(test)]
mod tests;

use super::draft::Draft;
use super::evidence::Evidence;

/// A kind of advice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Its name in JSON.
    pub(super) key: &'static str,
    /// What there is to be said by this evidence.
    pub(super) propose: fn(&Evidence) -> Vec<Draft>,
}

/// All of them. Rules are written in this order, which is the one in which they have to act.
pub(super) const KINDS: [Kind; 12] = [
    Kind { key: "unused", propose: unused::propose },
    Kind { key: "descriptions", propose: descriptions::propose },
    Kind { key: "repeated", propose: repeated::propose },
    Kind { key: "repeated_lists", propose: repeated::propose_lists },
    Kind { key: "constant", propose: constant::propose },
    Kind { key: "empty", propose: empty::propose },
    Kind { key: "twin", propose: twin::propose },
    Kind { key: "rows", propose: rows::propose },
    Kind { key: "long", propose: long::propose },
    Kind { key: "opaque", propose: opaque::propose },
    Kind { key: "per_item", propose: per_item::propose },
    Kind { key: "cold", propose: cold::propose },
];
