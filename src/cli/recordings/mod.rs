//! `mcptop recordings`: what is kept of sessions, and what is to become of it.

mod args;
mod compact;
mod found;
mod list;
mod measure;
mod plan;
mod prune;
mod redact;

use std::process::ExitCode;

use super::settings::Settings;
use super::{EXIT_USAGE, complain, say};
use args::{List, Todo};

pub(super) use args::Recordings;
pub(super) use plan::Bounds;

/// Does what is asked for: the list, unless something else is.
pub(super) fn run(args: &Recordings, settings: &Settings) -> ExitCode {
    let done = match &args.todo {
        None => list::run(&List::default()),
        Some(Todo::List(list)) => list::run(list),
        Some(Todo::Prune(prune)) => prune::run(prune, settings.retention()),
        Some(Todo::Redact(redact)) => redact::run(redact),
        Some(Todo::Compact(compact)) => compact::run(compact),
    };
    match done {
        Ok(text) => say(&text),
        Err(why) => {
            complain(&why);
            ExitCode::from(EXIT_USAGE)
        }
    }
}
