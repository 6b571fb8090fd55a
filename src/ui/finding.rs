//! Which texts have the letters that somebody types, and how well: the palette's search.
//!
//! Knows nothing of what the texts stand for.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// How well a text fits: the smaller the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank(Fit, Reverse<u32>);

/// In what way a text has what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// At its beginning.
    Prefix,
    /// At the beginning of a word.
    WordStart,
    /// Within a word.
    Within,
    /// Its letters in their order, others between them.
    Letters,
    /// Only another name of it has the letters.
    Name,
}

/// A text that has the letters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hit {
    /// How well.
    pub(super) rank: Rank,
    /// Which of its characters these are, in ascending order.
    pub(super) at: Vec<u32>,
}

/// Looks for what somebody types.
pub(super) struct Finder {
    /// In small letters, with single blanks.
    typed: String,
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Finder {
    /// Looks for these words, each of which a text must have. No character has a meaning of its own.
    pub(super) fn new(typed: &str) -> Self {
        let words: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
        Self {
            typed: words.join(" "),
            pattern: Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy),
            matcher: Matcher::new(Config::DEFAULT),
            buffer: Vec::new(),
        }
    }

    /// How a text fits, or else another name of it; `None` if neither has the letters.
    pub(super) fn find(&mut self, text: &str, name: &str) -> Option<Hit> {
        if let Some((fit, from)) = self.whole(text) {
            let length = u32::try_from(self.typed.chars().count()).unwrap_or(u32::MAX);
            let at = (from..from.saturating_add(length)).collect();
            return Some(Hit { rank: Rank(fit, Reverse(0)), at });
        }
        if let Some((score, at)) = self.letters(text) {
            return Some(Hit { rank: Rank(Fit::Letters, Reverse(score)), at });
        }
        let (score, _) = self.letters(name)?;
        Some(Hit { rank: Rank(Fit::Name, Reverse(score)), at: Vec::new() })
    }

    /// Where all that is typed stands together, in the best way in which it does; the character it begins with.
    fn whole(&self, text: &str) -> Option<(Fit, u32)> {
        if self.typed.is_empty() {
            return Some((Fit::Prefix, 0));
        }
        let lower = text.to_lowercase();
        // Where small letters are not as many, places would be wrong; then the letters alone are looked for.
        if lower.chars().count() != text.chars().count() {
            return None;
        }
        let fits = lower.match_indices(&self.typed).map(|(start, _)| {
            let before = lower[..start].chars().next_back();
            let fit = match before {
                None => Fit::Prefix,
                Some(before) if !before.is_alphanumeric() => Fit::WordStart,
                Some(_) => Fit::Within,
            };
            (fit, u32::try_from(lower[..start].chars().count()).unwrap_or(u32::MAX))
        });
        fits.min()
    }

    fn letters(&mut self, text: &str) -> Option<(u32, Vec<u32>)> {
        let mut at = Vec::new();
        let text = Utf32Str::new(text, &mut self.buffer);
        let score = self.pattern.indices(text, &mut self.matcher, &mut at)?;
        at.sort_unstable();
        at.dedup();
        Some((score, at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranked(typed: &str, texts: &[&'static str]) -> Vec<&'static str> {
        let mut finder = Finder::new(typed);
        let mut found: Vec<_> =
            texts.iter().filter_map(|text| Some((finder.find(text, "")?.rank, *text))).collect();
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_beginning_comes_before_a_words_beginning_before_its_inside_before_scattered_letters() {
        let texts = ["to a rhyme", "Another one", "Next theme", "Theme: dark", "no such letters"];
        assert_eq!(ranked("the", &texts), ["Theme: dark", "Next theme", "Another one", "to a rhyme"]);
    }

    #[test]
    fn no_character_has_a_meaning_of_its_own() {
        assert_eq!(ranked("!x", &["x", "!x"]), ["!x"]);
        assert_eq!(ranked("^a", &["ab", "b^a"]), ["b^a"]);
    }

    #[test]
    fn what_is_found_by_its_name_alone_comes_last_and_shows_no_letters() {
        let mut finder = Finder::new("wire-or");
        let by_name = finder.find("Tokens: on the wire, or for the model", "wire-or-model").unwrap();
        assert!(by_name.at.is_empty());
        assert!(finder.find("the wire-or its end", "").unwrap().rank < by_name.rank);
    }

    proptest! {
        #[test]
        fn every_hit_is_within_the_text(typed in "\\PC{0,6}", text in "\\PC{0,20}") {
            if let Some(hit) = Finder::new(&typed).find(&text, "name") {
                let length = u32::try_from(text.chars().count()).unwrap();
                prop_assert!(hit.at.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert!(hit.at.iter().all(|at| *at < length.max(1)));
            }
        }
    }
}
