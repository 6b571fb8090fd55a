//! `mcptop diff` from outside.

use serde_json::{Value, json};

use crate::check::made::{Server, USUAL, mcptop, printed, record};

#[test]
fn two_runs_of_one_server_show_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 1..4 {
        record(folder.path(), &format!("run{seed}"), seed, USUAL);
    }
    for (one, other) in [("run1", "run1"), ("run1", "run2"), ("run2", "run3"), ("run3", "run1")] {
        let [one, other] = [one, other].map(|name| format!("{name}.mcp.jsonl"));
        let text = printed(folder.path(), &["diff", &one, &other], 0);
        assert!(text.ends_with("No difference is shown.\n"), "{text}");
    }
}

#[test]
fn what_differs_is_shown_side_by_side_with_a_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    record(folder, "before", 1, USUAL);
    let description = "Looks at what is far away, and at what is behind it.";
    let changed = Server { delay_us: 60_000, words: 10, errors: 14, description, deletes: true, ..USUAL };
    record(folder, "after", 2, changed);
    let asked = ["diff", "before.mcp.jsonl", "after.mcp.jsonl"];
    insta::assert_snapshot!("diff_text", printed(folder, &asked, 1));
    insta::assert_snapshot!("diff_markdown", printed(folder, &[&asked[..], &["--markdown"]].concat(), 1));
    let told: Value = serde_json::from_str(&printed(folder, &[&asked[..], &["--json"]].concat(), 1)).unwrap();
    let far = told["tools"].as_array().unwrap().iter().find(|tool| tool["tool"] == "far").unwrap();
    let verdict = |measure: &str| {
        let found = far["verdicts"].as_array().unwrap().iter().find(|verdict| verdict["measure"] == measure);
        found.unwrap()["verdict"].clone()
    };
    assert_eq!((verdict("latency"), verdict("tokens")), (json!("slower"), json!("lighter")));
    assert_eq!(verdict("errors"), "more errors");
    assert_eq!(far["before"]["errors"], 0);
    let definitions = told["definitions"]["tools"].as_array().unwrap();
    let fates: Vec<(&str, &str)> = definitions
        .iter()
        .map(|drift| (drift["tool"].as_str().unwrap(), drift["fate"].as_str().unwrap()))
        .collect();
    assert_eq!(fates, [("far", "changed"), ("delete_all", "added")]);
    let back: Value =
        serde_json::from_str(&printed(folder, &["diff", "after.mcp.jsonl", "before.mcp.jsonl", "--json"], 1))
            .unwrap();
    let far = back["tools"].as_array().unwrap().iter().find(|tool| tool["tool"] == "far").unwrap();
    assert_eq!(far["verdicts"][0]["verdict"], "faster");
}

#[test]
fn a_recording_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), "one", 1, USUAL);
    for arguments in [["diff", "one.mcp.jsonl", "none.mcp.jsonl"], ["diff", "-", "-"]] {
        let output = mcptop(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}
