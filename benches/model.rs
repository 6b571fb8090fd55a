//! What following a session costs: messages applied, and filters counted over a million operations.
//!
//! `cargo bench --bench model`

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use mcptop::model::{Filter, OperationId, OperationTokens, Session};
use mcptop::trace::{
    Back, Event, FORMAT_VERSION, Fact, Front, Header, Micros, Nanos, Payload, Place, read_event, write_event,
};
use mcptop::wire::Direction;

fn session() -> Session {
    Session::new(Header {
        format: FORMAT_VERSION,
        session: "bench".into(),
        started: "2026-11-21T10:00:00Z".parse().expect("a time"),
        version: "0".into(),
        label: "bench".into(),
        front: Front::Stdio,
        back: Back::Command { argv: vec!["server".into()] },
        platform: "linux-x86_64".into(),
    })
}

/// The messages of `calls` calls, eight in flight, of `tools` tools, with results of `result_bytes` bytes of text.
fn messages(calls: usize, tools: usize, result_bytes: usize) -> Vec<(Direction, String)> {
    let text = "some result text, ".repeat(result_bytes / 18 + 1);
    let text = &text[..result_bytes];
    let mut out = Vec::with_capacity(2 * calls);
    for n in 0..calls + 8 {
        if n < calls {
            let mut request = String::new();
            write!(
                request,
                r#"{{"jsonrpc":"2.0","id":{n},"method":"tools/call","params":{{"name":"tool_{}","arguments":{{"path":"/tmp/{n}"}},"_meta":{{"progressToken":{n}}}}}}}"#,
                n % tools
            )
            .expect("a String takes every write");
            out.push((Direction::ToServer, request));
        }
        if let Some(answered) = n.checked_sub(8) {
            let answer = format!(
                r#"{{"result":{{"content":[{{"type":"text","text":"{text}"}}]}},"jsonrpc":"2.0","id":{answered}}}"#
            );
            out.push((Direction::ToClient, answer));
        }
    }
    out
}

fn event(n: usize, to: Direction, text: &str) -> Event<'_> {
    let payload = Payload::of_frame(text.as_bytes());
    Event {
        at: Micros(n as u64 * 50),
        fact: Fact::Message { to, own: Nanos(2_000), payload, parts: 0, exchange: None },
    }
}

fn apply(c: &mut Criterion) {
    let mut group = c.benchmark_group("apply");
    for (name, result_bytes) in [("64 B results", 64), ("4 KB results", 4_096)] {
        let messages = messages(10_000, 20, result_bytes);
        group.throughput(Throughput::Elements(messages.len() as u64));
        group.bench_function(name, |b| {
            b.iter_batched(
                session,
                |mut session| {
                    for (n, (to, text)) in messages.iter().enumerate() {
                        session.apply(&event(n, *to, text), Place::default());
                    }
                    session
                },
                BatchSize::LargeInput,
            );
        });
    }
    let mut lines = Vec::new();
    for (n, (to, text)) in messages(10_000, 20, 64).iter().enumerate() {
        write_event(&mut lines, &event(n, *to, text));
    }
    group.throughput(Throughput::Elements(20_000));
    group.bench_function("64 B results, lines read too", |b| {
        b.iter_batched(
            session,
            |mut session| {
                for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    session.apply(&read_event(line).expect("it was written"), Place::default());
                }
                session
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn filter(c: &mut Criterion) {
    let mut million = session();
    for (n, (to, text)) in messages(1_000_000, 20, 64).iter().enumerate() {
        million.apply(&event(n, *to, text), Place::default());
    }
    for n in 0..1_000_000 {
        let tokens = OperationTokens { request: 20, wire: n % 3_000, model: n % 2_000, ..Default::default() };
        million.set_tokens(OperationId(n), tokens);
    }
    let mut group = c.benchmark_group("count over 1,000,000 operations");
    group.sample_size(20);
    for text in
        ["status:error", "tool:tool_7", "dur:>500ms", "tok:>1k", "id:77", "777", "tool_7 -status:ok dur:>1ms"]
    {
        let filter = Filter::parse(text).expect("a filter");
        group.bench_function(text, |b| b.iter(|| black_box(filter.count(&million, million.last_event()))));
    }
    group.finish();
    c.bench_function("totals of a session of 1,000,000 operations", |b| {
        b.iter(|| black_box(million.totals()));
    });
}

criterion_group!(benches, apply, filter);
criterion_main!(benches);
