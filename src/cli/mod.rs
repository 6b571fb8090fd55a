//! The command line: what can be asked for, and the wiring of the layers that do it.

mod advise;
mod args;
mod audit;
mod beside;
mod bridge;
mod check;
mod clients;
mod courier;
mod diff;
mod doctor;
#[cfg(test)]
mod documented;
mod export;
mod form;
mod hide;
mod ink;
mod label;
mod layout;
mod leading;
mod listing;
mod markup;
mod mcp;
mod passes;
mod price;
mod print;
mod progress;
mod reach;
mod reason;
mod recordings;
mod reference;
mod remote;
mod replay;
mod replay_args;
mod report;
mod rerun;
mod rerun_args;
mod rules;
mod rulesfile;
mod serve;
mod session;
mod settings;
mod simulate;
mod status;
mod values;
mod view;
mod voice;
mod wrap;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use args::{Args, Command};
use settings::Settings;
use voice::complain;

/// Exit status when a check or a comparison found something.
const EXIT_FOUND: u8 = 1;
/// Exit status for a wrong command line or unusable input (as clap uses).
const EXIT_USAGE: u8 = 2;
/// Exit status when a server could not be started or reached.
const EXIT_UNREACHABLE: u8 = 3;

/// Runs the program with the arguments of this process.
#[must_use]
pub fn run() -> ExitCode {
    if let Some(done) = crate::proxy::guard::run_if_asked() {
        return done;
    }
    let (settings, problem) = match Settings::load() {
        Ok(settings) => (settings, None),
        Err(why) => (Settings::default(), Some(why)),
    };
    let command = negative_numbers_are_values(settings.defaults(Args::command()));
    let words = leading::behind_the_command(&command, std::env::args_os().collect());
    let mut matches = command.get_matches_from(words);
    let mut args = Args::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit());
    if let Some(look) = args.look_mut() {
        look.targets = settings.targets();
        look.keys = settings.keys().clone();
    }
    if let Some(why) = problem {
        // These tell it by themselves.
        if !matches!(args.command, Some(Command::Config(_) | Command::Doctor(_))) {
            complain(&why);
        }
        // A client that starts its servers must not lose them to a slip in a file.
        if !args.command.as_ref().is_some_and(Command::goes_on_without_settings) {
            return ExitCode::from(EXIT_USAGE);
        }
    }
    for why in settings::strange_variables(std::env::vars_os()) {
        complain(&why);
    }
    match args.command {
        None => view::everything(args.look),
        Some(Command::Wrap(wrap)) => wrap::run(&wrap),
        Some(Command::Serve(serve)) => serve::run(*serve),
        Some(Command::Clients(clients)) => clients::run(&clients, &settings),
        Some(Command::Open(open)) => view::open(open),
        Some(Command::Demo(demo)) => view::demo(demo),
        Some(Command::Status(status)) => status::run(&status),
        Some(Command::Advise(advise)) => advise::run(&advise),
        Some(Command::Simulate(simulate)) => simulate::run(&simulate),
        Some(Command::Audit(audit)) => audit::run(&audit, &settings),
        Some(Command::Report(report)) => report::run(&report),
        Some(Command::Mcp(mcp)) => mcp::run(&mcp),
        Some(Command::Check(check)) => check::run(&check),
        Some(Command::Diff(diff)) => diff::run(&diff),
        Some(Command::Replay(replay)) => replay::run(&replay),
        Some(Command::Rerun(rerun)) => rerun::run(&rerun),
        Some(Command::Recordings(recordings)) => recordings::run(&recordings, &settings),
        Some(Command::Export(export)) => export::run(&export),
        Some(Command::Config(config)) => settings::run(&config),
        Some(Command::Print(print)) => print::run(&print, &settings),
        Some(Command::Doctor(doctor)) => doctor::run(&doctor, &settings),
        Some(Command::Completions(completions)) => reference::completions(&completions),
        Some(Command::Man(man)) => reference::man(&man),
    }
}

/// The same command line, where `-1` behind a flag that takes a value is that value: it is refused by who knows what would
/// have been right, and not as a flag that there is not.
fn negative_numbers_are_values(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let takes_value = arg.get_long().is_some() && arg.get_action().takes_values();
        if takes_value { arg.allow_negative_numbers(true) } else { arg }
    });
    command.mut_subcommands(negative_numbers_are_values)
}

/// Prints a result. A reader that has had enough (`mcptop demo | head -1`) is no error.
fn say(text: &str) -> ExitCode {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(&format!("cannot write to standard output: {error}"));
            ExitCode::from(EXIT_UNREACHABLE)
        }
        _ => ExitCode::SUCCESS,
    }
}
