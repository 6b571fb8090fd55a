//! Calls that become tasks, in both eras.

use super::*;

fn legacy() -> Play {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a","task":{"ttl":60000},"_meta":{"progressToken":1}}"#);
    play.at_ms(5).answer("1", r#"{"task":{"taskId":"t1","status":"working","pollInterval":100}}"#);
    play
}

#[test]
fn polling_belongs_to_the_operation_that_became_the_task() {
    let mut play = legacy();
    assert_eq!((play.op(0).state, play.op(0).phase()), (State::Pending, Phase::Task));
    play.at_ms(100).ask("2", "tasks/get", r#"{"taskId":"t1"}"#);
    play.at_ms(101).answer("2", r#"{"taskId":"t1","status":"working"}"#);
    play.at_ms(150).server(notification("notifications/progress", r#"{"progressToken":1,"progress":0.5}"#));
    play.at_ms(200).ask("3", "tasks/get", r#"{"taskId":"t1"}"#);
    play.at_ms(201).answer("3", r#"{"taskId":"t1","status":"completed"}"#);
    assert_eq!(play.states(), [OK]);
    play.at_ms(300).ask("4", "tasks/result", r#"{"taskId":"t1"}"#);
    play.at_ms(301).answer(
        "4",
        r#"{"content":[],"isError":true,"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t1"}}}"#,
    );
    assert_eq!(play.states(), [State::Done(Outcome::ToolError)], "the result corrects the status");
    let one = play.op(0);
    assert_eq!(one.latency_us(Micros(0)), 201_000, "until its final status");
    assert_eq!(one.exchanges().count(), 4);
    assert_eq!(one.later_methods().len(), 3);
    assert_eq!(one.task().unwrap().polls, 3);
    assert_eq!(one.progress().unwrap().count, 1);
    assert_eq!(one.answer().unwrap().at, Micros(301_000));
    let row = play.row(Peer::Client, "tools/call", "a");
    assert_eq!((row.calls, row.ok, row.tool_errors, row.latency_us.count()), (1, 0, 1, 1));
    let errors: u32 = row.series.buckets().iter().map(|bucket| bucket.errors).sum();
    assert_eq!(errors, 1);
}

#[test]
fn a_blocking_tasks_result_ends_the_task() {
    let mut play = legacy();
    play.at_ms(10).ask("2", "tasks/result", r#"{"taskId":"t1"}"#).at_ms(700).answer("2", r#"{"content":[]}"#);
    assert_eq!(play.states(), [OK]);
    assert_eq!(play.op(0).latency_us(Micros(0)), 700_000);
}

#[test]
fn a_status_notification_ends_the_task_and_the_error_tells_how() {
    let mut play = legacy();
    play.at_ms(50).server(notification("notifications/tasks/status", r#"{"taskId":"t1","status":"failed"}"#));
    assert_eq!(play.states(), [State::Done(Outcome::ToolError)]);
    play.at_ms(60).ask("2", "tasks/result", r#"{"taskId":"t1"}"#);
    play.server(r#"{"id":2,"error":{"code":-32000}}"#);
    assert_eq!(play.states(), [State::Done(Outcome::ProtocolError { code: -32000 })]);
    assert_eq!(play.op(0).latency_us(Micros(0)), 50_000);
}

#[test]
fn a_lost_result_does_not_undo_a_completed_task() {
    let mut play = legacy();
    play.server(notification("notifications/tasks/status", r#"{"taskId":"t1","status":"completed"}"#));
    play.ask("2", "tasks/result", r#"{"taskId":"t1"}"#).server(r#"{"id":2,"error":{"code":-32602}}"#);
    assert_eq!(play.states(), [OK]);
}

#[test]
fn a_cancelled_task_is_a_cancelled_operation() {
    let mut play = legacy();
    play.at_ms(20).ask("2", "tasks/cancel", r#"{"taskId":"t1"}"#);
    play.at_ms(21).answer("2", r#"{"taskId":"t1","status":"cancelled"}"#);
    assert_eq!(play.states(), [State::Cancelled { late_answer: false }]);
}

#[test]
fn tasks_nobody_knows_and_lists_of_tasks_are_operations_of_their_own() {
    let mut play = legacy();
    play.ask("2", "tasks/get", r#"{"taskId":"other"}"#).ask("3", "tasks/list", "{}");
    assert_eq!(play.session.operations().len(), 3);
}

#[test]
fn a_member_called_task_makes_no_task_of_a_call_that_did_not_ask_for_one() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).answer("1", r#"{"task":{"taskId":"t"},"content":[]}"#);
    assert_eq!(play.states(), [OK]);
}

#[test]
fn a_modern_task_carries_its_outcome_in_its_status_and_waits_for_input() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#);
    play.at_ms(5).answer("1", r#"{"resultType":"task","taskId":"t","status":"working","ttlMs":1}"#);
    play.at_ms(10).ask("2", "tasks/get", r#"{"taskId":"t"}"#);
    play.answer(
        "2",
        r#"{"resultType":"complete","taskId":"t","status":"input_required","inputRequests":{}}"#,
    );
    play.at_ms(1_010).ask("3", "tasks/update", r#"{"taskId":"t","inputResponses":{}}"#).answer("3", "{}");
    play.at_ms(1_500).ask("4", "tasks/get", r#"{"taskId":"t"}"#);
    play.answer(
        "4",
        r#"{"resultType":"complete","taskId":"t","status":"completed","result":{"isError":true}}"#,
    );
    assert_eq!(play.states(), [State::Done(Outcome::ToolError)]);
    let one = play.op(0);
    assert_eq!((one.human_wait_us(), one.latency_us(Micros(0))), (1_000_000, 500_000));
    assert_eq!(one.answer().unwrap().at, Micros(1_500_000));
    assert_eq!(play.session.rows().len(), 1);
}

#[test]
fn a_modern_task_that_fails_has_the_code_of_its_error() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#);
    play.answer("1", r#"{"resultType":"task","taskId":"t","status":"working"}"#);
    play.server(notification(
        "notifications/tasks",
        r#"{"taskId":"t","status":"failed","error":{"code":-32603,"message":"x"}}"#,
    ));
    assert_eq!(play.states(), [State::Done(Outcome::ProtocolError { code: -32603 })]);
}

#[test]
fn tasks_of_the_client_are_its_own() {
    let mut play = Play::new();
    play.server(request("1", "sampling/createMessage", r#"{"task":{}}"#));
    play.client(r#"{"id":1,"result":{"task":{"taskId":"t1","status":"working"}}}"#);
    play.ask("1", "tasks/get", r#"{"taskId":"t1"}"#);
    assert_eq!(
        play.session.operations().len(),
        2,
        "the client asks about a task of the server's that nobody made"
    );
    play.at_ms(40)
        .server(request("2", "tasks/result", r#"{"taskId":"t1"}"#))
        .client(r#"{"id":2,"result":{}}"#);
    assert_eq!(play.op(0).state, OK);
}

#[test]
fn endless_polling_is_counted_and_not_kept() {
    let mut play = legacy();
    for n in 0..1_000 {
        let id = (n + 10).to_string();
        play.ask(&id, "tasks/get", r#"{"taskId":"t1"}"#).answer(&id, r#"{"taskId":"t1","status":"working"}"#);
    }
    assert_eq!(play.op(0).exchanges().count(), Operation::EXCHANGES_MAX);
    assert_eq!(play.op(0).task().unwrap().polls, 1_000);
}
