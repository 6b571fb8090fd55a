//! A rule made by pointing, in two terminals: seen, confirmed, in force for the next call, counted, and taken off again.

use std::process::Command;

use crate::rig::Rig;
use crate::terminal::Terminal;

/// A server in a few lines of shell whose one tool answers with a large record.
const CUSTOMERS: &str = r#"
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case $line in
    *'"initialize"'*) printf '%s\n' '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true}},"serverInfo":{"name":"customers","version":"1"}}}' ;;
    *'"tools/list"'*) printf '%s\n' '{"jsonrpc":"2.0","id":'$id',"result":{"tools":[{"name":"get_customer","description":"Reads a customer. Takes its time.","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}},{"name":"delete_customer","description":"Deletes a customer.","inputSchema":{"type":"object"}}]}}' ;;
    *'"tools/call"'*) printf '%s\n' '{"jsonrpc":"2.0","id":'$id',"result":{"content":[{"type":"text","text":"{\"name\":\"Ada Lovelace\",\"plan\":\"analytical\",\"metadata\":{\"created\":\"1815-12-10T00:00:00Z\",\"updated\":\"1852-11-27T00:00:00Z\",\"etag\":\"6f1ed002ab5595859014ebf0951522d9\",\"source\":\"https://example.org/customers/1\"}}"}]}}' ;;
  esac
done"#;

fn wrapped(home: &tempfile::TempDir) -> Rig {
    wrapped_around(CUSTOMERS, home)
}

fn wrapped_around(server: &str, home: &tempfile::TempDir) -> Rig {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--label", "crm", "--", "sh", "-c", server]);
    let mut rig = Rig::start_below(command, home.path());
    rig.send(b"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}\n");
    assert!(rig.receive_line().contains("serverInfo"));
    rig.send(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
    rig
}

fn ask(rig: &mut Rig, id: u32, method: &str, params: &str) -> String {
    let line = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":{params}}}\n");
    rig.send(line.as_bytes());
    loop {
        // What a changed tool list is announced with may come before the answer.
        let answer = rig.receive_line();
        if answer.contains(&format!("\"id\":{id}")) {
            return answer;
        }
    }
}

fn call(rig: &mut Rig, id: u32) -> String {
    ask(rig, id, "tools/call", "{\"name\":\"get_customer\",\"arguments\":{\"customer\":1}}")
}

#[test]
fn a_field_dropped_in_the_tree_is_gone_from_the_next_call_and_back_when_the_rule_is_off() {
    let home = tempfile::tempdir().unwrap();
    let mut rig = wrapped(&home);
    ask(&mut rig, 1, "tools/list", "{}");
    let whole = call(&mut rig, 2);
    assert!(whole.contains("metadata") && whole.contains("Ada Lovelace"));

    let mut viewer = Terminal::mcptop(&[], home.path(), (120, 40));
    viewer.wait_for(&["crm", "LIVE", "get_customer"]);
    viewer.press("2");
    viewer.wait_for(&["waited", "get_customer"]);
    viewer.press("G\r");
    viewer.wait_for(&["string of JSON", "metadata: {4}"]);
    // Below the root: jsonrpc, id, result, content, its item, type, text, name, plan, metadata.
    viewer.press("jjjjjjjjjjd");
    let question =
        viewer.wait_for(&["Drop this field: get_customer", "$.metadata", "this result", "tokens  −"]);
    assert!(question.contains("Holds at once"), "{question}");
    viewer.press("\r");
    viewer.wait_for(&["trim get_customer: $.metadata goes"]);

    let trimmed = call(&mut rig, 3);
    assert_eq!(
        trimmed,
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"name\\\":\\\"Ada Lovelace\\\",\\\"plan\\\":\\\"analytical\\\"}\"}]}}\n"
    );
    viewer.press("\x1b1");
    viewer.wait_for(&["saved", "tok", "get_customer"]);
    viewer.press("4");
    viewer.wait_for(&["trim get_customer", "in force"]);

    viewer.press(" ");
    viewer.wait_for(&["trim get_customer: observe"]);
    viewer.press(" ");
    viewer.wait_for(&["trim get_customer: off"]);
    assert_eq!(call(&mut rig, 4), whole.replace("\"id\":2", "\"id\":4"));
    viewer.press("u");
    viewer.wait_for(&["Taken back: trim get_customer: off"]);
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
}

#[test]
fn a_tool_hidden_in_the_list_of_definitions_is_neither_listed_nor_called() {
    let home = tempfile::tempdir().unwrap();
    let mut rig = wrapped(&home);
    assert!(ask(&mut rig, 1, "tools/list", "{}").contains("delete_customer"));
    let mut viewer = Terminal::mcptop(&[], home.path(), (120, 40));
    viewer.wait_for(&["crm", "LIVE"]);
    viewer.press("3");
    viewer.wait_for(&["get_customer", "delete_customer"]);
    // The cheaper of the two stands below.
    viewer.press("Gd");
    viewer.wait_for(&["Hide from the model: delete_customer", "definitions", "tokens  −"]);
    viewer.press("\r");
    viewer.wait_for(&["hide delete_customer: \"delete_customer\" hidden"]);
    let listed = ask(&mut rig, 2, "tools/list", "{}");
    assert!(listed.contains("get_customer") && !listed.contains("delete_customer"), "{listed}");
    let refused = ask(&mut rig, 3, "tools/call", "{\"name\":\"delete_customer\",\"arguments\":{}}");
    assert!(refused.contains("-32602") && refused.contains("Unknown tool"), "{refused}");
    viewer.wait_for(&["delete_customer hidden"]);
    viewer.press("u");
    viewer.wait_for(&["Taken back"]);
    assert!(ask(&mut rig, 4, "tools/list", "{}").contains("delete_customer"));
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
}

#[test]
fn a_rule_that_is_kept_stands_in_the_file_and_is_in_force_in_the_next_session() {
    let home = tempfile::tempdir().unwrap();
    let mut rig = wrapped(&home);
    ask(&mut rig, 1, "tools/list", "{}");
    call(&mut rig, 2);
    let mut viewer = Terminal::mcptop(&[], home.path(), (120, 40));
    viewer.wait_for(&["crm", "LIVE", "get_customer"]);
    viewer.press("2");
    viewer.wait_for(&["waited", "get_customer"]);
    viewer.press("Gc");
    viewer.wait_for(&["Cache this tool: get_customer", "keep for 5m", "ttl = \"5m\""]);
    viewer.press("\x0f");
    // The question names the rule too: what is waited for is the proxy's word, after it.
    viewer.wait_until("the rule in force", |screen| {
        screen.contains("cache get_customer") && !screen.contains("Cache this tool")
    });
    rig.close_stdin();
    assert!(rig.wait().success());
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);

    let mut next = wrapped(&home);
    let listed = ask(&mut next, 1, "tools/list", "{}");
    assert!(listed.contains("get_customer"));
    call(&mut next, 2);
    call(&mut next, 3);
    next.close_stdin();
    assert!(next.wait().success());
    let recordings = crate::rig::recordings_below(&home.path().join("recordings"));
    let answered = recordings.iter().flat_map(|path| crate::rig::read_all(path).1).filter(|event| {
        matches!(&event.fact, mcptop::trace::Fact::Ruled(ruling) if ruling.outcome == mcptop::trace::Outcome::Answered)
    });
    assert_eq!(answered.count(), 1);
}

#[test]
fn advice_on_a_running_session_is_in_force_for_its_next_call() {
    let home = tempfile::tempdir().unwrap();
    // One that indents what it says, and never says the same.
    let indenting = CUSTOMERS.replace("\\\",\\\"", "\\\",\\n    \\\"");
    let indenting = indenting.replace("6f1ed002ab5595859014ebf0951522d9", "tag-'$id'");
    let mut rig = wrapped_around(&indenting, &home);
    ask(&mut rig, 1, "tools/list", "{}");
    let whole = call(&mut rig, 2);
    assert!(whole.contains("\\n    "), "{whole}");
    for id in 3..15 {
        call(&mut rig, id);
    }
    let mut viewer = Terminal::mcptop(&[], home.path(), (120, 40));
    viewer.wait_for(&["crm", "LIVE", "get_customer"]);
    viewer.press("a");
    viewer.wait_for(&["Advice on crm", "Take the blanks out of the JSON", "saves", "risk"]);
    // What never varies is worth more, and may be needed: it stands first, and only observes unless it is switched on.
    viewer.wait_for(&["mode = \"observe\"", "space lets it observe first"]);
    viewer.press("j");
    viewer.wait_for(&["shape = \"compact\"", "enter switches it on"]);
    viewer.press("\r");
    viewer.wait_for(&["take blanks out of get_customer: on", "On in this session"]);
    let said =
        |id: u32| whole.replace("\"id\":2", &format!("\"id\":{id}")).replace("tag-2", &format!("tag-{id}"));
    assert_eq!(call(&mut rig, 15), said(15).replace("\\n    ", ""));
    viewer.wait_for(&["since: r looks again"]);
    viewer.press("u");
    viewer.wait_for(&["Taken back: crm: take blanks out of get_customer: on", "Not in force"]);
    assert_eq!(call(&mut rig, 16), said(16));
    viewer.press("\x1b");
    viewer.wait_until("the board closed", |screen| !screen.contains("Advice on crm"));
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
}
