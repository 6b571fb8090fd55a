//! Limits never lose data silently.

use proptest::prelude::*;

use super::*;
use crate::tokens::{Counter, Encoding};

fn long_text() -> String {
    let lines: Vec<_> =
        (0..400).map(|n| format!("line {n}: the quick brown fox jumps over the lazy dog\n")).collect();
    lines.concat()
}

/// The text of a page without the line at its end, and the cursor in that.
fn page(text: &str) -> (String, Option<String>) {
    let Some((text, notice)) = text.rsplit_once("\n[mcptop: ") else { return (text.to_owned(), None) };
    let cursor = notice.split("{\"cursor\":\"").nth(1).unwrap().strip_suffix("\"}]").unwrap();
    (text.to_owned(), Some(cursor.to_owned()))
}

/// All pages that follow the one that a result holds, put together, with the number of tokens of the largest.
fn read_on(rule: &Rule, first: &str, room: &mut Room) -> (String, u64) {
    let (mut counter, catalog) = (Counter::default(), Catalog::default());
    let (mut whole, mut cursor) = page(first);
    let mut largest = counter.count(Encoding::O200kBase, first).tokens;
    while let Some(next) = cursor {
        let arguments = format!(r#"{{"cursor":"{next}"}}"#);
        let answer = own_call("mcptop_read_more", Some(&arguments), room, &catalog, &[rule]).unwrap().result;
        let text = text_of(&answer, 0);
        largest = largest.max(counter.count(Encoding::O200kBase, &text).tokens);
        let more;
        (more, cursor) = page(&text);
        assert!(!more.is_empty());
        whole += &more;
    }
    (whole, largest)
}

#[test]
fn a_page_ends_with_where_to_read_on_and_all_pages_are_the_whole() {
    let (rule, mut room, text) = (rule("limit = { tokens = 500, over = \"page\" }"), room(), long_text());
    let (made, said) = made(&rule, "get", &text_result(&text), &mut room);
    let first = text_of(&made, 0);
    assert!(
        first.starts_with("line 0:") && first.contains("call mcptop_read_more with {\"cursor\":\""),
        "{first}"
    );
    assert!(said[0].contains(&format!("of {} bytes", text.len())), "{said:?}");
    let (whole, largest) = read_on(&rule, &first, &mut room);
    assert_eq!(whole, text);
    assert!((400..=500).contains(&largest), "{largest}");
}

#[test]
fn a_result_within_the_limit_passes() {
    let text = text_result(&long_text());
    let bytes = format!("limit = {{ bytes = \"{}B\" }}", long_text().len());
    for limit in ["limit = { tokens = 1000000 }", &bytes] {
        assert_eq!(made(&rule(limit), "get", &text, &mut room()).0, text);
    }
}

#[test]
fn images_sound_and_blobs_are_not_counted_and_pass() {
    let big = "A".repeat(100_000);
    let result = format!(
        r#"{{"content":[{{"type":"image","data":"{big}"}},{{"type":"audio","data":"{big}"}},{{"type":"resource","resource":{{"blob":"{big}"}}}},{{"type":"text","text":"short"}}]}}"#
    );
    assert_eq!(made(&rule("limit = { tokens = 10 }"), "get", &result, &mut room()).0, result);
}

#[test]
fn truncate_says_how_much_was_cut() {
    let text = long_text();
    let (made, _) = made(
        &rule("limit = { bytes = \"1KB\", over = \"truncate\" }"),
        "get",
        &text_result(&text),
        &mut room(),
    );
    let made = text_of(&made, 0);
    let (head, notice) = made.rsplit_once("\n[mcptop: ").unwrap();
    assert!(made.len() <= 1_024 && text.starts_with(head));
    assert_eq!(notice, format!("{} of {} bytes cut]", text.len() - head.len(), text.len()));
}

#[test]
fn spill_returns_the_path_of_a_file_with_all_of_it_and_the_head() {
    let text = long_text();
    let rule = rule("limit = { tokens = 200, over = \"spill\" }");
    let (catalog, _) = session(&[&rule], LIST);
    let mut reshapers = reshapers(&rule);
    let subject = Subject { tool: Some("../get"), ..subject("get", &catalog) };
    let reshaped = reshapers[0].1.reshape(&text_result(&text), &subject, &mut room());
    let (path, file) = reshaped.spill.unwrap();
    assert_eq!(file, text);
    assert_eq!(path.parent().unwrap(), std::path::Path::new("/spill"));
    let made = text_of(&reshaped.result.unwrap(), 0);
    assert!(
        made.starts_with("line 0:")
            && made.contains(&format!("all {} bytes are in {}]", text.len(), path.display()))
    );
}

#[test]
fn error_says_the_size_and_what_to_do() {
    let text = long_text();
    let result = format!(
        r#"{{"resultType":"complete","content":[{{"type":"text","text":{}}}],"structuredContent":{{}},"isError":false,"_meta":{{"a":1.0}}}}"#,
        quoted(&text)
    );
    let (made, _) = made(&rule("limit = { tokens = 100, over = \"error\" }"), "get", &result, &mut room());
    assert!(made.ends_with(r#""isError":true,"resultType":"complete","_meta":{"a":1.0}}"#), "{made}");
    let tokens = Counter::default().count(Encoding::O200kBase, &text).tokens;
    assert_eq!(
        text_of(&made, 0),
        format!(
            "The result of get has {} bytes ({tokens} tokens); the rule \"r\" admits 100 tokens. Ask for less: fewer items, fewer fields, a narrower query.",
            text.len()
        )
    );
}

#[test]
fn several_texts_share_one_limit_and_what_is_between_them_stays() {
    let (rule, mut room) = (rule("limit = { bytes = \"400B\" }"), room());
    let (a, b, c) = ("a".repeat(100), "b".repeat(500), "c".repeat(300));
    let result = format!(
        r#"{{"content":[{{"type":"text","text":"{a}"}}, {{"type":"image","data":"x"}}, {{"type":"text","text":"{b}"}}, {{"type":"text","text":"{c}"}}, {{"type":"image","data":"y"}}],"_meta":{{}}}}"#
    );
    let (made, _) = made(&rule, "get", &result, &mut room);
    let read: Value = serde_json::from_str(&made).unwrap();
    let kinds: Vec<_> =
        read["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "image", "text", "image"]);
    assert_eq!(text_of(&made, 0), a);
    let (rest, _) = read_on(&rule, &text_of(&made, 2), &mut room);
    assert_eq!(rest, format!("{b}\n{c}"));
}

#[test]
fn structured_content_of_a_long_result_goes_with_its_schema_or_stays_and_says_why() {
    let json = format!(r#"{{"a":"{}"}}"#, "word ".repeat(400));
    let result =
        format!(r#"{{"content":[{{"type":"text","text":{}}}],"structuredContent":{json}}}"#, quoted(&json));
    let rule = rule("limit = { tokens = 100 }");
    let (catalog, seen) = session(&[&rule], LIST);
    assert!(!seen.contains("outputSchema"));
    let (cut, _) = made_of(&rule, &subject("typed", &catalog), &result, &mut room());
    assert!(!cut.contains("structuredContent"), "{cut}");
    let mut unread = Catalog::default();
    unread.learn(LIST, true);
    let (made, said) = made_of(&rule, &subject("typed", &unread), &result, &mut room());
    assert!(
        made.ends_with(&format!(r#""structuredContent":{json}}}"#))
            && text_of(&made, 0).contains("mcptop_read_more")
    );
    assert!(said[0].starts_with("structuredContent stays whole: the client has not read"), "{said:?}");
}

#[test]
fn structured_content_alone_is_what_the_model_reads() {
    let json = format!(r#"{{"a":"{}"}}"#, "word ".repeat(400));
    let (rule, mut room) = (rule("twin = \"drop-text\"\nlimit = { tokens = 100 }"), room());
    let twins =
        format!(r#"{{"content":[{{"type":"text","text":{}}}],"structuredContent":{json}}}"#, quoted(&json));
    for result in [
        twins,
        format!(r#"{{"structuredContent":{json},"_meta":{{}}}}"#),
        format!(r#"{{"structuredContent":{json}}}"#),
    ] {
        let (cut, _) = made(&rule, "typed", &result, &mut room);
        assert!(!cut.contains("structuredContent"), "{cut}");
        assert_eq!(read_on(&rule, &text_of(&cut, 0), &mut room).0, json);
    }
    let mut unread = Catalog::default();
    unread.learn(LIST, true);
    let result = format!(r#"{{"content":[],"structuredContent":{json}}}"#);
    let (made, said) = made_of(&rule, &subject("typed", &unread), &result, &mut room);
    assert!(made == result && said.last().unwrap().contains("relaxed"), "{said:?}");
}

#[test]
fn resources_that_are_too_long_are_cut_as_well() {
    let (rule, mut room, text) = (rule("limit = { tokens = 200 }"), room(), long_text());
    let result = format!(r#"{{"contents":[{{"uri":"u","text":{}}}],"ttlMs":5}}"#, quoted(&text));
    let subject = Subject {
        method: "resources/read",
        tool: None,
        arguments: None,
        is_modern: true,
        definition: None,
        is_told_to_read_on: true,
        is_read_more_taken: false,
    };
    let (made, _) = made_of(&rule, &subject, &result, &mut room);
    let read: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(read["ttlMs"], 5);
    assert_eq!(read_on(&rule, read["contents"][0]["text"].as_str().unwrap(), &mut room).0, text);
}

#[test]
fn an_unknown_cursor_is_answered_with_an_error_that_says_so() {
    let rule = rule("limit = { tokens = 200 }");
    for arguments in
        [None, Some("{}"), Some("[]"), Some(r#"{"cursor":"0123456789abcdef-0"}"#), Some(r#"{"cursor":7}"#)]
    {
        let answer = own_call("mcptop_read_more", arguments, &mut room(), &Catalog::default(), &[&rule])
            .unwrap()
            .result;
        let read: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(read["isError"], true, "{answer}");
    }
}

#[test]
fn a_short_text_needs_no_tokenizer_and_a_cut_result_is_not_cut_again() {
    let rule = rule("limit = { tokens = 300 }");
    let mut room = room();
    let (once, _) = made(&rule, "get", &text_result(&long_text()), &mut room);
    assert_eq!(made(&rule, "get", &once, &mut room).0, once);
}

proptest! {
    #[test]
    fn whatever_the_text_its_pages_put_together_are_the_text(
        text in prop_oneof!["[a-z0-9é漢😀 \n,{}\\[\\]\"]{0,1500}", "(\\{\"a\":[0-9]{1,5}\\},){0,120}", "[ \n]{0,900}"],
        limit in prop_oneof![(1_u32..120).prop_map(|n| format!("tokens = {n}")), (1_u32..900).prop_map(|n| format!("bytes = \"{n}B\""))],
    ) {
        let (rule, mut room) = (rule(&format!("limit = {{ {limit} }}")), room());
        let (made, _) = made(&rule, "get", &text_result(&text), &mut room);
        let (whole, _) = read_on(&rule, &text_of(&made, 0), &mut room);
        prop_assert_eq!(whole, text);
    }
}

#[test]
fn a_server_with_a_tool_named_as_ours_keeps_it_and_no_result_is_cut_that_nobody_could_read_on() {
    let rule = rule("limit = { bytes = \"1KB\" }");
    let list = r#"{"tools":[{"name":"get"},{"name":"mcptop_read_more","inputSchema":{"type":"object"}}]}"#;
    let (mut catalog, listed) = session(&[&rule], list);
    assert_eq!(listed, list);
    let mut room = room();
    let whole = text_result(&long_text());
    let subject = Subject { is_read_more_taken: catalog.has_read_more(), ..subject("get", &catalog) };
    let (text, why) = made_of(&rule, &subject, &whole, &mut room);
    assert_eq!(text, whole);
    assert!(why.iter().any(|why| why.contains("mcptop_read_more")), "{why:?}");
    let call = |catalog: &Catalog, room: &mut Room, cursor: &str| {
        own_call("mcptop_read_more", Some(&format!(r#"{{"cursor":"{cursor}"}}"#)), room, catalog, &[&rule])
    };
    assert_eq!(call(&catalog, &mut room, "theirs"), None, "it is the server's");
    // What was cut before the server had it is read on all the same.
    let without = Catalog::default();
    let (cut, _) = made(&rule, "plain", &whole, &mut room);
    let cursor = page(&text_of(&cut, 0)).1.unwrap();
    assert!(call(&catalog, &mut room, &cursor).is_some() && call(&without, &mut room, "none").is_some());
    catalog.clear();
    assert!(!catalog.has_read_more());
}

#[test]
fn what_nobody_could_read_on_is_cut_and_says_how_much_is_missing_and_what_to_do() {
    let (rule, text) = (rule("limit = { bytes = \"1KB\" }"), long_text());
    let (catalog, _) = session(&[&rule], LIST);
    let untold = Subject { is_told_to_read_on: false, ..subject("get", &catalog) };
    let (cut, _) = made_of(&rule, &untold, &text_result(&text), &mut room());
    let cut = text_of(&cut, 0);
    let (head, notice) = cut.rsplit_once("\n[mcptop: ").unwrap();
    assert!(cut.len() <= 1_024 && text.starts_with(head));
    let missing = format!("{} of {} bytes cut. Ask for less:", text.len() - head.len(), text.len());
    assert!(notice.starts_with(&missing) && !notice.contains("mcptop_read_more"), "{notice}");
}

#[test]
fn a_result_that_is_larger_than_all_that_is_kept_is_cut_as_well() {
    let rule = rule("limit = { bytes = \"1KB\" }");
    let (cut, _) = made(&rule, "get", &text_result(&"x".repeat((64 << 20) + 1)), &mut room());
    let cut = text_of(&cut, 0);
    assert!(cut.len() <= 1_024 && cut.contains(" of 67108865 bytes cut. Ask for less:"), "{cut}");
}

#[test]
fn what_a_tool_says_of_its_failure_is_bounded_too() {
    let failure = format!(
        r#"{{"content":[{{"type":"text","text":{}}}],"isError":true,"structuredContent":{{"a":1}}}}"#,
        quoted(&long_text())
    );
    for over in ["page", "truncate", "spill", "error"] {
        let rule = rule(&format!("limit = {{ bytes = \"1KB\", over = \"{over}\" }}"));
        let (made, _) = made(&rule, "typed", &failure, &mut room());
        assert!(made.len() < 1_200 && made.contains(r#""isError":true"#), "{over} {made}");
    }
    let short = r#"{"content":[{"type":"text","text":"no"}],"isError":true}"#;
    assert_eq!(made(&rule("limit = { bytes = \"1KB\" }"), "get", short, &mut room()).0, short);
}

#[test]
fn a_cursor_that_was_handed_out_is_answered_when_the_limit_is_gone() {
    let (limit, mut room, text) = (rule("limit = { tokens = 500 }"), room(), long_text());
    let (made, _) = made(&limit, "get", &text_result(&text), &mut room);
    let (first, mut cursor) = page(&text_of(&made, 0));
    let (mut whole, catalog) = (first, Catalog::default());
    while let Some(next) = cursor {
        let arguments = format!(r#"{{"cursor":"{next}"}}"#);
        let answer = own_call("mcptop_read_more", Some(&arguments), &mut room, &catalog, &[]).unwrap();
        assert_eq!((&*answer.rule, answer.by), ("r", "limit"), "whose limit it was");
        let more;
        (more, cursor) = page(&text_of(&answer.result, 0));
        whole += &more;
    }
    assert_eq!(whole, text);
    assert_eq!(own_call("mcptop_read_more", Some(r#"{"cursor":"x"}"#), &mut room, &catalog, &[]), None);
}
