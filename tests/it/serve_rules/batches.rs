//! Several messages in one request (revision 2025-03-26): rules see each of them, whatever form the answers have.

use mcptop::trace::{Fact, Outcome};
use mcptop::wire::messages;

use super::played::{Back, How, Rig, all};
use super::{HIDE, TIMEOUT, TRIM, result};

/// About other tools, and with nothing that a call could make void.
const ELSEWHERE: &str =
    "[[rule]]\nname = \"elsewhere\"\nmatch = { tool = \"other\" }\ntrim = { drop = [\"$.b\"] }\n";

fn call(id: &str, tool: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{}}}}}}"#
    )
}

/// The messages in what a client was answered, sorted.
fn answers(head: &str, body: &str) -> Vec<String> {
    let is_stream = head.to_ascii_lowercase().contains("text/event-stream");
    let datas = || body.lines().filter_map(|line| line.strip_prefix("data: "));
    let texts: Vec<&str> = if is_stream { datas().collect() } else { vec![body] };
    let mut all: Vec<String> = texts.into_iter().flat_map(messages).map(str::to_owned).collect();
    all.sort();
    all
}

#[test]
fn a_hidden_tool_is_not_called_in_a_batch_and_the_others_are() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, HIDE);
        let mut client = rig.client();
        let reply = client.ask(&format!("[{},{}]", call("\"a\"", "delete_all"), call("7", "get")));
        assert!(reply.head.starts_with("HTTP/1.1 200 "), "{reply:?}");
        let answers = answers(&reply.head, &reply.body);
        assert_eq!(answers.len(), 2, "{back:?} {how:?}: {reply:?}");
        assert!(
            answers[0].contains(r#""id":"a","error""#) && answers[0].contains("Unknown tool"),
            "{answers:?}"
        );
        assert_eq!(answers[1], format!(r#"{{"jsonrpc":"2.0","id":7,{}"#, result(1)));
        assert_eq!(rig.played.seen(|seen| seen.calls.clone()), ["get"], "{back:?} {how:?}");
    }
}

#[test]
fn a_tool_is_hidden_beside_what_is_no_message() {
    for back in [Back::Url, Back::Pool] {
        let rig = Rig::start(back, How::Message, HIDE);
        let mut client = rig.client();
        let reply = client.ask(&format!(
            "[{}, {}, 1, [{}]]",
            call("1", "delete_all"),
            call("2", "get"),
            call("3", "delete_all")
        ));
        assert!(reply.body.contains("Unknown tool"), "{reply:?}");
        assert!(!rig.played.seen(|seen| seen.calls.clone()).contains(&"delete_all".to_owned()), "{reply:?}");
    }
}

#[test]
fn every_answer_to_a_batch_is_trimmed_and_the_recording_has_both_of_each() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, TRIM);
        let mut client = rig.client();
        let calls: Vec<String> = (1..=20).map(|id| call(&id.to_string(), "get")).collect();
        let reply = client.ask(&format!("[{}]", calls.join(" , ")));
        let answers = answers(&reply.head, &reply.body);
        assert_eq!(answers.len(), 20, "{back:?} {how:?}: {reply:?}");
        assert!(answers.iter().all(|answer| !answer.contains(r#"\"b\""#) && answer.contains(r#"\"a\":1"#)));
        assert_eq!(rig.played.calls(), 20);
        let facts = rig.end();
        let changed = facts.iter().filter(|fact| match fact {
            Fact::Ruled(ruling) => ruling.outcome == Outcome::Changed,
            _ => false,
        });
        assert_eq!(changed.count(), 20, "{back:?} {how:?}");
        let whole = facts.iter().filter_map(|fact| match fact {
            Fact::Message { payload, to: mcptop::wire::Direction::ToClient, .. } => {
                Some(String::from_utf8_lossy(&payload.text).matches(r#"\"b\":2.0"#).count())
            }
            _ => None,
        });
        assert_eq!(whole.sum::<usize>(), 20, "{back:?} {how:?}");
    }
}

#[test]
fn a_call_of_a_batch_that_takes_too_long_holds_up_none_of_the_others() {
    let rig = Rig::start(Back::Url, How::Events, TIMEOUT);
    let mut client = rig.client();
    let notice = r#"{"jsonrpc":"2.0","method":"notifications/x"}"#;
    let reply = client.ask(&format!("[{},{notice},{}]", call("1", "hold"), call("2", "get")));
    let answers = answers(&reply.head, &reply.body);
    assert!(
        answers.len() == 2 && answers[0].contains("soon") && answers[1].contains(r#"\"n\":"#),
        "{reply:?}"
    );
    rig.played.until(|seen| seen.gone == 1);
    assert_eq!(client.call("get"), result(3), "the connection goes on");
}

#[test]
fn a_batch_that_no_rule_concerns_reaches_the_server_as_it_is() {
    for how in [How::Message, How::Events] {
        let rig = Rig::start(Back::Url, how, ELSEWHERE);
        let mut client = rig.client();
        let reply = client.ask(&format!("[{},{}]", call("1", "get"), call("2", "get")));
        assert_eq!(answers(&reply.head, &reply.body).len(), 2);
        assert_eq!(rig.played.seen(|seen| seen.batches), 1);
    }
}

#[test]
fn a_batch_without_requests_is_accepted() {
    let rig = Rig::start(Back::Url, How::Message, TIMEOUT);
    let mut client = rig.client();
    let cancelled = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#;
    let opened = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let reply = client.ask(&format!("[{opened},{cancelled}]"));
    assert!(reply.head.starts_with("HTTP/1.1 202 "), "{reply:?}");
    assert_eq!(rig.played.seen(|seen| (seen.batches, seen.cancelled.len())), (0, 1));
}

#[test]
fn messages_that_the_server_batches_are_ruled_each() {
    let rig = Rig::start(Back::Url, How::Events, TRIM);
    let mut client = rig.client();
    let news = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}}"#;
    rig.played.seen(|seen| seen.wraps = Some(news.to_owned()));
    let reply = client.ask(&call("1", "get"));
    let lean = result(1).replace(r#"\"b\":2.0,"#, "");
    let wanted = format!(
        "event: message\ndata: {news}\n\nevent: message\nid: 5\ndata: {{\"jsonrpc\":\"2.0\",\"id\":1,{lean}\n\n"
    );
    assert_eq!(reply.body, wanted);
}
