//! What the sides tell about themselves, what the server offers, and its start.

use super::*;
use std::sync::Arc;

const HELLO: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"roots":{}},"clientInfo":{"name":"claude","version":"1"}}"#;

#[test]
fn a_legacy_handshake_names_both_sides() {
    let mut play = Play::new();
    play.ask("0", "initialize", HELLO);
    play.answer(
        "0",
        r#"{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"fs","version":"2","title":"Files"},"instructions":"Be\nkind"}"#,
    );
    let seen = play.session.handshake();
    assert_eq!(seen.era, Era::Legacy);
    assert_eq!(seen.requested.as_deref(), Some("2025-11-25"));
    assert_eq!(seen.negotiated.as_deref(), Some("2025-06-18"));
    assert_eq!(&*seen.client.as_ref().unwrap().name, "claude");
    assert_eq!(seen.server.as_ref().unwrap().title.as_deref(), Some("Files"));
    assert_eq!(seen.client_capabilities.as_deref(), Some(r#"{"roots":{}}"#));
    assert_eq!(seen.server_capabilities.as_deref(), Some(r#"{"tools":{}}"#));
    let instructions = seen.instructions.as_ref().unwrap();
    assert_eq!((&*instructions.text, instructions.len_bytes), ("Be\nkind", 7));
    assert_eq!(instructions.place, play.op(0).answer().unwrap().place);
}

fn modern(rest: &str) -> String {
    format!(
        r#"{{{rest}"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{{"name":"py","version":"2"}},"io.modelcontextprotocol/clientCapabilities":{{}}}}}}"#
    )
}

#[test]
fn a_modern_session_is_told_by_its_metadata() {
    let mut play = Play::new();
    play.ask("1", "tools/call", &modern(r#""name":"a","#));
    play.answer("1", r#"{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"git","version":"3"}}}"#);
    let seen = play.session.handshake();
    assert_eq!(seen.era, Era::Modern);
    assert_eq!(seen.negotiated.as_deref(), Some("2026-07-28"));
    assert_eq!(&*seen.client.as_ref().unwrap().name, "py");
    assert_eq!(&*seen.server.as_ref().unwrap().name, "git");
}

#[test]
fn a_probe_that_is_answered_tells_what_the_server_speaks() {
    let mut play = Play::new();
    play.ask("1", "server/discover", &modern(""));
    assert_eq!(play.session.handshake().era, Era::Unknown);
    play.answer(
        "1",
        r#"{"supportedVersions":["2026-07-28","2025-11-25"],"capabilities":{"tools":{}},"instructions":"x"}"#,
    );
    play.session.end_of_recording();
    let seen = play.session.handshake();
    assert_eq!(seen.era, Era::Modern);
    assert_eq!(seen.supported.len(), 2);
    assert_eq!(play.states(), [OK]);
}

#[test]
fn a_refused_probe_leads_to_a_legacy_session() {
    let mut play = Play::new();
    play.ask("1", "server/discover", &modern("")).server(r#"{"id":1,"error":{"code":-32601}}"#);
    play.ask("2", "initialize", HELLO).answer("2", r#"{"protocolVersion":"2025-11-25"}"#);
    let seen = play.session.handshake();
    assert_eq!((seen.era, seen.negotiated.as_deref()), (Era::Legacy, Some("2025-11-25")));
    assert_eq!(&*seen.client.as_ref().unwrap().name, "claude");
}

#[test]
fn a_session_of_one_probe_killed_at_once_is_whole() {
    let mut play = Play::new();
    play.fact(Fact::Started { pid: Some(7) }).ask("1", "server/discover", &modern(""));
    play.session.end_of_recording();
    assert_eq!(play.states(), [State::Abandoned]);
    assert_eq!((play.session.handshake().era, play.session.cold_start_us()), (Era::Unknown, None));
}

#[test]
fn the_servers_start_is_kept_out_of_the_tools_latencies() {
    let mut play = Play::new();
    play.at_ms(1).fact(Fact::Started { pid: None });
    play.ask("0", "initialize", HELLO).ask("1", "tools/call", r#"{"name":"a"}"#);
    play.at_ms(801).answer("0", "{}").at_ms(802).answer("1", "{}");
    play.ask("2", "tools/call", r#"{"name":"a"}"#).at_ms(805).answer("2", "{}");
    assert_eq!(play.session.cold_start_us(), Some(800_000));
    let row = play.row(Peer::Client, "tools/call", "a");
    assert_eq!((row.calls, row.ok, row.cold, row.latency_us.count()), (2, 2, 1, 1));
    assert_eq!(row.latency_us.max(), Some(3_000));
    assert!(play.op(1).is_cold() && !play.op(2).is_cold());
    assert_eq!(play.row(Peer::Client, "initialize", "").latency_us.count(), 1);
}

fn names(play: &Play) -> Vec<&str> {
    play.session.definitions().tools().iter().map(|tool| &*tool.name).collect()
}

#[test]
fn pages_of_tools_add_up_and_a_fresh_list_replaces_them() {
    let mut play = Play::new();
    play.ask("1", "tools/list", "{}").answer("1", r#"{"tools":[{"name":"a"}],"nextCursor":""}"#);
    assert!(!play.session.definitions().complete, "an empty cursor is a cursor");
    play.ask("2", "tools/list", r#"{"cursor":""}"#).answer("2", r#"{"tools":[{"name":"b", "x":1}]}"#);
    assert_eq!(names(&play), ["a", "b"]);
    assert!(play.session.definitions().complete);
    assert_eq!(&*play.session.definitions().tool("b").unwrap().json, r#"{"name":"b", "x":1}"#);
    play.server(notification("notifications/tools/list_changed", "{}"));
    assert!(play.session.definitions().tools_stale_since.is_some());
    play.ask("3", "tools/list", "{}").answer("3", r#"{"tools":[{"name":"b", "x":1},{"name":"c"}]}"#);
    assert_eq!(names(&play), ["b", "c"]);
    assert!(play.session.definitions().tools_stale_since.is_none());
}

#[test]
fn an_unchanged_definition_keeps_its_token_count() {
    let mut play = Play::new();
    play.ask("1", "tools/list", "{}").answer("1", r#"{"tools":[{"name":"a"},{"name":"b"}]}"#);
    let tokens = DefinitionTokens { wire: 9, model: 5, ..DefinitionTokens::default() };
    play.session.set_definition_tokens(0, r#"{"name":"a"}"#, tokens);
    play.session.set_definition_tokens(1, r#"{"name":"old b"}"#, tokens);
    assert_eq!(play.session.totals().schema_tokens, tokens);
    let text = Arc::clone(&play.session.definitions().tool("a").unwrap().json);
    play.ask("2", "tools/list", "{}").answer("2", r#"{"tools":[{"name":"b"},{"name":"a"}]}"#);
    assert!(Arc::ptr_eq(&text, &play.session.definitions().tool("a").unwrap().json));
    assert_eq!(play.session.totals().schema_tokens, tokens);
}

#[test]
fn definitions_beyond_the_bound_are_counted_and_not_kept() {
    let mut play = Play::new();
    let big = "x".repeat(Definitions::BYTES_MAX / 2);
    let tools: Vec<String> = (0..3).map(|n| format!(r#"{{"name":"t{n}","description":"{big}"}}"#)).collect();
    play.ask("1", "tools/list", "{}").answer("1", &format!(r#"{{"tools":[{}]}}"#, tools.join(",")));
    assert_eq!((names(&play).len(), play.session.definitions().not_kept), (1, 2));
}

#[test]
fn prompts_and_resources_are_counted_over_their_pages() {
    let mut play = Play::new();
    play.ask("1", "prompts/list", "{}").answer("1", r#"{"prompts":[{},{}],"nextCursor":"n"}"#);
    play.ask("2", "prompts/list", r#"{"cursor":"n"}"#).answer("2", r#"{"prompts":[{}]}"#);
    play.ask("3", "resources/templates/list", "{}").answer("3", r#"{"resourceTemplates":[{}]}"#);
    let definitions = play.session.definitions();
    assert_eq!(
        (definitions.prompts, definitions.resources, definitions.resource_templates),
        (Some(3), None, Some(1))
    );
}
