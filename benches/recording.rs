//! What it costs to write a fact and to read it again: `cargo bench --bench recording`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mcptop::trace::{Event, Fact, Micros, Nanos, Payload, read_event, write_event};
use mcptop::wire::{Direction, contents};

/// A call's result of about `bytes`, as servers write it.
fn frame(bytes: usize) -> Vec<u8> {
    let record = r#"{\"id\":17,\"name\":\"Ada Lovelace\",\"plan\":\"pro\",\"mrr\":129.5,\"note\":\"Gr\u00fc\u00dfe\"},"#;
    let text = record.repeat(bytes / record.len() + 1);
    let head = r#"{"result":{"content":[{"type":"text","text":""#;
    format!("{head}{text}\"}}],\"isError\":false}},\"jsonrpc\":\"2.0\",\"id\":42}}\n").into_bytes()
}

fn recording(criterion: &mut Criterion) {
    for bytes in [64, 1_000, 100_000] {
        let frame = frame(bytes);
        let payload = Payload::of_frame(&frame);
        let fact =
            Fact::Message { to: Direction::ToClient, own: Nanos(4_000), payload, parts: 0, exchange: None };
        let event = Event { at: Micros(1_000_000), fact };
        let mut line = Vec::new();
        write_event(&mut line, &event);
        let mut group = criterion.benchmark_group(format!("{bytes} bytes"));
        group.throughput(Throughput::Bytes(frame.len() as u64));
        let mut out = Vec::with_capacity(line.len());
        group.bench_function("write an event", |bencher| {
            bencher.iter(|| {
                out.clear();
                write_event(&mut out, black_box(&event));
            });
        });
        group.bench_function("read an event", |bencher| {
            bencher.iter(|| black_box(read_event(black_box(&line[..line.len() - 1])).is_ok()));
        });
        group.bench_function("read an envelope", |bencher| {
            bencher.iter(|| black_box(contents(black_box(&frame[..frame.len() - 1]))));
        });
        group.finish();
    }
}

criterion_group!(benches, recording);
criterion_main!(benches);
