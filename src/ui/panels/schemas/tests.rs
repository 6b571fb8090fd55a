//! Recording in, Schemas screen out.

use super::*;
use crate::ui::panels::fixture::{BROWSER, Fixture, Stage, files, git};

fn one() -> Stage {
    Stage::new(vec![Fixture::read(&files(), true)])
}

#[test]
fn every_definition_has_its_cost_by_part_at_any_size() {
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let screen = one().draw(&mut Schemas::default(), width, height);
        insta::assert_snapshot!(format!("schemas_{width}x{height}"), screen);
    }
    let two = Stage::new(vec![Fixture::read(&files(), true), Fixture::read(&git(), false)]);
    insta::assert_snapshot!("schemas_two_120x40", two.draw(&mut Schemas::default(), 120, 40));
}

#[test]
fn leaving_a_tool_out_moves_the_gauge_and_says_that_it_is_a_trial() {
    let stage = one();
    let mut schemas = Schemas::default();
    let before = stage.draw(&mut schemas, 120, 40);
    stage.with(|cx| schemas.act(Action::Exclude, cx));
    insta::assert_snapshot!("schemas_what_if_120x40", stage.draw(&mut schemas, 120, 40));
    stage.with(|cx| schemas.act(Action::Exclude, cx));
    assert_eq!(stage.draw(&mut schemas, 120, 40), before);
}

#[test]
fn everything_is_readable_in_ascii_without_colour() {
    let screen = one().plain().draw(&mut Schemas::default(), 120, 16);
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("schemas_plain_120x16", screen);
}

#[test]
fn a_definition_opens_as_a_tree_with_its_tokens() {
    let stage = one();
    let mut schemas = Schemas::default();
    stage.draw(&mut schemas, 80, 24);
    stage.with(|cx| schemas.act(Action::Open, cx));
    insta::assert_snapshot!("definition_80x24", stage.draw(&mut schemas, 80, 24));
}

#[test]
fn a_real_session_is_readable_at_any_size() {
    let stage = Stage::new(vec![Fixture::read(BROWSER, false)]);
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = stage.draw(&mut Schemas::default(), width, height);
        insta::assert_snapshot!(format!("schemas_browser_{width}x{height}"), screen);
    }
}
