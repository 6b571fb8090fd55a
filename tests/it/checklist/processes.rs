//! What a proxy can break around a server that is a child: its streams beside the messages, its end and its status.

use mcptop::trace::Fact;

use crate::rig::Rig;

#[test]
fn noise_on_stdout_passes_and_is_recorded_as_such() {
    let noise = "No X display available.\n\n{ not JSON\n\u{FEFF}{}\n";
    let answered = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    // The last line has no end, and one is no UTF-8.
    let all = [noise.as_bytes(), answered.as_bytes(), b"\n\xff\xfe\r\nend"].concat();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("said"), &all).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--", "sh", "-c", r#"cat "$0/said""#]).arg(folder.path());
    let mut rig = Rig::start(command, folder);
    assert_eq!(rig.receive_rest(), all);
    assert!(rig.wait().success());
    let kept = crate::rig::rebuilt(&rig.events(), mcptop::wire::Direction::ToClient);
    assert_eq!(kept, all);
}

#[test]
fn ids_of_both_sides_do_not_collide() {
    // Both peers have a request with the id 1 under way, as a legacy server's question within a call.
    let script = r#"read -r call; echo '{"jsonrpc":"2.0","id":1,"method":"roots/list"}'; read -r roots
        printf '%s\n%s\n' "$call" "$roots" > "$0/heard"; echo '{"jsonrpc":"2.0","id":1,"result":{"content":[]}}'"#;
    let mut rig = Rig::shell(script);
    let [call, roots] = [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#,
    ];
    rig.send(format!("{call}\n").as_bytes());
    assert_eq!(rig.receive_line(), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"roots/list\"}\n");
    rig.send(format!("{roots}\n").as_bytes());
    assert_eq!(rig.receive_rest(), b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}\n");
    assert!(rig.wait().success());
    assert_eq!(std::fs::read_to_string(rig.path("heard")).unwrap(), format!("{call}\n{roots}\n"));
}

#[test]
fn the_end_of_stdin_reaches_the_server_and_what_it_says_then_the_client() {
    let mut rig = Rig::shell(r#"cat; echo '{"jsonrpc":"2.0","method":"notifications/message"}'; exit 3"#);
    rig.send(b"{}\n");
    assert_eq!(rig.receive_line(), "{}\n");
    rig.close_stdin();
    assert_eq!(rig.receive_rest(), b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\n");
    assert_eq!(rig.wait().code(), Some(3));
}

#[test]
fn sigterm_reaches_the_server() {
    let mut rig = Rig::shell("trap 'echo told; exit 9' TERM; echo up; while :; do sleep 0.01; done");
    assert_eq!(rig.receive_line(), "up\n");
    rig.signal("TERM");
    assert_eq!(rig.receive_rest(), b"told\n");
    assert_eq!(rig.wait().code(), Some(9));
}

#[test]
fn a_disconnect_of_the_client_or_the_server_is_propagated() {
    let mut rig = Rig::shell(r#"echo $$; cat > "$0/heard"; echo gone > "$0/gone""#);
    rig.receive_line();
    rig.client_dies();
    assert!(rig.wait().success());
    assert_eq!(std::fs::read_to_string(rig.path("gone")).unwrap(), "gone\n");
    // A server that closes its side and lives on: the client sees that end, and has its own side still open.
    let mut rig = Rig::shell(r#"echo up; exec >&-; cat > "$0/heard""#);
    assert_eq!(rig.receive_line(), "up\n");
    assert!(rig.receive_rest().is_empty());
    rig.send(b"still there\n");
    rig.close_stdin();
    assert!(rig.wait().success());
    assert_eq!(std::fs::read_to_string(rig.path("heard")).unwrap(), "still there\n");
}

#[test]
fn the_exit_code_is_the_servers() {
    for (script, code) in [("exit 0", 0), ("exit 42", 42), ("kill -KILL $$", 137)] {
        assert_eq!(Rig::shell(script).wait().code(), Some(code), "{script}");
    }
}

#[test]
fn stderr_passes_byte_for_byte_apart_from_stdout() {
    let mut rig = Rig::shell(r"printf 'warn \377 \303\251\r\nhalf' >&2; echo out");
    assert_eq!(rig.receive_rest(), b"out\n");
    assert!(rig.wait().success());
    let passed = std::fs::read(rig.path("stderr")).unwrap();
    assert_eq!(passed, b"warn \xff \xc3\xa9\r\nhalf");
    let is_kept = |fact: &Fact<'_>| matches!(fact, Fact::Stderr { .. });
    assert!(rig.events().iter().any(|event| is_kept(&event.fact)));
}
