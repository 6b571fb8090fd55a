//! `mcptop replay --listen`: the bridge of `mcptop serve` with our own program as the stdio server behind it.
//!
//! So every session of a client gets a replay of its own from the beginning, and the viewer, rules, recording, checks of
//! names and both eras of HTTP are those of every other server.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser as _;

use super::summary;
use crate::cli::args::{Args, Command, OnMiss, Replay};
use crate::cli::{EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, complain, serve};
use crate::record;

/// Serves until it is asked to end.
pub(super) fn run(args: &Replay, address: SocketAddr) -> ExitCode {
    let label = match record::peek(&args.file) {
        Ok(header) => header.label,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let tally = match tempfile::NamedTempFile::new() {
        Ok(file) => file,
        Err(error) => {
            complain(&format!("cannot write a temporary file: {error}"));
            return ExitCode::from(EXIT_UNREACHABLE);
        }
    };
    let own = match std::env::current_exe() {
        Ok(own) => own,
        Err(error) => {
            complain(&format!("cannot find our own program: {error}"));
            return ExitCode::from(EXIT_UNREACHABLE);
        }
    };
    let mut words: Vec<OsString> = vec!["mcptop".into(), "serve".into()];
    words.extend(["--listen".into(), address.to_string().into(), "--label".into(), label.into()]);
    words.extend(serve_flags(args));
    words.extend(["--".into(), own.into(), "replay".into(), "--tally".into(), tally.path().into()]);
    words.extend(replay_words(args));
    let Ok(Some(Command::Serve(serve))) = Args::try_parse_from(words).map(|args| args.command) else {
        complain("the address cannot be served");
        return ExitCode::from(EXIT_USAGE);
    };
    let status = serve::run(*serve);
    if status != ExitCode::SUCCESS {
        return status;
    }
    let counts = summary::appended(&std::fs::read_to_string(tally.path()).unwrap_or_default());
    summary::print(&args.file.display().to_string(), &counts, args.json);
    if args.strict && counts.misses > 0 { ExitCode::from(EXIT_FOUND) } else { status }
}

fn serve_flags(args: &Replay) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    match &args.record {
        Some(path) => words.extend(["--record".into(), path.into()]),
        // What is played has been recorded already; the viewer needs it only while it lasts.
        None => words.push("--ephemeral".into()),
    }
    match &args.rules {
        Some(rules) => words.extend(["--rules".into(), rules.into()]),
        // Those of the server itself are not meant for what it said.
        None => words.push("--no-rules".into()),
    }
    if args.headless {
        words.push("--headless".into());
    }
    if args.allow_remote {
        words.push("--allow-remote".into());
    }
    words
}

/// The same command line for one session, without what concerns the address.
fn replay_words(args: &Replay) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    for path in &args.ignore {
        words.extend(["--ignore".into(), path.to_string().into()]);
    }
    if let Some(matching) = args.matching {
        words.extend(["--match".into(), matching.as_str().into()]);
    }
    let flags = [
        (args.once, "--once"),
        (args.strict, "--strict"),
        (args.delivered, "--delivered"),
        (args.json, "--json"),
    ];
    words.extend(flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag.into()));
    if args.speed > 0.0 {
        words.extend(["--speed".into(), args.speed.to_string().into()]);
    }
    if args.on_miss != OnMiss::Error {
        words.extend(["--on-miss".into(), args.on_miss.as_str().into()]);
    }
    if let Some(out) = &args.write {
        words.extend(["--write".into(), out.into()]);
    }
    words.push(args.file.clone().into());
    match &args.url {
        Some(url) => words.push(url.into()),
        None if !args.command.is_empty() => {
            words.push("--".into());
            words.extend(args.command.iter().cloned());
        }
        None => {}
    }
    words
}
