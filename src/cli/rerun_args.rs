//! The command line of `mcptop rerun`.

use std::ffi::OsString;
use std::path::PathBuf;

use regex::Regex;

use super::args::Reach;
use crate::rules::Path;

/// Be the client: send the recorded requests to a server again, and compare every answer with the recorded one.
///
/// Requests go in their order, and side by side where they were: each is sent when the answers are there that were there
/// when it was sent. What the server asks itself (sampling, elicitation, roots) is answered as it was. Tools are called
/// only if the server marks them as reading, unless you say otherwise. The session is recorded like any other.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "mcptop rerun [OPTIONS] <FILE> <URL>\n       mcptop rerun [OPTIONS] <FILE> -- <COMMAND>...",
    after_help = "Exit status: 0 nothing differs, 1 an answer differs (with --latency: or a tool is slower), 2 wrong usage,
3 the server cannot be started or reached.

Examples: mcptop rerun session.mcp.jsonl -- npx -y @scope/server
          mcptop rerun --ignore '$..timestamp' --unordered session.mcp.jsonl https://mcp.example.org/mcp
          mcptop rerun --mask '[0-9a-f]{40}' session.mcp.jsonl -- mcp-server-git
          mcptop rerun --allow-writes --json session.mcp.jsonl -- ./server | jq '.differences'"
)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are independent of each other")]
pub(super) struct Rerun {
    /// The recording, plain or compressed
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The server's address
    #[arg(value_name = "URL", required_unless_present = "command", conflicts_with = "command")]
    pub(super) url: Option<String>,
    /// The server's command and its arguments
    #[arg(value_name = "COMMAND", last = true)]
    pub(super) command: Vec<OsString>,
    /// Leave out of the comparison what this JSONPath finds in a result or error, as in $.structuredContent.now; can be
    /// repeated
    #[arg(long, value_name = "PATH")]
    pub(super) ignore: Vec<Path>,
    /// Leave out of the comparison what this regular expression finds in a text, such as times and hashes; can be repeated
    #[arg(long, value_name = "REGEX")]
    pub(super) mask: Vec<Regex>,
    /// Let the items of arrays be in any order
    #[arg(long)]
    pub(super) unordered: bool,
    /// Call tools too that the server does not mark as only reading
    #[arg(long)]
    pub(super) allow_writes: bool,
    /// Keep the times between requests, and those that the client took for its replies
    #[arg(long)]
    pub(super) pace: bool,
    /// End with status 1 also if a tool is slower than it was
    #[arg(long)]
    pub(super) latency: bool,
    /// Seconds that an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = super::values::seconds)]
    pub(super) timeout: f64,
    /// Record the new session to this file, which must not be there yet [default: where sessions are recorded]
    #[arg(long, value_name = "OUT")]
    pub(super) write: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    pub(super) reach: Reach,
}
