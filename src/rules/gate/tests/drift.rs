//! Answers that come in another conversation of the session than their requests.

use super::*;
use crate::rules::gate::drift::ADRIFT_MAX;

const TRIM: &str = "match = { tool = \"get\" }\ntrim = { drop = [\"$.b\"] }";
const MINUTE_US: u64 = 60_000_000;

fn open(rig: &mut Rig, lane: u64, session: &str) {
    rig.gate.open(Lane(lane), Caller { session: session.into(), credentials: None });
}

fn left(rig: &mut Rig, lane: u64, session: &str, id: &str) {
    open(rig, lane, session);
    assert_eq!(rig.up(Lane(lane), &call(id, "get", "{}")), Verdict::Pass);
    let _ = rig.gate.drift(Micros(rig.now), Lane(lane));
    rig.outputs();
}

/// How many requests of clients are followed: the list of tools that is asked for ahead is none.
fn followed(rig: &Rig) -> usize {
    rig.gate.items.iter().filter(|item| item.origin == item::Origin::Client).count()
}

fn fat(id: &str) -> String {
    result(id, r#"{\"a\":1,\"b\":2}"#)
}

#[test]
fn an_answer_that_comes_on_another_stream_of_the_session_is_ruled_as_it_would_have_been() {
    let mut rig = Rig::bare(&rule(TRIM));
    left(&mut rig, 1, "a", "7");
    open(&mut rig, 2, "b");
    assert_eq!(rig.down(Lane(2), &fat("7")), Verdict::Pass, "it is none of theirs");
    open(&mut rig, 3, "a");
    assert_eq!(rig.down(Lane(3), &fat("7")), Verdict::Taken);
    let outputs = rig.outputs();
    let changed = outputs.iter().find(|output| output.outcome == Outcome::Changed).unwrap();
    assert_eq!((changed.lane, changed.to), (Lane(3), Direction::ToClient));
    assert_eq!(sent(&outputs, Direction::ToClient), [result("7", r#"{\"a\":1}"#) + "\n"]);
    assert_eq!(followed(&rig), 0);
}

#[test]
fn what_nobody_takes_up_again_is_forgotten() {
    let mut rig = Rig::bare(&rule(TRIM));
    left(&mut rig, 1, "a", "7");
    rig.wait(4 * MINUTE_US);
    assert_eq!(followed(&rig), 1);
    rig.wait(MINUTE_US);
    assert_eq!((followed(&rig), rig.gate.due()), (0, None));
    for lane in 0..2 * ADRIFT_MAX as u64 {
        left(&mut rig, 10 + lane, "a", &lane.to_string());
    }
    assert_eq!(followed(&rig), ADRIFT_MAX);
}

#[test]
fn without_a_session_nothing_is_left_for_another_conversation() {
    let mut rig = Rig::bare(&rule(TRIM));
    left(&mut rig, 1, "", "7");
    assert_eq!(followed(&rig), 0);
}

#[test]
fn who_takes_a_stream_up_again_is_told_when_its_time_is_over() {
    let mut rig = Rig::bare(&rule("timeout = \"30s\""));
    left(&mut rig, 1, "a", "7");
    open(&mut rig, 2, "a");
    rig.gate.resume_in(Lane(2));
    let outputs = rig.wait(MINUTE_US);
    let answered = outputs.iter().find(|output| output.outcome == Outcome::Answered).unwrap();
    assert_eq!(answered.lane, Lane(2));
    // What the server still says is dropped, on whichever stream it comes.
    open(&mut rig, 3, "a");
    assert_eq!(rig.down(Lane(3), &fat("7")), Verdict::Taken);
    assert_eq!(outcomes(&rig.outputs()), [Outcome::Dropped]);
}

#[test]
fn a_slot_is_free_and_followers_ask_themselves_when_a_conversation_is_left() {
    let mut rig = Rig::bare(&rule("concurrency = 1"));
    left(&mut rig, 1, "a", "7");
    open(&mut rig, 2, "a");
    assert_eq!(rig.up(Lane(2), &call("8", "get", "{}")), Verdict::Pass);
    let mut rig = Rig::bare(&rule("coalesce = { unsafe = true }"));
    open(&mut rig, 1, "a");
    open(&mut rig, 2, "a");
    assert_eq!(rig.up(Lane(1), &call("7", "get", "{}")), Verdict::Pass);
    assert_eq!(rig.up(Lane(2), &call("8", "get", "{}")), Verdict::Taken);
    rig.outputs();
    let _ = rig.gate.drift(Micros(rig.now), Lane(1));
    assert_eq!(outcomes(&rig.outputs()), [Outcome::Released]);
}
