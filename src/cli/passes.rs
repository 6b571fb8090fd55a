//! Reads a recording from beginning to end, once or more often, for commands that print and leave.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use super::complain;
use super::progress::Progress;
use crate::record::Reader;
use crate::tokens::Profile;
use crate::trace::Event;

/// Bytes read at a time.
const TURN_BYTES: usize = 4 * 1024 * 1024;
/// How long to wait for a stream that has nothing at the moment.
const TICK: Duration = Duration::from_millis(20);

/// Opens a recording, or standard input for `-`.
///
/// # Errors
/// Why there is none, for people.
pub(super) fn open(file: &Path) -> Result<Reader, String> {
    if file.as_os_str() != "-" {
        return Reader::open(file).map_err(|error| error.to_string());
    }
    if io::stdin().is_terminal() {
        return Err(
            "`-` reads a recording from standard input, which is this terminal; pipe one in".to_owned()
        );
    }
    Reader::from_stream(io::stdin()).map_err(|error| error.to_string())
}

/// Shows every event, in order; says so if some cannot be read, unless this is not the first time.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn through(
    reader: &mut Reader,
    what: &'static str,
    is_first: bool,
    mut see: impl FnMut(&Event<'_>),
) -> io::Result<()> {
    let mut bar = Progress::of(what);
    loop {
        let progress = reader.read(TURN_BYTES, &mut |event, _| see(event))?;
        bar.at(reader.position_bytes(), reader.len_bytes());
        if progress.at_end {
            break;
        }
        if progress.events == 0 {
            std::thread::sleep(TICK);
        }
    }
    drop(bar);
    if let Some(damage) = reader.damaged().in_words().filter(|_| is_first) {
        complain(&damage);
    }
    Ok(())
}

/// The family of models that was asked for.
///
/// # Errors
/// If there is none of this name.
pub(super) fn profile(name: Option<&str>) -> Result<Profile, String> {
    name.map_or_else(
        || Ok(Profile::default()),
        |name| Profile::named(name).map_err(|error| error.to_string()),
    )
}
