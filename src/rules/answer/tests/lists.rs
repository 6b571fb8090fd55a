//! Hidden, shortened, stripped and lazy tool lists, and our own tools.

use super::*;

const TOOLS: &str = r#"{"tools": [ {"name":"get_a","title":"Get A","description":"Gets A, e.g. v1.2. It is slow.\n\nMore.","inputSchema":{"type":"object","title":"T","properties":{"title":{"type":"string","title":"Title"}},"required":["title"]},"annotations":{"readOnlyHint":true}} ,
  {"name":"delete_a","inputSchema":{"type":"object"}}, {"name":"b","description":"B.","inputSchema":{"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"}}},"outputSchema":{"type":"object","title":"O"},"_meta":{"title":"kept"}} ], "nextCursor":"", "ttlMs": 5, "cacheScope":"public","_meta":{"x":1.0}}"#;

const LAST_PAGE: &str = r#"{"tools":[{"name":"a","description":"One. Two.","inputSchema":{"type":"object","properties":{"x":{}}},"annotations":{"readOnlyHint":true},"outputSchema":{"type":"object"}}]}"#;

#[test]
fn hidden_tools_are_not_listed_and_everything_else_stays() {
    let rule = rule("tools = { hide = [\"delete_*\"] }");
    let (_, seen) = session(&[&rule], TOOLS);
    assert_eq!(seen, TOOLS.replace("\n  {\"name\":\"delete_a\",\"inputSchema\":{\"type\":\"object\"}},", ""));
}

#[test]
fn hidden_tools_are_refused_when_called_and_not_described() {
    let hiding =
        rule("match = { tool = [\"*\", \"!delete_b\"] }\ntools = { hide = \"delete_*\", lazy = true }");
    assert!(hides(&hiding, "delete_a") && !hides(&hiding, "delete_b") && !hides(&hiding, "get_a"));
    assert!(!hides(&rule("empty = \"drop\""), "a"));
    let (catalog, _) = session(&[&hiding], TOOLS);
    let asked = |name: &str| {
        own_call(
            "mcptop_tool_schema",
            Some(&format!(r#"{{"name":"{name}"}}"#)),
            &mut room(),
            &catalog,
            &[&hiding],
        )
        .unwrap()
        .result
    };
    let refused: Value = serde_json::from_str(&asked("delete_a")).unwrap();
    assert_eq!(
        (&refused["isError"], &refused["content"][0]["text"]),
        (&Value::from(true), &Value::from("Unknown tool: delete_a"))
    );
    assert!(!asked("get_a").contains("isError"));
}

#[test]
fn a_page_whose_tools_are_all_hidden_is_empty_and_goes_on() {
    let (_, seen) = session(&[&rule("tools = { hide = \"*\" }")], TOOLS);
    assert_eq!(
        seen,
        r#"{"tools": [], "nextCursor":"", "ttlMs": 5, "cacheScope":"public","_meta":{"x":1.0}}"#
    );
}

#[test]
fn descriptions_are_shortened_replaced_or_taken_away() {
    let described = |tools: &str| session(&[&rule(&format!("tools = {{ {tools} }}"))], TOOLS).1;
    let old = r#""description":"Gets A, e.g. v1.2. It is slow.\n\nMore.""#;
    assert_eq!(
        described("describe = \"first-sentence\""),
        TOOLS.replace(old, r#""description":"Gets A, e.g. v1.2.""#)
    );
    assert_eq!(
        described("describe = \"first-line\""),
        TOOLS.replace(old, r#""description":"Gets A, e.g. v1.2. It is slow.""#)
    );
    assert_eq!(
        described("describe = \"none\""),
        TOOLS.replace(&format!("{old},"), "").replace(r#""description":"B.","#, "")
    );
    let texts = described(
        "describe = \"first-sentence\", texts = { get_a = \"Own \\\"text\\\".\", delete_a = \"New.\" }",
    );
    assert_eq!(
        texts,
        TOOLS
            .replace(old, r#""description":"Own \"text\".""#)
            .replace(r#""name":"delete_a""#, r#""name":"delete_a","description":"New.""#)
    );
}

#[test]
fn keywords_are_stripped_and_parameters_meta_and_headers_stay() {
    let (catalog, seen) = session(
        &[&rule(
            "tools = { strip = [\"title\", \"annotations\", \"x-mcp-header\", \"required\", \"_meta\"] }",
        )],
        TOOLS,
    );
    let expected = TOOLS
        .replace(r#""title":"Get A","#, "")
        .replace(r#","title":"T""#, "")
        .replace(r#","title":"Title""#, "")
        .replace(r#","title":"O""#, "")
        .replace(r#","annotations":{"readOnlyHint":true}"#, "");
    assert_eq!(seen, expected);
    assert!(catalog.get("get_a").unwrap().read_only, "what the server said is still known");
    let (catalog, seen) = session(&[&rule("tools = { strip = [\"outputSchema\"] }")], TOOLS);
    assert!(!seen.contains("outputSchema") && catalog.get("b").unwrap().is_schema_gone);
}

#[test]
fn a_rule_shortens_only_the_tools_it_is_about() {
    let (_, seen) = session(&[&rule("match = { tool = \"b\" }\ntools = { describe = \"none\" }")], TOOLS);
    assert_eq!(seen, TOOLS.replace(r#""description":"B.","#, ""));
}

#[test]
fn lazy_lists_names_and_a_line_each_and_adds_the_tool_that_tells_the_rest() {
    let rule = rule("tools = { lazy = true }");
    let (catalog, seen) = session(&[&rule], LAST_PAGE);
    let lazy = r#"{"name":"a","description":"One.","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}"#;
    assert_eq!(seen, format!(r#"{{"tools":[{lazy},{}]}}"#, own::TOOL_SCHEMA_DEFINITION));
    let answer = own_call("mcptop_tool_schema", Some(r#"{"name":"a"}"#), &mut room(), &catalog, &[&rule])
        .unwrap()
        .result;
    let definition = LAST_PAGE.strip_prefix(r#"{"tools":["#).unwrap().strip_suffix("]}").unwrap();
    assert_eq!(answer, text_result(definition));
    assert!(catalog.get("a").unwrap().is_schema_gone);
}

#[test]
fn lazy_keeps_the_schema_of_a_tool_with_headers() {
    let (_, seen) = session(&[&rule("tools = { lazy = true }")], TOOLS);
    assert!(seen.contains(r#""properties":{"region":{"type":"string","x-mcp-header":"Region"}}"#), "{seen}");
    assert!(!seen.contains(r#""properties":{"title""#), "{seen}");
}

#[test]
fn the_full_definition_has_the_rules_own_text_and_not_what_they_strip() {
    let rule = rule("tools = { lazy = true, strip = [\"title\"], texts = { get_a = \"Mine. All of it.\" } }");
    let (catalog, _) = session(&[&rule], TOOLS);
    let answer = own_call("mcptop_tool_schema", Some(r#"{"name":"get_a"}"#), &mut room(), &catalog, &[&rule])
        .unwrap()
        .result;
    assert_eq!(
        text_of(&answer, 0),
        r#"{"name":"get_a","description":"Mine. All of it.","inputSchema":{"type":"object","properties":{"title":{"type":"string"}},"required":["title"]},"annotations":{"readOnlyHint":true}}"#
    );
}

#[test]
fn our_own_tools_stand_on_the_last_page_only() {
    let rule = rule("limit = { tokens = 10 }\ntools = { lazy = true }");
    let (_, seen) = session(&[&rule], TOOLS);
    assert!(!seen.contains("mcptop_"), "an empty cursor is a cursor: {seen}");
    let (_, seen) = session(&[&rule], LAST_PAGE);
    let names: Value = serde_json::from_str(&seen).unwrap();
    let names: Vec<_> =
        names["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "mcptop_tool_schema", "mcptop_read_more"]);
    assert_eq!(session(&[&rule], r#"{"tools":[]}"#).1.matches("mcptop_").count(), 2);
}

#[test]
fn a_tool_of_the_server_with_our_name_is_the_servers() {
    let list = r#"{"tools":[{"name":"mcptop_read_more","inputSchema":{"type":"object"}}]}"#;
    let rule = rule("limit = { tokens = 10 }");
    let mut catalog = Catalog::default();
    catalog.learn(list, true);
    let steps = relist(&[(3, &rule)], list, &mut catalog);
    assert_eq!(
        steps,
        [(3, "limit", Reshaped::passed("mcptop_read_more is not added: the server has a tool of that name"))]
    );
    assert_eq!(
        own_call("mcptop_read_more", Some(r#"{"cursor":"x"}"#), &mut room(), &catalog, &[&rule]),
        None
    );
}

#[test]
fn our_own_tools_are_called_only_while_a_rule_adds_them() {
    for (tool, text) in [
        ("mcptop_read_more", "tools = { lazy = true }"),
        ("mcptop_tool_schema", "limit = { tokens = 1 }"),
        ("mcptop_read_more", "limit = { tokens = 1, over = \"truncate\" }"),
        ("mcptop_read_more", "mode = \"off\"\nlimit = { tokens = 1 }"),
        ("get", "limit = { tokens = 1 }"),
    ] {
        assert_eq!(
            own_call(tool, None, &mut room(), &Catalog::default(), &[&rule(text)]),
            None,
            "{tool} {text}"
        );
    }
}

#[test]
fn each_step_is_told_with_its_rule_and_key() {
    let (trim, tools) = (
        rule("match = { tool = \"b\" }\ntrim = { drop = [\"$.a\"] }\nlimit = { tokens = 1 }"),
        rule("tools = { hide = \"delete_*\", describe = \"none\" }"),
    );
    let mut catalog = Catalog::default();
    catalog.learn(TOOLS, true);
    let steps = relist(&[(4, &trim), (7, &tools)], TOOLS, &mut catalog);
    let told: Vec<_> =
        steps.iter().map(|(rule, key, reshaped)| (*rule, *key, reshaped.why.as_deref().unwrap())).collect();
    assert_eq!(told, [(7, "tools", "1 tool hidden, 2 shortened"), (4, "limit", "1 output schema taken out")]);
    assert!(catalog.get("b").unwrap().is_schema_gone && !catalog.get("get_a").unwrap().is_relaxed);
}

#[test]
fn what_is_no_list_passes() {
    let rule = rule("tools = { hide = \"*\", lazy = true, strip = [\"title\"] }\nlimit = { tokens = 1 }");
    for text in ["", "{", "[]", "{}", r#"{"tools":{}}"#, r#"{"tools":[1,{"nome":"a"}],"nextCursor":"x"}"#] {
        assert!(
            relist(&[(0, &rule)], text, &mut Catalog::default())
                .iter()
                .all(|(_, _, step)| step.result.is_none()),
            "{text}"
        );
    }
}
