//! Token counts against the reference tokenizer, on generated text and on every recording.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain fails, as it should")]

mod corpus;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mcptop::tokens::{
    Accuracy, AttributeError, Count, Counter, Effort, Encoding, NodeId, Profile, attribute, effort_needed,
    message, tool_list,
};
use serde_json::value::RawValue;

use corpus::{Dice, base64, corpus, prose};

/// The count of the tokenizer that OpenAI's own is ported to.
fn reference(encoding: Encoding, text: &str) -> Count {
    let bpe = match encoding {
        Encoding::O200kBase => tiktoken_rs::o200k_base_singleton(),
        Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
    };
    Count::exact(bpe.encode_ordinary(text).len() as u64)
}

#[test]
fn counts_equal_the_reference_on_ten_thousand_generated_texts() {
    let mut counter = Counter::new(Effort::OnRequest);
    let mut texts = 0;
    for (kind, text) in corpus(800) {
        texts += 1;
        for encoding in Encoding::ALL {
            let expected = reference(encoding, &text);
            assert_eq!(counter.count(encoding, &text), expected, "{encoding} of {kind}: {text:?}");
            assert_eq!(counter.count(encoding, &text), expected, "the same from the cache");
        }
    }
    assert!(texts >= 10_000, "{texts}");
}

#[test]
fn attribution_sums_to_the_reference_on_generated_json() {
    let mut counter = Counter::new(Effort::OnRequest);
    for (kind, text) in corpus(400).filter(|(kind, _)| kind.contains("json")) {
        for encoding in Encoding::ALL {
            check_attribution(&mut counter, encoding, &text, kind);
        }
    }
}

fn check_attribution(counter: &mut Counter, encoding: Encoding, text: &str, what: &str) {
    let tree = attribute(counter, encoding, text).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(Count::exact(tree.total), reference(encoding, text), "{what}");
    assert_eq!(tree.nodes.iter().map(|node| u64::from(node.own)).sum::<u64>(), tree.total, "{what}");
    assert_eq!(u64::from(tree.node(NodeId::ROOT).subtree), tree.total, "{what}");
}

/// The folder with the real sessions.
fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let entries =
        std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
    let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
    paths.retain(|path| path.to_string_lossy().ends_with(".mcp.jsonl"));
    paths.sort();
    paths
}

/// The message in a recording's line, as it travelled; other events have none.
fn body(line: &str) -> Option<&str> {
    #[derive(serde::Deserialize)]
    struct Event<'a> {
        #[serde(borrow)]
        body: Option<&'a RawValue>,
    }
    serde_json::from_str::<Event<'_>>(line).ok()?.body.map(RawValue::get)
}

/// Every string within a message: texts, descriptions, JSON within strings.
fn strings(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(elements) => elements.iter().for_each(|element| strings(element, found)),
        serde_json::Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        _ => {}
    }
}

#[test]
fn counts_equal_the_reference_on_every_text_of_the_recordings() {
    let mut counter = Counter::new(Effort::OnRequest);
    let (mut lines, mut bodies) = (0, 0);
    for path in recordings() {
        let recording = std::fs::read_to_string(&path).unwrap();
        for line in recording.lines() {
            lines += 1;
            let mut texts = vec![line.to_owned()];
            if let Some(body) = body(line) {
                bodies += 1;
                texts.push(body.to_owned());
                strings(&serde_json::from_str(body).unwrap(), &mut texts);
                check_attribution(&mut counter, Encoding::O200kBase, body, &path.to_string_lossy());
                for profile in Profile::builtin() {
                    let tokens = message(&mut counter, profile, body);
                    assert!(tokens.wire.accuracy <= Accuracy::Calibrated, "{}: {body}", path.display());
                }
            }
            for text in texts {
                for encoding in Encoding::ALL {
                    assert_eq!(
                        counter.count(encoding, &text),
                        reference(encoding, &text),
                        "{encoding} of {text:?}"
                    );
                }
            }
        }
    }
    assert!(bodies > 0, "no message in {lines} lines of recordings/");
}

/// Texts made to stall or break a tokenizer, some megabytes each.
fn hostile() -> Vec<(&'static str, String)> {
    let million = 1_000_000;
    let mut dice = Dice(7);
    let base64: String = (0..12_000).map(|_| base64(&mut dice)).collect();
    vec![
        ("spaces", " ".repeat(million)),
        ("spaces before a word", " ".repeat(million) + "x"),
        ("no-break spaces", "\u{A0}".repeat(999_999) + "x"),
        ("tabs", "\t".repeat(999_999) + "."),
        ("line ends", "\n".repeat(million)),
        ("spaces between line ends", "\n    ".repeat(300_000) + "x"),
        ("a", "a".repeat(million)),
        ("camels", "aA".repeat(million / 2)),
        ("ideographs", "漢".repeat(million / 2)),
        ("combining marks", "e\u{301}".repeat(million / 2)),
        ("dashes", "-".repeat(million)),
        ("slashes and line ends", "./\n".repeat(million / 3)),
        ("apostrophes", "'".repeat(million)),
        ("long s", "a'ſ".repeat(million / 4)),
        ("long s with spaces", String::from("漢'ſ") + &"\u{A0}".repeat(999_999) + "x"),
        ("digits", "1".repeat(million)),
        ("emoji", "👩\u{200D}".repeat(million / 7)),
        ("base64", base64),
        ("open arrays", "[".repeat(million)),
        ("nested arrays", "[".repeat(million) + &"]".repeat(million)),
        ("nested objects", "{\"a\":".repeat(million / 5) + "1" + &"}".repeat(million / 5)),
        ("escapes", format!("\"{}\"", "\\\\".repeat(million / 2))),
        ("nested strings", format!("[{}]", vec!["\"[\\\"[1,2]\\\"]\""; 60_000].join(","))),
        ("blanks in json", format!("[{}]", vec![" 1 "; million / 4].join(","))),
    ]
}

#[test]
fn hostile_texts_are_counted_or_sampled_and_nothing_panics() {
    let started = Instant::now();
    for (what, text) in hostile() {
        for effort in [Effort::AtOnce, Effort::Worker] {
            let mut counter = Counter::new(effort);
            for encoding in Encoding::ALL {
                let count = counter.count(encoding, &text);
                let exact = effort_needed(&text) <= effort;
                assert_eq!(
                    count.accuracy,
                    if exact { Accuracy::Exact } else { Accuracy::Estimated },
                    "{what}"
                );
                assert!(count.tokens > 0 && count.tokens <= text.len() as u64, "{what}: {count:?}");
                match attribute(&mut counter, encoding, &text) {
                    Ok(tree) => assert_eq!(tree.count(NodeId::ROOT), count, "{what}"),
                    Err(AttributeError::NotJson(error)) => assert!(!error.expected.is_empty(), "{what}"),
                    Err(error @ (AttributeError::TooLong | AttributeError::Failed)) => {
                        panic!("{what}: {error}")
                    }
                }
            }
            let profile = Profile::named("claude-4.7+").unwrap();
            let wrapped =
                serde_json::json!({"content": [{"type": "text", "text": text}], "tools": [text]}).to_string();
            assert!(mcptop::tokens::result(&mut counter, &profile, &wrapped).model.tokens > 0, "{what}");
            assert!(tool_list(&mut counter, &profile, &wrapped).wire.tokens > 0, "{what}");
            assert_eq!(message(&mut counter, &profile, &text).model.tokens, 0, "{what}");
        }
    }
    // Some 100 MB in all; anything that grows faster than its text would take hours.
    assert!(started.elapsed() < Duration::from_mins(2), "{:?}", started.elapsed());
}

#[test]
fn a_long_run_is_exact_on_request() {
    let text = "ab".repeat(40_000) + "'s";
    assert_eq!(effort_needed(&text), Effort::OnRequest);
    for encoding in Encoding::ALL {
        assert_eq!(Counter::new(Effort::OnRequest).count(encoding, &text), reference(encoding, &text));
    }
}

/// Long texts as they occur: records, prose, base64, this program's own sources.
fn realistic() -> Vec<(&'static str, String)> {
    let mut dice = Dice(3);
    let mut texts = Vec::new();
    let records: Vec<String> = (0..4_000)
        .map(|id| {
            let title = serde_json::to_string(&prose(&mut dice)).unwrap();
            format!("{{\"id\":{id},\"title\":{title},\"labels\":[\"bug\"],\"score\":{}.5}}", dice.below(500))
        })
        .collect();
    texts.push(("records", format!("[{}]", records.join(","))));
    texts.push(("prose", (0..2_000).map(|_| prose(&mut dice)).collect()));
    texts.push(("base64", (0..4_000).map(|_| base64(&mut dice)).collect()));
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tokens");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(sources).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let code: String = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    texts.push(("code", code.repeat(AT_LEAST.div_ceil(code.len()))));
    texts.retain(|(_, text)| effort_needed(text) > Effort::AtOnce);
    texts
}

/// What is shorter is counted exactly and never sampled.
const AT_LEAST: usize = 300 * 1024;

#[test]
fn sampled_counts_of_realistic_texts_are_close() {
    let texts = realistic();
    assert_eq!(texts.len(), 4, "all of them are long enough to be sampled");
    for (what, text) in texts {
        for encoding in Encoding::ALL {
            let estimate = Counter::new(Effort::AtOnce).count(encoding, &text);
            assert_eq!(estimate.accuracy, Accuracy::Estimated);
            let exact = reference(encoding, &text);
            let error = estimate.tokens as f64 / exact.tokens as f64 - 1.0;
            println!("{what}, {encoding}: {:+.1} %", error * 100.0);
            assert!(error.abs() < 0.06, "{what}, {encoding}: {estimate:?} for {exact:?}");
        }
    }
}
