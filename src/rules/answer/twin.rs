//! Text blocks that say in JSON what `structuredContent` says, and rules that send only one of the two.

use xxhash_rust::xxh3::xxh3_128;

use super::{Leave, Parts, Reshape, Reshaped, Room, Subject};
use crate::rules::Twin;
use serde_json::Value;

/// Whether a text of a result repeats its `structuredContent`, or did before a rule changed it alone.
pub(in crate::rules) fn is_twin(parts: &Parts<'_>, text: &str, room: &Room) -> bool {
    parts.structured.is_some() && (says_the_same(parts, text) || room.knows_twin(xxh3_128(text.as_bytes())))
}

fn says_the_same(parts: &Parts<'_>, text: &str) -> bool {
    let Some(structured) = parts.structured.map(|id| parts.tree.value(id)) else { return false };
    if text == structured {
        return true;
    }
    let read = |json| serde_json::from_str::<Value>(json).ok();
    text.trim_ascii_start().starts_with(['{', '['])
        && read(text).is_some_and(|text| Some(text) == read(structured))
}

/// Remembers that `new` was the twin of `structuredContent`, which could not be changed with it.
pub(in crate::rules) fn note_twin(parts: &Parts<'_>, text: &str, new: &str, room: &mut Room) {
    if is_twin(parts, text, room) {
        room.note_twin(xxh3_128(new.as_bytes()));
    }
}

/// Lets one of the two go.
pub(super) struct Dropper {
    twin: Twin,
    leave: Leave,
}

impl Dropper {
    pub(super) fn new(twin: Twin, leave: Leave) -> Self {
        Self { twin, leave }
    }
}

impl Reshape for Dropper {
    fn reshape(&mut self, result: &str, subject: &Subject<'_>, room: &mut Room) -> Reshaped {
        let parts = match Parts::of(result, subject.method) {
            Ok(parts) => parts,
            Err(why) => return Reshaped::passed(why),
        };
        let Some(structured) = parts.structured else { return Reshaped::default() };
        let slots = parts.slots.iter().filter(|slot| !slot.is_embedded);
        let twins: Vec<_> = slots.filter(|&&slot| is_twin(&parts, &parts.read(slot), room)).collect();
        if twins.is_empty() {
            return Reshaped::passed("no text says what structuredContent says");
        }
        let mut gone = vec![false; parts.tree.len()];
        match self.twin {
            Twin::Keep | Twin::Shape => return Reshaped::default(),
            Twin::DropText => twins.iter().for_each(|slot| gone[slot.item as usize] = true),
            Twin::DropStructured => {
                if let Err(why) = self.leave.to_drop(subject) {
                    return Reshaped::passed(why);
                }
                let name = parts.tree.name(structured);
                parts.tree.members(super::Tree::ROOT, &name).for_each(|id| gone[id as usize] = true);
            }
        }
        let mut edit = parts.edit();
        parts.tree.cut(&mut edit, super::Tree::ROOT, &gone);
        Reshaped { result: Some(edit.finish()), ..Reshaped::default() }
    }
}
