//! Recordings in, what is said of two calls and two sessions out.

use super::figures;
use crate::insight::figures::Look;
use crate::model::{OperationId, State};
use crate::trace::{Exit, Micros};
use crate::ui::panels::fixture::{Fixture, Stage, files};
use crate::ui::side_by_side::work::{Order, Side, Standing, Ticket, What};

/// The row of two calls' figures that begins with a name, its blanks made one.
fn rows(stage: &Stage, calls: [OperationId; 2]) -> impl Fn(&str) -> String {
    let draw = || {
        stage.with(|cx| {
            let opened = &cx.sessions[0];
            let sides = calls.map(|id| (opened, opened.session.operation(id).unwrap()));
            figures::lines(sides, 110, cx).iter().map(ToString::to_string).collect::<Vec<_>>()
        })
    };
    let mut lines = draw();
    while stage.fetch() {
        lines = draw();
    }
    move |name| {
        let line = lines.iter().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn find(stage: &Stage, wanted: impl Fn(State) -> bool) -> OperationId {
    let all = stage.fixtures[0].session.operations();
    let at = all.iter().rposition(|operation| wanted(operation.state)).unwrap();
    OperationId(u32::try_from(at).unwrap())
}

#[test]
fn nothing_is_reckoned_with_what_a_call_without_an_answer_does_not_have() {
    let stage = Stage::new(vec![Fixture::read(&files(), true)]);
    let answered = find(&stage, |state| matches!(state, State::Done(_)));
    let cancelled = find(&stage, |state| matches!(state, State::Cancelled { late_answer: false }));
    let pending = find(&stage, |state| state == State::Pending);
    for without in [cancelled, pending] {
        let row = rows(&stage, [without, answered]);
        for name in ["waited", "server", "answer ", "for the model", "answer size"] {
            let text = row(name);
            let of_b = text.strip_prefix(&format!("{} – ", name.trim())).unwrap_or_else(|| panic!("{text}"));
            assert!(!of_b.contains('–') && !of_b.contains('x') && !of_b.contains("same"), "{text}");
        }
        let request = row("request");
        assert_eq!(request.matches(" tokens").count(), 2, "its request is counted: {request}");
    }
}

fn said(stage: &Stage, exit: Option<Exit>, is_live: bool, damage: Option<&str>) -> String {
    let side = || {
        let opened = &stage.fixtures[0];
        let mut session = opened.session.abridged();
        if let Some(exit) = exit {
            let fact = crate::trace::Fact::Ended { exit, why: "".into() };
            session.apply(&crate::trace::Event { at: Micros(1), fact }, crate::trace::Place::default());
        }
        let mut look = Look::default();
        look.further(&opened.session, usize::MAX, |_, _| true);
        let damage = damage.map(str::to_owned);
        Side { session, look, standing: Standing { is_live, is_played: false, damage } }
    };
    let what = What::Sessions(Box::new([side(), side()]), "a model");
    let (_, found) = Order { ticket: Ticket::new(), what }.compare();
    let lines = stage.with(|cx| found[1].lines(200, cx));
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_of_two_sessions_is_said_to_have_ended_somehow() {
    let live = Stage::new(vec![Fixture::read(&files(), true)]);
    let over = Stage::new(vec![Fixture::read(&files(), false)]);
    let damage = "3 lines of this recording cannot be read and are skipped";
    let all = [
        said(&live, Some(Exit::Code(0)), false, None),
        said(&live, Some(Exit::Code(3)), false, None),
        said(&live, Some(Exit::Signal(9)), false, None),
        said(&live, None, true, None),
        said(&over, None, false, None),
        said(&over, None, false, Some(damage)),
    ];
    insta::assert_snapshot!("ends", all.join("\n"));
}
