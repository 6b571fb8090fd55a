//! Counting against the reference tokenizer, and attribution against counting, on the texts of `recordings/`.
#![expect(clippy::print_stdout, reason = "a benchmark is read on the terminal")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mcptop::tokens::{Counter, Effort, Encoding, attribute};
use serde_json::value::RawValue;

/// Messages as they travelled, from every recording; made-up ones where there is none.
fn messages() -> Vec<String> {
    let messages: Vec<String> = files("recordings")
        .filter(|path| path.to_string_lossy().ends_with(".mcp.jsonl"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .flat_map(|recording| recording.lines().filter_map(body).collect::<Vec<_>>())
        .collect();
    if !messages.is_empty() {
        return messages;
    }
    let folders = ["src/tokens", "docs", "benches", "tests/it", "tests/it/tokens"];
    let read = folders.into_iter().flat_map(files).filter_map(|path| std::fs::read_to_string(path).ok());
    // The sources speak of the texts that the reference must count; such texts hardly occur elsewhere.
    let read = read.filter(|text| !text.contains("'ſ"));
    read.map(|text| answer(0, &text)).chain((0..20).map(made_up)).collect()
}

fn files(folder: &str) -> impl Iterator<Item = PathBuf> + use<> {
    let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    folder.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

fn body(line: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Event<'a> {
        #[serde(borrow)]
        body: Option<&'a RawValue>,
    }
    serde_json::from_str::<Event<'_>>(line).ok()?.body.map(|body| body.get().to_owned())
}

/// The result of a search, with its records as JSON within a text block.
fn made_up(id: usize) -> String {
    let record = |n: usize| {
        serde_json::json!({
            "id": id * 7919 + n, "state": if n.is_multiple_of(3) { "closed" } else { "open" },
            "title": format!("The viewer flickers when column {n} is sorted twice"), "comments": n % 17,
            "url": format!("https://api.example.com/repos/octo/mcp-{id}/issues/{n}"),
            "created_at": format!("2026-11-{:02}T0{}:15:42Z", n % 28 + 1, n % 10), "assignee": null,
            "labels": ["bug", "ui", format!("area/{}", n % 9)],
            "body": "Steps to reproduce:\n1. Open a recording.\n2. Press `s` twice.\n\nExpected: it's sorted once.",
        })
    };
    let records: Vec<_> = (0..=id % 40).map(record).collect();
    let text = serde_json::Value::from(records).to_string();
    answer(id, &text)
}

/// A tool result of one text block.
fn answer(id: usize, text: &str) -> String {
    let result = serde_json::json!({"content": [{"type": "text", "text": text}], "isError": false});
    serde_json::json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string()
}

/// A counter that remembers next to nothing, so that every count is made.
fn counter() -> Counter {
    Counter::with_capacity(Effort::OnRequest, 2)
}

fn count_all(counter: &mut Counter, encoding: Encoding, texts: &[String]) -> u64 {
    texts.iter().map(|text| counter.count(encoding, black_box(text)).tokens).sum()
}

fn attribute_all(counter: &mut Counter, encoding: Encoding, texts: &[String]) -> u64 {
    texts.iter().filter_map(|text| Some(attribute(counter, encoding, black_box(text)).ok()?.total)).sum()
}

fn reference_all(encoding: Encoding, texts: &[String]) -> u64 {
    let bpe = match encoding {
        Encoding::O200kBase => tiktoken_rs::o200k_base_singleton(),
        Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
    };
    texts.iter().map(|text| bpe.encode_ordinary(black_box(text)).len() as u64).sum()
}

fn tokens(criterion: &mut Criterion) {
    let texts = messages();
    let bytes = texts.iter().map(|text| text.len() as u64).sum();
    for encoding in Encoding::ALL {
        let mut group = criterion.benchmark_group(encoding.name());
        group.throughput(Throughput::Bytes(bytes)).sample_size(10).measurement_time(Duration::from_secs(5));
        group.bench_function(BenchmarkId::new("count", "all"), |bench| {
            let mut counter = counter();
            bench.iter(|| count_all(&mut counter, encoding, &texts));
        });
        group.bench_function(BenchmarkId::new("attribute", "all"), |bench| {
            let mut counter = counter();
            bench.iter(|| attribute_all(&mut counter, encoding, &texts));
        });
        group.bench_function(BenchmarkId::new("tiktoken-rs", "all"), |bench| {
            bench.iter(|| reference_all(encoding, &texts));
        });
        group.finish();
        ratios(encoding, &texts, bytes);
    }
    small_result(criterion);
}

/// The goals are ratios: measured in turns, so that both sides see the same machine, and the median taken.
fn ratios(encoding: Encoding, texts: &[String], bytes: u64) {
    const ROUNDS: usize = 15;
    let mut counter = counter();
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        times[0].push(timed(|| count_all(&mut counter, encoding, texts)));
        times[1].push(timed(|| attribute_all(&mut counter, encoding, texts)));
        times[2].push(timed(|| reference_all(encoding, texts)));
    }
    let [count, attribution, reference] = times.map(|mut times| {
        times.sort_unstable();
        times[ROUNDS / 2].as_secs_f64()
    });
    println!(
        "{encoding}: {} texts, {:.1} MB; count {:.0} MB/s = {:.1} x tiktoken-rs (goal 5); \
         attribution = {:.2} x counting (goal 2)\n",
        texts.len(),
        bytes as f64 / 1e6,
        bytes as f64 / 1e6 / count,
        reference / count,
        attribution / count,
    );
}

fn timed(work: impl FnOnce() -> u64) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// What the viewer waits for when a result of 400 bytes arrives.
fn small_result(criterion: &mut Criterion) {
    let texts: Vec<String> = (0..100).map(|id| made_up(id)[..400].to_owned()).collect();
    let mut group = criterion.benchmark_group("a new result of 400 bytes");
    group.bench_function("count", |bench| {
        let mut counter = counter();
        let mut turns = texts.iter().cycle();
        bench.iter(|| {
            counter.count(Encoding::O200kBase, black_box(turns.next().expect("a cycle has no end")))
        });
    });
    group.finish();
}

criterion_group!(benches, tokens);
criterion_main!(benches);
