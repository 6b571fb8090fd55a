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

const THREE: &str =
    "cache = { ttl = \"1m\", unsafe = true, warm = [{ tool = \"a\" }, { tool = \"b\" }, { tool = \"c\" }] }";

fn warmed(outputs: &[Output]) -> usize {
    sent(outputs, Direction::ToServer).iter().filter(|frame| frame.contains("mcptop-warm")).count()
}

#[test]
fn a_hidden_tool_is_not_called_ahead() {
    let hide = "[[rule]]\nname = \"h\"\ntools = { hide = [\"b\"] }\n";
    let mut rig = Rig::bare(&format!("{}{hide}", rule(THREE)));
    begin(&mut rig);
    let outputs = rig.asks(OPEN).1;
    assert_eq!(warmed(&outputs), 2);
    assert!(sent(&outputs, Direction::ToServer).iter().all(|frame| !frame.contains("\"name\":\"b\"")));
}

#[test]
fn calls_ahead_stand_in_line_like_any_others() {
    let mut rig = Rig::bare(&rule(&format!("{THREE}\nconcurrency = 1")));
    begin(&mut rig);
    assert_eq!(warmed(&rig.asks(OPEN).1), 1);
    // A client's call of another tool waits behind them.
    assert_eq!(rig.asks(&call("1", "d", "{}")).0, Verdict::Taken);
    let mut answered = 0;
    for id in ["\"mcptop-warm-1\"", "\"mcptop-warm-2\""] {
        let (verdict, outputs) = rig.says(&result(id, "x"));
        assert_eq!((verdict, sent(&outputs, Direction::ToClient).len()), (Verdict::Taken, 0));
        answered += warmed(&outputs);
    }
    assert_eq!(answered, 2);
    let (_, outputs) = rig.says(&result("\"mcptop-warm-3\"", "x"));
    assert_eq!(sent(&outputs, Direction::ToServer), [format!("{}\n", call("1", "d", "{}"))]);
    assert!(rig.served(Lane(0), "2", "c", "{}").is_some());

    let mut rig = Rig::bare(&rule(&format!("{THREE}\nrate = {{ per_second = 1 }}")));
    begin(&mut rig);
    assert_eq!(warmed(&rig.asks(OPEN).1), 1);
    assert_eq!((warmed(&rig.wait(1_000_000)), warmed(&rig.wait(1_000_000))), (1, 1));

    let mut rig = Rig::bare(&rule(&format!("{THREE}\nrate = {{ per_hour = 1, over = \"error\" }}")));
    begin(&mut rig);
    let outputs = rig.asks(OPEN).1;
    assert_eq!(
        (warmed(&outputs), sent(&outputs, Direction::ToClient).len()),
        (1, 0),
        "nobody is told of the others"
    );
}

#[test]
fn calls_that_a_new_rule_wants_ahead_are_made_with_the_next_request() {
    let mut rig = Rig::bare(&rule(THREE));
    begin(&mut rig);
    assert_eq!(warmed(&rig.asks(OPEN).1), 3);
    for id in 1..=3 {
        rig.says(&result(&format!("\"mcptop-warm-{id}\""), "x"));
    }
    let more =
        "[[rule]]\nname = \"more\"\ncache = { ttl = \"1m\", unsafe = true, warm = [{ tool = \"e\" }] }\n";
    rig.gate.set(Micros(rig.now), &rules(&format!("{}{more}", rule(THREE))));
    let all = sent(&rig.asks(r#"{"id":5,"method":"ping"}"#).1, Direction::ToServer);
    assert!(
        all.len() == 1 && all[0].contains("\"name\":\"e\""),
        "what is kept already is not asked again: {all:?}"
    );
    assert_eq!(warmed(&rig.asks(&call("6", "z", "{}")).1), 0);
}

#[test]
fn what_is_asked_ahead_goes_on_when_the_exchange_in_whose_name_it_is_asked_is_over() {
    let both = "cache = { ttl = \"1m\", warm = [{ tool = \"get\", arguments = { city = \"Rome\" } }, { tool = \"get\", arguments = { city = \"Oslo\" } }] }\nrate = { per_second = 1.0, burst = 1 }";
    let mut rig = Rig::bare(&rule(both));
    begin(&mut rig);
    rig.asks(OPEN);
    assert!(!rig.gate.client_left(Micros(rig.now), Lane(0)), "the list is asked for");
    let first = rig.says(&format!(r#"{{"id":"mcptop-list-1","result":{LIST}}}"#)).1;
    assert_eq!(sent(&first, Direction::ToServer).len(), 1);
    rig.says(&result("\"mcptop-warm-2\"", "sun"));
    assert!(!rig.gate.client_left(Micros(rig.now), Lane(0)), "a second call waits for its turn");
    let second = rig.wait(1_000_000);
    assert!(sent(&second, Direction::ToServer)[0].contains("Oslo"));
    rig.gate.stop_asking(Micros(rig.now), Lane(0), "\"mcptop-warm-3\"");
    assert!(rig.gate.client_left(Micros(rig.now), Lane(0)), "nothing is asked any more");
    assert!(rig.gate.items.is_empty());
}
