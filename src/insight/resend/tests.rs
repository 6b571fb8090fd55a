use std::collections::HashMap;

use serde_json::{Value, json};

use super::*;
use crate::insight::rerun::{After, Output};
use crate::model::{OperationId, Session};
use crate::trace::{Micros, Place, read_event, read_header};

/// A session: an opening, a list, a call for which the server asked something, and a call of a prompt.
fn session(back: &Value) -> (Session, HashMap<u64, String>) {
    let tool = json!({
        "name": "write",
        "inputSchema": { "type": "object", "required": ["path"] },
        "annotations": { "readOnlyHint": false, "destructiveHint": false },
    });
    let messages = [
        (
            "server",
            json!({ "id": 0, "method": "initialize", "params": { "protocolVersion": "2025-11-25", "clientInfo": { "name": "c" } } }),
        ),
        ("client", json!({ "id": 0, "result": { "protocolVersion": "2025-11-25", "capabilities": {} } })),
        ("server", json!({ "id": 1, "method": "tools/list" })),
        ("client", json!({ "id": 9, "method": "roots/list" })),
        ("server", json!({ "id": 9, "result": { "roots": [{ "uri": "file:///w" }] } })),
        ("client", json!({ "id": 1, "result": { "tools": [tool] } })),
        (
            "server",
            json!({ "id": 2, "method": "tools/call", "params": { "name": "write", "arguments": { "path": "/a" } } }),
        ),
        ("client", json!({ "id": 10, "method": "elicitation/create", "params": {} })),
        ("server", json!({ "id": 10, "result": { "action": "accept" } })),
        ("client", json!({ "id": 2, "result": { "content": [] } })),
        ("server", json!({ "id": 3, "method": "prompts/get", "params": { "name": "p" } })),
        ("client", json!({ "id": 3, "result": { "messages": [] } })),
        ("server", json!({ "id": 4, "method": "ping" })),
        ("client", json!({ "id": 4, "result": {} })),
    ];
    let header = json!({
        "mcptop": 1, "session": "s", "started": "2026-11-21T03:50:39Z", "version": "0.1.0", "label": "files",
        "front": { "kind": "stdio" }, "back": back, "platform": "any",
    });
    let mut session = Session::new(read_header(header.to_string().as_bytes()).unwrap());
    let mut bodies = HashMap::new();
    for (number, (to, body)) in (0..).zip(messages) {
        let event = json!({ "t": 1_000 * number, "kind": "message", "to": to, "own_ns": 1, "body": body });
        let event = event.to_string();
        let place = Place { offset_bytes: number, len_bytes: 1 };
        session.apply(&read_event(event.as_bytes()).unwrap(), place);
        bodies.insert(number, body.to_string());
    }
    session.end_of_recording();
    (session, bodies)
}

fn command(argv: &[&str]) -> Value {
    json!({ "kind": "command", "argv": argv })
}

/// The operation with this method.
fn call(session: &Session, method: &str) -> OperationId {
    let at =
        session.operations().iter().position(|operation| session.name(operation.method) == method).unwrap();
    OperationId(u32::try_from(at).unwrap())
}

#[test]
fn of_a_call_everything_is_found_that_sending_it_again_needs() {
    let (session, bodies) = session(&command(&["srv", "--stdio"]));
    let subject = Subject::of(&session, call(&session, "tools/call")).unwrap();
    let text = |half: &crate::model::Half| bodies[&half.place.offset_bytes].as_str();
    assert_eq!((&*subject.method, &*subject.target, subject.part), ("tools/call", "write", Part::Arguments));
    assert_eq!(subject.marked, Marked::MayChange { only_adds: true });
    assert_eq!(subject.schema, Some(json!({ "type": "object", "required": ["path"] })));
    assert!(text(&subject.opening.unwrap()).contains("initialize"));
    let asked: Vec<(&str, &str)> =
        subject.replies.iter().map(|(asked, reply)| (text(asked), text(reply))).collect();
    assert!(asked[0].0.contains("roots/list") && asked[0].1.contains("file:///w"), "{asked:?}");
    assert!(asked[1].0.contains("elicitation") && asked[1].1.contains("accept"), "{asked:?}");
    assert_eq!(subject.then.took_us, Some(2_000), "without what the client took");
    let prompt = Subject::of(&session, call(&session, "prompts/get")).unwrap();
    assert_eq!(
        (prompt.marked, prompt.replies.len()),
        (Marked::Reads, 1),
        "answers to other calls are not given"
    );
}

#[test]
fn what_cannot_be_sent_again_says_why() {
    let (with_secret, _) = session(&command(&["srv", "--token", "[secret]"]));
    let id = call(&with_secret, "tools/call");
    let why = Subject::of(&with_secret, id).unwrap_err().to_string();
    assert!(why.contains("srv --token '[secret]'") && why.contains("environment"), "{why}");
    let (nothing, _) = session(&command(&[]));
    assert_eq!(Subject::of(&nothing, id).unwrap_err(), NotAgain::NoServer);
    let (url, _) = session(&json!({ "kind": "url", "url": "https://h/mcp?key=[secret:token:1]" }));
    assert!(matches!(Subject::of(&url, id).unwrap_err(), NotAgain::SecretAddress(_)));
    let (session, _) = session(&json!({ "kind": "url", "url": "https://h/mcp" }));
    assert!(Subject::of(&session, id).is_ok());
    assert_eq!(Subject::of(&session, call(&session, "roots/list")).unwrap_err(), NotAgain::Servers);
    let ping = call(&session, "ping");
    assert_eq!(Subject::of(&session, ping).unwrap_err(), NotAgain::Method("ping".into()));
    assert_eq!(Subject::of(&session, OperationId(99)).unwrap_err(), NotAgain::Missing);
}

#[test]
fn only_what_is_edited_of_a_request_changes() {
    for (request, new) in [
        (
            r#"{"id":1,"method":"m","params":{"name":"x","arguments":{"a":1.0},"_meta":{"k":[1e2]}}}"#,
            r#"{"id":1,"method":"m","params":{"name":"x","arguments":{"b":2},"_meta":{"k":[1e2]}}}"#,
        ),
        (
            r#"{"id":1,"method":"m","params":{"name":"x"}}"#,
            r#"{"id":1,"method":"m","params":{"arguments":{"b":2},"name":"x"}}"#,
        ),
        (r#"{"id":1,"method":"m","params":{ }}"#, r#"{"id":1,"method":"m","params":{"arguments":{"b":2} }}"#),
        (r#"{"id":1,"method":"m"}"#, r#"{"id":1,"params":{"arguments":{"b":2}},"method":"m"}"#),
    ] {
        assert_eq!(edited(request, Part::Arguments, r#"{"b":2}"#).unwrap(), new);
    }
    let request = r#"{"id":1,"method":"m","params":{"uri":"x"}}"#;
    assert_eq!(part_of(request, Part::Params).unwrap(), r#"{"uri":"x"}"#);
    assert_eq!(part_of(request, Part::Arguments).unwrap(), "{}");
    assert_eq!(edited(request, Part::Params, "{}").unwrap(), r#"{"id":1,"method":"m","params":{}}"#);
    assert_eq!(edited("[1]", Part::Params, "{}"), None);
}

/// The frames that come out, and what came of the requests.
fn sent(rerunner: &mut crate::insight::rerun::Rerunner) -> (Vec<String>, Vec<After>) {
    let (mut frames, mut after) = (Vec::new(), Vec::new());
    while let Some(output) = rerunner.take() {
        match output {
            Output::Send(_, frame) => frames.push(frame),
            Output::Compared(compared) => after.push(compared.after),
            Output::Open(_) | Output::Close(_) => {}
        }
    }
    (frames, after)
}

#[test]
fn a_session_is_opened_as_it_was_and_the_request_follows() {
    let texts = Texts {
        opening: Some(r#"{"id":"o","method":"initialize","params":{"protocolVersion":"2025-03-26"}}"#.into()),
        request: "{\"id\":7,\"method\":\"tools/call\",\n\"params\":{\"name\":\"x\"}}".into(),
        replies: vec![(
            r#"{"id":1,"method":"elicitation/create"}"#.into(),
            r#"{"id":1,"result":{"action":"accept"}}"#.into(),
        )],
    };
    let mut rerunner = conversation(&texts, 1_000_000);
    rerunner.time(Micros(0));
    let open = r#"{"id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}"#;
    assert_eq!(sent(&mut rerunner).0, [open]);
    rerunner.frame(Micros(1), 0, br#"{"id":1,"result":{}}"#);
    let (frames, _) = sent(&mut rerunner);
    assert!(frames[0].contains("notifications/initialized"), "{frames:?}");
    assert_eq!(frames[1], r#"{"id":2,"method":"tools/call", "params":{"name":"x"}}"#);
    rerunner.frame(Micros(2), 0, br#"{"id":"s","method":"elicitation/create","params":{}}"#);
    assert_eq!(sent(&mut rerunner).0, [r#"{"id":"s","result":{"action":"accept"}}"#]);
    rerunner.frame(Micros(3), 0, br#"{"id":2,"result":{"v":1}}"#);
    let (_, after) = sent(&mut rerunner);
    assert_eq!(after, [After::Answer(r#"{"id":2,"result":{"v":1}}"#.to_owned())]);
    assert!(rerunner.is_over());
}

#[test]
fn a_request_that_speaks_for_itself_opens_nothing_and_one_without_an_opening_gets_ours() {
    let modern = r#"{"id":7,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    for (request, first) in [(modern, "tools/call"), (r#"{"id":7,"method":"tools/call"}"#, "\"mcptop\"")] {
        let texts = Texts { request: request.into(), ..Texts::default() };
        let mut rerunner = conversation(&texts, 1_000_000);
        rerunner.time(Micros(0));
        let (frames, _) = sent(&mut rerunner);
        assert!(frames.len() == 1 && frames[0].contains(first), "{frames:?}");
    }
}

#[test]
fn answers_are_compared_by_what_they_say() {
    let answer = |id: u32, text: &str| json!({ "id": id, "result": { "text": text } }).to_string();
    assert_eq!(Comparison::of(Some(&answer(1, "a")), Some(&answer(2, "a"))), Comparison::Same);
    let Comparison::Differs { count, lines } = Comparison::of(Some(&answer(1, "a")), Some(&answer(1, "b")))
    else {
        panic!()
    };
    assert_eq!((count, lines[0].text.as_str(), lines.len()), (1, "$.text", 3));
    assert_eq!(Comparison::of(None, Some(&answer(1, "a"))), Comparison::None);
    assert_eq!(asked("{\"a\": 1}", "{\"a\":1.0}"), Comparison::Same);
}

#[test]
fn a_call_without_arguments_is_sent_without_any_unless_some_are_written() {
    for (request, part) in [
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#, Part::Arguments),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, Part::Params),
    ] {
        let shown = part_of(request, part).unwrap();
        assert_eq!(edited(request, part, &shown).unwrap(), request);
        assert!(edited(request, part, "{\"a\":1}").unwrap().contains("\"a\":1"));
    }
}
