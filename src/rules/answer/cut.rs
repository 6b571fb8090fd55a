//! How much of a text a limit admits, and where it is best cut.
//!
//! Knows nothing of results.

use crate::rules::Limit;
use crate::tokens::{Accuracy, Counter, Effort, Encoding};

/// However little a limit admits, a page has so much: else reading on would never come to an end.
const TOKENS_MIN: u64 = 16;
const BYTES_MIN: usize = 64;

/// Merging of tokens across a cut can cost this much more than the two sides alone.
const SEAM_TOKENS: u64 = 4;

/// How long a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Budget {
    tokens: Option<u64>,
    bytes: Option<usize>,
}

impl From<Limit> for Budget {
    fn from(limit: Limit) -> Self {
        let bytes = limit.bytes.map(|bytes| usize::try_from(bytes.0).unwrap_or(usize::MAX));
        Self { tokens: limit.tokens.map(u64::from), bytes }
    }
}

impl Budget {
    #[cfg(test)]
    pub(super) fn bytes(bytes: usize) -> Self {
        Self { tokens: None, bytes: Some(bytes) }
    }

    /// Whether it admits a text. Nothing is counted where the bytes alone say so: no token is shorter than one.
    pub(in crate::rules) fn admits(self, text: &str, counter: &mut Counter) -> bool {
        self.bytes.is_none_or(|max| text.len() <= max)
            && self.tokens.is_none_or(|max| fits(text, max, counter))
    }

    /// What is left beside something that comes behind the text.
    pub(in crate::rules) fn less(self, behind: &str, counter: &mut Counter) -> Self {
        let tokens = |max: u64| {
            let own = counter.count(Encoding::O200kBase, behind).tokens + SEAM_TOKENS;
            max.saturating_sub(own).max(TOKENS_MIN)
        };
        let bytes = self.bytes.map(|max| max.saturating_sub(behind.len()).max(BYTES_MIN));
        Self { tokens: self.tokens.map(tokens), bytes }
    }

    /// As people say it.
    pub(in crate::rules) fn in_words(self) -> String {
        match (self.tokens, self.bytes) {
            (Some(tokens), None) => format!("{tokens} tokens"),
            (None, Some(bytes)) => format!("{bytes} bytes"),
            (Some(tokens), Some(bytes)) => format!("{tokens} tokens or {bytes} bytes"),
            (None, None) => "nothing".to_owned(),
        }
    }
}

fn fits(text: &str, max: u64, counter: &mut Counter) -> bool {
    if text.len() as u64 <= max {
        return true;
    }
    let count = counter.count(Encoding::O200kBase, text);
    // An estimate is off by 6 % at most; within 10 % of the limit it decides nothing.
    let is_near = count.tokens.abs_diff(max) <= max / 10;
    if count.accuracy == Accuracy::Estimated && is_near {
        return exactly(text, counter) <= max;
    }
    count.tokens <= max
}

fn exactly(text: &str, counter: &mut Counter) -> u64 {
    let effort = counter.effort();
    counter.set_effort(Effort::Worker);
    let count = counter.count(Encoding::O200kBase, text);
    counter.set_effort(effort);
    count.tokens
}

/// How many bytes of a text that is too long are within a budget: at least a letter, to the end of a line if there is
/// one, else of an item, a word, a letter.
pub(in crate::rules) fn head(text: &str, budget: Budget, counter: &mut Counter) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let mut end = text.floor_char_boundary(budget.bytes.unwrap_or(usize::MAX)).max(first);
    if let Some(max) = budget.tokens {
        end = end.min(tokens_head(&text[..end], max, counter));
    }
    boundary(&text[..end.max(first)])
}

/// The longest beginning of a text within so many tokens, to about 2 %. The number of tokens grows with the length
/// nearly evenly, so a few counts find it.
fn tokens_head(text: &str, max: u64, counter: &mut Counter) -> usize {
    if text.is_empty() {
        return 0;
    }
    let (mut fits, mut over) = (0, text.len() + 1);
    let mut guess = usize::try_from(max).unwrap_or(usize::MAX).saturating_mul(4);
    for _ in 0..12 {
        let at = text.floor_char_boundary(guess.clamp(fits + 1, over - 1));
        if at <= fits {
            break;
        }
        let count = exactly(&text[..at], counter);
        if count <= max {
            fits = at;
            if at == text.len() || count * 50 >= max * 49 {
                break;
            }
        } else {
            over = at;
        }
        if over <= fits + 1 {
            break;
        }
        // A hundredth less than what the proportion says, so that the next one fits.
        let ratio = max as f64 / count.max(1) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is clamped to the text"
        )]
        let next = (at as f64 * ratio * 0.99) as usize;
        guess = if next <= fits || next >= over { fits.midpoint(over) } else { next };
    }
    fits
}

/// A better place to cut in the second half of a beginning: behind a line, an item, a word.
fn boundary(head: &str) -> usize {
    let half = head.len() / 2;
    let behind = |at: Option<usize>| at.map(|at| at + 1).filter(|&at| at > half);
    let bytes = head.as_bytes();
    let item = || bytes.windows(2).rposition(|pair| matches!(pair, b"}," | b"],"));
    behind(memchr::memrchr(b'\n', bytes))
        .or_else(|| behind(item().map(|at| at + 1)))
        .or_else(|| behind(memchr::memrchr2(b' ', b',', bytes)))
        .unwrap_or(head.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_behind_a_line_an_item_or_a_word() {
        assert_eq!(boundary("one line\ntwo lines\nthr"), "one line\ntwo lines\n".len());
        assert_eq!(boundary(r#"[{"a":1},{"a":2},{"a""#), r#"[{"a":1},{"a":2},"#.len());
        assert_eq!(boundary("some words tha"), "some words ".len());
        assert_eq!(boundary("aaaaaaaa"), 8);
        assert_eq!(boundary("a\nbbbbbbbbbbbbbbb"), 17);
    }

    #[test]
    fn a_head_is_within_its_tokens_and_uses_most_of_them() {
        let mut counter = Counter::default();
        let text = "The quick brown fox, no. 4711, jumps over größere Hunde. 漢字も。\n".repeat(300);
        for max in [16, 100, 1_000, 5_000] {
            let end = head(&text, Budget { tokens: Some(max), bytes: None }, &mut counter);
            let count = counter.count(Encoding::O200kBase, &text[..end]).tokens;
            assert!(count <= max && count * 2 > max, "{count} of {max}");
        }
    }

    #[test]
    fn a_short_text_is_admitted_without_counting() {
        let mut counter = Counter::with_capacity(Effort::AtOnce, 1);
        let budget = Budget { tokens: Some(10), bytes: Some(10) };
        assert!(budget.admits("ten bytes!", &mut counter));
        assert!(!budget.admits("eleven byte", &mut counter));
    }

    proptest! {
        #[test]
        fn a_head_is_never_empty_and_never_splits_a_letter(text in "[aé漢\\n ,}😀]{1,200}", tokens in 0_u64..40, bytes in 0_usize..200) {
            let end = head(&text, Budget { tokens: Some(tokens), bytes: Some(bytes) }, &mut Counter::default());
            prop_assert!(end > 0 && text.is_char_boundary(end));
        }
    }
}
