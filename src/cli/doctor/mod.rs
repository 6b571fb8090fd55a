//! `mcptop doctor`: looks at everything mcptop depends on, and says what to do about what is wrong.
//!
//! Changes nothing but what every start of mcptop changes: the registry of live sessions is made, and entries of proxies that
//! died are taken out of it.

mod checks;
mod terminal;

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::layout::{columns, paragraph};
use super::settings::Settings;
use super::{EXIT_FOUND, say};
use crate::ui::widgets::clip;

/// Look at what mcptop depends on, and say what to do about what is wrong.
///
/// Folders and their permissions, the configuration, rules and themes, live sessions, recordings and the disk, the clients of
/// this machine, and what the terminal can show.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 nothing is wrong, 1 something is.

Example: mcptop doctor --json | jq '.[] | select(.state == \"problem\")'")]
pub(super) struct Doctor {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// As it should be.
    Fine,
    /// Good to know.
    Note,
    /// Something does not work.
    Problem,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Fine => "✓",
            Self::Note => "!",
            Self::Problem => "✗",
        }
    }
}

/// What was found, and what to do about it.
#[derive(Clone, Debug)]
struct Finding {
    /// What was looked at.
    about: &'static str,
    state: State,
    what: String,
    /// What to do; nothing if it is fine.
    remedy: Option<String>,
}

impl Finding {
    fn fine(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, state: State::Fine, what: what.into(), remedy: None }
    }

    fn note(about: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { about, state: State::Note, what: what.into(), remedy: Some(remedy.into()) }
    }

    fn problem(about: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { about, state: State::Problem, what: what.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks, and tells.
pub(super) fn run(args: &Doctor, settings: &Settings) -> ExitCode {
    let mut findings = checks::all(settings);
    findings.extend(terminal::all(|name| std::env::var(name).ok()));
    let is_ill = findings.iter().any(|finding| finding.state == State::Problem);
    let said = if args.json { say(&document(&findings)) } else { say(&text(&findings)) };
    if is_ill && said == ExitCode::SUCCESS { ExitCode::from(EXIT_FOUND) } else { said }
}

fn document(findings: &[Finding]) -> String {
    let rows = findings.iter().map(|Finding { about, state, what, remedy }| {
        json!({ "about": about, "state": state.word(), "what": what, "remedy": remedy })
    });
    format!("{:#}\n", rows.collect::<serde_json::Value>())
}

fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| clip::width(finding.about)).max().unwrap_or(0);
    let mut out = String::new();
    for Finding { about, state, what, remedy } in findings {
        let indent = width + 4;
        let mut block = String::new();
        paragraph(&mut block, what, indent, columns());
        for line in remedy.iter().flat_map(|remedy| remedy.lines()) {
            paragraph(&mut block, &format!("→ {line}"), indent, columns());
        }
        let _ = write!(out, "{} {about:width$}  {}", state.mark(), block.trim_start());
    }
    let count = |wanted: State| findings.iter().filter(|finding| finding.state == wanted).count();
    let told = match (count(State::Problem), count(State::Note)) {
        (0, 0) => "Everything is as it should be.".to_owned(),
        (0, notes) => format!("Nothing is wrong; {notes} to know of."),
        (problems, _) => format!("{problems} to mend."),
    };
    let _ = writeln!(out, "\n{told}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_stands_below_what_was_found() {
        let told = text(&[
            Finding::fine("disk", "lots"),
            Finding::problem("recordings", "others can write to it", "chmod go-w /x"),
        ]);
        assert_eq!(
            told,
            "✓ disk        lots\n✗ recordings  others can write to it\n              → chmod go-w /x\n\n1 to mend.\n"
        );
    }
}
