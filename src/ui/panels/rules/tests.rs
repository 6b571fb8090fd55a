//! Recording in, Rules screen out; and which change a key asks for.

use super::*;
use crate::rules::Ruleset;
use crate::ui::panels::fixture::{Fixture, RULES, Stage, files, shop};
use crate::ui::ruling::{RuleChange, Standing};

const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 40), (200, 60)];

fn one(is_live: bool) -> Stage {
    Stage::new(vec![Fixture::read(&shop(), is_live)])
}

fn changed(reply: Reply) -> RuleChange {
    let Reply::Rule(change) = reply else { panic!("{reply:?}") };
    change
}

#[test]
fn every_rule_shows_what_it_did_and_saved_at_any_size() {
    for (width, height) in SIZES {
        let screen = one(true).draw(&mut Rules::default(), width, height);
        insta::assert_snapshot!(format!("rules_{width}x{height}"), screen);
    }
    let two = Stage::new(vec![Fixture::read(&shop(), true), Fixture::read(&files(), false)]);
    insta::assert_snapshot!("rules_two_120x40", two.draw(&mut Rules::default(), 120, 40));
}

#[test]
fn the_shops_rules_are_rules() {
    assert_eq!(Ruleset::parse(RULES).unwrap().rules.len(), 6);
}

#[test]
fn everything_is_readable_in_ascii_without_colour() {
    let screen = one(true).plain().draw(&mut Rules::default(), 120, 40);
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("rules_plain_120x40", screen);
}

#[test]
fn a_cache_that_seldom_hits_is_flagged_with_its_figures() {
    let stage = one(true);
    let mut rules = Rules::default();
    stage.draw(&mut rules, 80, 24);
    stage.with(|cx| rules.act(Action::Down, cx));
    stage.with(|cx| rules.act(Action::Open, cx));
    insta::assert_snapshot!("rule_80x24", stage.draw(&mut rules, 80, 24));
}

#[test]
fn without_rules_the_panel_says_how_to_write_one() {
    for (is_live, name) in [(true, "live"), (false, "ended")] {
        let stage = Stage::new(vec![Fixture::read(&files(), is_live)]);
        insta::assert_snapshot!(
            format!("rules_none_{name}_80x24"),
            stage.draw(&mut Rules::default(), 80, 24)
        );
    }
}

#[test]
fn the_space_bar_goes_through_the_modes_and_changes_nothing_else_of_the_text() {
    let mut stage = one(true);
    let mut rules = Rules::default();
    let mut seen = Vec::new();
    let mut sent = None;
    for _ in 0..3 {
        stage.draw(&mut rules, 120, 40);
        let change = changed(stage.with(|cx| rules.act(Action::NextMode, cx)));
        seen.push((change.what.clone(), change.text.len().cast_signed() - RULES.len().cast_signed()));
        let mut rulings = std::mem::take(&mut stage.rulings);
        sent = stage.with(|cx| rulings.make(&cx.sessions[0], change)).unwrap();
        stage.rulings = rulings;
    }
    let words: Vec<&str> = seen.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(words, ["customer records: observe", "customer records: off", "customer records: on"]);
    assert_eq!(seen.last().unwrap().1, 0, "the text is as it was");
    stage.with(|cx| assert_eq!(cx.rulings.standing(&cx.sessions[0]), Standing::Sent));
    let sent = sent.unwrap();
    stage.rulings.answered(sent.session, sent.number, true);
    stage.with(|cx| assert_eq!(cx.rulings.standing(&cx.sessions[0]), Standing::InForce));
}

#[test]
fn a_change_is_shown_at_once_and_a_refusal_takes_it_back() {
    let mut stage = one(true);
    let mut rules = Rules::default();
    let before = stage.draw(&mut rules, 120, 40);
    let change = changed(stage.with(|cx| rules.act(Action::NextMode, cx)));
    let mut rulings = std::mem::take(&mut stage.rulings);
    let proposal = stage.with(|cx| rulings.make(&cx.sessions[0], change)).unwrap().unwrap();
    stage.rulings = rulings;
    stage.with(|cx| assert_eq!(cx.rulings.standing(&cx.sessions[0]), Standing::Sent));
    let sent = stage.draw(&mut rules, 120, 40);
    assert!(sent.contains("observe  customer records") && sent.contains("on their way"), "{sent}");
    stage.rulings.answered(proposal.session, proposal.number, false);
    assert_eq!(stage.draw(&mut rules, 120, 40), before);
}

#[test]
fn a_refusal_to_keep_rules_takes_no_earlier_change_back() {
    let mut stage = one(true);
    let mut rules = Rules::default();
    stage.draw(&mut rules, 120, 40);
    let change = changed(stage.with(|cx| rules.act(Action::NextMode, cx)));
    let keep = RuleChange { keep: true, ..change.clone() };
    let mut rulings = std::mem::take(&mut stage.rulings);
    stage.with(|cx| {
        rulings.make(&cx.sessions[0], change).unwrap();
        let kept = rulings.make(&cx.sessions[0], keep).unwrap().unwrap();
        rulings.answered(kept.session, kept.number, false);
        assert_eq!(rulings.undoable(kept.session), Some("customer records: observe"));
    });
}

#[test]
fn the_last_changes_can_be_taken_back_one_by_one() {
    let mut stage = one(false);
    let mut rules = Rules::default();
    let mut texts = vec![RULES.to_owned()];
    for action in [Action::RemoveRule, Action::NextMode] {
        stage.draw(&mut rules, 120, 40);
        let change = changed(stage.with(|cx| rules.act(action, cx)));
        texts.push(change.text.to_string());
        let mut rulings = std::mem::take(&mut stage.rulings);
        assert_eq!(
            stage.with(|cx| rulings.make(&cx.sessions[0], change)),
            Ok(None),
            "nothing to send: it has ended"
        );
        stage.rulings = rulings;
    }
    stage.with(|cx| assert_eq!(cx.rulings.standing(&cx.sessions[0]), Standing::Trial));
    let mut rulings = std::mem::take(&mut stage.rulings);
    stage.with(|cx| {
        for text in texts.iter().rev() {
            assert_eq!(**text, *rulings.text(&cx.sessions[0]));
            let _ = rulings.undo(&cx.sessions[0]);
        }
        assert!(rulings.undo(&cx.sessions[0]).is_none());
        assert_eq!(rulings.standing(&cx.sessions[0]), Standing::InForce);
    });
}

#[test]
fn a_rules_own_calls_are_a_key_away() {
    let stage = one(true);
    let mut rules = Rules::default();
    stage.draw(&mut rules, 120, 40);
    let reply = stage.with(|cx| rules.act(Action::Related, cx));
    assert_eq!(reply, Reply::Filter("rule:=\"customer records\"".to_owned(), PanelId::Calls));
}
