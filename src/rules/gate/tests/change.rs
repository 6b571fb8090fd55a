//! Other rules, and conversations that end.

use super::*;

const ONE: Lane = Lane(0);

impl Rig {
    fn set(&mut self, text: &str) -> Vec<Output> {
        self.gate.set(Micros(self.now), &rules(text));
        self.outputs()
    }
}

#[test]
fn without_rules_for_the_server_the_gate_is_idle() {
    for text in [
        "",
        &rule("mode = \"off\"\ntimeout = \"1s\""),
        &rule("match = { server = \"!crm\" }\ntimeout = \"1s\""),
    ] {
        let mut rig = Rig::bare(text);
        assert!(
            rig.gate.is_idle()
                && !rig.gate.wants(Direction::ToServer)
                && !rig.gate.wants(Direction::ToClient)
        );
        assert_eq!(rig.asks(&call("1", "get", "{}")), (Verdict::Pass, vec![]));
    }
}

#[test]
fn answers_are_wanted_only_while_one_matters() {
    let mut rig = Rig::bare(&rule("timeout = \"1s\""));
    assert!(rig.gate.wants(Direction::ToServer) && !rig.gate.wants(Direction::ToClient));
    rig.asks(&call("1", "get", "{}"));
    assert!(rig.gate.wants(Direction::ToClient));
    rig.says(&result("1", "x"));
    assert!(!rig.gate.wants(Direction::ToClient));
}

#[test]
fn a_cache_stays_while_its_rule_does() {
    let cache = rule("cache = { ttl = \"1m\" }");
    let mut rig = Rig::new(&cache);
    rig.round(ONE, "1", "get", "{}", "x");
    rig.set(&format!("{cache}{}", rule("timeout = \"1s\"").replace("\"r\"", "\"s\"")));
    assert!(rig.served(ONE, "2", "get", "{}").is_some());
    rig.set(&rule("cache = { ttl = \"2m\" }"));
    assert!(rig.served(ONE, "3", "get", "{}").is_none());
}

#[test]
fn a_rate_goes_on_counting_when_other_rules_change() {
    let rate = rule("rate = { per_hour = 1.0 }");
    let mut rig = Rig::new(&rate);
    rig.asks(&call("1", "get", "{}"));
    rig.set(&format!("{rate}{}", rule("timeout = \"1s\"").replace("\"r\"", "\"s\"")));
    assert_eq!(rig.asks(&call("2", "get", "{}")).0, Verdict::Taken);
}

#[test]
fn what_waits_for_a_rule_that_is_gone_goes_on_at_once_and_in_order() {
    for what in ["rate = { per_hour = 1.0 }", "concurrency = 1", "delay = \"1h\"", "coalesce = true"] {
        let mut rig = Rig::new(&rule(what));
        for id in ["1", "2", "3"] {
            rig.asks(&call(id, "get", "{}"));
        }
        let released = sent(&rig.set(""), Direction::ToServer);
        let held = if what.starts_with("delay") { 1..=3 } else { 2..=3 };
        let expected: Vec<_> = held.map(|id| format!("{}\n", call(&id.to_string(), "get", "{}"))).collect();
        assert_eq!(released, expected, "{what}");
        assert!(!rig.gate.holds());
        for id in ["1", "2", "3"] {
            assert_eq!(rig.says(&result(id, "x")).0, Verdict::Pass, "{what}");
        }
        assert!(rig.gate.is_idle(), "{what}");
    }
}

#[test]
fn what_waits_for_a_rule_that_stays_goes_on_waiting_in_its_place() {
    let rate = rule("rate = { per_second = 1.0 }");
    let mut rig = Rig::new(&rate);
    for id in ["1", "2", "3"] {
        rig.asks(&call(id, "get", "{}"));
    }
    assert_eq!(rig.set(&format!("{rate}timeout = \"1h\"")), []);
    let first = sent(&rig.wait(1_000_000), Direction::ToServer);
    let second = sent(&rig.wait(1_000_000), Direction::ToServer);
    assert_eq!([first, second].concat(), ["2", "3"].map(|id| format!("{}\n", call(id, "get", "{}"))));
}

#[test]
fn a_conversation_that_ends_takes_what_waits_in_it_along() {
    let mut rig = Rig::new(&rule("concurrency = 1"));
    for lane in 1..=3 {
        rig.up(Lane(lane), &call("1", "get", "{}"));
    }
    rig.outputs();
    rig.gate.close(Micros(rig.now), Lane(2));
    assert_eq!(outcomes(&rig.outputs()), [Outcome::Dropped]);
    rig.gate.close(Micros(rig.now), Lane(1));
    let outputs = rig.outputs();
    assert_eq!((outputs[0].lane, outputs[0].outcome), (Lane(3), Outcome::Released));
    rig.gate.close(Micros(rig.now), Lane(3));
    assert!(rig.gate.items.is_empty());
}

#[test]
fn the_client_is_told_when_the_rules_make_another_tool_list() {
    let mut rig = Rig::bare(&rule("timeout = \"1s\"\ntools = { strip = [\"title\"] }"));
    rig.asks(r#"{"id":0,"method":"initialize","params":{}}"#);
    rig.says(
        r#"{"id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}}}}"#,
    );
    assert_eq!(rig.set(&rule("tools = { hide = [\"make\"] }")), [], "it has not read the list yet");
    rig.list(ONE);
    let outputs = rig.set(&rule("tools = { hide = [\"get\"] }"));
    assert_eq!(outcomes(&outputs), [Outcome::Sent]);
    assert!(sent(&outputs, Direction::ToClient)[0].contains("notifications/tools/list_changed"));
    assert_eq!(rig.set(&rule("tools = { hide = [\"get\"] }\ntimeout = \"1s\"")), []);
}

#[test]
fn a_timeout_ends_with_its_rule() {
    for off in [
        "",
        "[[rule]]\nname = \"r\"\nmode = \"observe\"\ntimeout = \"2s\"\n",
        "[[rule]]\nname = \"r\"\nmatch = { tool = \"make\" }\ntimeout = \"2s\"\n",
    ] {
        let mut rig = Rig::new(&rule("timeout = \"2s\""));
        rig.asks(&call("1", "get", "{}"));
        rig.wait(500_000);
        rig.set(off);
        assert_eq!(rig.wait(2_500_000), [], "{off}");
        assert_eq!(rig.says(&result("1", "x")).0, Verdict::Pass);
    }
}

#[test]
fn a_timeout_that_is_changed_counts_from_when_the_call_left() {
    let mut rig = Rig::new(&rule("timeout = \"2s\""));
    rig.asks(&call("1", "get", "{}"));
    rig.set(&rule("timeout = \"9s\""));
    assert_eq!(rig.gate.due(), Some(Micros(rig.now + 9_000_000)));
    assert_eq!(rig.wait(8_999_999), []);
    assert!(sent(&rig.wait(1), Direction::ToClient)[0].contains("waits 9 s"));
    let mut rig = Rig::new(&rule("timeout = \"9s\""));
    rig.asks(&call("1", "get", "{}"));
    rig.wait(5_000_000);
    rig.set(&rule("timeout = \"2s\""));
    assert!(sent(&rig.wait(0), Direction::ToClient)[0].contains("waits 2 s"));
}

#[test]
fn a_delay_that_is_changed_is_over_at_once() {
    let mut rig = Rig::new(&rule("delay = \"30s\""));
    rig.asks(&call("1", "get", "{}"));
    rig.wait(1_000_000);
    let outputs = rig.set(&rule("delay = \"100ms\""));
    assert_eq!(sent(&outputs, Direction::ToServer), [format!("{}\n", call("1", "get", "{}"))]);
    assert!(!rig.gate.holds() && rig.gate.due().is_none());
}

#[test]
fn a_rule_that_is_about_other_tools_now_lets_go_of_those_under_way() {
    let about =
        |tool: &str, what: &str| rule(&format!("match = {{ tool = \"{tool}\" }}\nconcurrency = 1\n{what}"));
    let mut rig = Rig::new(&about("get", ""));
    for id in ["1", "2", "3"] {
        rig.asks(&call(id, "get", "{}"));
    }
    let outputs = rig.set(&about("make", "limit = { bytes = \"1B\", over = \"error\" }"));
    assert_eq!(sent(&outputs, Direction::ToServer).len(), 2, "the reads go on");
    assert_eq!(rig.asks(&call("4", "make", "{}")).0, Verdict::Pass, "no read has a place among the writes");
    assert_eq!(rig.asks(&call("5", "make", "{}")).0, Verdict::Taken);
    for id in ["1", "2", "3"] {
        assert_eq!(rig.says(&result(id, "long enough to be cut")), (Verdict::Pass, vec![]));
    }
    let (_, outputs) = rig.says(&result("4", "long enough to be cut"));
    assert!(sent(&outputs, Direction::ToClient)[0].contains("isError"));
    assert_eq!(sent(&outputs, Direction::ToServer).len(), 1);
}

#[test]
fn what_waits_meets_the_rules_that_came_meanwhile() {
    let mut rig = Rig::new(&rule("concurrency = 1"));
    for id in ["1", "2", "3"] {
        rig.asks(&call(id, "get", "{}"));
    }
    // The same guard under another name lets nobody through, but the call that it had let through is not its own.
    let renamed = rule("concurrency = 1").replace("\"r\"", "\"s\"");
    assert_eq!(sent(&rig.set(&renamed), Direction::ToServer), [format!("{}\n", call("2", "get", "{}"))]);
    assert!(rig.gate.holds());
    let outputs = rig.set(&format!("{renamed}tools = {{ hide = [\"get\"] }}"));
    assert!(sent(&outputs, Direction::ToClient)[0].contains("Unknown tool"));
    assert_eq!(sent(&outputs, Direction::ToServer), [""; 0]);
    assert!(!rig.gate.holds());
}

#[test]
fn an_answer_is_not_kept_by_a_cache_that_counts_by_something_else_now() {
    let cache = |key: &str| rule(&format!("cache = {{ ttl = \"1m\", key = [\"{key}\"] }}"));
    let mut rig = Rig::new(&cache("$.city"));
    rig.asks(&call("1", "get", "{\"city\":\"Oslo\",\"day\":1}"));
    rig.set(&cache("$.day"));
    rig.says(&result("1", "x"));
    assert!(rig.served(ONE, "2", "get", "{\"city\":1,\"day\":\"Oslo\"}").is_none());
}

#[test]
fn what_is_held_when_its_client_has_closed_its_side_for_too_long_is_answered() {
    for what in ["rate = { per_hour = 1 }", "concurrency = 1", "coalesce = true", "delay = \"1h\""] {
        let mut rig = Rig::new(&rule(what));
        for id in ["1", "2", "3"] {
            rig.asks(&call(id, "get", "{}"));
        }
        let held = rig.gate.items.held().len();
        rig.gate.dismiss(Micros(rig.now));
        let outputs = rig.outputs();
        assert_eq!(sent(&outputs, Direction::ToServer), [""; 0], "{what}");
        let answers = sent(&outputs, Direction::ToClient);
        assert!(answers.len() == held && answers.iter().all(|answer| answer.contains("\\\"r\\\"")), "{what}");
        assert!(!rig.gate.holds(), "{what}");
        if !what.starts_with("delay") {
            assert_eq!(rig.says(&result("1", "x")).0, Verdict::Pass);
        }
    }
}
