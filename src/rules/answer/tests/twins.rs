//! Output schemas, `structuredContent`, and the texts that repeat it.

use super::*;

const TWINS: &str = r#"{"content":[{"type":"text","text":"{\"a\": 1, \"b\": [{\"c\":2},{\"c\":3}]}"}],"structuredContent":{"b":[{"c":2},{"c":3}],"a":1}}"#;

#[test]
fn a_trim_of_structured_content_relaxes_the_schema_that_the_client_sees() {
    let rule = rule("trim = { drop = [\"$.a\"] }");
    let (catalog, seen) = session(&[&rule], LIST);
    assert_eq!(seen, LIST.replace(r#","required":["a"]"#, ""));
    let definition = catalog.get("typed").unwrap();
    assert!(definition.is_relaxed && !definition.is_schema_gone && definition.text.contains("required"));
    let (made, _) = made_of(&rule, &subject("typed", &catalog), TWINS, &mut room());
    assert!(made.ends_with(r#""structuredContent":{"b":[{"c":2},{"c":3}]}}"#), "{made}");
    assert_eq!(text_of(&made, 0), r#"{ "b": [{"c":2},{"c":3}]}"#);
}

#[test]
fn structured_content_is_left_alone_while_the_client_has_not_read_the_relaxed_schema() {
    let mut catalog = Catalog::default();
    for text in ["trim = { drop = [\"$.a\"] }", "empty = \"drop\"\ntrim = { drop = [\"$.a\"] }"] {
        catalog.learn(LIST, true);
        let (made, said) = made_of(&rule(text), &subject("typed", &catalog), TWINS, &mut room());
        assert!(made.ends_with(r#""structuredContent":{"b":[{"c":2},{"c":3}],"a":1}}"#), "{made}");
        assert_eq!(text_of(&made, 0), r#"{ "b": [{"c":2},{"c":3}]}"#, "the text is trimmed");
        assert!(said[0].contains("has not read the relaxed output schema yet"), "{said:?}");
    }
    catalog.clear();
    let (made, said) =
        made_of(&rule("trim = { drop = [\"$.a\"] }"), &subject("typed", &catalog), TWINS, &mut room());
    assert!(made.contains(r#""structuredContent":{"b":[{"c":2},{"c":3}],"a":1}"#), "{made}");
    assert!(said[0].contains("has not read the tool list"), "{said:?}");
}

#[test]
fn a_list_that_is_read_again_without_the_rule_ends_the_leave() {
    let rule = rule("trim = { drop = [\"$.a\"] }");
    let (mut catalog, _) = session(&[&rule], LIST);
    catalog.learn(LIST, true);
    assert!(relist(&[], LIST, &mut catalog).is_empty());
    assert!(!catalog.get("typed").unwrap().is_relaxed);
}

#[test]
fn structured_content_of_a_tool_without_a_schema_is_free() {
    let (catalog, seen) = session(&[], LIST);
    assert_eq!(seen, LIST);
    let (made, _) =
        made_of(&rule("trim = { keep = [\"$.a\"] }"), &subject("get", &catalog), TWINS, &mut room());
    assert!(made.ends_with(r#""structuredContent":{"a":1}}"#), "{made}");
}

#[test]
fn a_rule_that_observes_speaks_of_the_list_it_would_have_made_and_notes_nothing() {
    let rule = rule("mode = \"observe\"\ntrim = { drop = [\"$.a\"] }");
    let (catalog, seen) = session(&[&rule], LIST);
    assert!(!seen.contains("required") && !catalog.get("typed").unwrap().is_relaxed);
    let (made, _) = made_of(&rule, &subject("typed", &catalog), TWINS, &mut room());
    assert!(made.ends_with(r#""structuredContent":{"b":[{"c":2},{"c":3}]}}"#), "{made}");
}

#[test]
fn only_tools_that_a_rule_is_about_have_their_schemas_relaxed() {
    let (catalog, seen) =
        session(&[&rule("match = { tool = \"other\" }\ntrim = { drop = [\"$.a\"] }")], LIST);
    assert!(seen == LIST && !catalog.get("typed").unwrap().is_relaxed);
}

#[test]
fn a_twin_stays_json_unless_the_rule_says_so() {
    let rows = r#"{"content":[{"type":"text","text":"[{\"a\": 1}, {\"a\": 2}]"},{"type":"text","text":"{\"x\": [{\"a\": 1}]}"}],"structuredContent":{"x":[{"a":1}]}}"#;
    let shaped = |twin: &str| made(&rule(&format!("shape = \"table\"\n{twin}")), "typed", rows, &mut room());
    let (kept, said) = shaped("");
    assert_eq!((text_of(&kept, 0).as_str(), text_of(&kept, 1).as_str()), ("a\n1\n2", r#"{"x": [{"a": 1}]}"#));
    assert!(said[0].contains("twin"), "{said:?}");
    assert_eq!(text_of(&shaped("twin = \"shape\"").0, 1), "x:\na\n1");
}

#[test]
fn a_twin_that_was_trimmed_alone_is_still_not_shaped() {
    let mut catalog = Catalog::default();
    catalog.learn(LIST, true);
    let rule = rule("trim = { drop = [\"$.a\"] }\nempty = \"drop\"\nshape = \"table\"");
    let result =
        TWINS.replace(r#"\"a\": 1,"#, r#"\"a\": 1, \"n\": null,"#).replace("\"a\":1}", "\"a\":1,\"n\":null}");
    let (made, _) = made_of(&rule, &subject("typed", &catalog), &result, &mut room());
    assert_eq!(text_of(&made, 0), r#"{ "b": [{"c":2},{"c":3}]}"#);
}

#[test]
fn of_twins_the_text_goes_if_the_rule_says_so() {
    let (made, _) = made(&rule("twin = \"drop-text\""), "typed", TWINS, &mut room());
    assert_eq!(made, r#"{"content":[],"structuredContent":{"b":[{"c":2},{"c":3}],"a":1}}"#);
}

#[test]
fn of_twins_structured_content_goes_together_with_its_schema() {
    let rule = rule("twin = \"drop-structured\"");
    let (catalog, seen) = session(&[&rule], LIST);
    assert!(!seen.contains("outputSchema") && catalog.get("typed").unwrap().is_schema_gone);
    let (made, _) = made_of(&rule, &subject("typed", &catalog), TWINS, &mut room());
    assert_eq!(made, r#"{"content":[{"type":"text","text":"{\"a\": 1, \"b\": [{\"c\":2},{\"c\":3}]}"}]}"#);
    // A schema that is only loosened still makes clients ask for it.
    let (loosened, _) = session(&[&super::rule("trim = { drop = [\"$.a\"] }")], LIST);
    assert_eq!(made_of(&rule, &subject("typed", &loosened), TWINS, &mut room()).0, TWINS);
}

#[test]
fn texts_that_say_something_else_are_no_twins() {
    let other = r#"{"content":[{"type":"text","text":"one found"}],"structuredContent":{"n":1}}"#;
    for twin in ["drop-text", "drop-structured"] {
        let (made, said) = made(&rule(&format!("twin = \"{twin}\"")), "typed", other, &mut room());
        assert_eq!(made, other);
        assert_eq!(said, ["no text says what structuredContent says"]);
    }
}
