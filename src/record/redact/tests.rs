use proptest::prelude::*;

use super::*;
use crate::trace::{
    Back, Event, ExchangeId, FORMAT_VERSION, Fact, Front, Header, Micros, Nanos, Payload, write_event,
    write_header,
};
use crate::wire::Direction;

const KEY: &str = "ghp_0123456789abcdefghijABCD";

fn secrets() -> Wishes {
    Wishes { presets: Presets::SECRETS.0.to_vec(), ..Wishes::default() }
}

fn header(argv: &[&str]) -> Header {
    Header {
        format: FORMAT_VERSION,
        session: "01936d0e-7b5c-7000-8000-000000000001".into(),
        started: "2026-11-21T10:00:00Z".parse().unwrap(),
        version: "0.1.0".into(),
        label: "test".into(),
        front: Front::Stdio,
        back: Back::Command { argv: argv.iter().map(ToString::to_string).collect() },
        platform: "linux-x86_64".into(),
    }
}

fn recording(facts: &[Fact<'_>]) -> Vec<u8> {
    let mut text = Vec::new();
    write_header(&mut text, &header(&["server"]));
    for (at, fact) in (1..).zip(facts) {
        write_event(&mut text, &Event { at: Micros(at), fact: fact.clone() });
    }
    text
}

fn message(frame: &[u8]) -> Fact<'_> {
    Fact::Message {
        to: Direction::ToClient,
        own: Nanos(1),
        payload: Payload::of_frame(frame),
        parts: 0,
        exchange: None,
    }
}

fn stderr(line: &[u8]) -> Fact<'_> {
    Fact::Stderr { payload: Payload::of_frame(line) }
}

/// A frame cut at these places, as the recorder writes one that is too long for a line.
fn in_parts<'a>(frame: &'a [u8], cuts: &[usize], exchange: Option<ExchangeId>) -> Vec<Fact<'a>> {
    let to = Direction::ToClient;
    let mut facts = Vec::new();
    let mut at = 0;
    for cut in cuts {
        let payload = Payload { text: frame[at..*cut].into(), end: crate::wire::LineEnd::None };
        facts.push(Fact::Part { to, payload, exchange });
        at = *cut;
    }
    let parts = u32::try_from(cuts.len()).unwrap();
    let payload = Payload::of_frame(&frame[at..]);
    facts.push(Fact::Message { to, own: Nanos(1), payload, parts, exchange });
    facts
}

fn redacted(text: &[u8], wishes: &Wishes) -> (Vec<u8>, Replaced) {
    let source = Raw::from_stream(text).unwrap();
    let mut out = Vec::new();
    let replaced = redact(&source, wishes, &mut out, &mut |_, _| ()).unwrap();
    (out, replaced)
}

/// The frames of a recording, put together again.
fn frames(text: &[u8]) -> Vec<Vec<u8>> {
    let (mut frames, mut whole) = (Vec::new(), Vec::new());
    for line in text.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
        match read_event(line).unwrap().fact {
            Fact::Part { payload, .. } => payload.write_to(&mut whole),
            Fact::Message { payload, .. } => {
                payload.write_to(&mut whole);
                frames.push(std::mem::take(&mut whole));
            }
            _ => {}
        }
    }
    frames
}

fn with(text: &[u8], secret: &str, placeholder: &str) -> String {
    String::from_utf8(text.to_vec()).unwrap().replace(secret, placeholder)
}

#[test]
fn a_recording_without_secrets_stays_as_it_is_with_what_nobody_understands() {
    let mut text = recording(&[
        message(b"{\"a\" : 1.0 , \"b\":\"\\u00e9\\/\"}\r\n"),
        message(b"not json\n"),
        message(b"\xff\n"),
    ]);
    text.extend_from_slice(b"{\"t\":9,\"kind\":\"later\",\"colour\":{ \"r\":1 }}\n");
    let (out, replaced) = redacted(&text, &secrets());
    assert_eq!(out, text);
    assert_eq!(replaced, Replaced::default());
}

#[test]
fn secrets_are_taken_out_of_everything_that_is_recorded() {
    let coded = [b"\xff ".as_slice(), KEY.as_bytes(), b"\n"].concat();
    let noise = format!("log: {KEY}\n");
    let rules = format!("[[rule]]\nname = \"{KEY}\"\n");
    let facts = [
        message(coded.as_slice()),
        message(noise.as_bytes()),
        stderr(noise.as_bytes()),
        Fact::Rules { text: rules.as_str().into(), source: "rules.toml".into() },
        Fact::Note { text: KEY.into() },
        Fact::HttpRequest {
            exchange: ExchangeId(1),
            connection: 1,
            method: "POST".into(),
            target: format!("/mcp/{KEY}?x=1").into(),
            session: None,
            revision: None,
            encoding: "".into(),
            resumes: false,
        },
        Fact::HttpEvent { exchange: ExchangeId(1), text: format!(": {KEY}").into() },
        Fact::RulesRefused { source: "x".into(), why: format!("near {KEY}").into() },
    ];
    let mut text = Vec::new();
    write_header(&mut text, &header(&["server", "-e", &format!("X={KEY}")]));
    text.extend(recording(&facts).split_inclusive(|byte| *byte == b'\n').skip(1).flatten());
    let (out, replaced) = redacted(&text, &secrets());
    assert!(memchr::memmem::find(&out, KEY.as_bytes()).is_none());
    assert_eq!(frames(&out)[0], b"\xff [secret:api-key:1]\n");
    assert_eq!(replaced.counts, [(Kind::ApiKey, Count { places: 9, secrets: 1 })]);
    read_header(out.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
}

#[test]
fn what_a_name_says_in_one_place_is_known_in_all_others() {
    let text = recording(&[
        message(b"{\"result\":\"hello s3cret-value!\"}\n"),
        message(b"{\"arguments\":{\"password\":\"s3cret-value!\",\"page\":\"page\"}}\n"),
    ]);
    let (out, _) = redacted(&text, &secrets());
    assert_eq!(frames(&out)[0], b"{\"result\":\"hello [secret:named:1]\"}\n");
    assert_eq!(frames(&out)[1], b"{\"arguments\":{\"password\":\"[secret:named:1]\",\"page\":\"page\"}}\n");
}

#[test]
fn a_word_that_a_name_calls_secret_stays_where_it_is_a_word() {
    let text = recording(&[
        message(b"{\"method\":\"resources/list\"}\n"),
        message(b"{\"arguments\":{\"password\":\"resources/list\"}}\n"),
    ]);
    let (out, _) = redacted(&text, &secrets());
    assert_eq!(frames(&out)[0], b"{\"method\":\"resources/list\"}\n");
}

#[test]
fn paths_and_fields_of_the_users_own_are_taken_out_whatever_they_hold() {
    let wishes = Wishes {
        paths: vec!["$.params.arguments.who".into()],
        fields: vec!["card_number".into()],
        patterns: vec!["order (?P<secret>[0-9]+)".into()],
        ..Wishes::default()
    };
    let text = recording(&[
        message(br#"[{"params":{"arguments":{"who":{"name":"Ada"},"cardNumber":4111}}}]"#),
        message(br#"{"text":"{\"card-number\":[1,2]} order 77","who":1}"#),
        message(br#"{"text":"{\"card-number\":[1,2]}"}"#),
    ]);
    let (out, _) = redacted(&text, &wishes);
    let told: Vec<String> = frames(&out).into_iter().map(|frame| String::from_utf8(frame).unwrap()).collect();
    assert_eq!(
        told,
        [
            r#"[{"params":{"arguments":{"who":"[secret:path:1]","cardNumber":"[secret:field:1]"}}}]"#,
            r#"{"text":"{\"card-number\":[1,2]} order [secret:pattern:1]","who":1}"#,
            r#"{"text":"{\"card-number\":\"[secret:field:2]\"}"}"#,
        ]
    );
}

#[test]
fn a_private_key_printed_line_by_line_is_found() {
    let text = recording(&[
        stderr(b"starting\n"),
        stderr(b"-----BEGIN PRIVATE KEY-----\n"),
        message(b"{\"id\":1}\n"),
        stderr(b"MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6\n"),
        stderr(b"-----END PRIVATE KEY-----\n"),
        stderr(b"started\n"),
    ]);
    let (out, replaced) = redacted(&text, &secrets());
    assert!(memchr::memmem::find(&out, b"MIIB").is_none());
    assert_eq!(replaced.counts, [(Kind::PrivateKey, Count { places: 1, secrets: 1 })]);
    let kinds = |text: &[u8]| -> Vec<String> {
        let lines = text.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty());
        lines.map(|line| format!("{:?}", std::mem::discriminant(&read_event(line).unwrap().fact))).collect()
    };
    assert_eq!(kinds(&out), kinds(&text), "every line stays in its place");
}

#[test]
fn what_cannot_be_read_is_left_out_and_told() {
    let mut text = recording(&[message(b"{}\n")]);
    let whole = text.len();
    text.extend_from_slice(format!("{{\"t\":1,\"kind\":\"note\",{KEY}\n").as_bytes());
    text.extend_from_slice(b"{\"t\":2,\"kind\":\"note\",\"text\":\"ghp_0123");
    let (out, replaced) = redacted(&text, &secrets());
    assert_eq!(out, &text[..whole]);
    assert_eq!(replaced.unread_lines, 2);
}

#[test]
fn lines_of_others_between_the_parts_of_a_frame_stay_in_their_places() {
    let frame = format!("{{\"text\":\"{KEY}\"}}");
    let one = in_parts(frame.as_bytes(), &[12, 20], Some(ExchangeId(1)));
    let other = in_parts(frame.as_bytes(), &[15], Some(ExchangeId(2)));
    let facts = [
        one[0].clone(),
        other[0].clone(),
        message(b"{\"id\":1}\n"),
        one[1].clone(),
        other[1].clone(),
        one[2].clone(),
    ];
    let (out, _) = redacted(&recording(&facts), &secrets());
    let mut whole = [Vec::new(), Vec::new()];
    let mut order = Vec::new();
    for line in out.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
        let event = read_event(line).unwrap();
        order.push(event.at.0);
        if let Fact::Part { payload, exchange: Some(ExchangeId(number)), .. }
        | Fact::Message { payload, exchange: Some(ExchangeId(number)), .. } = event.fact
        {
            payload.write_to(&mut whole[number as usize - 1]);
        }
    }
    assert_eq!(order, [1, 2, 3, 4, 5, 6]);
    let clean = frame.replace(KEY, "[secret:api-key:1]");
    assert_eq!(whole, [clean.clone().into_bytes(), clean.into_bytes()]);
}

#[test]
fn a_frame_whose_end_was_never_recorded_loses_its_secrets_too() {
    let frame = format!("{{\"text\":\"{KEY}\"}}");
    let facts = in_parts(frame.as_bytes(), &[20, 36], None);
    let (out, _) = redacted(&recording(&facts[..2]), &secrets());
    assert!(memchr::memmem::find(&out, b"ghp_").is_none() && memchr::memmem::find(&out, b"789abc").is_none());
}

/// Text in which nothing looks like a secret, as it may stand in a string of JSON.
fn filler() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ,.]{0,12}",
        Just("\\n".to_owned()),
        Just("\\u00e9 ".to_owned()),
        Just(" \\\" ".to_owned()),
        "é{0,3} "
    ]
}

/// A message in which keys stand, as text: how many.
fn with_keys() -> impl Strategy<Value = (String, usize)> {
    let string = (filler(), 0..3_usize, filler()).prop_map(|(before, keys, after)| {
        (format!("{before} {}{after}", format!("{KEY} ").repeat(keys)), keys)
    });
    proptest::collection::vec(string, 1..5).prop_map(|strings| {
        let keys = strings.iter().map(|(_, keys)| keys).sum();
        let items: Vec<String> =
            strings.into_iter().map(|(text, _)| format!("{{\"x\" : \"{text}\"}}")).collect();
        (format!("{{\"jsonrpc\":\"2.0\", \"id\":1,\"result\":[{}],\"n\":1.50}}", items.join(", ")), keys)
    })
}

proptest! {
    #[test]
    fn nothing_changes_outside_of_secrets((frame, keys) in with_keys(), end in prop_oneof![Just("\n"), Just("\r\n"), Just("")]) {
        let text = recording(&[message(format!("{frame}{end}").as_bytes())]);
        let (out, replaced) = redacted(&text, &secrets());
        prop_assert_eq!(replaced.places(), keys as u64);
        prop_assert_eq!(String::from_utf8(out).unwrap(), with(&text, KEY, "[secret:api-key:1]"));
    }

    #[test]
    fn a_second_time_nothing_is_found((frame, _) in with_keys(), password in "[a-zA-Z0-9!]{4,16}") {
        let told = format!("{{\"password\":\"{password}\",\"text\":\"token={password} Bearer {password}9\"}}\n");
        let text = recording(&[message(format!("{frame}\n").as_bytes()), message(told.as_bytes()), stderr(told.as_bytes())]);
        let (once, _) = redacted(&text, &secrets());
        let (twice, replaced) = redacted(&once, &secrets());
        prop_assert_eq!(String::from_utf8(twice).unwrap(), String::from_utf8(once).unwrap());
        prop_assert_eq!(replaced.places(), 0);
    }

    #[test]
    fn a_secret_is_found_however_its_frame_is_cut((frame, keys) in with_keys(),
                                                  cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..8)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(frame.len() + 1)).collect();
        cuts.sort_unstable();
        let text = recording(&in_parts(frame.as_bytes(), &cuts, None));
        let (out, replaced) = redacted(&text, &secrets());
        prop_assert_eq!(replaced.places(), keys as u64);
        let clean = frame.replace(KEY, "[secret:api-key:1]");
        prop_assert_eq!(frames(&out), [clean.into_bytes()]);
        prop_assert_eq!(memchr::memchr_iter(b'\n', &out).count(), memchr::memchr_iter(b'\n', &text).count());
    }

    #[test]
    fn any_bytes_are_read_and_what_is_written_is_a_recording(junk in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut text = recording(&[message(&junk), stderr(&junk)]);
        text.extend_from_slice(&junk);
        let (out, _) = redacted(&text, &Wishes { presets: Presets::ALL.0.to_vec(), ..Wishes::default() });
        for line in out.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
            prop_assert!(read_event(line).is_ok());
        }
    }
}
