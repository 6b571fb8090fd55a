//! Rules on the screen: written, judged, tried, switched, and what is sent to a proxy because of that.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use mcptop::trace::{Event, Fact, Micros, Place};
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
    assert!(stage.screen(80, 24).contains("y leave it"));
    stage.keys("n");
    assert!(stage.screen(80, 24).contains("ctrl-s"));
    let sent = proposal(ctrl(&mut stage, 'o'));
    assert!(sent.keep);
    stage.keys("<esc>");
    let screen = stage.screen(80, 24);
    assert!(screen.contains("on its way to the proxy") && screen.contains("notes"), "{screen}");
}

/// The proxy says in the recording that these rules are in force.
fn acknowledge(stage: &mut Stage, at_us: u64, rules: &str) {
    let event = Event {
        at: Micros(at_us),
        fact: Fact::Rules { source: "control".into(), text: rules.to_owned().into() },
    };
    let open = stage.app.state.opens.last().unwrap();
    open.shared.work().apply(&event, Place::default());
}

#[test]
fn a_switched_rule_is_an_order_and_a_refusal_is_told() {
    let mut stage = live();
    stage.keys("e");
    stage.input(Input::Paste(RULE.to_owned()));
    ctrl(&mut stage, 's');
    stage.keys("<esc>");
    acknowledge(&mut stage, 60_000_000, RULE);
    let sent = proposal(stage.keys(" "));
    assert_eq!(*sent.text, *RULE.replacen("unsafe = true }\n", "unsafe = true }\nmode = \"observe\"\n", 1));
    let answer = Err("line 1, column 1: no".to_owned());
    stage.input(Input::Ruled { session: sent.session, number: sent.number, answer });
    assert!(stage.screen(80, 24).contains("The rules have not changed: line 1, column 1: no"));
    let undone = proposal(stage.keys("u"));
    assert_eq!(&*undone.text, "");
}

#[test]
fn a_change_stands_while_the_proxy_still_tells_of_those_before_it() {
    let mut stage = live();
    stage.keys("e");
    stage.input(Input::Paste(RULE.to_owned()));
    ctrl(&mut stage, 's');
    stage.keys("<esc>");
    let observed = proposal(stage.keys(" "));
    let off = proposal(stage.keys(" "));
    // The proxy's word on the first of three orders comes after the last one was given.
    acknowledge(&mut stage, 60_000_000, RULE);
    assert!(stage.screen(80, 24).contains("○ off"));
    acknowledge(&mut stage, 60_000_001, &observed.text);
    assert_eq!(proposal(stage.keys("u")).text, observed.text);
    assert!(stage.screen(80, 24).contains("◌ observe"));
    acknowledge(&mut stage, 60_000_002, &off.text);
    assert!(stage.screen(80, 24).contains("◌ observe"));
    acknowledge(&mut stage, 60_000_003, &observed.text);
    // Somebody else's are no order of this viewer's.
    acknowledge(&mut stage, 60_000_004, &off.text);
    assert!(stage.screen(80, 24).contains("○ off"));
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

const MEMORY: &str = include_str!("../../recordings/memory.mcp.jsonl");

#[test]
fn advice_becomes_a_rule_of_the_running_session_or_of_its_file() {
    let mut stage = Stage::empty(&FULL);
    stage.open(MEMORY, true);
    assert!(stage.keys("1a").is_empty());
    insta::assert_snapshot!("advice_80x24", stage.screen(80, 24));
    insta::assert_snapshot!("advice_120x40", stage.screen(120, 40));
    let sent = proposal(stage.keys("<enter>"));
    assert!(!sent.keep && sent.text.contains("shorten rows of read_graph"), "{}", sent.text);
    assert!(!sent.text.contains("mode"), "{}", sent.text);
    let kept = proposal(stage.keys("<down>K"));
    assert!(kept.keep && kept.text.contains("shorten rows of open_nodes"), "{}", kept.text);
    assert!(stage.screen(120, 40).contains("Together, on this recording they save"));
    let undone = proposal(stage.keys("u"));
    assert_eq!(undone.text, sent.text);
    stage.keys("<esc>");
    assert!(!stage.screen(80, 24).contains("Advice on"));
}

#[test]
fn a_proposal_is_copied_or_opened_as_text_among_the_rules_there_are() {
    let mut stage = Stage::of(&FULL, &[MEMORY]);
    let copied = stage.keys("a<down>y");
    let [Effect::Copy(text)] = &copied[..] else { panic!("{copied:?}") };
    let rule = mcptop::rules::Ruleset::parse(text).unwrap().rules.remove(0);
    assert_eq!(rule.name, "memory: shorten rows of open_nodes");
    let copied = stage.keys("Y");
    let [Effect::Copy(text)] = &copied[..] else { panic!("{copied:?}") };
    assert!(mcptop::rules::Ruleset::parse(text).unwrap().rules.len() > 5, "{text}");
    stage.keys("e");
    let screen = stage.screen(80, 24);
    assert!(
        screen.contains("Rules of memory") && screen.contains("ctrl-s try on this recording"),
        "{screen}"
    );
    assert!(screen.contains("shorten rows of open_nodes"), "{screen}");
}

#[test]
fn what_was_advised_is_there_at_once_the_next_time() {
    let mut stage = Stage::of(&FULL, &[MEMORY]);
    stage.keys("a<esc>");
    stage.input(Input::Key(KeyEvent::from(KeyCode::Char('a'))));
    assert!(stage.app.state.advices.take_wanted().is_none());
    assert!(stage.screen(80, 24).contains("Write the rows of read_graph"));
}
