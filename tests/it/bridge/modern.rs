//! Requests from 2026-07-28 on: one process for all, ids of its own, and leaving means cancelling.

use mcptop::trace::{Fact, HttpEnd};

use super::rig::{Bridge, Client, META, Process};

fn fields(method: &str, name: Option<&str>) -> String {
    let name = name.map(|name| format!("Mcp-Name: {name}\n")).unwrap_or_default();
    format!("MCP-Protocol-Version: 2026-07-28\nMcp-Method: {method}\n{name}")
}

fn call(id: &str, more: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id" : {id},"method":"tools/call","params":{{"name":"x","n":1.0,{}}}}}"#,
        META.replace(r#""_meta":{"#, &format!(r#""_meta":{{{more}"#))
    )
}

fn ask(client: &mut Client, id: &str, more: &str) {
    client.post(&fields("tools/call", Some("x")), &call(id, more));
}

fn between<'a>(text: &'a str, before: &str, after: char) -> &'a str {
    text.split(before).nth(1).unwrap_or_else(|| panic!("{before} in {text}")).split(after).next().unwrap()
}

/// Takes a request; gives back the id under which it is asked.
fn asked(process: &mut Process) -> String {
    between(&process.receive(), r#""id" : "#, ',').to_owned()
}

fn result(id: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","result":{{"resultType":"complete","n":1e2}}, "id": {id}}}"#)
}

#[test]
fn all_clients_share_a_process_and_ids_come_back_as_they_were_sent() {
    let bridge = Bridge::start(&[]);
    let (mut first, mut second, mut third) = (bridge.client(), bridge.client(), bridge.client());
    ask(&mut first, "1", "");
    let mut process = bridge.process();
    let line = process.receive();
    let first_id = between(&line, r#""id" : "#, ',').to_owned();
    assert_eq!(line, call(&first_id, ""), "nothing but the id is another");
    ask(&mut second, "1", "");
    let second_id = asked(&mut process);
    ask(&mut third, "\"1\"", "");
    let third_id = asked(&mut process);
    assert!(first_id != second_id && third_id.starts_with('"'), "{first_id} {second_id} {third_id}");
    for id in [&third_id, &second_id, &first_id] {
        process.send(&result(id));
    }
    assert_eq!(first.answer().body, result("1"));
    assert_eq!(second.answer().body, result("1"));
    assert_eq!(third.answer().body, result("\"1\""));
    ask(&mut first, "1.0", "");
    let id = asked(&mut process);
    process.send(&result(&id));
    assert_eq!(first.answer().body, result("1.0"));
    assert!(bridge.has_started_no_other());
}

#[test]
fn progress_finds_its_request_under_the_token_that_the_client_gave() {
    let bridge = Bridge::start(&[]);
    let (mut first, mut second) = (bridge.client(), bridge.client());
    let token = r#""progressToken":"t","#;
    ask(&mut first, "1", token);
    let mut process = bridge.process();
    let line = process.receive();
    ask(&mut second, "1", token);
    let other = process.receive();
    let progress = |token: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken": {token},"progress":1}}}}"#
        )
    };
    let token_of = |line: &str| between(line, r#""progressToken":"#, ',').to_owned();
    assert!(token_of(&line).starts_with('"') && token_of(&line) != token_of(&other));
    process.send(&progress(&token_of(&other)));
    second.stream();
    assert_eq!(
        second.event().unwrap(),
        format!("event: message\ndata: {}\n\n", progress("\"t\"")),
        "without an id"
    );
    for line in [line, other] {
        process.send(&result(between(&line, r#""id" : "#, ',')));
    }
    assert_eq!(first.answer().body, result("1"));
    assert_eq!((second.message(), second.event()), (result("1"), None));
}

#[test]
fn who_leaves_takes_the_request_back() {
    let bridge = Bridge::start(&[]);
    let (mut stays, mut leaves) = (bridge.client(), bridge.client());
    ask(&mut stays, "1", "");
    let mut process = bridge.process();
    let kept = asked(&mut process);
    ask(&mut leaves, "1", "");
    let left = asked(&mut process);
    drop(leaves);
    let line = process.receive();
    assert!(
        line.contains("notifications/cancelled") && line.contains(&format!("\"requestId\":{left},")),
        "{line}"
    );
    process.send(&result(&left));
    process.send(&result(&kept));
    assert_eq!(stays.answer().body, result("1"));
    let how = |fact: Fact<'_>| if let Fact::HttpEnd { how, .. } = fact { Some(how) } else { None };
    let ends: Vec<_> = bridge.end().into_iter().filter_map(how).collect();
    assert_eq!(ends, [HttpEnd::ClientLeft, HttpEnd::Complete]);
}

#[test]
fn long_answers_and_many_messages_pass_whole() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    let long = |id: &str| result(id).replace("1e2", &format!("\"{}\"", "x".repeat(3_000_000)));
    ask(&mut client, "1", r#""progressToken":1,"#);
    let mut process = bridge.process();
    let line = process.receive();
    let (id, token) = (between(&line, r#""id" : "#, ','), between(&line, r#""progressToken":"#, ','));
    let progress = |token: &str| {
        let text = "y".repeat(100_000);
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},"message":"{text}"}}}}"#
        )
    };
    let (told, answer) = (progress(token), long(id));
    let server = std::thread::spawn(move || {
        for _ in 0..100 {
            process.send(&told);
        }
        process.send(&answer);
        process
    });
    client.stream();
    for _ in 0..100 {
        assert!(client.message() == progress("1"));
    }
    assert!(client.message() == long("1") && client.event().is_none());
    let mut process = server.join().unwrap();
    ask(&mut client, "2", "");
    let id = asked(&mut process);
    process.send(&long(&id));
    assert!(client.answer().body == long("2"));
}

#[test]
fn a_subscription_is_a_stream_under_the_id_that_the_client_gave() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    let listen =
        format!(r#"{{"jsonrpc":"2.0","id" : "sub","method":"subscriptions/listen","params":{{{META}}}}}"#);
    client.post(&fields("subscriptions/listen", None), &listen);
    let mut process = bridge.process();
    let id = asked(&mut process);
    let changed = |id: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}}}}}"#
        )
    };
    process.send(&changed(&id));
    client.stream();
    assert_eq!(client.message(), changed("\"sub\""));
    let over = |id: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"result":{{"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}}}}}"#
        )
    };
    process.send(&over(&id));
    assert_eq!((client.message(), client.event()), (over("\"sub\""), None));

    client.post(&fields("subscriptions/listen", None), &listen);
    let id = asked(&mut process);
    process.send(&changed(&id));
    client.stream();
    client.message();
    process.send(&format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{id}}}}}"#
    ));
    assert_eq!(client.event(), None, "over HTTP a stream just ends");
}

#[test]
fn who_asks_for_log_messages_has_a_process_to_itself() {
    let bridge = Bridge::start(&[]);
    let (mut plain, mut logging) = (bridge.client(), bridge.client());
    ask(&mut plain, "1", "");
    let mut shared = bridge.process();
    let id = asked(&mut shared);
    let level = r#""io.modelcontextprotocol/logLevel":"debug","#;
    ask(&mut logging, "1", level);
    let mut own = bridge.process();
    assert_eq!(own.receive(), call("1", level));
    let log = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}"#;
    shared.send(log);
    own.send(log);
    logging.stream();
    assert_eq!(logging.message(), log);
    own.send(&result("1"));
    assert_eq!((logging.message(), logging.event()), (result("1"), None));
    shared.send(&result(&id));
    let answer = plain.answer();
    assert_eq!((answer.media(), &*answer.body), ("application/json", &*result("1")));
    ask(&mut logging, "2", level);
    assert_eq!(own.receive(), call("2", level), "the same one serves the next");
}

#[test]
fn fields_that_contradict_the_message_are_refused() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    let version = "MCP-Protocol-Version: 2026-07-28\n";
    for (fields, code) in [
        (fields("tools/list", Some("x")), "-32020"),
        (fields("tools/call", Some("y")), "-32020"),
        (fields("tools/call", None), "-32020"),
        (format!("{version}{}", fields("tools/call", Some("x"))), "-32020"),
        ("Mcp-Method: tools/call\nMcp-Name: x\n".to_owned(), "-32020"),
    ] {
        let answer = client.call(&fields, &call("\"i\"", ""));
        assert_eq!(answer.status, 400, "{fields}");
        assert!(answer.body.contains(code) && answer.body.contains(r#""id":"i""#), "{answer:?}");
    }
    let bare = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}"#;
    let answer = client.call(&fields("tools/call", Some("x")), bare);
    assert!(answer.status == 400 && answer.body.contains("-32602"), "{answer:?}");
    for line in ["GET /mcp", "DELETE /mcp"] {
        client.ask(line, version, "");
        let answer = client.answer();
        assert_eq!((answer.status, answer.field("allow")), (405, Some("POST")));
    }
    assert!(bridge.has_started_no_other());
}

#[test]
fn errors_have_the_status_that_belongs_to_them() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    let error = |id: &str, code: i32| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":""}}}}"#)
    };
    ask(&mut client, "1", "");
    let mut process = bridge.process();
    let id = asked(&mut process);
    process.send(&error(&id, -32_601));
    let answer = client.answer();
    assert_eq!((answer.status, answer.body), (404, error("1", -32_601)));
    for (code, status) in
        [(-32_020, 400), (-32_021, 400), (-32_022, 400), (-32_602, 200), (-32_603, 200), (7, 200)]
    {
        ask(&mut client, "1", "");
        let id = asked(&mut process);
        process.send(&error(&id, code));
        let answer = client.answer();
        assert_eq!((answer.status, answer.body), (status, error("1", code)));
    }
    ask(&mut client, "1", "");
    process.receive();
    drop(process);
    let answer = client.answer();
    assert!(answer.status == 502 && answer.body.contains("50200"), "{answer:?}");
}

#[test]
fn the_eras_never_share_a_process_and_a_server_that_knows_one_says_so() {
    let bridge = Bridge::start(&[]);
    let mut client = bridge.client();
    let discover = format!(r#"{{"jsonrpc":"2.0","id" : 1,"method":"server/discover","params":{{{META}}}}}"#);
    client.post(&fields("server/discover", None), &discover);
    let mut modern = bridge.process();
    let id = asked(&mut modern);
    modern.send(&format!(
        r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32601,"message":"Method not found"}}}}"#
    ));
    let answer = client.answer();
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("-32601"), "{answer:?}");
    let (_client, _, mut legacy) = bridge.session();
    legacy.send("another process");

    client.post(&fields("server/discover", None), &discover);
    asked(&mut modern);
    drop(modern);
    let answer = client.answer();
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("-32601"), "one that ends instead is taken for legacy: {answer:?}");
    client.post(&fields("server/discover", None), &discover);
    assert_eq!(client.answer().status, 404);
    assert!(bridge.has_started_no_other());
}
