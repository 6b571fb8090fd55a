//! Who shares what is kept: never two identities.

use super::*;

fn caller(session: &str, credentials: Option<u128>) -> Caller {
    Caller { session: session.into(), credentials }
}

/// Lanes 1 and 2 of two sessions, 3 of the first one with other credentials, 4 without session and credentials.
fn rig(scope: &str) -> Rig {
    let mut rig = Rig::bare(&rule(&format!("cache = {{ ttl = \"1m\", scope = \"{scope}\" }}")));
    let callers = [caller("a", None), caller("b", None), caller("a", Some(1)), caller("a", Some(2))];
    for (lane, caller) in (1..).zip(callers) {
        rig.gate.open(Lane(lane), caller);
        rig.list(Lane(lane));
    }
    rig
}

#[test]
fn what_a_session_asked_only_that_session_is_served() {
    let mut rig = rig("session");
    rig.round(Lane(1), "1", "get", "{}", "x");
    assert!(rig.served(Lane(1), "2", "get", "{}").is_some());
    for other in [2, 3, 4] {
        assert!(rig.served(Lane(other), "2", "get", "{}").is_none(), "{other}");
    }
}

#[test]
fn a_session_is_the_same_in_all_its_exchanges() {
    let mut rig = rig("session");
    rig.round(Lane(1), "1", "get", "{}", "x");
    rig.gate.close(Micros(rig.now), Lane(1));
    rig.gate.open(Lane(9), caller("a", None));
    assert!(rig.served(Lane(9), "1", "get", "{}").is_some());
}

#[test]
fn a_shared_cache_is_for_all_who_have_no_credentials() {
    let mut rig = rig("shared");
    rig.round(Lane(1), "1", "get", "{}", "x");
    assert!(rig.served(Lane(2), "2", "get", "{}").is_some());
    assert!(rig.served(Lane(3), "2", "get", "{}").is_none());
}

#[test]
fn a_shared_cache_refuses_results_of_requests_with_credentials() {
    let mut rig = rig("shared");
    rig.up(Lane(3), &call("1", "get", "{}"));
    rig.down(Lane(3), &result("1", "secret"));
    assert!(why(&rig.outputs()).contains("the request carried credentials"));
    for lane in [1, 3, 4] {
        assert!(rig.served(Lane(lane), "2", "get", "{}").is_none(), "{lane}");
    }
}

#[test]
fn a_shared_cache_takes_what_the_server_says_is_public_and_refuses_what_is_private() {
    let mut rig = rig("shared");
    let answer =
        |scope: &str| format!(r#"{{"id":1,"result":{{"content":[],"ttlMs":60000,"cacheScope":"{scope}"}}}}"#);
    rig.up(Lane(3), &call("1", "get", "{}"));
    rig.down(Lane(3), &answer("public"));
    rig.outputs();
    for lane in [1, 2, 4] {
        assert!(rig.served(Lane(lane), "2", "get", "{}").is_some(), "{lane}");
    }
    rig.up(Lane(1), &call("1", "find", "{}"));
    rig.down(Lane(1), &answer("private"));
    assert!(why(&rig.outputs()).contains("private"));
    assert!(rig.served(Lane(2), "2", "find", "{}").is_none());
}

#[test]
fn clients_of_different_revisions_and_capabilities_do_not_share() {
    let mut rig = rig("shared");
    let ask = |id: u8, meta: &str| {
        format!(
            r#"{{"id":{id},"method":"tools/call","params":{{"name":"get","_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{meta}}}}}}}"#
        )
    };
    rig.up(Lane(1), &ask(1, "{}"));
    rig.down(Lane(1), &result("1", "x"));
    rig.outputs();
    assert_eq!(rig.up(Lane(2), &ask(1, " { } ")), Verdict::Taken);
    assert_eq!(rig.up(Lane(2), &ask(2, r#"{"sampling":{}}"#)), Verdict::Pass);
    rig.outputs();
    assert!(rig.served(Lane(2), "3", "get", "{}").is_none());
}

#[test]
fn one_whom_no_list_was_told_reads_without_emptying_what_others_have() {
    let mut rig = rig("shared");
    rig.round(Lane(1), "1", "get", "{}", "x");
    for stranger in 10..300 {
        rig.gate.open(Lane(stranger), caller("", Some(u128::from(stranger))));
        rig.round(Lane(stranger), "1", "find", "{}", "y");
        rig.gate.close(Micros(rig.now), Lane(stranger));
    }
    assert!(rig.served(Lane(1), "2", "get", "{}").is_some());
    assert!(rig.served(Lane(2), "2", "get", "{}").is_some(), "though its session was forgotten since");
    rig.gate.open(Lane(9), caller("", Some(9)));
    rig.round(Lane(9), "1", "unheard-of", "{}", "y");
    assert!(rig.served(Lane(1), "3", "get", "{}").is_none(), "what nobody was told of may write");
}

#[test]
fn an_answer_for_one_who_is_somebody_else_by_now_is_not_kept() {
    for (scope, why_not) in
        [("session", "who asks has changed"), ("shared", "the request carried credentials")]
    {
        let mut rig = rig(scope);
        rig.up(Lane(1), &call("1", "get", "{}"));
        rig.gate.open(Lane(1), caller("a", Some(5)));
        rig.down(Lane(1), &result("1", "secret"));
        assert!(why(&rig.outputs()).contains(why_not), "{scope}");
        assert!(rig.served(Lane(2), "2", "get", "{}").is_none());
    }
}

#[test]
fn over_stdio_one_who_logs_in_keeps_the_session_and_none_of_the_answers() {
    let mut rig = Rig::new(&rule("cache = { ttl = \"1m\" }"));
    let somebody = |credentials| Caller { session: "".into(), credentials };
    rig.round(Lane(0), "1", "get", "{}", "nobody's");
    rig.gate.open(Lane(0), somebody(Some(1)));
    assert!(rig.served(Lane(0), "2", "get", "{}").is_none());
    rig.round(Lane(0), "3", "get", "{}", "alice's");
    assert!(rig.served(Lane(0), "4", "get", "{}").unwrap().contains("alice's"), "the tools are still known");
    rig.gate.open(Lane(0), somebody(Some(2)));
    assert!(rig.served(Lane(0), "5", "get", "{}").is_none());
}
