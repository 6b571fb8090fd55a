//! Two terminals: a server is wrapped in one, the viewer watches in the other.

use std::path::Path;
use std::process::Command;

use crate::rig::Rig;
use crate::terminal::Terminal;

/// A server in a few lines of shell: answers every request with its id and a text.
const ANSWERING: &str = r#"
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case $line in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"answering","version":"1"}}}' ;;
    *'"tools/call"'*) echo '{"jsonrpc":"2.0","id":'$id',"result":{"content":[{"type":"text","text":"forty-two"}]}}' ;;
  esac
done"#;

pub(crate) fn wrapped(home: &tempfile::TempDir) -> Rig {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--label", "answering", "--", "sh", "-c", ANSWERING]);
    Rig::start_below(command, home.path())
}

pub(crate) fn call(rig: &mut Rig, id: u32, tool: &str) {
    let line = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":\"{tool}\",\"arguments\":{{\"n\":{id}}}}}}}\n"
    );
    rig.send(line.as_bytes());
    assert!(rig.receive_line().contains("forty-two"));
}

pub(crate) fn initialize(rig: &mut Rig) {
    rig.send(b"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}\n");
    assert!(rig.receive_line().contains("serverInfo"));
}

#[test]
fn the_viewer_opens_on_the_one_live_session_and_shows_its_calls_as_they_happen() {
    let home = tempfile::tempdir().unwrap();
    let mut rig = wrapped(&home);
    initialize(&mut rig);
    call(&mut rig, 1, "lookup");
    let mut viewer = Terminal::mcptop(&[], home.path(), (120, 40));
    viewer.wait_for(&["answering", "LIVE", "lookup"]);
    call(&mut rig, 2, "second_tool");
    viewer.wait_for(&["lookup", "second_tool"]);
    viewer.press("2");
    viewer.wait_for(&["waited", "second_tool"]);
    viewer.press("G\r");
    viewer.wait_for(&["second_tool", "forty-two"]);
    rig.close_stdin();
    assert!(rig.wait().success());
    viewer.press("\x1b");
    viewer.press("1");
    viewer.wait_for(&["ended", "lookup"]);
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
}

#[test]
fn a_real_server_wrapped_in_one_terminal_is_watched_in_another() {
    let home = tempfile::tempdir().unwrap();
    let server = crate::peers::install::peers().join("node_modules/.bin/mcp-server-everything");
    let mut wrapped = Terminal::mcptop(&["wrap", "--", server.to_str().unwrap()], home.path(), (160, 40));
    wrapped.wait_for(&["Starting default (STDIO) server"]);
    let mut viewer = Terminal::mcptop(&[], home.path(), (120, 40));
    viewer.wait_for(&["LIVE", "everything"]);
    // Typed by hand, as one tries a server; a terminal echoes it.
    wrapped.press(r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"hand","version":"1"}}}"#);
    wrapped.press("\n");
    wrapped.wait_for(&["serverInfo"]);
    wrapped.press(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    wrapped.press("\n");
    wrapped.press(r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"message":"ahoy"}}}"#);
    wrapped.press("\n");
    wrapped.wait_for(&["Echo: ahoy"]);
    viewer.wait_for(&["echo", "initialize"]);
    // The end of input, as a terminal gives it.
    wrapped.press("\x04");
    assert_eq!(wrapped.wait(), 0);
    viewer.wait_for(&["ended", "echo"]);
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
}

#[test]
fn a_viewer_that_was_there_first_sees_a_session_appear() {
    let home = tempfile::tempdir().unwrap();
    let mut viewer = Terminal::mcptop(&[], home.path(), (100, 30));
    viewer.wait_for(&["claude_desktop_config.json", "mcptop"]);
    let mut rig = wrapped(&home);
    initialize(&mut rig);
    call(&mut rig, 1, "lookup");
    viewer.wait_for(&["answering", "lookup"]);
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
    call(&mut rig, 2, "lookup");
}

#[test]
fn killing_viewers_never_touches_the_traffic() {
    let home = tempfile::tempdir().unwrap();
    let mut rig = wrapped(&home);
    initialize(&mut rig);
    for id in 1..4 {
        call(&mut rig, id, "lookup");
        let mut viewers = [(); 2].map(|()| Terminal::mcptop(&[], home.path(), (80, 24)));
        for viewer in &mut viewers {
            viewer.wait_for(&["lookup"]);
            viewer.kill();
        }
    }
    call(&mut rig, 9, "lookup");
    rig.close_stdin();
    assert!(rig.wait().success());
}

#[test]
fn a_mark_set_in_the_viewer_is_in_the_recording() {
    let home = tempfile::tempdir().unwrap();
    let mut rig = wrapped(&home);
    initialize(&mut rig);
    call(&mut rig, 1, "lookup");
    let mut viewer = Terminal::mcptop(&[], home.path(), (100, 30));
    viewer.wait_for(&["lookup"]);
    viewer.press("m");
    viewer.press("here it was slow\r");
    viewer.wait_for(&["Marked"]);
    rig.close_stdin();
    assert!(rig.wait().success());
    let recordings = crate::rig::recordings_below(&home.path().join("recordings"));
    let (_, events) = crate::rig::read_all(&recordings[0]);
    let noted = mcptop::trace::Fact::Note { text: "here it was slow".into() };
    assert!(events.iter().any(|event| event.fact == noted));
}

#[test]
fn a_recording_opens_the_next_day() {
    let home = tempfile::tempdir().unwrap();
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings/git.mcp.jsonl");
    let mut viewer = Terminal::mcptop(&["open", recording.to_str().unwrap()], home.path(), (120, 40));
    viewer.wait_for(&["ended", "git_log", "git_status"]);
    viewer.press("6");
    viewer.wait_for(&["mcp-server-git"]);
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
}

#[test]
fn the_demo_plays_in_a_terminal_and_sums_up_without_one() {
    let home = tempfile::tempdir().unwrap();
    let mut viewer = Terminal::mcptop(&["demo", "--speed", "100"], home.path(), (120, 40));
    viewer.wait_for(&["filesystem", "read_text_file"]);
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
    let output = Command::new(env!("CARGO_BIN_EXE_mcptop"))
        .arg("demo")
        .env("MCPTOP_HOME", home.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("read_text_file") && table.contains("tok/call"), "{table}");
    assert!(output.stderr.is_empty());
}

/// Whatever else has written onto the screen is gone with ctrl-l.
#[cfg(unix)]
#[test]
fn a_screen_that_another_program_has_spoilt_is_drawn_again() {
    let home = tempfile::tempdir().unwrap();
    let (program, root) = (env!("CARGO_BIN_EXE_mcptop"), env!("CARGO_MANIFEST_DIR"));
    let script = format!(
        "(read line < spoil; printf '\\033[10;5Hspoilt' > /dev/tty) & \"{program}\" open \"{root}/recordings/memory.mcp.jsonl\""
    );
    let spoil = home.path().join("spoil");
    assert!(std::process::Command::new("mkfifo").arg(&spoil).status().unwrap().success());
    let script = script.replace("< spoil", &format!("< '{}'", spoil.display()));
    let mut terminal = Terminal::shell(&script, home.path(), (80, 24));
    terminal.wait_for(&["create_entities"]);
    std::fs::write(&spoil, "now\n").unwrap();
    terminal.wait_for(&["spoilt"]);
    terminal.press("\u{c}");
    terminal.wait_until("a clean screen", |screen| {
        !screen.contains("spoilt") && screen.contains("create_entities")
    });
    terminal.press("q");
    assert_eq!(terminal.wait(), 0);
}

#[cfg(unix)]
#[test]
fn a_suspended_viewer_gives_the_terminal_back_and_takes_it_again() {
    let home = tempfile::tempdir().unwrap();
    let (program, root) = (env!("CARGO_BIN_EXE_mcptop"), env!("CARGO_MANIFEST_DIR"));
    let script = format!(
        "set -m; \"{program}\" open \"{root}/recordings/memory.mcp.jsonl\"; echo the shell has it; read line; fg"
    );
    let mut terminal = Terminal::shell(&script, home.path(), (80, 24));
    terminal.wait_for(&["create_entities"]);
    terminal.press("\u{1a}");
    terminal.wait_for(&["the shell has it"]);
    assert!(!terminal.is_on_other_screen());
    terminal.press("on\n");
    terminal.wait_for(&["1 Top", "create_entities"]);
    assert!(terminal.is_on_other_screen());
    terminal.press("q");
    assert_eq!(terminal.wait(), 0);
}
