//! `mcptop`, `mcptop open` and `mcptop demo`: the viewer, or a plain table where there is no terminal.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::{Demo, Look, Open};
use super::courier::ByWrapping;
use super::passes;
use super::{EXIT_UNREACHABLE, EXIT_USAGE, complain, say};
use crate::record::{Folders, Reader};
use crate::ui::feed::load;
use crate::ui::run::{Played, Start, UiError, What, run as run_viewer};
use crate::ui::summary::summary;

/// The session that `mcptop demo` plays.
const DEMO: &[u8] = include_bytes!("../../recordings/filesystem.mcp.jsonl");

/// The viewer on everything there is.
pub(super) fn everything(look: Look) -> ExitCode {
    if io::stdout().is_terminal() {
        return show(What::Everything, look);
    }
    if let Some(notice) = super::clients::notice() {
        complain(&notice);
    }
    let listed = Folders::of_user().map(|folders| crate::record::list(&folders)).unwrap_or_default();
    say(&super::listing::table(&listed))
}

/// The viewer on one recording.
pub(super) fn open(args: Open) -> ExitCode {
    let look = args.look;
    let from_stdin = args.file.as_os_str() == "-";
    if from_stdin && io::stdin().is_terminal() {
        complain("`open -` reads a recording from standard input, which is this terminal; pipe one in");
        return ExitCode::from(EXIT_USAGE);
    }
    if !io::stdout().is_terminal() {
        let reader = if from_stdin { Reader::from_stream(io::stdin()) } else { Reader::open(&args.file) };
        return match reader {
            Ok(reader) => summarize(reader, &look),
            Err(error) => usage(&error),
        };
    }
    if from_stdin && args.play {
        complain("--play needs a recording in a file, to go back in it");
        return ExitCode::from(EXIT_USAGE);
    }
    if from_stdin {
        return show(What::Stream("standard input".to_owned(), Box::new(io::stdin())), look);
    }
    // Said before the screen is taken, so that it can be read.
    match crate::record::peek(&args.file) {
        Ok(_) if args.play => {
            let recording = Played::File(absolute(&args.file));
            show(What::Playback { recording, speed: args.speed }, look)
        }
        Ok(_) => show(What::File(absolute(&args.file)), look),
        Err(error) => usage(&error),
    }
}

/// A recorded session at its true pace.
pub(super) fn demo(args: Demo) -> ExitCode {
    let look = args.look;
    if io::stdout().is_terminal() {
        return show(What::Playback { recording: Played::Text(DEMO), speed: args.speed }, look);
    }
    match Reader::from_stream(DEMO) {
        Ok(reader) => summarize(reader, &look),
        Err(error) => usage(&error),
    }
}

fn summarize(mut reader: Reader, look: &Look) -> ExitCode {
    let profile = match passes::profile(look.profile.as_deref()) {
        Ok(profile) => profile,
        Err(why) => return usage(&why),
    };
    match load(&mut reader, profile.clone()) {
        Ok(session) => {
            if let Some(damage) = reader.damaged().in_words() {
                complain(&damage);
            }
            say(&summary(&[&session], &profile))
        }
        Err(error) => usage(&error),
    }
}

fn show(open: What, look: Look) -> ExitCode {
    let start = match start(open, look) {
        Ok(start) => start,
        Err(why) => return usage(&why),
    };
    match run_viewer(start) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ UiError::Theme(_)) => usage(&error),
        Err(error @ UiError::Terminal(_)) => {
            complain(&error.to_string());
            ExitCode::from(EXIT_UNREACHABLE)
        }
    }
}

/// The viewer on a proxy in this process, until the user leaves it.
pub(super) fn beside(open: What, look: Look) -> Result<(), String> {
    run_viewer(start(open, look)?).map_err(|error| error.to_string())
}

fn start(open: What, look: Look) -> Result<Start, String> {
    let notice = if matches!(open, What::Everything) { super::clients::notice() } else { None };
    Ok(Start {
        open,
        folders: Folders::of_user(),
        profile: look.profile.as_deref().map(|name| passes::profile(Some(name))).transpose()?,
        theme: look.theme,
        ascii: look.ascii,
        targets: look.targets,
        keys: look.keys,
        window_tokens: look.window,
        price: look.price.known(),
        courier: Some(Arc::new(ByWrapping)),
        notice,
    })
}

fn usage(error: &impl ToString) -> ExitCode {
    complain(&error.to_string());
    ExitCode::from(EXIT_USAGE)
}

fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
