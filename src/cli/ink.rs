//! Colours for text that is printed and not drawn: only in a terminal, and not where `NO_COLOR` says so.

use std::io::{IsTerminal as _, stdout};

use crate::insight::audit::Severity;

/// How text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ink {
    is_on: bool,
}

impl Ink {
    /// Plain text.
    #[cfg(test)]
    pub(super) const NONE: Self = Self { is_on: false };

    /// What standard output takes.
    pub(super) fn of_stdout() -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { is_on: stdout().is_terminal() && !is_unwanted && !is_dumb }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_on && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Stands out.
    pub(super) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Steps back.
    pub(super) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// What is measured.
    pub(super) fn bar(self, text: &str) -> String {
        self.paint("36", text)
    }

    /// What came.
    pub(super) fn came(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// What is gone, or bad.
    pub(super) fn gone(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// As bad as it is.
    pub(super) fn severity(self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Error => self.paint("1;31", text),
            Severity::Warning => self.paint("33", text),
            Severity::Note => self.paint("36", text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_coloured_where_nothing_stands() {
        let ink = Ink { is_on: true };
        assert_eq!((ink.bold("x"), ink.bold("")), ("\u{1b}[1mx\u{1b}[0m".into(), String::new()));
        assert_eq!(Ink::NONE.severity(Severity::Error, "x"), "x");
    }
}
