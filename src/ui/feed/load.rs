//! Reads a whole recording and counts its tokens on the spot, for commands that print and leave.

use std::io;
use std::time::Duration;

use super::counting::count_all;
use crate::model::Session;
use crate::record::Reader;
use crate::tokens::Profile;

/// Bytes read at a time.
const TURN_BYTES: usize = 16 * 1024 * 1024;
/// How long to wait for a stream that has nothing at the moment.
const TICK: Duration = Duration::from_millis(20);

/// Reads a recording to its end and counts every call and definition for a family of models. A stream is waited for.
///
/// # Errors
/// If the recording cannot be read.
pub fn load(reader: &mut Reader, profile: Profile) -> io::Result<Session> {
    let mut session = Session::new(reader.header().clone());
    loop {
        let progress = reader.read(TURN_BYTES, &mut |event, place| session.apply(event, place))?;
        if progress.at_end {
            break;
        }
        if progress.events == 0 {
            std::thread::sleep(TICK);
        }
    }
    session.end_of_recording();
    count_all(&mut session, &reader.bodies(), profile);
    Ok(session)
}
