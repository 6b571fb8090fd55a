//! Trimming and emptying: `structuredContent` and JSON texts, and nothing else.

use proptest::prelude::*;

use super::*;

fn trimmed(rule_text: &str, json: &str) -> String {
    text_of(&made(&rule(rule_text), "get", &text_result(json), &mut room()).0, 0)
}

#[test]
fn trimming_works_on_structured_content_and_on_texts_that_are_json() {
    let result = r#"{ "content": [ {"type":"text","text":"{\"a\": 1.0, \"b\": 2}"} , {"type":"text","text":"plain a"},
        {"type":"image","data":"a","mimeType":"image/png"} ], "structuredContent": {"a": 1e2, "b": 2}, "_meta": {"b": 1} }"#;
    let expected = r#"{ "content": [ {"type":"text","text":"{\"a\": 1.0}"} , {"type":"text","text":"plain a"},
        {"type":"image","data":"a","mimeType":"image/png"} ], "structuredContent": {"a": 1e2}, "_meta": {"b": 1} }"#;
    assert_eq!(made(&rule(r#"trim = { drop = ["$.b"] }"#), "get", result, &mut room()).0, expected);
}

#[test]
fn resources_and_prompts_that_are_json_are_trimmed_as_well() {
    let rule = rule("trim = { drop = [\"$.b\"] }");
    let of = |method, result: &str| {
        let subject = Subject {
            method,
            tool: None,
            arguments: None,
            is_modern: true,
            definition: None,
            is_told_to_read_on: true,
            is_read_more_taken: false,
        };
        made_of(&rule, &subject, result, &mut room()).0
    };
    assert_eq!(
        of("resources/read", r#"{"contents":[{"uri":"b","text":"{\"a\":1,\"b\":2}"}],"ttlMs":1}"#),
        r#"{"contents":[{"uri":"b","text":"{\"a\":1}"}],"ttlMs":1}"#
    );
    assert_eq!(
        of("prompts/get", r#"{"messages":[{"role":"user","content":{"type":"text","text":"{\"b\":2}"}}]}"#),
        r#"{"messages":[{"role":"user","content":{"type":"text","text":"{}"}}]}"#
    );
    assert_eq!(of("tools/list", r#"{"tools":[],"b":1}"#), r#"{"tools":[],"b":1}"#);
}

#[test]
fn anything_else_passes() {
    let rule = rule(
        "trim = { drop = [\"$..*\"] }\nempty = \"drop\"\nshape = \"compact\"\nlimit = { bytes = \"1B\" }",
    );
    for result in [
        r#"{"content":[{"type":"resource_link","uri":"{\"a\":1}","name":"a"},{"type":"image","data":"AAAA"},{"type":"audio","data":"AAAA"}],"_meta":{"a":{"b":null}}}"#,
        r#"{"resultType":"input_required","requestState":"{\"a\": null}","inputRequests":{"x":{"a":null}}}"#,
        r#"{"resultType":"task","task":{"taskId":"1","x":null}}"#,
        r#"{"task":{"taskId":"1","x":null}}"#,
        "[]",
        "null",
        "{",
        "",
    ] {
        let made = made(&rule, "get", result, &mut room()).0;
        assert_eq!(made, result);
    }
    // Of what a tool says of its failure only the length is bounded.
    let rule = super::rule("trim = { drop = [\"$..*\"] }\nempty = \"drop\"\nshape = \"compact\"");
    let failure = r#"{"content":[{"type":"text","text":"{\"a\": null}"}],"isError":true}"#;
    assert_eq!(made(&rule, "get", failure, &mut room()).0, failure);
}

#[test]
fn what_cannot_be_read_passes() {
    let rule = rule("trim = { drop = [\"$..a\"] }");
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for json in
        [r#"{"a":1e400}"#, r#"{"a":NaN}"#, r#"{"a":"\ud800"}"#, &deep, r#"{"a":1"#, r#"{"a":1} {"a":1}"#]
    {
        let result = text_result(json);
        assert_eq!(made(&rule, "get", &result, &mut room()).0, result);
    }
}

#[test]
fn a_path_that_matches_nothing_is_counted_and_shown() {
    let (text, said) = made(
        &rule(r#"trim = { drop = ["$.b", "$.x", "$..y"] }"#),
        "get",
        &text_result(r#"{"a":1,"b":2}"#),
        &mut room(),
    );
    assert_eq!(text_of(&text, 0), r#"{"a":1}"#);
    assert_eq!(said, ["$.x, $..y matched nothing"]);
}

#[test]
fn what_is_kept_stays_with_what_it_stands_in() {
    let json =
        r#"{"items": [ {"name":"a","id":1} , {"id":2,"name":"b"} ], "total": 2, "x": {"y": 1, "z": 2}}"#;
    assert_eq!(
        trimmed(r#"trim = { keep = ["$.items[*].name", "$.x.z"] }"#, json),
        r#"{"items": [ {"name":"a"} , {"name":"b"} ], "x": { "z": 2}}"#
    );
    assert_eq!(trimmed(r#"trim = { keep = ["$.x"] }"#, json), r#"{ "x": {"y": 1, "z": 2}}"#);
    assert_eq!(trimmed(r#"trim = { keep = ["$.x"], drop = ["$..y"] }"#, json), r#"{ "x": { "z": 2}}"#);
}

#[test]
fn where_nothing_is_to_be_kept_all_stays() {
    let (text, said) =
        made(&rule(r#"trim = { keep = ["$.x"] }"#), "get", &text_result(r#"{"a":1}"#), &mut room());
    assert_eq!(text_of(&text, 0), r#"{"a":1}"#);
    assert_eq!(said, ["a part in which nothing is to be kept is left as it is; $.x matched nothing"]);
}

#[test]
fn filters_and_slices_of_json_path_work() {
    let json = r#"{"items":[{"n":1,"s":"open"},{"n":2,"s":"closed"},{"n":3,"s":"open"}]}"#;
    assert_eq!(
        trimmed(r#"trim = { drop = ['$.items[?@.s == "closed"]'] }"#, json),
        r#"{"items":[{"n":1,"s":"open"},{"n":3,"s":"open"}]}"#
    );
    assert_eq!(trimmed(r#"trim = { drop = ["$.items[1:]", "$..s"] }"#, json), r#"{"items":[{"n":1}]}"#);
}

#[test]
fn all_members_of_one_name_go_together() {
    assert_eq!(
        trimmed(
            r#"trim = { drop = ["$.a.b"] }"#,
            r#"{"a":{"b":1,"c":2},"a":{"b":3},"\u0061":{"b":4,"d":5}}"#
        ),
        r#"{"a":{"c":2},"a":{},"\u0061":{"d":5}}"#
    );
}

#[test]
fn empty_members_go_and_what_is_empty_then_and_items_stay() {
    let json = r#"{"a": null, "b": "", "c": [ ], "d": {"e": {"f": null}}, "g": [null, "", {"h": []}], "i": 0, "j": false, "k": " "}"#;
    assert_eq!(trimmed("empty = \"drop\"", json), r#"{ "g": [null, "", {}], "i": 0, "j": false, "k": " "}"#);
    let deep = "{\"a\":".repeat(50_000) + "null" + &"}".repeat(50_000);
    assert_eq!(trimmed("empty = \"drop\"", &deep), "{}");
}

/// JSON texts with blanks, escapes and numbers in all their forms.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "-?[1-9][0-9]{0,15}(\\.[0-9]{1,3})?([eE][+-]?[1-9])?",
        "\"([a-zé ,:{}\\[\\]]|\\\\n|\\\\\"|\\\\u00e9){0,6}\"",
        Just("null".to_owned()),
        Just("\"\"".to_owned())
    ];
    let blank = || "[ \n]{0,2}";
    leaf.prop_recursive(4, 30, 4, move |inner| {
        prop_oneof![
            (proptest::collection::vec(inner.clone(), 0..4), blank()).prop_map(|(items, blank)| format!(
                "[{blank}{}{blank}]",
                items.join(&format!("{blank},{blank}"))
            )),
            (proptest::collection::vec(inner, 0..4), blank(), 0_usize..4).prop_map(
                |(values, blank, first)| {
                    let names = ["a", "b", "c", "\\u0064", "a"];
                    let members: Vec<_> = values
                        .iter()
                        .zip(names.iter().cycle().skip(first))
                        .map(|(value, name)| format!("\"{name}\"{blank}:{value}"))
                        .collect();
                    format!("{{{blank}{}{blank}}}", members.join(&format!("{blank},{blank}")))
                }
            ),
        ]
    })
    .prop_filter("objects and arrays", |text| text.starts_with(['{', '[']))
}

fn paths() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(
        vec!["$.a", "$..b", "$[1]", "$.*.c", "$..[0]", "$['d']", "$..*", "$[?@.a]", "$"],
        1..4,
    )
}

fn trim_rule(key: &str, paths: &[&str]) -> Rule {
    rule(&format!("trim = {{ {key} = {} }}", serde_json::to_string(paths).unwrap()))
}

/// The leaves of a value - what has nothing in it - each with the names on the way to it; places in arrays do not count,
/// for items move.
fn leaves(value: &Value, way: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                leaves(value, &format!("{way}.{name}"), out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                leaves(item, &format!("{way}[]"), out);
            }
        }
        leaf => out.push(format!("{way}={leaf}")),
    }
}

/// A value without what lies at these JSON Pointers.
fn without(value: &Value, at: &str, pointers: &[String]) -> Value {
    let inner = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !pointers.contains(&inner(name)))
            .map(|(name, value)| (name.clone(), without(value, &inner(name), pointers)))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter(|(n, _)| !pointers.contains(&inner(&n.to_string())))
            .map(|(n, value)| without(value, &inner(&n.to_string()), pointers))
            .collect(),
        other => other.clone(),
    }
}

/// The same as serde has it: what a path matches is taken out of the value.
fn dropped_from(value: &Value, paths: &[&str]) -> Value {
    let mut pointers = Vec::new();
    for path in paths {
        let path: crate::rules::Path = path.parse().unwrap();
        pointers.extend(
            path.query()
                .query_located(value)
                .locations()
                .map(serde_json_path::NormalizedPath::to_json_pointer),
        );
    }
    without(value, "", &pointers)
}

/// Whether one text is another with parts taken out.
fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut rest = whole.bytes();
    part.bytes().all(|byte| rest.any(|other| other == byte))
}

proptest! {
    #[test]
    fn a_trim_takes_out_what_its_paths_match_and_changes_nothing_else(json in json(), paths in paths()) {
        let trimmed = trimmed_by(&trim_rule("drop", &paths), &json);
        let whole: Value = serde_json::from_str(&json).unwrap();
        let read: Value = serde_json::from_str(&trimmed).unwrap();
        prop_assert_eq!(read, dropped_from(&whole, &paths), "{} of {}", trimmed, json);
        prop_assert!(is_subsequence(&trimmed, &json), "{} of {}", trimmed, json);
    }

    #[test]
    fn the_bytes_around_a_trimmed_text_stay(before in json(), json in json(), after in json(), paths in paths()) {
        let rule = trim_rule("drop", &paths);
        let (head, tail) = (format!(r#"{{ "_meta" :{before},"content":[{{"text": "#), format!(r#" ,"type":"text","annotations":{after}}}], "x":{after}}}"#));
        let result = format!("{head}{}{tail}", quoted(&json));
        let made = made(&rule, "get", &result, &mut room()).0;
        prop_assert!(made.starts_with(&head) && made.ends_with(&tail));
        prop_assert_eq!(&made[head.len()..made.len() - tail.len()], quoted(&trimmed_by(&rule, &json)));
    }

    #[test]
    fn dropping_again_changes_nothing(json in json()) {
        // Paths by name; those by place would find what has moved up.
        let rule = trim_rule("drop", &["$..b", "$.a.c"]);
        let once = trimmed_by(&rule, &json);
        prop_assert_eq!(trimmed_by(&rule, &once), once.clone());
        let empty = super::rule("empty = \"drop\"");
        let once = trimmed_by(&empty, &json);
        prop_assert_eq!(trimmed_by(&empty, &once), once.clone());
    }

    #[test]
    fn what_is_kept_and_what_is_dropped_are_all_there_is(json in json(), mut paths in paths()) {
        // The whole cannot be dropped.
        paths.retain(|path| *path != "$");
        paths.push("$..c");
        // A container that is emptied becomes a leaf: only leaves that were there count.
        let read = |text: &str| {
            let mut out = Vec::new();
            leaves(&serde_json::from_str(text).unwrap(), "", &mut out);
            out.retain(|leaf| !leaf.ends_with("={}") && !leaf.ends_with("=[]"));
            out
        };
        let kept_rule = trim_rule("keep", &paths);
        let (kept, said) = made(&kept_rule, "get", &text_result(&json), &mut room());
        if said.iter().any(|why| why.contains("nothing is to be kept")) {
            // Nothing matches, so nothing is dropped either.
            prop_assert_eq!(trimmed_by(&trim_rule("drop", &paths), &json), json);
            return Ok(());
        }
        let mut parts = read(&text_of(&kept, 0));
        parts.extend(read(&trimmed_by(&trim_rule("drop", &paths), &json)));
        let mut all = read(&json);
        parts.sort();
        all.sort();
        prop_assert_eq!(parts, all);
    }
}

fn trimmed_by(rule: &Rule, json: &str) -> String {
    text_of(&made(rule, "get", &text_result(json), &mut room()).0, 0)
}
