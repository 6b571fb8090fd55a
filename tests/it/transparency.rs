//! Bytes in, the same bytes out, in both directions; and the recording rebuilds them.

use std::fs;
use std::io::Write as _;

use proptest::prelude::*;

use crate::rig::{Rig, rebuilt, within_patience};
use mcptop::wire::Direction;

/// Sends what it is told to in the chunks it is told to, and keeps what it receives. (A shell gives its background
/// jobs an empty input unless told otherwise.)
const PLAYER: &str =
    r#"exec 3<&0; cat <&3 > "$0/received" & for chunk in "$0"/chunk-*; do cat "$chunk"; done; wait"#;

/// Runs bytes through the real proxy, both ways at once; gives what arrived and what the recording rebuilds.
fn through(to_server: &[Vec<u8>], to_client: &[Vec<u8>]) -> ([Vec<u8>; 2], [Vec<u8>; 2]) {
    through_rules("", to_server, to_client)
}

/// The same with rules.
fn through_rules(rules: &str, to_server: &[Vec<u8>], to_client: &[Vec<u8>]) -> ([Vec<u8>; 2], [Vec<u8>; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.toml");
    fs::write(&file, rules).unwrap();
    for (number, chunk) in to_client.iter().enumerate() {
        fs::write(folder.path().join(format!("chunk-{number:04}")), chunk).unwrap();
    }
    if to_client.is_empty() {
        fs::write(folder.path().join("chunk-0000"), b"").unwrap();
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--rules"]).arg(file).args(["--", "sh", "-c", PLAYER]).arg(folder.path());
    let mut rig = Rig::start(command, folder);
    let mut stdin = rig.take_stdin();
    let chunks = to_server.to_vec();
    let writer = std::thread::spawn(move || {
        for chunk in chunks {
            stdin.write_all(&chunk).unwrap();
        }
    });
    let at_client = rig.receive_rest();
    within_patience("the writer", move || writer.join().unwrap());
    assert!(rig.wait().success(), "{}", rig.stderr());
    let at_server = fs::read(rig.path("received")).unwrap();
    let events = rig.events();
    ([at_server, at_client], Direction::BOTH.map(|direction| rebuilt(&events, direction)))
}

fn chunks() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let byte = prop_oneof![
        4 => any::<u8>(),
        2 => Just(b'\n'),
        1 => Just(b'\r'),
        4 => prop_oneof![Just(b'{'), Just(b'}'), Just(b'"'), Just(b'1')],
    ];
    let line = prop_oneof![
        Just(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n".to_vec()),
        Just("{\"id\":\"\u{1f980}\",\"result\":{\"a\": 1.0}}\r\n".as_bytes().to_vec()),
        Just(b"[{\"id\":1,\"method\":\"a\"},{\"method\":\"b\"}]\n".to_vec()),
    ];
    let bytes = prop_oneof![3 => proptest::collection::vec(byte, 0..200), 1 => line];
    proptest::collection::vec(bytes, 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_in_any_chunks_pass_both_ways_and_the_recording_rebuilds_them(
        to_server in chunks(), to_client in chunks(),
    ) {
        let (arrived, recorded) = through(&to_server, &to_client);
        let sent = [to_server.concat(), to_client.concat()];
        prop_assert_eq!(&arrived, &sent);
        prop_assert_eq!(&recorded, &sent);
    }
}

/// Rules of every kind that are shown every message, and have to do with none of these.
const FOREIGN: &str = r#"
[[rule]]
name = "nobody's"
match = { tool = "no_such_tool" }
empty = "drop"
cache = { ttl = "5m", unsafe = true }
coalesce = true
timeout = "30s"
limit = { bytes = "1KB", over = "truncate" }

[[rule]]
name = "watching"
match = { tool = "*" }
mode = "observe"
shape = "compact"
"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_pass_rules_that_have_nothing_to_do_with_them(
        to_server in chunks(), to_client in chunks(),
    ) {
        // A batch that holds what a rule may be about is taken apart; here there is none.
        let (arrived, recorded) = through_rules(FOREIGN, &to_server, &to_client);
        let sent = [to_server.concat(), to_client.concat()];
        prop_assert_eq!(&arrived, &sent);
        prop_assert_eq!(&recorded, &sent);
    }
}

#[test]
fn a_line_longer_than_rules_are_shown_passes_them() {
    let mut line =
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"".to_vec();
    line.resize(70_000_000, b'x');
    line.extend_from_slice(b"\"}}\nafter\n");
    let (arrived, _) = through_rules(FOREIGN, &[line.clone()], &[line.clone()]);
    assert!(arrived == [line.clone(), line], "the bytes differ");
}

#[test]
fn a_character_split_across_reads_arrives_whole() {
    let text = "{\"id\":1,\"method\":\"\u{1f980}\u{1f980}\"}\n".as_bytes();
    let bytes: Vec<Vec<u8>> = text.iter().map(|byte| vec![*byte]).collect();
    let (arrived, recorded) = through(&bytes, &bytes);
    assert_eq!(arrived, [text, text]);
    assert_eq!(recorded, [text, text]);
}

#[test]
fn a_line_of_a_hundred_megabytes_passes_both_ways() {
    let mut line = vec![b'x'; 100_000_000];
    line.extend_from_slice(b"\nafter\n");
    let (arrived, _) = through(&[line.clone()], &[line.clone()]);
    assert!(arrived == [line.clone(), line], "the bytes differ");
}

#[test]
fn a_frame_kept_in_parts_is_rebuilt_and_read_as_one_message() {
    let mut line = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"text\":\"".to_vec();
    line.resize(line.len() + 20_000_000, b'x');
    line.extend_from_slice(b"\"}}\n");
    let (arrived, recorded) = through(&[], &[line.clone()]);
    assert!(arrived[1] == line, "the bytes differ");
    assert!(recorded[1] == line, "the recording differs");
}

#[test]
fn neither_direction_can_block_the_other() {
    // The server reads nothing until its client has read a megabyte, and the client has sent it one by then.
    let mut rig = Rig::shell(r#"head -c 1000000 /dev/zero; cat > "$0/received""#);
    let mut stdin = rig.take_stdin();
    let writer = std::thread::spawn(move || stdin.write_all(&vec![b'y'; 1_000_000]).unwrap());
    assert_eq!(rig.receive_rest().len(), 1_000_000);
    within_patience("the writer", move || writer.join().unwrap());
    assert!(rig.wait().success());
    assert_eq!(fs::read(rig.path("received")).unwrap().len(), 1_000_000);
}

#[test]
fn the_servers_standard_error_is_passed_on_and_recorded() {
    let mut rig = Rig::shell(r"printf 'one\ntwo\r\nlast' >&2; echo out");
    assert_eq!(rig.receive_rest(), b"out\n");
    assert!(rig.wait().success());
    assert_eq!(rig.stderr(), "one\ntwo\r\nlast");
    let mut recorded = Vec::new();
    for event in rig.events() {
        if let mcptop::trace::Fact::Stderr { payload } = event.fact {
            payload.write_to(&mut recorded);
        }
    }
    assert_eq!(recorded, b"one\ntwo\r\nlast");
}

#[test]
fn files_and_null_devices_serve_as_standard_streams() {
    let folder = tempfile::tempdir().unwrap();
    let [input, output] = ["in", "out"].map(|name| folder.path().join(name));
    fs::write(&input, b"from a file\n").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--no-record", "--", "cat"]).env("MCPTOP_HOME", folder.path());
    command.stdin(fs::File::open(&input).unwrap()).stdout(fs::File::create(&output).unwrap());
    let status = within_patience("mcptop", move || command.status().unwrap());
    assert!(status.success());
    assert_eq!(fs::read(&output).unwrap(), b"from a file\n");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--no-record", "--", "sh", "-c", "cat; exit 5"]).env("MCPTOP_HOME", folder.path());
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    assert_eq!(within_patience("mcptop", move || command.status().unwrap()).code(), Some(5));
}

#[test]
fn socket_pairs_as_node_gives_them_serve_as_standard_streams() {
    use std::os::unix::net::UnixStream;
    let folder = tempfile::tempdir().unwrap();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let (mut answers, their_out) = UnixStream::pair().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--no-record", "--", "cat"]).env("MCPTOP_HOME", folder.path());
    command.stdin(std::os::fd::OwnedFd::from(theirs)).stdout(std::os::fd::OwnedFd::from(their_out));
    let mut proxy = command.spawn().unwrap();
    drop(command);
    ours.write_all(&vec![b'z'; 500_000]).unwrap();
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    let received = within_patience("the echo", move || {
        let mut received = Vec::new();
        std::io::Read::read_to_end(&mut answers, &mut received).unwrap();
        received.len()
    });
    assert_eq!(received, 500_000);
    assert!(within_patience("mcptop", move || proxy.wait().unwrap()).success());
}

/// A client's standard error: what it keeps, and what it hands to mcptop. SDK clients hand on their own.
fn wrapped_with_stderr(script: &str) -> (std::process::Child, [std::os::fd::OwnedFd; 2]) {
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--no-record", "--", "sh", "-c", script]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    command.stderr(writer.try_clone().unwrap());
    (command.spawn().unwrap(), [reader, writer])
}

#[test]
fn the_clients_standard_error_is_never_made_non_blocking() {
    let (mut proxy, [_reader, ours]) = wrapped_with_stderr("echo up; echo up >&2; cat");
    let mut up = [0; 3];
    std::io::Read::read_exact(proxy.stdout.as_mut().unwrap(), &mut up).unwrap();
    let flags = rustix::fs::fcntl_getfl(&ours).unwrap();
    assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK), "the client's own writes would fail: {flags:?}");
    drop(proxy.stdin.take());
    assert!(within_patience("mcptop", move || proxy.wait().unwrap()).success());
}

#[test]
fn a_standard_error_that_nobody_reads_never_holds_up_the_traffic() {
    let script = "head -c 1000000 /dev/zero >&2 & cat; wait";
    let (mut proxy, [reader, ours]) = wrapped_with_stderr(script);
    let line = vec![b'x'; 300_000];
    let mut stdin = proxy.stdin.take().unwrap();
    let mut stdout = proxy.stdout.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&line).unwrap());
    within_patience("the echo", move || {
        std::io::Read::read_exact(&mut stdout, &mut vec![0; 300_000]).unwrap();
    });
    within_patience("the writer", move || writer.join().unwrap());
    drop(ours);
    let errors = within_patience("standard error", move || {
        std::io::copy(&mut std::fs::File::from(reader), &mut std::io::sink()).unwrap()
    });
    assert_eq!(errors, 1_000_000);
    assert!(within_patience("mcptop", move || proxy.wait().unwrap()).success());
}
