//! Reads single messages of a recording again, when somebody wants to see them.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::reader::read_at;
use crate::trace::{ExchangeId, Fact, Place, read_event};
use crate::wire::Direction;

/// Access to the bodies of a recording. Cheap to clone; may be used from any thread.
#[derive(Clone, Debug)]
pub struct Bodies(pub(super) Arc<File>);

impl Bodies {
    /// Access to the bodies in an open file of lines of events.
    #[must_use]
    pub fn of(file: File) -> Self {
        Self(Arc::new(file))
    }

    /// The text of the message at `place`, as it travelled but without its line ending.
    ///
    /// # Errors
    /// If the file cannot be read or does not hold a message there.
    pub fn load(&self, place: Place) -> io::Result<Vec<u8>> {
        let mut lines = vec![0; place.len_bytes as usize];
        let mut filled = 0;
        while filled < lines.len() {
            match read_at(&self.0, &mut lines[filled..], place.offset_bytes + filled as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
        }
        text_of(&lines)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "there is no message at this place"))
    }
}

/// A place spans one line or, for a frame kept in parts, all lines from its first part to its end. Lines of others
/// may stand between them: those of the last line's direction and exchange belong together.
fn text_of(lines: &[u8]) -> Option<Vec<u8>> {
    let facts: Vec<Fact<'_>> = lines
        .split(|byte| *byte == b'\n')
        .filter_map(|line| read_event(line).ok())
        .map(|event| event.fact)
        .collect();
    let lane = facts.last().and_then(lane_of);
    let mut text = Vec::new();
    let (last, parts) = facts.split_last()?;
    for fact in parts {
        if let Fact::Part { payload, .. } = fact
            && lane_of(fact) == lane
        {
            payload.write_to(&mut text);
        }
    }
    match last {
        Fact::Message { payload, .. } | Fact::Stderr { payload } => text.extend_from_slice(&payload.text),
        Fact::Ruled(ruling) => text.extend_from_slice(&ruling.payload.as_ref()?.text),
        _ => return None,
    }
    Some(text)
}

fn lane_of(fact: &Fact<'_>) -> Option<(Direction, Option<ExchangeId>)> {
    match fact {
        Fact::Message { to, exchange, .. } | Fact::Part { to, exchange, .. } => Some((*to, *exchange)),
        _ => None,
    }
}
