//! Every transformer on, between real servers and clients that check results against output schemas: no client fails, and
//! what it got differs from what it gets without mcptop exactly as the rules say.
//!
//! What the rules should do is done a second time here, on values instead of bytes.

use std::path::Path;

use serde_json::{Value, json};

use super::clients::{Client, Era};
use super::run::{MCPTOP, nothing_runs_in};
use super::scenario::{Scenario, path_text};

/// Guards and spare calls that change no answer, on all tools.
const QUIET: &str = r#"
[[rule]]
name = "guards"
timeout = "60s"
rate = { per_second = 1000, burst = 100 }
concurrency = 8
coalesce = true
delay = { min = "1ms", max = "20ms" }
fault = { rate = 0.0, kind = "error" }

[[rule]]
name = "read again"
cache = { ttl = "1m" }

[[rule]]
name = "long"
limit = { tokens = 200000, over = "page" }

[[rule]]
name = "definitions"
tools = { describe = "first-sentence", strip = ["title", "$schema"] }
"#;

/// A server's rules, and what they make of the value in a line that the client printed.
struct Case {
    scenario: &'static str,
    rules: &'static str,
    /// Which tools' results they change.
    tools: &'static [&'static str],
    change: fn(&mut Value),
}

const CASES: [Case; 3] = [
    Case {
        scenario: "memory",
        rules: "[[rule]]\nname = \"no observations\"\nmatch = { tool = [\"read_graph\", \"search_nodes\", \"open_nodes\"] }\ntrim = { drop = [\"$..observations\"] }\n",
        tools: &["read_graph", "search_nodes", "open_nodes"],
        change: |value| without(value, &["observations"]),
    },
    Case {
        scenario: "everything",
        rules: "[[rule]]\nname = \"weather\"\nmatch = { tool = \"get-structured-content\" }\ntrim = { keep = [\"$.conditions\"] }\n",
        tools: &["get-structured-content"],
        change: |value| without(value, &["temperature", "humidity"]),
    },
    Case {
        scenario: "time",
        rules: "[[rule]]\nname = \"times\"\nmatch = { tool = \"convert_time\" }\ntrim = { drop = [\"$.source\", \"$.target.is_dst\"] }\nempty = \"drop\"\n",
        tools: &["convert_time"],
        change: |value| {
            without(value, &["source"]);
            if let Some(target) = value.get_mut("target") {
                without(target, &["is_dst"]);
            }
        },
    },
];

#[test]
fn clients_that_check_output_schemas_get_what_the_rules_say_and_nothing_else() {
    for case in &CASES {
        let scenario = Scenario::load(case.scenario);
        for client in [Client::TypeScript1, Client::TypeScript2, Client::Python] {
            for era in client.eras().iter().filter(|era| scenario.eras.contains(era)) {
                compare(case, &scenario, client, *era);
            }
        }
    }
}

fn compare(case: &Case, scenario: &Scenario, client: Client, era: Era) {
    let what = format!("{} with {client:?} in the {era:?} era", case.scenario);
    let (direct, ruled) = play_both(case, scenario, client, era);
    assert_eq!(direct.lines().count(), ruled.lines().count(), "{what}:\n{ruled}");
    let mut changed = 0;
    for (direct, ruled) in direct.lines().zip(ruled.lines()) {
        let mut expected: Value = serde_json::from_str(direct).unwrap();
        let got: Value = serde_json::from_str(ruled).unwrap();
        match expected["method"].as_str() {
            Some("tools/list") => {
                definitions(&expected["result"]["tools"], &got["result"]["tools"], case, &what);
            }
            Some("tools/call") if case.tools.contains(&expected["params"]["name"].as_str().unwrap()) => {
                let is_changed = change_result(&mut expected["result"], case.change);
                changed += usize::from(is_changed);
                assert_eq!(parsed(&got), parsed(&expected), "{what}");
            }
            _ => assert_eq!(got, expected, "{what}"),
        }
    }
    assert!(changed > 0, "{what}: no result was changed");
}

/// The definitions are those of the server, with shorter descriptions and without what was stripped. What a tool's output
/// schema demanded may be gone where its results are trimmed.
fn definitions(direct: &Value, ruled: &Value, case: &Case, what: &str) {
    let (direct, ruled) = (direct.as_array().unwrap(), ruled.as_array().unwrap());
    // Those of ours come last.
    assert!(ruled.len() >= direct.len(), "{what}");
    for own in &ruled[direct.len()..] {
        assert!(own["name"].as_str().unwrap().starts_with("mcptop_"), "{what}: {own}");
    }
    for (direct, ruled) in direct.iter().zip(ruled) {
        let name = direct["name"].as_str().unwrap();
        assert_eq!(ruled["name"], name, "{what}");
        let told = |tool: &Value| tool["description"].as_str().unwrap_or_default().trim().to_owned();
        assert!(told(direct).starts_with(&told(ruled)), "{what}: {name}");
        let mut expected = direct.clone();
        keywords_gone(&mut expected["inputSchema"]);
        assert_eq!(ruled["inputSchema"], expected["inputSchema"], "{what}: {name}");
        assert_eq!(
            ruled["annotations"]["readOnlyHint"], direct["annotations"]["readOnlyHint"],
            "{what}: {name}"
        );
        if !case.tools.contains(&name)
            && direct.get("outputSchema").is_some()
            && ruled.get("outputSchema").is_some()
        {
            keywords_gone(&mut expected["outputSchema"]);
            assert_eq!(ruled["outputSchema"], expected["outputSchema"], "{what}: {name}");
        }
    }
}

/// Takes `title` and `$schema` out of a schema, where they are keywords.
fn keywords_gone(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    members.remove("title");
    members.remove("$schema");
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("properties" | "$defs" | "definitions" | "patternProperties", Value::Object(named)) => {
                named.values_mut().for_each(keywords_gone);
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(keywords_gone);
            }
            ("items" | "additionalProperties" | "not" | "propertyNames", value) => keywords_gone(value),
            _ => {}
        }
    }
}

/// Does to a result what the rules should do. Whether anything changed.
fn change_result(result: &mut Value, change: fn(&mut Value)) -> bool {
    let before = result.clone();
    if result["isError"] == json!(true) {
        return false;
    }
    if let Some(structured) = result.get_mut("structuredContent") {
        change(structured);
    }
    for block in result["content"].as_array_mut().into_iter().flatten() {
        let Some(mut value) = block["text"].as_str().and_then(json_in) else { continue };
        change(&mut value);
        block["text"] = json!(value.to_string());
    }
    parsed(result) != parsed(&before)
}

/// The same value with texts that are JSON as what they say.
fn parsed(value: &Value) -> Value {
    match value {
        Value::String(text) => json_in(text).unwrap_or_else(|| value.clone()),
        Value::Array(items) => items.iter().map(parsed).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), parsed(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn json_in(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(|value: &Value| value.is_object() || value.is_array())
}

fn without(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !names.contains(&name.as_str()));
            members.values_mut().for_each(|value| without(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, names)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn play_both(case: &Case, scenario: &Scenario, client: Client, era: Era) -> (String, String) {
    let root = tempfile::Builder::new().prefix("mcptop-rules-").tempdir().unwrap();
    let [dir, home, home_ruled] = ["project", "home", "home-ruled"].map(|name| root.path().join(name));
    for folder in [&home, &home_ruled] {
        std::fs::create_dir(folder).unwrap();
    }
    let rules = root.path().join("rules.toml");
    std::fs::write(&rules, format!("{}{QUIET}", case.rules)).unwrap();
    let play = |home: &Path, command: &[String]| {
        scenario.make_folder(&dir);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(client.play(era, scenario, &dir, home, command))
    };
    let server = scenario.command(&dir);
    let front = [MCPTOP, "wrap", "--no-record", "--rules", path_text(&rules), "--"];
    let behind: Vec<String> = front.into_iter().map(str::to_owned).chain(server.iter().cloned()).collect();
    let played = (play(&home, &server), play(&home_ruled, &behind));
    nothing_runs_in(&home_ruled);
    played
}
