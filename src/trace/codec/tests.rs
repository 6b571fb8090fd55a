//! What is written comes back, byte for byte.

use proptest::prelude::*;

use super::*;
use crate::trace::{
    Back, Event, Exit, Fact, Front, HttpEnd, Mark, Micros, Nanos, Outcome, Payload, PoolReturn, PoolState,
    PoolTake, Ruling, SessionEnd, StoreState,
};
use crate::wire::{Direction, Peer};

fn line_of(fact: Fact<'_>) -> String {
    let mut out = Vec::new();
    write_event(&mut out, &Event { at: Micros(5), fact });
    String::from_utf8(out).unwrap()
}

fn message(frame: &[u8]) -> Fact<'_> {
    Fact::Message {
        to: Direction::ToClient,
        own: Nanos(7),
        payload: Payload::of_frame(frame),
        parts: 0,
        exchange: None,
    }
}

#[test]
fn a_json_message_stands_in_the_line_verbatim() {
    assert_eq!(
        line_of(message(b"{\"id\":1.0, \"x\":\"\\u00e9\"}\n")),
        "{\"t\":5,\"kind\":\"message\",\"to\":\"client\",\"own_ns\":7,\"body\":{\"id\":1.0, \"x\":\"\\u00e9\"}}\n"
    );
}

#[test]
fn every_fact_survives_the_line() {
    let facts = [
        Fact::Started { pid: Some(7) },
        Fact::Started { pid: None },
        Fact::Part { to: Direction::ToServer, payload: Payload::of_frame(b"{\"half"), exchange: None },
        Fact::Part {
            to: Direction::ToClient,
            payload: Payload::of_frame(b"{\"half\n"),
            exchange: Some(ExchangeId(7)),
        },
        Fact::HttpRequest {
            exchange: ExchangeId(1),
            connection: 2,
            method: "POST".into(),
            target: "/mcp?a=\"b\"".into(),
            session: Some("1868a90c~00c0ffee".into()),
            revision: None,
            encoding: "gzip".into(),
            resumes: true,
        },
        Fact::HttpRequest {
            exchange: ExchangeId(1),
            connection: 2,
            method: "GET".into(),
            target: "/mcp".into(),
            session: None,
            revision: Some("2025-11-25".into()),
            encoding: "".into(),
            resumes: false,
        },
        Fact::HttpResponse {
            exchange: ExchangeId(1),
            status: 200,
            media: "text/event-stream".into(),
            session: None,
            encoding: "br".into(),
        },
        Fact::HttpResponse {
            exchange: ExchangeId(1),
            status: 202,
            media: "".into(),
            session: Some("1868a90c~00c0ffee".into()),
            encoding: "".into(),
        },
        Fact::HttpEvent { exchange: ExchangeId(1), text: "id: 5\nretry: 3000".into() },
        Fact::HttpStall { exchange: ExchangeId(1), gap_us: 41_000, is_removed: true },
        Fact::HttpEnd { exchange: ExchangeId(1), how: HttpEnd::ServerLeft },
        Fact::Ruled(Box::new(Ruling {
            to: Direction::ToClient,
            exchange: Some(ExchangeId(3)),
            id: Some("\"a\"".into()),
            outcome: Outcome::Changed,
            payload: Some(Payload::of_frame(b"{\"id\":\"a\",\"result\":{}}")),
            marks: vec![
                Mark {
                    rule: "lean \"records\"".into(),
                    by: "trim".into(),
                    hit: true,
                    cost_ns: 7,
                    ..Mark::default()
                },
                Mark {
                    rule: "weather".into(),
                    by: "cache".into(),
                    observed: true,
                    took_us: Some(9),
                    age_us: Some(1),
                    store: Some(StoreState { entries: 1, bytes: 2, evicted: 3 }),
                    why: Some("its tool is not read-only".into()),
                    failed: Some("it panicked".into()),
                    ..Mark::default()
                },
            ],
        })),
        Fact::Ruled(Box::new(Ruling {
            to: Direction::ToServer,
            exchange: None,
            id: None,
            outcome: Outcome::Dropped,
            payload: None,
            marks: Vec::new(),
        })),
        Fact::Rules { text: "[[rule]]\nname = \"a\"\n".into(), source: "rules.toml".into() },
        Fact::RulesRefused { source: "rules.toml".into(), why: "line 2".into() },
        Fact::Stderr { payload: Payload::of_frame(b"warning \x1b[1m\n") },
        Fact::Closed { by: Peer::Client },
        Fact::Dropped { to: Direction::ToServer, messages: 2, bytes: 3 },
        Fact::Sample { rss_bytes: 1, cpu_us: 2 },
        Fact::Note { text: "a \"note\"".into() },
        Fact::Stopped { why: "asked".into() },
        Fact::Ended { exit: Exit::Code(-1), why: "done".into() },
        Fact::Ended { exit: Exit::Signal(9), why: "killed".into() },
        Fact::Ended { exit: Exit::Unknown, why: "".into() },
        Fact::Unknown { kind: "later".into() },
    ];
    for fact in facts {
        let line = line_of(fact.clone());
        assert_eq!(read_event(line.trim_end().as_bytes()).unwrap().fact, fact, "{line}");
    }
}

#[test]
fn fields_of_later_versions_are_passed_over() {
    let event = read_event(br#"{"t":1,"kind":"note","text":"x","colour":{"r":1}}"#).unwrap();
    assert_eq!(event.fact, Fact::Note { text: "x".into() });
}

#[test]
fn a_newer_format_is_refused_with_the_release_that_reads_it() {
    let error = read_header(br#"{"mcptop":99,"version":"8.0.0","anything":1}"#).unwrap_err();
    assert!(error.to_string().contains("use mcptop 8.0.0 or later"), "{error}");
    let error = read_header(br#"{"mcptop":99}"#).unwrap_err();
    assert!(error.to_string().ends_with("up to version 1: use a newer mcptop"), "{error}");
    assert!(matches!(read_header(b"{\"a\":1}"), Err(LineError::NotARecording)));
}

#[test]
fn a_header_survives_the_line() {
    let header = Header {
        format: FORMAT_VERSION,
        session: "s".into(),
        started: "2026-11-21T10:00:00Z".parse().unwrap(),
        version: "1.2.3".into(),
        label: "git".into(),
        front: Front::Stdio,
        back: Back::Command { argv: vec!["a".into()] },
        platform: "linux-x86_64".into(),
    };
    let mut out = Vec::new();
    write_header(&mut out, &header);
    assert_eq!(read_header(&out).unwrap(), header);
}

#[test]
fn every_way_to_take_return_and_end_survives_the_line() {
    let pool = PoolState { size: 10, open: 4, busy: 3, waiting: 2 };
    let taken = PoolTake::ALL.map(|how| Fact::PoolTaken { session: "a~1".into(), how, waited_us: 9, pool });
    let returned = PoolReturn::ALL.map(|how| Fact::PoolReturned { how, pool });
    let ended = SessionEnd::ALL.map(|why| Fact::SessionEnded { session: "a \"b\"~1".into(), why });
    for fact in taken.into_iter().chain(returned).chain(ended) {
        let line = line_of(fact.clone());
        assert_eq!(read_event(line.trim_end().as_bytes()).unwrap().fact, fact, "{line}");
    }
}

#[test]
fn a_word_that_its_kind_of_event_does_not_know_is_refused() {
    for line in [
        r#"{"t":1,"kind":"http_end","exchange":1,"how":"kept"}"#,
        r#"{"t":1,"kind":"http_end","exchange":1}"#,
        r#"{"t":1,"kind":"pool_taken","how":"complete"}"#,
        r#"{"t":1,"kind":"session_ended","session":"a~1","why":"tired"}"#,
    ] {
        assert!(matches!(read_event(line.as_bytes()), Err(LineError::Word)), "{line}");
    }
}

proptest! {
    #[test]
    fn any_pool_survives_the_line(session in ".{0,12}", how in prop::sample::select(PoolTake::ALL.to_vec()),
                                  waited_us in any::<u32>(), counts in any::<[u32; 4]>()) {
        let [size, open, busy, waiting] = counts;
        let pool = PoolState { size, open, busy, waiting };
        let fact = Fact::PoolTaken { session: session.into(), how, waited_us, pool };
        let line = line_of(fact.clone());
        prop_assert_eq!(read_event(line.trim_end().as_bytes()).unwrap().fact, fact);
    }

    #[test]
    fn any_frame_comes_back_byte_for_byte(frame in prop_oneof![
        proptest::collection::vec(any::<u8>().prop_filter("one frame", |b| *b != b'\n'), 0..60),
        "[{\\[]?[ \\r\"\\\\a-z0-9:,{}\\[\\]\u{e9}]{0,30}[}\\]]?".prop_map(String::into_bytes),
        r#"[{]"[a-z]{0,3}":("\\u[0-9a-f]{4}"|[0-9]{1,30}|null|\[\])[}] ?"#.prop_map(String::into_bytes),
    ], in_body in any::<bool>(), end in prop_oneof![Just(&b"\n"[..]), Just(&b"\r\n"[..]), Just(&b""[..])]) {
        let frame = [&frame, end].concat();
        let mut fact = message(&frame);
        if let Fact::Message { exchange, .. } = &mut fact {
            *exchange = in_body.then_some(ExchangeId(9));
        }
        let line = line_of(fact);
        prop_assert_eq!(memchr::memchr_iter(b'\n', line.as_bytes()).count(), 1);
        let event = read_event(line.strip_suffix('\n').unwrap().as_bytes()).unwrap();
        let Fact::Message { payload, .. } = event.fact else { panic!() };
        let mut back = Vec::new();
        payload.write_to(&mut back);
        prop_assert_eq!(back, frame);
    }
}
