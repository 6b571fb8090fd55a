//! The command line of `mcptop report`.

use std::path::{Path, PathBuf};

use crate::cli::form;
use crate::cli::hide::Hide;
use crate::cli::price::Price;
use crate::cli::values::window;

/// Sum a recorded session up: how long its tools took, what they cost in tokens and where, and what stood out.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The page is one file without scripts that loads nothing: it can be sent to a server's author as it is. \
Look at the bodies in it first, or leave them out with --no-bodies.

Examples: mcptop report session.mcp.jsonl
          mcptop report session.mcp.jsonl -o report.html
          mcptop report session.mcp.jsonl --format markdown >> \"$GITHUB_STEP_SUMMARY\"
          mcptop report session.mcp.jsonl --json | jq '.tools[] | {tool, p95_us}'"
)]
pub(in crate::cli) struct Report {
    /// The recording, plain or compressed, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// In which form to print or, with --output, to write [default: text; of a file what its name says]
    #[arg(long, value_name = "FORM", value_enum)]
    pub(super) format: Option<Form>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
    /// Write to this file (.html, .json, .md or .txt unless --format says); can be repeated
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Vec<PathBuf>,
    /// Leave out what was said: no requests and no answers
    #[arg(long)]
    pub(super) no_bodies: bool,
    /// Leave secrets in what was said
    #[arg(long, conflicts_with_all = ["no_bodies", "presets", "patterns", "paths", "fields"])]
    pub(super) no_redact: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    pub(super) profile: Option<String>,
    /// Size of the context window in tokens
    #[arg(long, value_name = "TOKENS", default_value_t = 200_000, value_parser = window)]
    pub(super) window: u64,
    #[command(flatten)]
    pub(super) price: Price,
    #[command(flatten)]
    pub(super) hide: Hide,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Form {
    /// Tables for people
    Text,
    /// For programs
    Json,
    /// Markdown, for a summary or an issue
    Markdown,
    /// One page with charts, for a browser
    Html,
}

impl Report {
    /// The form that was asked for.
    pub(super) fn form(&self) -> Option<Form> {
        if self.json { Some(Form::Json) } else { self.format }
    }

    /// The form of a file that is to be written.
    ///
    /// # Errors
    /// If neither its name nor a flag says.
    pub(super) fn form_of(&self, path: &Path) -> Result<Form, String> {
        const ENDINGS: [(&str, Form); 5] = [
            ("html", Form::Html),
            ("htm", Form::Html),
            ("json", Form::Json),
            ("md", Form::Markdown),
            ("txt", Form::Text),
        ];
        self.form().map_or_else(|| form::by_name(path, &ENDINGS), Ok)
    }
}
