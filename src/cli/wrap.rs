//! `mcptop wrap`: the proxy, its recorder and its control socket, put together.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use super::args::{Wrap, Wrapped};
use super::session::Attended;
use super::{EXIT_UNREACHABLE, EXIT_USAGE, complain, label, remote, session};
use crate::proxy::{self, Clock, Grace, identity};
use crate::trace::{Back, Front, Header, without_secrets};

/// From SIGTERM to SIGKILL. Shorter than the time after which SDK clients kill us: one second for the TypeScript SDK's
/// probes, two for the rest.
pub(super) const AFTER_TERM: Duration = Duration::from_millis(800);

/// Runs the wrapped server to its end and returns its exit status.
pub(super) fn run(args: &Wrap) -> ExitCode {
    let wrapped = match args.what() {
        Ok(wrapped) => wrapped,
        Err(why) => {
            complain(&why);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return ExitCode::from(EXIT_UNREACHABLE);
        }
    };
    let grace = Grace { after_eof: Duration::from_secs_f64(args.grace), after_term: AFTER_TERM };
    let status = match wrapped {
        Wrapped::Command(program, arguments) => runtime.block_on(wrap(args, program, arguments, grace)),
        Wrapped::Url(url) => runtime.block_on(remote::wrap(args, url, grace)),
    };
    // Not returned through `main`: the relay may still wait for a client that will never read again.
    std::process::exit(status)
}

async fn wrap(args: &Wrap, program: &OsString, arguments: &[OsString], grace: Grace) -> i32 {
    let clock = Clock::start();
    let command = proxy::Command { program: program.clone(), arguments: arguments.to_vec() };
    // The server comes first: it takes longest, and everything below happens while it starts.
    let server = match proxy::start(&command) {
        Ok(server) => server,
        Err(error) => {
            complain(&error.to_string());
            return i32::from(EXIT_UNREACHABLE);
        }
    };
    let attended =
        Attended::begin(&args.keep, &header(args), identity::of_command(&command), clock, server.pid());
    let exit = server.run(attended.observer(), attended.rules(), grace).await;
    attended.end().await;
    match exit {
        Ok(exit) => exit.status(),
        Err(error) => {
            complain(&format!("cannot use the standard streams: {error}"));
            i32::from(EXIT_UNREACHABLE)
        }
    }
}

fn header(args: &Wrap) -> Header {
    let words: Vec<String> = args.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let clean = without_secrets(&words);
    let label = args.keep.label.clone().unwrap_or_else(|| label::of_command(&clean));
    session::header(label, Front::Stdio, Back::Command { argv: clean })
}
