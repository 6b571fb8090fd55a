//! The language's promises: what is written is read, what is wrong is pointed at.

use proptest::prelude::*;

use super::pattern::{ends_word, is_keyword};
use super::*;
use crate::model::tests::{Play, notification, request};
use crate::trace::{Fact, Micros};
use crate::wire::Direction;

fn playing() -> Play {
    let mut play = Play::new();
    play.at_ms(0)
        .ask("1", "tools/call", r#"{"name":"read_file"}"#)
        .at_ms(600)
        .answer("1", r#"{"content":[]}"#);
    play.ask("\"x2\"", "tools/call", r#"{"name":"write_file"}"#).answer("\"x2\"", r#"{"isError":true}"#);
    play.ask("3", "tools/list", "{}").server(r#"{"id":3,"error":{"code":-1}}"#);
    play.server(request("1", "roots/list", "{}"));
    play.client(notification("notifications/cancelled", r#"{"requestId":9}"#));
    play.ask("12", "resources/read", r#"{"uri":"file:///etc/hosts"}"#);
    play
}

/// The numbers of the operations that pass.
fn passing(play: &Play, text: &str) -> Vec<usize> {
    let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let now = Micros(1_000_000);
    let matcher = filter.on(&play.session);
    let found: Vec<usize> =
        (0..play.session.operations().len()).filter(|n| matcher.matches(play.op(*n), now)).collect();
    let plainly: Vec<usize> = (0..play.session.operations().len())
        .filter(|n| filter.matches(&play.session, play.op(*n), now))
        .collect();
    assert_eq!(found, plainly, "{text}");
    assert_eq!(filter.count(&play.session, now), found.len());
    found
}

#[test]
fn terms_pick_what_they_say() {
    let play = playing();
    for (text, want) in [
        ("", &[0, 1, 2, 3, 4][..]),
        ("read", &[0, 4]),
        ("READ_file", &[0]),
        ("files", &[0, 1, 2, 3, 4]),
        ("server:files", &[0, 1, 2, 3, 4]),
        ("server:git", &[]),
        ("tool:read", &[0]),
        ("tool:*_file", &[0, 1]),
        ("tool:=read_file", &[0]),
        ("tool:=\"read_file\"", &[0]),
        ("tool:=read", &[]),
        ("tool:=READ_file", &[]),
        ("tool:=*_file", &[]),
        ("method:=tools/list", &[2]),
        ("server:=files -id:=1 dir:client", &[1, 2, 4]),
        ("tool:file", &[0, 1, 4]),
        ("method:tools/*", &[0, 1, 2]),
        ("file:///etc/hosts", &[4]),
        ("id:1", &[0, 3]),
        ("id:x2", &[1]),
        ("id:\"\\\"x2\\\"\"", &[1]),
        ("status:ok", &[0]),
        ("status:error", &[1, 2]),
        ("status:tool_error", &[1]),
        ("status:protocol_error", &[2]),
        ("status:pending", &[3, 4]),
        ("status:cancelled or status:abandoned or status:unknown", &[]),
        ("dir:server", &[3]),
        ("dir:out", &[3]),
        ("dir:in", &[0, 1, 2, 4]),
        ("dur:>500ms", &[0]),
        ("dur:>=600ms", &[0]),
        ("dur:>600ms", &[]),
        ("dur:0..1ms", &[1, 2]),
        ("dur:=400ms", &[3, 4]),
        ("size:>1kb", &[]),
        ("size:<1kb", &[0, 1, 2]),
        ("tok:>0", &[]),
        ("-status:ok", &[1, 2, 3, 4]),
        ("not (status:error or status:pending)", &[0]),
        ("tool:file -tool:read* dir:client", &[1, 4]),
        ("read and file or roots", &[0, 3, 4]),
        ("read (file or roots)", &[0, 4]),
        ("NOT read AND dir:client", &[1, 2]),
    ] {
        assert_eq!(passing(&play, text), want, "{text}");
    }
}

#[test]
fn clients_are_told_apart_by_their_names_and_sessions() {
    let mut play = Play::new();
    for (exchange, session, name) in [(1, "aa~1", "claude"), (2, "bb~2", "cursor")] {
        let params = format!(r#"{{"clientInfo":{{"name":"{name}","version":"1.{exchange}"}}}}"#);
        play.post(exchange, "", "").ask("0", "initialize", &params);
        play.status(exchange, 200, session).answer("0", "{}");
    }
    play.post(3, "bb~2", "").ask("1", "tools/call", r#"{"name":"read"}"#);
    for (text, want) in [
        ("client:cursor", &[1, 2][..]),
        ("client:aa~1", &[0]),
        ("client:=aa~1", &[0]),
        ("client:=cursor", &[1, 2]),
        ("client:\"cursor 1.2\" tool:read", &[2]),
        ("-client:claude", &[1, 2]),
        ("client:nobody", &[]),
    ] {
        assert_eq!(passing(&play, text), want, "{text}");
    }
    let mut stdio = Play::new();
    stdio.ask("0", "initialize", r#"{"clientInfo":{"name":"claude","version":"2"}}"#);
    assert_eq!((passing(&stdio, "client:claude").len(), passing(&stdio, "client:cursor").len()), (1, 0));
}

#[test]
fn unknown_operations_are_not_slow() {
    let mut play = playing();
    play.fact(Fact::Dropped { to: Direction::ToClient, messages: 1, bytes: 1 });
    assert_eq!(passing(&play, "status:unknown"), [4]);
    assert_eq!(passing(&play, "dur:>1us status:unknown"), [] as [usize; 0]);
}

#[test]
fn words_are_also_looked_for_in_bodies_if_the_caller_can() {
    let play = playing();
    let filter = Filter::parse("etc needle").unwrap();
    assert!(filter.has_words() && !Filter::parse("status:ok").unwrap().has_words());
    let matcher = filter.on(&play.session);
    let in_bodies = |pattern: &Pattern| pattern.matches(b"a needle in hay");
    assert!(matcher.matches_in(play.op(4), Micros(0), &in_bodies));
    assert!(!matcher.matches(play.op(4), Micros(0)));
}

#[test]
fn errors_point_at_the_place_and_say_what_was_expected() {
    for (text, position, expected) in [
        ("status:", 7, "one of ok, error, tool_error"),
        ("a status:fine", 9, "one of ok"),
        ("http:9xx", 5, "404, or 4xx"),
        ("dur:5", 4, "> >= < <= = or a range"),
        ("dur:>5kb", 4, "500ms"),
        ("stauts:ok", 0, "one of tool: server:"),
        ("(a or b", 7, "\")\""),
        ("a) b", 1, "the end"),
        ("a or", 4, "a word"),
        ("or a", 0, "a word"),
        ("a and or b", 6, "a word"),
        ("not", 3, "a word"),
        ("- a", 1, "a word directly after"),
        ("\"open", 5, "a closing quote"),
        ("é tool:", 8, "a tool's name"),
        ("a\"b\"", 1, "a space before the quote"),
    ] {
        let error = Filter::parse(text).unwrap_err();
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.expected.contains(expected), "{text}: {error}");
    }
}

#[test]
fn nesting_and_length_are_bounded() {
    assert!(Filter::parse(&"(".repeat(4_000)).unwrap_err().expected.contains("levels"));
    assert!(Filter::parse(&"-".repeat(4_000)).unwrap_err().expected.contains("levels"));
    assert_eq!(Filter::parse(&"é".repeat(3_000)).unwrap_err().position, 4_096);
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let glob = "[a-z:/é-]{0,3}\\*[a-z*]{0,3}".prop_filter("bare", |text| {
        let looks_like_a_field = text.split_once(':').is_some_and(|(name, value)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic()) && !value.starts_with("//")
        });
        !text.starts_with('-') && !looks_like_a_field
    });
    prop_oneof![
        "[ -~é]{0,6}".prop_map(|text| Pattern::Contains(text.into())),
        prop::sample::select(vec!["and", "OR", "not", "-a", "a:b", "a\\"])
            .prop_map(|text| Pattern::Contains(text.into())),
        glob.prop_map(|text| Pattern::Glob(text.into())),
    ]
}

/// A pattern for names.
fn name() -> impl Strategy<Value = Pattern> {
    prop_oneof![pattern(), "[ -~é*=]{0,6}".prop_map(|text| Pattern::Whole(text.into()))]
}

fn term() -> impl Strategy<Value = Term> {
    let measure = prop::sample::select(vec![Measure::Duration, Measure::Tokens, Measure::Size]);
    let amount = prop_oneof![0..2_000_u64, (0..99_u64).prop_map(|n| n * 60_000_000), 0..u64::MAX / 10];
    prop_oneof![
        pattern().prop_map(Term::Word),
        name().prop_map(Term::Tool),
        name().prop_map(Term::Server),
        name().prop_map(Term::Client),
        name().prop_map(Term::Method),
        name().prop_map(Term::Rule),
        name().prop_map(Term::Id),
        prop_oneof![(100..600_u16).prop_map(HttpStatus::One), (1..6_u8).prop_map(HttpStatus::Class)]
            .prop_map(Term::Http),
        prop::sample::select(Status::ALL.to_vec()).prop_map(|(_, status)| Term::Status(status)),
        prop::sample::select(vec![Peer::Client, Peer::Server]).prop_map(Term::From),
        (measure, 0..6, amount.clone(), amount).prop_map(|(measure, kind, one, two)| {
            let bounds = match kind {
                0 => Bounds::Above(one),
                1 => Bounds::AtLeast(one),
                2 => Bounds::Below(one),
                3 => Bounds::AtMost(one),
                4 => Bounds::Exactly(one),
                _ => Bounds::Between(one, two),
            };
            Term::Amount(measure, bounds)
        }),
    ]
}

fn node() -> impl Strategy<Value = Node<Term>> {
    term().prop_map(Node::One).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Node::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Node::Any),
            inner.prop_map(|part| Node::Not(Box::new(part))),
        ]
    })
}

/// Pieces of the language in any order: near enough to it to reach far into the parser.
fn scrap() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            " ",
            "(",
            ")",
            "\"",
            "\\",
            "-",
            ":",
            "*",
            "and",
            "or ",
            " not ",
            "status:",
            "ok",
            "dur:",
            ">",
            "=",
            "..",
            "5",
            "ms",
            "tool:",
            "é",
            "x",
            "size:<1kb ",
            "id:1",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_printed_filter_parses_to_itself(root in proptest::option::of(node())) {
        let filter = Filter { root };
        let text = filter.to_string();
        match Filter::parse(&text) {
            Ok(again) => prop_assert_eq!(again, filter, "{}", text),
            Err(error) => prop_assert!(false, "{} in {}", error, text),
        }
    }

    #[test]
    fn any_text_is_a_filter_or_has_an_error_with_a_place(text in prop_oneof![scrap(), any::<String>()]) {
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter)),
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.position), "{}", error.position);
                prop_assert!(!error.expected.is_empty());
            }
        }
    }

    #[test]
    fn bare_words_search_for_themselves(word in "[a-zA-Z0-9_./@#-]{1,12}") {
        prop_assume!(!word.starts_with('-') && !is_keyword(&word) && !word.contains(ends_word));
        prop_assert_eq!(
            Filter::parse(&word).unwrap().root,
            Some(Node::One(Term::Word(Pattern::Contains(word.into()))))
        );
    }
}
