//! Token counts as text, each with the mark of its accuracy; does not count anything.

use super::{grouped, metric};
use crate::tokens::{Accuracy, Count};

/// The widest text of [`tokens`], in cells.
pub const TOKENS_WIDTH: u16 = 5;

/// A token count in a column: `847`, `12.4k`; an estimate has two digits and a mark, `~1.2M`; what could be counted of
/// something that could not be counted whole is `≥1.2k`, and of nothing of it `?`.
#[must_use]
pub fn tokens(count: Count) -> String {
    let suffixes = ["", "k", "M", "G"];
    match count.accuracy {
        Accuracy::Exact => metric(count.tokens, 3, suffixes),
        Accuracy::Calibrated | Accuracy::Estimated => format!("~{}", metric(count.tokens, 2, suffixes)),
        Accuracy::Failed if count.tokens == 0 => "?".to_owned(),
        Accuracy::Failed => format!("≥{}", metric(count.tokens, 2, suffixes)),
    }
}

/// A token count in full: `1,204`, `~1,204`, and `≥1,204` where a part of it could not be counted.
#[must_use]
pub fn tokens_grouped(count: Count) -> String {
    match count.accuracy {
        Accuracy::Exact => grouped(count.tokens),
        Accuracy::Calibrated | Accuracy::Estimated => format!("~{}", grouped(count.tokens)),
        Accuracy::Failed if count.tokens == 0 => "?".to_owned(),
        Accuracy::Failed => format!("≥{}", grouped(count.tokens)),
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
        assert_eq!(tokens(Count::estimated(847)), "~847");
        assert_eq!(tokens(Count::calibrated(1_240_000)), "~1.2M");
        assert_eq!(tokens(Count::FAILED), "?");
        assert_eq!(tokens(Count { tokens: 1_204, accuracy: Accuracy::Failed }), "≥1.2k");
        assert_eq!(tokens_grouped(Count::estimated(1_204)), "~1,204");
        assert_eq!(tokens_grouped(Count { tokens: 1_204, accuracy: Accuracy::Failed }), "≥1,204");
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
