//! Every command and flag, defined once for the parser, the help and later the manual page.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// `top` for the Model Context Protocol: what every MCP tool costs in milliseconds and tokens.
#[derive(Debug, Parser)]
#[command(name = "mcptop", version, about, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What mcptop can do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Stand in front of a stdio server: forward every byte, record the session
    Wrap(Wrap),
}

/// Stand in front of a stdio server: forward every byte, record the session.
///
/// Put this in front of the server's command in your AI client's configuration. Nothing changes for the client or the
/// server; run `mcptop` in a terminal to watch.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: mcptop wrap -- npx -y @modelcontextprotocol/server-filesystem ~/Documents")]
pub(super) struct Wrap {
    /// Record to this file, or into this folder, instead of mcptop's own folder
    #[arg(long, value_name = "PATH", conflicts_with_all = ["ephemeral", "no_record"])]
    pub(super) record: Option<PathBuf>,
    /// Record only for as long as the session lasts, so that it can be watched but is not kept
    #[arg(long, conflicts_with = "no_record")]
    pub(super) ephemeral: bool,
    /// Do not record: the session can then not be watched
    #[arg(long)]
    pub(super) no_record: bool,
    /// What to call the server on screen [default: derived from the command]
    #[arg(long, value_name = "NAME")]
    pub(super) label: Option<String>,
    /// Seconds a server may stay silent after the client has closed its side, before it is terminated
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub(super) grace: f64,
    /// The server's command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true)]
    pub(super) command: Vec<OsString>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("must be between 0 and 86400".to_owned()),
        Err(_) => Err("not a number of seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn everything_behind_the_command_belongs_to_it() {
        let parse = |line: &str| Args::try_parse_from(line.split(' '));
        let Command::Wrap(wrap) = parse("mcptop wrap --label a -- npx -y x --label b").unwrap().command;
        assert_eq!(wrap.command, ["npx", "-y", "x", "--label", "b"]);
        let Command::Wrap(wrap) = parse("mcptop wrap npx -y x --no-record").unwrap().command;
        assert_eq!((wrap.command.len(), wrap.no_record), (4, false));
        assert!(parse("mcptop wrap --lable a -- npx").is_err(), "a misspelt flag is not a command");
        assert!(parse("mcptop wrap").is_err());
    }
}
