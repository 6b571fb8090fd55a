//! The flags of `mcptop audit`, and what is to be audited according to them.

use std::ffi::OsString;
use std::path::PathBuf;

use super::target::Target;
use crate::cli::args::Reach;
use crate::cli::price::Price;
use crate::cli::values::{seconds, window};

/// Say what a server's tools cost a model before it is asked anything, and what is wrong with them.
///
/// Connects once and lists everything, or takes the lists of a recording. Every tool is counted by part (name, description,
/// input and output schema, annotations), on the wire and as models are shown it. With a baseline: what the server says
/// otherwise than when you approved of it. Nothing is called, and nothing is sent anywhere else.
///
/// Exits with 1 if --against finds anything new or changed that nobody has approved, and with 3 if a server cannot be
/// reached.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "mcptop audit [OPTIONS] <URL|FILE>\n       mcptop audit [OPTIONS] -- <COMMAND>...\n       \
                      mcptop audit [OPTIONS] --client <NAME>",
    after_help = "Examples: mcptop audit -- npx -y @modelcontextprotocol/server-everything
          mcptop audit https://mcp.example.org/mcp --profile claude-4.7+
          mcptop audit --client claude-desktop
          mcptop audit --save tools.json -- ./server && git add tools.json
          mcptop audit --against tools.json -- ./server"
)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are independent of each other")]
pub(in crate::cli) struct Audit {
    /// The server's address (http:// or https://), or a recording
    #[arg(value_name = "URL|FILE", conflicts_with = "command")]
    pub(super) target: Option<OsString>,
    /// Every server in the configuration of this client, such as claude-desktop; `mcptop clients list` shows them
    #[arg(long, value_name = "NAME", conflicts_with_all = ["target", "command", "config"])]
    pub(super) client: Option<String>,
    /// Every server in this configuration file of a client
    #[arg(long, value_name = "PATH", conflicts_with_all = ["target", "command"])]
    pub(super) config: Option<PathBuf>,
    /// Of a configuration, only the server of this name; can be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) server: Vec<String>,
    /// Write what is offered now to this file, as a baseline
    #[arg(long, value_name = "BASE")]
    pub(super) save: Option<PathBuf>,
    /// Compare with this baseline
    #[arg(long, value_name = "BASE")]
    pub(super) against: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "markdown")]
    pub(super) json: bool,
    /// Print Markdown
    #[arg(long)]
    pub(super) markdown: bool,
    /// Show every tool and every place of a finding
    #[arg(long)]
    pub(super) all: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+ [default: the baseline's, else
    /// openai-o200k]
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Size of the context window in tokens
    #[arg(long, value_name = "TOKENS", default_value_t = 200_000, value_parser = window)]
    pub(super) window: u64,
    #[command(flatten)]
    pub(super) price: Price,
    /// What to call the server [default: derived from the command]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["client", "config"])]
    pub(super) label: Option<String>,
    /// Seconds a server may take for each answer. The first one may have to wait for a download
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, value_parser = seconds)]
    pub(super) timeout: f64,
    #[command(flatten)]
    pub(super) reach: Reach,
    /// Where a server asks who you are, only print the address to log in at
    #[arg(long)]
    pub(super) no_browser: bool,
    /// The command of a stdio server and its arguments
    #[arg(value_name = "COMMAND", last = true)]
    pub(super) command: Vec<OsString>,
}

/// Where the servers come from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The command line.
    One(Target),
    /// A recording.
    Recording(PathBuf),
    /// A client's configuration: a file, or a client by its name.
    Configuration(Result<PathBuf, String>),
}

impl Audit {
    /// What is to be audited.
    ///
    /// # Errors
    /// If flags do not fit together.
    pub(super) fn source(&self) -> Result<Source, &'static str> {
        let source = match (&self.target, self.command.split_first(), &self.config, &self.client) {
            (None, None, Some(path), _) => Source::Configuration(Ok(path.clone())),
            (None, None, None, Some(client)) => Source::Configuration(Err(client.clone())),
            (None, None, None, None) => {
                return Err("say what to audit: a URL, a recording, `-- COMMAND`, --client or --config");
            }
            (None, Some((program, arguments)), ..) => Source::One(Target::Command {
                program: program.clone(),
                arguments: arguments.to_vec(),
                env: Vec::new(),
                folder: None,
            }),
            (Some(target), ..) => match target.to_str().filter(|text| text.contains("://")) {
                Some(url) => Source::One(Target::Url { url: url.to_owned(), fields: Vec::new() }),
                None => Source::Recording(target.into()),
            },
        };
        let is_url = matches!(source, Source::One(Target::Url { .. }) | Source::Configuration(_));
        if !is_url && (self.reach.is_used() || self.no_browser) {
            return Err(
                "--ca-file, --insecure, --header, --header-env, --bearer-env and --no-browser are for a server that is \
                        reached by its URL",
            );
        }
        let is_many = matches!(source, Source::Configuration(_));
        if is_many && self.reach.adds_fields() {
            return Err(
                "--header, --header-env and --bearer-env are for one server: what is a secret of one is none of the others' \
                        business. Put them into the configuration",
            );
        }
        if !self.server.is_empty() && !is_many {
            return Err("--server chooses among the servers of --client or --config");
        }
        Ok(source)
    }
}
