//! What a proxy can break in any message, over pipes and over HTTP.
//!
//! Knows nothing of how messages travel: every line is tried with every pairing.

use super::pairing::{PAIRINGS, Pair};

/// The client sends one, the server answers with the other, and each is on the other side what it was on its own.
fn pass_unchanged(pair: &mut dyn Pair, name: &str, asked: &str, answered: &str) {
    let (asked, answered) = (pair.spoken(asked), answered.as_bytes());
    assert_same(&pair.ask(&[asked.as_bytes()]), asked.as_bytes(), name);
    assert_same(&pair.answer(&[answered]), answered, name);
}

fn assert_same(received: &[u8], sent: &[u8], name: &str) {
    // Megabytes are not printed.
    let shown = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned();
    assert!(received == sent, "{name}:\n  sent     {}\n  received {}", shown(sent), shown(received));
}

/// The same exchange with every pairing.
fn pass_unchanged_everywhere(exchanges: &[(&str, &str)]) {
    for pairing in &PAIRINGS {
        let mut pair = (pairing.start)();
        for (asked, answered) in exchanges {
            pass_unchanged(&mut *pair, pairing.name, asked, answered);
        }
    }
}

#[test]
fn unknown_fields_are_not_dropped() {
    pass_unchanged_everywhere(&[
        (
            r#"{"jsonrpc":"2.0","x-ours":{"a":[1,{"b":null}]},"id":1,"method":"tools/call","params":{"name":"a","new":true,"_meta":{"example.org/x":{"y":1},"progressToken":"t"}}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"hologram","z":1}],"requestState":"\u0041=="},"also":[]}"#,
        ),
        // The order of keys, one key twice, white space, escapes: all of it is somebody's signature.
        (
            "{ \"params\" : {\"b\":1,\"a\":2,\"a\":3} ,\t\"method\":\"x\\/\\u00e9\\ud83c\\udf0a\",\"id\":2,\"jsonrpc\":\"2.0\" }",
            "{\"id\":2 ,\"result\":{\"\":\"\",\"é\":\"\\u2028\"},\"jsonrpc\":\"2.0\"}",
        ),
        (r#"{"jsonrpc":"2.0","id":3,"method":"x"}"#, r#"{"id":3,"error":{"code":1,"message":"","more":{}}}"#),
    ]);
}

#[test]
fn the_type_of_an_id_is_not_changed() {
    let ids = ["1", "\"1\"", "1.0", "-0", "9007199254740993", "\"\\u0031\"", "\"é 1\"", "\"\"", "1e0"];
    for pairing in &PAIRINGS {
        let mut pair = (pairing.start)();
        for id in ids {
            let asked = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let answered = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
            pass_unchanged(&mut *pair, pairing.name, &asked, &answered);
        }
    }
}

#[test]
fn big_integers_and_floats_are_not_reformatted() {
    let numbers =
        "[9007199254740993,18446744073709551616,-0,1.0,1.10,1e2,1E+2,0.1e-7,0.1000000000000000055,1e400]";
    pass_unchanged_everywhere(&[(
        &format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a","arguments":{numbers}}}}}"#
        ),
        &format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"structuredContent":{numbers}}}}}"#),
    )]);
}

#[test]
fn messages_of_10_to_16_mib_pass() {
    for pairing in &PAIRINGS {
        let mut pair = (pairing.start)();
        // What a TypeScript client, a Rust client, and nobody takes at once.
        for mib in [10, 16, 17] {
            let text = "€".repeat((mib << 20) / 3 + 1);
            let asked = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{{"text":"{text}"}}}}"#);
            let answered = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"text":"{text}"}}}}"#);
            pass_unchanged(&mut *pair, pairing.name, &asked, &answered);
        }
    }
}

#[test]
fn utf_8_split_across_chunks_arrives_whole() {
    let asked = r#"{"jsonrpc":"2.0","id":1,"method":"é€🌊"}"#;
    let answered = r#"{"jsonrpc":"2.0","id":1,"result":{"é":"🌊€"}}"#.as_bytes();
    for pairing in &PAIRINGS {
        let mut pair = (pairing.start)();
        let asked = pair.spoken(asked);
        for (bytes, is_asked) in [(asked.as_bytes(), true), (answered, false)] {
            let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
            let received = if is_asked { pair.ask(&pieces) } else { pair.answer(&pieces) };
            assert_same(&received, bytes, pairing.name);
        }
    }
}

#[test]
fn the_era_probe_is_not_polluted() {
    // What a client of both eras sends first, with an answer of each kind of server, and what it sends then. The server
    // has heard nothing else in between: a question of ours would be the next thing it reads.
    let probe = r#"{"jsonrpc":"2.0","id":"probe","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    let modern = r#"{"jsonrpc":"2.0","id":"probe","result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{},"ttlMs":0,"cacheScope":"private"}}"#;
    let legacy = r#"{"jsonrpc":"2.0","id":"probe","error":{"code":-32601,"message":"Method not found"}}"#;
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    let tools = r#"{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[],"ttlMs":0,"cacheScope":"private"}}"#;
    let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}"#;
    let initialized = r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"b","version":"1"}}}"#;
    pass_unchanged_everywhere(&[(probe, modern), (list, tools)]);
    pass_unchanged_everywhere(&[(probe, legacy), (initialize, initialized)]);
    pass_unchanged_everywhere(&[(initialize, initialized), (probe, legacy)]);
}

#[test]
fn the_pages_of_tools_list_keep_their_cursors_and_may_be_empty() {
    let ask = |id: u32, cursor: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list","params":{{{cursor}}}}}"#)
    };
    let page = |id: u32, tools: &str, next: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"tools":[{tools}]{next}}}}}"#)
    };
    let tool = r#"{"name":"a","inputSchema":{"type":"object"},"x":1}"#;
    pass_unchanged_everywhere(&[
        (&ask(1, ""), &page(1, tool, r#","nextCursor":"""#)),
        (&ask(2, r#""cursor":"""#), &page(2, "", r#","nextCursor":"\u0041+/= {}""#)),
        (&ask(3, r#""cursor":"\u0041+/= {}""#), &page(3, tool, r#","nextCursor":null"#)),
        (&ask(4, r#""cursor":null"#), &page(4, tool, "")),
    ]);
}

#[test]
fn requests_at_once_are_neither_serialised_nor_confused() {
    for pairing in &PAIRINGS {
        let mut pair = (pairing.start)();
        let asked: Vec<String> =
            (0..20).map(|id| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#)).collect();
        // All have reached the server before it answers any.
        for asked in &asked {
            let asked = pair.spoken(asked);
            assert_same(&pair.ask(&[asked.as_bytes()]), asked.as_bytes(), pairing.name);
        }
        for id in 0..20 {
            let answered = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
            assert_same(&pair.answer(&[answered.as_bytes()]), answered.as_bytes(), pairing.name);
        }
    }
}
