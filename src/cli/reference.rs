//! What is made from the definition of the command line: completions for shells, and manual pages.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::Args;
use super::{EXIT_UNREACHABLE, EXIT_USAGE, complain, say};

/// Print what makes a shell complete mcptop's commands and flags.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: mcptop completions bash > ~/.local/share/bash-completion/completions/mcptop
          mcptop completions zsh > \"${fpath[1]}/_mcptop\"
          mcptop completions fish > ~/.config/fish/completions/mcptop.fish"
)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Print the manual page, or write one for each command.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop man | man -l -
          mcptop man --out ~/.local/share/man/man1")]
pub(super) struct Man {
    /// Write mcptop.1 and a page for each command, such as mcptop-wrap.1, into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints completions.
pub(super) fn completions(args: &Completions) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "mcptop", &mut script);
    say(&String::from_utf8_lossy(&script))
}

/// Prints or writes manual pages.
pub(super) fn man(args: &Man) -> ExitCode {
    let command = Args::command();
    if let Some(folder) = &args.out {
        if folder.exists() && !folder.is_dir() {
            complain(&format!("{} is no folder, and the pages need one", folder.display()));
            return ExitCode::from(EXIT_USAGE);
        }
        let written =
            std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
        return written.map_or_else(|error| failed(folder, &error), |()| ExitCode::SUCCESS);
    }
    let mut page = Vec::new();
    match clap_mangen::Man::new(command).render(&mut page) {
        Ok(()) => say(&String::from_utf8_lossy(&page)),
        Err(error) => failed(Path::new("the manual page"), &error),
    }
}

fn failed(place: &Path, error: &io::Error) -> ExitCode {
    complain(&format!("cannot write {}: {error}", place.display()));
    ExitCode::from(EXIT_UNREACHABLE)
}
