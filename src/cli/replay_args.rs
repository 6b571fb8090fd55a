//! The command line of `mcptop replay`.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::ValueEnum;

use super::values::address;
use crate::insight::replay::Strictness;
use crate::rules::Path;

/// Be the server: answer a client from a recording, over standard streams or HTTP, in the client's own revision.
///
/// An answer is looked for level by level: the same request byte for byte; the same parameters, whatever the order of
/// members and the form of numbers; the same but for what --ignore names; the same tool with other arguments; the next
/// answer to the same method. Equal requests get their answers in recorded order, and then the last again. What the server
/// said meanwhile (progress, notifications, requests of its own) is said again in its place.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "mcptop replay [OPTIONS] <FILE>\n       mcptop replay [OPTIONS] --on-miss forward --write <OUT> <FILE> <URL>\n       mcptop replay [OPTIONS] --on-miss forward --write <OUT> <FILE> -- <COMMAND>...",
    after_help = "Exit status: 0 the client has left, 1 with --strict a request had no answer, 2 wrong usage or no recording,
3 standard streams or the address cannot be used.

Examples: mcptop replay session.mcp.jsonl
          mcptop replay --listen 127.0.0.1:7090 session.mcp.jsonl
          mcptop replay --on-miss forward --write more.mcp.jsonl session.mcp.jsonl -- ./server
          mcptop wrap -- mcptop replay session.mcp.jsonl"
)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are independent of each other")]
pub(super) struct Replay {
    /// The recording, plain or compressed
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The address of the server that --on-miss forward asks
    #[arg(value_name = "URL", conflicts_with = "command")]
    pub(super) url: Option<String>,
    /// The command of the server that --on-miss forward asks, and its arguments
    #[arg(value_name = "COMMAND", last = true)]
    pub(super) command: Vec<OsString>,
    /// Leave out of the comparison what this JSONPath finds in the parameters, as in $.arguments.now; can be repeated
    #[arg(long, value_name = "PATH")]
    pub(super) ignore: Vec<Path>,
    /// The loosest level at which an answer is taken [default: order; ignored with --strict and where a miss is forwarded or
    /// asked about]
    #[arg(long = "match", value_name = "LEVEL")]
    pub(super) matching: Option<Matching>,
    /// Give no answer twice: a request whose recorded answers are used up gets an error
    #[arg(long)]
    pub(super) once: bool,
    /// What becomes of a request without an answer: an error; forward asks the server itself and adds what it says to a new
    /// recording; ask asks you, at the terminal
    #[arg(long, value_name = "WHAT", default_value = "error")]
    pub(super) on_miss: OnMiss,
    /// The new recording of --on-miss forward: all of FILE and what was added. One of this name that is there already is
    /// kept, and a number added to the name
    #[arg(long, value_name = "OUT")]
    pub(super) write: Option<PathBuf>,
    /// Take as long as it took (1), twice as fast (2), half as fast (0.5), or as fast as possible (0)
    #[arg(long, value_name = "FACTOR", default_value_t = 0.0, value_parser = speed)]
    pub(super) speed: f64,
    /// Answer with what rules made of the server's answers, and not with what the server said
    #[arg(long)]
    pub(super) delivered: bool,
    /// End with status 1 if a request had no answer
    #[arg(long)]
    pub(super) strict: bool,
    /// Report every answer, and the sums, as lines of JSON on standard error
    #[arg(long)]
    pub(super) json: bool,
    /// Listen here for clients over Streamable HTTP; port 0 lets the system choose one
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(super) listen: Option<SocketAddr>,
    /// Let other machines connect: needed to listen on an address that is not this machine's own
    #[arg(long, requires = "listen")]
    pub(super) allow_remote: bool,
    /// Do not open the viewer on --listen, although there is a terminal
    #[arg(long, requires = "listen")]
    pub(super) headless: bool,
    /// Record what --listen serves to this file, or into this folder [default: only as long as it lasts]
    #[arg(long, value_name = "PATH", requires = "listen")]
    pub(super) record: Option<PathBuf>,
    /// Apply the rules of this file, or of rules/NAME.toml in the configuration folder, to what --listen serves
    #[arg(long, value_name = "PATH|NAME", requires = "listen")]
    pub(super) rules: Option<PathBuf>,
    /// Where the sums go that several processes have together
    #[arg(long, value_name = "FILE", hide = true)]
    pub(super) tally: Option<PathBuf>,
}

/// What becomes of a request without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OnMiss {
    Error,
    Forward,
    Ask,
}

impl OnMiss {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Forward => "forward",
            Self::Ask => "ask",
        }
    }
}

/// The loosest level at which an answer is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Matching {
    Exact,
    Canonical,
    Ignored,
    Tool,
    Order,
}

impl Matching {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Canonical => "canonical",
            Self::Ignored => "ignored",
            Self::Tool => "tool",
            Self::Order => "order",
        }
    }
}

impl From<Matching> for Strictness {
    fn from(matching: Matching) -> Self {
        match matching {
            Matching::Exact => Self::Exact,
            Matching::Canonical => Self::Canonical,
            Matching::Ignored => Self::Ignored,
            Matching::Tool => Self::Tool,
            Matching::Order => Self::Order,
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(0.0) => Ok(0.0),
        Ok(factor) if (0.01..=1000.0).contains(&factor) => Ok(factor),
        Ok(_) => Err("must be 0, or between 0.01 and 1000".to_owned()),
        Err(_) => Err("not a number".to_owned()),
    }
}
