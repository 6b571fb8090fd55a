//! What is kept under which key, and what never is.

use super::*;

const CACHE: &str = "match = { tool = [\"get\", \"put\", \"make\", \"plain\"] }\ncache = { ttl = \"1m\" }";
const ONE: Lane = Lane(0);

#[test]
fn an_equal_call_is_answered_from_memory() {
    let mut rig = Rig::new(&rule(CACHE));
    rig.asks(&call("1", "get", r#"{"city":"Rome"}"#));
    rig.now += 250_000;
    rig.says(&result("1", "sun"));
    rig.now += 1_000;
    let (verdict, outputs) = rig.asks(&call("2", "get", r#"{"city":"Rome"}"#));
    assert_eq!(verdict, Verdict::Taken);
    assert_eq!(outcomes(&outputs), [Outcome::Answered]);
    assert_eq!(outputs[0].to, Direction::ToServer);
    let mark = &marks(&outputs)[0];
    assert!(mark.hit && mark.by == "cache" && mark.took_us == Some(250_000) && mark.age_us == Some(1_000));
    assert_eq!(mark.store.map(|store| store.entries), Some(1));
    assert!(rig.served(ONE, "3", "get", r#"{"city":"Oslo"}"#).is_none());
}

#[test]
fn the_order_of_keys_and_the_form_of_numbers_and_meta_do_not_matter() {
    let mut rig = Rig::new(&rule(CACHE));
    rig.round(ONE, "1", "get", r#"{"a":1,"b":{"x":[2.50],"y":"\u0041"}}"#, "x");
    assert!(rig.served(ONE, "2", "get", r#"{ "b":{"y":"A","x":[25e-1]}, "a":1.0 }"#).is_some());
    let with_meta = r#"{"id":3,"method":"tools/call","params":{"_meta":{"progressToken":9},"name":"get","arguments":{"a":1,"b":{"x":[2.5],"y":"A"}}}}"#;
    assert_eq!(rig.up(ONE, with_meta), Verdict::Taken);
}

#[test]
fn big_integers_and_types_do_not_collide() {
    let mut rig = Rig::new(&rule(CACHE));
    rig.round(ONE, "1", "get", r#"{"a":9007199254740993}"#, "x");
    for other in [r#"{"a":9007199254740992}"#, r#"{"a":"9007199254740993"}"#, r#"{"a":[9007199254740993]}"#] {
        assert!(rig.served(ONE, "2", "get", other).is_none(), "{other}");
    }
}

#[test]
fn another_tool_another_method_another_server_is_another_key() {
    let mut rig = Rig::new(&rule("match = { method = \"*\" }\ncache = { ttl = \"1m\", unsafe = true }"));
    rig.round(ONE, "1", "get", "{}", "x");
    assert!(rig.served(ONE, "2", "find", "{}").is_none());
    let prompt = r#"{"id":3,"method":"prompts/get","params":{"name":"get","arguments":{}}}"#;
    assert_eq!(rig.up(ONE, prompt), Verdict::Pass);
}

#[test]
fn with_key_paths_only_those_parts_count() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\", key = [\"$.city\"] }"));
    rig.round(ONE, "1", "get", r#"{"city":"Rome","units":"C"}"#, "x");
    assert!(rig.served(ONE, "2", "get", r#"{"units":"F","city":"Rome"}"#).is_some());
    assert!(rig.served(ONE, "3", "get", r#"{"city":"Oslo"}"#).is_none());
    assert!(rig.served(ONE, "4", "find", r#"{"city":"Rome"}"#).is_none());
}

#[test]
fn what_is_over_its_time_is_asked_anew() {
    let mut rig = Rig::new(&rule(CACHE));
    rig.round(ONE, "1", "get", "{}", "x");
    rig.now += 59_999_999;
    assert!(rig.served(ONE, "2", "get", "{}").is_some());
    rig.now += 1;
    assert!(rig.served(ONE, "3", "get", "{}").is_none());
}

/// Whether an answer to `request` (id 1) is served to its like (id 2).
fn keeps(rules: &str, request: &str, answer: &str) -> bool {
    let mut rig = Rig::new(&rule(rules));
    assert_eq!(rig.up(ONE, request), Verdict::Pass);
    rig.down(ONE, answer);
    rig.outputs();
    rig.up(ONE, &request.replacen("\"id\":1", "\"id\":2", 1)) == Verdict::Taken
}

#[test]
fn errors_are_never_kept() {
    let get = call("1", "get", "{}");
    assert!(keeps(CACHE, &get, &result("1", "x")));
    assert!(!keeps(CACHE, &get, r#"{"id":1,"error":{"code":-32603,"message":"x"}}"#));
}

#[test]
fn results_that_are_errors_are_never_kept() {
    assert!(!keeps(CACHE, &call("1", "get", "{}"), r#"{"id":1,"result":{"content":[],"isError":true}}"#));
}

#[test]
fn results_that_ask_for_more_input_or_are_handles_of_tasks_are_never_kept() {
    let get = call("1", "get", "{}");
    for result in [
        r#"{"resultType":"input_required","requestState":"x"}"#,
        r#"{"resultType":"task","taskId":"1"}"#,
        r#"{"task":{"taskId":"1"}}"#,
    ] {
        assert!(!keeps(CACHE, &get, &format!(r#"{{"id":1,"result":{result}}}"#)), "{result}");
    }
}

#[test]
fn requests_for_tasks_and_answers_to_questions_are_never_served_from_memory() {
    for extra in [r#""task":{"ttl":1}"#, r#""inputResponses":{}"#, r#""requestState":"x""#] {
        let request = format!(r#"{{"id":1,"method":"tools/call","params":{{"name":"get",{extra}}}}}"#);
        assert!(!keeps(CACHE, &request, &result("1", "x")), "{extra}");
    }
}

#[test]
fn by_default_only_tools_that_say_that_they_read_are_kept() {
    let of = |tool: &str| call("1", tool, "{}");
    for tool in ["put", "make", "plain"] {
        assert!(!keeps(CACHE, &of(tool), &result("1", "x")), "{tool}");
    }
    let idempotent = "cache = { ttl = \"1m\", idempotent = true }";
    assert!(keeps(idempotent, &of("put"), &result("1", "x")));
    assert!(!keeps(idempotent, &of("make"), &result("1", "x")));
    let everything = "cache = { ttl = \"1m\", unsafe = true }";
    assert!(keeps(everything, &of("make"), &result("1", "x")));
}

#[test]
fn without_a_tool_list_nothing_is_kept_and_it_is_said_why() {
    let mut rig = Rig::bare(&rule(CACHE));
    let (_, outputs) = rig.asks(&call("1", "get", "{}"));
    assert!(why(&outputs).contains("the tool list has not been read yet"), "{outputs:?}");
}

#[test]
fn of_other_methods_those_are_kept_that_the_protocol_marks_as_cacheable() {
    let any = "match = { method = \"*\" }\ncache = { ttl = \"1m\" }";
    let ask = |method: &str| format!(r#"{{"id":1,"method":"{method}","params":{{"uri":"file:///a"}}}}"#);
    let answer = r#"{"id":1,"result":{"contents":[]}}"#;
    for method in ["resources/read", "resources/list", "prompts/list", "server/discover", "tools/list"] {
        assert!(keeps(any, &ask(method), answer), "{method}");
    }
    for method in
        ["ping", "completion/complete", "prompts/get", "initialize", "resources/subscribe", "tasks/get"]
    {
        assert!(!keeps(any, &ask(method), answer), "{method}");
    }
}

#[test]
fn a_result_that_a_limit_has_cut_is_never_kept() {
    struct Cut;
    impl crate::rules::answer::Reshape for Cut {
        fn reshape(
            &mut self,
            _: &str,
            _: &crate::rules::answer::Subject<'_>,
            _: &mut crate::rules::answer::Room,
        ) -> crate::rules::answer::Reshaped {
            crate::rules::answer::Reshaped {
                result: Some(r#"{"content":[]}"#.to_owned()),
                ..Default::default()
            }
        }
    }
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }\nlimit = { bytes = \"9B\" }"));
    rig.gate.plan.actives[0].reshapers = vec![("limit", Box::new(Cut))];
    rig.asks(&call("1", "get", "{}"));
    let (verdict, outputs) = rig.says(&result("1", "xxxxxxxxxxxxxxxxxx"));
    assert_eq!(verdict, Verdict::Taken);
    assert_eq!(
        sent(&outputs, Direction::ToClient),
        ["{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}\n"]
    );
    assert!(why(&outputs).contains("cut by a limit"));
    assert!(rig.served(ONE, "2", "get", "{}").is_none());
}

#[test]
fn what_the_newest_revision_says_bounds_the_rule_and_what_is_left_is_passed_on() {
    let read = "match = { method = \"resources/read\" }\ncache = { ttl = \"1h\" }";
    let mut rig = Rig::new(&rule(read));
    let ask = |id: u8| {
        format!(
            r#"{{"id":{id},"method":"resources/read","params":{{"uri":"a:b","_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}}}}"#
        )
    };
    let result = r#"{"resultType":"complete","contents":[],"ttlMs":5000,"cacheScope":"private"}"#;
    rig.asks(&ask(1));
    rig.says(&format!(r#"{{"id":1,"result":{result}}}"#));
    rig.now += 1_500_000;
    let (_, outputs) = rig.asks(&ask(2));
    let answer = &sent(&outputs, Direction::ToClient)[0];
    assert!(answer.contains(&result.replace("5000", "3500")), "{answer}");
    rig.now += 3_500_000;
    assert_eq!(rig.asks(&ask(3)).0, Verdict::Pass);
    rig.says(&format!(r#"{{"id":3,"result":{}}}"#, result.replace("5000", "0")));
    assert_eq!(rig.asks(&ask(4)).0, Verdict::Pass);
}

#[test]
fn a_hit_is_dressed_by_the_rules_that_are_in_force_then() {
    struct Shout(&'static str);
    impl crate::rules::answer::Reshape for Shout {
        fn reshape(
            &mut self,
            result: &str,
            _: &crate::rules::answer::Subject<'_>,
            _: &mut crate::rules::answer::Room,
        ) -> crate::rules::answer::Reshaped {
            let result = Some(result.replace("sun", self.0));
            crate::rules::answer::Reshaped { result, ..Default::default() }
        }
    }
    let text = rule("cache = { ttl = \"1m\" }\ntrim = { drop = [\"$.x\"] }");
    let mut rig = Rig::new(&text);
    rig.gate.plan.actives[0].reshapers = vec![("trim", Box::new(Shout("SUN")))];
    rig.asks(&call("1", "get", "{}"));
    assert!(sent(&rig.says(&result("1", "sun")).1, Direction::ToClient)[0].contains("SUN"));
    // The second time it is not made again.
    rig.gate.plan.actives[0].reshapers = vec![("trim", Box::new(Shout("other")))];
    assert!(rig.served(ONE, "2", "get", "{}").unwrap().contains("SUN"));
    rig.gate.set(Micros(rig.now), &rules(&text));
    rig.gate.plan.actives[0].reshapers = vec![("trim", Box::new(Shout("Sun!")))];
    assert!(rig.served(ONE, "3", "get", "{}").unwrap().contains("Sun!"));
}

#[test]
fn what_was_asked_under_another_key_is_not_served_under_this_one() {
    let by = |path: &str| rule(&format!("cache = {{ ttl = \"1m\", key = [\"{path}\"] }}"));
    let mut rig = Rig::new(&by("$.from"));
    rig.asks(&call("1", "get", r#"{"from":"Rome","to":"Oslo"}"#));
    rig.gate.set(Micros(rig.now), &rules(&by("$.to")));
    rig.says(&result("1", "from Rome to Oslo"));
    assert!(rig.served(ONE, "2", "get", r#"{"from":"Oslo","to":"Rome"}"#).is_none());
}

#[test]
fn what_a_write_made_void_is_not_kept_by_a_rule_that_was_edited_meanwhile() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }"));
    rig.asks(&call("1", "get", "{}"));
    rig.round(ONE, "2", "make", "{}", "made");
    for ttl in ["2m", "3m"] {
        rig.gate.set(Micros(rig.now), &rules(&rule(&format!("cache = {{ ttl = \"{ttl}\" }}"))));
    }
    rig.says(&result("1", "before"));
    assert!(rig.served(ONE, "3", "get", "{}").is_none());
}

#[test]
fn calls_in_which_no_path_of_the_key_finds_anything_are_not_all_equal() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\", key = [\"$.citty\"] }"));
    let (_, outputs) = rig.asks(&call("1", "get", r#"{"city":"Oslo"}"#));
    assert_eq!(why(&outputs), "no path of its key is in the arguments");
    rig.says(&result("1", "rain in Oslo"));
    assert!(rig.served(ONE, "2", "get", r#"{"city":"Rome"}"#).is_none());
    rig.round(ONE, "3", "get", "{}", "x");
    assert!(rig.served(ONE, "4", "get", "{}").is_some(), "without arguments there is nothing to be found");
}
