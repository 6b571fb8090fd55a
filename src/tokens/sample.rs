//! Decides how a text is counted within a given effort, and estimates what is too long to be counted whole;
//! it does not know caches or JSON.

use unicode_width::UnicodeWidthChar;

use super::count::Count;
use super::encoding::Encoding;
use super::engine::EnginePanicked;

/// How much work a count may be. What exceeds it is estimated from samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effort {
    /// Exact up to 256 KB (about 2 ms), sampled above: for counting while something waits.
    #[default]
    AtOnce,
    /// Exact up to 8 MB (about 60 ms) unless one run of a single character class exceeds 64 KB: for a worker thread.
    Worker,
    /// Exact at any size. One such run costs more than a second per MB: only when the user asks.
    OnRequest,
}

/// Longest text counted exactly with [`Effort::AtOnce`].
pub const AT_ONCE_BYTES_MAX: usize = 256 * 1024;
/// Longest text counted exactly with [`Effort::Worker`].
pub const WORKER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest run of one character class counted exactly without being asked: the splitter hands such a run to the
/// merge as one piece, whose cost is far above that of ordinary text in every engine.
pub const RUN_BYTES_MAX: usize = 64 * 1024;

const WINDOWS: usize = 16;
const WINDOW_BYTES: usize = 4 * 1024;

/// The least effort with which `text` is counted exactly.
#[must_use]
pub fn effort_needed(text: &str) -> Effort {
    let by_size = match text.len() {
        bytes if bytes <= AT_ONCE_BYTES_MAX => Effort::AtOnce,
        bytes if bytes <= WORKER_BYTES_MAX => Effort::Worker,
        _ => Effort::OnRequest,
    };
    if by_size < Effort::OnRequest && has_giant_run(text) { Effort::OnRequest } else { by_size }
}

/// Counts 16 windows of 4 KB, spread evenly, and extrapolates. A text of no more than all windows together is
/// cut into consecutive windows, so that only the cuts are inexact.
pub(super) fn estimate(encoding: Encoding, text: &str) -> Result<Count, EnginePanicked> {
    let windows = WINDOWS.min(text.len().div_ceil(WINDOW_BYTES));
    let (mut bytes, mut tokens) = (0_u64, 0_u64);
    for window in (0..windows).map(|n| window_of(text, n, windows)) {
        bytes += window.len() as u64;
        tokens += encoding.count_tokens(window)?;
    }
    let tokens = (tokens as f64 * text.len() as f64 / bytes.max(1) as f64).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rounded ratio of counts")]
    Ok(Count::estimated(tokens as u64))
}

/// The `n`-th of `windows` windows. One that starts within the text starts behind the next blank, so that it
/// does not begin with half a word, if there is a blank near.
fn window_of(text: &str, n: usize, windows: usize) -> &str {
    const BLANK_WITHIN: usize = 64;
    let spread = text.len().saturating_sub(WINDOW_BYTES);
    let mut start = if windows < 2 { 0 } else { text.floor_char_boundary(spread * n / (windows - 1)) };
    if start > 0 {
        let near = &text.as_bytes()[start..text.len().min(start + BLANK_WITHIN)];
        start += near.iter().position(|byte| matches!(byte, b' ' | b'\n' | b',')).unwrap_or(0);
    }
    &text[start..text.floor_char_boundary(start.saturating_add(WINDOW_BYTES))]
}

/// The pieces of the splitting pattern in which a character may stand, as a set of bits. A run of characters
/// that share a bit may become one piece.
type Kinds = u8;
const WORD: Kinds = 1;
const BLANK: Kinds = 2;
const SIGN: Kinds = 4;

/// Which unbounded pieces may contain `c`. Digits come in threes, so they end every run.
fn kinds(c: char) -> Kinds {
    match c {
        // A run of signs takes the line ends (and slashes) behind it along.
        '\r' | '\n' => BLANK | SIGN,
        c if c.is_whitespace() => BLANK,
        c if c.is_numeric() => 0,
        c if c.is_alphabetic() => WORD,
        // Combining marks belong to words in one encoding and to signs in the other; width 0 is what all have.
        c if !c.is_ascii() && c.width() == Some(0) => WORD | SIGN,
        _ => SIGN,
    }
}

/// Whether a run of more than [`RUN_BYTES_MAX`] bytes may become a single piece.
///
/// Such a run covers a multiple of half that length, so it suffices to look around those: a few characters
/// each in ordinary text.
fn has_giant_run(text: &str) -> bool {
    (0..text.len()).step_by(RUN_BYTES_MAX / 2).skip(1).any(|middle| {
        let (before, after) = text.split_at(text.floor_char_boundary(middle));
        let Some(first) = after.chars().next() else { return false };
        // A character that may stand in two kinds of pieces is tried as each of them.
        [WORD, BLANK, SIGN].into_iter().filter(|kind| kinds(first) & kind != 0).any(|kind| {
            let ahead = run_bytes(after.chars(), kind, RUN_BYTES_MAX + 1);
            ahead + run_bytes(before.chars().rev(), kind, RUN_BYTES_MAX + 1) > RUN_BYTES_MAX
        })
    })
}

/// How many bytes of `chars` may stand in one piece of `kind`, counted no further than `bytes_max`.
fn run_bytes(chars: impl Iterator<Item = char>, kind: Kinds, bytes_max: usize) -> usize {
    let mut bytes = 0;
    for c in chars.take_while(|&c| kinds(c) & kind != 0) {
        bytes += c.len_utf8();
        if bytes >= bytes_max {
            break;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effort_grows_with_the_text() {
        let words = "word ".repeat(2_000_000);
        assert_eq!(effort_needed(""), Effort::AtOnce);
        assert_eq!(effort_needed(&words[..AT_ONCE_BYTES_MAX]), Effort::AtOnce);
        assert_eq!(effort_needed(&words[..=AT_ONCE_BYTES_MAX]), Effort::Worker);
        assert_eq!(effort_needed(&words[..WORKER_BYTES_MAX]), Effort::Worker);
        assert_eq!(effort_needed(&words[..=WORKER_BYTES_MAX]), Effort::OnRequest);
    }

    #[test]
    fn a_giant_run_is_found_wherever_it_stands() {
        let runs =
            ["a", "A", " ", "\n", "-", "\n/", "漢", "e\u{301}", "\u{A0}", "😀", "\u{93F}\u{915}", "aA"];
        for run in runs {
            let giant = run.repeat(RUN_BYTES_MAX / run.len() + 1);
            let short = &giant[..giant.floor_char_boundary(RUN_BYTES_MAX / 2)];
            for lead in [0, 1, 30_000, 32_768, 65_537] {
                let lead = "0 ".repeat(lead / 2) + &"0".repeat(lead % 2);
                assert_eq!(
                    effort_needed(&format!("{lead}{giant}0")),
                    Effort::OnRequest,
                    "{run:?} after {}",
                    lead.len()
                );
                assert_eq!(
                    effort_needed(&format!("{lead}{short}0")),
                    Effort::AtOnce,
                    "{run:?} after {}",
                    lead.len()
                );
            }
        }
    }

    #[test]
    fn ordinary_text_has_no_giant_run() {
        for line in [
            "{\"id\": 17, \"name\": \"an object\"},\n",
            "VGhpcyBpcyBiYXNlNjQ0Lm5v",
            "漢字かな交じり文、です。1\n",
        ] {
            assert_eq!(effort_needed(&line.repeat(200_000 / line.len())), Effort::AtOnce, "{line}");
        }
    }

    #[test]
    fn an_estimate_of_even_text_is_close() {
        for unit in ["a", "the quick brown fox ", "{\"k\":[1,2,3]},", "漢字かな。"] {
            let text = unit.repeat(600_000 / unit.len());
            for encoding in Encoding::ALL {
                let exact = encoding.count_tokens(&text).unwrap() as f64;
                let estimate = estimate(encoding, &text).unwrap().tokens as f64;
                assert!((estimate / exact - 1.0).abs() < 0.02, "{unit:?}: {estimate} for {exact}");
            }
        }
    }

    #[test]
    fn windows_are_cut_between_characters() {
        for text in ["é".repeat(100_000), "x".repeat(10), String::new(), "😀".repeat(5_000)] {
            assert!(estimate(Encoding::O200kBase, &text).is_ok());
        }
    }
}
