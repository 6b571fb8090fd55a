//! Cuts texts to a width so that what matters of them stays: the end for sentences, the middle for paths and ids.
//!
//! Widths are terminal cells. Control characters, which would move the cursor or do worse, become `·`, and so do those that
//! turn the direction of a text round or take no room, so that nothing reads otherwise than it is. Knows nothing of styles.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a character does something instead of being seen: controls, marks of direction (UAX #9), and blanks without width.
/// Joiners (U+200C, U+200D) are part of how words and signs are written.
pub(super) fn acts(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// The text in lines of at most so many cells, with every blank that it has.
#[must_use]
pub fn letters(text: &str, cells: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let fits = head(rest, cells);
        let taken = if fits.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { fits.len() };
        lines.push(&rest[..taken]);
        rest = &rest[taken..];
    }
    lines
}

/// The text with each character that acts instead of being seen replaced by `·`.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(acts) {
        Cow::Owned(text.chars().map(|c| if acts(c) { '·' } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// How many cells the text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text if it fits into `cells`, else its beginning and `…`.
#[must_use]
pub fn end(text: &str, cells: usize) -> Cow<'_, str> {
    let text = visible_prefix(text, cells);
    if text.width() <= cells {
        return text;
    }
    match cells {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", head(&text, cells - 1))),
    }
}

/// The text if it fits into `cells`, else its beginning, `…` and its end: `/home/…/notes.md`.
#[must_use]
pub fn middle(text: &str, cells: usize) -> Cow<'_, str> {
    let text = visible(text);
    if text.width() <= cells {
        return text;
    }
    match cells {
        0 => Cow::Borrowed(""),
        1 => Cow::Borrowed("…"),
        _ => {
            // The end tells paths and names apart better than their beginning does, so it gets the larger part.
            let front = head(&text, (cells - 1) / 3);
            let back = tail(&text, cells - 1 - front.width());
            Cow::Owned(format!("{front}…{back}"))
        }
    }
}

/// The first of several ways to say the same that fits into `cells`; of the last one as much as fits.
#[must_use]
pub fn fitting<const WAYS: usize>(ways: [String; WAYS], cells: usize) -> String {
    let mut last = String::new();
    for way in ways {
        if way.width() <= cells {
            return way;
        }
        last = way;
    }
    end(&last, cells).into_owned()
}

/// As much of the beginning as fits into `cells`.
#[must_use]
pub fn head(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > cells {
            return &text[..at];
        }
    }
    text
}

fn tail(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > cells {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// [`visible`], but looks at no more of a long text than could be shown in `cells`.
fn visible_prefix(text: &str, cells: usize) -> Cow<'_, str> {
    // A cell can hold several characters of width 0; four per cell is more than any script needs.
    let limit = cells.saturating_add(1).saturating_mul(4);
    let cut = text.char_indices().nth(limit).map_or(text, |(at, _)| &text[..at]);
    visible(cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sentences_lose_their_end_and_paths_their_middle() {
        assert_eq!(end("a long sentence", 8), "a long …");
        assert_eq!(middle("/home/me/work/notes.md", 14), "/hom…/notes.md");
        assert_eq!(end("short", 5), "short");
        assert_eq!(middle("short", 5), "short");
        assert_eq!(end("x", 0), "");
        assert_eq!(middle("ab", 1), "…");
    }

    #[test]
    fn of_several_ways_to_say_it_the_first_that_fits_is_taken() {
        let ways = || ["235 tools + 1 unlisted", "236 tools", "236"].map(str::to_owned);
        assert_eq!(
            [30, 14, 4, 2].map(|cells| fitting(ways(), cells)),
            ["235 tools + 1 unlisted", "236 tools", "236", "2…"]
        );
    }

    #[test]
    fn wide_characters_are_never_cut_in_half() {
        assert_eq!(end("日本語", 4), "日…");
        assert_eq!(middle("日本語日本語", 6), "…本語");
    }

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(end("a\u{1b}[2Jb\n", 20), "a·[2Jb·");
        assert_eq!(middle("\u{7}x", 20), "·x");
    }

    proptest! {
        #[test]
        fn a_cut_text_always_fits(text in any::<String>(), cells in 0usize..40) {
            prop_assert!(end(&text, cells).width() <= cells);
            prop_assert!(middle(&text, cells).width() <= cells);
        }
    }

    #[test]
    fn what_acts_instead_of_being_seen_is_shown() {
        assert_eq!(visible("a\u{202e}b\u{200b}c\u{feff}"), "a·b·c·");
        assert_eq!(visible("\u{1f468}\u{200d}\u{1f469}"), "\u{1f468}\u{200d}\u{1f469}");
    }

    #[test]
    fn lines_to_the_letter_are_the_text() {
        for text in ["two   spaces and more", "漢字 wide", "", "x"] {
            assert_eq!(letters(text, 4).concat(), text);
        }
        assert_eq!(letters("ab  cd", 4), ["ab  ", "cd"]);
        assert_eq!(letters("漢字", 1), ["漢", "字"]);
    }
}
