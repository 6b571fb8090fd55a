//! A check as SARIF 2.1.0 (OASIS standard, 2020), for code scanning: a result for each outcome that failed, at the line of the
//! budgets file that asks for it.

use std::path::Path;

use serde_json::{Value, json};

use super::{Report, words};
use crate::insight::check::{Check, Outcome, Status};

/// The whole report.
pub(super) fn document(report: &Report) -> Value {
    let failed = report.outcomes.iter().filter(|outcome| outcome.status == Status::Failed);
    let results: Vec<Value> = failed.map(|outcome| result(report, outcome)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "mcptop",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Check::all().map(rule).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": format!("mcptop-check/{}/", report.label) },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(check: Check) -> Value {
    json!({
        "id": check.id(),
        "shortDescription": { "text": check.title() },
        "fullDescription": { "text": check.help() },
        "defaultConfiguration": { "level": "error" },
    })
}

fn result(report: &Report, outcome: &Outcome) -> Value {
    let index = Check::all().position(|check| check == outcome.check);
    let subject = words::subject(&outcome.subject);
    let (path, line, column) = match report.place(outcome) {
        Some((path, place)) => (path, place.line, place.column),
        None => (&*report.file, 1, 1),
    };
    json!({
        "ruleId": outcome.check.id(),
        "ruleIndex": index,
        "level": "error",
        "message": { "text": format!("{}: {}", report.label, words::sentence(outcome)) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(path) },
                "region": { "startLine": line, "startColumn": column },
            },
            "logicalLocations": [{
                "name": subject,
                "fullyQualifiedName": format!("{}/{subject}", report.label),
                "kind": "function",
            }],
        }],
        // The same budget of the same tool is the same result from run to run, whatever was measured.
        "partialFingerprints": {
            "mcptopCheck/v1": format!("{}/{subject}/{}/{}", report.label, outcome.check.id(), outcome.budget.as_deref().unwrap_or_default()),
        },
    })
}

/// A path as a reference: relative where it is. What has a meaning there or is not ASCII is written in percent.
fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let text = text.strip_prefix("./").unwrap_or(&text);
    let mut out = if text.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => {
                use std::fmt::Write as _;
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri(Path::new("./a b/é.toml")), "a%20b/%C3%A9.toml");
        assert_eq!(uri(Path::new("/tmp/x")), "file:///tmp/x");
    }
}
