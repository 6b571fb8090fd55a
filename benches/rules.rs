//! What the gate costs: messages that no rule concerns, and answers out of a cache.
//!
//! `cargo bench --bench rules`

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use mcptop::rules::{Gate, Lane, Ruleset, Setting, Verdict};
use mcptop::trace::Micros;
use mcptop::wire::Direction;

const LIST: &str =
    r#"{"jsonrpc":"2.0","id":0,"result":{"tools":[{"name":"echo","annotations":{"readOnlyHint":true}}]}}"#;

fn gate(rules: &str) -> Gate {
    let setting =
        Setting { server: "bench".to_owned(), identity: 0, spill: PathBuf::new(), stopwatch: || 0, seed: 1 };
    Gate::new(setting, &Ruleset::parse(rules).expect("the rules are right"))
}

fn show(gate: &mut Gate, now: u64, to: Direction, text: &str) -> Verdict {
    gate.frame(Micros(now), Lane(0), to, text.as_bytes())
}

fn call(id: u64) -> String {
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\"arguments\":{{\"text\":\"hello\"}},\"_meta\":{{\"progressToken\":{id}}}}}}}\n"
    )
}

fn answer(id: u64, bytes: usize) -> String {
    let text = "x".repeat(bytes);
    format!(
        "{{\"result\":{{\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}]}},\"jsonrpc\":\"2.0\",\"id\":{id}}}\n"
    )
}

/// Fifty rules about other tools, half of them with globs.
fn fifty() -> String {
    let rule = |n: usize| {
        let tool = if n.is_multiple_of(2) { format!("tool_{n}") } else { format!("*_tool_{n}_*") };
        format!(
            "[[rule]]\nname = \"r{n}\"\nmatch = {{ tool = \"{tool}\" }}\ntimeout = \"1s\"\ntrim = {{ drop = [\"$.a\"] }}\n"
        )
    };
    (0..50).map(rule).collect()
}

fn none_matching(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("50 rules, none matching");
    let mut gate = gate(&fifty());
    let call = call(7);
    group.bench_function("call", |bencher| {
        bencher.iter(|| show(&mut gate, 1, Direction::ToServer, black_box(&call)));
    });
    for (name, bytes) in [("answer 64 B", 64), ("answer 100 KB", 100_000)] {
        let answer = answer(7, bytes);
        group.bench_function(name, |bencher| {
            bencher.iter(|| show(&mut gate, 1, Direction::ToClient, black_box(&answer)));
        });
    }
    group.finish();
}

fn hits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cache hit");
    for (name, bytes) in [("64 B", 64), ("100 KB", 100_000)] {
        let mut gate = gate("[[rule]]\nname = \"c\"\ncache = { ttl = \"1h\" }\n");
        let listing = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"tools/list\"}";
        show(&mut gate, 0, Direction::ToServer, listing);
        show(&mut gate, 0, Direction::ToClient, LIST);
        show(&mut gate, 0, Direction::ToServer, &call(1));
        show(&mut gate, 0, Direction::ToClient, &answer(1, bytes));
        while gate.take().is_some() {}
        let call = call(2);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                assert_eq!(show(&mut gate, 1, Direction::ToServer, black_box(&call)), Verdict::Taken);
                black_box(gate.take())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, none_matching, hits);
criterion_main!(benches);
