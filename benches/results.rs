//! What rules cost on answers: trims and forms of a result of 100 KB, and a list of 50 tools. Goal: a trim in 1 ms.
//!
//! `cargo bench --bench results`

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mcptop::rules::{Rule, Ruleset, preview, preview_list};

fn rule(text: &str) -> Rule {
    let text = format!("[[rule]]\nname = \"bench\"\n{text}");
    Ruleset::parse(&text).expect("a rules file").rules.remove(0)
}

/// Records of customers, as JSON of about this size.
fn records(bytes: usize) -> String {
    let mut out = String::from("{\"total\":300,\"items\":[");
    let mut n = 0;
    while out.len() < bytes {
        let comma = if n == 0 { "" } else { "," };
        write!(
            out,
            r#"{comma}{{"id":"cus_{n:08}","name":"Customer number {n}","plan":"enterprise","mrr":{}.50,"email":"accounts{n}@example.com","created_at":"2023-04-17T09:21:44.512Z","phone":null,"address":{{"line1":"1200 Harbor Boulevard","city":"Weehawken","state":"NJ"}},"tags":["priority","annual"],"metadata":{{"source":"inbound","owner":"usr_{n}","score":87.5}}}}"#,
            n * 37
        )
        .expect("a String takes every write");
        n += 1;
    }
    out + "]}"
}

fn text_result(text: &str) -> String {
    serde_json::json!({"content": [{"type": "text", "text": text}]}).to_string()
}

fn results(c: &mut Criterion) {
    let json = records(100_000);
    let text = text_result(&json);
    let structured = format!(r#"{{"content":[],"structuredContent":{json}}}"#);
    let mut group = c.benchmark_group("100 KB result");
    group.throughput(Throughput::Bytes(text.len() as u64));
    for (name, text, rule) in [
        ("trim drop by name", &text, rule("trim = { drop = [\"$..metadata\"] }")),
        (
            "trim drop four paths",
            &text,
            rule(
                "trim = { drop = [\"$..metadata\", \"$.items[*].email\", \"$.items[*].phone\", \"$.total\"] }",
            ),
        ),
        (
            "trim keep three fields",
            &text,
            rule("trim = { keep = [\"$.items[*].name\", \"$.items[*].plan\", \"$.items[*].mrr\"] }"),
        ),
        ("trim structured content", &structured, rule("trim = { drop = [\"$..metadata\"] }")),
        ("trim that matches nothing", &text, rule("trim = { drop = [\"$.nothing\"] }")),
        ("empty", &text, rule("empty = \"drop\"")),
        ("shape compact", &text, rule("shape = \"compact\"")),
        ("shape table", &text, rule("shape = \"table\"")),
        ("shape csv", &text, rule("shape = \"csv\"")),
        ("shape toon", &text, rule("shape = \"toon\"")),
        ("shape auto", &text, rule("shape = \"auto\"")),
        ("limit page 8000 tokens", &text, rule("limit = { tokens = 8000 }")),
        ("limit page 32 KB", &text, rule("limit = { bytes = \"32KB\" }")),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| preview(black_box(&rule), "tools/call", Some("get"), black_box(text)));
        });
    }
    group.finish();
}

/// A list of 50 tools of 900 bytes each.
fn list() -> String {
    let tool = |n: usize| {
        serde_json::json!({
            "name": format!("tool_{n}"), "title": format!("Tool {n}"),
            "description": "Does a thing, e.g. when the user asks for it. It needs a token.\n\nReturns JSON with all its fields. ".repeat(3),
            "inputSchema": {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "title": "Arguments", "properties": {
                "owner": {"type": "string", "title": "Owner", "description": "The account.", "examples": ["octocat"]},
                "repo": {"type": "string", "title": "Repo", "description": "The repository.", "examples": ["hello-world"]},
            }, "required": ["owner", "repo"]},
            "outputSchema": {"type": "object", "properties": {"id": {"type": "string", "title": "Id"}}, "required": ["id"]},
            "annotations": {"readOnlyHint": true},
        })
    };
    serde_json::json!({"tools": (0..50).map(tool).collect::<Vec<_>>()}).to_string()
}

fn lists(c: &mut Criterion) {
    let list = list();
    let mut group = c.benchmark_group("50 tools");
    group.throughput(Throughput::Bytes(list.len() as u64));
    for (name, rule) in [
        (
            "lean",
            rule(
                "tools = { hide = [\"tool_7\"], describe = \"first-sentence\", strip = [\"title\", \"examples\", \"$schema\"] }",
            ),
        ),
        ("lazy", rule("tools = { lazy = true }")),
        ("relaxed for a trim", rule("trim = { drop = [\"$.a\"] }")),
    ] {
        group.bench_function(name, |b| b.iter(|| preview_list(black_box(&rule), black_box(&list))));
    }
    group.finish();
}

criterion_group!(benches, results, lists);
criterion_main!(benches);
