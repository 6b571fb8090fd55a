//! The second level of a cache.

use super::*;

const STORE: &str = "cache = { ttl = \"1m\", scope = \"shared\", store = \"redis://x\" }";
const PREFIX: &str = "mcptop:2:crm:0000000000000000000000000000000a:r:";

fn lookup(outputs: &[Output]) -> Option<(Ticket, String)> {
    outputs.iter().find_map(|output| match &output.act {
        Act::Lookup { ticket, key, .. } => Some((*ticket, key.clone())),
        _ => None,
    })
}

fn stored(outputs: &[Output]) -> Option<(String, Vec<u8>)> {
    outputs.iter().find_map(|output| match &output.act {
        Act::Store { key, value, .. } => Some((key.clone(), value.clone())),
        _ => None,
    })
}

fn rig(epoch_us: u64) -> Rig {
    let mut rig =
        Rig { gate: Gate::new(setting(), &rules(&rule(STORE))).with_epoch(epoch_us), now: 1_000_000 };
    rig.list(Lane(0));
    rig
}

/// What one process stores of a call of `get`.
fn one_stores(epoch_us: u64) -> (String, Vec<u8>) {
    let mut rig = rig(epoch_us);
    let (_, outputs) = rig.asks(&call("1", "get", r#"{"a":1}"#));
    rig.gate.found(Micros(rig.now), lookup(&outputs).unwrap().0, None);
    rig.outputs();
    rig.now += 2_000;
    stored(&rig.says(&result("1", "x")).1).unwrap()
}

#[test]
fn what_one_process_has_stored_another_one_serves() {
    let (key, value) = one_stores(0);
    assert!(key.starts_with(PREFIX), "{key}");
    let mut rig = rig(10_000_000);
    let (verdict, outputs) = rig.asks(&call("\"9\"", "get", r#"{"a":1e0}"#));
    assert_eq!(verdict, Verdict::Taken);
    assert_eq!(outputs.last().map(|output| output.outcome), Some(Outcome::Held));
    let (ticket, asked) = lookup(&outputs).unwrap();
    assert_eq!(asked, key);
    assert!(rig.gate.holds());
    rig.gate.found(Micros(rig.now), ticket, Some(value));
    let outputs = rig.outputs();
    assert_eq!(sent(&outputs, Direction::ToClient), [format!("{}\n", result("\"9\"", "x"))]);
    let [mark] = &marks(&outputs)[..] else { panic!("one mark of a cache for a request: {outputs:?}") };
    assert!(mark.hit);
    assert_eq!((mark.took_us, mark.age_us), (Some(2_000), Some(10_000_000 - 2_000)));
    // From now on the first level has it, for as long as it was good at first.
    rig.now += 60_000_000 - 9_998_000 - 1;
    assert!(lookup(&rig.asks(&call("2", "get", r#"{"a":1}"#)).1).is_none());
    rig.now += 1;
    assert!(lookup(&rig.asks(&call("3", "get", r#"{"a":1}"#)).1).is_some());
}

#[test]
fn a_miss_or_silence_of_the_second_level_costs_nothing_but_the_call() {
    let mut rig = rig(0);
    let (_, outputs) = rig.asks(&call("1", "get", "{}"));
    rig.gate.found(Micros(rig.now), lookup(&outputs).unwrap().0, None);
    assert_eq!(sent(&rig.outputs(), Direction::ToServer), [format!("{}\n", call("1", "get", "{}"))]);
    assert_eq!(rig.says(&result("1", "x")).0, Verdict::Pass);
}

#[test]
fn a_value_that_is_broken_old_or_of_another_question_is_a_miss() {
    let (_, value) = one_stores(0);
    let text = String::from_utf8(value).unwrap();
    for (epoch_us, value) in [
        (0, "garbage".to_owned()),
        (0, text.replace("\\\"a\\\":1", "\\\"a\\\":2")),
        (0, text.replace("\"content\"", "\"isError\":true,\"content\"")),
        (61_000_000, text.clone()),
    ] {
        let mut rig = rig(epoch_us);
        let (_, outputs) = rig.asks(&call("1", "get", r#"{"a":1}"#));
        rig.gate.found(Micros(rig.now), lookup(&outputs).unwrap().0, Some(value.clone().into_bytes()));
        assert_eq!(outcomes(&rig.outputs()), [Outcome::Released], "{value}");
    }
}

#[test]
fn equal_requests_ask_the_second_level_and_the_server_once() {
    let mut rig = rig(0);
    let (_, outputs) = rig.asks(&call("1", "get", "{}"));
    let (ticket, _) = lookup(&outputs).unwrap();
    let (verdict, outputs) = rig.asks(&call("2", "get", "{}"));
    assert!(verdict == Verdict::Taken && lookup(&outputs).is_none());
    rig.gate.found(Micros(rig.now), ticket, None);
    assert_eq!(sent(&rig.outputs(), Direction::ToServer).len(), 1);
    assert_eq!(rig.asks(&call("3", "get", "{}")).0, Verdict::Taken);
    let (_, outputs) = rig.says(&result("1", "x"));
    let answers = [format!("{}\n", result("2", "x")), format!("{}\n", result("3", "x"))];
    assert_eq!(sent(&outputs, Direction::ToClient), answers);
}

#[test]
fn what_empties_the_first_level_empties_the_second() {
    let mut rig = rig(0);
    let (_, outputs) = rig.asks(&call("1", "make", "{}"));
    let forgets = |outputs: &[Output]| {
        outputs.iter().any(|output| matches!(&output.act, Act::Forget { prefix, .. } if prefix == PREFIX))
    };
    assert!(forgets(&outputs));
    assert!(forgets(&rig.says(&result("1", "x")).1));
}

#[test]
fn a_session_without_a_name_has_no_second_level() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\", store = \"redis://x\" }"));
    let (verdict, outputs) = rig.asks(&call("1", "get", "{}"));
    assert!(verdict == Verdict::Pass && lookup(&outputs).is_none());
    assert!(stored(&rig.says(&result("1", "x")).1).is_none());
}

#[test]
fn one_who_cancels_while_the_second_level_is_asked_is_not_sent() {
    let mut rig = rig(0);
    let (_, outputs) = rig.asks(&call("1", "get", "{}"));
    let (ticket, _) = lookup(&outputs).unwrap();
    rig.asks(r#"{"method":"notifications/cancelled","params":{"requestId":1}}"#);
    rig.gate.found(Micros(rig.now), ticket, None);
    assert_eq!(rig.outputs(), []);
    assert!(rig.gate.is_idle() || !rig.gate.holds());
}

fn forgotten(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| matches!(output.act, Act::Forget { .. })).count()
}

/// What the second level is asked for a call of `get` with these arguments, in a process of its own.
fn asked_for(identity: u128, what: &str, arguments: &str) -> String {
    let gate = Gate::new(Setting { identity, ..setting() }, &rules(&rule(what)));
    let mut rig = Rig { gate, now: 1_000_000 };
    rig.list(Lane(0));
    lookup(&rig.asks(&call("1", "get", arguments)).1).unwrap().1
}

#[test]
fn servers_that_share_no_more_than_a_label_share_no_answers() {
    assert_eq!(asked_for(1, STORE, "{}"), asked_for(1, STORE, "{}"));
    assert_ne!(asked_for(1, STORE, "{}"), asked_for(2, STORE, "{}"));
}

#[test]
fn keys_of_other_paths_are_others_in_the_second_level_too() {
    let by = |path: &str| {
        let what = format!(
            "cache = {{ ttl = \"1m\", scope = \"shared\", store = \"redis://x\", key = [\"{path}\"] }}"
        );
        asked_for(1, &what, r#"{"from":"Rome","to":"Rome"}"#)
    };
    assert_ne!(by("$.from"), by("$.to"));
}

#[test]
fn a_rule_that_comes_back_has_its_second_level_emptied_first() {
    let mut rig = rig(0);
    assert_eq!(forgotten(&rig.asks(&call("1", "find", "{}")).1), 0, "a process that begins empties nothing");
    let on = rule(STORE);
    for other in [rule(&format!("mode = \"off\"\n{STORE}")), on.replace("1m", "2m"), String::new()] {
        rig.gate.set(Micros(rig.now), &rules(&other));
        rig.outputs();
        rig.gate.set(Micros(rig.now), &rules(&on));
        assert_eq!(forgotten(&rig.outputs()), 1, "{other}");
        rig.gate.set(Micros(rig.now), &rules(&on));
        assert_eq!(forgotten(&rig.outputs()), 0);
    }
}

#[test]
fn a_rule_that_only_observes_puts_nothing_into_the_second_level_and_still_empties_it() {
    let mut rig = Rig::new(&rule(&format!("mode = \"observe\"\n{STORE}")));
    rig.asks(&call("1", "get", "{}"));
    assert!(stored(&rig.says(&result("1", "x")).1).is_none());
    assert_eq!(forgotten(&rig.asks(&call("2", "make", "{}")).1), 1);
}

#[test]
fn what_the_second_level_gives_after_it_was_made_void_is_a_miss() {
    let (_, value) = one_stores(0);
    let mut rig = rig(0);
    let (_, outputs) = rig.asks(&call("1", "get", r#"{"a":1}"#));
    rig.round(Lane(0), "2", "make", "{}", "made");
    rig.gate.found(Micros(rig.now), lookup(&outputs).unwrap().0, Some(value));
    assert_eq!(outcomes(&rig.outputs()), [Outcome::Released]);
}

#[test]
fn what_was_stored_for_longer_than_the_rule_now_says_is_a_miss() {
    let (_, value) = one_stores(0);
    for (epoch_us, is_hit) in [(8_000_000, true), (12_000_000, false)] {
        let shorter = rule(&STORE.replace("1m", "10s"));
        let mut rig =
            Rig { gate: Gate::new(setting(), &rules(&shorter)).with_epoch(epoch_us), now: 1_000_000 };
        rig.list(Lane(0));
        let (_, outputs) = rig.asks(&call("1", "get", r#"{"a":1}"#));
        rig.gate.found(Micros(rig.now), lookup(&outputs).unwrap().0, Some(value.clone()));
        assert_eq!(outcomes(&rig.outputs()) == [Outcome::Answered], is_hit);
    }
}
