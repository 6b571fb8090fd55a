use std::borrow::Cow;

use super::*;
use crate::trace::{Event, Fact, HttpEnd, Mark, Outcome, Payload, Ruling};
use crate::wire::Direction;

/// Plays facts a microsecond after the other; returns what was told.
fn follow(facts: &[Fact<'_>]) -> Vec<Followed> {
    let mut follower = Follower::default();
    let mut told = Vec::new();
    for (at, fact) in (1..).zip(facts) {
        let place = Place { offset_bytes: at, len_bytes: 1 };
        follower.apply(&Event { at: Micros(at), fact: fact.clone() }, place, &mut |one| told.push(one));
    }
    follower.finish(&mut |one| told.push(one));
    told
}

fn calls(facts: &[Fact<'_>]) -> Vec<Call> {
    let told = follow(facts).into_iter().filter_map(|one| match one {
        Followed::Call(call) => Some(*call),
        Followed::Exchange(_) => None,
    });
    let mut calls: Vec<Call> = told.collect();
    calls.sort_by_key(|call| call.number);
    calls
}

fn fates(facts: &[Fact<'_>]) -> Vec<Fate> {
    calls(facts).iter().map(|call| call.fate).collect()
}

fn to_server(text: &str) -> Fact<'_> {
    within(None, Direction::ToServer, text)
}

fn to_client(text: &str) -> Fact<'_> {
    within(None, Direction::ToClient, text)
}

fn within(exchange: Option<u32>, to: Direction, text: &str) -> Fact<'_> {
    let payload = Payload::of_frame(text.as_bytes());
    Fact::Message { to, own: Nanos(2_000), payload, parts: 0, exchange: exchange.map(ExchangeId) }
}

fn request(exchange: u32, session: Option<&'static str>, revision: &'static str) -> Fact<'static> {
    Fact::HttpRequest {
        exchange: ExchangeId(exchange),
        connection: 1,
        method: "POST".into(),
        target: "/mcp".into(),
        session: session.map(Cow::Borrowed),
        revision: Some(revision.into()),
        encoding: "".into(),
        resumes: false,
    }
}

fn response(exchange: u32, status: u16) -> Fact<'static> {
    let exchange = ExchangeId(exchange);
    Fact::HttpResponse {
        exchange,
        status,
        media: "application/json".into(),
        session: None,
        encoding: "".into(),
    }
}

fn end(exchange: u32, how: HttpEnd) -> Fact<'static> {
    Fact::HttpEnd { exchange: ExchangeId(exchange), how }
}

const CALL: &str = r#"{"id":1,"method":"tools/call","params":{"name":"add"}}"#;
const OK: &str = r#"{"id":1,"result":{}}"#;

#[test]
fn a_call_is_told_with_its_name_its_times_and_how_it_came_out() {
    let calls = calls(&[to_server(CALL), to_client(OK)]);
    let call = &calls[0];
    assert_eq!((&*call.method, call.target.as_deref(), call.fate), ("tools/call", Some("add"), Fate::Ok));
    // Read at 1, forwarded at 3; answered at 2, before that, as it can be with times rounded; delivered at 4.
    assert_eq!((call.latency_us(), call.responder_us(), call.ended), (Some(3), Some(0), Micros(4)));
}

#[test]
fn every_way_a_call_can_end_has_its_word() {
    let facts = [
        to_server(r#"[{"id":1,"method":"a"},{"id":"1","method":"b"},{"id":2,"method":"c"}]"#),
        to_client(r#"{"id":"1","result":{"isError":true}}"#),
        to_client(r#"{"id":1,"error":{"code":-32601,"message":"no"}}"#),
        to_server(r#"{"method":"notifications/cancelled","params":{"requestId":2}}"#),
        to_server(r#"{"id":3,"method":"d"}"#),
    ];
    let expected = [Fate::Error { code: -32601 }, Fate::ToolError, Fate::Cancelled, Fate::Unanswered];
    assert_eq!(fates(&facts), expected);
    let lost = Fact::Dropped { to: Direction::ToClient, messages: 1, bytes: 1 };
    assert_eq!(fates(&[to_server(CALL), lost]), [Fate::Unknown]);
    assert_eq!(calls(&facts)[1].request.index, Some(1));
}

#[test]
fn requests_of_the_server_are_told_as_its_own() {
    let facts =
        [to_client(r#"{"id":1,"method":"roots/list"}"#), to_server(OK), to_server(CALL), to_client(OK)];
    let calls = calls(&facts);
    assert_eq!(calls.iter().map(|call| call.from).collect::<Vec<_>>(), [Peer::Server, Peer::Client]);
}

#[test]
fn ids_belong_to_their_session_or_exchange() {
    let facts = [
        request(1, Some("a~1"), "2025-11-25"),
        within(Some(1), Direction::ToServer, CALL),
        request(2, Some("b~1"), "2025-11-25"),
        within(Some(2), Direction::ToServer, CALL),
        response(2, 200),
        within(Some(2), Direction::ToClient, r#"{"id":1,"result":{"isError":true}}"#),
        end(2, HttpEnd::Complete),
        // The stream of the first breaks and is taken up again in another exchange.
        end(1, HttpEnd::ServerLeft),
        request(3, Some("a~1"), "2025-11-25"),
        response(3, 200),
        within(Some(3), Direction::ToClient, OK),
        end(3, HttpEnd::Complete),
    ];
    assert_eq!(fates(&facts), [Fate::Ok, Fate::ToolError]);
    let exchanges = follow(&facts).iter().filter(|one| matches!(one, Followed::Exchange(_))).count();
    assert_eq!(exchanges, 1, "the third asked nothing");
}

#[test]
fn the_end_of_an_exchange_is_the_end_of_what_was_asked_in_it() {
    let facts = [
        request(1, None, "2026-07-28"),
        within(Some(1), Direction::ToServer, CALL),
        response(1, 404),
        end(1, HttpEnd::Complete),
        request(2, None, "2026-07-28"),
        within(Some(2), Direction::ToServer, CALL),
        end(2, HttpEnd::ClientLeft),
    ];
    assert_eq!(fates(&facts), [Fate::HttpError { status: 404 }, Fate::Cancelled]);
    let calls = calls(&facts);
    assert_eq!(calls[0].http.as_ref().unwrap().status, Some(404));
    assert_eq!(calls[0].revision.as_deref(), Some("2026-07-28"));
}

fn ruled(to: Direction, outcome: Outcome, text: &str, observed: bool) -> Fact<'_> {
    let mark = Mark { rule: "r".into(), by: "cache".into(), hit: true, observed, ..Mark::default() };
    Fact::Ruled(Box::new(Ruling {
        to,
        exchange: None,
        id: Some("1".into()),
        outcome,
        payload: Some(Payload::of_frame(text.as_bytes())),
        marks: vec![mark],
    }))
}

#[test]
fn what_a_rule_answered_or_changed_is_what_the_client_got() {
    let failed = r#"{"id":1,"result":{"isError":true}}"#;
    let answered = calls(&[
        to_server(CALL),
        ruled(Direction::ToServer, Outcome::Answered, failed, false),
        to_client(OK),
    ]);
    assert_eq!(answered.len(), 1);
    assert_eq!((answered[0].fate, answered[0].responder_us()), (Fate::ToolError, None));
    assert!(answered[0].rule.as_ref().unwrap().answered && answered[0].answer.unwrap().by_rule);
    let changed =
        calls(&[to_server(CALL), to_client(OK), ruled(Direction::ToClient, Outcome::Changed, failed, false)]);
    assert_eq!((changed[0].fate, changed[0].ended), (Fate::ToolError, Micros(4)));
    assert_eq!(changed[0].answer.unwrap().place.offset_bytes, 3);
    let observed =
        calls(&[to_server(CALL), to_client(OK), ruled(Direction::ToClient, Outcome::Changed, failed, true)]);
    assert_eq!((observed[0].fate, &observed[0].rule), (Fate::Ok, &None));
}

#[test]
fn the_revision_is_the_one_both_sides_agreed_on() {
    let calls = calls(&[
        to_server(r#"{"id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#),
        to_client(r#"{"id":0,"result":{"protocolVersion":"2025-06-18"}}"#),
        to_server(CALL),
    ]);
    assert_eq!(
        calls.iter().map(|call| call.revision.as_deref()).collect::<Vec<_>>(),
        [Some("2025-06-18"); 2]
    );
}
