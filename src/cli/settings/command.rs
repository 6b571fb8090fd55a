//! `mcptop config`: shows the configuration, says where its file is, opens it in an editor.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use super::rows::{ROWS, Row};
use super::{Settings, Source, file};
use crate::cli::{EXIT_UNREACHABLE, EXIT_USAGE, complain, say};

/// Show the configuration, where its file is, or edit it.
///
/// A flag comes before an environment variable, that before the file, and the file before what is built in. The variable of
/// a key is its name in capitals: `MCPTOP_VIEW_THEME` for theme in `[view]`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop config print
          mcptop config edit
          MCPTOP_VIEW_THEME=nord mcptop demo")]
pub(in crate::cli) struct Config {
    #[command(subcommand)]
    todo: Todo,
}

#[derive(Debug, clap::Subcommand)]
enum Todo {
    /// Show every key, what it is set to, and by what
    Print {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say where the file is
    Path,
    /// Open the file in $VISUAL or $EDITOR, and say whether it can be read; a new one explains every key
    Edit,
}

/// Does what was asked for.
pub(in crate::cli) fn run(config: &Config) -> ExitCode {
    match config.todo {
        Todo::Print { json } => match Settings::load() {
            Ok(settings) if json => say(&(settings.document().to_string() + "\n")),
            Ok(settings) => say(&settings.table()),
            Err(why) => usage(&why),
        },
        Todo::Path => match file() {
            Some(path) => say(&format!("{}\n", path.display())),
            None => usage(NO_HOME),
        },
        Todo::Edit => match file().ok_or_else(|| NO_HOME.to_owned()).and_then(|path| edit(&path)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => usage(&why),
        },
    }
}

const NO_HOME: &str = "there is no home folder; set MCPTOP_HOME to where mcptop keeps its things";

fn usage(why: &str) -> ExitCode {
    complain(why);
    ExitCode::from(if why.starts_with("cannot") { EXIT_UNREACHABLE } else { EXIT_USAGE })
}

impl Settings {
    fn table(&self) -> String {
        let mut out = String::new();
        let mut rows: Vec<[String; 3]> = ROWS.iter().map(|row| self.row(row)).collect();
        rows.extend(self.keys.own().map(|own| {
            let keys = if own.keys.is_empty() { "none".to_owned() } else { own.keys.join(", ") };
            [own.key, keys, super::FILE.to_owned()]
        }));
        rows.push(["keys".to_owned(), KEYS_BUILT_IN.to_owned(), BUILT_IN.to_owned()]);
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let values = width(1).min(40);
        for [key, value, from] in &rows {
            let _ = writeln!(out, "{key:keys$}  {value:values$}  {from}", keys = width(0));
        }
        out
    }

    fn row(&self, row: &Row) -> [String; 3] {
        let (value, from) = match self.values.get(row.key) {
            Some((value, Source::File)) => (super::rows::texts(value).join(", "), super::FILE.to_owned()),
            Some((value, Source::Variable)) => (super::rows::texts(value).join(", "), row.variable()),
            None => (row.built_in.to_owned(), BUILT_IN.to_owned()),
        };
        [row.key.to_owned(), value, from]
    }

    fn document(&self) -> serde_json::Value {
        let rows = ROWS.iter().map(|row| {
            let [_, _, from] = self.row(row);
            let value = self.values.get(row.key).and_then(|(value, _)| serde_json::to_value(value).ok());
            (
                row.key.to_owned(),
                json!({ "value": value, "from": from, "built_in": row.built_in, "variable": row.variable() }),
            )
        });
        let own = self.keys.own().map(|own| {
            (own.key, json!({ "value": own.keys, "from": super::FILE, "built_in": own.built_in.join(", ") }))
        });
        json!({ "file": file(), "keys": rows.chain(own).collect::<serde_json::Map<_, _>>() })
    }
}

const BUILT_IN: &str = "built in";

/// What holds for the keys that the file does not speak of.
const KEYS_BUILT_IN: &str = "as mcptop print keys says";

/// How the file gives other keys to actions.
const KEYS_TEMPLATE: &str = "
# Keys of the viewer, for actions by name: `mcptop print keys` lists them all. One key, or a list of which the first
# is shown on screen; an empty list takes the key away.
[keys]
#mark = [\"m\", \"f9\"]

# The same in one panel alone: top, calls, schemas, rules, timeline or sessions.
[keys.calls]
#next-error = \"E\"
";

/// A file in which every key is explained and none is set.
pub(super) fn template() -> String {
    let mut out = "# The configuration of mcptop. A flag comes before an environment variable (MCPTOP_VIEW_THEME), that before\n\
                   # this file, and this file before what is built in. `mcptop config print` shows what holds.\n"
        .to_owned();
    let mut open = "";
    for row in ROWS {
        let (table, name) = row.key.split_once('.').unwrap_or(("", row.key));
        if table != open {
            let _ = writeln!(out, "\n[{table}]");
            open = table;
        }
        for line in row.text.lines() {
            let _ = writeln!(out, "# {line}");
        }
        let _ = writeln!(out, "# Built in: {}.\n#{name} = {}", row.built_in, row.example);
    }
    out.push_str(KEYS_TEMPLATE);
    out
}

fn edit(path: &Path) -> Result<(), String> {
    if !path.exists() {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(path, template()))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    let named =
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|said| !said.is_empty()));
    let editor = named.unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.to_owned());
    // A shell reads it, as with git: `code --wait` is an editor with an argument.
    let mut command = if cfg!(windows) {
        let mut command = std::process::Command::new("cmd");
        command.arg("/C").arg(format!("{editor} \"{}\"", path.display()));
        command
    } else {
        let mut command = std::process::Command::new("sh");
        command.arg("-c").arg(format!("{editor} \"$1\"")).arg(&editor).arg(path);
        command
    };
    let status = command.status().map_err(|error| format!("cannot start {editor}: {error}"))?;
    if !status.success() {
        return Err(format!(
            "cannot edit {}: {editor} ended with {status}; set EDITOR to another one",
            path.display()
        ));
    }
    Settings::default().take_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_sets_nothing_and_shows_every_key_as_it_may_be() {
        let template = template();
        let mut settings = Settings::default();
        settings.take(&template, Source::File).unwrap();
        assert!(settings.values.is_empty());
        let set: Vec<&str> = template
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(key) if !key.starts_with(' ') => key,
                _ => line,
            })
            .collect();
        settings.take(&set.join("\n"), Source::File).unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(settings.values.len(), ROWS.len());
        assert_eq!(settings.keys.own().count(), 2);
        assert!(template.lines().all(|line| line.chars().count() <= 120), "{template}");
    }
}
