//! What each rule finds, and what it leaves alone.

use serde_json::{Value, json};

use super::*;
use crate::insight::audit::List;
use crate::tokens::{Counter, Effort, Profile};

/// A tool that nothing can be said against.
fn good(name: &str) -> Value {
    json!({
        "name": name,
        "description": format!("Does {name}, and says what came of it."),
        "inputSchema": {
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "Where."},
                "lines": {"type": "array", "items": {"type": "integer"}, "description": "Which."}
            },
            "required": ["path"]
        },
        "annotations": {"readOnlyHint": true}
    })
}

/// A good tool with one member otherwise.
fn with(member: &str, value: Value) -> Vec<Value> {
    let mut tool = good("tool");
    tool[member] = value;
    vec![tool]
}

fn parameter(schema: &Value) -> Vec<Value> {
    with("inputSchema", json!({"type": "object", "properties": {"p": schema}}))
}

fn described(mut schema: Value) -> Vec<Value> {
    schema["description"] = "What.".into();
    parameter(&schema)
}

fn offer(tools: &[Value]) -> Offer {
    let mut offer = Offer { revision: "2025-11-25".into(), ..Offer::default() };
    offer.take_page(List::Tools, &json!({"tools": tools}).to_string()).unwrap();
    offer
}

fn found_in(offer: &Offer, label: &str) -> Vec<Finding> {
    let bill = Bill::of(&mut Counter::new(Effort::OnRequest), &Profile::default(), offer);
    findings(offer, &bill, label)
}

fn ids(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn nothing_is_said_against_a_good_tool() {
    let offer = offer(&[good("read"), good("write")]);
    assert_eq!(ids(&found_in(&offer, "files")), [""; 0]);
}

/// A case for every rule that looks at tools: what falls under it, and under no other.
#[rustfmt::skip]
fn cases() -> Vec<(&'static str, Vec<Value>)> {
    let nested = |levels: usize| (0..levels).fold(json!({"type": "string"}), |inner, _| {
        json!({"type": "object", "properties": {"in": inner}})
    });
    let words = |count: usize| "Reads lines. ".repeat(count);
    let many = |count: usize| (0..count).map(|at| good(&format!("tool_{at}"))).collect::<Vec<Value>>();
    let properties = |count: usize| -> Value {
        let one = |at: usize| (format!("field_{at}"), json!({"type": "string", "description": "A text of some words."}));
        json!({"type": "object", "properties": (0..count).map(one).collect::<serde_json::Map<_, _>>()})
    };
    vec![
        ("schema-root-union", with("inputSchema", json!({"type": "object", "properties": {}, "anyOf": [{"required": ["a"]}]}))),
        ("schema-missing", with("inputSchema", json!(null))),
        ("schema-missing", with("inputSchema", json!([]))),
        ("schema-root-type", with("inputSchema", json!({"type": "string"}))),
        ("schema-root-type", with("inputSchema", json!({"properties": {}}))),
        ("output-root-type", with("outputSchema", json!({"type": "array", "items": {}}))),
        ("output-root-type", with("outputSchema", json!({"$id": "x"}))),
        ("schema-array-items", described(json!({"type": "array"}))),
        ("parameter-name", with("inputSchema", json!({"type": "object", "properties": {"a[]": {"type": "string", "description": "x"}}}))),
        ("name-missing", vec![{ let mut tool = good(""); tool["description"] = "Does something.".into(); tool }]),
        ("name-duplicate", vec![good("a"), good("b"), good("a")]),
        ("name-characters", vec![good("read/file")]),
        ("name-too-long", vec![good(&"a".repeat(129))]),
        ("hidden-characters", with("description", json!("Reads.\u{E0041}\u{E0042}"))),
        ("hidden-characters", with("inputSchema", json!({"type": "object", "properties": {"p": {"type": "string", "description": "a\u{202E}b"}}}))),
        ("description-missing", with("description", json!(" "))),
        ("description-empty-words", with("description", json!("Tool."))),
        ("description-duplicate", vec![good("a"), { let mut twin = good("b"); twin["description"] = good("a")["description"].clone(); twin }]),
        ("schema-type-list", described(json!({"type": ["string", "null"]}))),
        ("schema-pattern-properties", described(json!({"type": "object", "patternProperties": {"^x": {"type": "string"}}}))),
        ("schema-condition", described(json!({"type": "object", "not": {"required": ["a"]}}))),
        ("schema-deep", described(nested(6))),
        ("annotations-missing", with("annotations", json!({"title": "Read"}))),
        ("annotations-contradict", with("annotations", json!({"readOnlyHint": true, "destructiveHint": true}))),
        ("name-long", vec![good(&"a".repeat(65))]),
        ("name-prefixed", vec![good(&"a".repeat(60))]),
        ("name-dot", vec![good("read.file")]),
        ("name-start", vec![good("1st")]),
        ("schema-union", described(json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}))),
        ("tools-many", many(41)),
        ("tools-too-many", many(129)),
        ("parameter-undescribed", parameter(&json!({"type": "string"}))),
        ("parameter-untyped", parameter(&json!({"description": "Anything."}))),
        ("tool-fat", with("inputSchema", properties(60))),
        ("tool-very-fat", with("inputSchema", properties(130))),
        ("description-wordy", with("description", json!(words(80)))),
    ]
}

#[test]
fn every_rule_about_tools_finds_its_case_and_no_other_rule_does() {
    for (id, tools) in cases() {
        let found = found_in(&offer(&tools), "files");
        assert_eq!(ids(&found), [id], "{:?} in {:.300}", found, json!(tools).to_string());
    }
}

#[test]
fn what_breaks_one_rule_may_break_its_neighbour() {
    let refs = |schema: Value| ids(&found_in(&offer(&with("inputSchema", schema)), "files")).join(" ");
    let reference = |target: &str| {
        json!({"type": "object", "properties": {"p": {"$ref": target, "description": "x"}},
               "$defs": {"in": {"type": "object", "properties": {"again": {"$ref": "#/$defs/in"}}}, "out": {"type": "string"}}})
    };
    assert!(refs(reference("#/$defs/out")).contains("schema-ref"));
    assert!(refs(reference("#/$defs/in")).contains("schema-ref-recursive"));
    assert!(refs(reference("#/$defs/no")).starts_with("schema-ref-dangling"), "the worst comes first");
    let values: Vec<String> = (0..101).map(|at| format!("v{at}")).collect();
    let found =
        ids(&found_in(&offer(&described(json!({"type": "string", "enum": values}))), "files")).join(" ");
    assert!(found.contains("schema-many-values"), "{found}");
    let long = with("description", json!("x".repeat(2_049)));
    assert!(ids(&found_in(&offer(&long), "files")).contains(&"description-cut"));
    let fat: Vec<Value> = (0..40)
        .map(|at| {
            let mut tool = good(&format!("tool_{at}"));
            tool["description"] = format!("{at} {}", "Reads lines. ".repeat(90)).into();
            tool
        })
        .collect();
    assert!(ids(&found_in(&offer(&fat), "files")).contains(&"tools-fat"));
}

#[test]
fn instructions_are_looked_at_as_well() {
    let with = |text: String| {
        let offer = Offer { instructions: Some(text), ..offer(&[good("read")]) };
        let found = found_in(&offer, "files");
        (ids(&found).join(" "), found.first().map(|finding| finding.spots[0].clone()))
    };
    assert_eq!(with("Short.".into()), (String::new(), None));
    assert_eq!(with("é".repeat(2_048)).0, "");
    let (id, spot) = with("é".repeat(2_049));
    assert_eq!((&*id, &*spot.unwrap().detail), ("instructions-cut", "2049 characters"));
    assert_eq!(with("Be\u{200B}ware".into()).0, "hidden-instructions");
}

#[test]
fn a_server_of_a_newer_revision_may_answer_with_anything() {
    let mut offer = offer(&with("outputSchema", json!({"type": "array", "items": {}})));
    offer.revision = "2026-07-28".into();
    assert_eq!(ids(&found_in(&offer, "files")), [""; 0]);
}

#[test]
fn every_rule_has_a_case_here_and_a_name_of_its_own() {
    let apart = [
        "schema-ref",
        "schema-ref-recursive",
        "schema-ref-dangling",
        "schema-many-values",
        "description-cut",
        "tools-fat",
        "instructions-cut",
        "hidden-instructions",
    ];
    let mut tried: Vec<&str> = cases().into_iter().map(|(id, _)| id).chain(apart).collect();
    tried.sort_unstable();
    tried.dedup();
    let mut known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    known.sort_unstable();
    assert_eq!(tried, known);
    for rule in &RULES {
        assert!(rule.sentence.ends_with('.') && rule.remedy.ends_with('.'), "{}", rule.id);
    }
}
