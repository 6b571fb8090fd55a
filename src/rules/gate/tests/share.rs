//! Equal calls in flight.

use super::*;

const ONE: Lane = Lane(0);
const SHARE: &str = "coalesce = true";

fn cancel(id: &str) -> String {
    format!(r#"{{"method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#)
}

#[test]
fn equal_calls_in_flight_are_one_and_each_has_its_answer_with_its_id() {
    let mut rig = Rig::new(&rule(SHARE));
    assert_eq!(rig.up(ONE, &call("1", "get", r#"{"a":1,"b":2}"#)), Verdict::Pass);
    assert_eq!(rig.up(ONE, &call("\"2\"", "get", r#"{"b":2.0,"a":1}"#)), Verdict::Taken);
    assert_eq!(rig.up(ONE, &call("3", "get", r#"{"a":2}"#)), Verdict::Pass);
    rig.outputs();
    assert!(!rig.gate.groups.is_empty());
    rig.now += 5_000;
    let (verdict, outputs) = rig.says(&result("1", "x"));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(sent(&outputs, Direction::ToClient), [format!("{}\n", result("\"2\"", "x"))]);
    let mark = &marks(&outputs)[0];
    assert!(mark.hit && mark.by == "coalesce" && mark.took_us == Some(5_000));
    assert_eq!(rig.up(ONE, &call("4", "get", r#"{"a":1,"b":2}"#)), Verdict::Pass);
}

#[test]
fn an_error_is_shared_as_well() {
    let mut rig = Rig::new(&rule(SHARE));
    rig.asks(&call("1", "get", "{}"));
    rig.asks(&call("2", "get", "{}"));
    let (_, outputs) = rig.says(r#"{"id":1,"error":{"code":-32603, "message":"x"}}"#);
    assert_eq!(
        sent(&outputs, Direction::ToClient),
        ["{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32603, \"message\":\"x\"}}\n"]
    );
}

#[test]
fn two_identities_never_share() {
    let mut rig = Rig::new(&rule(SHARE));
    for (lane, session, credentials) in [(1, "a", None), (2, "b", None), (3, "a", Some(1))] {
        rig.gate.open(Lane(lane), Caller { session: session.into(), credentials });
        assert_eq!(rig.up(Lane(lane), &call("1", "get", "{}")), Verdict::Pass, "{lane}");
    }
    rig.gate.open(Lane(4), Caller { session: "a".into(), credentials: None });
    assert_eq!(rig.up(Lane(4), &call("1", "get", "{}")), Verdict::Taken);
    rig.outputs();
    rig.down(Lane(1), &result("1", "x"));
    let outputs = rig.outputs();
    assert_eq!(outputs.iter().map(|output| output.lane).collect::<Vec<_>>(), [Lane(4)]);
}

#[test]
fn a_question_back_is_for_the_one_who_asked_and_the_others_ask_themselves() {
    let mut rig = Rig::new(&rule(SHARE));
    for id in ["1", "2", "3"] {
        rig.asks(&call(id, "get", "{}"));
    }
    let (verdict, outputs) =
        rig.says(r#"{"id":1,"result":{"resultType":"input_required","requestState":"s"}}"#);
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(sent(&outputs, Direction::ToServer).len(), 2);
    assert_eq!(sent(&outputs, Direction::ToClient).len(), 0);
}

#[test]
fn one_who_waits_can_cancel_alone() {
    let mut rig = Rig::new(&rule(SHARE));
    for id in ["1", "2", "3"] {
        rig.asks(&call(id, "get", "{}"));
    }
    assert_eq!(rig.asks(&cancel("2")).0, Verdict::Taken);
    let (_, outputs) = rig.says(&result("1", "x"));
    assert_eq!(sent(&outputs, Direction::ToClient), [format!("{}\n", result("3", "x"))]);
}

#[test]
fn a_cancellation_is_withheld_while_others_wait_for_the_answer() {
    let mut rig = Rig::new(&rule(SHARE));
    for id in ["1", "2"] {
        rig.asks(&call(id, "get", "{}"));
    }
    let (verdict, outputs) = rig.asks(&cancel("1"));
    assert_eq!((verdict, outcomes(&outputs)), (Verdict::Taken, vec![Outcome::Dropped]));
    let (verdict, outputs) = rig.says(&result("1", "x"));
    assert_eq!(verdict, Verdict::Taken);
    assert_eq!(sent(&outputs, Direction::ToClient), [format!("{}\n", result("2", "x"))]);
}

#[test]
fn when_nobody_waits_any_more_the_server_is_told() {
    let mut rig = Rig::new(&rule(SHARE));
    for id in ["1", "2"] {
        rig.asks(&call(id, "get", "{}"));
    }
    rig.asks(&cancel("1"));
    let (_, outputs) = rig.asks(&cancel("2"));
    let told = sent(&outputs, Direction::ToServer);
    assert!(told.len() == 1 && told[0].contains("\"requestId\":1"), "{told:?}");
    let (verdict, outputs) = rig.says(&result("1", "x"));
    assert_eq!((verdict, outcomes(&outputs)), (Verdict::Taken, vec![Outcome::Dropped]));
    assert!(rig.gate.items.is_empty());
}

#[test]
fn if_the_one_who_was_asked_goes_the_next_asks_for_the_others() {
    let mut rig = Rig::new(&rule(SHARE));
    for lane in 1..=3 {
        rig.gate.open(Lane(lane), Caller { session: "a".into(), credentials: None });
        rig.up(Lane(lane), &call("1", "get", "{}"));
    }
    rig.outputs();
    rig.gate.close(Micros(rig.now), Lane(1));
    let outputs = rig.outputs();
    assert_eq!((outputs.len(), outputs[0].lane, outputs[0].outcome), (1, Lane(2), Outcome::Released));
    rig.down(Lane(2), &result("1", "x"));
    let outputs = rig.outputs();
    assert_eq!((outputs[0].lane, outputs[0].outcome), (Lane(3), Outcome::Answered));
}

#[test]
fn calls_for_tasks_and_answers_to_questions_are_not_shared() {
    let mut rig = Rig::new(&rule(SHARE));
    for extra in [r#""task":{}"#, r#""requestState":"x""#] {
        for id in [1, 2] {
            let text = format!(
                r#"{{"id":"{id}{}","method":"tools/call","params":{{"name":"get",{extra}}}}}"#,
                extra.len()
            );
            assert_eq!(rig.up(ONE, &text), Verdict::Pass);
        }
    }
}

/// Whether the second of two equal requests at once is not sent.
fn is_shared(what: &str, method: &str, params: &str) -> bool {
    let mut rig = Rig::new(&rule(&format!("match = {{ method = \"*\" }}\n{what}")));
    let ask = |id: u8| format!(r#"{{"id":{id},"method":"{method}","params":{params}}}"#);
    assert_eq!(rig.asks(&ask(1)).0, Verdict::Pass);
    rig.asks(&ask(2)).0 == Verdict::Taken
}

#[test]
fn what_changes_a_session_is_never_shared() {
    for method in
        ["initialize", "subscriptions/listen", "resources/subscribe", "logging/setLevel", "tasks/result"]
    {
        for what in [SHARE, "coalesce = { unsafe = true }"] {
            assert!(!is_shared(what, method, "{}"), "{method}");
        }
    }
    assert!(!is_shared(SHARE, "vendor/anything", "{}"));
    for method in ["resources/read", "prompts/get", "prompts/list"] {
        assert!(is_shared(SHARE, method, "{}"), "{method}");
    }
}

#[test]
fn two_calls_of_a_tool_that_does_not_say_that_it_only_reads_stay_two() {
    let is = |what: &str, tool: &str| is_shared(what, "tools/call", &format!("{{\"name\":\"{tool}\"}}"));
    assert!(is(SHARE, "get"));
    for tool in ["put", "make", "plain", "unheard-of"] {
        assert!(!is(SHARE, tool), "{tool}");
        assert_eq!(is("coalesce = { idempotent = true }", tool), tool == "put", "{tool}");
        assert!(is("coalesce = { unsafe = true }", tool), "{tool}");
    }
    let mut rig = Rig::new(&rule(SHARE));
    assert_eq!(why(&rig.asks(&call("1", "plain", "{}")).1), "the tool does not say that it only reads");
}
