//! Frames whose meaning guards cannot tell: refused where one of the meanings is a call that a rule hides or guards.
//!
//! Servers differ in which of two equal members they take, and in what they forgive. Whoever is to be kept from a tool must
//! not get there by writing its name twice.

use super::plan::{Matched, guard_of};
use super::readings::{Readings, is_plain};
use super::speak;
use super::{Gate, Lane};
use crate::trace::{Mark, Outcome};
use crate::wire::{Contents, Direction, contents};

/// What JSON-RPC 2.0 (section 5.1) has for a request that is none, and for what is no JSON.
const INVALID_REQUEST: i32 = -32_600;
const PARSE_ERROR: i32 = -32_700;

impl Gate {
    /// Whether a frame to the server can be read in several ways, of which a guard has to see one; it is then answered.
    pub(super) fn refuses_doubtful(&mut self, lane: Lane, frame: &[u8]) -> bool {
        if !self.plan.is_guarding || is_plain(frame) && !has_lines(lane, frame) {
            return false;
        }
        let mut readings = Readings::of(frame);
        if has_lines(lane, frame) {
            readings = Readings::of_lines(frame);
        }
        let is_unreadable = contents(frame) == Contents::Noise;
        (readings.is_ambiguous || is_unreadable) && self.refuse(lane, &readings, is_unreadable)
    }

    /// Whether what is no JSON to us may be a call to somebody else that a guard has to see; it is then answered.
    pub(super) fn refuses_unreadable(&mut self, lane: Lane, frame: &[u8]) -> bool {
        self.plan.is_guarding && self.refuse(lane, &Readings::of(frame), true)
    }

    /// Whether one message of a batch is such a frame.
    pub(super) fn is_doubtful(&mut self, frame: &[u8]) -> bool {
        if !self.plan.is_guarding {
            return false;
        }
        let readings = Readings::of(frame);
        (readings.is_ambiguous || contents(frame) == Contents::Noise) && self.guarding(&readings).is_some()
    }

    fn refuse(&mut self, lane: Lane, readings: &Readings, is_unreadable: bool) -> bool {
        let Some(mut mark) = self.guarding(readings) else { return false };
        mark.hit = true;
        let (code, what) = if is_unreadable {
            (PARSE_ERROR, "Parse error: this call is no JSON")
        } else {
            (INVALID_REQUEST, "Invalid Request: a member of this call stands in it twice or is misspelt")
        };
        mark.why = Some("refused: it can be read in more than one way".into());
        let text =
            format!("{what}, and the rule \"{}\" of mcptop would have to guess what it asks for", mark.rule);
        let place = (lane, Direction::ToServer, readings.id.as_deref());
        match &readings.id {
            Some(id) => {
                let frame = speak::answer(id, &speak::error(code, &text));
                self.send(place, Outcome::Answered, (Direction::ToClient, frame), vec![mark]);
            }
            None => self.note(place, Outcome::Dropped, None, vec![mark]),
        }
        true
    }

    /// The mark of the first rule that hides or guards what a frame may mean.
    fn guarding(&mut self, readings: &Readings) -> Option<Mark<'static>> {
        readings.all().find_map(|(method, tool)| {
            let matched = self.plan.matched(method, tool);
            self.guard(&matched)
        })
    }

    /// The mark of the first rule that acts as a guard of what it matches.
    pub(super) fn guard(&self, matched: &Matched) -> Option<Mark<'static>> {
        let hiding = matched.hidden_by.map(|place| (place, "tools"));
        let guarding = matched.rules.iter().filter_map(|place| {
            let by = guard_of(&self.plan.actives[*place].rule)?;
            Some((*place, by))
        });
        hiding.into_iter().chain(guarding).find_map(|(place, by)| {
            let active = &self.plan.actives[place];
            (!active.is_observed && active.is_sound(by)).then(|| active.mark(by))
        })
    }
}

/// Whether some servers would take a line of standard input for several: those that end lines at carriage returns as well.
fn has_lines(lane: Lane, frame: &[u8]) -> bool {
    lane == Lane::default() && memchr::memchr(b'\r', frame.trim_ascii()).is_some()
}
