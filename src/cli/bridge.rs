//! `mcptop serve -- COMMAND`: the bridge, its recorder and its control socket, put together.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use super::args::Serve;
use super::beside::Beside;
use super::session::Attended;
use super::wrap::AFTER_TERM;
use super::{EXIT_UNREACHABLE, complain, label, session};
use crate::proxy::bridge::{Bridge, Settings};
use crate::proxy::{Clock, Command, Grace, identity};
use crate::trace::{Back, Exit, Fact, Front, without_secrets};

/// How many processes are kept ready, unless somebody says otherwise.
const POOL: usize = 1;

/// How the server's processes are to be kept.
pub(super) fn settings(args: &Serve, program: &OsString, arguments: &[OsString]) -> Settings {
    Settings {
        command: Command { program: program.clone(), arguments: arguments.to_vec() },
        grace: Grace { after_eof: Duration::from_secs_f64(args.bridge.grace), after_term: AFTER_TERM },
        pool: args.bridge.pool.unwrap_or(POOL),
        session_idle: Duration::from_secs_f64(args.bridge.session_idle),
        shares: args.bridge.share,
        is_heard: true,
    }
}

/// The words of the command as they are shown and recorded: without the file of ours in which `replay --listen` counts, whose
/// name nobody has chosen.
fn shown(command: &[OsString]) -> Vec<String> {
    let mut words: Vec<String> = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(at) =
        words.iter().position(|word| word == "--tally").filter(|at| *at == 2 && words[1] == "replay")
    {
        words.drain(at..words.len().min(at + 2));
    }
    words
}

/// Serves until it is asked to end, and ends the server's processes then.
pub(super) async fn serve(args: &Serve, settings: Settings, beside: Beside) -> ExitCode {
    let clock = Clock::start();
    let bridge = match Bridge::bind(args.listen).await {
        Ok(bridge) => bridge,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(EXIT_UNREACHABLE);
        }
    };
    let local = bridge.local();
    let clean = without_secrets(&shown(&args.command));
    let label = args.keep.label.clone().unwrap_or_else(|| label::of_command(&clean));
    let back = Back::Command { argv: clean };
    let shown = back.display();
    let header = session::header(label, Front::Http { listen: local.to_string() }, back);
    let attended = Attended::begin(&args.keep, &header, identity::of_command(&settings.command), clock, None);
    let observer = attended.observer();
    let tap = observer.tap.clone();
    let tell = |fact| {
        if let Some(tap) = &tap {
            tap.tell(clock.now(), fact);
        }
    };
    tell(Fact::Started { pid: None });
    // A viewer has the terminal then, and shows what the recording holds of it.
    let is_heard = !(beside.is_watched() && attended.recording().is_some());
    let said = args.bridge.pool.or(attended.rules().pool().and_then(|pool| pool.size));
    let settings = Settings { is_heard, pool: said.unwrap_or(POOL), ..settings };
    let (why, exit, status) = match bridge.open(settings, observer) {
        Ok(open) => {
            let path = Bridge::PATH;
            let hint = if beside.is_watched() { "" } else { "; run `mcptop` in another terminal to watch" };
            let leave = beside.stands(attended.recording());
            complain(&format!("serving at http://{local}{path}: {shown}{hint}"));
            let why = open.run(&args.allow_host, args.auth_token.clone(), attended.rules(), leave).await;
            (why.to_owned(), Exit::Code(0), ExitCode::SUCCESS)
        }
        Err(error) => {
            complain(&error.to_string());
            (error.to_string(), Exit::Unknown, ExitCode::from(EXIT_UNREACHABLE))
        }
    };
    tell(Fact::Ended { exit, why: why.into() });
    attended.end().await;
    status
}
