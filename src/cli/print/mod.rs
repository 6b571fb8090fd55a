//! `mcptop print`: the tables that the viewer works by, as plain text and as JSON.
//!
//! Knows what can be printed; what stands in a table its own module says.

mod columns;
mod filters;
mod keys;
mod sheet;
mod themes;

use std::process::ExitCode;

use super::ink::Ink;
use super::say;
use super::settings::Settings;

/// Print a table of what the viewer knows.
///
/// keys are those in force, with what config.toml changes; themes are those that come with mcptop and your own; filters is the
/// language of / in the viewer; columns are those of every list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop print keys
          mcptop print keys | grep rule
          mcptop print themes --json | jq '.themes[].name'")]
pub(super) struct Print {
    /// What to print
    #[arg(value_enum, value_name = "WHAT")]
    what: What,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Which key does what, and where
    Keys,
    /// The themes, what each is made for, and where it comes from
    Themes,
    /// What a filter may say
    Filters,
    /// What the columns of the lists mean
    Columns,
}

/// Prints it.
pub(super) fn run(print: &Print, settings: &Settings) -> ExitCode {
    let bindings = settings.keys();
    if print.json {
        let document = match print.what {
            What::Keys => keys::document(bindings),
            What::Themes => themes::document(&themes::known()),
            What::Filters => filters::document(),
            What::Columns => columns::document(),
        };
        return say(&format!("{document}\n"));
    }
    let ink = Ink::of_stdout();
    let text = match print.what {
        What::Keys => keys::sheet(bindings).text(ink),
        What::Themes => themes::sheet(&themes::known()).text(ink),
        What::Filters => filters::sheet().text(ink),
        What::Columns => columns::sheet().text(ink),
    };
    say(&text)
}
