//! The command line of `mcptop check`.

use std::path::{Path, PathBuf};

use crate::cli::form;

/// Hold a recorded session against budgets (latency, errors, tokens, tools) and against a baseline recording.
///
/// What is worse than in the baseline is found by tests that know noise, with a margin and corrected for their number: with
/// two runs of the same server they raise an alarm in less than one check of a hundred.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 everything is kept, 1 something is not, 2 wrong usage or input.

Examples: mcptop check session.mcp.jsonl --budget budgets.toml
          mcptop check session.mcp.jsonl --budget budgets.toml --baseline main.mcp.jsonl -o check.sarif -o check.xml
          mcptop check session.mcp.jsonl --baseline main.mcp.jsonl --format markdown >> \"$GITHUB_STEP_SUMMARY\"

A budgets file, with all there is in docs/ci.md:

  [session]
  error_rate = 0.01
  schema_tokens = 5000
  violations = 0

  [tools]
  forbidden = [\"delete_*\"]

  [[budget]]
  match = { tool = \"read_*\" }
  p95 = \"100ms\"
  tokens_per_call = 800")]
pub(in crate::cli) struct Check {
    /// The recording, plain or compressed, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The budgets
    #[arg(long, value_name = "BUDGETS", required_unless_present = "baseline")]
    pub(super) budget: Option<PathBuf>,
    /// A recording that this one must not be worse than
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// In which form to print or, with --output, to write [default: text; of a file what its name says]
    #[arg(long, value_name = "FORM", value_enum)]
    pub(super) format: Option<Form>,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(super) json: bool,
    /// Write to this file (.json, .xml for `JUnit`, .sarif, .md or .txt unless --format says), and print as text; can be
    /// repeated
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Vec<PathBuf>,
    /// Show every comparison with the baseline, those that show nothing as well
    #[arg(long)]
    pub(super) all: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    pub(super) profile: Option<String>,
}

/// The form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Form {
    /// A table for people
    Text,
    /// For programs
    Json,
    /// `JUnit` XML, for what shows tests
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Markdown, for the summary of a workflow or a pull request
    Markdown,
}

impl Check {
    /// The form that was asked for.
    pub(super) fn form(&self) -> Option<Form> {
        if self.json { Some(Form::Json) } else { self.format }
    }

    /// The form of a file that is to be written.
    ///
    /// # Errors
    /// If neither its name nor a flag says.
    pub(super) fn form_of(&self, path: &Path) -> Result<Form, String> {
        const ENDINGS: [(&str, Form); 6] = [
            ("sarif.json", Form::Sarif),
            ("json", Form::Json),
            ("xml", Form::Junit),
            ("sarif", Form::Sarif),
            ("md", Form::Markdown),
            ("txt", Form::Text),
        ];
        self.form().map_or_else(|| form::by_name(path, &ENDINGS), Ok)
    }
}
