//! The command line of `mcptop diff`.

use std::path::PathBuf;

/// Compare two recorded sessions of one server: calls, errors, latency and tokens of each tool, and what tools there are.
///
/// A tool is called slower, faster, heavier or lighter only if a test says so that knows noise: by more than a margin, and
/// corrected for how many tests are made. Where nothing is said, no difference is shown; that is not to say that there is none.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 nothing differs, 1 something does, 2 wrong usage or input.

Examples: mcptop diff before.mcp.jsonl after.mcp.jsonl
          mcptop diff before.mcp.jsonl after.mcp.jsonl --markdown >> \"$GITHUB_STEP_SUMMARY\"
          mcptop diff before.mcp.jsonl after.mcp.jsonl --json | jq '.tools[] | select(.verdicts[].verdict == \"slower\")'")]
pub(in crate::cli) struct Diff {
    /// The recording of before, plain or compressed
    #[arg(value_name = "A")]
    pub(super) before: PathBuf,
    /// The recording of after
    #[arg(value_name = "B")]
    pub(super) after: PathBuf,
    /// Print JSON
    #[arg(long, conflicts_with = "markdown")]
    pub(super) json: bool,
    /// Print Markdown
    #[arg(long)]
    pub(super) markdown: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    pub(super) profile: Option<String>,
}
