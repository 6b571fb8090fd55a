//! What makes kept answers void, and that nothing void is served.

use super::*;

const ONE: Lane = Lane(0);
const READS: &str = "match = { method = \"*\" }\ncache = { ttl = \"1m\", invalidate_on = [\"find\"] }";

fn notice(method: &str, params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"notifications/{method}","params":{params}}}"#)
}

fn list(rig: &mut Rig, id: u8, method: &str) -> Verdict {
    let verdict =
        rig.up(ONE, &format!(r#"{{"id":{id},"method":"{method}","params":{{"uri":"file:///a/b"}}}}"#));
    if verdict == Verdict::Pass {
        rig.down(
            ONE,
            &format!(r#"{{"id":{id},"result":{}}}"#, if method == "tools/list" { LIST } else { "{}" }),
        );
    }
    rig.outputs();
    verdict
}

#[test]
fn a_changed_list_empties_the_entry_of_that_list_alone() {
    let lists = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
    for (what, emptied) in [("tools", &lists[..1]), ("prompts", &lists[1..2]), ("resources", &lists[2..])] {
        let mut rig = Rig::new(&rule(READS));
        for method in lists {
            list(&mut rig, 1, method);
            assert_eq!(list(&mut rig, 2, method), Verdict::Taken, "{method}");
        }
        assert_eq!(rig.says(&notice(&format!("{what}/list_changed"), "{}")).0, Verdict::Pass);
        for method in lists {
            let is_void = emptied.contains(&method);
            assert_eq!(list(&mut rig, 3, method) == Verdict::Pass, is_void, "{what} {method}");
        }
    }
}

#[test]
fn a_resource_that_was_updated_is_read_anew() {
    let mut rig = Rig::new(&rule(READS));
    list(&mut rig, 1, "resources/read");
    rig.says(&notice("resources/updated", r#"{"uri":"file:///other"}"#));
    assert_eq!(list(&mut rig, 2, "resources/read"), Verdict::Taken);
    rig.says(&notice("resources/updated", r#"{"uri":"file:\/\/\/a/b"}"#));
    assert_eq!(list(&mut rig, 3, "resources/read"), Verdict::Pass);
}

#[test]
fn a_matching_call_empties_the_tools_entries() {
    let mut rig = Rig::new(&rule(READS));
    rig.round(ONE, "1", "get", "{}", "x");
    rig.round(ONE, "2", "find", "{}", "x");
    assert!(rig.served(ONE, "3", "get", "{}").is_none());
}

#[test]
fn a_call_of_a_tool_that_does_not_say_that_it_only_reads_empties_all_calls() {
    for tool in ["make", "plain", "unknown"] {
        let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }"));
        rig.round(ONE, "1", "get", "{}", "x");
        rig.round(ONE, "2", "find", "{}", "x");
        assert!(rig.served(ONE, "3", "get", "{}").is_some());
        rig.round(ONE, "4", tool, "{}", "x");
        assert!(rig.served(ONE, "5", "get", "{}").is_none(), "{tool}");
    }
}

#[test]
fn another_sessions_write_empties_as_well_for_the_server_is_the_same() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }"));
    rig.gate.open(Lane(5), Caller { session: "b".into(), credentials: None });
    rig.round(ONE, "1", "get", "{}", "x");
    rig.round(Lane(5), "1", "make", "{}", "x");
    assert!(rig.served(ONE, "3", "get", "{}").is_none());
}

#[test]
fn what_was_asked_before_a_write_and_answered_after_it_is_not_kept() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }"));
    rig.asks(&call("1", "get", "{}"));
    rig.asks(&call("2", "make", "{}"));
    rig.says(&result("1", "before"));
    rig.says(&result("2", "made"));
    assert!(rig.served(ONE, "3", "get", "{}").is_none());
}

#[test]
fn what_was_asked_during_a_write_is_void_once_it_is_done() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }"));
    rig.asks(&call("1", "make", "{}"));
    rig.round(ONE, "2", "get", "{}", "during");
    rig.says(&result("1", "made"));
    assert!(rig.served(ONE, "3", "get", "{}").is_none());
}

#[test]
fn a_write_that_was_cancelled_or_given_up_empties_when_it_is_done_after_all() {
    for gives_up in [false, true] {
        let guard = "[[rule]]\nname = \"g\"\nmatch = { tool = \"make\" }\ntimeout = \"1s\"\n";
        let mut rig = Rig::new(&format!("{}{guard}", rule("cache = { ttl = \"1m\" }")));
        rig.asks(&call("1", "make", "{}"));
        if gives_up {
            assert_eq!(sent(&rig.wait(1_000_000), Direction::ToServer).len(), 1);
        } else {
            rig.asks(&notice("cancelled", r#"{"requestId":1}"#));
        }
        rig.round(ONE, "2", "get", "{}", "between");
        rig.says(&result("1", "made"));
        assert!(rig.served(ONE, "3", "get", "{}").is_none(), "{gives_up}");
    }
}

#[test]
fn a_rule_that_says_unsafe_is_emptied_only_by_what_it_names() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\", unsafe = true, invalidate_on = \"put\" }"));
    rig.round(ONE, "1", "get", "{}", "x");
    rig.round(ONE, "2", "make", "{}", "x");
    assert!(rig.served(ONE, "3", "get", "{}").is_some());
    rig.round(ONE, "4", "put", "{}", "x");
    assert!(rig.served(ONE, "5", "get", "{}").is_none());
}

#[test]
fn after_the_tool_list_has_changed_nothing_is_served_until_it_is_read_again() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }"));
    rig.round(ONE, "1", "get", "{}", "x");
    rig.says(&notice("tools/list_changed", "{}"));
    assert!(rig.served(ONE, "2", "get", "{}").is_none());
}

#[test]
fn a_call_made_before_a_rule_kept_anything_makes_void_what_is_kept_when_it_is_answered() {
    let cache = rule("match = { tool = \"get\" }\ncache = { ttl = \"1m\", unsafe = true }");
    for answer in
        [result("\"w\"", "done"), r#"{"id":"w","error":{"code":1,"message":"half done"}}"#.to_owned()]
    {
        for before in ["", &rule("match = { tool = \"find\" }\ncoalesce = { unsafe = true }")] {
            let mut rig = Rig::new(before);
            for ask in [call("\"w\"", "make", "{}"), r#"{"id":"p","method":"resources/list"}"#.to_owned()] {
                assert_eq!(rig.up(ONE, &ask), Verdict::Pass);
            }
            rig.gate.set(Micros(rig.now), &rules(&cache));
            rig.round(ONE, "1", "get", "{}", "old");
            assert_eq!(rig.down(ONE, r#"{"id":"p","result":{"resources":[]}}"#), Verdict::Pass);
            assert!(rig.served(ONE, "2", "get", "{}").is_some(), "a list changes nothing");
            assert_eq!(rig.up(ONE, &call("3", "get", "{\"n\":1}")), Verdict::Pass);
            assert_eq!(rig.down(ONE, &answer), Verdict::Pass);
            assert_eq!(rig.down(ONE, &result("3", "old")), Verdict::Pass);
            rig.outputs();
            assert!(rig.served(ONE, "4", "get", "{}").is_none(), "{answer}");
            assert!(rig.served(ONE, "5", "get", "{\"n\":1}").is_none(), "{answer}");
        }
    }
}
