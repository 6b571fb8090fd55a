//! Streamable HTTP: whose ids are whose, which stream an answer comes on, and what the end of an exchange means.

use super::*;

const CALL: &str = r#"{"name":"a"}"#;
const MODERN: &str = "2026-07-28";

#[test]
fn clients_that_use_the_same_ids_are_told_apart() {
    let mut play = Play::new();
    play.post(1, "s~1", "").ask("1", "tools/call", CALL);
    play.at_ms(5).post(2, "s~2", "").ask("1", "tools/call", CALL);
    play.at_ms(10).status(2, 200, "").answer("1", "{}");
    assert_eq!(play.states(), [State::Pending, OK]);
    play.at_ms(20).status(1, 200, "").answer("1", r#"{"isError":true}"#);
    assert_eq!(play.states(), [State::Done(Outcome::ToolError), OK]);
    assert_eq!(play.op(1).first().latency_us(), Some(5_000));
    // Without sessions each exchange is a conversation of its own.
    play.post(3, "", MODERN).ask("1", "tools/call", CALL).post(4, "", MODERN).ask("1", "tools/call", CALL);
    play.status(4, 200, "").answer("1", "{}");
    assert_eq!(play.states()[2..], [State::Pending, OK]);
    assert_eq!(play.session.totals().orphans, 0);
}

#[test]
fn the_answer_that_opens_a_session_is_found_in_its_own_exchange() {
    let mut play = Play::new();
    play.post(1, "", "").ask("0", "initialize", r#"{"protocolVersion":"2025-11-25"}"#);
    play.status(1, 200, "s~1").answer("0", r#"{"protocolVersion":"2025-11-25"}"#).end(1, HttpEnd::Complete);
    assert_eq!(play.states(), [OK]);
    assert_eq!(play.session.name(play.session.http_of(OperationId(0)).unwrap().session), "s~1");
}

#[test]
fn an_answer_may_come_on_another_stream_of_its_session() {
    let mut play = Play::new();
    play.post(1, "s~1", "").ask("1", "tools/call", r#"{"name":"a","_meta":{"progressToken":9}}"#);
    play.status(1, 200, "").end(1, HttpEnd::ServerLeft);
    assert_eq!(play.states(), [State::Pending], "the stream may be resumed");
    play.post(2, "s~1", "").status(2, 200, "");
    play.server(notification("notifications/progress", r#"{"progressToken":9,"progress":1}"#));
    play.answer("1", "{}");
    assert_eq!(play.states(), [OK]);
    assert_eq!(play.op(0).progress().unwrap().count, 1);
}

#[test]
fn what_a_server_asks_on_its_stream_is_answered_by_a_post_of_the_session() {
    let mut play = Play::new();
    play.post(1, "s~1", "").status(1, 200, "").server(request("7", "elicitation/create", "{}"));
    play.post(2, "s~2", "").client(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#);
    assert_eq!(play.states(), [State::Pending], "that was somebody else's 7");
    play.post(3, "s~1", "").client(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#).status(3, 202, "");
    assert_eq!(play.states(), [OK]);
}

#[test]
fn a_status_that_is_an_error_ends_the_request_whatever_the_body_says() {
    let mut play = Play::new();
    play.post(1, "", MODERN).ask("1", "tools/call", CALL).status(1, 415, "");
    play.server("fail to deserialize request body").end(1, HttpEnd::Complete);
    assert_eq!(play.states(), [State::Done(Outcome::HttpError { status: 415 })]);
    let passes = |text: &str| Filter::parse(text).unwrap().count(&play.session, Micros(0));
    assert_eq!(["http:415", "http:4xx", "http:200", "http:5xx"].map(passes), [1, 1, 0, 0]);
    assert_eq!(play.session.totals().noise, 1);
    // An error of the protocol that could not name the request is the request's all the same.
    play.post(2, "", MODERN).ask("1", "tools/call", CALL).status(2, 400, "");
    play.server(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32020,"message":"mismatch"}}"#);
    play.end(2, HttpEnd::Complete);
    assert_eq!(play.states()[1], State::Done(Outcome::ProtocolError { code: -32_020 }));
    assert_eq!(play.session.totals().orphans, 0);
}

#[test]
fn closing_the_stream_takes_a_modern_request_back_and_no_other() {
    let mut play = Play::new();
    for (exchange, session, revision) in [(1, "", MODERN), (2, "s~1", "2025-11-25"), (3, "", "")] {
        play.at_ms(1).post(exchange, session, revision).ask("1", "tools/call", CALL);
        play.at_ms(9).end(exchange, HttpEnd::ClientLeft);
    }
    let cancelled = State::Cancelled { late_answer: false };
    assert_eq!(play.states(), [cancelled, State::Pending, cancelled]);
    play.post(4, "", MODERN).ask("1", "tools/call", CALL).end(4, HttpEnd::ServerLeft);
    assert_eq!(play.states()[3], State::Abandoned);
    assert_eq!((play.session.http().open(), play.session.http().all().len()), (0, 4));
}

#[test]
fn a_cancellation_concerns_the_session_it_is_sent_in() {
    let mut play = Play::new();
    play.post(1, "s~1", "").ask("1", "tools/call", CALL).post(2, "s~2", "").ask("1", "tools/call", CALL);
    play.post(3, "s~2", "").client(notification("notifications/cancelled", r#"{"requestId":1}"#));
    assert_eq!(play.states(), [State::Pending, State::Cancelled { late_answer: false }]);
}
