//! Rules that only observe: everything is worked out, and nothing is changed.

use super::*;

const ONE: Lane = Lane(0);

fn observing(what: &str) -> Rig {
    Rig::new(&rule(&format!("mode = \"observe\"\n{what}")))
}

#[test]
fn a_cache_that_observes_says_what_it_would_have_answered() {
    let mut rig = observing("cache = { ttl = \"1m\" }");
    rig.round(ONE, "1", "get", "{}", "x");
    let (verdict, outputs) = rig.asks(&call("2", "get", "{}"));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(outcomes(&outputs), [Outcome::Answered]);
    assert_eq!(outputs[0].act, Act::Note { frame: Some(format!("{}\n", result("2", "x")).into_bytes()) });
    let mark = &marks(&outputs)[0];
    assert!(mark.hit && mark.observed);
    assert_eq!(rig.says(&result("2", "y")).0, Verdict::Pass);
}

#[test]
fn guards_that_observe_hold_and_refuse_nothing() {
    for what in [
        "rate = { per_hour = 1.0 }",
        "rate = { per_hour = 1.0, over = \"error\" }",
        "concurrency = 1",
        "concurrency = { max = 1, over = \"error\" }",
        "coalesce = true",
        "delay = \"1s\"",
        "fault = { rate = 1.0 }",
        "fault = { rate = 1.0, kind = \"silence\" }",
        "tools = { hide = [\"get\"] }",
    ] {
        let mut rig = observing(what);
        rig.asks(&call("1", "get", "{}"));
        let (verdict, outputs) = rig.asks(&call("2", "get", "{}"));
        assert_eq!(verdict, Verdict::Pass, "{what}");
        let mark = marks(&outputs).into_iter().find(|mark| mark.hit).unwrap();
        assert!(mark.observed, "{what}");
        assert!(outputs.iter().all(|output| matches!(output.act, Act::Note { .. })), "{what}");
        assert_ne!(outputs[0].outcome, Outcome::Passed, "{what}");
        assert!(!rig.gate.holds(), "{what}");
    }
}

#[test]
fn a_timeout_that_observes_says_so_when_the_answer_comes() {
    let mut rig = observing("timeout = \"1s\"");
    rig.asks(&call("1", "get", "{}"));
    assert_eq!(rig.wait(5_000_000), []);
    let (verdict, outputs) = rig.says(&result("1", "x"));
    assert_eq!(verdict, Verdict::Pass);
    assert!(marks(&outputs).iter().any(|mark| mark.hit && mark.observed && mark.by == "timeout"));
}

struct Louder;

impl crate::rules::answer::Reshape for Louder {
    fn reshape(
        &mut self,
        result: &str,
        _: &crate::rules::answer::Subject<'_>,
        _: &mut crate::rules::answer::Room,
    ) -> crate::rules::answer::Reshaped {
        crate::rules::answer::Reshaped { result: Some(result.replace('x', "X")), ..Default::default() }
    }
}

struct Broken;

impl crate::rules::answer::Reshape for Broken {
    fn reshape(
        &mut self,
        _: &str,
        _: &crate::rules::answer::Subject<'_>,
        _: &mut crate::rules::answer::Room,
    ) -> crate::rules::answer::Reshaped {
        panic!("a hole in the hull")
    }
}

#[test]
fn a_change_that_is_only_observed_is_noted_beside_the_message_that_passes() {
    let mut rig = observing("trim = { drop = [\"$.a\"] }");
    rig.gate.plan.actives[0].reshapers = vec![("trim", Box::new(Louder))];
    rig.asks(&call("1", "get", "{}"));
    let (verdict, outputs) = rig.says(&result("1", "axb"));
    assert_eq!(verdict, Verdict::Pass);
    assert_eq!(outcomes(&outputs), [Outcome::Changed]);
    let expected = result("1", "axb").replace("axb", "aXb").replace("\"text\",\"teXt\"", "");
    let Act::Note { frame: Some(frame) } = &outputs[0].act else { panic!() };
    assert_eq!(String::from_utf8_lossy(frame).to_lowercase(), format!("{}\n", expected.to_lowercase()));
}

#[test]
fn what_is_observed_is_noted_beside_what_another_rule_changes() {
    let observing = "[[rule]]\nname = \"o\"\nmode = \"observe\"\nempty = \"drop\"\n";
    let acting = "[[rule]]\nname = \"a\"\ntrim = { drop = [\"$.a\"] }\n";
    let frame = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"a\":1,\"b\":null,\"c\":2}"}]}}"#;
    // Whichever comes first: each is measured by what arrived.
    for rules in [format!("{observing}{acting}"), format!("{acting}{observing}")] {
        let mut rig = Rig::new(&rules);
        rig.asks(&call("1", "get", "{}"));
        let (verdict, outputs) = rig.says(frame);
        assert_eq!((verdict, outcomes(&outputs)), (Verdict::Taken, vec![Outcome::Changed, Outcome::Changed]));
        let Act::Note { frame: Some(noted) } = &outputs[0].act else { panic!("{outputs:?}") };
        let noted = String::from_utf8_lossy(noted);
        assert!(noted.contains(r#"{\"a\":1,\"c\":2}"#), "{noted}");
        assert!(outputs[0].marks.iter().all(|mark| mark.observed && mark.rule == "o"), "{outputs:?}");
        let left = sent(&outputs, Direction::ToClient).concat();
        assert!(left.contains(r#"{\"b\":null,\"c\":2}"#), "{left}");
        assert!(outputs[1].marks.iter().all(|mark| !mark.observed && mark.rule == "a"), "{outputs:?}");
    }
}

#[test]
fn only_the_result_of_a_changed_answer_changes() {
    let mut rig = Rig::new(&rule("trim = { drop = [\"$.a\"] }"));
    rig.gate.plan.actives[0].reshapers = vec![("trim", Box::new(Louder))];
    rig.asks(&call("1.0", "get", "{}"));
    let frame = "{ \"x\":1e2 ,\"result\" : {\"y\":\"x\"}, \"id\": 1.0 }\r";
    let (verdict, outputs) = rig.says(frame);
    assert_eq!(verdict, Verdict::Taken);
    assert_eq!(sent(&outputs, Direction::ToClient), [format!("{}\n", frame.replace("\"x\"}", "\"X\"}"))]);
}

#[test]
fn a_transformer_that_fails_is_off_from_then_on_and_the_message_passes() {
    let mut rig = Rig::new(&rule("trim = { drop = [\"$.a\"] }\nempty = \"drop\""));
    let reshapers: Vec<(&'static str, Box<dyn crate::rules::answer::Reshape>)> =
        vec![("trim", Box::new(Broken)), ("empty", Box::new(Louder))];
    rig.gate.plan.actives[0].reshapers = reshapers;
    rig.asks(&call("1", "get", "{}"));
    let (_, outputs) = rig.says(&result("1", "x"));
    let all = marks(&outputs);
    assert_eq!(all[0].failed.as_deref(), Some("a hole in the hull"));
    assert!(all[1].hit, "the others go on");
    rig.asks(&call("2", "get", "{}"));
    assert!(marks(&rig.says(&result("2", "x")).1).iter().all(|mark| mark.by == "empty"));
}

#[test]
fn what_a_tool_says_of_its_failure_is_left_alone() {
    let mut rig = Rig::new(&rule("trim = { drop = [\"$.a\"] }"));
    rig.gate.plan.actives[0].reshapers = vec![("trim", Box::new(Louder))];
    for result in [r#"{"content":[],"x":1,"isError":true}"#, r#"{"x":1,"resultType":"input_required"}"#] {
        rig.asks(&call("1", "get", "{}"));
        assert_eq!(rig.says(&format!(r#"{{"id":1,"result":{result}}}"#)), (Verdict::Pass, vec![]));
    }
}
