//! A call sent again from the viewer: what is written, what is shown before anything runs, and what comes back from a server.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use mcptop::insight::resend::{Answered, Comparison, asked};
use mcptop::model::{Outcome, State};
use mcptop::tokens::Count;
use mcptop::ui::resend::{End, Errand, Report};
use mcptop::ui::theme::{Depth, Glyphs};
use mcptop::ui::update::{Effect, Input};

use crate::screens::{FULL, Stage, Terminal, small};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

fn ctrl(stage: &mut Stage, c: char) -> Vec<Effect> {
    let effects = stage.input(Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)));
    stage.draw(80, 24);
    effects
}

/// The first read of the small session, about to be sent again.
fn writing(terminal: &Terminal) -> Stage {
    let mut stage = Stage::of(terminal, &[&small("notes")]);
    stage.app.state.here = Some("/work/notes".into());
    stage.keys("2gjjR");
    stage
}

/// The same with another path.
fn changed(terminal: &Terminal) -> Stage {
    let mut stage = writing(terminal);
    stage.input(Input::Key(KeyEvent::from(KeyCode::Down)));
    stage.input(Input::Key(KeyEvent::from(KeyCode::End)));
    stage.keys("<backspace>2\"");
    stage
}

fn sent(stage: &mut Stage) -> Arc<Errand> {
    ctrl(stage, 's');
    let effects = stage.keys("<enter>");
    let [Effect::Send(errand)] = &effects[..] else { panic!("{effects:?}") };
    errand.clone()
}

fn answered(took_us: u64, tokens: u64) -> Answered {
    Answered {
        state: State::Done(Outcome::Ok),
        took_us: Some(took_us),
        is_cold: false,
        is_by_rule: false,
        bytes: Some(tokens * 4),
        wire: Some(Count::exact(tokens)),
        model: Some(Count::exact(tokens / 2)),
    }
}

fn report(errand: &Errand) -> Report {
    let text = |text: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":2,"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#)
    };
    let (then, now) = (text("one\\ntwo"), text("one\\nthree"));
    Report {
        end: End::Answered,
        then: answered(80_000, 34),
        now: Some(answered(120_000, 68)),
        asked: asked(&errand.parts[0], &errand.parts[1]),
        answered: Comparison::of(Some(&then), Some(&now)),
        answer: Some(now),
        said: String::new(),
        recording: Some("/recordings/notes-resend.mcp.jsonl".into()),
    }
}

#[test]
fn arguments_are_written_in_and_measured_at_every_key() {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("writing_{width}x{height}"), writing(&FULL).screen(width, height));
        let mut stage = changed(&FULL);
        stage.input(Input::Paste(",\n\"n\": 1".to_owned()));
        assert!(stage.screen(width, height).contains("It fits the schema"));
        // Neither JSON any more, nor sent.
        stage.keys(",");
        insta::assert_snapshot!(format!("no_json_{width}x{height}"), stage.screen(width, height));
        ctrl(&mut stage, 's');
        assert!(stage.screen(width, height).contains("trailing comma"));
    }
    let mut stage = writing(&FULL);
    stage.input(Input::Key(KeyEvent::from(KeyCode::Down)));
    for _ in 0..9 {
        stage.input(Input::Key(KeyEvent::from(KeyCode::Right)));
    }
    ctrl(&mut stage, 'k');
    stage.keys(" 7");
    let screen = stage.screen(120, 40);
    assert!(screen.contains("$.path (line 2): this is not of type \"string\""), "{screen}");
}

#[test]
fn nothing_runs_before_it_was_shown_and_the_text_is_kept() {
    for (width, height) in SIZES {
        let mut stage = changed(&FULL);
        assert!(ctrl(&mut stage, 's').is_empty());
        insta::assert_snapshot!(format!("asking_{width}x{height}"), stage.screen(width, height));
        assert!(stage.keys("<esc>").is_empty());
        assert!(stage.screen(width, height).contains("/work/notes.md2"));
    }
    let mut stage = changed(&FULL);
    ctrl(&mut stage, 's');
    stage.keys("f/other<enter>");
    let screen = stage.screen(120, 40);
    assert!(screen.contains("/work/notes/other"), "{screen}");
    let errand = sent(&mut stage);
    assert_eq!(errand.folder.as_deref().unwrap().to_str(), Some("/work/notes/other"));
    assert!(errand.request.contains(r#""name":"read""#) && errand.request.contains("/work/notes.md2"));
}

#[test]
fn what_was_changed_is_not_lost_by_one_key() {
    let mut stage = changed(&FULL);
    stage.keys("<esc>");
    assert!(stage.screen(80, 24).contains("y leave it"));
    stage.keys("n");
    assert!(stage.screen(80, 24).contains("Send read again"));
    stage.keys("<esc>y");
    assert!(!stage.screen(80, 24).contains("Send read again"));
}

#[test]
fn then_and_now_stand_side_by_side() {
    for (width, height) in SIZES {
        let mut stage = changed(&FULL);
        let errand = sent(&mut stage);
        assert!(stage.screen(width, height).contains("The call is under way"));
        let back = Box::new(report(&errand));
        stage.input(Input::Returned(errand, back));
        insta::assert_snapshot!(format!("report_{width}x{height}"), stage.screen(width, height));
        let copied = stage.keys("y");
        assert!(matches!(&copied[..], [Effect::Copy(text)] if text.contains("three")), "{copied:?}");
        let opened = stage.keys("o");
        assert!(matches!(&opened[..], [Effect::Open(path)] if path.ends_with("notes-resend.mcp.jsonl")));
    }
}

#[test]
fn a_call_under_way_can_be_taken_back_and_the_text_is_still_there() {
    let mut stage = changed(&FULL);
    let errand = sent(&mut stage);
    assert!(!errand.is_given_up());
    assert!(stage.app.next_change(stage.now()).is_some(), "its time goes on");
    stage.keys("<esc>");
    assert!(errand.is_given_up());
    assert!(stage.screen(80, 24).contains("is taken back"));
    let back =
        Report { end: End::GivenUp, now: None, answer: None, answered: Comparison::None, ..report(&errand) };
    stage.input(Input::Returned(errand, Box::new(back)));
    assert!(stage.screen(80, 24).contains("The call was taken back"));
    stage.keys("e");
    assert!(stage.screen(80, 24).contains("/work/notes.md2"));
}

#[test]
fn the_session_of_a_call_sent_again_is_not_opened_by_itself_and_a_call_nobody_waited_for_is_told() {
    let mut stage = changed(&FULL);
    let errand = sent(&mut stage);
    let recording = std::path::PathBuf::from("/recordings/notes-resend.mcp.jsonl");
    stage.app.state.errands.push(recording.clone());
    assert!(stage.input(Input::Appeared(recording)).is_empty());
    let other = stage.input(Input::Appeared("/recordings/other.mcp.jsonl".into()));
    assert!(matches!(&other[..], [Effect::Open(_)]), "{other:?}");
    // Taken back, and not waited for.
    stage.keys("<esc><esc>");
    assert!(!stage.screen(80, 24).contains("Send read again"));
    let back = Box::new(report(&errand));
    stage.input(Input::Returned(errand, back));
    assert!(stage.screen(80, 24).contains("read, sent again, has been answered"));
}

#[test]
fn why_a_server_failed_is_told_in_its_own_words() {
    let mut stage = changed(&FULL);
    let errand = sent(&mut stage);
    let said = "Traceback:\n  \u{1b}[31mModuleNotFoundError\u{1b}[0m: no module named x".to_owned();
    let back = Report {
        end: End::Lost,
        now: None,
        answer: None,
        answered: Comparison::None,
        said,
        ..report(&errand)
    };
    stage.input(Input::Returned(errand, Box::new(back)));
    insta::assert_snapshot!("lost_80x24", stage.screen(80, 24));
}

#[test]
fn a_recording_that_cannot_start_its_server_says_what_is_missing_and_what_to_do() {
    let hidden = small("notes").replace(r#""npx","-y""#, r#""npx","--api-key","[secret]""#);
    let mut stage = Stage::of(&FULL, &[&hidden]);
    stage.keys("2gjjR");
    insta::assert_snapshot!("secret_80x24", stage.screen(80, 24));
    assert!(stage.keys("<esc>").is_empty());
    assert!(!stage.screen(80, 24).contains("keeps no secrets"));
    let imported = small("notes").replace(r#""argv":["npx","-y","@scope/notes"]"#, r#""argv":[]"#);
    let mut stage = Stage::of(&FULL, &[&imported]);
    stage.keys("2gjjR");
    assert!(stage.screen(120, 40).contains("mcptop wrap -- COMMAND"));
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("2gR");
    assert!(stage.screen(120, 40).contains("initialize cannot be sent again"));
}

#[test]
fn it_is_readable_in_ascii_without_colour() {
    let plain = Terminal { theme: "monochrome", depth: Depth::None, glyphs: Glyphs::ASCII };
    let mut stage = changed(&plain);
    assert!(stage.screen(80, 24).is_ascii());
    let errand = sent(&mut stage);
    assert!(stage.screen(80, 24).is_ascii());
    let back = Box::new(report(&errand));
    stage.input(Input::Returned(errand, back));
    let screen = stage.screen(80, 40);
    assert!(screen.is_ascii() && screen.contains("+ three"), "{screen}");
}

#[cfg(unix)]
mod with_a_server {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use serde_json::json;

    use crate::made::{Made, said};
    use crate::terminal::Terminal;

    /// A server that notes what it hears, and answers calls with what it was asked; not those that wait.
    const SERVER: &str = r#"
while read -r line; do
  printf '%s\n' "$line" >> "$0"
  case "$line" in
    *'"initialize"'*) echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}';;
    *'"wait'*) echo 'it waits' >&2;;
    *tools/call*) echo '{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"now"}]}}';;
  esac
done
echo 'its input ended' >> "$0"
"#;

    /// A session with it, in which its tool was called.
    fn record(folder: &Path, heard: &Path, server: &str) -> String {
        let mut made = Made::new("noting");
        let open = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "c", "version": "1" } });
        let opened = json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} }, "serverInfo": { "name": "s", "version": "1" } });
        made.exchange(0, "initialize", &open, 5, &opened);
        let tool = json!({ "name": "note", "inputSchema": { "type": "object", "properties": { "text": { "type": "string" } } } });
        made.exchange(1, "tools/list", &json!({}), 5, &json!({ "tools": [tool] }));
        made.exchange(
            2,
            "tools/call",
            &json!({ "name": "note", "arguments": { "text": "x" } }),
            5,
            &said("then"),
        );
        let path = made.write(folder, "noting");
        let argv = json!(["sh", "-c", server, heard]);
        let text =
            fs::read_to_string(&path).unwrap().replace(r#""argv":["noting"]"#, &format!("\"argv\":{argv}"));
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Every recording below a folder, as text.
    fn recordings(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(recordings(&path));
            } else if path.to_str().unwrap().ends_with("-noting-resend.mcp.jsonl") {
                found.push(fs::read_to_string(path).unwrap());
            }
        }
        found
    }

    #[test]
    fn a_call_is_sent_to_a_fresh_server_and_compared_and_the_session_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let (home, heard) = (folder.path().join("home"), folder.path().join("heard"));
        let recording = record(folder.path(), &heard, SERVER);
        let mut terminal = Terminal::mcptop(&["open", &recording], &home, (120, 40));
        terminal.wait_for(&["note", "noting"]);
        terminal.press("2R");
        terminal.wait_for(&["Send note again", "It fits the schema"]);
        // Down, to the end, and another text.
        terminal.press("\x1b[B\x1b[F\x7fyz\"");
        terminal.wait_for(&["\"xyz\"", "changed"]);
        terminal.press("\x13");
        terminal.wait_for(&["This starts a fresh copy", "not marked as only reading"]);
        assert!(!heard.exists(), "nothing runs before it was shown");
        terminal.press("\r");
        terminal.wait_for(&["The server answered: not the same as then", "+ \"xyz\"", "+ \"now\""]);
        let log = fs::read_to_string(&heard).unwrap();
        let lines: Vec<&str> = log.lines().collect();
        assert_eq!(lines.len(), 4, "{log}");
        assert!(
            lines[0].contains(r#""name":"c""#) && lines[1].contains("notifications/initialized"),
            "{log}"
        );
        assert!(lines[2].contains(r#""name":"note""#) && lines[2].contains("xyz"), "{log}");
        assert_eq!(lines[3], "its input ended");
        let written = recordings(&home);
        assert!(written.len() == 1 && written[0].contains(r#""label":"noting-resend""#), "{written:?}");
        terminal.press("o");
        terminal.wait_for(&["g-resend", "2 sessions"]);
        terminal.press("q");
        assert_eq!(terminal.wait(), 0);
    }

    #[test]
    fn a_call_that_takes_too_long_for_the_user_is_taken_back_and_its_server_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (home, heard) = (folder.path().join("home"), folder.path().join("heard"));
        let recording = record(folder.path(), &heard, SERVER);
        let mut terminal = Terminal::mcptop(&["open", &recording], &home, (80, 24));
        terminal.wait_for(&["note", "noting"]);
        terminal.press("2R");
        terminal.wait_for(&["It fits the schema"]);
        terminal.press("\x1b[B\x1b[F\x7f\x7fwait\"");
        terminal.wait_for(&["\"wait\""]);
        terminal.press("\x13");
        terminal.wait_for(&["This starts a fresh copy"]);
        terminal.press("\r");
        terminal.wait_for(&["The call is under way"]);
        // It has the call before it is taken back.
        let begun = Instant::now();
        while !fs::read_to_string(&heard).is_ok_and(|log| log.contains("\"wait\"")) {
            assert!(begun.elapsed() < Duration::from_mins(1), "the call has not come");
            std::thread::yield_now();
        }
        terminal.press("\x1b");
        terminal.wait_for(&["The call was taken back", "it waits"]);
        let log = fs::read_to_string(&heard).unwrap();
        assert!(log.contains("notifications/cancelled") && log.contains("its input ended"), "{log}");
        terminal.press("qq");
        assert_eq!(terminal.wait(), 0);
    }

    #[test]
    fn a_server_that_opens_no_session_or_does_not_start_gets_no_call() {
        let folder = tempfile::tempdir().unwrap();
        let (home, heard) = (folder.path().join("home"), folder.path().join("heard"));
        let refusing = r#"
read -r line; printf '%s\n' "$line" >> "$0"
echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"too old for me"}}'
while read -r line; do printf '%s\n' "$line" >> "$0"; done
"#;
        let recording = record(folder.path(), &heard, refusing);
        let mut terminal = Terminal::mcptop(&["open", &recording], &home, (80, 24));
        terminal.wait_for(&["note", "noting"]);
        terminal.press("2R");
        terminal.wait_for(&["It fits the schema"]);
        terminal.press("\x13\r");
        terminal.wait_for(&["The server did not open a session: too old for me"]);
        assert_eq!(fs::read_to_string(&heard).unwrap().lines().count(), 1, "it is told nothing further");
        terminal.press("qq");
        assert_eq!(terminal.wait(), 0);
        // Now its command is gone.
        let text = fs::read_to_string(&recording).unwrap().replace(r#"["sh","#, r#"["/no/such/shell","#);
        let gone = folder.path().join("gone.mcp.jsonl");
        fs::write(&gone, text).unwrap();
        let mut terminal = Terminal::mcptop(&["open", gone.to_str().unwrap()], &home, (80, 24));
        terminal.wait_for(&["note", "noting"]);
        terminal.press("2R");
        terminal.wait_for(&["It fits the schema"]);
        terminal.press("\x13\r");
        terminal.wait_for(&["The server cannot be started", "there is no such file"]);
        terminal.press("qq");
        assert_eq!(terminal.wait(), 0);
    }
}
