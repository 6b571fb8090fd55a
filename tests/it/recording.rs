//! A recording opens whatever happened to it, in every form it is kept in.

use std::fs;
use std::io::Write;
use std::path::Path;

use mcptop::record::{Progress, Reader};
use mcptop::trace::{
    Back, Event, FORMAT_VERSION, Fact, Front, Header, Micros, Nanos, Payload, Place, write_event,
    write_header,
};
use mcptop::wire::Direction;

fn header() -> Header {
    Header {
        format: FORMAT_VERSION,
        session: "s".into(),
        started: "2026-11-21T10:00:00Z".parse().unwrap(),
        version: "0.1.0".into(),
        label: "test".into(),
        front: Front::Stdio,
        back: Back::Command { argv: vec!["server".into()] },
        platform: "linux-x86_64".into(),
    }
}

fn message(to: Direction, frame: &[u8], parts: u32) -> Fact<'_> {
    Fact::Message { to, own: Nanos(1), payload: Payload::of_frame(frame), parts, exchange: None }
}

fn written(facts: &[Fact<'_>]) -> Vec<u8> {
    let mut text = Vec::new();
    write_header(&mut text, &header());
    for (at, fact) in facts.iter().enumerate() {
        write_event(&mut text, &Event { at: Micros(at as u64), fact: fact.clone() });
    }
    text
}

/// The text of every message, with its place.
fn messages(reader: &mut Reader) -> Vec<(String, Place)> {
    let mut seen = Vec::new();
    while !read(reader, &mut seen).at_end {}
    seen
}

fn read(reader: &mut Reader, seen: &mut Vec<(String, Place)>) -> Progress {
    reader
        .read(1 << 20, &mut |event, place| {
            if let Fact::Message { payload, .. } = &event.fact {
                seen.push((String::from_utf8(payload.text.to_vec()).unwrap(), place));
            }
        })
        .unwrap()
}

fn texts(seen: &[(String, Place)]) -> Vec<&str> {
    seen.iter().map(|(text, _)| text.as_str()).collect()
}

fn open(path: &Path) -> Reader {
    Reader::open(path).unwrap()
}

#[test]
fn a_torn_last_line_is_skipped_and_counted_until_it_is_complete() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = written(&[
        message(Direction::ToServer, b"{\"id\":1}\n", 0),
        message(Direction::ToClient, b"{\"id\":2}\n", 0),
    ]);
    let (whole, torn) = text.split_at(text.len() - 10);
    fs::write(file.path(), whole).unwrap();
    let mut reader = open(file.path());
    let mut seen = Vec::new();
    assert!(read(&mut reader, &mut seen).at_end);
    assert_eq!(texts(&seen), ["{\"id\":1}"]);
    assert!(reader.damaged().torn_bytes > 0);
    let mut growing = fs::OpenOptions::new().append(true).open(file.path()).unwrap();
    growing.write_all(torn).unwrap();
    assert!(read(&mut reader, &mut seen).at_end);
    assert_eq!(texts(&seen), ["{\"id\":1}", "{\"id\":2}"]);
    assert_eq!(reader.damaged().in_words(), None);
}

#[test]
fn a_damaged_line_is_skipped_and_counted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut text = written(&[message(Direction::ToServer, b"{\"id\":1}\n", 0)]);
    text.extend_from_slice(b"{\"t\":7,\"kind\":\"mess\x00\xff\n\n");
    text.extend_from_slice(
        &written(&[message(Direction::ToServer, b"{\"id\":2}\n", 0)]).split_off(written(&[]).len()),
    );
    fs::write(file.path(), text).unwrap();
    let mut reader = open(file.path());
    assert_eq!(texts(&messages(&mut reader)), ["{\"id\":1}", "{\"id\":2}"]);
    assert_eq!(reader.damaged().lines, 1);
}

#[test]
fn a_frame_in_parts_is_one_message_even_with_others_in_between() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let part = |to, bytes| Fact::Part { to, payload: Payload::of_frame(bytes), exchange: None };
    fs::write(
        file.path(),
        written(&[
            part(Direction::ToClient, b"{\"id\":"),
            message(Direction::ToServer, b"{\"id\":9}\n", 0),
            part(Direction::ToServer, b"{\"other\""),
            part(Direction::ToClient, b"1,\"result\""),
            message(Direction::ToClient, b":2}\n", 2),
            message(Direction::ToServer, b":3}\n", 1),
        ]),
    )
    .unwrap();
    let mut reader = open(file.path());
    let seen = messages(&mut reader);
    assert_eq!(texts(&seen), ["{\"id\":9}", "{\"id\":1,\"result\":2}", "{\"other\":3}"]);
    for (text, place) in &seen {
        assert_eq!(
            reader.bodies().load(*place).unwrap(),
            text.as_bytes(),
            "a body is found again at its place"
        );
    }
}

#[test]
fn compressed_recordings_and_streams_open_the_same_way() {
    let text = written(&[
        message(Direction::ToServer, b"{\"id\":1}\n", 0),
        message(Direction::ToClient, b"noise\r\n", 0),
    ]);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), zstd::encode_all(&text[..], 3).unwrap()).unwrap();
    assert_eq!(mcptop::record::peek(file.path()).unwrap(), header());
    let stream = std::io::Cursor::new(text);
    for mut reader in [open(file.path()), Reader::from_stream(stream).unwrap()] {
        assert_eq!(reader.header(), &header());
        let seen = messages(&mut reader);
        assert_eq!(texts(&seen), ["{\"id\":1}", "noise"]);
        assert_eq!(reader.bodies().load(seen[1].1).unwrap(), b"noise");
    }
}

#[test]
fn files_that_are_no_recordings_are_refused_with_a_reason() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut cut = zstd::encode_all(&written(&[])[..], 3).unwrap();
    cut.truncate(cut.len() / 2);
    for (text, reason) in [
        (&b""[..], "it is empty"),
        (b"hello\n", "not an mcptop recording"),
        (b"{\"mcptop\":99,\"version\":\"9.1.0\"}\n", "use mcptop 9.1.0 or later"),
        (b"{\"mcptop\":1}\n", "header cannot be read"),
        (b"\x28\xb5\x2f\xfdnot really", "nothing of it can be unpacked"),
        (&cut, "nothing of it can be unpacked"),
        (&zstd::encode_all(&b"hello\n"[..], 3).unwrap(), "not an mcptop recording"),
    ] {
        fs::write(file.path(), text).unwrap();
        let errors = [Reader::open(file.path()).unwrap_err(), mcptop::record::peek(file.path()).unwrap_err()];
        for error in errors.map(|error| error.to_string()) {
            assert!(error.contains(reason), "{error}");
            assert!(error.contains(&file.path().display().to_string()), "{error} names the file");
        }
    }
}

#[test]
fn a_line_longer_than_any_chunk_is_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let long = format!("{{\"id\":1,\"x\":\"{}\"}}\n", "x".repeat(5_000_000));
    fs::write(file.path(), written(&[message(Direction::ToClient, long.as_bytes(), 0)])).unwrap();
    let seen = messages(&mut open(file.path()));
    assert_eq!(seen[0].0, long.trim_end());
}
