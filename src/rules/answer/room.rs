//! What transformers of answers keep between messages: the rest of long results, bounded, and the token counter.
//!
//! Knows nothing of results; files are named here and written by others.

use std::collections::VecDeque;
use std::path::PathBuf;

use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::cut::{Budget, head};
use crate::tokens::{Counter, Effort};

/// Long results kept at most.
const TEXTS_MAX: usize = 256;

/// Bytes of long results kept at most.
const BYTES_MAX: usize = 64 << 20;

/// Twins remembered at most: those of the messages on their way.
const TWINS_MAX: usize = 256;

/// Counts remembered at most.
const COUNTS_MAX: usize = 4_096;

/// Kept between messages.
#[derive(Debug)]
pub(in crate::rules) struct Room {
    spill: PathBuf,
    /// The vocabulary is loaded when it counts for the first time.
    pub(in crate::rules) counter: Counter,
    texts: VecDeque<Kept>,
    bytes: usize,
    twins: VecDeque<u128>,
}

/// A result that was too long.
#[derive(Debug)]
struct Kept {
    /// A digest of the text: nobody who does not know the text can guess it.
    id: u64,
    text: Box<str>,
    budget: Budget,
    /// The name of the rule that has cut it.
    rule: Box<str>,
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(in crate::rules) enum PageError {
    /// The cursor is none of ours, or the text made room for others.
    #[error("mcptop knows no cursor \"{0}\" any more: call the tool that gave it once again")]
    Unknown(String),
}

impl Room {
    /// With files of long results in this folder.
    pub(in crate::rules) fn new(spill: PathBuf) -> Self {
        Self {
            spill,
            counter: Counter::with_capacity(Effort::AtOnce, COUNTS_MAX),
            texts: VecDeque::new(),
            bytes: 0,
            twins: VecDeque::new(),
        }
    }

    pub(super) fn knows_twin(&self, digest: u128) -> bool {
        self.twins.contains(&digest)
    }

    pub(super) fn note_twin(&mut self, digest: u128) {
        if self.twins.len() == TWINS_MAX {
            self.twins.pop_front();
        }
        self.twins.push_back(digest);
    }

    /// The path of a file for a long result: named after the tool and the text, so that no two texts share one.
    pub(in crate::rules) fn spill_path(&self, tool: &str, text: &str) -> PathBuf {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        let name: String =
            tool.chars().take(64).map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let is_json = text.starts_with(['{', '[']);
        let digest = xxhash_rust::xxh3::xxh3_128(text.as_bytes());
        self.spill.join(format!("{name}-{digest:032x}.{}", if is_json { "json" } else { "txt" }))
    }

    /// Keeps a text to be read on in pages, and says what to call its beginning; `None` if it is larger than all of the room.
    /// `rule` is whose limit it is.
    pub(in crate::rules) fn keep(&mut self, text: &str, budget: Budget, rule: &str) -> Option<u64> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let id = xxh3_64(text.as_bytes());
        if let Some(at) = self.texts.iter().position(|kept| kept.id == id) {
            self.bytes -= self.texts.remove(at).map_or(0, |kept| kept.text.len());
        }
        self.bytes += text.len();
        self.texts.push_back(Kept { id, text: text.into(), budget, rule: rule.into() });
        while self.texts.len() > TEXTS_MAX || self.bytes > BYTES_MAX {
            self.bytes -= self.texts.pop_front().map_or(0, |kept| kept.text.len());
        }
        Some(id)
    }

    /// Whether nothing is kept that could be read on.
    pub(in crate::rules) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The name of the rule that has cut what a cursor stands for.
    pub(in crate::rules) fn rule_of(&self, cursor: &str) -> Option<&str> {
        let (id, _) = read_cursor(cursor)?;
        self.texts.iter().find(|kept| kept.id == id).map(|kept| &*kept.rule)
    }

    /// Whether a cursor stands for something that is kept.
    pub(in crate::rules) fn knows(&self, cursor: &str) -> bool {
        read_cursor(cursor).is_some_and(|(id, _)| self.texts.iter().any(|kept| kept.id == id))
    }

    /// What a cursor stands for: the next page, with where to read on if there is more.
    ///
    /// # Errors
    /// If nothing is known of it.
    pub(in crate::rules) fn page(&mut self, cursor: &str) -> Result<String, PageError> {
        let unknown = || PageError::Unknown(cursor.chars().take(40).collect());
        let (id, from) = read_cursor(cursor).ok_or_else(unknown)?;
        let kept = self.texts.iter().find(|kept| kept.id == id).ok_or_else(unknown)?;
        let rest = kept.text.get(from..).ok_or_else(unknown)?;
        if kept.budget.admits(rest, &mut self.counter) {
            return Ok(rest.to_owned());
        }
        let total = kept.text.len();
        let reserve = notice(id, from, total);
        let end = from + head(rest, kept.budget.less(&reserve, &mut self.counter), &mut self.counter);
        let behind = if end < total { notice(id, end, total) } else { String::new() };
        Ok(format!("{}{behind}", &kept.text[from..end]))
    }
}

/// What a page ends with if there is more: its own line, with the cursor from which to read on.
pub(in crate::rules) fn notice(id: u64, end: usize, total: usize) -> String {
    format!(
        "\n[mcptop: {} of {total} bytes left. Read on: call mcptop_read_more with {{\"cursor\":\"{id:016x}-{end}\"}}]",
        total - end
    )
}

fn read_cursor(cursor: &str) -> Option<(u64, usize)> {
    let (id, from) = cursor.split_once('-')?;
    Some((u64::from_str_radix(id, 16).ok()?, from.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Room {
        Room::new("/tmp/spill".into())
    }

    #[test]
    fn kept_texts_are_bounded_and_the_oldest_goes_first() {
        let mut room = room();
        let budget = Budget::bytes(10);
        let ids: Vec<u64> =
            (0..=TEXTS_MAX).map(|n| room.keep(&format!("text {n}"), budget, "r").unwrap()).collect();
        assert_eq!(room.texts.len(), TEXTS_MAX);
        let gone = room.page(&format!("{:016x}-0", ids[0])).unwrap_err();
        assert!(gone.to_string().contains("once again"), "{gone}");
        assert_eq!(room.page(&format!("{:016x}-0", ids[1])), Ok("text 1".to_owned()));
        assert!(room.keep(&"x".repeat(BYTES_MAX), budget, "r").is_some());
        assert_eq!((room.texts.len(), room.bytes), (1, BYTES_MAX));
        assert_eq!(room.keep(&"x".repeat(BYTES_MAX + 1), budget, "r"), None);
        for n in 0..2 * TWINS_MAX {
            room.note_twin(n as u128);
        }
        assert_eq!(room.twins.len(), TWINS_MAX);
    }

    #[test]
    fn the_same_text_is_kept_once() {
        let mut room = room();
        let first = room.keep("text", Budget::bytes(2), "r");
        assert_eq!(room.keep("text", Budget::bytes(2), "r"), first);
        assert_eq!((room.texts.len(), room.bytes), (1, 4));
    }

    #[test]
    fn a_cursor_that_is_none_of_ours_is_refused() {
        let mut room = room();
        let id = room.keep("größe", Budget::bytes(100), "r").unwrap();
        for cursor in ["", "-", "x-0", "0-0", &format!("{id:016x}-3"), &format!("{id:016x}-99"), "é-1"] {
            assert!(room.page(cursor).is_err(), "{cursor}");
        }
    }

    #[test]
    fn no_name_of_a_tool_leads_out_of_the_folder() {
        let path = room().spill_path("../../etc/passwd\0", "{}");
        assert_eq!(path.parent().unwrap(), std::path::Path::new("/tmp/spill"));
        assert_eq!(path.extension().unwrap(), "json");
        assert_ne!(room().spill_path("a", "x"), room().spill_path("a", "y"));
    }
}
