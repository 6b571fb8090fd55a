//! A key as it is pressed, and how it is written: on the screen and in the configuration.
//!
//! Knows nothing of what a key does.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use thiserror::Error;

use crate::rules::meant;

/// A key with its modifiers. Shift is part of a character (`S`), so it is looked at only for other keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Press {
    pub(super) code: KeyCode,
    pub(super) ctrl: bool,
}

/// Why a text names no key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PressError {
    /// Nobody knows it.
    #[error(
        "`{said}` is no key.{} A key is one character, f1 to f{FUNCTION_MAX}, or one of {}; some also behind ctrl-, as in ctrl-a",
        .meant.as_ref().map_or(String::new(), |meant| format!(" Did you mean `{meant}`?")),
        names()
    )]
    Unknown {
        /// What was written.
        said: String,
        /// What was probably meant.
        meant: Option<String>,
    },
    /// Terminals send the same for another key.
    #[error("terminals send {same} for {said}: write \"{same}\"")]
    Same {
        /// What was written.
        said: String,
        /// How the key is written that is sent.
        same: &'static str,
    },
    /// Terminals do not tell it from the key without the modifier.
    #[error(
        "terminals do not send {said} as a key of its own; ctrl- goes with a letter, space, arrows and the like"
    )]
    NotSent {
        /// What was written.
        said: String,
    },
}

/// The highest function key.
const FUNCTION_MAX: u8 = 24;

/// Keys that are no character one can see, each with its name and whether terminals tell it with ctrl from without.
const NAMED: [(KeyCode, &str, bool); 16] = [
    (KeyCode::Char(' '), "space", true),
    (KeyCode::Enter, "enter", false),
    (KeyCode::Esc, "esc", false),
    (KeyCode::Tab, "tab", false),
    (KeyCode::BackTab, "shift-tab", false),
    (KeyCode::Backspace, "backspace", false),
    (KeyCode::Delete, "del", true),
    (KeyCode::Insert, "ins", true),
    (KeyCode::Up, "up", true),
    (KeyCode::Down, "down", true),
    (KeyCode::Left, "left", true),
    (KeyCode::Right, "right", true),
    (KeyCode::Home, "home", true),
    (KeyCode::End, "end", true),
    (KeyCode::PageUp, "pgup", true),
    (KeyCode::PageDown, "pgdn", true),
];

/// Other names people write.
const ALSO: [(&str, &str); 8] = [
    ("backtab", "shift-tab"),
    ("escape", "esc"),
    ("return", "enter"),
    ("delete", "del"),
    ("insert", "ins"),
    ("pageup", "pgup"),
    ("pagedown", "pgdn"),
    ("pgdown", "pgdn"),
];

/// What terminals send in place of a letter with ctrl.
const SAME: [(&str, &str); 2] = [("ctrl-i", "tab"), ("ctrl-m", "enter")];

fn names() -> String {
    NAMED.map(|(_, name, _)| name).join(", ")
}

impl Press {
    /// The press a terminal reports.
    #[must_use]
    pub fn of(event: &KeyEvent) -> Self {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        // Some terminals report the capital when shift is held as well.
        let code = match event.code {
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        Self { code, ctrl }
    }

    /// How the footer and help write it.
    #[must_use]
    pub fn label(self) -> String {
        self.to_string()
    }

    /// Whether it is a digit, which a tab shows.
    #[must_use]
    pub fn is_digit(self) -> bool {
        matches!(self.code, KeyCode::Char('0'..='9')) && !self.ctrl
    }

    /// Whether it would be a character where one is typed.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.ctrl
    }

    /// A key without ctrl, and whether it can have it.
    fn plain(text: &str) -> Option<(KeyCode, bool)> {
        let mut characters = text.chars();
        if let (Some(one), None) = (characters.next(), characters.next()) {
            // What cannot be seen has a name, or is nothing a key types.
            let is_seen = !one.is_control() && !one.is_whitespace();
            return is_seen.then_some((KeyCode::Char(one), one.is_ascii_lowercase()));
        }
        let lower = text.to_ascii_lowercase();
        let name = ALSO.iter().find(|(also, _)| *also == lower).map_or(lower.as_str(), |(_, name)| name);
        if let Some((code, _, takes_ctrl)) = NAMED.iter().find(|(_, known, _)| *known == name) {
            return Some((*code, *takes_ctrl));
        }
        let number = name.strip_prefix('f').filter(|number| !number.starts_with(['0', '+']))?;
        let number: u8 = number.parse().ok().filter(|number| (1..=FUNCTION_MAX).contains(number))?;
        Some((KeyCode::F(number), true))
    }
}

impl fmt::Display for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        if let Some((_, name, _)) = NAMED.iter().find(|(code, _, _)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::F(number) => write!(f, "f{number}"),
            other => f.write_str(&format!("{other:?}").to_lowercase()),
        }
    }
}

impl FromStr for Press {
    type Err = PressError;

    /// Reads what [`Press::label`] writes, and other common names of the same keys.
    fn from_str(text: &str) -> Result<Self, PressError> {
        let said = || text.to_owned();
        let after_ctrl =
            text.get(..5).filter(|start| start.eq_ignore_ascii_case("ctrl-")).map(|_| &text[5..]);
        let Some(rest) = after_ctrl.filter(|rest| !rest.is_empty()) else {
            return match Self::plain(text) {
                Some((code, _)) => Ok(Self { code, ctrl: false }),
                None => Err(PressError::Unknown { said: said(), meant: likely(text) }),
            };
        };
        // A capital is the same letter: ctrl leaves no room for shift.
        let rest = rest.to_ascii_lowercase();
        if let Some((_, same)) =
            SAME.iter().find(|(with, _)| with.strip_prefix("ctrl-") == Some(rest.as_str()))
        {
            return Err(PressError::Same { said: said(), same });
        }
        match Self::plain(&rest) {
            Some((code, true)) => Ok(Self { code, ctrl: true }),
            Some((_, false)) => Err(PressError::NotSent { said: said() }),
            None => Err(PressError::Unknown { said: said(), meant: likely(text) }),
        }
    }
}

/// The key that was probably meant.
fn likely(text: &str) -> Option<String> {
    // As other programs write it.
    let of_emacs =
        text.strip_prefix("C-").or_else(|| text.strip_prefix("<C-").and_then(|rest| rest.strip_suffix('>')));
    let rest = of_emacs
        .or_else(|| text.strip_prefix('^'))
        .or_else(|| text.get(5..).filter(|_| text.starts_with("ctrl")));
    let with_ctrl = rest.and_then(|rest| Press::plain(&rest.to_ascii_lowercase()));
    if let Some((code, true)) = with_ctrl {
        return Some(Press { code, ctrl: true }.label());
    }
    // Shift is in the character.
    if let Some(letter) = text.to_ascii_lowercase().strip_prefix("shift-").filter(|rest| rest.len() == 1) {
        return Some(letter.to_ascii_uppercase());
    }
    let known = NAMED.iter().map(|(_, name, _)| *name).chain(ALSO.iter().map(|(also, _)| *also));
    let name = meant(text, known)?;
    Some(ALSO.iter().find(|(also, _)| *also == name).map_or(name, |(_, name)| name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every key that can be written.
    fn any_press() -> impl Strategy<Value = Press> {
        let named = proptest::sample::select(NAMED.to_vec()).prop_flat_map(|(code, _, takes_ctrl)| {
            any::<bool>().prop_map(move |ctrl| (code, ctrl && takes_ctrl))
        });
        let function =
            (1..=FUNCTION_MAX, any::<bool>()).prop_map(|(number, ctrl)| (KeyCode::F(number), ctrl));
        let letters = proptest::char::range('a', 'z')
            .prop_filter("the same as another key", |c| !matches!(c, 'i' | 'm'));
        let letter = letters.prop_map(|letter| (KeyCode::Char(letter), true));
        let character = any::<char>()
            .prop_filter("seen", |c| !c.is_control() && !c.is_whitespace())
            .prop_map(|c| (KeyCode::Char(c), false));
        prop_oneof![named, function, letter, character].prop_map(|(code, ctrl)| Press { code, ctrl })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_key(press in any_press()) {
            prop_assert_eq!(press.label().parse::<Press>(), Ok(press));
        }

        #[test]
        fn what_is_read_is_written_so_that_it_is_read_again(text in "(?i)(ctrl-)?([a-z]|f[0-9]{1,2}|space|pgup|escape|backtab|del|\\PC)") {
            if let Ok(press) = text.parse::<Press>() {
                prop_assert_eq!(press.label().parse::<Press>(), Ok(press));
            }
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            let _ = text.parse::<Press>();
        }
    }

    #[test]
    fn a_key_has_more_than_one_name_and_is_written_with_one() {
        for (written, label) in [
            ("backtab", "shift-tab"),
            ("Escape", "esc"),
            ("F5", "f5"),
            ("PgUp", "pgup"),
            ("CTRL-A", "ctrl-a"),
            ("ctrl-Space", "ctrl-space"),
            ("A", "A"),
            ("-", "-"),
            ("ä", "ä"),
        ] {
            assert_eq!(written.parse::<Press>().unwrap().label(), label);
        }
    }

    #[test]
    fn what_is_no_key_is_told_with_what_was_meant() {
        for (written, told) in [
            ("spcae", "`spcae` is no key. Did you mean `space`? A key is one character"),
            ("ctrl+a", "`ctrl+a` is no key. Did you mean `ctrl-a`?"),
            ("C-a", "`C-a` is no key. Did you mean `ctrl-a`?"),
            ("shift-a", "`shift-a` is no key. Did you mean `A`?"),
            ("pagedwn", "`pagedwn` is no key. Did you mean `pgdn`?"),
            ("f99", "`f99` is no key."),
            ("", "`` is no key. A key is"),
            (" ", "` ` is no key."),
            ("ctrl-i", "terminals send tab for ctrl-i: write \"tab\""),
            ("ctrl-enter", "terminals do not send ctrl-enter as a key of its own"),
            ("ctrl-1", "terminals do not send ctrl-1"),
        ] {
            let error = written.parse::<Press>().unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }

    #[test]
    fn a_terminal_that_reports_shift_with_ctrl_presses_the_same_key() {
        let event = KeyEvent::new(KeyCode::Char('P'), KeyModifiers::CONTROL | KeyModifiers::SHIFT);
        assert_eq!(Press::of(&event).label(), "ctrl-p");
    }
}
