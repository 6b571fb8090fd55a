//! Two calls and two sessions side by side: what is picked, what is compared, and what the screen says of it.

use std::path::PathBuf;

use mcptop::ui::panels::OpenId;
use mcptop::ui::theme::{Depth, Glyphs};
use mcptop::ui::update::{Effect, Input};
use serde_json::json;

use crate::made::{Made, said};
use crate::screens::{FULL, Stage, Terminal, listed, small};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// A session in which two tools are called forty times each, so slowly and with results so long.
fn busy(server: &str, read_us: u64, words: usize) -> String {
    let mut made = Made::new(server);
    for id in 0..80_u64 {
        let (tool, took_us) = if id % 2 == 0 { ("read", read_us) } else { ("search", 20_000) };
        let text = "word ".repeat(if id % 2 == 0 { words } else { 10 });
        let params = json!({ "name": tool, "arguments": { "id": id } });
        made.exchange(id + 10, "tools/call", &params, took_us + id % 7 * 100, &said(&text));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::read_to_string(made.write(folder.path(), server)).unwrap()
}

/// The first read and the search that failed, compared.
fn two_calls(terminal: &Terminal) -> Stage {
    let mut stage = Stage::of(terminal, &[&small("notes")]);
    stage.keys("2gjjMjjjC");
    stage
}

#[test]
fn two_calls_are_compared_at_any_size() {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("calls_{width}x{height}"), two_calls(&FULL).screen(width, height));
    }
}

#[test]
fn a_comparison_is_readable_in_ascii_without_colour() {
    let plain = Terminal { theme: "monochrome", depth: Depth::None, glyphs: Glyphs::ASCII };
    let screen = two_calls(&plain).screen(120, 40);
    assert!(screen.is_ascii() && screen.contains("$.name"), "{screen}");
}

#[test]
fn a_comparison_is_left_where_it_began_and_can_be_copied() {
    let mut stage = two_calls(&FULL);
    let copied = stage.keys("y");
    let Some(Effect::Copy(text)) = copied.first() else { panic!("{copied:?}") };
    assert!(text.contains("$.arguments") || text.contains("$.name"), "{text}");
    assert!(stage.keys("<esc>").is_empty());
    let screen = stage.screen(120, 40);
    assert!(screen.contains("picked: read (id 2)") && !screen.contains("Two calls"), "{screen}");
    // The same key lets the picked call go.
    stage.keys("gjjM");
    assert!(!stage.screen(120, 40).contains("picked: "));
}

#[test]
fn there_is_nothing_to_compare_with_until_something_is_picked() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("2gC");
    assert!(stage.screen(120, 24).contains("M picks a call"));
    stage.keys("MC");
    assert!(stage.screen(120, 24).contains("select another one"));
    stage.keys("6C");
    assert!(stage.screen(120, 24).contains("M picks a session"));
}

#[test]
fn what_is_picked_stays_picked_however_the_list_is_sorted_and_filtered() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("2gjjM");
    let marked = |stage: &mut Stage| {
        let screen = stage.screen(120, 40);
        let marked = screen.lines().filter(|line| line.contains("◆ ") && !line.contains("picked"));
        (marked.map(|line| line.contains("◆ read ")).collect::<Vec<_>>(), screen)
    };
    assert_eq!(marked(&mut stage).0, [true]);
    stage.keys("sS");
    assert_eq!(marked(&mut stage).0, [true]);
    stage.keys("/tool:search<enter>");
    let (rows, screen) = marked(&mut stage);
    assert!(rows.is_empty() && screen.contains("picked: read (id 2)"), "{screen}");
    stage.keys("C");
    let screen = stage.screen(120, 40);
    assert!(screen.contains("call          read  ") && screen.contains("Two calls"), "{screen}");
}

#[test]
fn calls_of_two_sessions_are_compared_and_a_closed_one_is_said() {
    let mut stage = Stage::of(&FULL, &[&small("notes"), &small("files")]);
    stage.keys("2gM");
    stage.keys("GC");
    let screen = stage.screen(120, 40);
    assert!(screen.contains("notes") && screen.contains("files"), "{screen}");
    stage.app.state.opens.truncate(1);
    assert!(stage.screen(120, 40).contains("has been closed"));
}

/// A session and one that is slower and says more.
fn two_sessions() -> Stage {
    let mut stage = Stage::of(&FULL, &[&busy("before", 20_000, 20), &busy("after", 60_000, 90)]);
    stage.keys("6gMjC");
    stage
}

#[test]
fn two_sessions_are_compared_at_any_size() {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("sessions_{width}x{height}"), two_sessions().screen(width, height));
    }
}

#[test]
fn what_differs_beyond_noise_is_said_of_its_tool_alone() {
    let screen = two_sessions().screen(120, 40);
    let lines: Vec<&str> = screen.lines().map(str::trim).collect();
    let of = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!((of("slower:") + of("faster:"), of("heavier:") + of("lighter:")), (1, 1), "{screen}");
}

#[test]
fn a_session_does_not_differ_from_its_own_copy() {
    let mut stage = Stage::of(&FULL, &[&busy("one", 20_000, 20), &busy("one", 20_000, 20)]);
    stage.keys("6gMjC");
    assert!(stage.screen(120, 40).contains("No difference is shown."));
}

#[test]
fn a_recording_that_is_not_open_is_opened_to_be_compared() {
    let mut stage = Stage::empty(&FULL);
    let older = listed("older", "2026-11-20T10:00:00Z", 1_000, false);
    let newer = listed("newer", "2026-11-21T10:00:00Z", 1_000, false);
    let paths: Vec<PathBuf> = [&newer, &older].map(|found| found.path.clone().unwrap()).into();
    stage.input(Input::Found(vec![newer, older]));
    stage.keys("6gMj");
    let effects = stage.keys("C");
    assert_eq!(effects, paths.into_iter().map(Effect::Open).collect::<Vec<_>>());
    assert!(stage.screen(120, 40).contains("is being opened"));
}

/// A viewer in which two recordings are compared, so many of which were open before; and their paths.
fn compared(before: usize) -> (Stage, [PathBuf; 2]) {
    let mut stage = Stage::empty(&FULL);
    let older = listed("older", "2026-11-20T10:00:00Z", 1_000, false);
    let newer = listed("newer", "2026-11-21T10:00:00Z", 1_000, false);
    let paths = [&newer, &older].map(|found| found.path.clone().unwrap());
    stage.input(Input::Found(vec![newer, older]));
    for path in &paths[..before] {
        opened(&mut stage, path);
    }
    let effects = stage.keys("6gMjC");
    assert_eq!(effects.len(), 2 - before);
    (stage, paths)
}

fn opened(stage: &mut Stage, path: &std::path::Path) -> OpenId {
    stage.open(&small(path.file_name().unwrap().to_str().unwrap()), false);
    let open = stage.app.state.opens.last_mut().unwrap();
    path.clone_into(&mut open.path);
    open.id
}

#[test]
fn what_was_opened_to_be_compared_is_closed_when_that_is_left() {
    let (mut stage, paths) = compared(1);
    let borrowed = opened(&mut stage, &paths[1]);
    assert!(stage.screen(120, 40).contains("Definitions"), "both are compared");
    assert_eq!(stage.keys("<esc>"), [Effect::Close(borrowed)], "what was open before stays open");
    assert!(stage.keys("1").is_empty(), "it is closed once");
}

#[test]
fn what_is_opened_too_late_to_be_compared_is_closed_all_the_same() {
    let (mut stage, paths) = compared(0);
    assert!(stage.keys("<esc>").is_empty());
    let late = opened(&mut stage, &paths[0]);
    assert_eq!(stage.input(Input::Fetched), [Effect::Close(late)]);
}

#[test]
fn what_is_compared_and_then_wanted_stays_open() {
    let (mut stage, paths) = compared(1);
    opened(&mut stage, &paths[1]);
    assert!(stage.input(Input::Appeared(paths[1].clone())).is_empty());
    assert!(stage.keys("<esc>").is_empty());
}
