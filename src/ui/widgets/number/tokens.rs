//! Token counts as text, each with the mark of its accuracy; does not count anything.

use super::{floor_to, grouped, metric, round_to};
use crate::tokens::{Accuracy, Count};

/// The widest text of [`tokens`], in cells.
pub const TOKENS_WIDTH: u16 = 5;

/// A token count in a column: `847`, `12.4k`; an estimate has two digits and a mark, `~1.2M`; what could be counted of
/// something that could not be counted whole is `≥1.2k`, and of nothing of it `?`.
#[must_use]
pub fn tokens(count: Count) -> String {
    let digits = if count.accuracy == Accuracy::Exact { 3 } else { 2 };
    marked(count, |tokens| metric(tokens, digits, ["", "k", "M", "G"]))
}

/// A token count in full: `1,204`, `~1,200`, and `≥1,200` where a part of it could not be counted.
#[must_use]
pub fn tokens_grouped(count: Count) -> String {
    marked(count, grouped)
}

/// A number as it is written, with the mark of its accuracy; of one that is not exact the two digits that it has.
fn marked(count: Count, written: impl Fn(u64) -> String) -> String {
    match count.accuracy {
        Accuracy::Exact => written(count.tokens),
        Accuracy::Calibrated | Accuracy::Estimated => format!("~{}", written(round_to(count.tokens, 2))),
        Accuracy::Failed if count.tokens == 0 => "?".to_owned(),
        // At least so many: never rounded up.
        Accuracy::Failed => format!("≥{}", written(floor_to(count.tokens, 2))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_mark_says_how_far_to_trust_the_number() {
        assert_eq!(tokens(Count::exact(847)), "847");
        assert_eq!(tokens(Count::exact(12_449)), "12.4k");
        assert_eq!(tokens(Count::estimated(847)), "~850");
        assert_eq!(tokens(Count::calibrated(1_240_000)), "~1.2M");
        assert_eq!(tokens(Count::FAILED), "?");
        assert_eq!(tokens(Count { tokens: 1_299, accuracy: Accuracy::Failed }), "≥1.2k");
        assert_eq!(tokens_grouped(Count::estimated(1_204)), "~1,200");
        assert_eq!(tokens_grouped(Count { tokens: 1_204, accuracy: Accuracy::Failed }), "≥1,200");
        assert_eq!(tokens_grouped(Count::FAILED), "?");
    }

    proptest! {
        #[test]
        fn no_token_count_is_wider_than_its_column(value in 0u64..990_000_000_000) {
            let failed = Count { tokens: value, accuracy: Accuracy::Failed };
            for count in [Count::exact(value), Count::estimated(value), failed] {
                prop_assert!(tokens(count).chars().count() <= usize::from(TOKENS_WIDTH));
            }
        }
    }
}
