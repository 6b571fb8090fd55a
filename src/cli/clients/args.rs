//! The flags of `mcptop clients`.

use std::path::PathBuf;

/// Find the configuration files of clients, put mcptop in front of their servers, and take it away again.
///
/// Without a command: the list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop clients
          mcptop clients wrap claude-desktop --all
          mcptop clients wrap cursor github --dry-run
          mcptop clients unwrap cursor --all --yes
          mcptop clients wrap --config ./mcp.json --all")]
pub(in crate::cli) struct Clients {
    #[command(subcommand)]
    pub(super) todo: Option<Todo>,
}

/// What is to become of configurations.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Todo {
    /// Show the clients of this machine, their servers, and where mcptop is in front
    List(List),
    /// Put mcptop in front of servers: the client starts mcptop, and mcptop the server
    ///
    /// A server that is reached by its address is reached by mcptop. Shows what would be different, asks, and writes. The file
    /// as it was before the first change is kept beside it, with the ending .mcptop-backup.
    Wrap(Wrap),
    /// Take mcptop away again: the file is as it was, to the byte
    ///
    /// Shows what would be different, asks, and writes. Needs nothing but the file.
    Unwrap(Change),
}

/// Show the clients of this machine, their servers, and where mcptop is in front of them.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Examples: mcptop clients list
          mcptop clients list --json | jq -r '.[].servers[] | select(.state == \"command\") | .name'")]
pub(super) struct List {
    /// Only this client, installed or not
    #[arg(value_name = "CLIENT", conflicts_with = "config")]
    pub(super) client: Option<String>,
    /// The servers of this file instead
    #[arg(long, value_name = "PATH")]
    pub(super) config: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Put mcptop in front of servers.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop clients wrap claude-desktop --all
          mcptop clients wrap claude-code github --project
          mcptop clients wrap --config ./mcp.json files --dry-run
          mcptop clients wrap --again --yes")]
pub(super) struct Wrap {
    #[command(flatten)]
    pub(super) change: Change,
    /// Where clients have written their files anew and mcptop is gone
    #[arg(long, conflicts_with_all = ["words", "config", "all", "project"])]
    pub(super) again: bool,
}

/// Take mcptop away again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop clients unwrap cursor github
          mcptop clients unwrap claude-desktop --all --yes")]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are independent of each other")]
pub(super) struct Change {
    /// The client, unless --config is given; then the servers
    #[arg(value_name = "CLIENT] [SERVER")]
    pub(super) words: Vec<String>,
    /// The servers of this file. Its ending says how it is written: .json, .jsonc, .toml, .yaml
    #[arg(long, value_name = "PATH")]
    pub(super) config: Option<PathBuf>,
    /// Every server that can be
    #[arg(long)]
    pub(super) all: bool,
    /// In the files of the project in this folder, which mcptop's name is written to; else in the user's files, with its path
    #[arg(long)]
    pub(super) project: bool,
    /// Only show what would be different
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}
