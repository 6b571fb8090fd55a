//! `shape`: writes JSON in text blocks in a shorter form.

use serde::{Deserialize, Serialize};

use crate::rules::Twin;
use crate::rules::answer::{
    Parts, Reshape, Reshaped, Room, Rows, Subject, Tree, compact, document, is_twin, quoted, toon,
};
use crate::tokens::{Counter, Encoding};

/// A form in which JSON is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// JSON without white space.
    Compact,
    /// Rows of values under a line of names, between tabs.
    Table,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// Token-Oriented Object Notation.
    Toon,
    /// A Markdown table.
    Markdown,
    /// Whichever of these is smallest in tokens.
    Auto,
}

impl Shape {
    /// The word for it in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Toon => "toon",
            Self::Markdown => "markdown",
            Self::Auto => "auto",
        }
    }

    /// A JSON text in this form. What the form cannot say without a loss is compact instead; then also why.
    fn write(self, text: &str, tree: &Tree<'_>, counter: &mut Counter) -> (String, Option<String>) {
        let rows = || Rows::of(tree).ok_or("it has no rows");
        let written = match self {
            Self::Compact => Ok(compact(text)),
            Self::Table => rows().map(|rows| rows.tsv()),
            Self::Csv => rows().map(|rows| rows.csv()),
            Self::Markdown => rows().map(|rows| rows.markdown()),
            Self::Toon => toon(tree),
            Self::Auto => return smallest(text, tree, counter),
        };
        match written {
            Ok(written) => (written, None),
            Err(why) => (compact(text), Some(format!("compact JSON instead of {}: {why}", self.as_str()))),
        }
    }
}

/// The form with the fewest tokens of `o200k_base`; of equals the one that is most like JSON.
fn smallest(text: &str, tree: &Tree<'_>, counter: &mut Counter) -> (String, Option<String>) {
    let rows = Rows::of(tree);
    let tables = rows.iter().flat_map(|rows| {
        [(Shape::Table, rows.tsv()), (Shape::Csv, rows.csv()), (Shape::Markdown, rows.markdown())]
    });
    let mut best = (Shape::Compact, compact(text));
    let mut fewest = counter.count(Encoding::O200kBase, &best.1).tokens;
    for (shape, written) in tables.chain(toon(tree).ok().map(|written| (Shape::Toon, written))) {
        let count = counter.count(Encoding::O200kBase, &written).tokens;
        if count < fewest {
            (best, fewest) = ((shape, written), count);
        }
    }
    (best.1, Some(format!("{} has the fewest tokens", best.0.as_str())))
}

/// Writes the JSON of text blocks in another form.
pub(in crate::rules) struct Shaper {
    shape: Shape,
    twin: Twin,
}

impl Shaper {
    pub(in crate::rules) fn new(shape: Shape, twin: Twin) -> Self {
        Self { shape, twin }
    }
}

impl Reshape for Shaper {
    fn reshape(&mut self, result: &str, subject: &Subject<'_>, room: &mut Room) -> Reshaped {
        let parts = match Parts::of(result, subject.method) {
            Ok(parts) => parts,
            Err(why) => return Reshaped::passed(why),
        };
        let (mut edit, mut is_changed, mut reason) = (parts.edit(), false, None);
        for &slot in parts.slots.iter().filter(|slot| !slot.is_embedded) {
            let text = parts.read(slot);
            let Some(tree) = document(&text) else { continue };
            if self.twin != Twin::Shape && is_twin(&parts, &text, room) {
                reason = Some(
                    "the text repeats structuredContent and stays JSON: twin = \"shape\" shapes it"
                        .to_owned(),
                );
                continue;
            }
            let (new, why) = self.shape.write(&text, &tree, &mut room.counter);
            reason = why.or(reason);
            if new != *text {
                edit.replace(parts.tree.value(slot.string), quoted(&new));
                is_changed = true;
            }
        }
        Reshaped { result: is_changed.then(|| edit.finish()), why: reason, spill: None }
    }
}
