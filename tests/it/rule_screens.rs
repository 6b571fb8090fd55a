//! Rules on the screen: written, judged, tried, switched, and what is sent to a proxy because of that.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use mcptop::ui::ruling::Proposal;
use mcptop::ui::update::{Effect, Input};

use crate::screens::{FULL, Stage, small};

const RULE: &str =
    "[[rule]]\nname = \"notes\"\nmatch = { tool = \"read\" }\ncache = { ttl = \"5m\", unsafe = true }\n";

fn live() -> Stage {
    let mut stage = Stage::empty(&FULL);
    stage.open(&small("notes"), true);
    stage.keys("4");
    stage
}

fn ctrl(stage: &mut Stage, key: char) -> Vec<Effect> {
    stage.input(Input::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL)))
}

fn proposal(effects: Vec<Effect>) -> Proposal {
    match effects.into_iter().next() {
        Some(Effect::Rule(proposal)) => proposal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn rules_are_judged_at_every_key_and_the_place_of_a_mistake_is_shown() {
    let mut stage = live();
    stage.keys("e");
    stage.input(Input::Paste(RULE.replace("ttl", "tll")));
    insta::assert_snapshot!("rules_editor_wrong_80x24", stage.screen(80, 24));
    assert!(ctrl(&mut stage, 's').is_empty(), "what is wrong is not sent");
    // The cursor stands at the mistake now.
    stage.keys("ttl");
    for _ in 0..3 {
        stage.input(Input::Key(KeyEvent::from(KeyCode::Delete)));
    }
    insta::assert_snapshot!("rules_editor_80x24", stage.screen(80, 24));
    let sent = proposal(ctrl(&mut stage, 's'));
    assert_eq!((&*sent.text, sent.keep), (RULE, false));
}

#[test]
fn unsaved_rules_are_not_lost_to_a_key() {
    let mut stage = live();
    stage.keys("e");
    stage.input(Input::Paste(RULE.to_owned()));
    stage.keys("<esc>");
    assert!(stage.screen(80, 24).contains("Leave it? y leaves"));
    stage.keys("n");
    assert!(stage.screen(80, 24).contains("ctrl-s"));
    let sent = proposal(ctrl(&mut stage, 'o'));
    assert!(sent.keep);
    stage.keys("<esc>");
    let screen = stage.screen(80, 24);
    assert!(screen.contains("on their way to the proxy") && screen.contains("notes"), "{screen}");
}

#[test]
fn a_switched_rule_is_an_order_and_a_refusal_is_told() {
    let mut stage = live();
    stage.keys("e");
    stage.input(Input::Paste(RULE.to_owned()));
    ctrl(&mut stage, 's');
    stage.keys("<esc>");
    let sent = proposal(stage.keys(" "));
    assert_eq!(
        *sent.text,
        *RULE
            .replace("match", "mode = \"observe\"\nmatch")
            .replace("mode = \"observe\"\nmatch", "match")
            .replacen("unsafe = true }\n", "unsafe = true }\nmode = \"observe\"\n", 1)
    );
    let answer = Err("line 1, column 1: no".to_owned());
    stage.input(Input::Ruled { session: sent.session, number: sent.number, answer });
    assert!(stage.screen(80, 24).contains("The rules have not changed: line 1, column 1: no"));
    let undone = proposal(stage.keys("u"));
    assert_eq!(&*undone.text, "");
}

#[test]
fn the_rules_of_an_ended_session_are_tried_and_never_sent() {
    let mut stage = Stage::of(&FULL, &[&small("notes")]);
    stage.keys("4e");
    stage.input(Input::Paste(RULE.to_owned()));
    assert!(ctrl(&mut stage, 's').is_empty());
    stage.keys("<esc>");
    let screen = stage.screen(120, 40);
    insta::assert_snapshot!("rules_tried_120x40", screen);
    stage.keys("u");
    assert!(stage.screen(120, 40).contains("No rules were in force"));
}
