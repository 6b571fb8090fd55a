use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::board::Put;
use super::{Advices, Board, BoardReply, Inquiry};
use crate::insight::{Advisor, Pass, Proposal};
use crate::model::Session;
use crate::rules::{Mode, Ruleset};
use crate::tokens::Profile;
use crate::trace::{Micros, read_event};
use crate::ui::fetched::Answer;
use crate::ui::keys::Bindings;
use crate::ui::panels::OpenId;
use crate::ui::panels::fixture::{Fixture, MEMORY, Stage};

const SESSION: OpenId = OpenId(1);

/// What the recording advises.
fn advised(text: &str) -> Vec<Proposal> {
    let mut advisor = Advisor::new("memory", &Profile::default());
    let events = || text.lines().skip(1).map(|line| read_event(line.as_bytes()).unwrap());
    events().for_each(|event| advisor.apply(&event));
    let mut trial = advisor.finish();
    events().for_each(|event| trial.apply(&event));
    trial.finish()
}

fn asked(stage: &mut Stage) -> Arc<Inquiry> {
    let (until, calls) = stage.with(|cx| {
        let session: &Session = cx.sessions[0].session;
        (session.last_event(), session.totals().calls)
    });
    stage.advices.ask(SESSION, until, calls);
    stage.advices.take_wanted().unwrap()
}

fn on(text: &str, is_live: bool) -> (Stage, Board) {
    let mut stage = Stage::new(vec![Fixture::read(text, is_live)]);
    let inquiry = asked(&mut stage);
    stage.advices.put(&inquiry, Answer::Ready(Arc::new(advised(text))));
    (stage, Board::new(SESSION))
}

fn screen(stage: &Stage, board: &mut Board, width: u16, height: u16) -> String {
    loop {
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        stage.with(|cx| board.view(cx, area, &mut buf));
        if !stage.fetch() {
            return Stage::text(&buf);
        }
    }
}

fn press(stage: &Stage, board: &mut Board, code: KeyCode) -> BoardReply {
    board.key(KeyEvent::from(code), &Bindings::default(), stage.advices.proposals(SESSION))
}

/// Does what the board asks for, as the shell would; returns what the user is told if it cannot be done.
fn put(stage: &mut Stage, board: &Board, put: Put) -> Result<bool, String> {
    let change = stage.with(|cx| board.change(put, cx.advices.proposals(SESSION), cx))?;
    let keep = change.keep;
    let mut rulings = std::mem::take(&mut stage.rulings);
    stage.with(|cx| rulings.make(&cx.sessions[0], change)).unwrap();
    stage.rulings = rulings;
    Ok(keep)
}

fn rules(stage: &Stage) -> Ruleset {
    Ruleset::parse(&stage.with(|cx| cx.rulings.text(&cx.sessions[0]))).unwrap()
}

#[test]
fn advice_is_listed_with_what_it_saves_and_one_proposal_in_full() {
    for (width, height) in [(80, 21), (120, 37), (200, 57)] {
        let (stage, mut board) = on(MEMORY, true);
        let name = format!("advice_{width}x{height}");
        insta::assert_snapshot!(name, screen(&stage, &mut board, width, height));
    }
    let (stage, mut board) = on(MEMORY, true);
    let stage = stage.plain();
    insta::assert_snapshot!("advice_plain_80x21", screen(&stage, &mut board, 80, 21));
}

#[test]
fn while_it_is_looked_for_the_screen_says_how_far_it_is() {
    let mut stage = Stage::new(vec![Fixture::read(MEMORY, true)]);
    let mut board = Board::new(SESSION);
    let inquiry = asked(&mut stage);
    inquiry.is_at(Pass::Trying, 0.42);
    insta::assert_snapshot!("advice_waiting_80x21", screen(&stage, &mut board, 80, 21));
    assert_eq!(press(&stage, &mut board, KeyCode::Enter), BoardReply::Put(Put::On));
    let told = stage.with(|cx| board.change(Put::On, cx.advices.proposals(SESSION), cx));
    assert_eq!(told.unwrap_err(), "There is no rule here");
    stage.advices.put(&inquiry, Answer::Failed("the recording cannot be read: no such device".into()));
    let failed = screen(&stage, &mut board, 80, 21);
    assert!(failed.contains("No advice") && failed.contains("no such device"), "{failed}");
    let hints = stage.with(|cx| board.hints(cx));
    assert!(hints.iter().any(|hint| (&*hint.key, &*hint.word) == ("r", "look again")), "{hints:?}");
}

#[test]
fn where_there_is_nothing_to_propose_it_says_so() {
    let header = MEMORY.lines().next().unwrap();
    let (stage, mut board) = on(&format!("{header}\n"), true);
    let nothing = screen(&stage, &mut board, 80, 21);
    assert!(nothing.contains("No call has been recorded yet"), "{nothing}");
    assert!(!nothing.contains("enter"), "{nothing}");
}

#[test]
fn enter_switches_on_and_space_goes_on_from_what_is_proposed() {
    let (mut stage, mut board) = on(MEMORY, false);
    let all = stage.advices.proposals(SESSION).to_vec();
    let risky = all.iter().position(|one| one.rule.as_ref().is_some_and(|rule| rule.mode == Mode::Observe));
    for _ in 0..risky.unwrap() {
        press(&stage, &mut board, KeyCode::Down);
    }
    let name = board.selected(&all).unwrap().rule.as_ref().unwrap().name.clone();
    let mode = |stage: &Stage| rules(stage).rule(&name).map(|rule| rule.mode);
    assert_eq!(press(&stage, &mut board, KeyCode::Char(' ')), BoardReply::Put(Put::NextMode));
    for wanted in [Mode::Observe, Mode::Off, Mode::On] {
        assert!(!put(&mut stage, &board, Put::NextMode).unwrap());
        assert_eq!(mode(&stage), Some(wanted));
    }
    assert!(put(&mut stage, &board, Put::On).unwrap_err().contains("on already"));
    assert!(put(&mut stage, &board, Put::Keep).unwrap(), "what is on can still be kept");
    let shown = screen(&stage, &mut board, 120, 37);
    assert!(shown.contains("Together, on this recording they save"), "{shown}");
    assert!(shown.contains("Tried on this recording"), "{shown}");
}

#[test]
fn rules_stand_in_the_order_in_which_they_act_whatever_order_they_are_switched_on_in() {
    let (mut stage, mut board) = on(MEMORY, false);
    let all = stage.advices.proposals(SESSION).to_vec();
    for _ in &all {
        if board.selected(&all).is_some_and(|chosen| chosen.rule.is_some()) {
            put(&mut stage, &board, Put::On).unwrap();
        }
        press(&stage, &mut board, KeyCode::Down);
    }
    let named: Vec<String> = rules(&stage).rules.into_iter().map(|rule| rule.name).collect();
    let wanted: Vec<String> = Proposal::rules(&all).into_iter().map(|rule| rule.name.clone()).collect();
    // Of one kind any order is as good: what counts is that kinds follow each other.
    let kind =
        |name: &String| all.iter().position(|one| one.rule.as_ref().is_some_and(|rule| rule.name == *name));
    let kinds =
        |names: &[String]| -> Vec<&str> { names.iter().map(|name| all[kind(name).unwrap()].kind).collect() };
    assert_eq!(kinds(&named), kinds(&wanted));
    assert_eq!(named.len(), wanted.len());
}

#[test]
fn what_is_only_told_is_no_rule() {
    let (mut stage, mut board) = on(crate::ui::panels::fixture::BROWSER, true);
    let all = stage.advices.proposals(SESSION).to_vec();
    press(&stage, &mut board, KeyCode::Char('G'));
    assert!(board.selected(&all).unwrap().rule.is_none());
    assert!(put(&mut stage, &board, Put::On).unwrap_err().contains("No rule does this"));
    insta::assert_snapshot!("advice_told_80x21", screen(&stage, &mut board, 80, 21));
}

#[test]
fn the_selection_stays_with_its_proposal_when_advice_is_asked_for_again() {
    let (mut stage, mut board) = on(MEMORY, true);
    screen(&stage, &mut board, 80, 21);
    for _ in 0..3 {
        press(&stage, &mut board, KeyCode::Down);
    }
    let mut all = stage.advices.proposals(SESSION).to_vec();
    let title = board.selected(&all).unwrap().title.clone();
    all.rotate_left(2);
    stage.advices = Advices::default();
    stage.advices.ask(SESSION, Micros(1), 1);
    let inquiry = stage.advices.take_wanted().unwrap();
    stage.advices.put(&inquiry, Answer::Ready(Arc::new(all.clone())));
    let shown = screen(&stage, &mut board, 80, 21);
    assert_eq!(board.selected(&all).unwrap().title, title, "{shown}");
    assert!(shown.contains("since: r looks again"), "{shown}");
}
