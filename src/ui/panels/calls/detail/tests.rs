//! Small recordings in, the steps of a call out.

use std::fmt::Write as _;

use super::spent::{Spent, spent};
use super::{step_line, steps};
use crate::model::OperationId;
use crate::ui::panels::fixture::{Fixture, Stage};

/// A recording in which a call begins, and what follows: times with what happens then.
fn recording(events: &[(u64, String)]) -> String {
    let mut text = r#"{"mcptop":1,"session":"s","started":"2026-11-21T10:00:00Z","version":"0.1.0","label":"s","front":{"kind":"stdio"},"back":{"kind":"command","argv":["x"]},"platform":"linux-x86_64"}"#.to_owned();
    for (at, rest) in events {
        write!(text, "\n{{\"t\":{at},{rest}}}").unwrap();
    }
    text + "\n"
}

fn says(to: &str, own_ns: u64, body: &str) -> String {
    format!(r#""kind":"message","to":"{to}","own_ns":{own_ns},"body":{body}"#)
}

fn asks() -> String {
    let params = r#"{"name":"a","arguments":{},"_meta":{"progressToken":7}}"#;
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    says("server", 11_000, &body)
}

fn answers(own_ns: u64) -> String {
    says("client", own_ns, r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#)
}

fn reports(n: u64, more: &str) -> String {
    let params = format!(r#"{{"progressToken":7,"progress":{n}{more}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{params}}}"#);
    says("client", 9_000, &body)
}

fn of_the_call<T>(
    events: &[(u64, String)],
    is_live: bool,
    look: impl Fn(&super::Cx<'_>, &super::Opened<'_>) -> T,
) -> T {
    let stage = Stage::new(vec![Fixture::read(&recording(events), is_live)]);
    stage.with(|cx| look(cx, &cx.sessions[0]))
}

/// The steps as a screen of so much room shows them.
fn shown(events: &[(u64, String)], room: usize) -> String {
    of_the_call(events, false, |cx, opened| {
        let operation = opened.session.operation(OperationId(0)).unwrap();
        let all = step_line::shortened(steps::steps(opened, operation), room);
        let lines = all.iter().map(|step| step_line::line(step, cx).to_string());
        lines.map(|line| line.trim_end().to_owned() + "\n").collect()
    })
}

fn time(events: &[(u64, String)], is_live: bool) -> Spent {
    of_the_call(events, is_live, |_, opened| spent(opened, opened.session.operation(OperationId(0)).unwrap()))
}

#[test]
fn each_progress_is_one_notification_and_the_last_one_is_shown_last() {
    let mut events = vec![(0, asks())];
    for n in 1..=600 {
        let said = if n == 537 { String::new() } else { format!(r#","total":600,"message":"step {n}""#) };
        events.push((n * 100_000, reports(n, &said)));
    }
    events.push((60_100_000, answers(9_000)));
    insta::assert_snapshot!("steps_progress_600", shown(&events, 40));
    insta::assert_snapshot!("steps_progress_600_short", shown(&events, 8));
    insta::assert_snapshot!("steps_progress_600_tiny", shown(&events, 5));
    events.truncate(5);
    insta::assert_snapshot!("steps_progress_4", shown(&events, 40));
}

#[test]
fn what_came_before_the_answer_stands_before_it() {
    let events = [(0, asks()), (5_000, reports(1, "")), (5_000, answers(0)), (5_000, reports(2, ""))];
    insta::assert_snapshot!("steps_order", shown(&events, 40));
}

#[test]
fn a_rule_acts_between_the_answer_and_its_delivery() {
    let mark = |by: &str| format!(r#"{{"rule":"lean","by":"{by}","hit":true,"cost_ns":9000}}"#);
    let ruled = |to: &str, body: &str, by: &str| {
        let mark = mark(by);
        format!(r#""kind":"ruled","to":"{to}","id":"1","outcome":"changed","marks":[{mark}],"body":{body}"#)
    };
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#;
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
    // The recorder is told of a change after the message has been written.
    let events = [
        (0, asks()),
        (40, ruled("server", request, "arguments")),
        (5_000, answers(60_000)),
        (5_090, ruled("client", answer, "trim")),
    ];
    insta::assert_snapshot!("steps_changed", shown(&events, 40));
}

#[test]
fn the_time_of_a_call_without_an_answer_is_the_servers() {
    let cancelled = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    let taken_back = [(0, asks()), (2_000_000, says("server", 0, cancelled)), (9_000_000, answers(9_000))];
    for so_far in 2..=3 {
        let spent = time(&taken_back[..so_far], false);
        assert_eq!((spent.all_us, spent.responder_us + spent.own_us), (2_000_000, 2_000_000), "{spent:?}");
        assert!(spent.own_us < 100);
    }
    let unanswered = [(0, asks()), (3_000_000, says("server", 0, r#"{"jsonrpc":"2.0","method":"x"}"#))];
    for is_live in [true, false] {
        let spent = time(&unanswered, is_live);
        assert_eq!((spent.all_us, spent.responder_us), (3_000_000, 2_999_989), "{spent:?}");
    }
    // While the human is asked, it is not the server's.
    let asks_back = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","requestState":"s"}}"#;
    let asked =
        [(0, asks()), (1_000_000, says("client", 0, asks_back)), (3_000_000, says("server", 0, cancelled))];
    let spent = time(&asked, false);
    assert_eq!((spent.responder_us, spent.human_us), (999_989, 2_000_000), "{spent:?}");
}
