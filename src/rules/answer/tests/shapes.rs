//! JSON texts in other forms.

use super::*;

fn shaped(shape: &str, json: &str) -> (String, Vec<String>) {
    let (made, said) = made(&rule(&format!("shape = \"{shape}\"")), "get", &text_result(json), &mut room());
    (text_of(&made, 0), said)
}

const ROWS: &str = r#"[ {"id": 1, "name": "Ada", "ok": true}, {"id": 2, "name": "Alan", "ok": false} ]"#;

#[test]
fn each_form_writes_rows_in_its_way() {
    assert_eq!(
        shaped("compact", ROWS).0,
        r#"[{"id":1,"name":"Ada","ok":true},{"id":2,"name":"Alan","ok":false}]"#
    );
    assert_eq!(shaped("table", ROWS).0, "id\tname\tok\n1\tAda\ttrue\n2\tAlan\tfalse");
    assert_eq!(shaped("csv", ROWS).0, "id,name,ok\n1,Ada,true\n2,Alan,false");
    assert_eq!(shaped("markdown", ROWS).0, "|id|name|ok|\n|-|-|-|\n|1|Ada|true|\n|2|Alan|false|");
    assert_eq!(shaped("toon", ROWS).0, "[2]{id,name,ok}:\n  1,Ada,true\n  2,Alan,false");
}

#[test]
fn what_has_no_rows_is_compact_instead_and_says_why() {
    for shape in ["table", "csv", "markdown"] {
        let (text, said) = shaped(shape, r#"{"a": {"b": 1.0}}"#);
        assert_eq!(text, r#"{"a":{"b":1.0}}"#);
        assert_eq!(said, [format!("compact JSON instead of {shape}: it has no rows")]);
    }
    let (text, said) = shaped("toon", r#"{"a": 12345678901234567890123}"#);
    assert_eq!(text, r#"{"a":12345678901234567890123}"#);
    assert_eq!(said, ["compact JSON instead of toon: it has numbers that TOON would round"]);
}

#[test]
fn auto_takes_the_form_with_the_fewest_tokens() {
    let (text, said) = shaped("auto", ROWS);
    let count =
        |text: &str| crate::tokens::Counter::default().count(crate::tokens::Encoding::O200kBase, text).tokens;
    for shape in ["compact", "table", "csv", "markdown", "toon"] {
        assert!(count(&text) <= count(&shaped(shape, ROWS).0), "{shape}");
    }
    assert!(said[0].ends_with("has the fewest tokens"), "{said:?}");
    assert_eq!(shaped("auto", r#"{"a": {"b": [1, {"c": "d"}]}}"#).0, r#"{"a":{"b":[1,{"c":"d"}]}}"#);
}

#[test]
fn only_texts_are_shaped_and_never_structured_content() {
    let result = format!(
        r#"{{"content":[{{"type":"text","text":{}}},{{"type":"text","text":"no JSON"}}],"structuredContent":{{ "x": [ {{"a": 1}} ] }}}}"#,
        quoted(ROWS)
    );
    let (made, _) = made(&rule("shape = \"csv\""), "typed", &result, &mut room());
    assert!(made.ends_with(r#""structuredContent":{ "x": [ {"a": 1} ] }}"#), "{made}");
    assert_eq!(text_of(&made, 1), "no JSON");
}

#[test]
fn trim_empty_shape_and_limit_act_one_after_the_other() {
    let rule = rule(
        "limit = { tokens = 1000 }\nshape = \"table\"\nempty = \"drop\"\ntrim = { keep = [\"$.items[*].a\", \"$.items[*].b\"] }",
    );
    let (made, _) = made(
        &rule,
        "get",
        &text_result(r#"{"items": [{"a": 1, "b": null, "c": 3}, {"a": 2, "b": "x"}], "n": 2}"#),
        &mut room(),
    );
    assert_eq!(text_of(&made, 0), "items:\na\tb\n1\t\n2\tx");
}
