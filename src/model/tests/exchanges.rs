//! Which response belongs to which request, and what progress and cancellation do.

use super::*;

#[test]
fn a_number_and_a_string_are_two_ids() {
    let mut play = Play::new();
    for id in ["1", "\"1\"", "1.5"] {
        play.ask(id, "tools/call", r#"{"name":"a"}"#);
    }
    play.at_ms(1).answer("1.5", "{}");
    assert_eq!(play.states(), [State::Pending, State::Pending, OK]);
    play.answer("\"1\"", "{}").answer("1", "{}");
    assert_eq!(play.states(), [OK; 3]);
}

#[test]
fn both_sides_may_use_the_same_id_at_once() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).server(request("1", "roots/list", "{}"));
    play.at_ms(5).client(r#"{"id":1,"result":{"roots":[]}}"#);
    assert_eq!(play.states(), [State::Pending, OK]);
    assert_eq!((play.op(0).from, play.op(1).from), (Peer::Client, Peer::Server));
    play.at_ms(9).answer("1", "{}");
    assert_eq!(play.states(), [OK, OK]);
    assert_eq!(play.op(1).latency_us(Micros(0)), 5_000);
}

#[test]
fn an_id_may_be_used_again_later() {
    let mut play = Play::new();
    play.ask("1", "ping", "{}").answer("1", "{}").ask("1", "ping", "{}");
    assert_eq!(play.states(), [OK, State::Pending]);
    play.answer("1", "{}");
    assert_eq!(play.states(), [OK, OK]);
    assert_eq!(play.session.totals().orphans + play.session.totals().duplicates, 0);
}

#[test]
fn requests_in_flight_under_one_id_are_answered_in_order_and_noted() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).ask("1", "tools/call", r#"{"name":"b"}"#);
    assert_eq!(play.kinds(), [LogKind::SameId { from: Peer::Client }]);
    play.answer("1", "{}");
    assert_eq!(play.states(), [OK, State::Pending]);
    play.answer("1", "{}");
    assert_eq!(play.states(), [OK, OK]);
}

#[test]
fn answers_to_nothing_and_second_answers_are_told_apart() {
    let mut play = Play::new();
    play.ask("1", "ping", "{}").answer("1", "{}").answer("1", "{}").answer("2", "{}");
    assert_eq!(
        play.kinds(),
        [LogKind::Duplicate { from: Peer::Server }, LogKind::Orphan { from: Peer::Server }]
    );
    let totals = play.session.totals();
    assert_eq!((totals.duplicates, totals.orphans, totals.ok), (1, 1, 1));
}

#[test]
fn an_error_without_an_id_is_noted_and_closes_nothing() {
    let mut play = Play::new();
    play.ask("1", "ping", "{}");
    play.server(r#"{"id":null,"error":{"code":-32700}}"#).server(r#"{"error":{"code":-32700}}"#);
    assert_eq!(play.states(), [State::Pending]);
    assert_eq!(play.kinds(), [LogKind::NoId { from: Peer::Server }; 2]);
}

#[test]
fn each_message_of_a_batch_is_its_own_exchange_and_shares_the_place() {
    let mut play = Play::new();
    play.client(
        r#"[{"id":1,"method":"ping"}, {"id":2,"method":"tools/call","params":{"name":"a"}},{"method":"n"}]"#,
    );
    play.at_ms(3).server(r#"[{"id":2,"result":{}},{"id":1,"error":{"code":-32601}}]"#);
    assert_eq!(play.states(), [State::Done(Outcome::ProtocolError { code: -32601 }), OK]);
    let [one, two] = [0, 1].map(|n| play.op(n).first());
    assert_eq!((one.request.index, two.request.index), (0, 1));
    assert_eq!(one.request.place, two.request.place);
    assert_eq!((one.response.unwrap().index, two.response.unwrap().index), (1, 0));
    assert_eq!(one.request.bytes, 24);
    assert_eq!(play.session.notifications().len(), 1);
}

#[test]
fn notifications_are_counted_by_sender_and_method() {
    let mut play = Play::new();
    play.client(notification("notifications/initialized", "{}"));
    play.server(notification("notifications/message", "{}"))
        .server(notification("notifications/message", "{}"));
    let counts: Vec<_> = play
        .session
        .notifications()
        .iter()
        .map(|one| (one.from, play.session.name(one.method).to_owned(), one.count))
        .collect();
    assert_eq!(
        counts,
        [
            (Peer::Client, "notifications/initialized".to_owned(), 1),
            (Peer::Server, "notifications/message".to_owned(), 2)
        ]
    );
}

#[test]
fn noise_is_counted_and_kept_with_its_place() {
    let mut play = Play::new();
    play.ask("1", "ping", "{}").server("No X display available.").answer("1", "{}");
    let entry = play.session.log().entries().next().unwrap();
    assert_eq!(entry.kind, LogKind::Noise { from: Peer::Server });
    assert_eq!(&*entry.text, "No X display available.");
    assert!(entry.place.offset_bytes > 0);
    assert_eq!((play.session.totals().noise, play.session.totals().frames), (1, 3));
}

#[test]
fn protocol_errors_and_tool_errors_are_two_things() {
    let mut play = Play::new();
    for id in ["1", "2", "3"] {
        play.ask(id, "tools/call", r#"{"name":"a"}"#);
    }
    play.answer("1", r#"{"content":[],"isError":true}"#);
    play.server(r#"{"id":2,"error":{"code":-32602,"message":"no"}}"#);
    play.answer("3", r#"{"content":[{"isError":true}],"isError":false}"#);
    assert_eq!(
        play.states(),
        [State::Done(Outcome::ToolError), State::Done(Outcome::ProtocolError { code: -32602 }), OK]
    );
    let row = play.row(Peer::Client, "tools/call", "a");
    assert_eq!((row.tool_errors, row.protocol_errors, row.errors(), row.answered()), (1, 1, 2, 3));
}

#[test]
fn rows_are_one_per_tool_and_one_per_other_method() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).ask("2", "tools/call", r#"{"name":"b"}"#);
    play.ask("3", "resources/read", r#"{"uri":"file:///x"}"#).ask(
        "4",
        "resources/read",
        r#"{"uri":"file:///y"}"#,
    );
    assert_eq!(play.session.rows().len(), 3);
    assert_eq!(play.row(Peer::Client, "resources/read", "").calls, 2);
    assert_eq!(play.session.name(play.op(3).target), "file:///y");
}

#[test]
fn progress_belongs_to_the_call_that_named_its_token() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a","_meta":{"progressToken":7}}"#);
    play.ask("2", "tools/call", r#"{"name":"a","_meta":{"progressToken":"7"}}"#);
    play.server(request("1", "sampling/createMessage", r#"{"_meta":{"progressToken":7}}"#));
    play.at_ms(4).server(notification(
        "notifications/progress",
        r#"{"progressToken":"7","progress":1,"total":4,"message":"one"}"#,
    ));
    play.at_ms(6).server(notification("notifications/progress", r#"{"progressToken":"7","progress":2.5}"#));
    play.client(notification("notifications/progress", r#"{"progressToken":7,"progress":9}"#));
    let seen = play.op(1).progress().unwrap();
    assert_eq!(
        (seen.count, seen.last, seen.total, seen.message.as_deref()),
        (2, 2.5, Some(4.0), Some("one"))
    );
    assert_eq!(seen.points.iter().map(|point| point.at.0).collect::<Vec<_>>(), [4_000, 6_000]);
    assert!(play.op(0).progress().is_none());
    assert_eq!(play.op(2).progress().map(|seen| (seen.count, seen.last)), Some((1, 9.0)));
}

#[test]
fn a_progress_token_is_free_again_after_its_call() {
    let mut play = Play::new();
    let progress = notification("notifications/progress", r#"{"progressToken":7,"progress":1}"#);
    play.ask("1", "tools/call", r#"{"name":"a","_meta":{"progressToken":7}}"#)
        .answer("1", "{}")
        .server(&progress);
    play.ask("2", "tools/call", r#"{"name":"a","_meta":{"progressToken":7}}"#).server(&progress);
    assert!(play.op(0).progress().is_none());
    assert_eq!(play.op(1).progress().unwrap().count, 1);
}

#[test]
fn very_many_progress_points_are_thinned_evenly() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a","_meta":{"progressToken":7}}"#);
    for n in 0..1_000 {
        play.at_ms(n).server(notification(
            "notifications/progress",
            &format!(r#"{{"progressToken":7,"progress":{n}}}"#),
        ));
    }
    let seen = play.op(0).progress().unwrap();
    assert_eq!((seen.count, seen.last), (1_000, 999.0));
    assert!(seen.points.len() <= Progress::POINTS_MAX && seen.points.len() > Progress::POINTS_MAX / 3);
    let steps: Vec<u64> = seen.points.windows(2).map(|two| two[1].at.0 - two[0].at.0).collect();
    assert!(steps.iter().all(|step| *step == steps[0]), "{steps:?}");
}

#[test]
fn the_first_and_the_last_progress_notifications_are_kept_as_they_were() {
    let said = |events: u32| {
        let mut play = Play::new();
        play.ask("1", "tools/call", r#"{"name":"a","_meta":{"progressToken":7}}"#);
        for n in 1..=events {
            let more = if n % 2 == 0 { format!(r#","total":9,"message":"step {n}""#) } else { String::new() };
            let params = format!(r#"{{"progressToken":7,"progress":{n}{more}}}"#);
            play.at_ms(n.into()).server(notification("notifications/progress", &params));
        }
        let (first, latest, between) = play.op(0).progress().unwrap().told();
        let all = first.iter().chain(latest).map(|event| {
            assert_eq!(event.message.is_some(), event.total.is_some());
            let message = event.message.as_deref().unwrap_or("-");
            format!("{} {} {message}", event.at.0 / 1_000, event.progress.unwrap())
        });
        (all.collect::<Vec<_>>().join(", "), between)
    };
    assert_eq!(said(2), ("1 1 -, 2 2 step 2".to_owned(), 0));
    assert_eq!(said(4), ("1 1 -, 2 2 step 2, 3 3 -, 4 4 step 4".to_owned(), 0));
    let long = "1 1 -, 2 2 step 2, 3 3 -, 598 598 step 598, 599 599 -, 600 600 step 600";
    assert_eq!(said(600), (long.to_owned(), 594), "those between are counted");
}

#[test]
fn a_cancelled_call_stays_cancelled_and_remembers_a_late_answer() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).ask("2", "tools/call", r#"{"name":"a"}"#);
    play.at_ms(5).client(notification("notifications/cancelled", r#"{"requestId":1,"reason":"enough"}"#));
    play.client(notification("notifications/cancelled", r#"{"requestId":2}"#));
    play.at_ms(8).answer("1", "{}");
    assert_eq!(
        play.states(),
        [State::Cancelled { late_answer: true }, State::Cancelled { late_answer: false }]
    );
    assert!(play.op(0).answer().is_some() && play.op(1).answer().is_none());
    assert_eq!(play.op(1).latency_us(Micros(99_000)), 5_000, "its clock has stopped");
    let row = play.row(Peer::Client, "tools/call", "a");
    assert_eq!((row.cancelled, row.in_flight, row.latency_us.count()), (2, 0, 0));
    assert_eq!(play.session.totals().orphans, 0);
}

#[test]
fn the_server_may_cancel_its_own_request_and_not_the_clients() {
    let mut play = Play::new();
    play.ask("1", "tools/call", r#"{"name":"a"}"#).server(request("5", "elicitation/create", "{}"));
    play.server(notification("notifications/cancelled", r#"{"requestId":5}"#));
    play.server(notification("notifications/cancelled", r#"{"requestId":1}"#));
    assert_eq!(play.states(), [State::Pending, State::Cancelled { late_answer: false }]);
}

#[test]
fn latency_is_what_the_client_saw_and_the_servers_share_is_told_apart() {
    let mut play = Play::new();
    play.own_ns(20_000).at_ms(1).ask("1", "tools/call", r#"{"name":"a"}"#);
    play.own_ns(30_000).at_ms(11).answer("1", "{}");
    let one = play.op(0);
    assert_eq!(one.latency_us(Micros(0)), 10_030);
    assert_eq!(one.responder_us(), 9_980);
    assert_eq!(play.session.own_ns(Direction::ToServer).p50(), Some(20_000));
    assert_eq!(play.session.own_round_trip_ns().count(), 1);
    let own = play.session.own_round_trip_ns().max().unwrap();
    assert!((49_900..=50_100).contains(&own), "{own}");
    assert_eq!(play.row(Peer::Client, "tools/call", "a").latency_us.count(), 1);
}

#[test]
fn a_pending_call_has_a_running_clock() {
    let mut play = Play::new();
    play.at_ms(2).ask("1", "ping", "{}");
    assert_eq!(play.op(0).latency_us(Micros(7_000)), 5_000);
    assert_eq!(play.op(0).ended(), None);
    assert_eq!(play.session.pending().collect::<Vec<_>>(), [OperationId(0)]);
}

#[test]
fn an_id_is_the_same_number_in_another_form() {
    let mut play = Play::new();
    play.ask("1e3", "tools/call", r#"{"name":"a","_meta":{"progressToken":2e1}}"#);
    play.server(notification("notifications/progress", r#"{"progressToken":20.0,"progress":1}"#));
    play.answer("1000.0", "{}").answer("1000", "{}");
    // As floats these two would be one.
    play.ask("9007199254740993", "tools/call", r#"{"name":"a"}"#).answer("9007199254740992.0", "{}");
    play.ask(r#""\u00e9""#, "tools/call", r#"{"name":"a"}"#);
    play.client(notification("notifications/cancelled", r#"{"requestId":"é"}"#));
    assert_eq!(
        play.states(),
        [State::Done(Outcome::Ok), State::Pending, State::Cancelled { late_answer: false }]
    );
    assert_eq!(play.op(0).id().as_str(), "1e3", "it is called as it was written");
    assert_eq!(play.op(0).progress().unwrap().count, 1);
    let totals = play.session.totals();
    assert_eq!((totals.duplicates, totals.orphans), (1, 1));
}
