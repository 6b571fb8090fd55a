//! What becomes of open calls when observations or the session end.

use super::*;
use crate::trace::Exit;

fn two_sides() -> Play {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).server(request("1", "ping", "{}"));
    play
}

#[test]
fn at_the_end_open_calls_are_abandoned() {
    let mut play = two_sides();
    play.at_ms(9).fact(Fact::Ended { exit: Exit::Signal(9), why: "killed".into() });
    assert_eq!(play.states(), [State::Abandoned; 2]);
    assert_eq!(play.op(0).elapsed_us(Micros(u64::MAX)), 9_000);
    assert_eq!(play.session.end().unwrap().exit, Some(Exit::Signal(9)));
    play.session.end_of_recording();
    assert_eq!(&*play.session.end().unwrap().why, "killed");
}

#[test]
fn a_recording_that_breaks_off_abandons_its_open_calls() {
    let mut play = two_sides();
    play.session.end_of_recording();
    assert_eq!(play.states(), [State::Abandoned; 2]);
    assert_eq!(play.session.end().unwrap().exit, None);
}

#[test]
fn after_a_drop_only_calls_whose_answer_may_be_in_it_are_unknown() {
    let mut play = two_sides();
    play.fact(Fact::Dropped { to: Direction::ToClient, messages: 3, bytes: 100 });
    assert_eq!(play.states(), [State::Unknown, State::Pending]);
    play.at_ms(5).ask("2", "tools/call", r#"{"name":"a"}"#);
    play.at_ms(9).answer("2", "{}");
    play.at_ms(10).fact(Fact::Ended { exit: Exit::Code(0), why: "".into() });
    assert_eq!(play.states(), [State::Unknown, State::Abandoned, OK]);
    let totals = play.session.totals();
    assert_eq!((totals.dropped_messages, totals.dropped_bytes, totals.unknown), (3, 100, 1));
    assert_eq!(play.row(Peer::Client, "tools/call", "a").latency_us.count(), 1);
}

#[test]
fn an_answer_that_comes_after_all_is_counted() {
    let mut play = two_sides();
    play.fact(Fact::Dropped { to: Direction::ToClient, messages: 1, bytes: 1 }).at_ms(7).answer("1", "{}");
    assert_eq!(play.op(0).state, OK);
    assert_eq!(play.op(0).latency_us(Micros(0)), 7_000);
    assert_eq!(play.session.totals().unknown, 0);
}

#[test]
fn a_lost_request_direction_makes_a_waited_for_retry_unknown() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).answer("1", r#"{"resultType":"input_required"}"#);
    play.ask("2", "tools/call", r#"{"name":"a"}"#);
    play.fact(Fact::Dropped { to: Direction::ToServer, messages: 1, bytes: 1 });
    assert_eq!(play.states(), [State::Unknown, State::Pending]);
    play.ask("3", "tools/call", r#"{"name":"a","inputResponses":{}}"#).answer("3", "{}");
    assert_eq!(play.op(0).state, OK);
}

#[test]
fn when_the_recording_stops_the_traffic_goes_on_unseen() {
    let mut play = two_sides();
    play.fact(Fact::Stopped { why: "disk full".into() });
    play.session.end_of_recording();
    assert_eq!(play.states(), [State::Unknown; 2]);
    assert_eq!(play.session.stopped().unwrap().1, "disk full");
}

#[test]
fn a_frame_in_parts_is_read_as_one() {
    let mut play = Play::new();
    play.fact(Fact::Part {
        to: Direction::ToServer,
        payload: Payload::of_frame(br#"{"id":1,"meth"#),
        exchange: None,
    });
    play.server(notification("notifications/message", "{}"));
    let payload = Payload::of_frame(b"od\":\"ping\"}\n");
    play.fact(Fact::Message { to: Direction::ToServer, own: Nanos(0), payload, parts: 1, exchange: None });
    assert_eq!(play.states(), [State::Pending]);
    assert!(play.op(0).first().request.in_parts);
    assert_eq!(play.op(0).first().request.bytes, 25);
}

#[test]
fn a_frame_with_missing_parts_casts_doubt_on_what_waits_for_one() {
    let mut play = two_sides();
    let payload = Payload::of_frame(b":{}}\n");
    play.fact(Fact::Message { to: Direction::ToClient, own: Nanos(0), payload, parts: 2, exchange: None });
    assert_eq!(play.states(), [State::Unknown, State::Pending]);
    assert_eq!(play.kinds(), [LogKind::TooLong { from: Peer::Server }]);
}
