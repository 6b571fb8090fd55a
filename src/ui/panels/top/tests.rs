//! Recording in, Top screen out.

use super::*;
use crate::ui::panels::fixture::{BROWSER, Fixture, Stage, files, git, shop};

fn one() -> Stage {
    Stage::new(vec![Fixture::read(&files(), true)])
}

fn two() -> Stage {
    Stage::new(vec![Fixture::read(&files(), true), Fixture::read(&git(), false)])
}

#[test]
fn every_tool_has_a_line_at_any_size() {
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        insta::assert_snapshot!(
            format!("top_{width}x{height}"),
            one().draw(&mut Top::default(), width, height)
        );
    }
}

#[test]
fn everything_is_readable_in_ascii_without_colour() {
    let screen = one().plain().draw(&mut Top::default(), 120, 16);
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("top_plain_120x16", screen);
}

#[test]
fn the_selection_stays_with_its_tool_whatever_the_order() {
    let stage = one();
    let mut top = Top::default();
    stage.draw(&mut top, 200, 30);
    stage.with(|cx| top.act(Action::Down, cx));
    let chosen = top.key_at_cursor().cloned();
    for _ in 0..FIELDS.len() {
        stage.with(|cx| top.act(Action::SortNext, cx));
        stage.draw(&mut top, 200, 30);
        assert_eq!(top.key_at_cursor().cloned(), chosen);
    }
}

#[test]
fn sorting_is_by_the_column_that_carries_the_arrow() {
    let stage = one();
    let mut top = Top::default();
    top.sort.choose(Field::P99);
    let screen = stage.draw(&mut top, 80, 24);
    let names: Vec<&str> =
        screen.lines().skip(1).take(3).filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["search_files", "edit_file", "read_text_file"]);
    top.sort.choose(Field::P99);
    assert!(stage.draw(&mut top, 80, 24).contains('▲'));
}

#[test]
fn opening_a_tool_filters_the_calls_by_it() {
    let stage = two();
    let mut top = Top::default();
    stage.draw(&mut top, 80, 24);
    let reply = stage.with(|cx| {
        top.act(Action::Down, cx);
        top.act(Action::Open, cx)
    });
    assert_eq!(reply, Reply::Filter("server:=filesystem tool:=read_text_file".to_owned(), PanelId::Calls));
}

#[test]
fn what_was_set_is_remembered() {
    let mut top = Top::default();
    top.sort.choose(Field::Schema);
    let mut again = Top::default();
    again.recall(&top.remember());
    assert_eq!(again.sort, top.sort);
}

#[test]
fn a_panel_without_anything_says_why() {
    let mut stage = Stage::new(vec![Fixture::unread(&files())]);
    assert!(stage.draw(&mut Top::default(), 80, 24).contains("nothing has passed yet"));
    stage.fixtures[0].loaded = 0.45;
    assert!(stage.draw(&mut Top::default(), 80, 24).contains("45.0 %"));
    assert!(Stage::new(Vec::new()).draw(&mut Top::default(), 80, 24).contains("claude_desktop_config.json"));
}

#[test]
fn several_servers_are_grouped() {
    for (width, height) in [(80, 24), (200, 60)] {
        insta::assert_snapshot!(
            format!("top_two_{width}x{height}"),
            two().draw(&mut Top::default(), width, height)
        );
    }
}

#[test]
fn a_real_session_is_readable_at_any_size() {
    let stage = Stage::new(vec![Fixture::read(BROWSER, false)]);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = stage.draw(&mut Top::default(), width, height);
        insta::assert_snapshot!(format!("top_browser_{width}x{height}"), screen);
    }
}

#[test]
fn what_rules_saved_has_its_columns_where_there_are_rules() {
    let stage = Stage::new(vec![Fixture::read(&shop(), true)]);
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let screen = stage.draw(&mut Top::default(), width, height);
        insta::assert_snapshot!(format!("top_rules_{width}x{height}"), screen);
    }
}

#[test]
fn what_has_ended_takes_the_whole_picture_and_what_goes_on_leaves_room() {
    let mut stage = one();
    for columns in [7, 33, 80, 400] {
        stage.fixtures[0].is_live = true;
        stage.with(|cx| {
            let groups = items::groups(cx);
            let course = course::Course::of(&groups[0].head, columns);
            let shown = course.columns.iter().take_while(|column| column.is_some()).count();
            assert_eq!(course.columns.len(), columns);
            assert!(course.columns[shown..].iter().all(Option::is_none), "the rest is to come");
            assert!(course.span_us > groups[0].head.now.0);
        });
        stage.fixtures[0].is_live = false;
        stage.fixtures[0].loaded = 0.5;
        stage.with(|cx| {
            let groups = items::groups(cx);
            let course = course::Course::of(&groups[0].head, columns);
            assert!(course.columns.len() == columns && course.columns.iter().all(Option::is_some));
        });
    }
}

#[test]
fn how_many_tools_there_are_is_never_cut_into_nonsense() {
    let said = [24, 14, 9, 4].map(|cells| tool_count(235, 1, cells));
    assert_eq!(said, ["235 tools + 1 unlisted", "236 tools", "236 tools", "236"]);
    assert_eq!((tool_count(0, 3, 24), tool_count(1, 0, 24)), ("3 tools, unlisted".into(), "1 tool".into()));
}
