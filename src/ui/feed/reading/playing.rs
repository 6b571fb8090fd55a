//! What a session that is played is at each moment: exactly what its recording said up to the time cursor.
//!
//! Forward, events are given when they are due. Back, the recording is read again from its beginning into a model of its own,
//! which takes the place of the one that was shown when it is there; what was counted is taken over. Knows nothing of keys.

use std::io;
use std::time::Duration;

use super::{Source, TURN_BYTES, YIELD, read_into};
use crate::model::Session;
use crate::record::Reader;
use crate::trace::Micros;
use crate::ui::deck::{Goal, Order};
use crate::ui::open::Shared;

/// Calls whose tokens are taken over at a time, while the model that is shown is held.
const CALLS_PER_HOLD: usize = 20_000;
/// The shortest wait for an event: more often nobody looks, and thousands may be due in it.
const WAIT_MIN: Duration = Duration::from_millis(10);
/// The longest wait for an event; then the cursor is looked at again. More than anybody sits out overflows some clocks.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// Follows the time cursor of one session.
#[derive(Debug, Default)]
pub(super) struct Player {
    /// The recording read again, on the way back.
    again: Option<Box<Again>>,
}

#[derive(Debug)]
struct Again {
    reader: Reader,
    session: Session,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Go on at once.
    More,
    /// Go on after so long.
    Wait(Duration),
    /// Nothing, until the cursor is moved.
    Rest,
}

/// Up to where a session is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Until {
    /// All events up to this time.
    Time(Micros),
    /// The event with which so many calls have begun.
    Calls(usize),
}

impl Source {
    /// Takes a step after the time cursor.
    pub(super) fn play(&mut self, order: Order, is_living: bool) -> io::Result<Step> {
        let Self { player, reader, shared, .. } = self;
        let step = player.step(order, reader, shared, is_living);
        // Whoever plays it no more reads on from where it is.
        self.is_over = false;
        step
    }
}

impl Player {
    fn step(
        &mut self,
        order: Order,
        reader: &mut Reader,
        shared: &Shared,
        is_living: bool,
    ) -> io::Result<Step> {
        shared.set_live(is_living);
        if order.is_over && order.goal.is_none() {
            return Ok(Step::Rest);
        }
        if shared.deck.playback().is_some_and(|playback| playback.until.is_none()) && !is_living {
            shared.deck.set_until(reader.last_time());
        }
        let (until, last) = aim(order, shared);
        match (until, order.goal) {
            (Until::Time(to), Some(goal)) if to < last => self.back(goal, to, reader, shared),
            _ => {
                self.again = None;
                forward(order, until, reader, shared, is_living)
            }
        }
    }

    /// Reads a piece of the recording again, up to a time that the session is beyond.
    fn back(&mut self, goal: Goal, to: Micros, reader: &mut Reader, shared: &Shared) -> io::Result<Step> {
        if self.again.as_ref().is_some_and(|again| again.session.last_event() > to) {
            self.again = None;
        }
        let again = self.again.get_or_insert_with(|| {
            let reader = reader.from_beginning();
            let session = Session::new(reader.header().clone());
            Box::new(Again { reader, session })
        });
        let Again { reader: anew, session } = &mut **again;
        let progress =
            anew.read_while(TURN_BYTES, &mut |at| at <= to, &mut |event, place| session.apply(event, place))?;
        if progress.stopped_at.is_none() && !progress.at_end {
            shared.deck.is_on_its_way(goal, session.last_event().0 as f64 / to.0.max(1) as f64, None);
            return Ok(Step::More);
        }
        if let Some(again) = self.again.take() {
            take_place(again.session, shared);
            *reader = again.reader;
        }
        shared.deck.arrived(goal, to);
        Ok(Step::More)
    }
}

/// Up to where the session is to be read, and up to where it has been.
fn aim(order: Order, shared: &Shared) -> (Until, Micros) {
    let session = shared.work();
    let until = match order.goal {
        None => Until::Time(order.at),
        Some(Goal::Time(to)) => Until::Time(to),
        Some(Goal::Calls(calls)) if calls <= session.operations().len() => {
            let begun = calls.checked_sub(1).and_then(|at| session.operations().get(at));
            Until::Time(begun.map_or(Micros(0), crate::model::Operation::started))
        }
        Some(Goal::Calls(calls)) => Until::Calls(calls),
    };
    (until, session.last_event())
}

/// Reads a piece of the recording on.
fn forward(
    order: Order,
    until: Until,
    reader: &mut Reader,
    shared: &Shared,
    is_living: bool,
) -> io::Result<Step> {
    let progress = read_into(reader, shared, &|at, calls| match until {
        Until::Time(to) => at <= to,
        Until::Calls(wanted) => calls < wanted,
    })?;
    let last = shared.work().last_event();
    if progress.at_end {
        if is_living {
            // The cursor has caught up with what happens.
            shared.deck.leave();
        } else {
            shared.work().end_of_recording();
            shared.deck.ended(last);
        }
        return Ok(Step::More);
    }
    let Some(next) = progress.stopped_at else {
        let share = match until {
            Until::Time(to) => last.0 as f64 / to.0.max(1) as f64,
            Until::Calls(_) => shared.loaded(),
        };
        if let Some(goal) = order.goal {
            shared.deck.is_on_its_way(goal, share, Some(last));
        }
        return Ok(Step::More);
    };
    match (order.goal, until, order.speed) {
        (Some(goal), Until::Time(to), _) => shared.deck.arrived(goal, to),
        (Some(goal), Until::Calls(_), _) => shared.deck.arrived(goal, last),
        (None, _, None) => return Ok(Step::Rest),
        (None, _, Some(speed)) => {
            let early = Duration::from_micros(next.0.saturating_sub(order.at.0)).div_f64(speed);
            return Ok(Step::Wait(early.clamp(WAIT_MIN, WAIT_MAX)));
        }
    }
    Ok(Step::More)
}

/// Puts a session in the place of the one that is shown, with what was counted of that.
fn take_place(mut session: Session, shared: &Shared) {
    let calls = session.operations().len();
    for from in (0..calls).step_by(CALLS_PER_HOLD) {
        session.take_tokens(&shared.work(), from..(from + CALLS_PER_HOLD).min(calls));
        if shared.is_wanted() {
            std::thread::sleep(YIELD);
        }
    }
    let mut shown = shared.work();
    session.take_definition_tokens(&shown);
    session.comes_after(&shown);
    shared.set_counted(0);
    let before = std::mem::replace(&mut *shown, session);
    drop(shown);
    // A large model takes its time to go; nobody waits for it.
    drop(before);
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;
    use crate::model::OperationTokens;
    use crate::ui::deck::Motion;

    /// Something that is played.
    struct Playing {
        player: Player,
        reader: Reader,
        shared: Shared,
    }

    impl Playing {
        fn new(recording: &[u8]) -> Self {
            let reader = Reader::from_stream(Cursor::new(recording.to_vec())).unwrap();
            let shared = Shared::new(Session::new(reader.header().clone()), false);
            shared.deck.start(1.0);
            let mut playing = Self { player: Player::default(), reader, shared };
            playing.go(Goal::Time(Micros(0)));
            playing
        }

        /// Sends the cursor somewhere, and follows it until it stands still there.
        fn go(&mut self, goal: Goal) {
            self.shared.deck.seek(goal, true);
            loop {
                let order = self.shared.deck.order().unwrap();
                let step = self.player.step(order, &mut self.reader, &self.shared, false).unwrap();
                if step == Step::Rest {
                    return;
                }
            }
        }

        fn at(&self) -> Micros {
            self.shared.deck.playback().unwrap().at
        }

        /// Everything that screens are made of.
        fn seen(&self) -> String {
            seen(&self.shared.work())
        }
    }

    fn seen(session: &Session) -> String {
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            session.operations(),
            session.rows(),
            session.totals(),
            session.definitions(),
            session.handshake(),
            session.log(),
            session.stderr(),
            session.notifications(),
            session.end(),
            session.pending().collect::<Vec<_>>(),
        )
    }

    /// What a recording says that is cut before its first event after a time; ended, if that is all of it.
    fn cut(recording: &[u8], at: Micros) -> String {
        let mut reader = Reader::from_stream(Cursor::new(recording.to_vec())).unwrap();
        let mut session = Session::new(reader.header().clone());
        let mut is_cut = false;
        loop {
            let progress = reader
                .read(1 << 20, &mut |event, place| {
                    is_cut |= event.at > at;
                    if !is_cut {
                        session.apply(event, place);
                    }
                })
                .unwrap();
            if progress.at_end {
                break;
            }
        }
        if !is_cut {
            session.end_of_recording();
        }
        seen(&session)
    }

    const RECORDINGS: [&[u8]; 3] = [
        include_bytes!("../../../../recordings/memory.mcp.jsonl"),
        include_bytes!("../../../../recordings/everything.mcp.jsonl"),
        include_bytes!("../../../../recordings/time-probe.mcp.jsonl"),
    ];

    fn goal() -> impl Strategy<Value = Goal> {
        prop_oneof![
            (0..60_000_000_u64).prop_map(|us| Goal::Time(Micros(us))),
            (0..5_000_000_u64).prop_map(|us| Goal::Time(Micros(us))),
            (0..40_usize).prop_map(Goal::Calls),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn wherever_the_cursor_goes_the_session_is_the_recording_cut_there(
            which in 0..RECORDINGS.len(),
            goals in proptest::collection::vec(goal(), 1..8),
        ) {
            let recording = RECORDINGS[which];
            let mut playing = Playing::new(recording);
            for goal in goals {
                playing.go(goal);
                prop_assert_eq!(playing.seen(), cut(recording, playing.at()), "{:?}", goal);
            }
        }
    }

    #[test]
    fn a_call_is_gone_to_where_it_begins() {
        let mut playing = Playing::new(RECORDINGS[0]);
        for calls in [3, 5, 4, 1] {
            playing.go(Goal::Calls(calls));
            let session = playing.shared.work();
            assert_eq!(session.operations().len(), calls);
            assert_eq!(session.operations()[calls - 1].started(), playing.at());
        }
    }

    #[test]
    fn behind_the_last_event_is_the_end_and_from_there_it_goes_back() {
        let mut playing = Playing::new(RECORDINGS[0]);
        playing.go(Goal::Calls(10_000));
        let playback = playing.shared.deck.playback().unwrap();
        assert_eq!((playback.motion, playback.until), (Motion::Over, Some(playback.at)));
        assert!(playing.shared.work().end().is_some());
        playing.go(Goal::Time(Micros(1)));
        assert!(playing.shared.work().end().is_none());
        assert_eq!(playing.shared.deck.playback().unwrap().motion, Motion::Held);
    }

    #[test]
    fn what_was_counted_is_known_after_going_back_and_everybody_looks_anew() {
        let mut playing = Playing::new(RECORDINGS[0]);
        playing.go(Goal::Calls(10_000));
        let calls: Vec<_> = (0_u32..).map(crate::model::OperationId).take(6).collect();
        let tokens = OperationTokens { model: 7, ..OperationTokens::default() };
        let recounts = {
            let mut session = playing.shared.work();
            for call in calls {
                session.set_tokens(call, tokens);
            }
            session.recounts()
        };
        playing.go(Goal::Calls(5));
        let session = playing.shared.work();
        assert_eq!(session.recounts(), recounts + 1);
        let known = |at: usize| session.operations()[at].tokens.map(|tokens| tokens.model);
        assert_eq!((known(0), known(3), known(4)), (Some(7), Some(7), None), "the fifth runs");
    }

    #[test]
    fn the_end_of_a_recording_is_known_from_its_beginning_on() {
        let reader = Reader::open(std::path::Path::new("recordings/memory.mcp.jsonl")).unwrap();
        let known = reader.last_time();
        let mut playing = Playing { reader, ..Playing::new(RECORDINGS[0]) };
        playing.go(Goal::Calls(2));
        assert_eq!(playing.shared.deck.playback().unwrap().until, known);
        playing.go(Goal::Calls(10_000));
        assert_eq!(known, Some(playing.at()));
    }

    #[test]
    fn an_event_is_waited_for_as_long_as_the_pace_says() {
        let mut playing = Playing::new(RECORDINGS[0]);
        playing.go(Goal::Calls(2));
        let last = playing.shared.work().last_event();
        let Playing { player, reader, shared } = &mut playing;
        let order = |speed| Order { at: last, goal: None, speed: Some(speed), is_over: false };
        let Step::Wait(long) = player.step(order(0.002), reader, shared, false).unwrap() else { panic!() };
        let Step::Wait(short) = player.step(order(0.004), reader, shared, false).unwrap() else { panic!() };
        assert!(short > WAIT_MIN && short == long.div_f64(2.0), "{long:?} {short:?}");
        let Step::Wait(shortest) = player.step(order(1e9), reader, shared, false).unwrap() else { panic!() };
        assert_eq!(shortest, WAIT_MIN);
    }

    #[test]
    fn a_recording_that_grows_is_live_again_when_the_cursor_has_caught_up() {
        let mut playing = Playing::new(RECORDINGS[0]);
        playing.shared.deck.seek(Goal::Calls(10_000), false);
        let Playing { player, reader, shared } = &mut playing;
        while let Some(order) = shared.deck.order() {
            player.step(order, reader, shared, true).unwrap();
        }
        assert!(shared.is_live() && shared.deck.playback().is_none());
    }
}
