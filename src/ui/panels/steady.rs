//! Nothing moves while numbers change: traffic of every size goes step by step into the panels, and heads stay.

use proptest::prelude::*;

use super::Panel;
use super::calls::Calls;
use super::fixture::{Fate, Fixture, MadeUp, Stage, made_up};
use super::sessions::Sessions;
use super::timeline::Timeline;
use super::top::Top;
use crate::model::{OperationId, OperationTokens};
use crate::tokens::Accuracy;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
/// Events between two drawings.
const STEP: usize = 3;

/// What of a screen must not move.
type Heads = fn(&str, u16) -> String;

/// The first line: the headings of a list.
fn headings(screen: &str, _width: u16) -> String {
    screen.lines().next().unwrap_or_default().to_owned()
}

/// The headings of the list of calls, which has a call in full beside it where there is room.
fn call_headings(screen: &str, width: u16) -> String {
    let list = if width >= 150 { usize::from(width) * 9 / 20 } else { usize::from(width) };
    headings(screen, width).chars().take(list).collect()
}

/// Where the axis begins.
fn axis(screen: &str, width: u16) -> String {
    let before: String = headings(screen, width).chars().take_while(|c| *c != '│').collect();
    before.chars().count().to_string()
}

/// The headings, and where each line of the detail has its names and what parts its columns.
fn facts(screen: &str, width: u16) -> String {
    let parted = screen.lines().map(|line| line.chars().position(|c| c == '│')).max();
    format!("{} {parted:?}", headings(screen, width))
}

fn panels() -> Vec<(&'static str, Box<dyn Panel>, Heads)> {
    vec![
        ("Top", Box::new(Top::default()), headings),
        ("Calls", Box::new(Calls::default()), call_headings),
        ("Timeline", Box::new(Timeline::default()), axis),
        ("Sessions", Box::new(Sessions::default()), facts),
    ]
}

/// Numbers of every length alike.
fn lengths(digits: std::ops::Range<u32>) -> impl Strategy<Value = u64> {
    (digits, 0u64..9_000).prop_map(|(digits, part)| 10u64.pow(digits) * (1_000 + part) / 1_000)
}

fn calls() -> impl Strategy<Value = Vec<MadeUp>> {
    let fate = prop_oneof![
        6 => Just(Fate::Answered), 1 => Just(Fate::Failed), 1 => Just(Fate::Refused), 1 => Just(Fate::Open),
    ];
    let call = (0usize..5, fate, lengths(1..9), lengths(0..5), lengths(2..8)).prop_map(
        |(tool, fate, took_us, length, after_us)| MadeUp {
            tool,
            fate,
            took_us,
            length: usize::try_from(length).unwrap(),
            after_us,
        },
    );
    proptest::collection::vec(call, 4..20)
}

/// Counts what has been answered, without reading it.
fn count(fixture: &mut Fixture, of_call: impl Fn(usize) -> u32) {
    for index in 0..fixture.session.operations().len() {
        let id = OperationId(u32::try_from(index).unwrap());
        let operation = fixture.session.operation(id).unwrap();
        if operation.answer().is_some() && operation.tokens.is_none() {
            let tokens = of_call(index);
            let accuracy = if index % 3 == 0 { Accuracy::Estimated } else { Accuracy::Exact };
            let tokens = OperationTokens {
                request: tokens / 2,
                wire: tokens,
                model: tokens,
                request_accuracy: Accuracy::Exact,
                accuracy,
            };
            fixture.session.set_tokens(id, tokens);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn no_head_moves_while_numbers_change(calls in calls(), tokens in lengths(0..7)) {
        let text = made_up(&calls);
        for (width, height) in SIZES {
            for (name, mut panel, heads) in panels() {
                let mut stage = Stage::new(vec![Fixture::unread(&text)]);
                // The handshake and the list of tools.
                let opening = 7;
                stage.fixtures[0].grow(1..opening);
                let mut before: Option<(usize, String)> = None;
                for line in (opening..=stage.fixtures[0].lines()).step_by(STEP) {
                    let fixture = &mut stage.fixtures[0];
                    fixture.grow(line..line + STEP);
                    count(fixture, |index| u32::try_from(tokens * index as u64 % 3_000_000).unwrap());
                    let known = fixture.session.rows().len();
                    let now = heads(&stage.draw(&mut *panel, width, height), width);
                    if let Some((_, heads)) = before.as_ref().filter(|(rows, _)| *rows == known) {
                        prop_assert_eq!(heads, &now, "{} at {}x{}, event {}", name, width, height, line);
                    }
                    before = Some((known, now));
                }
            }
        }
    }
}
