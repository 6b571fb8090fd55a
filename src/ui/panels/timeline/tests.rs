//! Recording in, Timeline screen out.

use super::*;
use crate::ui::panels::fixture::{BROWSER, Fate, Fixture, MadeUp, Stage, files, git, made_up};

fn one() -> Stage {
    Stage::new(vec![Fixture::read(&files(), true)])
}

fn two() -> Stage {
    Stage::new(vec![Fixture::read(&files(), true), Fixture::read(&git(), false)])
}

#[test]
fn calls_stand_over_time_at_any_size() {
    let one = one();
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let screen = one.draw(&mut Timeline::default(), width, height);
        insta::assert_snapshot!(format!("timeline_{width}x{height}"), screen);
    }
    insta::assert_snapshot!("timeline_two_120x40", two().draw(&mut Timeline::default(), 120, 40));
}

#[test]
fn zooming_in_on_a_call_shows_its_parts() {
    let stage = two();
    let mut timeline = Timeline::default();
    stage.draw(&mut timeline, 120, 40);
    stage.with(|cx| {
        timeline.act(Action::Last, cx);
        timeline.act(Action::Up, cx);
        timeline.act(Action::Up, cx);
        (0..4).for_each(|_| drop(timeline.act(Action::ZoomIn, cx)));
    });
    insta::assert_snapshot!("timeline_zoomed_120x40", stage.draw(&mut timeline, 120, 40));
    let reply = stage.with(|cx| timeline.act(Action::Open, cx));
    assert!(matches!(reply, Reply::Show(PanelId::Calls, Focus { operation: Some(_), .. })));
}

#[test]
fn everything_is_readable_in_ascii_without_colour() {
    let screen = two().plain().draw(&mut Timeline::default(), 120, 30);
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("timeline_plain_120x30", screen);
}

#[test]
fn a_picture_that_grows_is_the_picture_made_at_once() {
    let mut stage = Stage::new(vec![Fixture::unread(&files()), Fixture::unread(&git())]);
    let mut grown = Timeline::default();
    let lines = stage.fixtures.iter().map(Fixture::lines).max().unwrap_or(0);
    for line in (0..lines).step_by(5) {
        stage.fixtures.iter_mut().for_each(|fixture| fixture.grow(line..line + 5));
        let mut at_once = Timeline::default();
        assert_eq!(stage.draw(&mut grown, 100, 40), stage.draw(&mut at_once, 100, 40), "{line}");
    }
}

#[test]
fn going_through_all_calls_meets_each_once_in_order() {
    let stage = two();
    let mut timeline = Timeline::default();
    stage.draw(&mut timeline, 120, 40);
    let all: usize = stage.fixtures.iter().map(|fixture| fixture.session.operations().len()).sum();
    stage.with(|cx| {
        timeline.act(Action::First, cx);
        let mut seen = vec![timeline.selected];
        while timeline.step(true, cx, |_| true) {
            seen.push(timeline.selected);
        }
        assert_eq!(seen.len(), all);
        while timeline.step(false, cx, |_| true) {
            seen.pop();
            assert_eq!(seen.last(), Some(&timeline.selected));
        }
        assert_eq!(seen.len(), 1);
    });
}

#[test]
fn a_real_session_is_readable_at_any_size() {
    let stage = Stage::new(vec![Fixture::read(BROWSER, false)]);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = stage.draw(&mut Timeline::default(), width, height);
        insta::assert_snapshot!(format!("timeline_browser_{width}x{height}"), screen);
    }
}

#[test]
fn a_lane_that_comes_below_all_others_has_room() {
    let open = MadeUp { tool: 0, fate: Fate::Open, took_us: 0, length: 0, after_us: 1_000 };
    let mut stage = Stage::new(vec![Fixture::unread(&made_up(&[open; 3]))]);
    let mut timeline = Timeline::default();
    for line in 1..stage.fixtures[0].lines() {
        stage.fixtures[0].grow(line..line + 1);
        stage.draw(&mut timeline, 80, 24);
    }
    assert!(stage.draw(&mut timeline, 80, 24).contains("└ same time"));
}

#[test]
fn on_entry_the_newest_call_is_selected_and_can_be_opened() {
    let stage = one();
    let mut timeline = Timeline::default();
    let screen = stage.draw(&mut timeline, 80, 24);
    assert!(screen.contains("edit_file pending"), "{screen}");
    let opened = stage.with(|cx| timeline.act(Action::Open, cx));
    assert!(matches!(opened, Reply::Show(PanelId::Calls, Focus { operation: Some(_), .. })), "{opened:?}");
}

#[test]
fn who_wants_no_call_selected_gets_none() {
    let stage = one();
    let mut timeline = Timeline::default();
    stage.draw(&mut timeline, 80, 24);
    stage.with(|cx| timeline.act(Action::Up, cx));
    stage.with(|cx| timeline.act(Action::Back, cx));
    stage.draw(&mut timeline, 80, 24);
    assert_eq!(timeline.selected, None);
}
