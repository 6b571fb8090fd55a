//! The user's configuration: a file, environment variables before it, and flags before both.
//!
//! Values that a flag can have become the default of that flag, wherever it is, so that no command knows of this.

mod command;
mod keys;
mod rows;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Command;
use toml::{Table, Value};

pub(super) use command::{Config, run};

use super::reason::{reason, text_of};
use super::recordings::Bounds;
use super::values::{age, size};
use crate::record::Folders;
use crate::rules::{Problem, Span, Step, meant, no_misfit, place_of};
use crate::ui::keys::Bindings;
use crate::ui::panels::Targets;
use keys::KeyTable;
use rows::{ROWS, Row, keys, plain, texts};

/// What the file is called, in the configuration folder.
const FILE: &str = "config.toml";
/// Longer files are no configurations.
const BYTES_MAX: u64 = 1 << 20;
/// What our variables begin with.
const PREFIX: &str = "MCPTOP_";
/// Our variables that stand for no key.
const OTHERS: [&str; 2] = [crate::record::HOME_VARIABLE, "MCPTOP_AUTH_TOKEN"];

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    File,
    Variable,
}

/// What the user has set.
#[derive(Debug, Default)]
pub(super) struct Settings {
    values: BTreeMap<&'static str, (Value, Source)>,
    /// Which key does what in the viewer; only the file says it.
    keys: KeyTable,
}

/// Where the file is, if there is a place for it. It need not exist.
pub(super) fn file() -> Option<PathBuf> {
    Folders::of_user().map(|folders| folders.config().join(FILE))
}

/// A complaint about each variable that looks like one of ours and is none. Only where one was probably meant: there may be
/// programs around mcptop that have variables of this form.
pub(super) fn strange_variables(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<String> {
    let known: Vec<String> = ROWS.iter().map(Row::variable).chain(OTHERS.map(str::to_owned)).collect();
    let complaint = |(name, _): (OsString, OsString)| {
        let name = name.into_string().ok()?;
        let word = name.strip_prefix(PREFIX).filter(|_| !known.contains(&name))?;
        let close = known.iter().filter_map(|known| known.strip_prefix(PREFIX));
        let close = meant(word, close.filter(|known| is_slip(word, known)))?;
        Some(format!("there is no variable {name}, and it is left alone: did you mean {PREFIX}{close}?"))
    };
    let mut complaints: Vec<String> = variables.filter_map(complaint).collect();
    complaints.sort();
    complaints
}

/// Whether two names begin or end with the same word, as names do of which only one word is misspelt.
fn is_slip(word: &str, known: &str) -> bool {
    let ends = |name: &str| {
        let mut words = name.split('_');
        (words.next().map(str::to_owned), words.next_back().map(str::to_owned))
    };
    let ((first, last), (known_first, known_last)) = (ends(word), ends(known));
    first == known_first || (last.is_some() && last == known_last)
}

impl Settings {
    /// Reads the user's file and the environment.
    ///
    /// # Errors
    /// What is wrong with one of them, where, and what was meant.
    pub(super) fn load() -> Result<Self, String> {
        let mut settings = Self::default();
        if let Some(file) = file() {
            settings.take_file(&file)?;
        }
        settings.take_variables(|name| std::env::var(name).ok())?;
        Ok(settings)
    }

    fn take_file(&mut self, file: &Path) -> Result<(), String> {
        let text = match text_of(file, BYTES_MAX) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(format!("cannot read {}: {}", file.display(), reason(&error))),
        };
        self.take(&text, Source::File).map_err(|problem| format!("{}: {problem}", file.display()))
    }

    /// What variables say, as in a file with this one line; a text needs no quotes.
    fn take_variables(&mut self, variable: impl Fn(&str) -> Option<String>) -> Result<(), String> {
        for row in ROWS {
            let Some(said) = variable(&row.variable()).filter(|said| !said.is_empty()) else { continue };
            let quoted = || Value::String(said.clone()).to_string();
            let (table, name) = row.key.split_once('.').unwrap_or(("", row.key));
            let as_line = |value: &str| format!("[{table}]\n{name} = {value}\n");
            // `[…]` is a list, and else what is not a text is written as it is.
            let lines = [as_line(&said), as_line(&quoted()), as_line(&format!("[{}]", quoted()))];
            let fitting = lines
                .iter()
                .find(|line| toml::from_str::<Table>(line).is_ok() && no_misfit(line, keys()).is_ok());
            let line = fitting.unwrap_or(&lines[1]);
            self.take(line, Source::Variable)
                .map_err(|problem| format!("{}: {}", row.variable(), problem.what))?;
        }
        Ok(())
    }

    fn take(&mut self, text: &str, source: Source) -> Result<(), Problem> {
        let table: Table = crate::rules::read_strict(text, keys())?;
        no_misfit(text, keys())?;
        for row in ROWS {
            let (section, name) = row.key.split_once('.').unwrap_or(("", row.key));
            let Some(value) = table.get(section).and_then(|section| section.get(name)) else { continue };
            row.check.map_or(Ok(()), |check| check(value)).map_err(|why| {
                let place = place_of(text, &[Step::Key(section), Step::Key(name)]);
                Problem::at(text, place, format!("{}: {why}", row.key))
            })?;
            self.values.insert(row.key, (value.clone(), source));
        }
        if source == Source::File {
            self.keys = KeyTable::read(text)?;
        }
        Ok(())
    }

    fn text(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|(value, _)| plain(value))
    }

    /// The command line with these defaults.
    pub(super) fn defaults(&self, command: Command) -> Command {
        let mut command = command;
        // Audits take the family of their baseline before that of the configuration, and see to it themselves.
        let is_audit = command.get_name() == "audit";
        for (row, value) in self.flags().filter(|(row, _)| !(is_audit && row.key == "tokens.profile")) {
            let id = command.get_arguments().find(|arg| arg.get_long() == row.flag).map(clap::Arg::get_id);
            if let Some(id) = id.cloned() {
                let values = texts(value);
                command = command.mut_arg(id, |arg| arg.default_values(values));
            }
        }
        let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        for name in names {
            command = command.mut_subcommand(name, |sub| self.defaults(sub));
        }
        command
    }

    fn flags(&self) -> impl Iterator<Item = (&'static Row, &Value)> {
        let flagged = ROWS.iter().filter(|row| row.flag.is_some());
        flagged.filter_map(|row| self.values.get(row.key).map(|(value, _)| (row, value)))
    }

    /// The family of models to count for where no flag says one.
    pub(super) fn profile(&self) -> Option<String> {
        self.text("tokens.profile")
    }

    /// What is a warning on screen.
    pub(super) fn targets(&self) -> Targets {
        let usual = Targets::default();
        let time = |key: &str| self.text(key).and_then(|text| text.parse::<Span>().ok()).map(Span::micros);
        Targets {
            p50_us: time("targets.p50").unwrap_or(usual.p50_us),
            p99_us: time("targets.p99").unwrap_or(usual.p99_us),
            error_share: self
                .text("targets.error_rate")
                .and_then(|text| text.parse().ok())
                .unwrap_or(usual.error_share),
        }
    }

    /// Which key does what in the viewer.
    pub(super) fn keys(&self) -> &Bindings {
        self.keys.bindings()
    }

    /// What prune removes where its flags say nothing.
    pub(super) fn retention(&self) -> Bounds {
        Bounds {
            older_than: self.text("retention.older_than").and_then(|text| age(&text).ok()),
            keep: self.text("retention.keep").and_then(|text| text.parse().ok()),
            size_bytes_max: self.text("retention.max_size").and_then(|text| size(&text).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        settings.take(text, Source::File).map_err(|problem| problem.to_string())?;
        Ok(settings)
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_what_was_meant() {
        for (text, told) in [
            (
                "[view]\ntheem = \"nord\"\n",
                "line 2, column 1: there is no key `theem` here. Did you mean `theme`?",
            ),
            ("[veiw]\n", "line 1, column 2: there is no key `veiw` here. Did you mean `view`?"),
            ("[view]\nwindow = \"big\"\n", "line 2, column 10: view.window takes a whole number"),
            ("[view]\nwindow = 0\n", "line 2, column 10: view.window: a window of no tokens holds nothing"),
            ("[tokens]\nprofile = \"gpt-9\"\n", "line 2, column 11: tokens.profile: "),
            (
                "[retention]\nolder_than = \"30y\"\n",
                "line 2, column 14: retention.older_than: the unit must be",
            ),
            ("[redact]\npatterns = [\"(\"]\n", "line 2, column 12: redact.patterns: "),
            (
                "[view]\ntheme = \"nrod\"\n",
                "line 2, column 9: view.theme: there is no theme `nrod`; did you mean `nord`?",
            ),
            ("[targets]\np50 = \"5 parsecs\"\n", "line 2, column 7: targets.p50: "),
            ("[redact]\npaths = [\"$[\"]\n", "line 2, column 9: redact.paths: `$[` is no JSONPath"),
            (
                "[targets]\nerror_rate = 2\n",
                "line 2, column 14: targets.error_rate: a share is between 0 and 1",
            ),
        ] {
            let problem = settings(text).unwrap_err();
            assert!(problem.starts_with(told), "{problem}");
        }
    }

    #[test]
    fn a_variable_comes_before_the_file_and_needs_no_quotes() {
        let mut settings = settings("[view]\ntheme = \"nord\"\nwindow = 1\n").unwrap();
        let said = [
            ("MCPTOP_VIEW_THEME", "dracula"),
            ("MCPTOP_VIEW_WINDOW", "1000000"),
            ("MCPTOP_TARGETS_P50", "20ms"),
            ("MCPTOP_REDACT_FIELDS", "ssn"),
            ("MCPTOP_REDACT_PATTERNS", "['a', 'b']"),
            ("MCPTOP_VIEW_ASCII", ""),
        ];
        let variable =
            |name: &str| said.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        settings.take_variables(variable).unwrap();
        assert_eq!(settings.text("view.theme").unwrap(), "dracula");
        assert_eq!(settings.text("view.window").unwrap(), "1000000");
        assert_eq!(settings.targets(), Targets { p50_us: 20_000, ..Targets::default() });
        assert_eq!(texts(&settings.values["redact.fields"].0), ["ssn"]);
        assert_eq!(texts(&settings.values["redact.patterns"].0), ["a", "b"]);
        assert!(!settings.values.contains_key("view.ascii"));
        let error = settings.take_variables(|name| (name == "MCPTOP_VIEW_WINDOW").then(|| "big".to_owned()));
        assert!(error.unwrap_err().starts_with("MCPTOP_VIEW_WINDOW: view.window takes a whole number"));
    }

    #[test]
    fn a_misspelt_variable_is_told_and_those_of_others_are_not() {
        let told = |name: &str| strange_variables([(name.into(), "x".into())].into_iter()).pop();
        assert_eq!(
            told("MCPTOP_VIEW_THEEM").unwrap(),
            "there is no variable MCPTOP_VIEW_THEEM, and it is left alone: did you mean MCPTOP_VIEW_THEME?"
        );
        assert!(told("MCPTOP_VEIW_THEME").unwrap().ends_with("MCPTOP_VIEW_THEME?"));
        assert!(told("MCPTOP_AUTH_TOKN").unwrap().ends_with("MCPTOP_AUTH_TOKEN?"));
        for others in
            ["MCPTOP_VIEW_THEME", "MCPTOP_HOME", "MCPTOP_PEERS", "MCPTOP_TEST_PORT", "MCPTOP_LOG", "THEME"]
        {
            assert_eq!(told(others), None, "{others}");
        }
    }

    #[test]
    fn a_factor_may_stand_without_quotes() {
        for text in ["[tokens]\nprofile = 1.2\n", "[tokens]\nprofile = 2\n", "[tokens]\nprofile = \"1.2\"\n"]
        {
            let factor: f64 = settings(text).unwrap().profile().unwrap().parse().unwrap();
            assert!(factor > 1.1, "{text}");
        }
        assert!(settings("[tokens]\nprofile = 5000\n").unwrap_err().contains("between 0.01 and 1000"));
    }

    fn defaults<'c>(command: &'c Command, flag: &str, found: &mut Vec<&'c clap::Arg>) {
        found.extend(command.get_arguments().filter(|arg| arg.get_long() == Some(flag)));
        command.get_subcommands().for_each(|sub| defaults(sub, flag, found));
    }

    #[test]
    fn every_flag_that_a_key_names_is_there_and_gets_its_default() {
        use clap::CommandFactory as _;
        let every: String = ROWS.iter().fold(String::new(), |text, row| {
            let (table, name) = row.key.split_once('.').unwrap();
            format!("{text}{table}.{name} = {}\n", row.example)
        });
        let command = settings(&every).unwrap().defaults(crate::cli::args::Args::command());
        command.clone().debug_assert();
        for (row, flag) in ROWS.iter().filter_map(|row| row.flag.map(|flag| (row, flag))) {
            let mut found = Vec::new();
            defaults(&command, flag, &mut found);
            assert!(!found.is_empty(), "no command has --{flag}");
            assert!(found.iter().any(|arg| !arg.get_default_values().is_empty()), "{}", row.key);
        }
    }
}
