//! What somebody may wish who points at something, and what there is to choose then.
//!
//! Knows nothing of how a wish becomes a rule.

use super::spot::{Reach, Spot};
use crate::rules::{Describe, Over, Shape};

/// What is to become of what is pointed at.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// This field goes.
    Drop(Spot),
    /// Only these fields stay.
    Keep(Vec<Spot>),
    /// Results in a shorter form.
    Shape,
    /// Long results are cut.
    Limit,
    /// Equal calls are answered from memory.
    Cache,
    /// These tools are not there.
    Hide(Vec<Box<str>>),
    /// A shorter description.
    Describe,
    /// Members of the definition go.
    Strip,
}

/// One of the ways in which a wish can be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// There is only one.
    Only,
    /// Which values a path means.
    Reach(Reach),
    /// In which form.
    Shape(Shape),
    /// What happens to longer ones.
    Over(Over),
    /// How much of the description stays.
    Describe {
        /// How much.
        much: Describe,
        /// Of all tools of the server.
        all: bool,
    },
    /// What goes.
    Strip {
        /// The members.
        members: &'static [&'static str],
        /// Of all tools of the server.
        all: bool,
    },
}

/// Members that only people read.
const DECORATION: &[&str] = &["title", "examples", "$schema"];
/// These, and what models hardly read.
const MOST: &[&str] = &["title", "examples", "$schema", "annotations", "outputSchema"];

impl Wish {
    /// What it is called above the choices and in the title.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Drop(_) => "Drop this field",
            Self::Keep(_) => "Keep only the ticked fields",
            Self::Shape => "Write results shorter",
            Self::Limit => "Limit results",
            Self::Cache => "Cache this tool",
            Self::Hide(_) => "Hide from the model",
            Self::Describe => "Shorten the description",
            Self::Strip => "Strip the definition",
        }
    }

    /// What there is to choose, the usual first, each with a word for it.
    #[must_use]
    pub fn choices(&self) -> Vec<(Choice, String)> {
        let row = |choice, word: &str| (choice, word.to_owned());
        match self {
            Self::Drop(spot) => reaches(std::slice::from_ref(spot)),
            Self::Keep(spots) => reaches(spots),
            Self::Shape => vec![
                row(Choice::Shape(Shape::Table), "table"),
                row(Choice::Shape(Shape::Csv), "csv"),
                row(Choice::Shape(Shape::Auto), "smallest"),
                row(Choice::Shape(Shape::Compact), "compact JSON"),
                row(Choice::Shape(Shape::Toon), "toon"),
                row(Choice::Shape(Shape::Markdown), "markdown"),
            ],
            Self::Limit => vec![
                row(Choice::Over(Over::Page), "pages"),
                row(Choice::Over(Over::Spill), "into a file"),
                row(Choice::Over(Over::Truncate), "cut off"),
                row(Choice::Over(Over::Error), "fail"),
            ],
            Self::Cache | Self::Hide(_) => vec![row(Choice::Only, "")],
            Self::Describe => vec![
                row(Choice::Describe { much: Describe::FirstSentence, all: false }, "first sentence"),
                row(Choice::Describe { much: Describe::FirstLine, all: false }, "first line"),
                row(Choice::Describe { much: Describe::None, all: false }, "none"),
                row(
                    Choice::Describe { much: Describe::FirstSentence, all: true },
                    "first sentence, all tools",
                ),
            ],
            Self::Strip => vec![
                row(Choice::Strip { members: DECORATION, all: false }, "titles, examples"),
                row(Choice::Strip { members: MOST, all: false }, "hints, output schema too"),
                row(Choice::Strip { members: DECORATION, all: true }, "titles, examples, all tools"),
                row(Choice::Strip { members: MOST, all: true }, "all of it, all tools"),
            ],
        }
    }

    /// What is asked to be typed, with what stands there at first.
    #[must_use]
    pub fn asks(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Limit => Some(("tokens", "8000")),
            Self::Cache => Some(("keep for", "5m")),
            Self::Drop(_) | Self::Keep(_) | Self::Shape | Self::Hide(_) | Self::Describe | Self::Strip => {
                None
            }
        }
    }

    /// Whether it is about definitions rather than about results.
    #[must_use]
    pub fn is_about_definitions(&self) -> bool {
        matches!(self, Self::Hide(_) | Self::Describe | Self::Strip)
    }
}

fn reaches(spots: &[Spot]) -> Vec<(Choice, String)> {
    let here = if spots.iter().any(Spot::is_in_items) { "here, in all items" } else { "here" };
    let mut choices = vec![(Choice::Reach(Reach::Here), here.to_owned())];
    if spots.iter().any(Spot::has_name) {
        choices.push((Choice::Reach(Reach::Everywhere), "everywhere".to_owned()));
    }
    choices
}
