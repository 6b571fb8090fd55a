//! Every list has an end.

use super::*;
use crate::rules::gate::item::ITEMS_MAX;

#[test]
fn more_requests_than_are_followed_pass_and_it_is_said_why() {
    let mut rig = Rig::bare(&rule("empty = \"drop\""));
    for id in 0..ITEMS_MAX {
        rig.asks(&call(&id.to_string(), "get", "{}"));
    }
    let (verdict, outputs) = rig.asks(&call("\"more\"", "get", "{}"));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(why(&outputs), "too many requests are under way at once");
}

#[test]
fn no_guard_is_got_by_in_a_flood() {
    for guard in ["concurrency = 1", "rate = { per_hour = 1 }", "timeout = \"1h\""] {
        let both = format!(
            "{}{}",
            rule(guard),
            rule("match = { tool = \"get\" }\nempty = \"drop\"").replace("\"r\"", "\"s\"")
        );
        let mut rig = Rig::bare(&both);
        for id in 0..ITEMS_MAX {
            rig.asks(&call(&id.to_string(), "get", "{}"));
        }
        let (verdict, outputs) = rig.asks(&call("\"more\"", "get", "{}"));
        assert_eq!(verdict, Verdict::Taken, "{guard}");
        let refusal = &sent(&outputs, Direction::ToClient)[0];
        assert!(refusal.contains("\"more\"") && refusal.contains("\\\"r\\\""), "{refusal}");
        let (verdict, outputs) = rig.asks(&call("7", "get", "{}"));
        assert_eq!((verdict, outcomes(&outputs)), (Verdict::Taken, vec![Outcome::Answered]));
        assert_eq!(rig.asks(r#"{"id":"ping","method":"ping"}"#), (Verdict::Pass, vec![]));
    }
}

#[test]
fn an_id_that_is_under_way_is_no_way_around_a_guard() {
    let mut rig = Rig::bare(&rule("concurrency = 1"));
    assert_eq!(rig.asks(&call("1", "get", "{}")).0, Verdict::Pass);
    let (verdict, outputs) = rig.asks(&call("1", "get", "{}"));
    assert_eq!(verdict, Verdict::Taken);
    assert!(sent(&outputs, Direction::ToClient)[0].contains("-32600"));
}

#[test]
fn of_those_that_were_given_up_only_so_many_are_remembered() {
    let mut rig = Rig::bare(&rule("timeout = \"1s\""));
    for id in 0..ITEMS_MAX {
        rig.asks(&call(&id.to_string(), "get", "{}"));
    }
    assert_eq!(sent(&rig.wait(1_000_000), Direction::ToClient).len(), ITEMS_MAX);
    // Of those that were given up only so many are remembered.
    assert!(rig.gate.items.iter().count() < ITEMS_MAX);
}

#[test]
fn what_waits_is_bounded_in_bytes() {
    let mut rig = Rig::bare(&rule("delay = \"1h\""));
    let long = format!("\"{}\"", "x".repeat(20 << 20));
    let verdicts: Vec<_> = (0..4).map(|id| rig.asks(&call(&id.to_string(), "get", &long)).0).collect();
    assert_eq!(verdicts, [Verdict::Taken, Verdict::Taken, Verdict::Taken, Verdict::Pass]);
}

#[test]
fn sessions_are_bounded() {
    let mut rig = Rig::bare(&rule("cache = { ttl = \"1m\" }"));
    for lane in 1..1_000 {
        rig.gate.open(Lane(lane), Caller { session: lane.to_string().into(), credentials: None });
        rig.list(Lane(lane));
        rig.gate.close(Micros(rig.now), Lane(lane));
    }
    assert!(rig.gate.sessions.iter_mut().count() <= 256);
    assert!(rig.gate.items.is_empty());
}

#[test]
fn names_that_a_client_makes_up_do_not_fill_the_memory() {
    let mut rig = Rig::bare(&rule("match = { tool = \"a\" }\ntimeout = \"1s\""));
    for n in 0..5_000 {
        assert_eq!(rig.asks(&call("1", &format!("t{n}"), "{}")), (Verdict::Pass, vec![]));
    }
    assert!(rig.gate.plan.remembered() <= 1_024);
}
