//! `mcptop check` from outside: budgets and baselines, every form, and what is wrong with a file.

pub(crate) mod made;

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::peers::install::checked;
use made::{CALLS, Server, USUAL, mcptop, printed, record};

/// The names of the checks that failed.
fn failed(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = mcptop(folder, &[&["check", "--json"], arguments].concat());
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let checks = told["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "failed");
    let mut failed: Vec<String> = checks.map(|check| check["check"].as_str().unwrap().to_owned()).collect();
    assert_eq!(output.status.code(), Some(i32::from(!failed.is_empty())));
    assert_eq!(told["failed"], failed.len());
    failed.sort();
    failed.dedup();
    failed
}

const BUDGETS: &str = r#"
[session]
error_rate = 0.01
tokens = 12000
schema_tokens = 40
unanswered = 0
violations = 0
calls = 120

[tools]
expected = ["near", "f*"]
forbidden = "delete_*"

[[budget]]
name = "looking far"
match = { tool = "far" }
p50 = "90ms"
p95 = "100ms"
p99 = "100ms"
max = "100ms"
tokens_per_call = 100
tokens_max = 110
"#;

/// What it is called, what the server is like, and which checks fail by budgets and by the baseline.
type Row = (&'static str, Server, &'static [&'static str], &'static [&'static str]);

#[test]
fn a_check_passes_on_its_baseline_and_fails_on_each_kind_of_regression_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("budgets.toml"), BUDGETS).unwrap();
    record(folder, "before", 1, USUAL);
    let rows: [Row; 11] = [
        ("the same", USUAL, &[], &[]),
        (
            "slower",
            Server { delay_us: 60_000, ..USUAL },
            &["latency-max", "latency-p50", "latency-p95", "latency-p99"],
            &["slower", "slower-tail"],
        ),
        (
            "stalls",
            Server { stalls: 20, ..USUAL },
            &["latency-max", "latency-p95", "latency-p99"],
            &["slower-tail"],
        ),
        ("one stall", Server { stalls: 1, ..USUAL }, &["latency-max", "latency-p99"], &[]),
        ("fatter", Server { words: 60, ..USUAL }, &["tokens", "tokens-max", "tokens-per-call"], &["fatter"]),
        ("errors", Server { errors: 14, ..USUAL }, &["error-rate"], &["more-errors"]),
        ("silent", Server { silent: 14, ..USUAL }, &["unanswered"], &["more-unanswered"]),
        (
            "definition",
            Server {
                description: "Looks at what is far away, and says at great length what it may have seen there on a good day.",
                ..USUAL
            },
            &["schema-tokens"],
            &["fatter-schema"],
        ),
        ("prints", Server { prints: true, ..USUAL }, &["violations"], &["new-violations"]),
        (
            "deletes",
            Server { deletes: true, ..USUAL },
            &["forbidden-tool", "schema-tokens"],
            &["fatter-schema"],
        ),
        ("gone", Server { lists_far: false, ..USUAL }, &["expected-tool"], &["tool-gone"]),
    ];
    for (seed, (name, server, by_budget, by_baseline)) in (2..).zip(rows) {
        record(folder, name, seed, server);
        let file = format!("{name}.mcp.jsonl");
        assert_eq!(failed(folder, &[&file, "--budget", "budgets.toml"]), by_budget, "{name}");
        assert_eq!(failed(folder, &[&file, "--baseline", "before.mcp.jsonl"]), by_baseline, "{name}");
        let mut both: Vec<&str> = by_budget.iter().chain(by_baseline).copied().collect();
        both.sort_unstable();
        let asked = [&*file, "--budget", "budgets.toml", "--baseline", "before.mcp.jsonl"];
        assert_eq!(failed(folder, &asked), both, "{name}");
    }
    record(folder, "few", 20, Server { calls: 59, ..USUAL });
    assert_eq!(failed(folder, &["few.mcp.jsonl", "--budget", "budgets.toml"]), ["calls"]);
}

#[test]
fn a_cache_that_is_not_there_any_more_is_a_regression() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder, "plain", 1, USUAL);
    let rule = "[[rule]]\nname = \"cache\"\ncache = { ttl = \"1h\", unsafe = true }\n";
    fs::write(folder.join("rules.toml"), rule).unwrap();
    let simulate = ["simulate", "plain.mcp.jsonl", "--rules", "rules.toml", "--write", "cached.mcp.jsonl"];
    printed(folder, &simulate, 0);
    fs::write(folder.join("budgets.toml"), "[[budget]]\nmatch = { tool = \"far\" }\ncache_hit_rate = 0.8\n")
        .unwrap();
    assert_eq!(failed(folder, &["cached.mcp.jsonl", "--budget", "budgets.toml"]), [""; 0]);
    assert_eq!(failed(folder, &["plain.mcp.jsonl", "--budget", "budgets.toml"]), ["cache-hit-rate"]);
    let found = failed(folder, &["plain.mcp.jsonl", "--baseline", "cached.mcp.jsonl"]);
    assert!(found.contains(&"fewer-cache-hits".to_owned()), "{found:?}");
}

#[test]
fn every_form_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("budgets.toml"), BUDGETS).unwrap();
    record(folder, "before", 1, USUAL);
    record(folder, "after", 2, Server { delay_us: 60_000, deletes: true, ..USUAL });
    let asked = ["check", "after.mcp.jsonl", "--budget", "budgets.toml", "--baseline", "before.mcp.jsonl"];
    let files = ["-o", "out.xml", "-o", "out.sarif", "-o", "out.md", "-o", "out.json"];
    let text = printed(folder, &[&asked[..], &files[..]].concat(), 1);
    insta::assert_snapshot!("check_text", text);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    insta::assert_snapshot!("check_junit", read("out.xml"));
    insta::assert_snapshot!("check_markdown", read("out.md"));
    for (form, name) in
        [("junit", "out.xml"), ("sarif", "out.sarif"), ("markdown", "out.md"), ("json", "out.json")]
    {
        assert_eq!(printed(folder, &[&asked[..], &["--format", form]].concat(), 1), read(name), "{form}");
    }
    let told: Value = serde_json::from_str(&read("out.json")).unwrap();
    let count = |text: &str, word: &str| text.matches(word).count() as u64;
    assert_eq!(count(&read("out.xml"), "<testcase "), told["checks"].as_array().unwrap().len() as u64);
    assert_eq!(count(&read("out.xml"), "<failure "), told["failed"]);
    assert_eq!(count(&text, "✗"), told["failed"]);
    assert_eq!(count(&read("out.md"), "| ✗ |"), told["failed"]);
    sarif(&serde_json::from_str(&read("out.sarif")).unwrap(), &told);
    checked("reports.py", &[Path::new("out.xml"), Path::new("out.sarif")], folder);
}

/// What SARIF 2.1.0 requires, and what code scanning needs besides.
fn sarif(document: &Value, told: &Value) {
    assert_eq!(document["version"], "2.1.0");
    assert!(document["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let run = &document["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "mcptop");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        assert!(rule["id"].is_string() && rule["shortDescription"]["text"].is_string(), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len() as u64, told["failed"]);
    let mut prints = std::collections::HashSet::new();
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(result["message"]["text"].as_str().unwrap().starts_with("two: "), "{result}");
        assert_eq!(result["level"], "error");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "budgets.toml");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(prints.insert(result["partialFingerprints"]["mcptopCheck/v1"].as_str().unwrap()), "{result}");
    }
    let line_of = |id: &str| {
        let result = results.iter().find(|result| result["ruleId"] == id).unwrap();
        let line = &result["locations"][0]["physicalLocation"]["region"]["startLine"];
        usize::try_from(line.as_u64().unwrap()).unwrap()
    };
    let lines: Vec<&str> = BUDGETS.lines().collect();
    assert_eq!(lines[line_of("latency-p95") - 1], "p95 = \"100ms\"");
    assert_eq!(lines[line_of("forbidden-tool") - 1], "forbidden = \"delete_*\"");
}

#[test]
fn what_is_wrong_is_said_with_its_place_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("budgets.toml"), "[session]\nviolations = 0\n\n[[budget]]\np_95 = \"1s\"\n")
        .unwrap();
    let complaint = |arguments: &[&str]| {
        let output = mcptop(folder, &[&["check"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let told = complaint(&["no.mcp.jsonl", "--budget", "budgets.toml"]);
    assert!(
        told.contains("budgets.toml: line 5, column 1: there is no key `p_95` here. Did you mean `p95`?"),
        "{told}"
    );
    assert!(complaint(&["no.mcp.jsonl", "--budget", "none.toml"]).contains("cannot read none.toml"));
    assert!(complaint(&["no.mcp.jsonl"]).contains("--budget"));
    fs::write(folder.join("budgets.toml"), "[session]\nviolations = 0\n").unwrap();
    assert!(complaint(&["no.mcp.jsonl", "--budget", "budgets.toml"]).contains("no.mcp.jsonl"));
    record(folder, "some", 1, Server { calls: 2, ..USUAL });
    let told = complaint(&["some.mcp.jsonl", "--budget", "budgets.toml", "-o", "out.doc"]);
    assert!(told.contains("add --format"), "{told}");
    let told = complaint(&["some.mcp.jsonl", "--budget", "budgets.toml", "-o", "no/such/folder.md"]);
    assert!(told.contains("cannot write no/such/folder.md"), "{told}");
}

#[test]
fn our_own_recordings_keep_our_own_budgets() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut checked = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let name = path.file_name().unwrap().to_str().unwrap();
            let output =
                printed(&folder, &["check", name, "--budget", "budgets.toml", "--baseline", name], 0);
            assert!(output.contains(" kept"), "{output}");
            checked += 1;
        }
    }
    assert!(checked >= 8, "{checked}");
}

#[test]
fn calls_made_for_a_test_are_as_many_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), "usual", 1, USUAL);
    let told = printed(folder.path(), &["diff", "usual.mcp.jsonl", "usual.mcp.jsonl", "--json"], 0);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["before"]["calls"], CALLS * 2);
}
