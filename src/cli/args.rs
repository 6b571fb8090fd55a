//! Every command and flag, defined once for the parser, the help and later the manual page.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::trace::url_without_secrets;
use crate::ui::keys::Bindings;
use crate::ui::panels::Targets;

use super::price::Price;
pub(super) use super::replay_args::{OnMiss, Replay};
pub(super) use super::rerun_args::Rerun;
use super::values::{address, count, factor, pace, seconds, size, theme, window};

/// `top` for the Model Context Protocol: what every MCP tool costs in milliseconds and tokens.
#[derive(Debug, Parser)]
#[command(name = "mcptop", version, about, max_term_width = 100, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Without a command: the viewer, on every live session and all recordings.\n\nA flag comes before its environment \
    variable, that before config.toml, and that before what is built in: see `mcptop config print`."
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) look: Look,
}

/// What mcptop can do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Stand in front of a stdio server: forward every byte, record the session
    Wrap(Wrap),
    /// Stand in front of an HTTP server, or put a stdio server on HTTP; record the traffic
    Serve(Box<Serve>),
    /// Put mcptop in front of the servers in a client's configuration, and take it away again
    Clients(super::clients::Clients),
    /// Open a recording in the viewer
    Open(Open),
    /// Play a recorded session into the viewer; nothing to set up
    Demo(Demo),
    /// Say in one line what goes on now: for status bars, or as JSON
    Status(super::status::Status),
    /// Propose rules for a recorded session, with what each would have saved in it
    Advise(Advise),
    /// Play a recorded session again under rules, offline: what they would have saved, and what they would have cost
    Simulate(Simulate),
    /// Say what a server's tools cost a model, what is wrong with them, and what has changed in them
    Audit(Box<super::audit::Audit>),
    /// Sum a recorded session up: time, tokens, what stood out; as text, JSON, Markdown or a page
    Report(super::report::Report),
    /// Be an MCP server through which an agent asks about its own tools: what is slow, what costs, what would help
    Mcp(super::mcp::Mcp),
    /// Hold a recorded session against budgets and a baseline: for continuous integration
    Check(super::check::Check),
    /// Compare two recorded sessions: latency, tokens, errors and tools, with verdicts that know noise
    Diff(super::diff::Diff),
    /// Be the server: answer a client from a recording
    Replay(Box<Replay>),
    /// Be the client: send recorded requests to a server again, and compare the answers
    Rerun(Box<Rerun>),
    /// List, prune, redact and compact recordings
    Recordings(super::recordings::Recordings),
    /// Write the calls of a recording for other tools: HAR, OTLP, CSV, JSON lines
    Export(Box<super::export::Export>),
    /// Look at what mcptop depends on, and say what to do about what is wrong
    Doctor(super::doctor::Doctor),
    /// Show the configuration, where its file is, or edit it
    Config(super::settings::Config),
    /// Print tables of what the viewer knows: keys, themes, filters, columns
    Print(super::print::Print),
    /// Print what makes a shell complete commands and flags
    Completions(super::reference::Completions),
    /// Print the manual page, or write one for each command
    Man(super::reference::Man),
}

impl Command {
    /// Whether it does without a configuration that cannot be read: a client may be waiting for a server, or it has another
    /// purpose than what the configuration is about. It is told all the same.
    pub(super) fn goes_on_without_settings(&self) -> bool {
        matches!(
            self,
            Self::Wrap(_)
                | Self::Serve(_)
                | Self::Replay(_)
                | Self::Mcp(_)
                | Self::Config(_)
                | Self::Print(_)
                | Self::Clients(_)
                | Self::Doctor(_)
                | Self::Completions(_)
                | Self::Man(_)
        )
    }
}

/// How the viewer looks and counts.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Look {
    /// A theme by name [default: the one that fits the terminal]
    #[arg(long, value_name = "NAME", value_parser = theme)]
    pub(super) theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub(super) ascii: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+; a number such as 1.21 counts as
    /// `o200k_base` times this, for a family without a profile
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    pub(super) profile: Option<String>,
    /// Size of the context window in tokens [default: 200000]
    #[arg(long, value_name = "TOKENS", value_parser = window)]
    pub(super) window: Option<u64>,
    #[command(flatten)]
    pub(super) price: Price,
    /// What is a warning; only the configuration says it.
    #[arg(skip)]
    pub(super) targets: Targets,
    /// Which key does what; only the configuration says it.
    #[arg(skip)]
    pub(super) keys: Bindings,
}

impl Args {
    /// How the viewer is to look, if this command line opens one.
    pub(super) fn look_mut(&mut self) -> Option<&mut Look> {
        match &mut self.command {
            None => Some(&mut self.look),
            Some(Command::Open(open)) => Some(&mut open.look),
            Some(Command::Demo(demo)) => Some(&mut demo.look),
            Some(Command::Serve(serve)) => Some(&mut serve.look),
            Some(_) => None,
        }
    }
}

/// Open a recording in the viewer; without a terminal, print its summary.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ssh host cat session.mcp.jsonl | mcptop open -")]
pub(super) struct Open {
    /// The recording, plain or compressed, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Play it at the pace at which it was made: P holds it, [ and ] go from call to call, { and } change the pace
    #[arg(long)]
    pub(super) play: bool,
    /// How many times faster than it was
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = pace, requires = "play")]
    pub(super) speed: f64,
    #[command(flatten)]
    pub(super) look: Look,
}

/// Play a recorded session at its true pace; without a terminal, print its summary.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: mcptop demo --speed 4")]
pub(super) struct Demo {
    /// How many times faster than it was
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    pub(super) speed: f64,
    #[command(flatten)]
    pub(super) look: Look,
}

/// Propose rules for a recorded session, each with what it would have saved in it, what may go wrong, and its text.
///
/// Every proposal is measured: the recording is played again under that rule alone. What costs the model something it may
/// need is proposed with mode = "observe": such a rule counts what it would save and changes nothing until you switch it on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop advise session.mcp.jsonl
          mcptop advise session.mcp.jsonl --write rules.toml
          mcptop advise session.mcp.jsonl --json | jq '.proposals[].saving'")]
pub(super) struct Advise {
    /// The recording, plain or compressed, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Put the proposed rules into this rules file. What else is in it stays as it is, and so does the mode of a rule that
    /// is there already
    #[arg(long, value_name = "RULES")]
    pub(super) write: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    pub(super) profile: Option<String>,
}

/// Play a recorded session again under the rules of a file: tokens, time and calls saved, for each rule and tool.
///
/// Nothing is sent anywhere: the server's part is played by the recording. Answers that a cache would have given although
/// the server said something else by then are listed with their age: they are the price of a cache.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: mcptop simulate session.mcp.jsonl --rules rules.toml
          mcptop simulate session.mcp.jsonl --rules rules.toml --write with-rules.mcp.jsonl
          mcptop simulate session.mcp.jsonl --rules rules.toml --json | jq .saved")]
pub(super) struct Simulate {
    /// The recording, plain or compressed, or - for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The rules: a file, or a name for rules/NAME.toml in the configuration folder
    #[arg(long, value_name = "PATH|NAME")]
    pub(super) rules: PathBuf,
    /// Write the session under the rules to this file, which must not be there yet: a recording like any other
    #[arg(long, value_name = "OUT")]
    pub(super) write: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    pub(super) profile: Option<String>,
}

/// What is kept of a session, and what rules it has.
#[derive(Debug, clap::Args)]
pub(super) struct Keep {
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
    #[arg(long, value_name = "SIZE", default_value = "512M", value_parser = size, allow_hyphen_values = true)]
    pub(super) record_limit: u64,
    /// What to call the server on screen [default: derived from the command]
    #[arg(long, value_name = "NAME")]
    pub(super) label: Option<String>,
    /// Take rules from this file, or from rules/NAME.toml in the configuration folder [default: rules/LABEL.toml there, else
    /// rules.toml there]. They are read again whenever the file changes
    #[arg(long, value_name = "PATH|NAME", conflicts_with = "no_rules")]
    pub(super) rules: Option<PathBuf>,
    /// Take no rules from any file
    #[arg(long)]
    pub(super) no_rules: bool,
}

/// How a server behind a URL is reached.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Reach {
    /// Certificates (PEM) to trust besides those this machine trusts, for a server over https
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(super) ca_file: Option<PathBuf>,
    /// Do not check who the server is: whoever is on the way can read and change everything
    #[arg(long)]
    pub(super) insecure: bool,
    /// Add a field to every request to the server, in place of the client's own of that name; can be repeated.
    /// Others on this machine can read it in the list of processes: for secrets take --header-env
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) header: Vec<String>,
    /// The same with the value of an environment variable
    #[arg(long, value_name = "NAME=VARIABLE")]
    pub(super) header_env: Vec<String>,
    /// Send the value of an environment variable as a bearer token, in the field Authorization
    #[arg(long, value_name = "VARIABLE")]
    pub(super) bearer_env: Option<String>,
}

/// Stand in front of an HTTP server, or put a stdio server on HTTP: pass every request on, record the traffic.
///
/// Point your AI client at the address that is shown instead of the server's own; the path stays the same, and is /mcp for
/// a stdio server. In a terminal the viewer opens on it, and leaving the viewer ends it; without one, run `mcptop` in a
/// terminal to watch.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "mcptop serve [OPTIONS] <URL>...\n       mcptop serve [OPTIONS] -- <COMMAND>...",
    after_help = "Examples: mcptop serve http://localhost:3000/mcp\n          mcptop serve -- npx -y @modelcontextprotocol/server-everything"
)]
pub(super) struct Serve {
    /// Where to listen; port 0 lets the system choose one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7080", value_parser = address)]
    pub(super) listen: SocketAddr,
    /// Let other machines connect: needed to listen on an address that is not this machine's own
    #[arg(long)]
    pub(super) allow_remote: bool,
    #[command(flatten)]
    pub(super) reach: Reach,
    /// Take only requests that carry this token (Authorization: Bearer …); it is not passed on. Others on this machine can
    /// read it in the list of processes: better set the variable
    #[arg(long, value_name = "TOKEN", env = "MCPTOP_AUTH_TOKEN", hide_env_values = true)]
    pub(super) auth_token: Option<String>,
    /// A further name by which clients may call us, and whose pages may; can be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) allow_host: Vec<String>,
    /// Do not open the viewer, although there is a terminal
    #[arg(long)]
    pub(super) headless: bool,
    #[command(flatten)]
    pub(super) look: Look,
    #[command(flatten)]
    pub(super) keep: Keep,
    /// The server's address; with several, each is an instance of it: sessions stay where they were opened, everything
    /// else goes where the fewest requests are under way
    #[arg(value_name = "URL", required_unless_present = "command", conflicts_with = "command")]
    pub(super) urls: Vec<String>,
    /// The command of a stdio server and its arguments
    #[arg(value_name = "COMMAND", last = true)]
    pub(super) command: Vec<OsString>,
    #[command(flatten)]
    pub(super) bridge: Bridge,
}

/// How sessions at the server, or its processes, are kept.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Sessions")]
pub(super) struct Bridge {
    /// For a COMMAND: how many processes are started ahead, so that a new session need not wait [default: 1]. For a URL:
    /// keep at most so many sessions open at the server and lend them to clients that open theirs in the same words
    /// [default: none is kept, each client opens its own]
    #[arg(long, value_name = "COUNT", value_parser = count)]
    pub(super) pool: Option<usize>,
    /// For a URL: seconds after which a session that is lent to nobody is ended [default: 90]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "command")]
    pub(super) pool_idle: Option<f64>,
    /// Seconds after which a session ends that its client does not use
    #[arg(long, value_name = "SECONDS", default_value_t = 1800.0, value_parser = seconds)]
    pub(super) session_idle: f64,
    /// Let clients that open in the same words share a process, or the sessions of the pool request by request, as far as
    /// what both sides declare and ask for shows nothing that concerns one of them. The server may remember all the same:
    /// only for servers that you know do not
    #[arg(long)]
    pub(super) share: bool,
    /// For a COMMAND: seconds a process may take to end when its input is closed, before it is terminated
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub(super) grace: f64,
}

/// Give a stdio client a server, and record the session: a command, forwarding every byte, or the URL of a remote server.
///
/// Put this in front of the server's command in your AI client's configuration, or take it as the command for a server that
/// has a URL. Nothing changes for the client or the server; run `mcptop` in a terminal to watch.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples: mcptop wrap -- npx -y @modelcontextprotocol/server-filesystem ~/Documents\n          \
                        mcptop wrap https://mcp.example.org/mcp"
)]
pub(super) struct Wrap {
    #[command(flatten)]
    pub(super) keep: Keep,
    /// Seconds a server may stay silent after the client has closed its side, before it is terminated
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub(super) grace: f64,
    #[command(flatten)]
    pub(super) reach: Reach,
    /// Only log in to the server with the browser, if it asks for that, and end: clients may not wait as long
    #[arg(long)]
    pub(super) login: bool,
    /// The client registered with the server's authorization server, by its id or the URL of its metadata document; else
    /// mcptop registers itself
    #[arg(long, value_name = "ID")]
    pub(super) oauth_client_id: Option<String>,
    /// The environment variable that holds that client's secret
    #[arg(long, value_name = "VARIABLE", requires = "oauth_client_id")]
    pub(super) oauth_client_secret_env: Option<String>,
    /// Where a server asks who you are, only print the address to log in at
    #[arg(long)]
    pub(super) no_browser: bool,
    /// What `mcptop clients wrap` found in a configuration in the place of this command, for `mcptop clients unwrap`
    #[arg(long, value_name = "NAMES", hide = true)]
    pub(super) was: Option<String>,
    /// The server's command and its arguments, or its URL (http:// or https://)
    #[arg(value_name = "COMMAND|URL", required = true, trailing_var_arg = true)]
    pub(super) command: Vec<OsString>,
}

/// What a stdio client is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapped<'a> {
    /// A program with its arguments.
    Command(&'a OsString, &'a [OsString]),
    /// A server at this address.
    Url(&'a str),
}

impl Wrap {
    /// What is to be wrapped.
    ///
    /// # Errors
    /// If flags or words do not fit what it is.
    pub(super) fn what(&self) -> Result<Wrapped<'_>, String> {
        let Some((first, rest)) = self.command.split_first() else {
            return Err("a command or a URL is missing".to_owned());
        };
        let is_url = |text: &&str| {
            let scheme = text.split("://").next().unwrap_or_default();
            text.contains("://")
                && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        };
        match (first.to_str().filter(is_url), rest) {
            (Some(url), []) => Ok(Wrapped::Url(url)),
            (Some(url), [next, ..]) => Err(format!(
                "`{}` stands behind the URL {}, where nothing may: flags go in front of it",
                next.to_string_lossy().split('=').next().unwrap_or_default(),
                url_without_secrets(url)
            )),
            (None, arguments) => match self.of_url() {
                Some(flag) => Err(format!(
                    "{flag} is for a server that is reached by its URL, and `{}` is a command",
                    first.display()
                )),
                None => Ok(Wrapped::Command(first, arguments)),
            },
        }
    }
}

impl Wrap {
    /// A flag that is given and means nothing for a command.
    fn of_url(&self) -> Option<&'static str> {
        let own = [
            (self.login, "--login"),
            (self.was.is_some(), "--was"),
            (self.no_browser, "--no-browser"),
            (self.oauth_client_id.is_some(), "--oauth-client-id"),
        ];
        self.reach.flag().or_else(|| own.iter().find(|(is_given, _)| *is_given).map(|(_, flag)| *flag))
    }
}

impl Reach {
    pub(super) fn is_used(&self) -> bool {
        self.flag().is_some()
    }

    /// The first of these flags that is given.
    pub(super) fn flag(&self) -> Option<&'static str> {
        let given = [
            (self.ca_file.is_some(), "--ca-file"),
            (self.insecure, "--insecure"),
            (!self.header.is_empty(), "--header"),
            (!self.header_env.is_empty(), "--header-env"),
            (self.bearer_env.is_some(), "--bearer-env"),
        ];
        given.iter().find(|(is_given, _)| *is_given).map(|(_, flag)| *flag)
    }

    /// Whether anything is added to requests.
    pub(super) fn adds_fields(&self) -> bool {
        !self.header.is_empty() || !self.header_env.is_empty() || self.bearer_env.is_some()
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
    fn a_server_is_served_by_its_address_or_its_command() {
        let parse = |line: &str| Args::try_parse_from(line.split(' '));
        let Some(Command::Serve(serve)) =
            parse("mcptop serve --pool 3 --share -- npx -y x --listen y").unwrap().command
        else {
            panic!()
        };
        assert_eq!((serve.command.len(), serve.bridge.pool, serve.bridge.share), (5, Some(3), true));
        assert!(parse("mcptop serve http://h/mcp http://g/mcp").is_ok());
        assert!(parse("mcptop serve http://h/mcp -- npx").is_err());
        assert!(parse("mcptop serve").is_err());
    }

    fn wrapped(args: Args) -> Wrap {
        match args.command {
            Some(Command::Wrap(wrap)) => wrap,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn everything_behind_the_command_belongs_to_it() {
        let parse = |line: &str| Args::try_parse_from(line.split(' '));
        let wrap = wrapped(parse("mcptop wrap --label a -- npx -y x --label b").unwrap());
        assert_eq!(wrap.command, ["npx", "-y", "x", "--label", "b"]);
        let wrap = wrapped(parse("mcptop wrap npx -y x --no-record").unwrap());
        assert_eq!((wrap.command.len(), wrap.keep.no_record), (4, false));
        assert!(parse("mcptop wrap --lable a -- npx").is_err(), "a misspelt flag is not a command");
        assert!(matches!(wrap.what(), Ok(Wrapped::Command(..))));
        assert!(parse("mcptop wrap").is_err());
    }

    #[test]
    fn a_first_word_that_is_an_address_is_the_server() {
        let wrap = |line: &str| wrapped(Args::try_parse_from(line.split(' ')).unwrap());
        assert_eq!(wrap("mcptop wrap https://h/mcp").what(), Ok(Wrapped::Url("https://h/mcp")));
        assert_eq!(wrap("mcptop wrap --header a=b -- HTTP://h").what(), Ok(Wrapped::Url("HTTP://h")));
        assert!(wrap("mcptop wrap http://h/mcp --header a=b").what().is_err());
        assert!(wrap("mcptop wrap --insecure npx server").what().is_err());
        assert!(matches!(wrap("mcptop wrap npx http://h").what(), Ok(Wrapped::Command(..))));
    }
}
