//! `mcptop export` as people call it: what other tools read, checked by other tools.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mcptop::model::{Outcome, Session, State};
use mcptop::record::Reader;
use mcptop::tokens::Profile;
use mcptop::trace::{
    Back, Event, ExchangeId, FORMAT_VERSION, Fact, Front, Header, HttpEnd, Micros, Nanos, Payload,
    write_event, write_header,
};
use mcptop::ui::feed::count_all;
use mcptop::wire::{Direction, Peer};
use serde_json::Value;

use crate::peers::install::{checked, peers, repository};
use crate::recordings_command::{assert_clean, session_with_secrets};

fn recording(name: &str) -> PathBuf {
    repository().join("recordings").join(format!("{name}.mcp.jsonl"))
}

const RECORDINGS: [&str; 8] =
    ["azure", "everything", "filesystem", "git", "memory", "playwright", "time", "time-probe"];

fn mcptop(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_mcptop")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn exported(file: &Path, more: &[&str]) -> String {
    let arguments = [&["export", file.to_str().unwrap()], more].concat();
    String::from_utf8(mcptop(&arguments).stdout).unwrap()
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The same recording as the model reads it, its tokens counted.
fn modelled(file: &Path) -> Session {
    let mut reader = Reader::open(file).unwrap();
    let mut session = Session::new(reader.header().clone());
    while !reader.read(usize::MAX, &mut |event, place| session.apply(event, place)).unwrap().at_end {}
    count_all(&mut session, &reader.bodies(), Profile::default());
    session
}

/// The calls of a recording as rows say them and as the model says them: the same.
fn assert_same_as_the_model(file: &Path) {
    let rows = rows(&exported(file, &["--as", "jsonl", "--no-redact"]));
    let session = modelled(file);
    let mut told: Vec<(String, String, Option<u64>, Option<u64>)> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (text("id"), text("asked_by"), row["latency_us"].as_u64(), row["server_us"].as_u64())
        })
        .collect();
    let mut known: Vec<(String, String, Option<u64>, Option<u64>)> = Vec::new();
    for operation in session.operations() {
        for exchange in operation.exchanges() {
            let response = exchange.response.as_ref();
            let delivered = response.map(|response| operation.delivered(response));
            assert!(delivered.is_none_or(|half| half.by_rule || response.is_some()));
            let from = operation.from.as_str().to_owned();
            known.push((exchange.id.to_string(), from, exchange.latency_us(), exchange.responder_us()));
        }
    }
    told.sort();
    known.sort();
    assert_eq!(told, known, "{}", file.display());
    // What an operation of one exchange came to, and what it costs.
    let single: Vec<_> = session.operations().iter().filter(|one| one.exchanges().count() == 1).collect();
    for operation in single {
        let is_it = |row: &&Value| {
            row["id"] == operation.id().to_string()
                && row["started_us"] == operation.started().0
                && row["asked_by"] == operation.from.as_str()
        };
        let row = rows.iter().find(is_it).unwrap();
        let word = match operation.state {
            State::Done(Outcome::Ok) => "ok",
            State::Done(Outcome::ToolError) => "tool_error",
            State::Done(Outcome::ProtocolError { .. }) => "error",
            State::Done(Outcome::HttpError { .. }) => "http_error",
            State::Cancelled { .. } => "cancelled",
            State::Pending | State::Abandoned => "unanswered",
            State::Unknown => "unknown",
        };
        assert_eq!(row["outcome"], word, "{row}");
        if let (Some(tokens), State::Done(_)) = (operation.tokens, operation.state) {
            let counted = [&row["request_tokens"], &row["wire_tokens"], &row["model_tokens"]];
            let expected = [tokens.request, tokens.wire, tokens.model];
            assert_eq!(counted.map(Value::as_u64), expected.map(|count| Some(u64::from(count))), "{row}");
        }
    }
}

#[test]
fn rows_say_what_the_model_says() {
    for name in RECORDINGS {
        assert_same_as_the_model(&recording(name));
    }
}

#[test]
fn rows_of_a_session_with_rules_say_what_the_model_says() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.toml");
    let text = "[[rule]]\nname = \"keep\"\ncache = { ttl = \"10m\", unsafe = true }\n\n\
                [[rule]]\nname = \"short\"\nlimit = { bytes = \"200B\", over = \"truncate\" }\n";
    fs::write(&rules, text).unwrap();
    let played = folder.path().join("played.mcp.jsonl");
    let (from, rules, to) = (recording("git"), rules.to_str().unwrap().to_owned(), played.to_str().unwrap());
    mcptop(&["simulate", from.to_str().unwrap(), "--rules", &rules, "--write", to]);
    assert_same_as_the_model(&played);
    let rows = rows(&exported(&played, &["--as", "jsonl", "--no-tokens"]));
    assert!(rows.iter().any(|row| row["rule_effect"] == "changed"), "a rule changed something");
}

#[test]
fn a_table_has_a_head_and_a_row_per_call() {
    insta::assert_snapshot!(exported(&recording("time"), &["--as", "csv"]));
}

/// A session over HTTP: a call, one that is refused, one that is left, a stream, and requests of both sides.
fn http_session(folder: &Path) -> PathBuf {
    let mut text = Vec::new();
    let header = Header {
        format: FORMAT_VERSION,
        session: "01936d0e-7b5c-7000-8000-000000000001".into(),
        started: "2026-11-21T10:00:00Z".parse().unwrap(),
        version: "0.1.0".into(),
        label: "web".into(),
        front: Front::Http { listen: "127.0.0.1:7080".into() },
        back: Back::Url { url: "https://mcp.example.org/mcp".into(), others: Vec::new() },
        platform: "linux-x86_64".into(),
    };
    write_header(&mut text, &header);
    let request = |exchange: u32, method: &'static str| Fact::HttpRequest {
        exchange: ExchangeId(exchange),
        connection: 1,
        method: method.into(),
        target: "/mcp?page=2".into(),
        session: Some("1868a90c~1234abcd".into()),
        revision: Some("2025-11-25".into()),
        encoding: "".into(),
        resumes: false,
    };
    let response = |exchange: u32, status: u16, media: &'static str| Fact::HttpResponse {
        exchange: ExchangeId(exchange),
        status,
        media: media.into(),
        session: None,
        encoding: "".into(),
    };
    let message = |exchange: u32, to: Direction, text: &'static str| Fact::Message {
        to,
        own: Nanos(3_000),
        payload: Payload::of_frame(text.as_bytes()),
        parts: 0,
        exchange: Some(ExchangeId(exchange)),
    };
    let end = |exchange: u32, how: HttpEnd| Fact::HttpEnd { exchange: ExchangeId(exchange), how };
    let (to_server, to_client) = (Direction::ToServer, Direction::ToClient);
    let facts = [
        request(1, "GET"),
        response(1, 200, "text/event-stream"),
        request(2, "POST"),
        message(
            2,
            to_server,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","arguments":{},"_meta":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}"#,
        ),
        response(2, 200, "text/event-stream"),
        message(
            2,
            to_client,
            r#"{"jsonrpc":"2.0","id":"s1","method":"elicitation/create","params":{"message":"which?"}}"#,
        ),
        request(3, "POST"),
        message(3, to_server, r#"{"jsonrpc":"2.0","id":"s1","result":{"action":"decline"}}"#),
        response(3, 202, ""),
        end(3, HttpEnd::Complete),
        message(
            2,
            to_client,
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"none"}],"isError":true}}"#,
        ),
        end(2, HttpEnd::Complete),
        request(4, "POST"),
        message(4, to_server, r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#),
        response(4, 503, "text/plain"),
        end(4, HttpEnd::Complete),
        request(5, "DELETE"),
        response(5, 200, ""),
        end(5, HttpEnd::Complete),
        end(1, HttpEnd::ClientLeft),
    ];
    for (at, fact) in (1..).zip(facts) {
        write_event(&mut text, &Event { at: Micros(at * 1_000), fact });
    }
    let path = folder.join("http.mcp.jsonl");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn calls_over_http_are_what_the_model_says_and_carry_their_http() {
    let folder = tempfile::tempdir().unwrap();
    let file = http_session(folder.path());
    assert_same_as_the_model(&file);
    let rows = rows(&exported(&file, &["--as", "jsonl", "--bodies"]));
    assert_eq!(rows.len(), 3);
    let of = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(
        (&of("1")["http_status"], &of("1")["trace_id"]),
        (&200.into(), &"0af7651916cd43dd8448eb211c80319c".into())
    );
    assert_eq!((&of("2")["outcome"], &of("2")["http_status"]), (&"http_error".into(), &503.into()));
    assert_eq!(
        (&of("\"s1\"")["asked_by"], &of("\"s1\"")["outcome"]),
        (&Peer::Server.as_str().into(), &"ok".into())
    );
    assert_eq!(of("1")["error"], "none");
    let har: Value = serde_json::from_str(&exported(&file, &["--as", "har"])).unwrap();
    let entries = har["log"]["entries"].as_array().unwrap();
    let mut methods: Vec<&str> =
        entries.iter().map(|entry| entry["request"]["method"].as_str().unwrap()).collect();
    methods.sort_unstable();
    assert_eq!(methods, ["DELETE", "GET", "POST", "POST", "POST", "POST"]);
    assert!(
        entries.iter().all(|entry| entry["request"]["url"] == "https://mcp.example.org/mcp?page=2"),
        "{har}"
    );
}

#[test]
fn archives_are_valid_by_the_schema_of_har() {
    let folder = tempfile::tempdir().unwrap();
    let schemas = peers().join("node_modules/har-schema/lib");
    let mut files: Vec<PathBuf> = RECORDINGS.iter().map(|name| recording(name)).collect();
    files.push(http_session(folder.path()));
    for (number, file) in files.iter().enumerate() {
        let har = folder.path().join(format!("{number}.har"));
        exported(file, &["--as", "har", "-o", har.to_str().unwrap()]);
        let entries: usize = checked("har.py", &[&schemas, &har], folder.path()).trim().parse().unwrap();
        assert!(entries >= exported(file, &["--as", "jsonl", "--no-tokens"]).lines().count());
    }
}

#[test]
fn spans_are_read_by_the_protocol_buffers_and_a_collector_of_opentelemetry() {
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> = RECORDINGS.iter().map(|name| recording(name)).collect();
    files.push(http_session(folder.path()));
    for (number, file) in files.iter().enumerate() {
        let spans = folder.path().join(format!("{number}.jsonl"));
        exported(file, &["--as", "otlp", "--bodies", "-o", spans.to_str().unwrap()]);
        let told: Value = serde_json::from_str(&checked("otlp.py", &[&spans], folder.path())).unwrap();
        let calls = rows(&exported(file, &["--as", "jsonl", "--no-tokens"]));
        let failed = calls.iter().filter(|call| call["outcome"] != "ok").count();
        assert_eq!(told["clients"], calls.len(), "{}", file.display());
        assert_eq!(
            (&told["spans"], &told["errors"], &told["roots"]),
            (&(calls.len() + 1).into(), &failed.into(), &1.into())
        );
        let received = checked("collector.py", &[&spans], folder.path());
        assert_eq!(received.trim().parse(), Ok(calls.len() + 1), "{}", file.display());
        let elsewhere = calls.iter().filter(|call| !call["trace_id"].is_null()).count();
        assert_eq!(
            told["homeless"], elsewhere,
            "only what stands in a client's trace has a parent elsewhere"
        );
    }
}

/// Credentials in the fields and the query of a request never reach the file; those in what is said are taken out of exports.
#[cfg(target_os = "linux")]
#[test]
fn no_form_of_a_session_over_http_holds_what_opens_it() {
    let mut bridge = crate::bridge::rig::Bridge::start(&[]);
    let (mut client, session, mut process) = bridge.session();
    let fields = format!(
        "Authorization: Bearer header-s3cret-17\nCookie: sid=header-s3cret-18\nX-Api-Key: header-s3cret-19\n{session}"
    );
    let said = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"api_key":"said-s3cret-20"}}}"#;
    client.ask(
        "POST /mcp?api_key=query-s3cret-21",
        &format!("Content-Type: application/json\nAccept: application/json, text/event-stream\n{fields}"),
        said,
    );
    let asked: Value = serde_json::from_str(&process.receive()).unwrap();
    process.send(&format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[{{"type":"text","text":"used said-s3cret-20"}}]}}}}"#,
        asked["id"]
    ));
    assert_eq!(client.answer().status, 200);
    assert!(bridge.terminate().success());
    let file = bridge.recording();
    let recorded = fs::read_to_string(file).unwrap();
    for secret in ["header-s3cret", "query-s3cret"] {
        assert!(!recorded.contains(secret), "{recorded}");
    }
    let id = session.trim().rsplit(' ').next().unwrap();
    assert!(recorded.contains("said-s3cret-20") && !recorded.contains(id), "{recorded}");
    for form in ["har", "otlp", "csv", "jsonl"] {
        let text = exported(file, &["--as", form, "--bodies"]);
        assert!(text.contains("tools/call") && !text.contains("s3cret"), "{form}: {text}");
    }
}

fn page() -> String {
    fs::read_to_string(repository().join("docs/export.md")).unwrap()
}

/// A folder with everything that the page's examples read.
fn folder_of_the_page() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(recording("git"), folder.path().join("session.mcp.jsonl")).unwrap();
    let file = folder.path().join("session.mcp.jsonl");
    for (form, name) in
        [("har", "session.har"), ("otlp", "spans.jsonl"), ("csv", "calls.csv"), ("jsonl", "calls.jsonl")]
    {
        exported(&file, &["--as", form, "-o", folder.path().join(name).to_str().unwrap()]);
    }
    exported(
        &http_session(folder.path()),
        &["--as", "csv", "-o", folder.path().join("http.csv").to_str().unwrap()],
    );
    folder
}

#[test]
fn the_queries_of_the_page_are_answered_by_duckdb() {
    let folder = folder_of_the_page();
    let page = repository().join("docs/export.md");
    let told: Vec<Vec<Value>> =
        serde_json::from_str(&checked("duckdb_page.py", &[&page], folder.path())).unwrap();
    let [table, tools, under_way, days, methods, columns] = &told[..] else { panic!("{told:?}") };
    let calls = rows(&fs::read_to_string(folder.path().join("calls.jsonl")).unwrap());
    assert!(table.len() <= 1);
    let of_tools: Vec<&Value> = calls.iter().filter(|call| call["method"] == "tools/call").collect();
    let sum = |rows: &[Value], name: &str| rows.iter().map(|row| row[name].as_f64().unwrap()).sum::<f64>();
    assert!((sum(tools, "calls") - of_tools.len() as f64).abs() < 0.5, "{tools:?}");
    let tokens: u64 = of_tools.iter().map(|call| call["model_tokens"].as_u64().unwrap()).sum();
    assert!((sum(tools, "tokens") - tokens as f64).abs() < 0.5, "{tools:?}");
    assert_eq!(under_way.len(), calls.len());
    let labels: Vec<&str> = days.iter().map(|day| day["label"].as_str().unwrap()).collect();
    assert!(labels.contains(&"git") && labels.contains(&"web"), "{days:?}");
    let asked = methods.iter().find(|row| row["method"] == "tools/call").unwrap();
    assert_eq!(asked["times"], of_tools.len());
    let names: Vec<&str> = columns.iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(names, calls[0].as_object().map(|_| in_order()).unwrap());
}

/// The columns as the exported lines have them.
fn in_order() -> Vec<&'static str> {
    let columns = &mcptop::insight::export::COLUMNS;
    columns.iter().filter(|column| !column.is_body).map(|column| column.name).collect()
}

#[test]
fn the_page_tells_of_every_column_with_its_type() {
    let page = page();
    let table = page.split("CREATE TABLE calls (").nth(1).unwrap().split(");").next().unwrap();
    let words: Vec<&str> = table.split(',').map(str::trim).collect();
    let types = mcptop::insight::export::duckdb_columns(false);
    let expected: Vec<String> =
        in_order().iter().map(|name| format!("{name} {}", types[name].as_str().unwrap())).collect();
    assert_eq!(words, expected);
    for column in &mcptop::insight::export::COLUMNS {
        assert!(page.contains(&format!("`{}`", column.name)), "{} is not in docs/export.md", column.name);
    }
}

#[test]
fn the_lines_of_jq_of_the_page_print_something() {
    let folder = folder_of_the_page();
    // One failed call, so that there is something to be found.
    let page = page();
    let block = page.split("### jq").nth(1).unwrap().split("```").nth(1).unwrap();
    let lines: Vec<&str> = block.lines().filter(|line| line.starts_with("jq ")).collect();
    assert!(lines.len() >= 5);
    for line in lines {
        let output = Command::new("sh").args(["-c", line]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn no_form_holds_a_planted_secret_unless_it_is_asked_for() {
    let (rig, recording) = session_with_secrets();
    for form in ["har", "otlp", "csv", "jsonl"] {
        assert_clean(form, exported(&recording, &["--as", form, "--bodies"]).as_bytes());
    }
    assert!(
        exported(&recording, &["--as", "jsonl", "--bodies", "--no-redact"]).contains("hunter2-in-address")
    );
    for form in ["html", "json", "markdown", "text"] {
        let told = mcptop(&["report", recording.to_str().unwrap(), "--format", form]);
        assert_clean(&format!("the report as {form}"), &told.stdout);
    }
    let out = rig.path("calls.csv");
    let arguments = ["export", recording.to_str().unwrap(), "--as", "csv", "-o", out.to_str().unwrap()];
    mcptop(&arguments);
    let again = Command::new(env!("CARGO_BIN_EXE_mcptop")).args(arguments).output().unwrap();
    assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
}
