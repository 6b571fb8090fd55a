//! Recording in, Calls screen out.

use super::*;
use crate::ui::panels::fixture::{BROWSER, Fixture, Stage, files, git, shop, web};

fn one() -> Stage {
    Stage::new(vec![Fixture::read(&files(), true)])
}

fn two() -> Stage {
    Stage::new(vec![Fixture::read(&files(), true), Fixture::read(&git(), false)])
}

#[test]
fn the_newest_calls_are_listed_at_any_size() {
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        insta::assert_snapshot!(
            format!("calls_{width}x{height}"),
            one().draw(&mut Calls::default(), width, height)
        );
    }
    insta::assert_snapshot!("calls_two_120x40", two().draw(&mut Calls::default(), 120, 40));
}

#[test]
fn a_call_is_shown_in_full_at_any_size() {
    let stage = one();
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let mut calls = Calls::default();
        stage.draw(&mut calls, width, height);
        stage.with(|cx| {
            // The slow search with progress stands before the cancelled call and the open one.
            calls.act(Action::Up, cx);
            calls.act(Action::Up, cx);
            calls.act(Action::Open, cx);
        });
        insta::assert_snapshot!(format!("call_{width}x{height}"), stage.draw(&mut calls, width, height));
    }
}

#[test]
fn everything_is_readable_in_ascii_without_colour() {
    let screen = one().plain().draw(&mut Calls::default(), 160, 30);
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("calls_plain_160x30", screen);
}

#[test]
fn the_filter_leaves_out_what_it_does_not_let_through() {
    let mut stage = two();
    let mut calls = Calls::default();
    stage.draw(&mut calls, 80, 24);
    assert_eq!(calls.index.len(), 111);
    stage.filter("tool:search_files");
    assert!(stage.draw(&mut calls, 80, 24).contains("14 that match, 111 in all"));
    stage.filter("status:error");
    let screen = stage.draw(&mut calls, 80, 24);
    assert_eq!(screen.matches('✗').count(), 2, "{screen}");
    stage.filter("tool:nothing");
    assert!(stage.draw(&mut calls, 80, 24).contains("No call passes the filter"));
    stage.filter("");
    stage.draw(&mut calls, 80, 24);
    assert_eq!(calls.index.len(), 111);
}

/// What a list made at once would show.
fn rows(calls: &Calls) -> Vec<CallId> {
    (0..calls.index.len()).filter_map(|row| calls.index.call(row, calls.sort.order)).collect()
}

#[test]
fn a_list_that_grows_is_the_list_made_at_once() {
    for sort in FIELDS {
        for filter in ["", "status:error or status:pending", "dur:>2ms"] {
            let mut stage = Stage::new(vec![Fixture::unread(&files()), Fixture::unread(&git())]);
            if !filter.is_empty() {
                stage.filter(filter);
            }
            let mut calls = Calls { sort: Sort::by(sort), ..Calls::default() };
            let lines = stage.fixtures.iter().map(Fixture::lines).max().unwrap_or(0);
            for line in (0..lines).step_by(7) {
                stage.fixtures.iter_mut().for_each(|fixture| fixture.grow(line..line + 7));
                stage.draw(&mut calls, 80, 24);
            }
            let mut at_once = Calls { sort: Sort::by(sort), ..Calls::default() };
            stage.draw(&mut at_once, 80, 24);
            assert_eq!(rows(&calls), rows(&at_once), "{sort:?} {filter}");
        }
    }
}

#[test]
fn the_selection_stays_with_its_call_while_others_come() {
    let mut stage = Stage::new(vec![Fixture::unread(&files())]);
    let mut calls = Calls::default();
    stage.fixtures[0].grow(0..100);
    stage.draw(&mut calls, 80, 24);
    stage.with(|cx| calls.act(Action::PageUp, cx));
    stage.draw(&mut calls, 80, 24);
    let (chosen, line) = (calls.selected, calls.scroll.cursor());
    assert!(chosen.is_some() && !calls.follow);
    stage.fixtures[0].grow(100..160);
    stage.draw(&mut calls, 80, 24);
    assert_eq!((calls.selected, calls.scroll.cursor()), (chosen, line));
    calls.sort.choose(Field::Duration);
    stage.draw(&mut calls, 80, 24);
    assert_eq!(calls.index.call(calls.scroll.cursor(), calls.sort.order), chosen);
}

#[test]
fn following_keeps_the_newest_call_selected() {
    let mut stage = Stage::new(vec![Fixture::unread(&files())]);
    let mut calls = Calls::default();
    for line in (0..stage.fixtures[0].lines()).step_by(20) {
        stage.fixtures[0].grow(line..line + 20);
        stage.draw(&mut calls, 80, 24);
        assert_eq!(calls.scroll.cursor() + 1, calls.index.len());
    }
}

#[test]
fn a_failure_is_told_in_its_own_words() {
    let stage = one();
    let mut calls = Calls::default();
    stage.draw(&mut calls, 80, 24);
    stage.with(|cx| {
        calls.act(Action::NextError, cx);
        calls.act(Action::Open, cx);
    });
    insta::assert_snapshot!("call_error_80x24", stage.draw(&mut calls, 80, 24));
    stage.with(|cx| calls.act(Action::Raw, cx));
    insta::assert_snapshot!("call_error_raw_80x24", stage.draw(&mut calls, 80, 24));
}

#[test]
fn a_real_session_is_readable_at_any_size() {
    let stage = Stage::new(vec![Fixture::read(BROWSER, false)]);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut calls = Calls::default();
        insta::assert_snapshot!(
            format!("calls_browser_{width}x{height}"),
            stage.draw(&mut calls, width, height)
        );
        stage.with(|cx| {
            calls.act(Action::First, cx);
            (0..2).for_each(|_| drop(calls.act(Action::Down, cx)));
            calls.act(Action::Open, cx);
        });
        insta::assert_snapshot!(
            format!("call_browser_{width}x{height}"),
            stage.draw(&mut calls, width, height)
        );
    }
}

#[test]
fn calls_over_http_name_their_client_and_split_their_time() {
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let mut calls = Calls::default();
        let stage = Stage::new(vec![Fixture::read(&web(), true)]);
        insta::assert_snapshot!(
            format!("calls_http_{width}x{height}"),
            stage.draw(&mut calls, width, height)
        );
        stage.with(|cx| {
            calls.act(Action::Up, cx);
            calls.act(Action::Open, cx);
        });
        insta::assert_snapshot!(format!("call_http_{width}x{height}"), stage.draw(&mut calls, width, height));
    }
    let mut stage = Stage::new(vec![Fixture::read(&web(), true)]);
    stage.filter("client:cursor tool:customer");
    assert!(stage.draw(&mut Calls::default(), 80, 24).contains("9 that match, 28 in all"));
}

#[test]
fn calls_that_rules_acted_on_are_marked_and_say_how() {
    let stage = Stage::new(vec![Fixture::read(&shop(), true)]);
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let screen = stage.draw(&mut Calls::default(), width, height);
        insta::assert_snapshot!(format!("calls_rules_{width}x{height}"), screen);
    }
}

#[test]
fn a_call_shows_what_the_server_said_what_was_delivered_and_what_changed() {
    let mut stage = Stage::new(vec![Fixture::read(&shop(), true)]);
    for (filter, name) in [("id:2", "changed"), ("id:4", "cached"), ("id:15", "held")] {
        stage.filter(filter);
        let mut calls = Calls::default();
        stage.draw(&mut calls, 80, 24);
        stage.with(|cx| calls.act(Action::Open, cx));
        let screen = stage.draw(&mut calls, 120, 40);
        insta::assert_snapshot!(format!("call_{name}_120x40"), screen);
    }
    stage.filter("id:2");
    let mut calls = Calls::default();
    stage.draw(&mut calls, 80, 24);
    stage.with(|cx| calls.act(Action::Open, cx));
    stage.draw(&mut calls, 80, 24);
    for _ in 0..3 {
        stage.with(|cx| calls.act(Action::NextView, cx));
    }
    insta::assert_snapshot!("call_changes_80x24", stage.draw(&mut calls, 80, 24));
}
