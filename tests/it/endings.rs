//! However a session ends, nothing is left behind, the status is the server's, and the recording opens.

use std::fs;
use std::process::Command;

use mcptop::trace::{Exit, Fact};

use crate::rig::{Lifeline, Rig, signal, within_patience};

/// A chain as `npx → sh → node` makes it, whose leaf ignores the end of its input and SIGTERM. Every process of it
/// holds the lifeline.
const STUBBORN_CHAIN: &str = r#"exec 3>"$0/lifeline"; sh -c 'trap "" TERM HUP INT; echo ready >&3; echo up; while :; do sleep 1000; done'; true"#;

fn stubborn(options: &[&str]) -> (Rig, Lifeline) {
    let folder = tempfile::tempdir().unwrap();
    Lifeline::in_folder(folder.path());
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command
        .arg("wrap")
        .args(options)
        .args(["--grace", "0.2", "--", "sh", "-c", STUBBORN_CHAIN])
        .arg(folder.path());
    let mut rig = Rig::start(command, folder);
    let lifeline = Lifeline::wait_ready(rig.folder.path());
    // Once a word of the server has come through, mcptop stands.
    assert_eq!(rig.receive_line(), "up\n");
    (rig, lifeline)
}

fn ending(rig: &Rig) -> (Exit, String) {
    match rig.events().pop().unwrap().fact {
        Fact::Ended { exit, why } => (exit, why.into_owned()),
        other => panic!("the last event is {other:?}"),
    }
}

#[test]
fn the_status_is_the_servers() {
    for (script, status) in [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)] {
        let mut rig = Rig::shell(script);
        assert_eq!(rig.wait().code(), Some(status), "{script}");
        assert_eq!(ending(&rig).0.status(), status);
    }
}

#[test]
fn a_command_that_does_not_exist_is_one_clear_line_and_status_3() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_mcptop")).args(["wrap", "--", "no-such-server"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaint, "mcptop: cannot start `no-such-server`: there is no such program in PATH\n");
}

#[test]
fn the_end_of_input_reaches_the_server_and_its_last_words_the_client() {
    let mut rig = Rig::shell("cat; echo last words");
    rig.send(b"hello\n");
    assert_eq!(rig.receive_line(), "hello\n");
    rig.close_stdin();
    assert_eq!(rig.receive_rest(), b"last words\n");
    assert!(rig.wait().success());
    assert_eq!(ending(&rig), (Exit::Code(0), "the client closed its side".to_owned()));
}

#[test]
fn a_server_that_waits_for_a_slow_client_is_not_taken_for_silent() {
    // More than the client's pipe holds: when it is written, mcptop holds what the client does not take.
    let script = r#"read -r begin; head -c 70000 /dev/zero; : > "$0/full"; head -c 370000 /dev/zero"#;
    let mut rig = Rig::with(&["--grace", "0"], script);
    rig.let_stdout_hold(65_536);
    rig.send(b"begin\n");
    while !rig.path("full").exists() {
        std::thread::yield_now();
    }
    rig.close_stdin();
    // The end of the input is in the recording once mcptop has seen it, and the grace was none.
    let seen = |rig: &Rig| rig.events().iter().any(|event| matches!(event.fact, Fact::Closed { .. }));
    while !seen(&rig) {
        std::thread::yield_now();
    }
    assert_eq!(rig.receive_rest().len(), 440_000);
    assert_eq!(rig.wait().code(), Some(0));
}

#[test]
fn a_server_that_ignores_the_end_of_its_input_and_sigterm_is_killed_with_all_it_started() {
    let (mut rig, lifeline) = stubborn(&[]);
    rig.close_stdin();
    lifeline.wait_all_gone();
    assert_eq!(rig.wait().code(), Some(143), "the shell at the top obeyed SIGTERM");
    let (exit, why) = ending(&rig);
    assert_eq!(exit, Exit::Signal(15));
    assert!(why.contains("ignored the end of its input"), "{why}");
}

#[test]
fn when_the_client_dies_nothing_is_left() {
    let (mut rig, lifeline) = stubborn(&[]);
    rig.client_dies();
    lifeline.wait_all_gone();
    rig.wait();
    assert!(matches!(ending(&rig).0, Exit::Signal(_)));
}

#[test]
fn when_mcptop_is_killed_nothing_is_left_and_the_recording_opens() {
    let (mut rig, lifeline) = stubborn(&[]);
    rig.signal("KILL");
    lifeline.wait_all_gone();
    rig.wait();
    let reader = mcptop::record::Reader::open(&rig.recording()).unwrap();
    assert_eq!(reader.header().back.display().split(' ').next(), Some("sh"));
}

#[test]
fn when_the_server_is_killed_the_session_ends_and_says_so() {
    let mut rig = Rig::shell("echo $$; cat");
    let pid: u32 = rig.receive_line().trim().parse().unwrap();
    signal(pid, "KILL");
    assert!(rig.receive_rest().is_empty());
    assert_eq!(rig.wait().code(), Some(137));
    assert_eq!(ending(&rig), (Exit::Signal(9), "the server exited by itself".to_owned()));
}

#[test]
fn signals_are_passed_on_to_the_server() {
    for (name, status) in [("TERM", 15), ("INT", 2), ("HUP", 1)] {
        let script =
            format!("trap 'echo got {name}; exit {status}' {name}; echo ready; while :; do sleep 0.01; done");
        let mut rig = Rig::shell(&script);
        assert_eq!(rig.receive_line(), "ready\n");
        rig.signal(name);
        assert_eq!(rig.receive_rest(), format!("got {name}\n").as_bytes());
        assert_eq!(rig.wait().code(), Some(status));
        assert_eq!(ending(&rig).1, format!("SIG{name}"));
    }
}

#[test]
fn a_process_that_left_the_group_and_keeps_the_pipe_does_not_keep_us() {
    let script = "setsid sh -c 'echo $$ > \"$0/escaped\"; echo out; exec sleep 1000' \"$0\" & \
                  while ! [ -s \"$0/escaped\" ]; do :; done; exit 4";
    let mut rig = Rig::shell(script);
    assert_eq!(rig.receive_rest(), b"out\n");
    assert_eq!(rig.wait().code(), Some(4));
    let escaped: u32 = fs::read_to_string(rig.path("escaped")).unwrap().trim().parse().unwrap();
    signal(escaped, "KILL");
}

#[test]
fn a_full_disk_stops_the_recording_with_a_warning_and_never_the_traffic() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    // 8 blocks of 512 bytes: the kernel refuses to let any file grow beyond.
    let limited = "ulimit -f 8; exec \"$@\"";
    command.args(["-c", limited, "sh", env!("CARGO_BIN_EXE_mcptop"), "wrap", "--", "cat"]);
    let mut rig = Rig::start(command, folder);
    let line = format!("{{\"method\":\"{}\"}}\n", "x".repeat(2000));
    while !rig.stderr().contains("recording stops here") {
        rig.send(line.as_bytes());
        assert_eq!(rig.receive_line(), line);
    }
    rig.send(b"still there\n");
    assert_eq!(rig.receive_line(), "still there\n");
    rig.close_stdin();
    assert!(rig.wait().success());
    assert_eq!(rig.stderr().lines().count(), 1, "one warning: {}", rig.stderr());
    mcptop::record::Reader::open(&rig.recording()).unwrap();
}

#[test]
fn a_vanished_recording_folder_stops_the_recording_with_a_warning_and_never_the_traffic() {
    let mut rig = Rig::shell("cat");
    rig.send(b"first\n");
    assert_eq!(rig.receive_line(), "first\n");
    fs::remove_dir_all(rig.path("home/recordings")).unwrap();
    while !rig.stderr().contains("was removed") {
        rig.send(b"more\n");
        assert_eq!(rig.receive_line(), "more\n");
    }
    rig.send(b"still there\n");
    assert_eq!(rig.receive_line(), "still there\n");
    rig.close_stdin();
    assert!(rig.wait().success());
}

#[test]
fn a_folder_that_cannot_be_written_is_a_warning_and_never_the_traffic() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("home"), b"a file, not a folder").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--", "cat"]);
    let mut rig = Rig::start(command, folder);
    rig.send(b"hello\n");
    assert_eq!(rig.receive_line(), "hello\n");
    rig.close_stdin();
    assert!(rig.wait().success());
    assert!(rig.stderr().contains("this session is not recorded"), "{}", rig.stderr());
}

#[test]
fn what_is_no_regular_file_is_not_recorded_to_and_the_traffic_goes_on() {
    let pipe = tempfile::tempdir().unwrap();
    Lifeline::in_folder(pipe.path());
    let pipe = pipe.path().join("lifeline");
    for (path, what) in [("/dev/null", "a device"), (pipe.to_str().unwrap(), "a named pipe")] {
        let mut rig = Rig::with(&["--record", path], "cat");
        rig.send(b"hello\n");
        assert_eq!(rig.receive_line(), "hello\n");
        rig.close_stdin();
        assert!(rig.wait().success());
        let told = rig.stderr();
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains("not recorded") && told.contains(what) && told.contains("--record"), "{told}");
    }
}

#[test]
fn a_recordings_folder_that_is_a_link_is_written_to_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("disk")).unwrap();
    fs::create_dir(folder.path().join("home")).unwrap();
    std::os::unix::fs::symlink("../disk", folder.path().join("home/recordings")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--", "cat"]);
    let mut rig = Rig::start(command, folder);
    rig.close_stdin();
    assert!(rig.wait().success());
    assert_eq!(rig.stderr(), "");
    assert!(rig.recording().exists());
    assert_eq!(mcptop::record::list(&mcptop::record::Folders::below(&rig.path("home"))).len(), 1);
}

/// A server that no longer reads, says nothing, and ignores SIGTERM. It holds the lifeline.
const DEAF: &str =
    r#"exec 3>"$0/lifeline" <&-; trap "" TERM; echo ready >&3; echo up; while :; do sleep 1000; done"#;

/// The same, in front of a client that has noticed: its own writing was refused, as it would be without mcptop.
fn deaf() -> (Rig, Lifeline) {
    let folder = tempfile::tempdir().unwrap();
    Lifeline::in_folder(folder.path());
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--grace", "0.2", "--", "sh", "-c", DEAF]).arg(folder.path());
    let mut rig = Rig::start(command, folder);
    let lifeline = Lifeline::wait_ready(rig.folder.path());
    assert_eq!(rig.receive_line(), "up\n");
    while rig.try_send(b"anybody there?\n").is_ok() {
        std::thread::yield_now();
    }
    (rig, lifeline)
}

#[test]
fn the_death_of_a_client_is_seen_behind_a_silent_server_that_closed_its_input() {
    let (mut rig, lifeline) = deaf();
    rig.client_dies();
    lifeline.wait_all_gone();
    rig.wait();
    assert!(matches!(ending(&rig).0, Exit::Signal(_)));
}

#[test]
fn a_client_of_a_server_that_closed_its_input_is_still_answered() {
    let script = r#"exec <&-; echo up; while ! [ -e "$0/go" ]; do sleep 0.01; done; echo late; exit 3"#;
    let mut rig = Rig::with(&["--grace", "0"], script);
    assert_eq!(rig.receive_line(), "up\n");
    while rig.try_send(b"anybody there?\n").is_ok() {
        std::thread::yield_now();
    }
    rig.close_stdin();
    fs::write(rig.path("go"), b"").unwrap();
    assert_eq!(rig.receive_rest(), b"late\n");
    assert_eq!(rig.wait().code(), Some(3));
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_was_removed_while_it_runs_is_guarded_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    Lifeline::in_folder(folder.path());
    // Copied by another process, so that no thread here holds it open for writing when it is run.
    let run_removed =
        r#"cp "$1" "$0/gone"; exec 9<"$0/gone"; rm "$0/gone"; shift; exec /proc/self/fd/9 "$@""#;
    let mut command = Command::new("sh");
    command.args(["-c", run_removed]).arg(folder.path()).arg(env!("CARGO_BIN_EXE_mcptop"));
    command.args(["wrap", "--", "sh", "-c", STUBBORN_CHAIN]).arg(folder.path());
    let mut rig = Rig::start(command, folder);
    let lifeline = Lifeline::wait_ready(rig.folder.path());
    assert_eq!(rig.receive_line(), "up\n");
    rig.signal("KILL");
    lifeline.wait_all_gone();
    rig.wait();
}

#[test]
fn an_ephemeral_recording_and_the_registry_entry_go_with_the_session() {
    let mut rig = Rig::with(&["--ephemeral"], "cat");
    rig.send(b"hello\n");
    assert_eq!(rig.receive_line(), "hello\n");
    let folders = mcptop::record::Folders::below(&rig.path("home"));
    let live = mcptop::record::list(&folders);
    assert_eq!(live.len(), 1);
    let recording = live[0].path.clone().unwrap();
    assert!(recording.exists());
    rig.close_stdin();
    assert!(rig.wait().success());
    assert_eq!(
        fs::read_dir(rig.path("home/run")).unwrap().count(),
        0,
        "nothing is left in the runtime folder"
    );
    assert!(!recording.exists());
}

#[test]
fn an_entry_left_by_a_killed_proxy_is_cleaned_up_by_the_next_look() {
    let mut rig = Rig::with(&["--ephemeral"], "cat");
    rig.send(b"hello\n");
    rig.receive_line();
    rig.signal("KILL");
    rig.wait();
    let run = rig.path("home/run");
    assert_eq!(fs::read_dir(&run).unwrap().count(), 3, "entry, socket and recording are left");
    assert!(mcptop::record::list(&mcptop::record::Folders::below(&rig.path("home"))).is_empty());
    assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
}

#[test]
fn orders_are_carried_out_and_answered() {
    use mcptop::control::{Order, Reply, ask};
    let mut rig = Rig::with(&["--label", "echo"], "cat");
    rig.send(b"{\"method\":\"a\"}\n");
    rig.receive_line();
    let live = mcptop::record::live(&mcptop::record::Folders::below(&rig.path("home")));
    let control = live[0].control.clone().unwrap();
    let order = |order| {
        within_patience("an answer", {
            let control = control.clone();
            move || ask(&control, &order).unwrap()
        })
    };
    let Reply::Status(status) = order(Order::Status) else { panic!() };
    assert_eq!((status.label.as_str(), status.bytes_to_server, status.bytes_to_client), ("echo", 15, 15));
    assert_eq!(status.pid, rig.proxy.id());
    // More than are served at once, twice over.
    let silent = [0; 160].map(|_| std::os::unix::net::UnixStream::connect(&control).unwrap());
    assert_eq!(order(Order::Mark { text: "beside silent ones".into() }), Reply::Done);
    drop(silent);
    assert_eq!(order(Order::Mark { text: "look here".into() }), Reply::Done);
    assert_eq!(order(Order::StopRecording), Reply::Done);
    rig.send(b"{\"method\":\"unrecorded\"}\n");
    rig.receive_line();
    rig.close_stdin();
    assert!(rig.wait().success());
    let events = rig.events();
    assert!(events.iter().any(|event| event.fact == Fact::Note { text: "look here".into() }));
    assert!(matches!(events.last().unwrap().fact, Fact::Stopped { .. }));
}
