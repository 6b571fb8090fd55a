//! `mcptop mcp`: an MCP server through which an agent asks about its own tools.

mod answers;
mod server;
mod shelf;

use std::process::ExitCode;

use rmcp::ServiceExt as _;

use super::{EXIT_UNREACHABLE, EXIT_USAGE, complain, passes};
use crate::record::Folders;

/// Be an MCP server over standard input and output, through which an agent asks about its own tools: which are slow, what
/// they cost, what would make them cheaper.
///
/// It reads recordings and nothing else: it calls no tool, changes nothing, and shows what was said only of a call that is asked
/// for, shortened.
#[derive(Debug, clap::Args)]
#[command(after_help = "In a client's configuration:

  { \"mcpServers\": { \"mcptop\": { \"command\": \"mcptop\", \"args\": [\"mcp\"] } } }

Then ask: \"Which of my tools cost the most tokens, and what could be done about it?\"")]
pub(super) struct Mcp {
    /// The family of models to count tokens for, such as openai-o200k or claude-4.7+, or a factor such as 1.21
    #[arg(long, value_name = "NAME|FACTOR", alias = "factor")]
    profile: Option<String>,
}

/// Serves until the client leaves.
pub(super) fn run(args: &Mcp) -> ExitCode {
    let profile = match passes::profile(args.profile.as_deref()) {
        Ok(profile) => profile,
        Err(why) => {
            complain(&why);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let Some(folders) = Folders::of_user() else {
        complain("there is no home folder, so there are no recordings to tell of");
        return ExitCode::from(EXIT_UNREACHABLE);
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return ExitCode::from(EXIT_UNREACHABLE);
        }
    };
    let code = runtime.block_on(async {
        let server = server::Server::new(folders, profile);
        // A client that leaves before it has said anything has had enough.
        if let Ok(running) = server.serve(rmcp::transport::stdio_pipes()).await {
            let _ = running.waiting().await;
        }
        ExitCode::SUCCESS
    });
    // A read of standard input that nobody waits for any more is not waited for.
    runtime.shutdown_background();
    code
}
