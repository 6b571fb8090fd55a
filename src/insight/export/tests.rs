use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::insight::calls::{Fate, Side};
use crate::trace::{Back, FORMAT_VERSION, Front, Nanos, Place};
use crate::wire::Peer;

fn header() -> Header {
    Header {
        format: FORMAT_VERSION,
        session: "01936d0e-7b5c-7000-8000-000000000001".into(),
        started: "2026-11-21T10:00:00.5Z".parse().unwrap(),
        version: "0.1.0".into(),
        label: "git server".into(),
        front: Front::Stdio,
        back: Back::Command { argv: vec!["uvx".into(), "mcp-server-git".into()] },
        platform: "linux-x86_64".into(),
    }
}

fn side(at: u64) -> Side {
    Side {
        at: Micros(at),
        own: Nanos(2_000),
        place: Place::default(),
        index: None,
        bytes: 10,
        by_rule: false,
    }
}

fn call(fate: Fate) -> Call {
    Call {
        number: 7,
        from: Peer::Client,
        id: "\"a\"".into(),
        method: "tools/call".into(),
        target: Some("git_status".into()),
        request: side(1_000_000),
        answer: Some(side(1_012_000)),
        fate,
        ended: Micros(1_012_002),
        revision: Some("2025-11-25".into()),
        http: None,
        rule: None,
    }
}

const REQUEST: &str = r#"{"id":"a","method":"tools/call","params":{"name":"git_status","arguments":{"a":1},"_meta":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"x=y"}}}"#;
const ANSWER: &str = r#"{"id":"a","result":{"content":[{"type":"image"},{"type":"text","text":"no \"repository\", so"}],"isError":true}}"#;

fn written<'a>(header: &'a Header, call: &'a Call) -> Written<'a> {
    let tokens = Some(CallTokens { request: 1, wire: 2, model: 3 });
    Written { header, call, request: Some(REQUEST), answer: Some(ANSWER), tokens, with_bodies: true }
}

#[test]
fn a_row_has_every_column_in_order_and_typed() {
    let (header, call) = (header(), call(Fate::ToolError));
    let line = json_row(&written(&header, &call));
    let row: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(row.as_object().unwrap().len(), COLUMNS.len());
    let mut at = 0;
    for column in &COLUMNS {
        let name = format!("\"{}\":", column.name);
        at += line[at..].find(&name).unwrap_or_else(|| panic!("{name} in its place"));
        let value = &row[column.name];
        let fits = match column.kind {
            Kind::Text | Kind::Timestamp => value.is_string(),
            Kind::Integer => value.is_i64(),
            Kind::Real => value.is_number(),
        };
        assert!(value.is_null() || fits, "{}: {value}", column.name);
    }
    assert_eq!(row["started"], "2026-11-21T10:00:01.500000Z");
    assert_eq!((&row["latency_us"], &row["server_us"]), (&12_002.into(), &11_998.into()));
    assert_eq!((&row["error"], &row["outcome"]), (&"no \"repository\", so".into(), &"tool_error".into()));
    assert_eq!(row["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(row["params"].as_str().unwrap(), crate::wire::member(REQUEST, "params").unwrap());
}

#[test]
fn bodies_are_written_only_where_they_are_asked_for() {
    let (header, call) = (header(), call(Fate::Ok));
    let one = Written { with_bodies: false, ..written(&header, &call) };
    assert!(!json_row(&one).contains("arguments") && !csv_row(&one).contains("arguments"));
    assert!(!csv_head(false).contains("params") && csv_head(true).trim_end().ends_with("params,result"));
}

#[test]
fn an_entry_of_har_has_what_har_requires() {
    let (header, call) = (header(), call(Fate::Error { code: -32602 }));
    let entry = entry(&written(&header, &call));
    assert_eq!(entry["request"]["url"], "mcp://git-server/tools/call/git_status");
    assert_eq!(entry["request"]["postData"]["text"], REQUEST);
    assert_eq!(entry["response"]["content"]["text"], ANSWER);
    assert_eq!(entry["response"]["statusText"], "JSON-RPC error -32602");
    let timings = &entry["timings"];
    let sum: f64 = ["send", "wait", "receive"].iter().map(|part| timings[*part].as_f64().unwrap()).sum();
    assert!((entry["time"].as_f64().unwrap() - sum).abs() < 1e-9, "{entry}");
    assert_eq!(entry["_mcp"]["tokens"]["model"], 3);
}

#[test]
fn a_call_without_an_answer_is_shown_as_failed() {
    let header = header();
    let call = Call { answer: None, ..call(Fate::Cancelled) };
    let entry = entry(&Written { answer: None, ..written(&header, &call) });
    assert_eq!(
        (&entry["response"]["status"], &entry["response"]["_error"]),
        (&0.into(), &"cancelled".into())
    );
}

fn attributes(span: &Value) -> std::collections::BTreeMap<String, String> {
    let all = span["attributes"].as_array().unwrap().iter();
    let value = |value: &Value| value.as_object().unwrap().values().next().unwrap().to_string();
    all.map(|one| (one["key"].as_str().unwrap().to_owned(), value(&one["value"]))).collect()
}

#[test]
fn a_span_follows_the_conventions_for_mcp() {
    let (header, call) = (header(), call(Fate::ToolError));
    let mut spans = Spans::new(&header);
    assert_eq!(spans.push(&written(&header, &call)), None);
    let line: Value = serde_json::from_str(&spans.finish(Some("2025-11-25"), Micros(2_000_000))).unwrap();
    let spans = &line["resourceSpans"][0]["scopeSpans"][0]["spans"];
    let (span, session) = (&spans[0], &spans[1]);
    assert_eq!((&span["name"], &span["kind"]), (&"tools/call git_status".into(), &3.into()));
    assert_eq!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!((&span["parentSpanId"], &span["traceState"]), (&"b7ad6b7169203331".into(), &"x=y".into()));
    assert_eq!(span["links"][0]["spanId"], session["spanId"]);
    assert_eq!(span["startTimeUnixNano"], "1795255201500000000");
    assert_eq!(span["status"]["code"], 2);
    let attributes = attributes(span);
    for (name, value) in [
        ("mcp.method.name", "\"tools/call\""),
        ("gen_ai.operation.name", "\"execute_tool\""),
        ("gen_ai.tool.name", "\"git_status\""),
        ("gen_ai.tool.call.arguments", r#""{\"a\":1}""#),
        ("error.type", "\"tool_error\""),
        ("jsonrpc.request.id", "\"a\""),
        ("mcp.protocol.version", "\"2025-11-25\""),
        ("network.transport", "\"pipe\""),
        ("mcptop.answer.model_tokens", "\"3\""),
    ] {
        assert_eq!(attributes.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(session["traceId"], "01936d0e7b5c70008000000000000001");
}

#[test]
fn a_request_without_a_trace_stands_in_that_of_its_session() {
    let (header, call) = (header(), call(Fate::Ok));
    let mut spans = Spans::new(&header);
    spans.push(&Written { request: Some(r#"{"id":1,"method":"x"}"#), ..written(&header, &call) });
    let line: Value = serde_json::from_str(&spans.finish(None, Micros(0))).unwrap();
    let spans = &line["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!(spans[0]["traceId"], trace_id(&header));
    assert_eq!(spans[0]["parentSpanId"], spans[1]["spanId"]);
    assert!(spans[0].get("status").is_none());
}

#[test]
fn a_place_in_a_trace_is_taken_only_if_it_is_one() {
    for wrong in [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
    ] {
        assert_eq!(Context::parse(wrong), None, "{wrong}");
    }
    assert!(Context::parse("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x").is_some());
}

proptest! {
    #[test]
    fn any_text_survives_in_a_row(name in any::<String>(), error in any::<String>()) {
        let header = header();
        let call = Call { target: Some(name.clone().into()), ..call(Fate::Error { code: 1 }) };
        let answer = serde_json::json!({ "error": { "message": error } }).to_string();
        let one = Written { answer: Some(&answer), ..written(&header, &call) };
        let row: Value = serde_json::from_str(&json_row(&one)).unwrap();
        prop_assert_eq!(&row["name"], &name);
        let table = csv_head(true) + &csv_row(&one);
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let names = reader.headers().unwrap().clone();
        let record = reader.records().next().unwrap().unwrap();
        let position = names.iter().position(|one| one == "name").unwrap();
        prop_assert_eq!(&record[position], &name);
        prop_assert_eq!(record.len(), COLUMNS.len());
    }
}
