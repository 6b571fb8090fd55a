//! The flags of `mcptop recordings`.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::hide::Hide;
use crate::cli::values::{age, count, size};

/// List recordings, remove old ones, take secrets out of them, compress them.
///
/// Without a command: the list.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop recordings list
          mcptop recordings prune --older-than 30d --keep 20 --dry-run
          mcptop recordings redact session.mcp.jsonl -o clean.mcp.jsonl
          mcptop recordings compact session.mcp.jsonl")]
pub(in crate::cli) struct Recordings {
    #[command(subcommand)]
    pub(super) todo: Option<Todo>,
}

/// What is to become of recordings.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Todo {
    /// Show what is recorded, newest first
    List(List),
    /// Remove old recordings; those of live sessions stay
    Prune(Prune),
    /// Write a copy of a recording without its secrets
    Redact(Redact),
    /// Compress recordings: they open as before
    Compact(Compact),
}

/// Show what is recorded, newest first.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Example: mcptop recordings list --json | jq -r '.[] | select(.calls == 0) | .path'")]
pub(super) struct List {
    /// Recordings, or folders of them [default: mcptop's own folder]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Count messages and calls in large recordings, too
    #[arg(long)]
    pub(super) count: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Remove old recordings; those of live sessions stay.
///
/// Without a bound: what is older than 30 days, and then the oldest until 4 GB are left. Says what it would remove, and
/// asks.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop recordings prune --dry-run
          mcptop recordings prune --older-than 30d --keep 20
          mcptop recordings prune --max-size 1GiB --compact --yes")]
pub(super) struct Prune {
    /// Recordings, or folders of them [default: mcptop's own folder]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Remove what ended longer ago than this, as in 12h, 30d or 8w
    #[arg(long, value_name = "AGE", value_parser = age, allow_hyphen_values = true)]
    pub(super) older_than: Option<Duration>,
    /// Keep this many of the newest, whatever else is said; alone: remove all others
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub(super) keep: Option<usize>,
    /// Remove the oldest until all together are not larger than this, as in 512M or 1GiB
    #[arg(long, value_name = "SIZE", value_parser = size, allow_hyphen_values = true)]
    pub(super) max_size: Option<u64>,
    /// Compress what is kept
    #[arg(long)]
    pub(super) compact: bool,
    /// Only say what would be done
    #[arg(long, conflicts_with = "yes")]
    pub(super) dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub(super) yes: bool,
}

/// Write a copy of a recording without its secrets.
///
/// A secret becomes a placeholder such as [secret:api-key:1], the same one wherever the same secret stands, so that the copy
/// can be replayed and compared as before. Everything else stays as it is, byte for byte.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop recordings redact session.mcp.jsonl -o clean.mcp.jsonl
          mcptop recordings redact in.mcp.jsonl -o out.mcp.jsonl --preset secrets --preset emails
          mcptop recordings redact in.mcp.jsonl -o out.mcp.jsonl --path '$.params.arguments.customer'")]
pub(super) struct Redact {
    /// The recording, plain or compressed, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The copy, which must not be there yet; compressed if it ends with .zst
    #[arg(short, long, value_name = "OUT")]
    pub(super) out: PathBuf,
    /// Print what was replaced as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) hide: Hide,
}

/// Compress recordings (zstd): they open as before.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop recordings compact session.mcp.jsonl -o session.mcp.jsonl.zst
          mcptop recordings compact --replace *.mcp.jsonl")]
pub(super) struct Compact {
    /// The recordings
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// The compressed recording, which must not be there yet [default: the name with .zst]
    #[arg(short, long, value_name = "OUT")]
    pub(super) out: Option<PathBuf>,
    /// Remove each recording once its compressed form has been read back
    #[arg(long)]
    pub(super) replace: bool,
}
