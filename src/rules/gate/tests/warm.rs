//! Calls that are made ahead.

use super::*;

const WARM: &str = "cache = { ttl = \"1m\", warm = [{ tool = \"get\", arguments = { city = \"Rome\" } }, { tool = \"make\" }] }";
const OPEN: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;

fn begin(rig: &mut Rig) -> Vec<Output> {
    let mut all = rig.asks(r#"{"id":0,"method":"initialize","params":{}}"#).1;
    all.extend(rig.says(r#"{"id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}"#).1);
    all
}

#[test]
fn calls_are_made_ahead_once_the_session_is_open_and_not_before() {
    let mut rig = Rig::bare(&rule(WARM));
    assert_eq!(sent(&begin(&mut rig), Direction::ToServer).len(), 0);
    let (verdict, outputs) = rig.asks(OPEN);
    assert_eq!(verdict, Verdict::Pass);
    // What tools say of themselves has to be known first.
    assert_eq!(
        sent(&outputs, Direction::ToServer),
        ["{\"jsonrpc\":\"2.0\",\"id\":\"mcptop-list-1\",\"method\":\"tools/list\",\"params\":{}}\n"]
    );
    let (verdict, outputs) = rig.says(&format!(r#"{{"id":"mcptop-list-1","result":{LIST}}}"#));
    assert_eq!((verdict, outputs[0].outcome), (Verdict::Taken, Outcome::Dropped));
    let warm = sent(&outputs, Direction::ToServer);
    assert_eq!(
        warm,
        [
            "{\"jsonrpc\":\"2.0\",\"id\":\"mcptop-warm-2\",\"method\":\"tools/call\",\"params\":{\"name\":\"get\",\"arguments\":{\"city\":\"Rome\"}}}\n"
        ],
        "a tool that may change something is not called ahead"
    );
    let (verdict, outputs) = rig.says(&result("\"mcptop-warm-2\"", "sun"));
    assert_eq!((verdict, outcomes(&outputs)), (Verdict::Taken, vec![Outcome::Dropped]));
    assert!(rig.served(Lane(0), "1", "get", r#"{"city":"Rome"}"#).unwrap().contains("sun"));
    assert_eq!(sent(&rig.asks(OPEN).1, Direction::ToServer).len(), 0);
}

#[test]
fn an_unsafe_rule_needs_no_list_for_its_calls_ahead() {
    let mut rig = Rig::bare(&rule("cache = { ttl = \"1m\", unsafe = true, warm = [{ tool = \"make\" }] }"));
    begin(&mut rig);
    let warm = sent(&rig.asks(OPEN).1, Direction::ToServer);
    assert!(warm.len() == 1 && warm[0].contains("\"id\":\"mcptop-warm-1\""), "{warm:?}");
}

#[test]
fn in_the_newest_revision_the_first_request_opens_and_ours_say_who_asks() {
    let mut rig = Rig::bare(&rule("cache = { ttl = \"1m\", unsafe = true, warm = [{ tool = \"make\" }] }"));
    let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let (_, outputs) =
        rig.asks(&format!(r#"{{"id":1,"method":"server/discover","params":{{"_meta":{meta}}}}}"#));
    let warm = sent(&outputs, Direction::ToServer);
    assert!(warm.len() == 1 && warm[0].contains(&format!("\"_meta\":{meta}")), "{warm:?}");
    rig.says(&result("\"mcptop-warm-1\"", "x"));
    let call = format!(
        r#"{{"id":2,"method":"tools/call","params":{{"name":"make","arguments":{{}},"_meta":{meta}}}}}"#
    );
    assert_eq!(rig.asks(&call).0, Verdict::Taken);
}

#[test]
fn rules_that_come_late_learn_the_tools_themselves() {
    let mut rig = Rig::bare("");
    assert!(rig.gate.is_idle());
    rig.gate.set(Micros(rig.now), &rules(&rule("cache = { ttl = \"1m\" }")));
    let (verdict, outputs) = rig.asks(&call("1", "get", "{}"));
    assert_eq!(verdict, Verdict::Pass);
    assert!(sent(&outputs, Direction::ToServer)[0].contains("mcptop-list-1"));
    rig.says(&result("1", "x"));
    let (_, outputs) = rig.says(&format!(
        r#"{{"id":"mcptop-list-1","result":{}}}"#,
        LIST.replacen('{', "{\"nextCursor\":\"\\u0061\",", 1)
    ));
    assert!(sent(&outputs, Direction::ToServer)[0].contains(r#""params":{"cursor":"\u0061"}"#));
    rig.says(r#"{"id":"mcptop-list-2","result":{"tools":[]}}"#);
    rig.round(Lane(0), "2", "get", "{}", "x");
    assert!(rig.served(Lane(0), "3", "get", "{}").is_some());
}
