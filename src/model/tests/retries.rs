//! `input_required`, requests of the server, and listen streams.

use super::*;

const ASKED: &str = r#"{"resultType":"input_required","requestState":"abc","inputRequests":{"q":{}}}"#;

#[test]
fn a_retry_after_input_required_is_the_same_operation_and_the_wait_is_not_the_servers() {
    let mut play = Play::new();
    play.at_ms(0).ask("1", "tools/call", r#"{"name":"a"}"#).at_ms(10).answer("1", ASKED);
    assert_eq!((play.op(0).state, play.op(0).phase()), (State::Pending, Phase::Input));
    assert_eq!(play.op(0).latency_us(Micros(500_000)), 10_000, "waiting for a human is nobody's latency");
    play.at_ms(5_010).ask(
        "2",
        "tools/call",
        r#"{"name":"a","requestState":"\u0061bc","inputResponses":{"q":{}}}"#,
    );
    assert_eq!(play.op(0).phase(), Phase::Answer);
    play.at_ms(5_030).answer("2", r#"{"resultType":"complete","content":[]}"#);
    assert_eq!(play.states(), [OK]);
    let one = play.op(0);
    assert_eq!(one.exchanges().count(), 2);
    assert_eq!(one.retries(), 1);
    assert_eq!(one.latency_us(Micros(0)), 30_000);
    assert_eq!(one.responder_us(), 30_000);
    assert_eq!(one.human_wait_us(), 5_000_000);
    assert_eq!(one.elapsed_us(Micros(0)), 5_030_000);
    let row = play.row(Peer::Client, "tools/call", "a");
    assert_eq!((row.calls, row.latency_us.count(), row.human_wait_us_sum), (1, 1, 5_000_000));
}

#[test]
fn retries_find_their_operation_by_name_and_state() {
    let mut play = Play::new();
    for (id, state) in [("1", "x"), ("2", "y")] {
        play.ask(id, "tools/call", r#"{"name":"a"}"#);
        play.answer(id, &format!(r#"{{"resultType":"input_required","requestState":"{state}"}}"#));
    }
    play.ask("3", "tools/call", r#"{"name":"a","requestState":"y"}"#).answer("3", "{}");
    play.ask("4", "tools/call", r#"{"name":"b","requestState":"x"}"#);
    assert_eq!(play.states(), [State::Pending, OK, State::Pending]);
    play.ask("5", "tools/call", r#"{"name":"a","requestState":"x"}"#).answer("5", ASKED);
    assert_eq!(play.op(0).phase(), Phase::Input);
    play.ask("6", "tools/call", r#"{"name":"a","requestState":"abc"}"#).answer("6", "{}");
    assert_eq!(play.op(0).retries(), 2);
    assert_eq!(play.states(), [OK, OK, State::Pending]);
}

#[test]
fn an_answer_of_the_client_is_waited_for_by_the_only_open_call() {
    let mut play = Play::new();
    play.at_ms(0).ask("1", "tools/call", r#"{"name":"a"}"#);
    play.at_ms(10).server(request("1", "elicitation/create", "{}"));
    play.at_ms(20).server(request("2", "sampling/createMessage", "{}"));
    play.at_ms(60).client(r#"{"id":2,"result":{}}"#);
    play.at_ms(110).client(r#"{"id":1,"result":{}}"#);
    play.at_ms(130).answer("1", "{}");
    assert_eq!(play.op(1).serves(), Some(OperationId(0)));
    let call = play.op(0);
    assert_eq!(call.client_wait_us(), 100_000, "overlapping waits count once");
    assert_eq!((call.latency_us(Micros(0)), call.elapsed_us(Micros(0))), (30_000, 130_000));
    assert_eq!(call.responder_us(), 30_000);
    assert_eq!(play.row(Peer::Server, "elicitation/create", "").ok, 1);
}

#[test]
fn with_two_calls_open_nobody_says_which_one_asked_back() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).ask("2", "tools/call", r#"{"name":"a"}"#);
    play.server(request("1", "elicitation/create", "{}")).at_ms(50).client(r#"{"id":1,"result":{}}"#);
    play.answer("1", "{}").answer("2", "{}");
    assert_eq!(play.op(2).serves(), None);
    assert_eq!((play.op(0).client_wait_us(), play.op(1).client_wait_us()), (0, 0));
}

#[test]
fn a_request_that_names_a_task_is_made_for_that_call_whatever_else_is_open() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a","task":{}}"#);
    play.answer("1", r#"{"task":{"taskId":"t","status":"working"}}"#).ask(
        "2",
        "tools/call",
        r#"{"name":"b"}"#,
    );
    let related = r#"{"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}}"#;
    play.at_ms(10).server(request("1", "elicitation/create", related));
    play.at_ms(50).client(r#"{"id":1,"result":{"action":"accept"}}"#);
    assert_eq!(play.op(2).serves(), Some(OperationId(0)));
    assert_eq!((play.op(0).client_wait_us(), play.op(1).client_wait_us()), (40_000, 0));
}

#[test]
fn a_question_taken_back_is_waited_for_no_longer() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).at_ms(10).server(request("7", "elicitation/create", "{}"));
    assert_eq!(play.op(0).latency_us(Micros(30_000)), 10_000, "the clock stands while the client is asked");
    play.at_ms(30).server(notification("notifications/cancelled", r#"{"requestId":7}"#));
    play.at_ms(45).answer("1", "{}");
    assert_eq!((play.op(0).client_wait_us(), play.op(0).latency_us(Micros(0))), (20_000, 25_000));
}

#[test]
fn a_ping_of_the_server_is_made_for_no_call() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).server(request("7", "ping", "{}"));
    assert_eq!(play.op(1).serves(), None);
}

#[test]
fn a_listen_stream_is_neither_slow_nor_in_flight() {
    let mut play = Play::new();
    play.ask("\"l\"", "subscriptions/listen", r#"{"notifications":{"toolsListChanged":true}}"#);
    let meta = r#"{"_meta":{"io.modelcontextprotocol/subscriptionId":"l"}}"#;
    play.server(notification("notifications/subscriptions/acknowledged", meta));
    play.at_ms(500).server(notification("notifications/tools/list_changed", meta));
    assert_eq!(play.op(0).phase(), Phase::Listening);
    assert_eq!(play.op(0).notified(), 2);
    assert_eq!(play.session.definitions().tools_stale_since, Some(Micros(500_000)));
    let totals = play.session.totals();
    assert_eq!((totals.in_flight, totals.listening), (0, 1));
    play.at_ms(3_600_000).answer("\"l\"", r#"{"resultType":"complete"}"#);
    let row = play.row(Peer::Client, "subscriptions/listen", "");
    assert_eq!((row.ok, row.listening, row.latency_us.count()), (1, 0, 0));
}

#[test]
fn a_server_may_end_a_listen_stream_by_cancelling_it() {
    let mut play = Play::new();
    play.ask("1", "subscriptions/listen", "{}").ask("2", "tools/call", r#"{"name":"a"}"#);
    play.server(notification("notifications/cancelled", r#"{"requestId":1}"#));
    play.server(notification("notifications/cancelled", r#"{"requestId":2}"#));
    assert_eq!(play.states(), [State::Cancelled { late_answer: false }, State::Pending]);
}
