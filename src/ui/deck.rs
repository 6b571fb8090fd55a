//! The time cursor of a session that is played: where it is, how it goes on, and where it is to go.
//!
//! Keys move it, the thread that reads recordings follows it. Knows nothing of recordings.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::trace::Micros;

/// How many times faster than it was, from one press of a key to the next.
pub const SPEEDS: [f64; 10] = [0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 100.0];

/// Slower would be no playback.
const SPEED_MIN: f64 = 0.001;

/// The time cursor of a session, if it is played.
#[derive(Debug, Default)]
pub struct Deck {
    cursor: Mutex<Option<Cursor>>,
}

/// Where a time cursor is, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playback {
    /// The session's time at which it is.
    pub at: Micros,
    /// How many times faster than it was.
    pub speed: f64,
    /// What it does.
    pub motion: Motion,
    /// When the recording ends, where that is known and it does not go on.
    pub until: Option<Micros>,
}

/// What a time cursor does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Motion {
    /// It goes on by itself.
    Plays,
    /// It stands still.
    Held,
    /// It is on its way; how much of that is done, between 0 and 1.
    Seeks(f64),
    /// It has come to the recording's end.
    Over,
}

/// Where a time cursor is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// To a time of the session.
    Time(Micros),
    /// To where so many calls have begun.
    Calls(usize),
}

/// What the reading thread needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Where the cursor is now: events up to this time have happened.
    pub at: Micros,
    /// Where it is sent.
    pub goal: Option<Goal>,
    /// How many times faster than it was; `None` if it stands still.
    pub speed: Option<f64>,
    /// Whether the recording has come to its end there.
    pub is_over: bool,
}

#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// The session's time at the moment `since`.
    at: Micros,
    since: Instant,
    speed: f64,
    is_held: bool,
    is_over: bool,
    goal: Option<Goal>,
    sought: f64,
    until: Option<Micros>,
}

impl Cursor {
    fn position(&self) -> Micros {
        if self.is_held || self.is_over || self.goal.is_some() {
            return self.at;
        }
        let passed = self.since.elapsed().mul_f64(self.speed).as_micros();
        let at = Micros(self.at.0.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX)));
        self.until.map_or(at, |until| at.min(until.max(self.at)))
    }

    /// It goes on from here.
    fn stand_at(&mut self, at: Micros) {
        (self.at, self.since) = (at, Instant::now());
    }
}

impl Deck {
    fn cursor(&self) -> MutexGuard<'_, Option<Cursor>> {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the cursor from where it is now; `None` if the session is not played.
    fn change<R>(&self, change: impl FnOnce(&mut Cursor) -> R) -> Option<R> {
        let mut cursor = self.cursor();
        let cursor = cursor.as_mut()?;
        let at = cursor.position();
        cursor.stand_at(at);
        Some(change(cursor))
    }

    /// Plays the session from its beginning, so many times faster than it was.
    pub fn start(&self, speed: f64) {
        let cursor = Cursor {
            at: Micros(0),
            since: Instant::now(),
            speed: speed.max(SPEED_MIN),
            is_held: false,
            is_over: false,
            goal: Some(Goal::Time(Micros(0))),
            sought: 0.0,
            until: None,
        };
        *self.cursor() = Some(cursor);
    }

    /// Plays it no more: all of it is shown.
    pub fn leave(&self) {
        *self.cursor() = None;
    }

    /// Where the cursor is, if the session is played.
    #[must_use]
    pub fn playback(&self) -> Option<Playback> {
        let cursor = (*self.cursor())?;
        let motion = match cursor {
            Cursor { goal: Some(_), sought, .. } => Motion::Seeks(sought),
            Cursor { is_over: true, .. } => Motion::Over,
            Cursor { is_held: true, .. } => Motion::Held,
            Cursor { .. } => Motion::Plays,
        };
        Some(Playback { at: cursor.position(), speed: cursor.speed, motion, until: cursor.until })
    }

    /// Stands still, or goes on; on its way it stops where it is, and from the end it begins anew.
    pub fn hold_or_go_on(&self) {
        self.change(|cursor| {
            if cursor.goal.take().is_some() {
                cursor.is_held = true;
            } else if cursor.is_over {
                (cursor.is_held, cursor.goal, cursor.sought) = (false, Some(Goal::Time(Micros(0))), 0.0);
            } else {
                cursor.is_held = !cursor.is_held;
            }
        });
    }

    /// Goes faster or slower by a step; returns how fast, if the session is played.
    pub fn change_speed(&self, faster: bool) -> Option<f64> {
        self.change(|cursor| {
            let now = cursor.speed;
            let next = if faster {
                SPEEDS.into_iter().find(|speed| *speed > now)
            } else {
                SPEEDS.into_iter().rev().find(|speed| *speed < now)
            };
            cursor.speed = next.unwrap_or(now);
            cursor.speed
        })
    }

    /// Sends the cursor somewhere; there it stands still, if `holds`, or does what it did.
    pub fn seek(&self, goal: Goal, holds: bool) {
        self.change(|cursor| {
            (cursor.goal, cursor.sought) = (Some(goal), 0.0);
            cursor.is_held |= holds;
        });
    }

    /// What is to be done, if the session is played.
    #[must_use]
    pub fn order(&self) -> Option<Order> {
        let cursor = (*self.cursor())?;
        let speed = (!cursor.is_held && !cursor.is_over).then_some(cursor.speed);
        Some(Order { at: cursor.position(), goal: cursor.goal, speed, is_over: cursor.is_over })
    }

    /// Says that the cursor has come to its goal, at this time of the session; if it was sent elsewhere meanwhile, it goes on.
    pub fn arrived(&self, goal: Goal, at: Micros) {
        self.change(|cursor| {
            if cursor.goal == Some(goal) {
                (cursor.goal, cursor.is_over) = (None, false);
                cursor.stand_at(at);
            }
        });
    }

    /// Says how much of the way to a goal is done, between 0 and 1, and what is shown meanwhile, if that changes.
    pub fn is_on_its_way(&self, goal: Goal, share: f64, at: Option<Micros>) {
        self.change(|cursor| {
            if cursor.goal == Some(goal) {
                cursor.sought = share.clamp(0.0, 1.0);
                (cursor.at, cursor.is_over) = (at.unwrap_or(cursor.at), false);
            }
        });
    }

    /// Says that the recording has ended, at this time; wherever else the cursor is sent, there is nothing behind it.
    pub fn ended(&self, at: Micros) {
        self.change(|cursor| {
            (cursor.goal, cursor.is_over, cursor.until) = (None, true, Some(at));
            cursor.stand_at(at);
        });
    }

    /// Says when the recording ends.
    pub fn set_until(&self, until: Option<Micros>) {
        if let Some(cursor) = &mut *self.cursor() {
            cursor.until = until;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started() -> Deck {
        let deck = Deck::default();
        deck.start(4.0);
        deck.arrived(Goal::Time(Micros(0)), Micros(0));
        deck
    }

    fn held_at(at_us: u64) -> Deck {
        let deck = started();
        deck.seek(Goal::Time(Micros(at_us)), true);
        deck.arrived(Goal::Time(Micros(at_us)), Micros(at_us));
        deck
    }

    #[test]
    fn a_session_is_not_played_until_it_is_started_and_no_more_when_it_is_left() {
        let deck = Deck::default();
        assert_eq!((deck.playback(), deck.order(), deck.change_speed(true)), (None, None, None));
        let deck = started();
        assert!(matches!(deck.playback(), Some(Playback { speed: 4.0, motion: Motion::Plays, .. })));
        deck.leave();
        assert_eq!(deck.playback(), None);
    }

    #[test]
    fn a_cursor_that_is_sent_somewhere_is_on_its_way_until_it_arrives() {
        let deck = started();
        deck.seek(Goal::Calls(3), true);
        deck.is_on_its_way(Goal::Calls(3), 0.5, Some(Micros(20)));
        let playback = deck.playback().unwrap();
        assert_eq!((playback.at, playback.motion), (Micros(20), Motion::Seeks(0.5)));
        deck.arrived(Goal::Calls(2), Micros(9));
        assert_eq!(deck.order().unwrap().goal, Some(Goal::Calls(3)), "another goal is not its own");
        deck.arrived(Goal::Calls(3), Micros(70));
        let playback = deck.playback().unwrap();
        assert_eq!((playback.at, playback.motion), (Micros(70), Motion::Held));
    }

    #[test]
    fn a_cursor_on_its_way_can_be_stopped_where_it_is() {
        let deck = started();
        deck.seek(Goal::Time(Micros(90)), false);
        deck.is_on_its_way(Goal::Time(Micros(90)), 0.5, Some(Micros(45)));
        deck.hold_or_go_on();
        deck.arrived(Goal::Time(Micros(90)), Micros(90));
        let playback = deck.playback().unwrap();
        assert_eq!((playback.at, playback.motion), (Micros(45), Motion::Held));
    }

    #[test]
    fn time_passes_only_while_it_plays() {
        let deck = held_at(1_000_000);
        let order = Order { at: Micros(1_000_000), goal: None, speed: None, is_over: false };
        assert_eq!(deck.order(), Some(order));
        deck.hold_or_go_on();
        assert_eq!(deck.order().unwrap().speed, Some(4.0));
        assert!(deck.playback().unwrap().at >= Micros(1_000_000));
        deck.set_until(Some(Micros(1_000_001)));
        let seen = std::iter::repeat_with(|| deck.playback().unwrap().at);
        assert_eq!(seen.take(10_000).last(), Some(Micros(1_000_001)), "nothing comes after the end");
    }

    #[test]
    fn the_pace_stays_within_its_steps() {
        let deck = held_at(0);
        let all = |faster| std::iter::repeat_with(|| deck.change_speed(faster).unwrap()).take(12).last();
        assert_eq!((all(true), all(false)), (Some(100.0), Some(0.1)));
        deck.start(3.0);
        assert_eq!((deck.change_speed(true), deck.change_speed(false)), (Some(4.0), Some(2.0)));
    }

    #[test]
    fn from_its_end_it_begins_anew() {
        let deck = held_at(5);
        deck.ended(Micros(9));
        assert_eq!(deck.playback().unwrap().motion, Motion::Over);
        deck.hold_or_go_on();
        assert_eq!(deck.order().unwrap().goal, Some(Goal::Time(Micros(0))));
        deck.arrived(Goal::Time(Micros(0)), Micros(0));
        assert_eq!(deck.playback().unwrap().motion, Motion::Plays);
    }
}
