use std::collections::HashMap;

use super::*;
use crate::trace::{Event, ExchangeId, Fact, Mark, Micros, Nanos, Outcome, Payload, Place, Ruling};
use crate::wire::Direction::{self, ToClient, ToServer};

const OPEN: (u64, Direction, &str) = (
    0,
    ToServer,
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"sampling":{}}}}"#,
);
const OPENED: (u64, Direction, &str) = (
    10,
    ToClient,
    r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}"#,
);

fn message(to: Direction, text: &str, exchange: Option<u32>) -> Fact<'_> {
    let payload = Payload::of_frame(text.as_bytes());
    Fact::Message { to, own: Nanos(0), payload, parts: 0, exchange: exchange.map(ExchangeId) }
}

/// A replay of these facts; bodies are found by the number of the fact.
fn of_facts(facts: Vec<(u64, Fact<'static>)>, wishes: Wishes, is_delivered: bool) -> Replayer {
    let mut reading = Reading::new("label", &wishes.ignore, is_delivered);
    let mut bodies = HashMap::new();
    for (offset_bytes, (at, fact)) in (0..).zip(facts) {
        let place = Place { offset_bytes, len_bytes: 0 };
        match &fact {
            Fact::Message { payload, .. } => {
                bodies.insert(offset_bytes, payload.text.to_vec());
            }
            Fact::Ruled(ruling) => {
                bodies.insert(offset_bytes, ruling.payload.as_ref().unwrap().text.to_vec());
            }
            _ => {}
        }
        reading.apply(&Event { at: Micros(at), fact }, place);
    }
    Replayer::new(reading.finish(), wishes, Box::new(move |place| bodies.get(&place.offset_bytes).cloned()))
}

fn of(messages: &[(u64, Direction, &'static str)], wishes: Wishes) -> Replayer {
    let facts = messages.iter().map(|(at, to, text)| (*at, message(*to, text, None))).collect();
    of_facts(facts, wishes, false)
}

fn frames(replayer: &mut Replayer) -> Vec<String> {
    told(replayer).0
}

fn told(replayer: &mut Replayer) -> (Vec<String>, Vec<Answered>) {
    let (mut frames, mut answers) = (Vec::new(), Vec::new());
    while let Some(output) = replayer.take() {
        match output {
            Output::Frame(frame) => frames.push(frame),
            Output::Answered(answered) => answers.push(answered),
            Output::Left(_) | Output::Miss(_) | Output::Stray(_) => {}
        }
    }
    (frames, answers)
}

fn say(replayer: &mut Replayer, frame: &str) -> Vec<String> {
    replayer.frame(Micros(1_000), frame.as_bytes());
    frames(replayer)
}

/// Asks, and returns the answers and how the request was matched.
fn ask(replayer: &mut Replayer, frame: &str) -> (Vec<String>, Option<Level>) {
    replayer.frame(Micros(1_000), frame.as_bytes());
    let (frames, answers) = told(replayer);
    assert_eq!(answers.len(), 1, "{answers:?}");
    (frames, answers[0].level)
}

fn echo(replayer: &mut Replayer, id: u32, params: &str) -> (Vec<String>, Option<Level>) {
    let frame = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{params}}}"#);
    ask(replayer, &frame)
}

const CALLS: [(u64, Direction, &str); 4] = [
    (
        0,
        ToServer,
        r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"echo","arguments":{"a":1,"b":2}}}"#,
    ),
    (7, ToClient, r#"{"jsonrpc":"2.0","id":5,"result":{"n":"first"}}"#),
    (
        20,
        ToServer,
        r#"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"echo","arguments":{"a":1,"b":2}}}"#,
    ),
    (29, ToClient, r#"{"jsonrpc":"2.0","id":6,"result":{"n":"second"}}"#),
];

#[test]
fn repeats_come_in_recorded_order_and_the_last_again() {
    let mut replayer = of(&CALLS, Wishes::default());
    let same = r#"{"name":"echo","arguments":{"a":1,"b":2}}"#;
    let other_order = r#"{"_meta":{"x":1},"arguments":{"b":2.0,"a":1},"name":"echo"}"#;
    assert_eq!(
        echo(&mut replayer, 1, same),
        (vec![r#"{"jsonrpc":"2.0","id":1,"result":{"n":"first"}}"#.to_owned()], Some(Level::Exact))
    );
    assert_eq!(
        echo(&mut replayer, 2, other_order),
        (vec![r#"{"jsonrpc":"2.0","id":2,"result":{"n":"second"}}"#.to_owned()], Some(Level::Canonical))
    );
    assert_eq!(echo(&mut replayer, 3, same).0, [r#"{"jsonrpc":"2.0","id":3,"result":{"n":"second"}}"#]);
    assert_eq!(replayer.tally().again, 1);
}

#[test]
fn an_answer_that_may_be_given_once_is_an_error_the_second_time() {
    let mut replayer = of(&CALLS[..2], Wishes { once: true, ..Wishes::default() });
    let same = r#"{"name":"echo","arguments":{"a":1,"b":2}}"#;
    assert_eq!(echo(&mut replayer, 1, same).1, Some(Level::Exact));
    let (frames, level) = echo(&mut replayer, 2, same);
    assert_eq!(level, None);
    assert!(frames[0].contains("has been given once"), "{}", frames[0]);
    assert_eq!(replayer.tally().misses, 1);
}

#[test]
fn an_answer_is_looked_for_level_by_level() {
    let ignore = vec!["$.arguments.b".parse().unwrap()];
    let mut replayer = of(&CALLS, Wishes { ignore: ignore.clone(), ..Wishes::default() });
    assert_eq!(
        echo(&mut replayer, 1, r#"{"name":"echo","arguments":{"a":1,"b":9}}"#).1,
        Some(Level::Ignored)
    );
    assert_eq!(echo(&mut replayer, 2, r#"{"name":"echo","arguments":{"a":7}}"#).1, Some(Level::Tool));
    assert_eq!(echo(&mut replayer, 3, r#"{"name":"other"}"#).1, None);
    let mut replayer = of(&CALLS, Wishes::default());
    assert_eq!(echo(&mut replayer, 3, r#"{"name":"other"}"#).1, Some(Level::Order));
    let mut replayer = of(&CALLS, Wishes { strictness: Strictness::Ignored, ignore, ..Wishes::default() });
    assert_eq!(echo(&mut replayer, 2, r#"{"name":"echo","arguments":{"a":7}}"#).1, None);
}

#[test]
fn a_miss_that_is_handed_over_is_settled_by_somebody_else() {
    let wishes = Wishes { hands_over: true, strictness: Strictness::Ignored, ..Wishes::default() };
    let mut replayer = of(&CALLS, wishes);
    let asked = r#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"echo"}}"#;
    replayer.frame(Micros(0), asked.as_bytes());
    let Some(Output::Miss(miss)) = replayer.take() else { panic!() };
    assert_eq!((&*miss.id, miss.has_nearest, miss.frame.as_str()), ("\"x\"", true, asked));
    replayer.settle(Micros(0), &miss.id, Settled::Nearest);
    assert_eq!(frames(&mut replayer), [r#"{"jsonrpc":"2.0","id":"x","result":{"n":"first"}}"#]);
    replayer.frame(Micros(0), asked.as_bytes());
    replayer.settle(Micros(0), "\"x\"", Settled::Result(r#"{"n":0}"#.to_owned()));
    assert_eq!(frames(&mut replayer), [r#"{"jsonrpc":"2.0","id":"x","result":{"n":0}}"#]);
    assert_eq!(replayer.tally().at(Level::Person), 2);
}

#[test]
fn a_miss_that_was_taken_back_is_not_answered_any_more() {
    let wishes = Wishes { hands_over: true, strictness: Strictness::Ignored, ..Wishes::default() };
    let mut replayer = of(&CALLS, wishes);
    let asked = br#"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"echo"}}"#;
    replayer.frame(Micros(0), asked);
    replayer.frame(Micros(1), br#"{"method":"notifications/cancelled","params":{"requestId":4}}"#);
    replayer.settle(Micros(2), "4", Settled::Nearest);
    assert!(frames(&mut replayer).is_empty());
}

const SLOW: [(u64, Direction, &str); 7] = [
    (0, ToServer, r#"{"id":1,"method":"tools/call","params":{"name":"slow","_meta":{"progressToken":1}}}"#),
    (100, ToClient, r#"{"method":"notifications/progress","params":{"progress":1,"progressToken":1}}"#),
    (150, ToClient, r#"{"method":"notifications/message","params":{"level":"info","data":"half"}}"#),
    (200, ToClient, r#"{"id":0,"method":"sampling/createMessage","params":{"messages":[]}}"#),
    (900, ToServer, r#"{"id":0,"result":{"role":"assistant"}}"#),
    (950, ToClient, r#"{"id":1,"result":{}}"#),
    (960, ToClient, r#"{"method":"notifications/tools/list_changed"}"#),
];

fn with_handshake(rest: &[(u64, Direction, &'static str)]) -> Vec<(u64, Direction, &'static str)> {
    [OPEN, OPENED].into_iter().chain(rest.iter().map(|(at, to, text)| (at + 20, *to, *text))).collect()
}

#[test]
fn what_the_server_said_meanwhile_is_said_in_its_place_and_the_answer_waits_for_the_clients_reply() {
    let mut replayer = of(&with_handshake(&SLOW), Wishes::default());
    say(&mut replayer, OPEN.2);
    let call = r#"{"id":"c","method":"tools/call","params":{"name":"slow","_meta":{"progressToken":"t"}}}"#;
    assert_eq!(
        say(&mut replayer, call),
        [
            r#"{"method":"notifications/progress","params":{"progress":1,"progressToken":"t"}}"#,
            SLOW[2].2,
            r#"{"id":"mcptop-1","method":"sampling/createMessage","params":{"messages":[]}}"#,
        ]
    );
    assert_eq!(
        say(&mut replayer, r#"{"id":"mcptop-1","result":{"role":"user"}}"#),
        [r#"{"id":"c","result":{}}"#, SLOW[6].2]
    );
    // Without a token there is no progress, and that the list has changed is said once.
    let again = say(&mut replayer, r#"{"id":2,"method":"tools/call","params":{"name":"slow"}}"#);
    assert_eq!(again.len(), 2, "{again:?}");
    assert_eq!(say(&mut replayer, r#"{"id":"mcptop-2","error":{"code":1}}"#), [r#"{"id":2,"result":{}}"#]);
}

#[test]
fn a_client_is_not_asked_what_it_cannot_answer() {
    let mut replayer = of(&with_handshake(&SLOW), Wishes::default());
    say(
        &mut replayer,
        r#"{"id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}"#,
    );
    let said = say(&mut replayer, r#"{"id":1,"method":"tools/call","params":{"name":"slow"}}"#);
    assert_eq!(said, [SLOW[2].2, SLOW[5].2, SLOW[6].2]);
    assert_eq!(replayer.tally().left_out, 1);
}

#[test]
fn log_messages_below_the_level_that_was_set_are_not_sent() {
    let mut replayer = of(&SLOW, Wishes::default());
    say(&mut replayer, r#"{"id":0,"method":"logging/setLevel","params":{"level":"error"}}"#);
    let said = say(&mut replayer, r#"{"id":1,"method":"tools/call","params":{"name":"slow"}}"#);
    assert_eq!(said, [SLOW[5].2, SLOW[6].2]);
}

#[test]
fn at_full_length_everything_comes_when_it_came() {
    let mut replayer = of(&with_handshake(&SLOW), Wishes { speed: 1.0, ..Wishes::default() });
    say(&mut replayer, OPEN.2);
    replayer.time(Micros(1_010));
    assert_eq!(frames(&mut replayer).len(), 1, "the handshake");
    let call = r#"{"id":9,"method":"tools/call","params":{"name":"slow","_meta":{"progressToken":9}}}"#;
    replayer.frame(Micros(2_000), call.as_bytes());
    assert!(frames(&mut replayer).is_empty());
    assert_eq!(replayer.due(), Some(Micros(2_100)));
    replayer.time(Micros(2_150));
    assert_eq!(frames(&mut replayer).len(), 2);
    replayer.time(Micros(5_000));
    assert_eq!(frames(&mut replayer).len(), 1, "it asks, and waits");
    assert_eq!(replayer.due(), None);
    replayer.frame(Micros(6_000), br#"{"id":"mcptop-1","result":{}}"#);
    assert_eq!(replayer.due(), Some(Micros(6_050)));
    replayer.time(Micros(6_050));
    assert_eq!(frames(&mut replayer), [r#"{"id":9,"result":{}}"#]);
}

#[test]
fn a_call_that_was_taken_back_gets_no_answer() {
    let mut replayer = of(&CALLS, Wishes { speed: 1.0, ..Wishes::default() });
    let call = r#"{"id":3,"method":"tools/call","params":{"name":"echo","arguments":{"a":1,"b":2}}}"#;
    assert!(say(&mut replayer, call).is_empty());
    assert!(
        say(&mut replayer, r#"{"method":"notifications/cancelled","params":{"requestId":3}}"#).is_empty()
    );
    assert_eq!(replayer.due(), None);
}

#[test]
fn a_session_is_opened_in_the_callers_revision() {
    let mut replayer = of(&[OPEN, OPENED], Wishes::default());
    let open = |version: &str| {
        format!(
            r#"{{"id":"i","method":"initialize","params":{{"protocolVersion":"{version}","capabilities":{{}}}}}}"#
        )
    };
    let (said, level) = ask(&mut replayer, &open("2025-03-26"));
    assert_eq!(level, Some(Level::Session));
    assert!(said[0].starts_with(r#"{"jsonrpc":"2.0","id":"i","result":{"#), "{}", said[0]);
    assert!(
        said[0].contains(r#""protocolVersion":"2025-03-26""#) && said[0].contains("serverInfo"),
        "{}",
        said[0]
    );
    assert!(say(&mut replayer, &open("1999-01-01"))[0].contains(r#""protocolVersion":"2025-11-25""#));
    assert_eq!(
        say(&mut replayer, r#"{"id":1,"method":"ping"}"#),
        [r#"{"jsonrpc":"2.0","id":1,"result":{}}"#]
    );
}

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"sampling":{}}}"#;

#[test]
fn a_client_of_the_newest_revision_is_asked_back_in_the_answer() {
    let mut replayer = of(&with_handshake(&SLOW), Wishes::default());
    let said = say(&mut replayer, &format!(r#"{{"id":0,"method":"server/discover","params":{{{META}}}}}"#));
    assert!(
        said[0].contains(r#""supportedVersions":["2026-07-28"]"#) && said[0].contains(r#""tools":{}"#),
        "{said:?}"
    );
    let call = |id: u32, more: &str| {
        format!(r#"{{"id":{id},"method":"tools/call","params":{{"name":"slow",{META}{more}}}}}"#)
    };
    let said = say(&mut replayer, &call(1, ""));
    assert_eq!(
        said,
        [
            r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{"ask-1":{"method":"sampling/createMessage","params":{"messages":[]}}},"requestState":"mcptop-1"}}"#
        ]
    );
    let said = say(&mut replayer, &call(2, r#","inputResponses":{"ask-1":{}},"requestState":"mcptop-1""#));
    assert_eq!(said, [r#"{"id":2,"result":{"resultType":"complete"}}"#]);
    let wrong = r#"{"id":3,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2030-01-01"}}}"#;
    assert!(say(&mut replayer, wrong)[0].contains("-32022"));
}

#[test]
fn list_changes_reach_a_client_of_the_newest_revision_on_its_subscription() {
    let mut replayer = of(&with_handshake(&SLOW), Wishes::default());
    let listen = format!(
        r#"{{"id":7,"method":"subscriptions/listen","params":{{"notifications":{{"toolsListChanged":true}},{META}}}}}"#
    );
    assert!(say(&mut replayer, &listen)[0].contains(r#""io.modelcontextprotocol/subscriptionId":7"#));
    let bare = META.replace(r#"{"sampling":{}}"#, "{}");
    let call = format!(r#"{{"id":8,"method":"tools/call","params":{{"name":"slow",{bare}}}}}"#);
    let said = say(&mut replayer, &call);
    assert_eq!(said.len(), 2, "{said:?}");
    assert_eq!(
        said[1],
        r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7}}}"#
    );
}

#[test]
fn a_client_that_opens_a_session_is_answered_from_a_recording_without_one() {
    let modern = [
        (
            0,
            ToServer,
            r#"{"id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
        ),
        (
            5,
            ToClient,
            r#"{"id":1,"result":{"ttlMs":0,"cacheScope":"private","resultType":"complete","tools":[ 1 ]}}"#,
        ),
    ];
    let mut replayer = of(&modern, Wishes::default());
    let said = say(&mut replayer, OPEN.2);
    assert!(said[0].contains(r#""capabilities":{"tools":{}},"serverInfo":{"name":"label""#), "{said:?}");
    assert_eq!(
        say(&mut replayer, r#"{"id":2,"method":"tools/list"}"#),
        [r#"{"id":2,"result":{"tools":[ 1 ]}}"#]
    );
}

#[test]
fn all_sessions_of_a_recording_are_one_pool_of_answers() {
    let request = |exchange, session: &'static str| Fact::HttpRequest {
        exchange: ExchangeId(exchange),
        connection: exchange,
        method: "POST".into(),
        target: "/mcp".into(),
        session: Some(session.into()),
        revision: None,
        encoding: "".into(),
        resumes: false,
    };
    let facts = vec![
        (0, request(1, "a")),
        (0, message(ToServer, r#"{"id":1,"method":"resources/read","params":{"uri":"x"}}"#, Some(1))),
        (1, request(2, "b")),
        (1, message(ToServer, r#"{"id":1,"method":"resources/read","params":{"uri":"y"}}"#, Some(2))),
        (2, message(ToClient, "{\"id\":1,\n\"result\":{\"of\":\"y\"}}", Some(2))),
        (3, message(ToClient, r#"{"id":1,"result":{"of":"x"}}"#, Some(1))),
    ];
    let mut replayer = of_facts(facts, Wishes::default(), false);
    let read = |uri: &str| format!(r#"{{"id":3,"method":"resources/read","params":{{"uri":"{uri}"}}}}"#);
    assert_eq!(say(&mut replayer, &read("x")), [r#"{"id":3,"result":{"of":"x"}}"#]);
    assert_eq!(say(&mut replayer, &read("y")), [r#"{"id":3, "result":{"of":"y"}}"#]);
}

#[test]
fn what_rules_made_of_an_answer_counts_only_if_that_is_asked_for() {
    let ruled = |to, outcome, observed, text: &'static str| {
        let payload = Some(Payload::of_frame(text.as_bytes()));
        Fact::Ruled(Box::new(Ruling {
            to,
            exchange: None,
            id: Some("5".into()),
            outcome,
            payload,
            marks: vec![Mark { hit: true, observed, ..Mark::default() }],
        }))
    };
    let facts = || {
        vec![
            (0, message(ToServer, CALLS[0].2, None)),
            (7, message(ToClient, CALLS[1].2, None)),
            (7, ruled(ToClient, Outcome::Changed, false, r#"{"id":5,"result":{"n":"less"}}"#)),
            (7, ruled(ToClient, Outcome::Changed, true, r#"{"id":5,"result":{"n":"nothing"}}"#)),
        ]
    };
    let same = r#"{"name":"echo","arguments":{"a":1,"b":2}}"#;
    let mut original = of_facts(facts(), Wishes::default(), false);
    assert!(echo(&mut original, 1, same).0[0].contains("first"));
    let mut delivered = of_facts(facts(), Wishes::default(), true);
    assert!(echo(&mut delivered, 1, same).0[0].contains("less"));
    // What a cache answered is all there is, whichever is asked for.
    let cached = vec![
        (0, message(ToServer, CALLS[0].2, None)),
        (1, ruled(ToServer, Outcome::Answered, false, r#"{"id":5,"result":{"n":"cached"}}"#)),
    ];
    assert!(echo(&mut of_facts(cached, Wishes::default(), false), 1, same).0[0].contains("cached"));
}
