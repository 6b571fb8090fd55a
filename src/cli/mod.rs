//! The command line: what can be asked for, and the wiring of the layers that do it.

mod advise;
mod args;
mod beside;
mod bridge;
mod label;
mod layout;
mod listing;
mod passes;
mod progress;
mod reach;
mod remote;
mod rules;
mod rulesfile;
mod serve;
mod session;
mod simulate;
mod view;
mod voice;
mod wrap;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use voice::complain;

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
    let args = Args::parse();
    match args.command {
        None => view::everything(args.look),
        Some(Command::Wrap(wrap)) => wrap::run(&wrap),
        Some(Command::Serve(serve)) => serve::run(*serve),
        Some(Command::Open(open)) => view::open(open),
        Some(Command::Demo(demo)) => view::demo(demo),
        Some(Command::Advise(advise)) => advise::run(&advise),
        Some(Command::Simulate(simulate)) => simulate::run(&simulate),
    }
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
