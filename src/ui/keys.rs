//! The one table of keys: what is pressed, what it does, and how help, footer and palette call it.
//!
//! Knows nothing of state. A new key is a row here and an arm in the panel that acts on it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::panels::PanelId;

mod action;
mod bindings;

pub use action::Action;
pub use bindings::BINDINGS;

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

/// A key with its modifiers. Shift is part of a character (`S`), so it is looked at only for other keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    code: KeyCode,
    ctrl: bool,
}

impl Press {
    /// The press a terminal reports.
    #[must_use]
    pub fn of(event: &KeyEvent) -> Self {
        Self { code: event.code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) }
    }

    /// How the footer and help write it.
    #[must_use]
    pub fn label(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Up => "up".to_owned(),
            KeyCode::Down => "down".to_owned(),
            KeyCode::Left => "left".to_owned(),
            KeyCode::Right => "right".to_owned(),
            KeyCode::PageUp => "pgup".to_owned(),
            KeyCode::PageDown => "pgdn".to_owned(),
            KeyCode::Home => "home".to_owned(),
            KeyCode::End => "end".to_owned(),
            KeyCode::Enter => "enter".to_owned(),
            KeyCode::Esc => "esc".to_owned(),
            KeyCode::Tab => "tab".to_owned(),
            KeyCode::BackTab => "shift-tab".to_owned(),
            KeyCode::Delete => "del".to_owned(),
            KeyCode::F(number) => format!("f{number}"),
            other => format!("{other:?}").to_lowercase(),
        };
        if self.ctrl { format!("ctrl-{name}") } else { name }
    }
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
    fn covers(self, panel: PanelId) -> bool {
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
    /// The program.
    Program,
}

impl Group {
    /// All, in the order of the help panel.
    pub const ALL: [Self; 6] =
        [Self::Panels, Self::Move, Self::List, Self::Selected, Self::Rules, Self::Program];

    /// The heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Move",
            Self::Panels => "Panels",
            Self::List => "List",
            Self::Selected => "Selected row",
            Self::Rules => "Rules",
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

/// What a press does in a panel.
#[must_use]
pub fn action(press: Press, panel: PanelId) -> Option<Action> {
    BINDINGS.iter().find(|row| row.reach.covers(panel) && row.keys.contains(&press)).map(|row| row.action)
}

/// The rows that work in a panel.
pub fn in_panel(panel: PanelId) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |row| row.reach.covers(panel))
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
    fn no_key_means_two_things_in_one_panel() {
        for panel in PanelId::ALL {
            let mut seen: Vec<Press> = Vec::new();
            for press in in_panel(panel).flat_map(|row| row.keys) {
                assert!(!seen.contains(press), "{} twice in {panel:?}", press.label());
                seen.push(*press);
            }
        }
    }

    #[test]
    fn every_row_can_be_read_by_a_person() {
        for row in BINDINGS {
            assert!(!row.keys.is_empty() && !row.word.is_empty(), "{row:?}");
            assert!(row.text.starts_with(|c: char| c.is_uppercase()), "{row:?}");
            // Two columns of help fit 120 columns.
            assert!(row.text.chars().count() <= 41, "{row:?}");
        }
    }
}
