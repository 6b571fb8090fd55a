use std::collections::HashMap;

use super::*;
use crate::insight::replay::Reading;
use crate::trace::{Event, Fact, Micros, Nanos, Payload, Place};
use crate::wire::Direction::{self, ToClient, ToServer};

const WISHES: Wishes = Wishes { pace: false, allow_writes: true, timeout_us: 1_000_000_000 };

fn of(messages: &[(u64, Direction, &'static str)], wishes: Wishes) -> Rerunner {
    let mut reading = Reading::new("label", &[], false);
    let mut bodies = HashMap::new();
    for (offset_bytes, (at, to, text)) in (0..).zip(messages) {
        bodies.insert(offset_bytes, text.as_bytes().to_vec());
        let payload = Payload::of_frame(text.as_bytes());
        let fact = Fact::Message { to: *to, own: Nanos(0), payload, parts: 0, exchange: None };
        reading.apply(&Event { at: Micros(*at), fact }, Place { offset_bytes, len_bytes: 0 });
    }
    Rerunner::new(reading.finish(), wishes, Box::new(move |place| bodies.get(&place.offset_bytes).cloned()))
}

fn sent(rerunner: &mut Rerunner) -> (Vec<String>, Vec<Compared>) {
    let (mut frames, mut compared) = (Vec::new(), Vec::new());
    while let Some(output) = rerunner.take() {
        match output {
            Output::Send(_, frame) => frames.push(frame),
            Output::Compared(pair) => compared.push(pair),
            Output::Open(_) | Output::Close(_) => {}
        }
    }
    (frames, compared)
}

fn call(id: u32, tool: &str) -> String {
    format!(r#"{{"id":{id},"method":"tools/call","params":{{"name":"{tool}"}}}}"#)
}

/// Two calls side by side, and one that follows from the first.
const SIDE_BY_SIDE: [(u64, Direction, &str); 6] = [
    (0, ToServer, r#"{"id":"a","method":"tools/call","params":{"name":"x"}}"#),
    (1, ToServer, r#"{"id":"b","method":"tools/call","params":{"name":"y"}}"#),
    (5, ToClient, r#"{"id":"a","result":{"v":1}}"#),
    (6, ToServer, r#"{"id":"c","method":"tools/call","params":{"name":"z"}}"#),
    (9, ToClient, r#"{"id":"c","result":{"v":3}}"#),
    (9, ToClient, r#"{"id":"b","result":{"v":2}}"#),
];

#[test]
fn a_server_may_write_our_ids_in_another_form() {
    let mut rerunner = of(&SIDE_BY_SIDE, WISHES);
    rerunner.time(Micros(0));
    sent(&mut rerunner);
    rerunner.frame(Micros(1), 0, br#"{"id":1.0,"result":{"v":1}}"#);
    let (frames, compared) = sent(&mut rerunner);
    assert_eq!((frames, compared.len()), (vec![call(3, "z")], 1));
}

#[test]
fn what_was_side_by_side_is_side_by_side_again_and_what_followed_follows() {
    let mut rerunner = of(&SIDE_BY_SIDE, WISHES);
    rerunner.time(Micros(0));
    assert_eq!(sent(&mut rerunner).0, [call(1, "x"), call(2, "y")]);
    rerunner.frame(Micros(1), 0, br#"{"id":2,"result":{"v":2}}"#);
    assert!(sent(&mut rerunner).0.is_empty(), "the third call followed from the first");
    rerunner.frame(Micros(2), 0, br#"{"id":1,"result":{"v":9}}"#);
    let (frames, compared) = sent(&mut rerunner);
    assert_eq!(frames, [call(3, "z")]);
    assert_eq!(compared[0].before.as_deref(), Some(SIDE_BY_SIDE[2].2));
    assert_eq!(compared[0].after, After::Answer(r#"{"id":1,"result":{"v":9}}"#.to_owned()));
    assert!(!rerunner.is_over());
    rerunner.frame(Micros(3), 0, br#"{"id":3,"error":{"code":1}}"#);
    sent(&mut rerunner);
    assert!(rerunner.is_over());
}

#[test]
fn with_its_pace_a_request_waits_for_its_time_as_well() {
    let mut rerunner = of(&SIDE_BY_SIDE, Wishes { pace: true, ..WISHES });
    rerunner.time(Micros(100));
    assert_eq!(sent(&mut rerunner).0.len(), 1);
    assert_eq!(rerunner.due(), Some(Micros(101)));
    rerunner.time(Micros(101));
    assert_eq!(sent(&mut rerunner).0.len(), 1);
    rerunner.frame(Micros(900), 0, br#"{"id":1,"result":{}}"#);
    assert!(sent(&mut rerunner).0.is_empty());
    assert_eq!(rerunner.due(), Some(Micros(901)), "as long after the answer as it was");
}

#[test]
fn only_tools_that_the_server_marks_as_reading_are_called() {
    let mut rerunner = of(&SIDE_BY_SIDE, Wishes { allow_writes: false, ..WISHES });
    rerunner.time(Micros(0));
    let list = r#"{"jsonrpc":"2.0","id":"mcptop-list","method":"tools/list","params":{}}"#;
    assert_eq!(sent(&mut rerunner).0, [list], "what nobody has listed is asked for first");
    let page = br#"{"id":"mcptop-list","result":{"tools":[{"name":"x","annotations":{"readOnlyHint":true}}],"nextCursor":"p"}}"#;
    rerunner.frame(Micros(1), 0, page);
    assert_eq!(sent(&mut rerunner).0, [list.replace("{}", r#"{"cursor":"p"}"#)]);
    let page =
        br#"{"id":"mcptop-list","result":{"tools":[{"name":"y","annotations":{"readOnlyHint":false}}]}}"#;
    rerunner.frame(Micros(2), 0, page);
    let (frames, compared) = sent(&mut rerunner);
    assert_eq!(frames, [call(1, "x")]);
    assert_eq!(compared.iter().map(|pair| &pair.after).collect::<Vec<_>>(), [&After::Skipped]);
    rerunner.frame(Micros(3), 0, br#"{"id":1,"result":{}}"#);
    assert_eq!(sent(&mut rerunner).1.len(), 2, "an answer, and a tool that was not listed");
    assert!(rerunner.is_over());
}

#[test]
fn the_servers_own_requests_are_answered_as_they_were() {
    let mut rerunner = of(
        &[
            (
                0,
                ToServer,
                r#"{"id":1,"method":"tools/call","params":{"name":"x","_meta":{"progressToken":1}}}"#,
            ),
            (1, ToClient, r#"{"id":7,"method":"elicitation/create","params":{}}"#),
            (2, ToServer, r#"{"id":7,"result":{"action":"accept"}}"#),
            (3, ToClient, r#"{"id":1,"result":{}}"#),
        ],
        WISHES,
    );
    rerunner.time(Micros(0));
    assert!(sent(&mut rerunner).0[0].contains(r#""progressToken":1"#));
    rerunner.frame(Micros(1), 0, br#"{"id":"q","method":"elicitation/create","params":{}}"#);
    assert_eq!(sent(&mut rerunner).0, [r#"{"id":"q","result":{"action":"accept"}}"#]);
    rerunner.frame(Micros(1), 0, br#"{"id":"r","method":"roots/list"}"#);
    assert_eq!(sent(&mut rerunner).0, [r#"{"jsonrpc":"2.0","id":"r","result":{"roots":[]}}"#]);
}

#[test]
fn words_that_the_server_wants_back_are_those_it_gave_this_time() {
    let mut rerunner = of(
        &[
            (0, ToServer, r#"{"id":1,"method":"tools/list"}"#),
            (1, ToClient, r#"{"id":1,"result":{"nextCursor":"old"}}"#),
            (2, ToServer, r#"{"id":2,"method":"tools/list","params":{"cursor":"old"}}"#),
            (3, ToClient, r#"{"id":2,"result":{}}"#),
        ],
        WISHES,
    );
    rerunner.time(Micros(0));
    sent(&mut rerunner);
    rerunner.frame(Micros(1), 0, br#"{"id":1,"result":{"nextCursor":"new"}}"#);
    assert_eq!(sent(&mut rerunner).0, [r#"{"id":2,"method":"tools/list","params":{"cursor":"new"}}"#]);
}

#[test]
fn silence_and_a_lost_connection_are_told_and_end_it() {
    let mut rerunner = of(&SIDE_BY_SIDE, Wishes { timeout_us: 50, ..WISHES });
    rerunner.time(Micros(0));
    assert_eq!(rerunner.due(), Some(Micros(50)));
    rerunner.frame(Micros(1), 0, br#"{"id":2,"result":{}}"#);
    rerunner.time(Micros(50));
    let (frames, compared) = sent(&mut rerunner);
    assert_eq!(compared[1].after, After::Silence);
    assert_eq!(frames.len(), 4);
    assert!(frames[2].contains("notifications/cancelled"), "{frames:?}");
    rerunner.lost(Micros(60), 0);
    assert_eq!(sent(&mut rerunner).1[0].after, After::Lost);
    assert!(rerunner.is_over());
}

#[test]
fn what_was_taken_back_is_taken_back_again() {
    let mut rerunner = of(
        &[
            (0, ToServer, r#"{"id":1,"method":"tools/call","params":{"name":"x"}}"#),
            (5, ToServer, r#"{"method":"notifications/cancelled","params":{"requestId":1}}"#),
        ],
        WISHES,
    );
    rerunner.time(Micros(0));
    let (frames, compared) = sent(&mut rerunner);
    assert!(
        frames[1].contains(r#""method":"notifications/cancelled","params":{"requestId":1"#),
        "{frames:?}"
    );
    assert_eq!(compared[0].after, After::Cancelled);
    assert!(rerunner.is_over());
}

#[test]
fn what_follows_from_a_call_that_was_skipped_is_skipped_too() {
    let mut rerunner = of(
        &[
            (0, ToServer, r#"{"id":1,"method":"tools/call","params":{"name":"x","task":{}}}"#),
            (1, ToClient, r#"{"id":1,"result":{"task":{"taskId":"old"}}}"#),
            (2, ToServer, r#"{"id":2,"method":"tasks/get","params":{"taskId":"old"}}"#),
            (3, ToClient, r#"{"id":2,"result":{"taskId":"old"}}"#),
            (4, ToServer, r#"{"id":3,"method":"ping"}"#),
            (5, ToClient, r#"{"id":3,"result":{}}"#),
        ],
        Wishes { allow_writes: false, ..WISHES },
    );
    rerunner.time(Micros(0));
    sent(&mut rerunner);
    rerunner.frame(Micros(1), 0, br#"{"id":"mcptop-list","result":{"tools":[{"name":"x"}]}}"#);
    let (frames, compared) = sent(&mut rerunner);
    assert_eq!(frames, [r#"{"id":1,"method":"ping"}"#]);
    assert_eq!(
        compared.iter().map(|pair| &pair.after).collect::<Vec<_>>(),
        [&After::Skipped, &After::Skipped]
    );
}

#[test]
fn who_gives_up_takes_back_what_is_under_way_and_sends_nothing_more() {
    let mut rerunner = of(&SIDE_BY_SIDE, WISHES);
    rerunner.time(Micros(0));
    assert_eq!(sent(&mut rerunner).0.len(), 2);
    rerunner.give_up();
    let (mut frames, compared) = sent(&mut rerunner);
    frames.sort();
    let cancelled = |id| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id},"reason":"the user gave up"}}}}"#
        )
    };
    assert_eq!(frames, [cancelled(1), cancelled(2)]);
    assert!(compared.iter().all(|pair| pair.after == After::Cancelled));
    rerunner.time(Micros(9));
    assert!(rerunner.is_over() && rerunner.take().is_none());
}

#[test]
fn what_was_not_sent_yet_is_neither_sent_nor_taken_back() {
    let mut rerunner = of(&SIDE_BY_SIDE, WISHES);
    rerunner.time(Micros(0));
    rerunner.give_up();
    let (frames, compared) = sent(&mut rerunner);
    assert_eq!((frames.len(), compared.len()), (0, 2), "{frames:?}");
    assert!(rerunner.is_over());
}

#[test]
fn an_opening_is_never_taken_back() {
    let messages = [
        (0, ToServer, r#"{"id":1,"method":"initialize","params":{}}"#),
        (1, ToClient, r#"{"id":1,"result":{}}"#),
        (2, ToServer, r#"{"id":2,"method":"ping"}"#),
    ];
    let mut rerunner = of(&messages, WISHES);
    rerunner.time(Micros(0));
    sent(&mut rerunner);
    rerunner.give_up();
    assert_eq!(sent(&mut rerunner).0, [""; 0]);
    assert!(rerunner.is_over());
}
