//! `mcptop serve --rules`: rules act alike on a URL, a pool of sessions and a bridged command, whatever form answers have.

mod batches;
pub(crate) mod played;

use mcptop::trace::{Fact, HttpEnd, Outcome};
use mcptop::wire::Direction;

use played::{Back, How, Rig, all};

const TRIM: &str = "[[rule]]\nname = \"lean\"\nmatch = { tool = \"get\" }\ntrim = { drop = [\"$.b\"] }\n";
const CACHE: &str = "[[rule]]\nname = \"kept\"\nmatch = { tool = \"get\" }\ncache = { ttl = \"5m\" }\n";
const SHARED: &str =
    "[[rule]]\nname = \"kept\"\nmatch = { tool = \"get\" }\ncache = { ttl = \"5m\", scope = \"shared\" }\n";
const WARM: &str = "[[rule]]\nname = \"kept\"\nmatch = { tool = \"get\" }\ncache = { ttl = \"5m\", warm = [{ tool = \"get\" }] }\n";
const HIDE: &str = "[[rule]]\nname = \"few\"\ntools = { hide = [\"delete_*\"] }\n";
const RATE: &str = "[[rule]]\nname = \"slow down\"\nmatch = { tool = \"get\" }\nrate = { per_minute = 1, burst = 1, over = \"error\" }\n";
const TIMEOUT: &str = "[[rule]]\nname = \"soon\"\nmatch = { tool = \"hold\" }\ntimeout = \"100ms\"\n";
/// Rules that concern nothing of what is said here.
const NOTHING: &str = "[[rule]]\nname = \"nothing\"\nmatch = { tool = \"no_such_tool\" }\ntrim = { drop = [\"$.b\"] }\ncache = { ttl = \"5m\" }\n";

fn result(n: u32) -> String {
    format!(r#""result":{{"content":[{{"type":"text","text":"{{\"a\":1,\"b\":2.0,\"n\":{n}}}"}}]}}}}"#)
}

#[test]
fn a_trim_takes_its_fields_out_and_leaves_every_other_byte() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, TRIM);
        let trimmed = result(1).replace(r#"\"b\":2.0,"#, "");
        assert_eq!(rig.client().call("get"), trimmed, "{back:?} {how:?}");
    }
}

#[test]
fn an_answer_out_of_the_cache_never_reaches_the_server() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, CACHE);
        let mut client = rig.client();
        client.request("tools/list", "{}");
        let first = client.call("get");
        assert_eq!((client.call("get"), rig.played.calls()), (first, 1), "{back:?} {how:?}");
        let facts = rig.end();
        let answered: Vec<_> = facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Ruled(ruling) if ruling.outcome == Outcome::Answered => Some(ruling),
                _ => None,
            })
            .collect();
        assert_eq!(answered.len(), 1, "{facts:#?}");
        let exchange = answered[0].exchange.unwrap();
        assert!(answered[0].payload.is_some() && answered[0].marks[0].took_us.is_some());
        let of_it = |fact: &&Fact<'_>| match fact {
            Fact::Message { exchange: of, to, .. } => *of == Some(exchange) && *to == Direction::ToClient,
            _ => false,
        };
        assert_eq!(facts.iter().filter(of_it).count(), 0, "the server said nothing");
        let is_whole = |fact: &Fact<'_>| matches!(fact, Fact::HttpEnd { exchange: of, how: HttpEnd::Complete } if *of == exchange);
        assert!(facts.iter().any(is_whole));
    }
}

#[test]
fn a_hidden_tool_is_neither_listed_nor_called() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, HIDE);
        let mut client = rig.client();
        let list = client.request("tools/list", "{}");
        assert!(list.contains(r#""name":"get""#) && !list.contains("delete_all"), "{back:?} {how:?}: {list}");
        let refused = client.call("delete_all");
        assert!(refused.contains("-32602") && refused.contains("Unknown tool: delete_all"), "{refused}");
        assert_eq!(rig.played.calls(), 0);
    }
}

#[test]
fn a_call_too_many_is_refused_in_words_for_the_model() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, RATE);
        let mut client = rig.client();
        assert_eq!(client.call("get"), result(1), "{back:?} {how:?}");
        let refused = client.call("get");
        assert!(refused.contains("slow down") && refused.contains(r#""isError":true"#), "{refused}");
        assert_eq!(rig.played.calls(), 1);
    }
}

#[test]
fn a_call_that_takes_too_long_is_answered_and_taken_back() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, TIMEOUT);
        let mut client = rig.client();
        let refused = client.call("hold");
        assert!(
            refused.contains("soon") && refused.contains(r#""isError":true"#),
            "{back:?} {how:?} {refused}"
        );
        rig.played.until(|seen| seen.cancelled.iter().any(|params| params.contains(r#""requestId":1"#)));
        if back != Back::Command {
            rig.played.until(|seen| seen.gone == 1);
        }
        assert_eq!(client.call("get"), result(2), "the connection goes on");
    }
}

#[test]
fn two_who_may_be_different_people_never_share_an_answer() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, SHARED);
        let mut count = 0;
        for fields in [
            "Authorization: Bearer a\r\n",
            "Authorization: Bearer b\r\n",
            "X-Api-Key: a\r\n",
            "Cookie: a=b\r\n",
            "",
        ] {
            let mut client = rig.client_with(fields);
            client.request("tools/list", "{}");
            count += 1;
            assert_eq!(client.call("get"), result(count), "{back:?} {how:?} {fields}");
        }
        // Nobody who has shown anything shares with who has shown nothing, who share.
        let mut another = rig.client();
        another.request("tools/list", "{}");
        assert_eq!(another.call("get"), result(count), "{back:?} {how:?}");
    }
}

#[test]
fn the_recording_keeps_what_the_server_said_and_then_what_the_client_was_given() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, TRIM);
        rig.client().call("get");
        let facts = rig.end();
        let said = facts.iter().position(|fact| match fact {
            Fact::Message { payload, to: Direction::ToClient, .. } => {
                String::from_utf8_lossy(&payload.text).contains(r#"\"b\":2.0"#)
            }
            _ => false,
        });
        let given = facts.iter().position(|fact| match fact {
            Fact::Ruled(ruling) if ruling.outcome == Outcome::Changed => {
                let text = String::from_utf8_lossy(&ruling.payload.as_ref().unwrap().text).into_owned();
                assert!(!text.contains(r#"\"b\""#) && text.contains(r#"\"a\":1"#), "{text}");
                ruling.exchange.is_some() && ruling.to == Direction::ToClient
            }
            _ => false,
        });
        assert!(said.is_some() && said < given, "{back:?} {how:?}: {facts:#?}");
    }
}

#[test]
fn no_credential_is_kept_in_what_rules_leave_behind() {
    let rig = Rig::start(Back::Url, How::Message, SHARED);
    let mut client = rig.client_with("Authorization: Bearer s3cr3t-t0ken\r\nX-Api-Key: an0ther-s3cret\r\n");
    client.request("tools/list", "{}");
    client.call("get");
    client.call("get");
    let mut served = rig.served();
    served.stop();
    let recording = std::fs::read_to_string(&served.recording).unwrap();
    assert!(!recording.contains("s3cr3t-t0ken") && !recording.contains("an0ther-s3cret"));
}

#[test]
fn beside_the_data_that_changes_a_stream_stays_byte_for_byte() {
    let rig = Rig::start(Back::Url, How::Events, TRIM);
    let mut client = rig.client();
    let ahead = "id: 1\r\ndata: \r\n\r\n: ping\n\nretry: 7\n\nevent: other\ndata: {\"x\":\ndata: 1}\n\n";
    rig.played.seen(|seen| seen.ahead = ahead.to_owned());
    let reply = client.ask(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get"}}"#);
    let result = result(1).replace(r#"\"b\":2.0,"#, "");
    let wanted = format!("{ahead}event: message\nid: 5\ndata: {{\"jsonrpc\":\"2.0\",\"id\":1,{result}\n\n");
    assert_eq!(reply.body, wanted);
}

#[test]
fn a_client_that_leaves_is_seen_by_the_server() {
    for how in [How::Message, How::Events] {
        let rig = Rig::start(Back::Url, how, NOTHING);
        let mut client = rig.client();
        client.send("POST", r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"hold"}}"#);
        rig.played.until(|seen| seen.calls == ["hold"]);
        drop(client);
        rig.played.until(|seen| seen.gone == 1);
    }
}

#[test]
fn who_listens_hears_that_the_tools_have_changed_with_the_rules() {
    let rig = Rig::start(Back::Url, How::Message, HIDE);
    let mut client = rig.client();
    client.request("tools/list", "{}");
    let mut listener = rig.stranger();
    listener.fields.clone_from(&client.fields);
    listener.send("GET", "");
    assert!(listener.head().starts_with("HTTP/1.1 200 "));
    assert_eq!(listener.chunk(), ": here\n\n");
    rig.rule(&HIDE.replace("delete_*", "get"));
    assert_eq!(
        listener.chunk(),
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n"
    );
    assert!(!client.request("tools/list", "{}").contains(r#""name":"get""#));
}

#[test]
fn the_end_of_a_call_made_before_a_rule_kept_anything_makes_void_what_it_keeps() {
    for (back, how) in all() {
        let rig = Rig::start(back, how, "");
        let (mut caller, mut reader) = (rig.client(), rig.client());
        caller.send(
            "POST",
            r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"hold","arguments":{}}}"#,
        );
        rig.played.until(|seen| seen.calls == ["hold"]);
        reader.request("tools/list", "{}");
        rig.rule(&CACHE.replace("\"5m\"", "\"5m\", unsafe = true"));
        let begin = std::time::Instant::now();
        while reader.call("get") != reader.call("get") {
            assert!(begin.elapsed() < std::time::Duration::from_mins(1), "{back:?} {how:?}");
        }
        let kept = rig.played.calls();
        // Whoever leaves may have changed something nevertheless.
        drop(caller);
        let begin = std::time::Instant::now();
        while rig.played.calls() == kept {
            reader.call("get");
            assert!(begin.elapsed() < std::time::Duration::from_mins(1), "{back:?} {how:?}");
        }
    }
}

#[test]
fn no_request_is_lost_while_rules_come_and_go_and_connections_change_their_gear() {
    for how in [How::Message, How::Events] {
        let rig = Rig::start(Back::Url, how, "");
        // One of them meets every change, on the connection that it has.
        let mut client = rig.client();
        let mut count = 0;
        for round in 0..6 {
            let is_ruled = round % 2 == 0;
            rig.rule(if is_ruled { TRIM } else { "" });
            let begin = std::time::Instant::now();
            let mut in_a_row = 0;
            while in_a_row < 10 {
                count += 1;
                let (whole, got) = (result(count), client.call("get"));
                let lean = whole.replace(r#"\"b\":2.0,"#, "");
                assert!(got == whole || got == lean, "{got}");
                in_a_row = if (got == lean) == is_ruled { in_a_row + 1 } else { 0 };
                assert!(begin.elapsed() < std::time::Duration::from_mins(1), "the change is not seen");
            }
            // Another one begins in the gear that is needed now.
            count += 1;
            assert_eq!(rig.client().call("get") == result(count), !is_ruled);
        }
        assert_eq!(rig.played.calls(), usize::try_from(count).unwrap(), "none lost, none twice");
    }
}

#[test]
fn a_request_that_no_rule_is_about_reaches_the_server_as_it_was_sent() {
    let rig = Rig::start(Back::Url, How::Message, TRIM);
    let mut client = rig.stranger();
    client.fields.push_str("Accept-Encoding: gzip\r\n");
    let encoding = |head: &str| head.to_ascii_lowercase().contains("accept-encoding: gzip");
    assert_eq!(client.call("put"), result(1));
    assert!(rig.played.seen(|seen| encoding(&seen.head)));
    // One that a rule is about could not be read if its answer came packed.
    assert_eq!(client.call("get"), result(2).replace(r#"\"b\":2.0,"#, ""));
    assert!(rig.played.seen(|seen| !encoding(&seen.head)));
    // However long it is, and however it comes: what is behind what was read ahead belongs to it.
    let mut client = rig.stranger();
    let long = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"arguments":{{"x":"{}"}},"name":"get"}}}}"#,
        "x".repeat(200_000)
    );
    assert!(!client.ask(&long).message().contains(r#"\"b\""#));
}

#[test]
fn requests_sent_ahead_of_their_answers_are_all_answered_in_order_by_either_gear() {
    let rig = Rig::start(Back::Url, How::Message, "");
    let mut client = rig.client();
    for round in 0..20 {
        rig.rule(if round % 2 == 0 { TRIM } else { "" });
        let begin = rig.played.calls();
        for id in 0..8 {
            let call =
                format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"get"}}}}"#);
            client.send("POST", &call);
        }
        for id in 0..8 {
            let reply = client.reply();
            let n = begin + id + 1;
            assert!(
                reply.body.contains(&format!(r#""id":{id},"#))
                    && reply.body.contains(&format!(r#"\"n\":{n}}}"#)),
                "{reply:?}"
            );
        }
    }
}

#[test]
fn the_pool_of_a_rules_file_counts_for_a_server_behind_a_url() {
    let rules = "[pool]\nsize = 2\nidle = \"1m\"\n";
    let is_pooled = |rules| !Rig::start(Back::Url, How::Message, rules).client().fields.contains("upstream-");
    // A pool names sessions itself.
    assert!(is_pooled(rules) && !is_pooled(""));
}

#[test]
fn an_answer_on_a_stream_that_is_taken_up_again_is_trimmed_as_well() {
    for back in [Back::Url, Back::Pool] {
        let rig = Rig::start(back, How::Events, TRIM);
        let mut client = rig.client();
        rig.played.seen(|seen| seen.polls = true);
        client.send("POST", r#"{"jsonrpc":"2.0","id":"p","method":"tools/call","params":{"name":"get"}}"#);
        let reply = client.reply();
        assert_eq!(reply.body, "id: 5\nretry: 1\ndata: \n\n", "{back:?}: {reply:?}");
        let mut again = rig.stranger();
        again.fields.clone_from(&client.fields);
        again.fields.push_str("Last-Event-ID: 5\r\n");
        again.send("GET", "");
        assert!(again.head().starts_with("HTTP/1.1 200 "));
        let lean = result(1).replace(r#"\"b\":2.0,"#, "");
        let mut said = String::new();
        while !said.contains("id: 6") {
            said.push_str(&again.chunk());
        }
        assert!(
            said.ends_with(&format!("id: 6\ndata: {{\"jsonrpc\":\"2.0\",\"id\":\"p\",{lean}\n\n")),
            "{back:?}: {said}"
        );
        drop((client, again));
        let facts = rig.end();
        let changed = |fact: &&Fact<'_>| match fact {
            Fact::Ruled(ruling) => ruling.outcome == Outcome::Changed,
            _ => false,
        };
        assert_eq!(facts.iter().filter(changed).count(), 1, "{back:?}");
    }
}

#[test]
fn a_call_made_ahead_is_answered_to_the_gate_and_spares_the_first_call() {
    for back in [Back::Url, Back::Pool] {
        for how in [How::Message, How::Events] {
            let rig = Rig::start(back, how, WARM);
            let mut client = rig.client();
            // The list is asked for as well: what is kept has to say that it only reads.
            rig.until_recorded(&["mcptop-warm-", "dropped"]);
            assert_eq!(rig.played.seen(|seen| seen.calls.clone()), ["get"], "{back:?} {how:?}");
            assert_eq!((client.call("get"), rig.played.calls()), (result(1), 1), "{back:?} {how:?}");
            let mut second = rig.client();
            second.request("tools/list", "{}");
            rig.played.until(|seen| seen.calls.len() == 2);
        }
    }
}

#[test]
fn a_long_answer_passes_and_the_recording_says_that_no_rule_saw_it() {
    for how in [How::Message, How::Events] {
        let rig = Rig::start(Back::Url, how, TRIM);
        let mut client = rig.client();
        rig.played.seen(|seen| seen.filling = 17 << 20);
        let whole = client.call("get");
        assert!(whole.len() > 17 << 20 && whole.contains(r#"\"b\":2.0"#), "{how:?}");
        rig.played.seen(|seen| seen.filling = 0);
        assert!(!client.call("get").contains(r#"\"b\""#), "the next one is seen");
        let noted = |fact: &Fact<'_>| match fact {
            Fact::Note { text } => text.contains("more than 16 MiB"),
            _ => false,
        };
        assert_eq!(rig.end().iter().filter(|fact| noted(fact)).count(), 1, "{how:?}");
    }
}
