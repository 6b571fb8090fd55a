//! Ids and tokens, as they were written.

use super::*;

const CACHE: &str = "match = { tool = \"get\" }\ncache = { ttl = \"1m\" }";

#[test]
fn an_answer_carries_the_id_that_the_client_sent_and_its_type() {
    let mut rig = Rig::new(&rule(CACHE));
    rig.round(Lane(0), "1", "get", r#"{"a":1}"#, "x");
    for id in ["2", "\"2\"", "2.0", "2e0", "123456789012345678901234567890", "\"\\u0041\""] {
        let answer = rig.served(Lane(0), id, "get", r#"{"a":1}"#).unwrap();
        assert_eq!(answer, format!("{}\n", result(id, "x")));
    }
}

#[test]
fn ids_that_differ_only_in_type_are_two_requests() {
    let mut rig = Rig::new(&rule("timeout = \"1s\""));
    rig.asks(&call("1", "get", "{}"));
    rig.asks(&call("\"1\"", "get", "{}"));
    rig.asks(&call("1.5", "get", "{}"));
    assert_eq!(rig.says(&result("\"1\"", "x")).0, Verdict::Pass);
    let late = rig.wait(1_000_000);
    let answers = sent(&late, Direction::ToClient);
    assert_eq!(answers.len(), 2);
    assert!(answers[0].contains("\"id\":1,") && answers[1].contains("\"id\":1.5,"), "{answers:?}");
}

#[test]
fn an_answer_that_writes_the_number_in_another_form_is_the_answer() {
    let mut rig = Rig::new(&rule("timeout = \"1s\""));
    rig.asks(&call("1e3", "get", "{}"));
    rig.asks(&call("9007199254740993", "get", "{}"));
    assert_eq!(rig.says(&result("1000.0", "x")).0, Verdict::Pass);
    rig.says(&result("9007199254740992.0", "x"));
    let late = rig.wait(1_000_000);
    let answers = sent(&late, Direction::ToClient);
    assert_eq!(answers.len(), 1, "only the one that nothing answered");
    assert!(answers[0].contains("\"id\":9007199254740993,"), "{answers:?}");
}

#[test]
fn a_request_that_waits_leaves_byte_for_byte_as_it_came() {
    let mut rig = Rig::new(&rule("delay = \"10ms\""));
    let frame = "{ \"id\" : 1.0 ,\"method\":\"tools/call\", \"params\":{\"name\":\"get\",\"x\":1e2}}\r\n";
    assert_eq!(
        rig.gate.frame(Micros(rig.now), Lane(0), Direction::ToServer, frame.as_bytes()),
        Verdict::Taken
    );
    let held = rig.outputs();
    assert_eq!(outcomes(&held), [Outcome::Held]);
    assert!(rig.gate.holds());
    let out = rig.wait(10_000);
    assert_eq!(outcomes(&out), [Outcome::Released]);
    assert_eq!(sent(&out, Direction::ToServer), [frame]);
    assert!(!rig.gate.holds());
}

#[test]
fn an_id_that_is_used_twice_at_once_is_not_ruled_where_nothing_guards_it() {
    let mut rig = Rig::new(&rule("empty = \"drop\""));
    rig.asks(&call("1", "get", "{}"));
    let (verdict, outputs) = rig.asks(&call("1", "get", "{}"));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(why(&outputs), "a request with the same id is under way");
}

#[test]
fn progress_reaches_each_who_waits_with_its_own_token() {
    let mut rig = Rig::new(&rule("coalesce = true"));
    let with_token = |id: &str, token: &str| {
        format!(
            r#"{{"id":{id},"method":"tools/call","params":{{"name":"get","_meta":{{"progressToken":{token}}}}}}}"#
        )
    };
    rig.asks(&with_token("1", "7"));
    rig.asks(&with_token("2", "\"seven\""));
    rig.asks(&call("3", "get", "{}"));
    let progress = r#"{"method":"notifications/progress","params":{ "progressToken":7,"progress":0.50}}"#;
    let (verdict, outputs) = rig.says(progress);
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(
        sent(&outputs, Direction::ToClient),
        [format!("{}\n", progress.replace(":7,", ":\"seven\","))]
    );
}

#[test]
fn noise_and_what_the_server_asks_pass() {
    let mut rig = Rig::new(&rule("match = { method = \"*\" }\ntimeout = \"1s\""));
    for text in ["hello", "", "{", "[]", r#"{"id":1,"method":"sampling/createMessage","params":{}}"#] {
        assert_eq!(rig.says(text), (Verdict::Pass, vec![]), "{text}");
    }
    assert_eq!(rig.asks(r#"{"id":1,"result":{"role":"user"}}"#), (Verdict::Pass, vec![]));
}

#[test]
fn a_batch_over_stdio_is_taken_apart_if_a_rule_is_about_one_of_its_messages() {
    let mut rig = Rig::new(&rule(CACHE));
    let other = r#"[{"id":5,"method":"ping"}, {"method":"notifications/x"}]"#;
    assert_eq!(rig.asks(other), (Verdict::Pass, vec![]));
    rig.round(Lane(0), "1", "get", "{}", "x");
    let batch = format!("[{{\"id\":5,\"method\":\"ping\"}}, {}]", call("6", "get", "{}"));
    let (verdict, outputs) = rig.asks(&batch);
    assert_eq!(verdict, Verdict::Taken);
    assert_eq!(sent(&outputs, Direction::ToServer), ["{\"id\":5,\"method\":\"ping\"}\n"]);
    assert_eq!(sent(&outputs, Direction::ToClient), [format!("{}\n", result("6", "x"))]);
    assert_eq!(rig.up(Lane(3), &batch), Verdict::Pass);
}

#[test]
fn what_is_no_message_does_not_hide_others_in_its_batch() {
    let mut rig = Rig::bare(&rule("tools = { hide = [\"get\"] }"));
    let (verdict, outputs) = rig.asks(&format!(
        "[{}, 1, [{}], {}]",
        call("1", "get", "{}"),
        call("2", "get", "{}"),
        call("3", "find", "{}")
    ));
    assert_eq!(verdict, Verdict::Taken);
    let refused = sent(&outputs, Direction::ToClient);
    assert!(refused.len() == 2 && refused.iter().all(|frame| frame.contains("Unknown tool")), "{refused:?}");
    assert!(sent(&outputs, Direction::ToServer).contains(&"1\n".to_owned()));
    assert!(sent(&outputs, Direction::ToServer).iter().all(|frame| !frame.contains("\"get\"")));
}

fn cancel(id: &str) -> String {
    format!(r#"{{"method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#)
}

#[test]
fn of_two_requests_with_one_id_at_once_no_answer_is_kept() {
    let mut rig = Rig::new(&rule(CACHE));
    rig.asks(&call("9", "get", r#"{"k":1}"#));
    rig.asks(&call("9", "get", r#"{"k":2}"#));
    let passes = |rig: &mut Rig, text: &str| {
        let (verdict, outputs) = rig.says(&result("9", text));
        assert_eq!((verdict, sent(&outputs, Direction::ToClient).len()), (Verdict::Pass, 0), "{text}");
    };
    passes(&mut rig, "two");
    // As long as one of them is open, a third one is no better off.
    rig.asks(&call("9", "get", r#"{"k":3}"#));
    passes(&mut rig, "three, or another");
    passes(&mut rig, "one");
    for k in 1..=3 {
        assert!(rig.served(Lane(0), "10", "get", &format!("{{\"k\":{k}}}")).is_none(), "{k}");
    }
    assert!(rig.gate.items.is_empty());
    rig.round(Lane(0), "9", "get", "{}", "x");
    assert!(
        rig.served(Lane(0), "11", "get", "{}").is_some(),
        "once all are answered, the id is as any other"
    );
}

#[test]
fn after_a_cancellation_the_next_answer_under_the_id_is_not_kept() {
    let mut rig = Rig::new(&rule(CACHE));
    rig.asks(&call("1", "get", r#"{"k":1}"#));
    rig.asks(&cancel("1"));
    let (verdict, outputs) = rig.asks(&call("1", "get", r#"{"k":2}"#));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(why(&outputs), "a request with the same id may still be answered");
    assert_eq!(rig.says(&result("1", "one")).0, Verdict::Pass);
    assert!(rig.served(Lane(0), "2", "get", r#"{"k":2}"#).is_none());
}

#[test]
fn whoever_waits_for_an_answer_that_cannot_be_told_asks_itself() {
    let mut rig = Rig::new(&rule("coalesce = true"));
    rig.asks(&call("1", "get", r#"{"k":1}"#));
    assert_eq!(rig.asks(&call("2", "get", r#"{"k":1}"#)).0, Verdict::Taken);
    let (verdict, outputs) = rig.asks(&call("1", "get", r#"{"k":2}"#));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(sent(&outputs, Direction::ToServer), [format!("{}\n", call("2", "get", r#"{"k":1}"#))]);
    assert_eq!(rig.says(&result("1", "two")), (Verdict::Pass, vec![]));
    assert!(rig.gate.groups.len() <= 1, "none of the two is one that others wait for");
}

#[test]
fn a_request_whose_id_another_one_took_while_it_was_held_is_sent_and_both_are_answered() {
    let mut rig = Rig::new(&rule("match = { tool = \"get\" }\ndelay = \"1s\"\ncache = { ttl = \"1m\" }"));
    assert_eq!(rig.asks(&call("1", "get", r#"{"k":1}"#)).0, Verdict::Taken);
    assert_eq!(rig.asks(&call("1", "get", r#"{"k":2}"#)).0, Verdict::Pass);
    assert_eq!(rig.says(&result("1", "two")).0, Verdict::Pass);
    assert_eq!(sent(&rig.wait(1_000_000), Direction::ToServer).len(), 1);
    assert_eq!(rig.says(&result("1", "one")).0, Verdict::Pass);
    assert!(rig.gate.items.is_empty());
    assert!(!rig.gate.keeps_anything());
}

#[test]
fn a_write_under_an_id_that_is_in_use_empties_all_the_same() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }"));
    rig.round(Lane(0), "1", "get", "{}", "x");
    rig.asks(&call("2", "find", "{}"));
    rig.asks(&call("2", "make", "{}"));
    assert!(!rig.gate.keeps_anything());
    rig.round(Lane(0), "3", "get", "{}", "during");
    rig.says(&result("2", "made"));
    assert!(!rig.gate.keeps_anything());
}
