//! Which lines of help have what somebody looks for, and where in them it stands.
//!
//! Knows nothing of drawing.

use std::ops::Range;

use super::entries::{Block, Entry};

/// What somebody looks for: every word must be found.
pub(super) struct Search {
    words: Vec<String>,
}

/// Where the words stand in a line: byte ranges of its labels and of its texts, in ascending order and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// For each label.
    pub(super) labels: Vec<Vec<Range<usize>>>,
    pub(super) text: Vec<Range<usize>>,
    pub(super) name: Vec<Range<usize>>,
    pub(super) aside: Vec<Range<usize>>,
}

impl Search {
    pub(super) fn new(words: &str) -> Self {
        Self { words: words.split_whitespace().map(str::to_owned).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The lines that have every word, in their blocks.
    pub(super) fn narrow(&self, blocks: Vec<Block>) -> Vec<Block> {
        let narrowed = blocks.into_iter().map(|mut block| {
            let head = format!("{} {}", block.title, block.place);
            block.entries.retain(|entry| self.fits(entry, &head));
            block
        });
        narrowed.filter(|block| !block.entries.is_empty()).collect()
    }

    fn fits(&self, entry: &Entry, head: &str) -> bool {
        self.words.iter().all(|word| {
            entry.labels.iter().any(|label| !in_label(label, word).is_empty())
                || [entry.text.as_str(), entry.name, &entry.aside, head]
                    .iter()
                    .any(|text| !in_text(text, word).is_empty())
        })
    }

    /// Where the words stand in a line.
    pub(super) fn marks(&self, entry: &Entry) -> Marks {
        let texts = |text: &str| merged(self.words.iter().flat_map(|word| in_text(text, word)).collect());
        let label =
            |label: &String| merged(self.words.iter().flat_map(|word| in_label(label, word)).collect());
        Marks {
            labels: entry.labels.iter().map(label).collect(),
            text: texts(&entry.text),
            name: texts(entry.name),
            aside: texts(&entry.aside),
        }
    }
}

/// A single character is a key and nothing else, in its own case; more are a part of what stands there.
fn in_label(label: &str, word: &str) -> Vec<Range<usize>> {
    if word.chars().count() == 1 {
        let is_it = label == word || label.strip_prefix("ctrl-") == Some(word);
        return if is_it { std::iter::once(0..label.len()).collect() } else { Vec::new() };
    }
    found(label, word).collect()
}

/// A single character begins a word; more stand anywhere.
fn in_text(text: &str, word: &str) -> Vec<Range<usize>> {
    let begins = |at: &Range<usize>| !text[..at.start].chars().next_back().is_some_and(char::is_alphanumeric);
    if word.chars().count() == 1 {
        found(text, word).filter(begins).collect()
    } else {
        found(text, word).collect()
    }
}

/// Where a word stands, whatever its case. What help says is ASCII in all that has a case.
fn found<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    let starts = text.char_indices().map(|(start, _)| start);
    let ranges = starts.map(|start| start..start + word.len());
    ranges.filter(|at| text.get(at.clone()).is_some_and(|part| part.eq_ignore_ascii_case(word)))
}

/// Ranges that touch become one.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme::Role;
    use proptest::prelude::*;

    fn entry(labels: &[&str], text: &str, name: &'static str) -> Entry {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Entry { labels, role: Role::Key, text: text.to_owned(), name, aside: "Calls".to_owned() }
    }

    /// What is marked, with where it begins.
    fn cut<'t>(text: &'t str, ranges: &[Range<usize>]) -> Vec<(usize, &'t str)> {
        ranges.iter().map(|range| (range.start, &text[range.clone()])).collect()
    }

    fn fits(words: &str, entry: &Entry) -> bool {
        Search::new(words).fits(entry, "Rules in Calls")
    }

    #[test]
    fn words_are_found_in_keys_names_and_descriptions() {
        let drop = entry(&["d", "ctrl-x"], "Drop this field from results", "drop-field");
        for words in ["drop field", "FIELD drop", "d", "x", "ctrl-x", "drop-field", "results rules", "calls"]
        {
            assert!(fits(words, &drop), "{words}");
        }
        for words in ["K", "drop tools", "z", "u", "trl-y"] {
            assert!(!fits(words, &drop), "{words}");
        }
    }

    #[test]
    fn a_single_letter_is_a_key_or_begins_a_word() {
        let text = "Leave it, and drop";
        let marks = Search::new("d").marks(&entry(&["d", "D"], text, ""));
        assert_eq!([cut("d", &marks.labels[0]), cut("D", &marks.labels[1])], [vec![(0, "d")], vec![]]);
        assert_eq!(cut(text, &marks.text), [(14, "d")]);
    }

    #[test]
    fn words_that_overlap_are_marked_as_one() {
        let marks = Search::new("drop opt").marks(&entry(&[], "dropt", ""));
        assert_eq!(cut("dropt", &marks.text), [(0, "dropt")]);
    }

    proptest! {
        #[test]
        fn marks_lie_within_their_text_in_order(words in "\\PC{0,8}", text in "\\PC{0,30}") {
            let marks = Search::new(&words).marks(&entry(&[&text], &text, ""));
            for ranges in marks.labels.iter().chain([&marks.text]) {
                prop_assert!(ranges.iter().all(|range| text.get(range.clone()).is_some()));
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
            }
        }
    }
}
