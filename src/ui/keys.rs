//! The one table of keys: what is pressed, what it does, and how help, footer and palette call it.
//!
//! Knows nothing of state. A new key is a row here and an arm in the panel that acts on it.

use super::panels::PanelId;

mod action;
mod bindings;
mod bound;
mod press;
mod rebind;

pub use action::Action;
pub use bindings::BINDINGS;
pub use bound::{Bindings, Bound};
pub use press::{Press, PressError};
pub use rebind::{Fault, Rebinding, Scope};

/// What is to become of what is pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// This field goes.
    Drop,
    /// This field is one of those to keep, or no more.
    Tick,
    /// Only the ticked fields stay.
    OnlyTicked,
    /// The tool's results in a shorter form.
    Shape,
    /// The tool's long results are cut.
    Limit,
    /// The tool's answers are kept for a while.
    Cache,
    /// The tool is not there, or those left out are not.
    Hide,
    /// The tool's description becomes shorter.
    Shorten,
    /// Parts of the definition go.
    Strip,
}

/// What is to become of the time cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// The selected session is played; one that is played stands still, or goes on.
    Play,
    /// To the beginning of the next call.
    Next,
    /// To the beginning of the call before.
    Previous,
    /// Faster by a step.
    Faster,
    /// Slower by a step.
    Slower,
    /// To the beginning of the selected call.
    Here,
    /// To a time, or to a call, that is typed.
    To,
    /// The session is played no more: all of it is shown.
    Leave,
}

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In every panel.
    Everywhere,
    /// In these panels.
    In(&'static [PanelId]),
}

impl Reach {
    /// Whether that is among them.
    #[must_use]
    pub fn covers(self, panel: PanelId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(panels) => panels.contains(&panel),
        }
    }
}

/// A heading of the help panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Getting about.
    Move,
    /// Which panel.
    Panels,
    /// What is listed, and how.
    List,
    /// What is selected.
    Selected,
    /// Rules, and what makes them.
    Rules,
    /// The time cursor.
    Playback,
    /// The program.
    Program,
}

impl Group {
    /// All, in the order of the help panel.
    pub const ALL: [Self; 7] =
        [Self::Panels, Self::Move, Self::List, Self::Selected, Self::Rules, Self::Playback, Self::Program];

    /// The heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Panels => "Panels",
            Self::List => "List",
            Self::Selected => "Selected row",
            Self::Rules => "Rules",
            Self::Playback => "Playback",
            Self::Program => "Program",
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The keys, the one to show first.
    pub keys: &'static [Press],
    /// What they do.
    pub action: Action,
    /// Where they work.
    pub reach: Reach,
    /// Where help lists it.
    pub group: Group,
    /// A word for the footer.
    pub word: &'static str,
    /// A sentence for help and palette.
    pub text: &'static str,
}

/// The row of an action.
#[must_use]
pub fn binding(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|row| row.action == action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read_by_a_person() {
        for row in BINDINGS {
            assert!(!row.keys.is_empty() && !row.word.is_empty(), "{row:?}");
            assert!(row.text.starts_with(|c: char| c.is_uppercase()), "{row:?}");
            // Two columns of help fit 120 columns.
            assert!(row.text.chars().count() <= 41, "{row:?}");
        }
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        for (position, row) in BINDINGS.iter().enumerate() {
            let name = row.action.name();
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            let twins = BINDINGS[position + 1..].iter().filter(|other| other.action.name() == name);
            assert_eq!(twins.count(), 0, "{name}");
            assert!(Scope::panel(name).is_none(), "{name} is a table of keys");
        }
    }
}
