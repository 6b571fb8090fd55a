//! Recordings played in the viewer: held, stepped from call to call, taken back, and how that looks.

use std::path::PathBuf;

use mcptop::trace::Micros;
use mcptop::ui::deck::{Goal, Motion};
use mcptop::ui::panels::PanelId;
use mcptop::ui::theme::{Depth, Glyphs};
use mcptop::ui::update::Effect;

use crate::screens::{FULL, Stage, Terminal as Looks, small};
use crate::terminal::Terminal;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// The first lines of the small session: up to the middle of its third call of a tool, where it is held.
fn held(looks: &Looks) -> Stage {
    let whole = small("notes");
    let lines: Vec<&str> = whole.lines().take_while(|line| !line.contains(r#""t":4160000"#)).collect();
    let mut stage = Stage::empty(looks);
    stage.open_so_far(&(lines.join("\n") + "\n"));
    let deck = &stage.app.state.opens[0].shared.deck;
    deck.start(4.0);
    deck.set_until(Some(Micros(9_000_000)));
    deck.seek(Goal::Time(Micros(4_100_000)), true);
    deck.arrived(Goal::Time(Micros(4_100_000)), Micros(4_100_000));
    stage.app.panels.show(PanelId::Calls);
    stage
}

fn motion(stage: &Stage) -> Motion {
    stage.app.state.opens[0].playback().unwrap().motion
}

#[test]
fn a_playback_shows_where_it_is_at_any_size() {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("held_{width}x{height}"), held(&FULL).screen(width, height));
    }
    insta::assert_snapshot!("held_60x15", held(&FULL).screen(60, 15));
}

#[test]
fn a_playback_is_readable_in_ascii_without_colour() {
    let plain = Looks { theme: "monochrome", depth: Depth::None, glyphs: Glyphs::ASCII };
    let screen = held(&plain).screen(120, 40);
    assert!(screen.is_ascii() && screen.contains("held") && screen.contains("00:04.100"), "{screen}");
}

#[test]
fn every_panel_shows_the_session_as_it_was_then() {
    let mut stage = held(&FULL);
    assert!(stage.screen(120, 40).contains("call 5 of 5"));
    for (panel, expected) in
        [("1", "in flight 1"), ("3", "search"), ("5", "00:04"), ("6", "played: 4.1 s after its start")]
    {
        stage.keys(panel);
        let screen = stage.screen(120, 40);
        assert!(screen.contains(expected) && screen.contains("PLAYBACK"), "{screen}");
    }
}

#[test]
fn keys_hold_a_playback_let_it_go_on_and_change_its_pace() {
    let mut stage = held(&FULL);
    let speed = |stage: &Stage| stage.app.state.opens[0].playback().unwrap().speed.to_string();
    assert_eq!(stage.keys("}"), [Effect::Follow]);
    assert_eq!((speed(&stage), motion(&stage)), ("8".into(), Motion::Held));
    stage.keys("P{");
    assert_eq!((speed(&stage), motion(&stage)), ("4".into(), Motion::Plays));
    // The space bar does what it does in any player.
    stage.keys(" ");
    assert_eq!((motion(&stage), stage.app.state.paused), (Motion::Held, None));
    stage.keys("X");
    assert_eq!(stage.app.state.opens[0].playback(), None);
    assert!(stage.screen(120, 24).contains("All of the session is shown again"));
}

#[test]
fn keys_send_the_cursor_to_calls_and_times() {
    let goal = |stage: &Stage| stage.app.state.opens[0].shared.deck.order().unwrap().goal;
    let mut stage = held(&FULL);
    stage.keys("]");
    assert_eq!(goal(&stage), Some(Goal::Calls(6)));
    stage.keys("]");
    assert_eq!(goal(&stage), Some(Goal::Calls(7)), "steps add up");
    let mut stage = held(&FULL);
    stage.keys("[");
    assert_eq!(goal(&stage), Some(Goal::Time(Micros(4_000_000))));
    stage.keys("[");
    assert_eq!(goal(&stage), Some(Goal::Time(Micros(3_000_000))));
    stage.keys("gjjJ");
    assert_eq!(goal(&stage), Some(Goal::Time(Micros(2_000_000))));
    stage.keys("@50%<enter>");
    assert_eq!(goal(&stage), Some(Goal::Time(Micros(4_500_000))));
    stage.keys("@-1s<enter>");
    assert_eq!(goal(&stage), Some(Goal::Time(Micros(3_100_000))));
    stage.keys("@#3<enter>");
    assert_eq!(goal(&stage), Some(Goal::Calls(3)));
}

#[test]
fn a_place_that_is_none_stays_typed_with_what_is_wrong() {
    let mut stage = held(&FULL);
    stage.keys("@");
    assert!(stage.screen(80, 24).contains("1:23.5, 90s"));
    stage.keys("soon<enter>");
    assert!(stage.screen(80, 24).contains("a time is written"));
    stage.keys("<esc>@9h");
    assert!(stage.screen(80, 24).contains("to the end: the recording is over after 00:09.000"));
    stage.keys("<esc>");
    assert_eq!(motion(&stage), Motion::Held);
}

#[test]
fn of_several_sessions_the_one_that_is_played_is_named() {
    let mut stage = held(&FULL);
    let line = |stage: &mut Stage| stage.screen(80, 24).lines().nth(2).unwrap().to_owned();
    assert!(line(&mut stage).starts_with(" held "), "{}", line(&mut stage));
    stage.open(&small("others"), false);
    assert!(line(&mut stage).starts_with(" notes held "), "{}", line(&mut stage));
}

#[test]
fn the_selected_session_is_played_from_any_panel() {
    let path = PathBuf::from("/recordings/notes-0.mcp.jsonl");
    for panel in ["1", "2", "5", "6"] {
        let mut stage = Stage::of(&FULL, &[&small("notes")]);
        stage.keys(&format!("{panel}["));
        assert!(stage.screen(120, 24).contains("Nothing is played"));
        assert_eq!(stage.keys("P"), [Effect::Play(path.clone())]);
    }
    let mut stage = Stage::empty(&FULL);
    assert!(stage.keys("P").is_empty());
    assert!(stage.screen(120, 24).contains("No session is open to be played"));
}

#[test]
fn a_recording_plays_in_a_terminal_from_call_to_call_and_back() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("notes.mcp.jsonl");
    std::fs::write(&file, small("notes")).unwrap();
    let arguments = ["open", file.to_str().unwrap(), "--play", "--speed", "0.1"];
    let mut viewer = Terminal::mcptop(&arguments, home.path(), (120, 40));
    viewer.wait_for(&["PLAYBACK", "playing", "0.1x"]);
    viewer.press("2");
    // To the third call, and over the last one to the end.
    viewer.press("@#3\r");
    viewer.wait_for(&["00:02.", "call 3 of 3"]);
    viewer.press("]]]]]");
    viewer.wait_for(&["call 7 of 7", "at the end"]);
    viewer.press("[");
    viewer.wait_for(&["held", "00:06.500", "call 7 of 7"]);
    viewer.press("[");
    viewer.wait_for(&["held", "00:05.000", "call 6 of 6"]);
    viewer.press("]");
    viewer.wait_for(&["held", "00:06.500", "call 7 of 7"]);
    viewer.press("}}P");
    viewer.wait_for(&["playing", "0.5x"]);
    viewer.press("X");
    viewer.wait_for(&["ended", "call 7 of 7"]);
    viewer.press("q");
    assert_eq!(viewer.wait(), 0);
}
