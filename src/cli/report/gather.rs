//! What a report tells, whatever its form: the figures of a session, where its tokens stand, and what was said in the
//! calls that stood out.
//!
//! Reads bodies again, only of those calls and of a sample of answers. Knows nothing of forms.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::value::RawValue;

use super::pretty::indented;
use crate::cli::price::Price;
use crate::insight::figures::{CallFigures, Figures, Sample};
use crate::insight::places::Places;
use crate::model::{Half, Operation, OperationId, Session};
use crate::record::Bodies;
use crate::tokens::{Counter, Effort, Profile};
use crate::ui::feed::text_of;

/// Answers of one tool whose places are counted, drawn evenly.
const ANSWERS_MAX: usize = 24;
/// Answers of one tool that these are taken of, and of all tools: 6 MB.
const ANSWERS_DRAWN_MAX: usize = 2_048;
const ANSWERS_ALL_MAX: usize = 98_304;
/// Calls that stand out: so many of the slowest, and of the fattest.
pub(in crate::cli) const CALLS_MAX: usize = 10;
/// How much of a message a report shows.
pub(in crate::cli) const BODY_BYTES_MAX: usize = 16 << 10;

/// All there is to be told.
pub(in crate::cli) struct Told<'s> {
    /// The recording, as it was named.
    pub(in crate::cli) file: PathBuf,
    pub(in crate::cli) profile: Profile,
    /// The size of the context window in tokens.
    pub(in crate::cli) window: u64,
    /// What tokens cost.
    pub(in crate::cli) price: Price,
    pub(in crate::cli) figures: Figures<'s>,
    /// Where the tokens of each tool's answers stand.
    pub(in crate::cli) places: BTreeMap<&'s str, Places>,
    /// What was asked and answered in the calls that stand out; empty if nothing of it is to be shown.
    pub(in crate::cli) said: BTreeMap<OperationId, Said>,
}

/// What was said in a call.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Said {
    pub(in crate::cli) request: Option<Text>,
    pub(in crate::cli) answer: Option<Text>,
}

/// A message, or its beginning.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Text {
    /// JSON, indented; as it travelled if it is none.
    pub(in crate::cli) shown: String,
    /// Bytes that are left out at its end.
    pub(in crate::cli) cut_bytes: usize,
}

/// Answers of each tool of which some are looked at: all of few, or so many, drawn evenly.
#[derive(Default)]
pub(in crate::cli) struct Answers {
    /// By the rows of the session; those that are no tools stay empty.
    by_row: Vec<Sample<Half>>,
}

impl Answers {
    /// Takes the answer of a call, if it is one of a tool and has any.
    pub(in crate::cli) fn take(&mut self, session: &Session, id: OperationId, operation: &Operation) {
        let is_tool = session.name(operation.method) == "tools/call";
        let Some(answer) = operation.answer().filter(|_| is_tool) else { return };
        let rows = session.rows().len();
        if rows > self.by_row.len() {
            let max = (ANSWERS_ALL_MAX / rows).clamp(ANSWERS_MAX, ANSWERS_DRAWN_MAX);
            self.by_row.resize_with(rows, || Sample::of(max));
            for sample in &mut self.by_row {
                sample.shrink_to(max);
            }
        }
        self.by_row[operation.row as usize].take(id, *answer);
    }

    /// Those of a whole session that keeps its calls.
    pub(in crate::cli) fn of(session: &Session) -> Self {
        let mut answers = Self::default();
        for (id, operation) in (0..).map(OperationId).zip(session.operations()) {
            answers.take(session, id, operation);
        }
        answers
    }
}

impl<'s> Told<'s> {
    pub(in crate::cli) fn new(file: PathBuf, profile: Profile, window: u64, figures: Figures<'s>) -> Self {
        Self {
            file,
            profile,
            window,
            price: Price::default(),
            figures,
            places: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }

    /// Looks at a sample of the answers of each tool.
    pub(in crate::cli) fn look_at_answers(&mut self, answers: Answers, bodies: &Bodies) {
        let session = self.figures.session;
        let mut counter = Counter::new(Effort::Worker);
        for (row, drawn) in session.rows().iter().zip(answers.by_row) {
            let halves = drawn.into_values();
            for half in evenly(&halves, ANSWERS_MAX) {
                let places = self.places.entry(session.name(row.key.target)).or_default();
                if let Some(text) = text_of(bodies, half) {
                    places.see(&mut counter, self.profile.encoding, &text);
                }
            }
        }
    }

    /// The calls that stand out.
    pub(in crate::cli) fn standing_out(&self) -> BTreeSet<OperationId> {
        self.slowest().iter().chain(self.fattest()).map(|call| call.id).collect()
    }

    /// Keeps what was said in a call, which stands where this operation says: it may be that of another recording of the same
    /// session, which is the same call by call.
    pub(in crate::cli) fn read_call(&mut self, id: OperationId, operation: &Operation, bodies: &Bodies) {
        let read = |half: &Half| text_of(bodies, half).map(|text| Text::of(&text));
        let said =
            Said { request: read(&operation.first().request), answer: operation.answer().and_then(read) };
        self.said.insert(id, said);
    }

    pub(in crate::cli) fn slowest(&self) -> &[CallFigures<'s>] {
        first(&self.figures.slowest)
    }

    pub(in crate::cli) fn fattest(&self) -> &[CallFigures<'s>] {
        first(&self.figures.fattest)
    }
}

fn first<T>(all: &[T]) -> &[T] {
    &all[..all.len().min(CALLS_MAX)]
}

/// At most so many of these, at even distances.
fn evenly<T>(all: &[T], most: usize) -> impl Iterator<Item = &T> {
    let count = all.len().min(most);
    (0..count).map(move |n| &all[n * all.len() / count])
}

impl Text {
    fn of(text: &str) -> Self {
        let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
        let whole = if is_json { indented(text) } else { text.to_owned() };
        let end = whole.floor_char_boundary(BODY_BYTES_MAX);
        Self { shown: whole[..end].to_owned(), cut_bytes: whole.len() - end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_drawn_evenly_and_is_all_of_few() {
        let all: Vec<u32> = (0..100).collect();
        assert_eq!(evenly(&all, 4).copied().collect::<Vec<_>>(), [0, 25, 50, 75]);
        assert_eq!(evenly(&all[..3], 4).count(), 3);
        assert_eq!(evenly(&all[..0], 4).count(), 0);
    }

    #[test]
    fn long_texts_are_cut_between_letters_and_say_by_how_much() {
        let text = Text::of(&"ä".repeat(BODY_BYTES_MAX));
        assert_eq!((text.shown.len(), text.cut_bytes), (BODY_BYTES_MAX, BODY_BYTES_MAX));
        assert_eq!(Text::of("{\"a\":1}").shown, "{\n  \"a\": 1\n}");
    }
}
