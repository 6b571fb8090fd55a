//! `--on-miss ask`: who sits at the terminal decides, while the client talks over pipes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use super::{echo, recorded};
use crate::rig::within_patience;
use crate::terminal::Terminal;

#[test]
fn who_sits_at_the_terminal_decides_about_a_miss() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let [input, output] = ["in", "out"].map(|name| folder.path().join(name));
    assert!(Command::new("mkfifo").args([&input, &output]).status().unwrap().success());
    let script = format!(
        "exec {} replay --on-miss ask {} < {} > {}",
        super::MCPTOP,
        recording.display(),
        input.display(),
        output.display()
    );
    let mut terminal = Terminal::shell(&script, folder.path(), (200, 40));
    // Opening a named pipe waits for its other end.
    let (mut client, answers) = within_patience("the start of the replay", move || {
        (File::options().write(true).open(input).unwrap(), File::open(output).unwrap())
    });
    let mut ask = |id: &str, n: u64| writeln!(client, "{}", echo(id, n, "now")).unwrap();
    ask("known", 2);
    ask("typed", 7);
    terminal.wait_for(&["no recorded answer to tools/call of echo", "n for the nearest recorded answer"]);
    terminal.press("not json\n");
    terminal.wait_for(&["that is no JSON object"]);
    terminal.press("{\"content\":[],\"by\":\"hand\"}\n");
    ask("near", 8);
    terminal.wait_for(&["\"n\":8"]);
    terminal.press("n\n");
    ask("refused", 9);
    terminal.wait_for(&["\"n\":9"]);
    terminal.press("e\n");
    let answers: Vec<String> = within_patience("four answers", move || {
        BufReader::new(answers).lines().take(4).map(Result::unwrap).collect()
    });
    drop(client);
    assert_eq!(terminal.wait(), 0);
    let of = |id: &str| answers.iter().find(|line| line.contains(&format!("\"id\":\"{id}\""))).unwrap();
    assert!(of("known").contains("two") && of("near").contains("first"), "{answers:?}");
    assert!(of("typed").contains(r#""result":{"content":[],"by":"hand"}"#), "{answers:?}");
    assert!(of("refused").contains(r#""code":40400"#), "{answers:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_terminal_a_miss_is_an_error_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recorded(folder.path());
    let mut command = Command::new("setsid");
    command.args(["-w", super::MCPTOP, "replay", "--on-miss", "ask"]).arg(&recording);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", echo("a", 9, "now")).unwrap();
    let output = within_patience("the end of the replay", move || child.wait_with_output().unwrap());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("--on-miss ask: there is no terminal to ask at"), "{told}");
    assert!(String::from_utf8(output.stdout).unwrap().contains(r#""code":40400"#), "{told}");
}
