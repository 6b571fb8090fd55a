//! `mcptop replay`: a recording in the server's part, over standard streams or at an address.

mod addition;
mod drive;
mod listen;
mod live;
pub(in crate::cli) mod load;
mod person;
mod summary;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use super::args::{OnMiss, Replay};
use super::{EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE, complain};
use crate::insight::replay::{Replayer, Strictness, Wishes};
use drive::{Drive, Elsewhere};
use load::Loaded;
use summary::Summary;

/// Plays the recording until the client leaves.
pub(super) fn run(args: &Replay) -> ExitCode {
    if let Err(why) = check(args) {
        complain(&why);
        return ExitCode::from(EXIT_USAGE);
    }
    if let Some(address) = args.listen {
        return listen::run(args, address);
    }
    let loaded = match load::script(&args.file, &args.ignore, args.delivered) {
        Ok(loaded) => loaded,
        Err(why) => {
            complain(&why);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let wishes = wishes(args);
    let elsewhere = elsewhere(args, &loaded);
    let Loaded { script, bodies, .. } = loaded;
    if std::io::stdin().is_terminal() {
        complain(&format!(
            "playing {} to standard input, where a client is expected: give it this command, or add --listen",
            args.file.display()
        ));
    }
    let load = Box::new(move |place| bodies.load(place).ok());
    let mut drive = Drive::new(Replayer::new(script, wishes, load), Summary::new(args.json), elsewhere);
    let played = drive.run();
    let tally = drive.end();
    if let Some(path) = &args.tally {
        summary::append(path, &tally);
    } else {
        summary::print(&args.file.display().to_string(), &tally, args.json);
    }
    match played {
        Err(error) => {
            complain(&format!("cannot use the standard streams: {error}"));
            ExitCode::from(EXIT_UNREACHABLE)
        }
        // Of several processes, the one that has their sums says it.
        Ok(()) if args.strict && tally.misses > 0 && args.tally.is_none() => ExitCode::from(EXIT_FOUND),
        Ok(()) => ExitCode::SUCCESS,
    }
}

/// What of the command line cannot be used together.
fn check(args: &Replay) -> Result<(), String> {
    if args.file.as_os_str() == "-" {
        return Err("the recording cannot come from standard input: that is the client's".to_owned());
    }
    if args.listen.is_some() && args.on_miss == OnMiss::Ask {
        return Err("--on-miss ask is for one client at standard streams, and not for --listen".to_owned());
    }
    let has_server = args.url.is_some() || !args.command.is_empty();
    match (args.on_miss, has_server, &args.write) {
        (OnMiss::Forward, false, _) => {
            Err("--on-miss forward needs the server: its URL, or -- and its command".to_owned())
        }
        (OnMiss::Forward, true, None) => {
            Err("--on-miss forward adds what the server says to a new recording: name it with --write"
                .to_owned())
        }
        (OnMiss::Error | OnMiss::Ask, true, _) => {
            Err("a server is only asked with --on-miss forward".to_owned())
        }
        (OnMiss::Error | OnMiss::Ask, false, Some(_)) => {
            Err("--write is for what --on-miss forward adds".to_owned())
        }
        (OnMiss::Forward, true, Some(_)) | (OnMiss::Error | OnMiss::Ask, false, None) => Ok(()),
    }
}

fn wishes(args: &Replay) -> Wishes {
    // Where somebody can say what is right, or wants to know what is not, an answer to something else is not taken.
    let is_careful = args.on_miss != OnMiss::Error || args.strict;
    let loosest = if is_careful { Strictness::Ignored } else { Strictness::Order };
    Wishes {
        ignore: args.ignore.clone(),
        strictness: args.matching.map_or(loosest, Into::into),
        once: args.once,
        speed: args.speed,
        hands_over: args.on_miss != OnMiss::Error,
    }
}

fn elsewhere(args: &Replay, loaded: &Loaded) -> Elsewhere {
    match (args.on_miss, &args.write) {
        (OnMiss::Forward, Some(out)) => Elsewhere::Live {
            live: live::Live::new(live::command(args.url.as_deref(), &args.command)),
            addition: addition::Addition::new(&args.file, out, loaded.last),
        },
        (OnMiss::Ask, _) => Elsewhere::Person(person::Person::begin()),
        (OnMiss::Error | OnMiss::Forward, _) => Elsewhere::Nobody,
    }
}
