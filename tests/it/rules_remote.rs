//! `mcptop wrap --rules URL`: rules on a conversation that is lines on one side and HTTP on the other.

use std::fs;
use std::process::Command;

use mcptop::trace::{Fact, Outcome};

use crate::rig::Rig;
use crate::serve_rules::played::{How, Played};

const RULES: &str = r#"
[[rule]]
name = "lean"
match = { tool = "get" }
trim = { drop = ["$.b"] }

[[rule]]
name = "few"
tools = { hide = ["delete_*"] }

[[rule]]
name = "kept"
match = { tool = "get" }
cache = { ttl = "5m", warm = [{ tool = "get", arguments = { of = "ahead" } }] }

[[rule]]
name = "soon"
match = { tool = "hold" }
timeout = "100ms"
"#;

fn wrapped(how: How) -> (Played, Rig) {
    let (played, url) = Played::start(how);
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("these.toml");
    fs::write(&rules, RULES).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--label", "s", "--rules"]).arg(&rules).arg(&url);
    let mut rig = Rig::start(command, folder);
    ask(
        &mut rig,
        0,
        "initialize",
        r#"{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}"#,
    );
    rig.send(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
    (played, rig)
}

/// The answer to a request, without its beginning up to the id.
fn ask(rig: &mut Rig, id: u32, method: &str, params: &str) -> String {
    let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{params}}}\n");
    rig.send(line.as_bytes());
    let answer = rig.receive_line();
    let rest = answer.trim_end().strip_prefix(&format!(r#"{{"jsonrpc":"2.0","id":{id},"#));
    rest.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn call(rig: &mut Rig, id: u32, tool: &str, of: &str) -> String {
    ask(rig, id, "tools/call", &format!(r#"{{"name":"{tool}","arguments":{{"of":"{of}"}}}}"#))
}

#[test]
fn every_rule_acts_on_a_remote_server_as_on_a_local_one() {
    for how in [How::Message, How::Events] {
        let (played, mut rig) = wrapped(how);
        // The call made ahead is answered to the gate, and to nobody else.
        played.until(|seen| seen.calls == ["get"]);
        let list = ask(&mut rig, 1, "tools/list", "{}");
        assert!(list.contains(r#""name":"get""#) && !list.contains("delete_all"), "{how:?}: {list}");
        let refused = call(&mut rig, 2, "delete_all", "x");
        assert!(refused.contains("Unknown tool: delete_all"), "{refused}");
        let first = call(&mut rig, 3, "get", "x");
        assert!(first.contains(r#"\"a\":1"#) && !first.contains(r#"\"b\""#), "{how:?}: {first}");
        assert_eq!(call(&mut rig, 4, "get", "x"), first, "{how:?}");
        let ahead = call(&mut rig, 5, "get", "ahead");
        assert!(ahead.contains(r#"\"n\":1}"#) && !ahead.contains(r#"\"b\""#), "{how:?}: {ahead}");
        assert_eq!(played.seen(|seen| seen.calls.clone()), ["get", "get"], "{how:?}");
        let given_up = call(&mut rig, 6, "hold", "x");
        assert!(given_up.contains("soon") && given_up.contains(r#""isError":true"#), "{given_up}");
        played.until(|seen| seen.cancelled.len() == 1);
        rig.close_stdin();
        assert!(rig.wait().success(), "{}", rig.stderr());
        let facts = rig.events().into_iter().map(|event| event.fact);
        let outcomes: Vec<Outcome> = facts
            .filter_map(|fact| if let Fact::Ruled(ruling) = fact { Some(ruling.outcome) } else { None })
            .collect();
        let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
        assert_eq!(count(Outcome::Answered), 4, "{how:?}: {outcomes:?}");
        assert!(count(Outcome::Changed) >= 2, "{how:?}: {outcomes:?}");
    }
}
