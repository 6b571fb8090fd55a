//! Recording in, Sessions screen out.

use super::*;
use crate::ui::panels::fixture::{Fixture, Stage, files, git, web};

fn over_http() -> Stage {
    Stage::new(vec![Fixture::read(&web(), true), Fixture::read(&git(), false)])
}

#[test]
fn clients_pool_and_connections_are_shown_at_any_size() {
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let screen = over_http().draw(&mut Sessions::default(), width, height);
        insta::assert_snapshot!(format!("sessions_http_{width}x{height}"), screen);
    }
}

#[test]
fn everything_is_readable_in_ascii_without_colour() {
    let screen = over_http().plain().draw(&mut Sessions::default(), 120, 40);
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("sessions_plain_120x40", screen);
}

#[test]
fn a_session_over_stdio_has_no_clients_to_tell_apart() {
    let stage = Stage::new(vec![Fixture::read(&files(), true)]);
    let screen = stage.draw(&mut Sessions::default(), 120, 40);
    assert!(!screen.contains("clients") && screen.contains("claude-code 2.1.0"), "{screen}");
    insta::assert_snapshot!("sessions_120x40", screen);
}

#[test]
fn the_detail_scrolls_to_what_does_not_fit() {
    let stage = over_http();
    let mut sessions = Sessions::default();
    assert!(!stage.draw(&mut sessions, 80, 24).contains("recorded by"));
    stage.with(|cx| (0..12).for_each(|_| drop(sessions.act(Action::Right, cx))));
    assert!(stage.draw(&mut sessions, 80, 24).contains("recorded by"));
}

#[test]
fn a_recording_opened_from_elsewhere_has_its_size() {
    let stage = Stage::new(vec![Fixture::read(&git(), false)]);
    let row = stage.draw(&mut Sessions::default(), 120, 40).lines().nth(1).unwrap().to_owned();
    assert!(row.contains(" kB "), "{row}");
}

#[test]
fn what_is_known_of_a_session_over_stdio_fills_a_wide_screen() {
    let stage = Stage::new(vec![Fixture::read(&files(), false)]);
    insta::assert_snapshot!("sessions_200x60", stage.draw(&mut Sessions::default(), 200, 60));
}
