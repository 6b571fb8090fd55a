//! Keys in, questions out: what is pointed at on real screens, and what the question says of it.

use crate::ui::keys::Bindings;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::*;
use crate::rules::Ruleset;
use crate::ui::keys::{Action, Wanted};
use crate::ui::panels::calls::Calls;
use crate::ui::panels::fixture::{Fixture, MEMORY, Stage};
use crate::ui::panels::schemas::Schemas;
use crate::ui::panels::{Panel, Reply};

/// A session whose list shows the calls of one tool.
fn live() -> Stage {
    let mut stage = Stage::new(vec![Fixture::read(MEMORY, true)]);
    stage.filter("tool:=search_nodes");
    stage
}

/// A panel that has done all this.
fn after<P: Panel + Default>(stage: &Stage, actions: &[Action]) -> (P, Reply) {
    let mut panel = P::default();
    let mut reply = Reply::Ignored;
    for action in actions {
        stage.draw(&mut panel, 120, 40);
        reply = stage.with(|cx| panel.act(*action, cx));
    }
    (panel, reply)
}

/// The second call in the list, opened, with the cursor so many lines below the root.
fn in_tree(lines: usize, then: &[Action]) -> Vec<Action> {
    let open = [Action::First, Action::Down, Action::Open, Action::First];
    let down = std::iter::repeat_n(Action::Down, lines);
    // A field stands in an item, which is unfolded first.
    let into = if lines == FIELD { &[Action::Right, Action::Down, Action::Down][..] } else { &[] };
    open.into_iter().chain(down).chain(into.iter().copied()).chain(then.iter().copied()).collect()
}

fn question(reply: Reply) -> Dialog {
    match reply {
        Reply::Point(pointing) => Dialog::new(pointing),
        other => panic!("no question: {other:?}"),
    }
}

/// The question over its panel, once every figure is there.
fn screen(stage: &Stage, panel: &mut dyn Panel, dialog: &Dialog, (width, height): (u16, u16)) -> String {
    loop {
        let mut buf = stage.buffer(panel, width, height);
        stage.with(|cx| dialog.view(cx, Rect::new(0, 0, width, height), &mut buf));
        crate::ui::widgets::ascii::reduce(&mut buf, Rect::new(0, 0, width, height), &stage.theme.glyphs);
        if !stage.fetch() {
            return Stage::text(&buf);
        }
    }
}

fn press(dialog: &mut Dialog, code: KeyCode) -> DialogReply {
    dialog.key(KeyEvent::from(code), &Bindings::default())
}

#[test]
fn a_field_that_goes_is_shown_with_its_rule_and_what_it_saves() {
    let stage = live();
    let (mut calls, reply) = after::<Calls>(&stage, &in_tree(FIELD, &[Action::Point(Wanted::Drop)]));
    let mut dialog = question(reply);
    for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
        let shown = screen(&stage, &mut calls, &dialog, (width, height));
        insta::assert_snapshot!(format!("drop_{width}x{height}"), shown);
    }
    assert_eq!(press(&mut dialog, KeyCode::Tab), DialogReply::Stays);
    insta::assert_snapshot!("drop_everywhere_80x24", screen(&stage, &mut calls, &dialog, (80, 24)));
}

#[test]
fn the_figure_under_the_cursor_is_what_the_gate_makes_of_this_very_result() {
    let stage = live();
    let (_, reply) = after::<Calls>(&stage, &in_tree(FIELD, &[Action::Point(Wanted::Drop)]));
    let dialog = question(reply);
    let mut buf = Buffer::empty(Rect::new(0, 0, 120, 40));
    while stage.fetch() || buf == Buffer::empty(buf.area) {
        let area = buf.area;
        stage.with(|cx| dialog.view(cx, area, &mut buf));
    }
    stage.with(|cx| {
        let opened = dialog.opened(cx).unwrap();
        let trial = dialog.trial(&dialog.draft(cx).unwrap(), opened).unwrap();
        let crate::ui::fetched::Answer::Ready(preview) = cx.trials.get(&trial) else { panic!("not counted") };
        let operation = opened.session.operation(dialog.pointing().call.unwrap()).unwrap();
        assert_eq!(preview.original.model.tokens, u64::from(operation.tokens.unwrap().model));
        assert!(preview.delivered.model.tokens < preview.original.model.tokens);
    });
}

#[test]
fn everything_is_readable_in_ascii_without_colour() {
    let stage = live().plain();
    let (mut calls, reply) = after::<Calls>(&stage, &in_tree(FIELD, &[Action::Point(Wanted::Drop)]));
    let shown = screen(&stage, &mut calls, &question(reply), (80, 24));
    assert!(shown.is_ascii(), "{shown}");
    insta::assert_snapshot!("drop_plain_80x24", shown);
}

#[test]
fn ticked_fields_are_marked_in_the_tree_and_are_what_stays() {
    let stage = live();
    let tick = Action::Point(Wanted::Tick);
    let keys = in_tree(FIELD, &[tick, tick, Action::Point(Wanted::OnlyTicked)]);
    let (mut calls, reply) = after::<Calls>(&stage, &keys);
    insta::assert_snapshot!("ticked_120x40", stage.draw(&mut calls, 120, 40));
    insta::assert_snapshot!("keep_120x40", screen(&stage, &mut calls, &question(reply), (120, 40)));
    let (_, reply) = after::<Calls>(&stage, &in_tree(FIELD, &[Action::Point(Wanted::OnlyTicked)]));
    assert!(matches!(reply, Reply::Say(why) if why.contains("ticks the fields")));
}

#[test]
fn a_cache_asks_how_long_and_a_limit_how_many() {
    let stage = live();
    let (mut calls, reply) = after::<Calls>(&stage, &in_tree(0, &[Action::Point(Wanted::Cache)]));
    let mut dialog = question(reply);
    insta::assert_snapshot!("cache_80x24", screen(&stage, &mut calls, &dialog, (80, 24)));
    press(&mut dialog, KeyCode::Backspace);
    insta::assert_snapshot!("cache_wrong_80x24", screen(&stage, &mut calls, &dialog, (80, 24)));
    press(&mut dialog, KeyCode::Char('h'));
    let change = stage.with(|cx| dialog.change(cx, false)).unwrap();
    assert!(change.text.contains("ttl = \"5h\""), "{}", change.text);
    let (mut calls, reply) = after::<Calls>(&stage, &in_tree(0, &[Action::Point(Wanted::Limit)]));
    let mut dialog = question(reply);
    for key in [KeyCode::Backspace; 4].into_iter().chain("120".chars().map(KeyCode::Char)) {
        press(&mut dialog, key);
    }
    insta::assert_snapshot!("limit_80x24", screen(&stage, &mut calls, &dialog, (80, 24)));
}

#[test]
fn results_are_written_shorter_in_a_form_that_can_be_chosen() {
    let stage = live();
    let (mut calls, reply) = after::<Calls>(&stage, &in_tree(0, &[Action::Point(Wanted::Shape)]));
    let mut dialog = question(reply);
    insta::assert_snapshot!("shape_120x40", screen(&stage, &mut calls, &dialog, (120, 40)));
    press(&mut dialog, KeyCode::Left);
    let change = stage.with(|cx| dialog.change(cx, false)).unwrap();
    assert!(change.text.contains("shape = \"markdown\""), "{}", change.text);
}

#[test]
fn what_is_no_field_of_a_result_says_where_to_point() {
    let stage = live();
    let (_, reply) = after::<Calls>(&stage, &[Action::First, Action::Point(Wanted::Drop)]);
    assert!(matches!(reply, Reply::Say(why) if why.starts_with("enter opens the call")));
    let (_, reply) = after::<Calls>(&stage, &in_tree(0, &[Action::Point(Wanted::Drop)]));
    assert_eq!(reply, Reply::Say(NO_SPOT.to_owned()));
    let keys = in_tree(FIELD, &[Action::Raw, Action::Point(Wanted::Drop)]);
    let (_, reply) = after::<Calls>(&stage, &keys);
    assert!(matches!(reply, Reply::Say(why) if why.starts_with("r shows the tree")));
    let mut stage = live();
    stage.filter("");
    let (_, reply) = after::<Calls>(&stage, &[Action::First, Action::Point(Wanted::Cache)]);
    assert!(matches!(reply, Reply::Say(why) if why.contains("tools")));
}

#[test]
fn a_confirmed_rule_is_the_text_of_the_rules_and_an_open_question_changes_nothing() {
    let stage = live();
    let (_, reply) = after::<Calls>(&stage, &in_tree(FIELD, &[Action::Point(Wanted::Drop)]));
    let mut dialog = question(reply);
    assert_eq!(press(&mut dialog, KeyCode::Enter), DialogReply::Confirmed { keep: false });
    let kept = KeyEvent::new(KeyCode::Char('o'), KeyModifiers::CONTROL);
    assert_eq!(dialog.key(kept, &Bindings::default()), DialogReply::Confirmed { keep: true });
    assert_eq!(press(&mut dialog, KeyCode::Char('e')), DialogReply::Write);
    assert_eq!(press(&mut dialog, KeyCode::Esc), DialogReply::Given);
    let change = stage.with(|cx| dialog.change(cx, true)).unwrap();
    let rules = Ruleset::parse(&change.text).unwrap();
    assert_eq!((rules.rules.len(), change.keep), (1, true));
    assert_eq!(rules.rules[0].name, "trim search_nodes");
}

#[test]
fn a_definition_is_hidden_shortened_or_stripped_and_the_gauge_says_what_that_does() {
    let stage = live();
    for (name, wanted) in [("hide", Wanted::Hide), ("shorten", Wanted::Shorten), ("strip", Wanted::Strip)] {
        let (mut schemas, reply) = after::<Schemas>(&stage, &[Action::Down, Action::Point(wanted)]);
        let shown = screen(&stage, &mut schemas, &question(reply), (120, 40));
        insta::assert_snapshot!(format!("{name}_120x40"), shown);
    }
}

#[test]
fn what_was_left_out_for_trial_is_hidden_together() {
    let stage = live();
    let keys = [Action::Exclude, Action::Down, Action::Exclude, Action::Down, Action::Point(Wanted::Hide)];
    let (_, reply) = after::<Schemas>(&stage, &keys);
    let dialog = question(reply);
    assert!(matches!(&dialog.pointing().wish, Wish::Hide(tools) if tools.len() == 2));
}

/// The line of the tree with the first entity of the answer.
const FIELD: usize = 8;
