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
    /// Stop recording when the file has this size (K, M and G are understood; 0 for no limit)
    #[arg(long, value_name = "SIZE", default_value = "512M", value_parser = size)]
    pub(super) record_limit: u64,
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

/// A size in bytes, as `512M` or `1000000`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        _ => return Err("the unit must be K, M or G".to_owned()),
    };
    let number = digits.parse::<u64>().map_err(|_| "not a size such as 512M".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "too large".to_owned())
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
    fn sizes_have_units() {
        assert_eq!(size("512M"), Ok(512_000_000));
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("2gb"), Ok(2_000_000_000));
        assert!(["", "M", "5T", "-1", "99999999999G"].iter().all(|text| size(text).is_err()));
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
