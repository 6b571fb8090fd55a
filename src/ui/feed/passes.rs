//! Reads recordings from beginning to end, once or more often, for what takes longer than a drawing may.
//!
//! Knows nothing of who asks: threads of the viewer do, and commands that print and leave.

use std::io;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::insight::{Advisor, Pass, Proposal};
use crate::record::Reader;
use crate::tokens::Profile;
use crate::trace::{Event, Place};

/// How long to wait for a stream that has nothing at the moment.
const TICK: Duration = Duration::from_millis(20);
/// Bytes read at a time.
const TURN_BYTES: usize = 1024 * 1024;

/// How far a reading is, in bytes of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Far {
    /// So many have been read.
    pub done_bytes: u64,
    /// Of so many.
    pub whole_bytes: u64,
}

/// Shows every event of a recording, in order, until `see` breaks it off; `turn` hears now and then how far it is.
/// Returns whether it came to the end.
///
/// # Errors
/// If the recording cannot be read.
pub fn through(
    reader: &mut Reader,
    mut see: impl FnMut(&Event<'_>, Place) -> ControlFlow<()>,
    mut turn: impl FnMut(Far),
) -> io::Result<bool> {
    let mut flow = ControlFlow::Continue(());
    loop {
        let progress = reader.read(TURN_BYTES, &mut |event, place| {
            if flow.is_continue() {
                flow = see(event, place);
            }
        })?;
        if flow.is_break() {
            return Ok(false);
        }
        turn(Far { done_bytes: reader.position_bytes(), whole_bytes: reader.len_bytes() });
        if progress.at_end {
            return Ok(true);
        }
        if progress.events == 0 {
            std::thread::sleep(TICK);
        }
    }
}

/// Which rules would have saved something in a recording: evidence in one reading, every rule tried in another. What a live
/// recording grows by meanwhile is left for the next time. `step` is asked at every event whether to go on; `None` if it
/// broke it off. `turn` hears how far it is.
///
/// # Errors
/// If the recording cannot be read.
pub fn advise(
    reader: &mut Reader,
    profile: &Profile,
    mut step: impl FnMut(Pass, Place) -> ControlFlow<()>,
    mut turn: impl FnMut(Pass, Far),
) -> io::Result<Option<Vec<Proposal>>> {
    let mut advisor = Advisor::new(&reader.header().label.clone(), profile);
    let mut events = 0_u64;
    let see = |event: &Event<'_>, place: Place| {
        advisor.apply(event);
        events += 1;
        step(Pass::Looking, place)
    };
    if !through(reader, see, |far| turn(Pass::Looking, far))? {
        return Ok(None);
    }
    let mut trial = advisor.finish();
    if trial.simulations() > 0 {
        let mut again = Reader::again(&reader.bodies()).map_err(io::Error::other)?;
        let see = |event: &Event<'_>, place: Place| {
            if events > 0 {
                events -= 1;
                trial.apply(event);
            }
            step(Pass::Trying, place)
        };
        if !through(&mut again, see, |far| turn(Pass::Trying, far))? {
            return Ok(None);
        }
    }
    Ok(Some(trial.finish()))
}
