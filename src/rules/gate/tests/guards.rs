//! Rates, slots, times and made-up trouble.

use super::*;

const ONE: Lane = Lane(0);

#[test]
fn a_rate_holds_calls_beyond_it_and_lets_them_go_in_order() {
    let mut rig = Rig::new(&rule("rate = { per_second = 10.0, burst = 2 }"));
    for id in 1..=2 {
        assert_eq!(rig.up(ONE, &call(&id.to_string(), "get", "{}")), Verdict::Pass);
    }
    for id in 3..=5 {
        assert_eq!(rig.up(ONE, &call(&id.to_string(), "get", "{}")), Verdict::Taken);
    }
    rig.outputs();
    assert!(rig.gate.holds());
    let mut order = Vec::new();
    while let Some(due) = rig.gate.due() {
        rig.now = due.0;
        order.extend(sent(&rig.wait(0), Direction::ToServer));
    }
    assert_eq!(rig.now, 1_300_000);
    let expected: Vec<_> = (3..=5).map(|id| format!("{}\n", call(&id.to_string(), "get", "{}"))).collect();
    assert_eq!(order, expected);
}

#[test]
fn a_call_beyond_a_rate_can_be_refused_in_words_for_a_model() {
    let mut rig =
        Rig::new(&rule("match = { method = \"*\" }\nrate = { per_minute = 2.0, over = \"error\" }"));
    rig.wait(60_000_000);
    rig.asks(&call("1", "get", "{}"));
    let (_, outputs) = rig.asks(&call("2", "get", "{}"));
    let answer = &sent(&outputs, Direction::ToClient)[0];
    assert!(answer.contains("\"isError\":true") && answer.contains("\\\"r\\\""), "{answer}");
    assert!(answer.contains("retry in 30 s"), "{answer}");
    let (_, outputs) = rig.asks(r#"{"id":3,"method":"prompts/get"}"#);
    assert!(sent(&outputs, Direction::ToClient)[0].contains("\"error\":{\"code\":429,"));
    let modern = r#"{"id":4,"method":"tools/call","params":{"name":"get","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let (_, outputs) = rig.asks(modern);
    assert!(sent(&outputs, Direction::ToClient)[0].contains("\"resultType\":\"complete\""));
}

#[test]
fn so_many_calls_at_once_and_the_next_when_one_is_answered() {
    let mut rig = Rig::new(&rule("concurrency = 2"));
    for id in ["1", "2"] {
        assert_eq!(rig.up(ONE, &call(id, "get", "{}")), Verdict::Pass);
    }
    for id in ["3", "4"] {
        assert_eq!(rig.up(ONE, &call(id, "get", "{}")), Verdict::Taken);
    }
    rig.outputs();
    let (verdict, outputs) = rig.says(&result("2", "x"));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(sent(&outputs, Direction::ToServer), [format!("{}\n", call("3", "get", "{}"))]);
    let (_, outputs) = rig.says(r#"{"id":1,"error":{"code":1,"message":"x"}}"#);
    assert_eq!(sent(&outputs, Direction::ToServer), [format!("{}\n", call("4", "get", "{}"))]);
    assert!(!rig.gate.holds());
}

#[test]
fn a_call_that_is_cancelled_frees_its_slot_and_one_that_waits_is_gone() {
    let mut rig = Rig::new(&rule("concurrency = 1"));
    for id in ["1", "2", "3"] {
        rig.asks(&call(id, "get", "{}"));
    }
    let cancel =
        |id: &str| format!(r#"{{"method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#);
    let (verdict, outputs) = rig.asks(&cancel("2"));
    assert_eq!(verdict, Verdict::Taken);
    assert_eq!(outcomes(&outputs), [Outcome::Dropped, Outcome::Dropped]);
    let (verdict, outputs) = rig.asks(&cancel("1"));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(sent(&outputs, Direction::ToServer), [format!("{}\n", call("3", "get", "{}"))]);
    // The server may have answered before it heard of it.
    assert_eq!(rig.says(&result("1", "x")).0, Verdict::Pass);
}

#[test]
fn a_refusal_for_want_of_a_slot_names_the_rule() {
    let mut rig = Rig::new(&rule("concurrency = { max = 1, over = \"error\" }"));
    rig.asks(&call("1", "get", "{}"));
    let (_, outputs) = rig.asks(&call("2", "get", "{}"));
    assert!(sent(&outputs, Direction::ToClient)[0].contains("the rule \\\"r\\\""));
}

#[test]
fn a_call_that_takes_too_long_is_answered_taken_back_and_its_late_answer_dropped() {
    let mut rig = Rig::new(&rule("timeout = \"2s\""));
    rig.asks(&call("\"a\"", "get", "{}"));
    assert_eq!(rig.gate.due(), Some(Micros(rig.now + 2_000_000)));
    assert_eq!(rig.wait(1_999_999), []);
    let outputs = rig.wait(1);
    assert_eq!(outcomes(&outputs), [Outcome::Answered, Outcome::Sent]);
    let answer = &sent(&outputs, Direction::ToClient)[0];
    assert!(answer.contains("\"id\":\"a\"") && answer.contains("\\\"r\\\"") && answer.contains("isError"));
    let cancel = &sent(&outputs, Direction::ToServer)[0];
    assert!(cancel.contains("notifications/cancelled") && cancel.contains("\"requestId\":\"a\""), "{cancel}");
    let (verdict, outputs) = rig.says(&result("\"a\"", "x"));
    assert_eq!((verdict, outcomes(&outputs)), (Verdict::Taken, vec![Outcome::Dropped]));
    assert_eq!(rig.says(&result("\"a\"", "x")).0, Verdict::Pass);
}

#[test]
fn an_answer_in_time_is_left_alone() {
    let mut rig = Rig::new(&rule("timeout = \"2s\""));
    rig.asks(&call("1", "get", "{}"));
    rig.now += 1_999_999;
    assert_eq!(rig.says(&result("1", "x")), (Verdict::Pass, vec![]));
    assert_eq!(rig.wait(10_000_000), []);
    assert_eq!(rig.gate.due(), None);
}

#[test]
fn time_in_line_does_not_count_as_the_servers() {
    let mut rig = Rig::new(&rule("delay = \"5s\"\ntimeout = \"2s\""));
    rig.asks(&call("1", "get", "{}"));
    assert_eq!(outcomes(&rig.wait(5_000_000)), [Outcome::Released]);
    assert_eq!(rig.wait(1_999_999), []);
    assert_eq!(rig.wait(1).len(), 2);
}

#[test]
fn faults_strike_as_they_are_told_to() {
    let strike = |kind: &str| {
        let mut rig =
            Rig::new(&rule(&format!("fault = {{ rate = 1.0, kind = \"{kind}\", message = \"boom\" }}")));
        let (verdict, outputs) = rig.asks(&call("1", "get", "{}"));
        assert_eq!(verdict, Verdict::Taken);
        (outcomes(&outputs), sent(&outputs, Direction::ToClient).pop().unwrap_or_default())
    };
    let (outcome, frame) = strike("tool-error");
    assert!(outcome == [Outcome::Answered] && frame.contains("isError") && frame.contains("boom"));
    let (outcome, frame) = strike("error");
    assert!(
        outcome == [Outcome::Answered] && frame.contains("\"error\":{\"code\":500") && frame.contains("boom")
    );
    assert_eq!(strike("silence"), (vec![Outcome::Dropped], String::new()));
}

#[test]
fn a_hidden_tool_is_refused_as_servers_refuse_what_they_do_not_have() {
    let mut rig = Rig::new(&rule("tools = { hide = [\"make\"] }"));
    let (verdict, outputs) = rig.asks(&call("1", "make", "{}"));
    assert_eq!(verdict, Verdict::Taken);
    assert_eq!(
        sent(&outputs, Direction::ToClient),
        ["{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"Unknown tool: make\"}}\n"]
    );
    assert_eq!(rig.asks(&call("2", "get", "{}")), (Verdict::Pass, vec![]));
}
