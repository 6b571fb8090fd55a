//! `mcptop report` from outside: every form of it, and that what servers say stays text.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn report(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcptop"));
    command.arg("report").args(arguments).current_dir(folder).env("MCPTOP_HOME", folder);
    command.output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = report(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/recordings")), arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_recording_is_summed_up_in_a_terminal_and_for_an_issue() {
    insta::assert_snapshot!("report_of_memory", printed(&["memory.mcp.jsonl"]));
    insta::assert_snapshot!("report_of_time_markdown", printed(&["time.mcp.jsonl", "--format", "markdown"]));
}

#[test]
fn every_recording_has_a_report_whose_parts_are_its_sums() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/recordings");
    for file in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if !file.to_str().unwrap().ends_with(".mcp.jsonl") {
            continue;
        }
        let told: Value = serde_json::from_str(&printed(&[file.to_str().unwrap(), "--json"])).unwrap();
        let of = |value: &Value, path: &str| value.pointer(path).and_then(Value::as_u64).unwrap();
        let tools = told["tools"].as_array().unwrap();
        for (all, each) in [("/calls/calls", "/calls/calls"), ("/calls/tokens", "/calls/tokens")] {
            let sum: u64 = tools.iter().map(|tool| of(tool, each)).sum();
            assert_eq!(sum, of(&told, all), "{all} of {file:?}");
        }
        for tool in tools.iter().filter(|tool| tool["places"].is_object()) {
            let places = tool.pointer("/places/heaviest").unwrap().as_array().unwrap();
            let sum: u64 = places.iter().map(|place| of(place, "/wire_tokens")).sum();
            assert!(sum <= of(tool, "/places/wire_tokens"), "{tool}");
            assert!(
                places.len() < 20 && sum == of(tool, "/places/wire_tokens") || places.len() == 20,
                "{tool}"
            );
        }
        let ended = told.pointer("/timeline/calls").unwrap().as_array().unwrap();
        let ended: u64 = ended.iter().filter_map(Value::as_u64).sum();
        assert!(ended >= of(&told, "/calls/answered"), "prompts and resources are calls as well");
        for list in ["slowest", "fattest"] {
            for call in told[list].as_array().unwrap() {
                let request: Value =
                    serde_json::from_str(call.pointer("/request/text").unwrap().as_str().unwrap()).unwrap();
                assert_eq!(request["method"], call["method"]);
            }
        }
    }
}

#[test]
fn what_servers_and_clients_say_is_text_in_a_page_and_never_markup() {
    let folder = tempfile::tempdir().unwrap();
    let evil = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>";
    let lines = [
        serde_json::json!({"mcptop":1,"session":"s","started":"2026-11-21T10:00:00Z","version":"1","label":evil,"front":{"kind":"stdio"},"back":{"kind":"command","argv":[evil]},"platform":"linux-x86_64"}),
        serde_json::json!({"t":1,"kind":"message","to":"server","own_ns":1,"body":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":evil}}}),
        serde_json::json!({"t":900,"kind":"message","to":"client","own_ns":1,"body":{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":evil}],(evil):{"b":evil}}}}),
    ];
    let text = lines.map(|line| line.to_string()).join("\n") + "\n";
    fs::write(folder.path().join("evil.mcp.jsonl"), text).unwrap();
    let output = report(
        folder.path(),
        &["evil.mcp.jsonl", "-o", "a.html", "-o", "a.md", "-o", "a.json", "-o", "a.txt"],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = fs::read_to_string(folder.path().join("a.html")).unwrap();
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script") && !page.contains("<img"), "{page}");
    let markdown = fs::read_to_string(folder.path().join("a.md")).unwrap();
    assert!(markdown.contains("\\<script"), "{markdown}");
    assert_eq!(markdown.matches('<').count(), markdown.matches("\\<").count(), "{markdown}");
    assert_eq!(output.stdout, fs::read(folder.path().join("a.txt")).unwrap());
    let quiet = report(folder.path(), &["evil.mcp.jsonl", "--format", "html", "--no-bodies"]);
    assert!(!String::from_utf8(quiet.stdout).unwrap().contains("<pre>"));
}

#[test]
fn what_cannot_be_written_or_read_is_said_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let output = report(folder.path(), &["none.mcp.jsonl", "-o", "report.pdf"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("report.pdf") && told.contains("--format"), "{told}");
    let output = report(folder.path(), &["none.mcp.jsonl"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("none.mcp.jsonl"));
    assert_eq!(output.status.code(), Some(2));
}
