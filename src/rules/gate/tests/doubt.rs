//! Nobody gets by a guard by writing a call in an odd way.

use super::*;

const ONE: Lane = Lane(0);

/// Calls of `make` to at least one reader, none of which is written in the usual way.
const ODD: [&str; 9] = [
    r#"{"id":1,"method":"tools/call","params":{"n\u0061me":"make"}}"#,
    r#"{"id":1,"m\u0065thod":"tools\/call","params":{"name":"m\u0061ke"}}"#,
    r#"{"id":1,"method":"ping","params":{"name":"make"},"method":"tools/call"}"#,
    r#"{"id":1,"method":"tools/call","params":{"name":"make"},"method":"ping"}"#,
    r#"{"id":1,"method":"tools/call","params":{"name":"get","name":"make"}}"#,
    r#"{"id":1,"method":"tools/call","params":{"name":"make","name":"get"}}"#,
    r#"{"id":1,"method":"tools/call","params":{"name":"get"},"params":{"name":"make"}}"#,
    r#"{"id":1,"method":"tools/call","Params":{"Name":"make"}}"#,
    r#"{"id":1,"method":"tools/call","params":{"name":"make","arguments":{"x":NaN}}}"#,
];

#[test]
fn a_hidden_tool_is_not_called_however_the_call_is_written() {
    for hide in ["tools = { hide = [\"make\"] }", "match = { tool = \"ma*\" }\ntools = { hide = [\"make\"] }"]
    {
        for text in ODD {
            let mut rig = Rig::new(&rule(hide));
            let (verdict, outputs) = rig.asks(text);
            assert_eq!(verdict, Verdict::Taken, "{text}");
            assert_eq!(sent(&outputs, Direction::ToServer), [""; 0], "{text}");
            let answer = &sent(&outputs, Direction::ToClient)[0];
            assert!(answer.contains("\"id\":1") && answer.contains("\"error\""), "{text} {answer}");
            assert_eq!(marks(&outputs)[0].by, "tools");
        }
    }
}

#[test]
fn a_guard_sees_every_call_however_it_is_written() {
    for text in ODD {
        let mut rig = Rig::new(&rule("match = { tool = \"make\" }\nconcurrency = 1"));
        rig.asks(&call("0", "make", "{}"));
        let (verdict, outputs) = rig.asks(text);
        assert_eq!(verdict, Verdict::Taken, "{text}");
        assert_eq!(sent(&outputs, Direction::ToServer), [""; 0], "{text}");
    }
}

#[test]
fn what_some_servers_take_for_two_lines_is_read_as_two() {
    let mut rig = Rig::new(&rule("tools = { hide = [\"make\"] }"));
    let two = format!("{{\"id\":7,\"method\":\"ping\"}}\r{}", call("8", "make", "{}"));
    let (verdict, outputs) = rig.asks(&two);
    assert_eq!((verdict, sent(&outputs, Direction::ToServer).len()), (Verdict::Taken, 0));
    assert_eq!(rig.asks("{\"id\":7,\r\"method\":\"ping\"}\r").0, Verdict::Pass);
}

#[test]
fn bytes_that_are_no_text_do_not_hide_a_call() {
    let mut rig = Rig::new(&rule("tools = { hide = [\"make\"] }"));
    let frame = b"{\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"make\",\"x\":\"\xff\"}}\n";
    assert_eq!(rig.gate.frame(Micros(rig.now), ONE, Direction::ToServer, frame), Verdict::Taken);
    assert!(sent(&rig.outputs(), Direction::ToClient)[0].contains("-32700"));
}

#[test]
fn a_call_in_a_batch_is_read_in_every_way_too() {
    let mut rig = Rig::new(&rule("match = { tool = \"make\" }\ntools = { hide = [\"make\"] }"));
    let (verdict, outputs) = rig.asks(&format!("[{}, {}]", ODD[5], call("2", "get", "{}")));
    assert_eq!(verdict, Verdict::Taken);
    assert!(sent(&outputs, Direction::ToClient)[0].contains("-32600"));
    assert_eq!(sent(&outputs, Direction::ToServer), [format!("{}\n", call("2", "get", "{}"))]);
}

#[test]
fn what_no_guard_is_about_passes_however_it_is_written() {
    let other = rule("match = { tool = \"find\" }\nconcurrency = 1");
    let watching = rule("mode = \"observe\"\ntools = { hide = [\"make\"] }\nrate = { per_hour = 1 }");
    for text in ODD {
        assert_eq!(Rig::new(&other).asks(text), (Verdict::Pass, vec![]), "{text}");
        assert_eq!(Rig::new(&watching).asks(text).0, Verdict::Pass, "{text}");
        assert_eq!(Rig::new(&rule("empty = \"drop\"")).asks(text).0, Verdict::Pass, "{text}");
    }
    let mut rig = Rig::new(&rule("tools = { hide = [\"make\"] }"));
    for text in ["{\"id\":1,\"id\":2,\"method\":\"ping\"}", "no JSON", "{\"a\":1,\"a\":2}", "{\"id\":NaN}"] {
        assert_eq!(rig.asks(text), (Verdict::Pass, vec![]), "{text}");
    }
}

#[test]
fn a_notification_that_may_be_a_call_goes_nowhere() {
    let mut rig = Rig::new(&rule("tools = { hide = [\"make\"] }"));
    let (verdict, outputs) =
        rig.asks(r#"{"method":"tools/call","params":{"name":"make"},"params":{"name":"get"}}"#);
    assert_eq!((verdict, outcomes(&outputs)), (Verdict::Taken, vec![Outcome::Dropped]));
}
